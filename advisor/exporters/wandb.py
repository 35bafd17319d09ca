"""W&B: a sweep's configuration, as YAML.

https://docs.wandb.ai/guides/sweeps/sweep-config-keys. ``q_*`` distributions count multiples of q from 0 and our steps
count from ``low``, so a grid is written as its values. ``log_uniform`` takes exponents and is never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from advisor import yamlio
from advisor.exporters._writing import (
    Loss,
    block,
    comment,
    effective,
    lost_grid,
    needs,
    short_grid,
    unkept_constraints,
    why,
)
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice

SUFFIX = ".yaml"
STAGES = False
COMMENTS = True
ALIASES = ("w&b", "weights-and-biases")

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What a sweep cannot express of the stages."""
    (stage,) = stages
    for name in stage.entries:
        if not _NAME.fullmatch(name):
            instead = "W&B refuses it; it takes the letters a to z, digits and _.- only"
            yield Loss(what=f"the name {name}", instead=instead, changes_meaning=True)
        if needs(stage, name):
            instead = "it has a value always, also where it has no effect"
            yield Loss(what=f"the condition of {name}", instead=instead, changes_meaning=name in stage.search)
    for name, searched in stage.search.items():
        yield from lost_grid(name, searched.domain)
    yield from unkept_constraints(plan, stage, "W&B has none; return a bad value where it does not hold")
    if plan.stages[0].start:
        yield Loss(what="known configurations to start from", instead="run them yourself before the sweep")
    yield Loss(what="the seed", instead="W&B draws its own")
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="Hyperband, the only one that W&B has")


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A sweep's configuration."""
    (stage,) = stages
    head: dict[str, Any] = {
        "method": "random" if stage.sampler.name in {"random", "quasi-random"} else "bayes",
        "metric": {"name": plan.objective.metric, "goal": plan.objective.direction},
        "run_cap": stage.trials,
    }
    if plan.pruning.advised and plan.pruning.from_step is not None:
        head["early_terminate"] = {"type": "hyperband", "min_iter": plan.pruning.from_step}
    lines = [comment(plan, stages, losses), yamlio.dump(head), "parameters:\n"]
    for name, entry in effective(stage).items():
        if isinstance(entry, Held):
            lines.append(block({name: {"value": entry.value}}, 2))
        else:
            lines.append(block({name: _parameter(entry)}, 2, why(entry)))
    return "".join(lines)


def _parameter(searched: Searched) -> dict[str, Any]:
    domain = searched.domain
    if isinstance(domain, Choice):
        return {"values": list(domain.choices)}
    values = short_grid(domain)
    if values is not None:
        return {"values": list(values)}
    ends = {"min": searched.low, "max": searched.high}
    if domain.integer and domain.log:
        return {"distribution": "q_log_uniform_values", "q": 1, **ends}
    if domain.integer:
        return {"distribution": "int_uniform", **ends}
    return {"distribution": "log_uniform_values" if domain.log else "uniform", **ends}
