"""What exporters share: losses, comments, values of a range, and the words of a plan."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from advisor import constraints, yamlio
from advisor.effects import shown
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Domain, Numeric, Value, contains, grid_size, middle, same, shown_value, trimmed

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
    """The last reason that the plan gives for what it searches, in one line; nothing where it gives none."""
    return _in_one_line(searched.why[-1]) if searched.why else ""


def block(value: object, indent: int, reason: str = "") -> str:
    """The value as YAML, so many spaces from the left, below its reason as a comment."""
    remark = f"# {reason}\n" if reason else ""
    return textwrap.indent(remark + yamlio.dump(value), " " * indent)


def is_plain(domain: Numeric) -> bool:
    """Whether each number in the range belongs, or each whole number where those are searched."""
    return domain.step is None or (domain.integer and domain.step == 1)


def grid_value(domain: Numeric, index: int) -> Value:
    """A value of a range with a step by its position, from 0."""
    value = domain.low + index * (domain.step or 1)
    return int(value) if domain.integer else float(f"{value:.12g}")


def grid(domain: Numeric) -> Iterator[Value]:
    """The values of a range with a step, one after the other: a small step may ask for millions."""
    return (grid_value(domain, index) for index in range(grid_size(domain)))


def last_of_grid(domain: Numeric) -> Value:
    """The last value of a range with a step, which may lie below ``high``."""
    return trimmed(domain).high


def short_grid(domain: Numeric, most: float = MOST_VALUES) -> tuple[Value, ...] | None:
    """The values of a grid that is written as a list; None for a plain range, and for more values than a list holds."""
    return None if is_plain(domain) or grid_size(domain) > most else tuple(grid(domain))


def lost_grid(name: str, domain: Domain, most: float = MOST_VALUES) -> Iterator[Loss]:
    """What is lost of a parameter where its grid is written as a list; nothing of choices and plain ranges."""
    if isinstance(domain, Choice) or is_plain(domain):
        return
    if grid_size(domain) > most:
        yield Loss(what=f"the step of {name}", instead="all values between are searched", changes_meaning=True)
    elif domain.log:
        yield Loss(what=f"the log scale of {name}", instead="its grid is searched, all values alike")


def default(searched: Searched) -> Value:
    """Where the search of a parameter starts; the middle of its range where the plan does not say."""
    return searched.default if "default" in searched.model_fields_set else middle(searched.domain)


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


def effective(stage: Stage) -> dict[str, Searched | Held]:
    """What a stage searches and holds that can have an effect in it."""
    return {name: entry for name, entry in stage.entries.items() if needs(stage, name) is not None}


def starts(plan: Plan, stage: Stage) -> tuple[list[dict[str, Value]], list[Loss]]:
    """The plan's known configurations as points of a stage, and those that the stage or the target cannot hold.

    Each point names the searched parameters that are active in it, and no others. One that sets otherwise what the
    stage holds is lost; a target that can set it takes ``known``.
    """
    found, lost = known(plan, stage)
    for index, (_, moved) in found.items():
        for name, value in list(moved.items())[:1]:
            what = f"start {index} with {name} {shown_value(value)}"
            lost.append(Loss(what=what, instead="left out; the stage holds it otherwise"))
    points = [point for point, moved in found.values() if not moved]
    return [point for index, point in enumerate(points) if point not in points[:index]], lost


def known(plan: Plan, stage: Stage) -> tuple[dict[int, tuple[dict[str, Value], dict[str, Value]]], list[Loss]]:
    """By number each known configuration that lies in a stage, and losses for those that do not.

    Of each the searched parameters that are active in it, and what it sets otherwise than the stage holds it.
    """
    found: dict[int, tuple[dict[str, Value], dict[str, Value]]] = {}
    lost: list[Loss] = []
    for index, start in enumerate(plan.stages[0].start):
        point = {name: start.get(name, s.default) for name, s in stage.search.items() if _is_active(s, start, stage)}
        outside = [name for name, value in point.items() if not contains(stage.search[name].domain, value)]
        if outside:
            name = outside[0]
            what = f"start {index} with {name} {point[name]}"
            lost.append(Loss(what=what, instead=f"left out; the stage searches {shown(stage.search[name].domain)}"))
        else:
            typed = {name: _typed(stage.search[name].domain, value) for name, value in point.items()}
            found[index] = typed, _moved(stage, start)
    return found, lost


def _typed(domain: Choice | Numeric, value: Value) -> Value:
    """A value of a domain as a search of it would draw it: real numbers as floats, also where a start says 0."""
    if isinstance(domain, Choice) or not isinstance(value, int | float):
        return value
    return int(value) if domain.integer else float(value)


def _moved(stage: Stage, start: Mapping[str, Value]) -> dict[str, Value]:
    held = {name: stage.fixed[name] for name in start if name in stage.fixed}
    return {n: start[n] for n, h in held.items() if h.active is False or not same(h.value, start[n])}


def _is_active(entry: Searched | Held, start: Mapping[str, Value], stage: Stage) -> bool:
    for parent, wanted in conditions(entry).items():
        here = stage.entries[parent]
        if isinstance(here, Held) and here.active is False and parent not in start:
            return False
        value = start.get(parent, here.value if isinstance(here, Held) else here.default)
        if not any(same(value, one) for one in wanted) or not _is_active(here, start, stage):
            return False
    return True


def after_the_search(plan: Plan, stage: Stage) -> Iterator[Loss]:
    """What one search of a stage leaves out of a staged plan: narrowing from results, and confirming them."""
    yield from unnarrowed(stage)
    yield from unconfirmed(plan)


def unnarrowed(stage: Stage) -> Iterator[Loss]:
    """The narrowing of a stage, for a target or a choice of stages without it."""
    if stage.narrow.keep is not None or stage.narrow.edge is not None:
        what = f"the narrowing of stage {stage.id} from stage {stage.narrow.from_}"
        yield Loss(what=what, instead="the whole ranges are searched")


def of_gaussian_process(stage: Stage) -> Iterator[Loss]:
    """What a plan asks of a Gaussian process beyond what a target's own does."""
    if stage.sampler.winsorized:
        yield Loss(what="the cut of values at the median", instead="its Gaussian process sees them as they are")
    if stage.sampler.tpe_every:
        what = f"TPE's turns (one trial of {stage.sampler.tpe_every})"
        yield Loss(what=what, instead="its Gaussian process proposes all")


def unconfirmed(plan: Plan) -> Iterator[Loss]:
    """The confirmation of the finalists, for a target that ends with the search."""
    if plan.confirm is not None:
        what = f"the confirmation of {plan.confirm.finalists} finalists"
        yield Loss(what=what, instead=f"run each {plan.confirm.repeats} times afterwards")


def idle(stage: Stage) -> Iterator[Loss]:
    """What a stage names as searched though nothing lets it have an effect, for a target that leaves it out."""
    for name in stage.search:
        if needs(stage, name) is None:
            yield Loss(what=name, instead="left out; it has no effect beside what is held")


def unkept_constraints(plan: Plan, stage: Stage, instead: str) -> Iterator[Loss]:
    """The constraints that speak of something that the stage searches, as losses."""
    for constraint in plan.constraints:
        if constraints.names(constraint.expression) & stage.search.keys():
            yield Loss(what=f"the constraint {constraint.expression}", instead=instead)
