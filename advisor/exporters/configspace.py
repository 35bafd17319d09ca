"""ConfigSpace: a space as JSON, which SMAC, NePS, DEHB and DeepCAVE read.

https://automl.github.io/ConfigSpace/latest/reference/serialization/. It has no steps, so a grid is written as its
values in order, and what is held becomes a constant. ConfigSpace rounds the ends of real numbers to 13 decimals and
keeps a list of numbers as numbers of one type; where that would change what is searched, it is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from advisor import constraints
from advisor.exporters._forbidden import forbidden
from advisor.exporters._writing import (
    Loss,
    after_the_search,
    default,
    idle,
    is_plain,
    lost_grid,
    needs,
    short_grid,
    why,
)
from advisor.plan import Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, is_single

SUFFIX = ".json"
ALIASES = ("smac", "neps", "dehb", "deepcave")
COMMENTS = False
STAGES = False

_DECIMALS: Final = 13
_MOST_MOVED: Final = 1e-9
"""Share of an end by which rounding may move it."""


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What a space cannot express of the stages."""
    (stage,) = stages
    yield from idle(stage)
    for name, searched in stage.search.items():
        if needs(stage, name) is not None:
            yield from _of_domain(name, searched.domain)
    for constraint in plan.constraints:
        names = constraints.names(constraint.expression)
        if names & stage.search.keys() and forbidden(constraint, stage, _defaults(stage)) is None:
            instead = "left out; return a bad value where it does not hold"
            yield Loss(what=f"the constraint {constraint.expression}", instead=instead)
    if plan.stages[0].start:
        instead = "give them to the optimizer, such as SMAC's additional_configs"
        yield Loss(what="known configurations to start from", instead=instead)
    what = f"{stage.trials} trials, the seed {stage.sampler.seed}, {plan.objective.direction} {plan.objective.metric}"
    yield Loss(what=what, instead="a space holds none of it; say it to the optimizer")
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="give budgets to the optimizer")
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:  # noqa: ARG001 - JSON has no comments
    """A serialized space."""
    (stage,) = stages
    here = {name: found for name in stage.entries if (found := needs(stage, name)) is not None}
    clauses = [forbidden(constraint, stage, _defaults(stage)) or [] for constraint in plan.constraints]
    space = {
        "name": plan.spec.name,
        "hyperparameters": [_hyperparameter(stage, name) for name in here],
        "conditions": [_condition(stage, name, needed) for name, needed in here.items() if needed],
        "forbiddens": [clause for found in clauses for clause in found],
        "format_version": 0.4,
    }
    return f"{json.dumps(space, indent=2, ensure_ascii=False)}\n"


def _of_domain(name: str, domain: Choice | Numeric) -> Iterator[Loss]:
    if isinstance(domain, Choice):
        yield from _of_choices(name, domain.choices)
    elif not is_plain(domain):
        yield from lost_grid(name, domain)
    elif not domain.integer and any(abs(new - old) > _MOST_MOVED * abs(old) for new, old in _moved(domain)):
        instead = f"ConfigSpace rounds it to {_DECIMALS} decimals"
        yield Loss(what=f"the range of {name}", instead=instead, changes_meaning=True)


def _of_choices(name: str, choices: tuple[Value, ...]) -> Iterator[Loss]:
    if len(set(choices)) < len(choices):
        instead = "ConfigSpace takes them for one value; the first is kept"
        yield Loss(what=f"equal choices of {name}, such as 1 and true", instead=instead, changes_meaning=True)
    if all(isinstance(choice, int | float) for choice in choices) and len(set(map(type, choices))) > 1:
        instead = "ConfigSpace makes them of one type, so that 1 becomes 1.0"
        yield Loss(what=f"the types of the choices of {name}", instead=instead, changes_meaning=True)


def _moved(domain: Numeric) -> tuple[tuple[float, float], ...]:
    """Each end as ConfigSpace can have it, never outside the range, and as the plan says it."""
    scale = 10**_DECIMALS
    low, high = (round(end, _DECIMALS) for end in (domain.low, domain.high))
    low = low if low >= domain.low else math.ceil(domain.low * scale) / scale
    high = high if high <= domain.high else math.floor(domain.high * scale) / scale
    return (low, domain.low), (high, domain.high)


# Hyperparameters


def _hyperparameter(stage: Stage, name: str) -> dict[str, Any]:
    searched = stage.search.get(name)
    if searched is None:
        return {"type": "constant", "name": name, "value": stage.fixed[name].value}
    reason = {"meta": {"why": why(searched)}} if why(searched) else {}
    start = _default(searched)
    domain = searched.domain
    if is_single(domain):
        return {"type": "constant", "name": name, "value": start, **reason}
    values = _listed(domain)
    if values is not None:
        ordered = isinstance(domain, Numeric) or domain.ordered
        kind = {"type": "ordinal"} if ordered else {"type": "categorical"}
        return {**kind, "name": name, "sequence" if ordered else "choices": values, "default_value": start, **reason}
    assert isinstance(domain, Numeric)  # noqa: S101 - choices are listed
    low, high = _ends(domain)
    ends = {"lower": low, "upper": high, "default_value": start, "log": domain.log}
    return {"type": "uniform_int" if domain.integer else "uniform_float", "name": name, **ends, **reason}


def _listed(domain: Choice | Numeric) -> list[Value] | None:
    """The values that are written one by one; None for a range."""
    if isinstance(domain, Choice):
        return list(dict.fromkeys(domain.choices))
    values = short_grid(domain)
    return None if values is None else list(values)


def _ends(domain: Numeric) -> tuple[float, float]:
    if domain.integer:
        return int(domain.low), int(domain.high)
    (low, _), (high, _) = _moved(domain)
    return low, high


def _defaults(stage: Stage) -> dict[str, Value]:
    return {name: _default(searched) for name, searched in stage.search.items()}


def _default(searched: Searched) -> Value:
    """Where the search starts, as one of the values that are written."""
    return _written(searched.domain, default(searched))


def _written(domain: Choice | Numeric, value: Value) -> Value:
    """A value of the domain as it is written: a number of a grid exactly so, a whole number without a point."""
    if isinstance(domain, Choice) or not isinstance(value, int | float):
        return value
    if values := _listed(domain):
        return min(values, key=lambda one: abs(float(one or 0) - value))
    low, high = _ends(domain)
    return int(value) if domain.integer else min(max(value, low), high)


# Conditions


def _condition(stage: Stage, child: str, needed: Mapping[str, tuple[Value, ...]]) -> dict[str, Any]:
    single = [_depends(stage, child, parent, values) for parent, values in needed.items()]
    return single[0] if len(single) == 1 else {"type": "AND", "child": child, "conditions": single}


def _depends(stage: Stage, child: str, parent: str, values: tuple[Value, ...]) -> dict[str, Any]:
    wanted = [_written(stage.search[parent].domain, value) for value in values]
    if len(wanted) == 1:
        return {"type": "EQ", "child": child, "parent": parent, "value": wanted[0]}
    return {"type": "IN", "child": child, "parent": parent, "values": wanted}
