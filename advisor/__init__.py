"""Which hyperparameters to tune, where, in what order, for how many trials, and why.

>>> import advisor
>>> spec = advisor.load_spec("spec.yaml")  # doctest: +SKIP
>>> plan = advisor.advise(spec)  # doctest: +SKIP
>>> print(advisor.explain(plan, "learning_rate"))  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.comparing import compare as compare
    from advisor.engine import advise as advise
    from advisor.errors import AdvisorError as AdvisorError
    from advisor.explanation import explain as explain
    from advisor.exporters import export as export
    from advisor.formats import arguments as arguments
    from advisor.learning import learn as learn
    from advisor.library import load_knowledge as load_knowledge
    from advisor.loading import load_plan as load_plan
    from advisor.loading import load_spec as load_spec
    from advisor.measuring import Importances as Importances
    from advisor.measuring import measure as measure
    from advisor.pictures import plot_ablation as plot_ablation
    from advisor.pictures import plot_curves as plot_curves
    from advisor.pictures import plot_importances as plot_importances
    from advisor.pictures import plot_pairs as plot_pairs
    from advisor.plan import Plan as Plan
    from advisor.plan import Stage as Stage
    from advisor.readers import load_trials as load_trials
    from advisor.refining import refine as refine
    from advisor.runners import run as run
    from advisor.spec import Spec as Spec
    from advisor.suggesting import distributions as distributions
    from advisor.suggesting import suggest as suggest
    from advisor.trials import Result as Result
    from advisor.trials import Trial as Trial

__version__ = "0.1.0"
__all__ = [
    "AdvisorError",
    "Importances",
    "Plan",
    "Result",
    "Spec",
    "Stage",
    "Trial",
    "advise",
    "arguments",
    "compare",
    "distributions",
    "explain",
    "export",
    "learn",
    "load_knowledge",
    "load_plan",
    "load_spec",
    "load_trials",
    "measure",
    "plot_ablation",
    "plot_curves",
    "plot_importances",
    "plot_pairs",
    "refine",
    "run",
    "suggest",
]

_HOME = {
    "AdvisorError": "errors",
    "Importances": "measuring",
    "Plan": "plan",
    "Result": "trials",
    "Spec": "spec",
    "Stage": "plan",
    "Trial": "trials",
    "advise": "engine",
    "arguments": "formats",
    "compare": "comparing",
    "distributions": "suggesting",
    "explain": "explanation",
    "export": "exporters",
    "learn": "learning",
    "load_knowledge": "library",
    "load_plan": "loading",
    "load_spec": "loading",
    "load_trials": "readers",
    "measure": "measuring",
    "plot_ablation": "pictures",
    "plot_curves": "pictures",
    "plot_importances": "pictures",
    "plot_pairs": "pictures",
    "refine": "refining",
    "run": "runners",
    "suggest": "suggesting",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for first, so that ``advisor --help`` starts at once."""
    if name not in _HOME:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    return getattr(import_module(f"advisor.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
