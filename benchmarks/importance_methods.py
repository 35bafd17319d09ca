"""How each library says what mattered, from the same trials: ours first, then what people use."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from known_functions import Problem, Trials

from advisor.importance import Table, measure
from advisor.importance.forest import forest_shares
from advisor.space import Choice

Floats = np.ndarray[Any, np.dtype[np.float64]]
Method = Callable[[Problem, Table, Trials], Floats]

OURS = ("advisor", "advisor forest")


def methods() -> dict[str, Method]:
    """The methods whose libraries are installed, ours first.

    Optuna's fANOVA is that of optuna-fast-fanova where this is there: the same shares in a tenth of the time.
    """
    found: dict[str, Method] = dict(zip(OURS, (_ours, _our_forest), strict=True))
    if find_spec("optuna"):
        found |= {"optuna ped-anova": _optuna("ped"), "optuna mdi": _optuna("mdi")}
        found["optuna fanova"] = _optuna("fast" if find_spec("optuna_fast_fanova") else "fanova")
    if find_spec("SALib"):
        found["salib rbd-fast"] = _rbd_fast
    return found | {"scikit-learn permutation": _permutation}


def _ours(_: Problem, table: Table, made: Trials) -> Floats:
    return np.array([each.main.value for each in measure(table, made.scores).parameters.values()])


def _our_forest(_: Problem, table: Table, made: Trials) -> Floats:
    return forest_shares(table, made.scores, pairs=False).main


def _optuna(name: str) -> Method:
    def shares(of: Problem, table: Table, made: Trials) -> Floats:
        import optuna

        evaluators = {
            "ped": optuna.importance.PedAnovaImportanceEvaluator,
            "fanova": lambda: optuna.importance.FanovaImportanceEvaluator(seed=0),
            "mdi": lambda: optuna.importance.MeanDecreaseImpurityImportanceEvaluator(seed=0),
            "fast": _fast_fanova,
        }
        params = (
            None if name == "ped" or not of.conditions else [each for each in of.domains if each not in of.conditions]
        )
        found = optuna.importance.get_param_importances(study(of, made), evaluator=evaluators[name](), params=params)
        return np.array([found.get(each, 0.0) for each in table.names])

    return shares


def _fast_fanova() -> Any:
    from optuna_fast_fanova import FanovaImportanceEvaluator

    return FanovaImportanceEvaluator(seed=0)


def study(of: Problem, made: Trials) -> Any:
    """The trials as a study of Optuna."""
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spaces: dict[str, Any] = {}
    for name, domain in of.domains.items():
        if isinstance(domain, Choice):
            spaces[name] = CategoricalDistribution(domain.choices)
        elif domain.integer:
            spaces[name] = IntDistribution(int(domain.low), int(domain.high), log=domain.log)
        else:
            spaces[name] = FloatDistribution(domain.low, domain.high, log=domain.log)
    made_up = optuna.create_study()
    made_up.add_trials(
        optuna.trial.create_trial(
            params=config, distributions={name: spaces[name] for name in config}, value=float(score)
        )
        for config, score in zip(made.configs, made.scores, strict=True)
    )
    return made_up


def _permutation(_: Problem, table: Table, made: Trials) -> Floats:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    units = np.nan_to_num(table.units, nan=-1.0)
    forest = RandomForestRegressor(random_state=0).fit(units, made.scores)
    return np.maximum(permutation_importance(forest, units, made.scores, random_state=0).importances_mean, 0)


def _rbd_fast(_: Problem, table: Table, made: Trials) -> Floats:
    from SALib.analyze import rbd_fast

    units = np.nan_to_num(table.units, nan=0.5)
    spec = {"num_vars": len(table.names), "names": list(table.names), "bounds": [[0, 1]] * len(table.names)}
    return np.maximum(rbd_fast.analyze(spec, units, made.scores, seed=0)["S1"], 0)
