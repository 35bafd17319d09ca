"""What exporters share: losses, comments, values of a range, and the words of a plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor import constraints
from advisor.effects import shown
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, contains, same

MOST_VALUES = 1_000
"""How many values a step grid may have to be written as a list."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Something of a plan that a target cannot express.

    Attributes:
        what: The thing that is lost, with the parameter where it concerns one.
        instead: What is written in its place, or what the person can do.
        changes_meaning: Whether other configurations would be searched than the plan says.
    """

    what: str
    instead: str
    changes_meaning: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.instead}"


def comment(plan: Plan, stages: Sequence[Stage], losses: Sequence[Loss], mark: str = "#") -> str:
    """The head of an exported text: what it is, of which stages, and what was lost; every line begins with the mark."""
    which = ", ".join(f"{stage.id} ({stage.name}, {stage.trials} trials)" for stage in stages)
    lines = [
        f"{plan.spec.name}: {plan.objective.direction} {plan.objective.metric}; stage {which}",
        f"Written by advisor from the plan of spec {plan.spec.sha256[:12]}, knowledge {plan.knowledge.version}.",
        *(f"Not expressed here: {loss}" for loss in losses),
    ]
    return "".join(f"{mark} {_in_one_line(line)}\n" for line in lines)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def why(searched: Searched) -> str:
    """The head of an exported text: what it is, of which stages, what was lost; each line begins with the mark."""
    return _in_one_line(searched.why[-1]) if searched.why else ""


def literal(value: object) -> str:
    """The value as Python writes it, in double quotes as formatters do."""
    if isinstance(value, list | tuple):
        inside = ", ".join(literal(part) for part in value)
        return f"[{inside}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def grid(domain: Numeric) -> tuple[Value, ...] | None:
    """Every value of a range with a step, counted from ``low``; None where there is no step."""
    if domain.step is None:
        return None
    count = int((domain.high - domain.low) / domain.step + 1e-9) + 1
    values = (domain.low + index * domain.step for index in range(count))
    return tuple(int(value) if domain.integer else float(f"{value:.12g}") for value in values)


def active_fixed(stage: Stage) -> dict[str, Value]:
    """The values that a stage holds and that have an effect in every configuration of it."""
    return {name: held.value for name, held in stage.fixed.items() if held.active is not False and not held.when}


def conditional(stage: Stage) -> dict[str, Mapping[str, tuple[Value, ...]]]:
    """The searched parameters that have an effect only for some values of searched parents."""
    return {name: conditions(searched) for name, searched in stage.search.items() if searched.when}


def conditions(entry: Searched | Held) -> dict[str, tuple[Value, ...]]:
    """For each parent the values for which the parameter has an effect."""
    return {parent: wanted if isinstance(wanted, tuple) else (wanted,) for parent, wanted in (entry.when or {}).items()}


def needs(stage: Stage, name: str) -> dict[str, tuple[Value, ...]] | None:
    """For each searched parameter the values beside which one has an effect; None where it never has one.

    What depends on a held parameter is decided by its value, and what a parent needs its children need too.
    """
    entry = stage.entries[name]
    if isinstance(entry, Held) and entry.active is False:
        return None
    found: dict[str, tuple[Value, ...]] = {}
    for parent, wanted in conditions(entry).items():
        above = needs(stage, parent)
        domain = stage.search[parent].domain if parent in stage.search else Choice(choices=(stage.fixed[parent].value,))
        possible = tuple(value for value in wanted if contains(domain, value))
        if above is None or not possible:
            return None
        for of, values in {**above, **({parent: possible} if parent in stage.search else {})}.items():
            found[of] = tuple(value for value in values if any(same(value, one) for one in found.get(of, values)))
            if not found[of]:
                return None
    return found


def starts(plan: Plan, stage: Stage) -> tuple[list[dict[str, Value]], list[Loss]]:
    """The plan's known configurations as points of a stage, and those that the stage cannot hold.

    Each point names the searched parameters that are active in it, and no others.
    """
    points: list[dict[str, Value]] = []
    lost: list[Loss] = []
    for index, start in enumerate(plan.stages[0].start):
        point = {name: start.get(name, s.default) for name, s in stage.search.items() if _is_active(s, start, stage)}
        outside = [name for name, value in point.items() if not contains(stage.search[name].domain, value)]
        if outside:
            name = outside[0]
            what = f"start {index} with {name} {point[name]}"
            lost.append(Loss(what=what, instead=f"left out; the stage searches {shown(stage.search[name].domain)}"))
        elif point not in points:
            points.append(point)
    return points, lost


def _is_active(searched: Searched, start: Mapping[str, Value], stage: Stage) -> bool:
    for parent, wanted in conditions(searched).items():
        here = stage.search.get(parent)
        value = start.get(parent, here.default if here else None)
        if not any(same(value, one) for one in wanted) or (here is not None and not _is_active(here, start, stage)):
            return False
    return True


def unkept_constraints(plan: Plan, stage: Stage, instead: str) -> Iterator[Loss]:
    """The constraints that speak of something that the stage searches, as losses."""
    for constraint in plan.constraints:
        if constraints.names(constraint.expression) & stage.search.keys():
            yield Loss(what=f"the constraint {constraint.expression}", instead=instead)
