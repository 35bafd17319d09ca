"""Vertex AI: the StudySpec of a tuning job or of a Vizier study, as JSON.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/StudySpec. It has no steps, so a grid is written as its
values, and nothing that is held, so that is written as a parameter of one value. A parameter with a condition stands
below its parent. Choices are text, but for numbers in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from advisor.exporters._services import (
    held,
    is_random,
    lost_advice,
    lost_choices,
    searched,
    text,
)
from advisor.exporters._writing import MOST_VALUES, Loss, is_plain, needs, short_grid
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, is_number, written

SUFFIX = ".json"
STAGES = False
COMMENTS = False
ALIASES = ("vertex-ai", "vizier", "gcp")

_LEAST_GAP = 1e-10
"""Values of a list nearer than that are one to Vertex."""


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What a StudySpec cannot express of the stages."""
    (stage,) = stages
    for name in stage.entries:
        if needs(stage, name) and _parent(stage, name) is None:
            instead = "Vertex has conditions on one parent after another, and on none that is real; it is there always"
            yield Loss(what=f"the condition of {name}", instead=instead, changes_meaning=True)
    for name, entry in searched(stage).items():
        yield from _of_parameter(name, entry)
    yield from lost_choices(stage)
    if not all(isinstance(entry.value, str) for entry in held(stage).values()):
        instead = "parameters of one value, which is text as JSON writes it"
        yield Loss(what="the types of what is held", instead=instead)
    for name in (plan.objective.metric, *searched(stage), *held(stage)):
        if _identifier(name) != name:
            yield Loss(what=f"the name {name}", instead=f"{_identifier(name)}; Vertex takes no spaces")
    yield from lost_advice(plan, stage, "Vertex")
    yield from _of_run(plan, stage)


def _of_parameter(name: str, entry: Searched) -> Iterator[Loss]:
    domain = entry.domain
    values = _values(domain)
    if values is not None:
        if any(isinstance(value, int) for value in values):
            yield Loss(what=f"the whole numbers of {name}", instead="Vertex lists floats; a trial rounds them")
    elif isinstance(domain, Choice):
        if not all(isinstance(choice, str) for choice in domain.choices):
            yield Loss(what=f"the types of the choices of {name}", instead="a trial gets text, as JSON writes it")
    elif not is_plain(domain):
        yield Loss(what=f"the step of {name}", instead="all values between are searched", changes_meaning=True)


def _of_run(plan: Plan, stage: Stage) -> Iterator[Loss]:
    if stage.sampler.name != "random":
        instead = "random points" if is_random(stage) else "Vertex's own search"
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    yield Loss(what="the seed", instead="Vertex draws its own")
    if plan.budget.parallel > 1:
        yield Loss(what=f"{plan.budget.parallel} trials at a time", instead="say it to the job as parallelTrialCount")
    if plan.pruning.advised:
        own = "Vertex's median rule, from whatever step it likes"
        instead = own if plan.pruning.method == "median" else "every trial runs to its end"
        yield Loss(what=f"pruning by {plan.pruning.method} from step {plan.pruning.from_step}", instead=instead)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:  # noqa: ARG001 - no comments
    """A StudySpec."""
    (stage,) = stages
    goal = {"metricId": _identifier(plan.objective.metric), "goal": plan.objective.direction.upper()}
    spec: dict[str, Any] = {"metrics": [goal], "parameters": _parameters(stage, None)}
    if is_random(stage):
        spec["algorithm"] = "RANDOM_SEARCH"
    if plan.pruning.advised and plan.pruning.method == "median":
        spec["medianAutomatedStoppingSpec"] = {"useElapsedDuration": False}
    spec["studyStoppingConfig"] = {"maxNumTrials": stage.trials}
    return json.dumps(spec, indent=2, ensure_ascii=False) + "\n"


def _parameters(stage: Stage, parent: str | None) -> list[dict[str, Any]]:
    """The parameters below a parent, or those below none, each with those below it."""
    found = []
    entries: dict[str, Searched | Held] = {**searched(stage), **held(stage)}
    for name, entry in entries.items():
        if _parent(stage, name) == parent:
            spec = {"parameterId": _identifier(name), **_domain(entry)}
            below = _parameters(stage, name)
            found.append(spec if parent is None else _below(stage, parent, name, spec))
            if below:
                spec["conditionalParameterSpecs"] = below
    return found


def _below(stage: Stage, parent: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    domain = stage.search[parent].domain
    wanted = (needs(stage, name) or {})[parent]
    if _values(domain) is not None:
        condition: dict[str, Any] = {"parentDiscreteValues": {"values": [float(value or 0) for value in wanted]}}
    elif isinstance(domain, Choice):
        condition = {"parentCategoricalValues": {"values": _words(wanted)}}
    else:
        condition = {"parentIntValues": {"values": [int(value or 0) for value in wanted]}}
    return {**condition, "parameterSpec": spec}


def _parent(stage: Stage, name: str) -> str | None:
    """The one parameter below which another stands: it needs what that needs, and a value of it."""
    wanted = needs(stage, name) or {}
    for parent in wanted:
        above = needs(stage, parent)
        if _can_be_parent(stage.search[parent].domain) and above == {n: wanted[n] for n in wanted if n != parent}:
            return parent
    return None


def _can_be_parent(domain: Choice | Numeric) -> bool:
    return isinstance(domain, Choice) or _values(domain) is not None or (domain.integer and is_plain(domain))


def _domain(entry: Searched | Held) -> dict[str, Any]:
    if isinstance(entry, Held):
        return {"categoricalValueSpec": {"values": [text(entry.value)]}}
    domain = entry.domain
    values = _values(domain)
    scale = "UNIT_LOG_SCALE" if isinstance(domain, Numeric) and domain.log else "UNIT_LINEAR_SCALE"
    if values is not None:
        return {"discreteValueSpec": {"values": values}, "scaleType": scale}
    if isinstance(domain, Choice):
        return {"categoricalValueSpec": {"values": _words(domain.choices)}}
    low, high = (written(end, integer=domain.integer) for end in (domain.low, domain.high))
    kind = "integerValueSpec" if domain.integer else "doubleValueSpec"
    return {kind: {"minValue": low, "maxValue": high}, "scaleType": scale}


def _values(domain: Choice | Numeric) -> Sequence[Value] | None:
    """The numbers of a grid or of choices in order, where Vertex can hold them as a list; None for anything else."""
    if isinstance(domain, Choice):
        values: Sequence[Value] | None = domain.choices if domain.ordered else None
    else:
        values = short_grid(domain)
    if values is None or len(values) > MOST_VALUES or not all(map(is_number, values)):
        return None
    numbers = [float(value or 0) for value in values]
    return values if all(high - low >= _LEAST_GAP for low, high in pairwise(numbers)) else None


def _words(values: Sequence[Value]) -> list[str]:
    return [*dict.fromkeys(map(text, values))]


def _identifier(name: str) -> str:
    return "_".join(name.split())
