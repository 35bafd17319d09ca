"""What a stage searches once the stages before it have been run: what narrows, what opens, what is held at the winner.

A pure function of the plan and the trials, so that every process that shares a run decides the same.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from advisor import narrowing
from advisor.plan import OPENING, Held, Plan, Searched, Stage
from advisor.space import (
    Domain,
    Numeric,
    Value,
    clip,
    contains,
    is_number,
    is_single,
    middle,
    same,
    shown_value,
    trimmed,
    written,
)
from advisor.trials import Trial, best_of


class Handover(NamedTuple):
    """A stage as it is searched, and what was decided for it, one sentence each."""

    stage: Stage
    log: tuple[str, ...] = ()


def following(plan: Plan, stage: Stage, earlier: Mapping[int, Stage], trials: Sequence[Trial]) -> Handover:
    """The stage with its ranges as the trials before it suggest.

    Args:
        plan: The plan that is run.
        stage: One of its stages.
        earlier: The stages before it, by id, as they were searched.
        trials: All trials of these stages.
    """
    before = earlier.get(stage.narrow.from_ or 0)
    if before is None:
        return Handover(stage=stage)
    complete = [trial for trial in trials if trial.state == "complete"]
    fixed, held_log = _held(plan, stage, earlier, complete)
    narrowed, log = _searched(plan, stage, earlier, complete) if stage.narrow.keep is not None else ({}, ())
    opens = stage.narrow.edge is not None and complete
    opened, opening = _opened(plan, stage, before, complete) if opens else ({}, ())
    search = {**stage.search, **narrowed, **opened}
    decided = (*held_log, *log, *opening)
    return Handover(stage=stage.having(search=search, fixed=fixed, start=(), start_why=()), log=decided)


def winner(plan: Plan, stages: Iterable[Stage], trials: Sequence[Trial]) -> tuple[Trial | None, str]:
    """The trial that won, and the rule by which it did.

    Where the metric is noisy, the best value is the luckiest of several: of those that noise may have swapped, the one
    in the best neighbourhood wins.

    Args:
        plan: The plan that is run.
        stages: Those in which the trials were, as they were searched.
        trials: What ended in them.
    """
    best = best_of(trials, plan.objective.direction)
    noise = plan.objective.noise
    if best is None or best.value is None or not noise:
        return best, "the best value"
    near = math.sqrt(2) * noise
    tied = [t for t in trials if t.state == "complete" and abs((t.value or 0.0) - best.value) <= near]
    if len(tied) == 1:
        return best, f"the best value, ahead by more than {near:g}, the spread of a difference of two"
    spans = _spans(stages)
    scores = [_neighbourhood(spans, trial, trials) for trial in tied]
    index = scores.index(max(scores) if plan.objective.direction == "maximize" else min(scores))
    rule = f"of {len(tied)} trials within {near:g} of the best, the one whose {NEIGHBOURS} nearest are best on average"
    return tied[index], rule


NEIGHBOURS: Final = 5


def _spans(stages: Iterable[Stage]) -> dict[str, Domain]:
    """Where each parameter was searched, over all stages: what one stage holds, another varied."""
    found: dict[str, Domain] = {}
    for stage in stages:
        for name, searched in stage.search.items():
            here, before = searched.domain, found.get(name)
            if isinstance(here, Numeric) and isinstance(before, Numeric):
                here = before._replace(low=min(before.low, here.low), high=max(before.high, here.high))
            found[name] = here
    return found


def _neighbourhood(spans: Mapping[str, Domain], trial: Trial, trials: Iterable[Trial]) -> float:
    """The mean value of the trials nearest to one, itself included."""
    others = [other for other in trials if other.state == "complete"]
    others.sort(key=lambda other: _distance(spans, trial.config, other.config))
    return statistics.fmean(other.value or 0.0 for other in others[:NEIGHBOURS])


def _distance(spans: Mapping[str, Domain], one: Mapping[str, Value], other: Mapping[str, Value]) -> float:
    """How far two configurations lie apart: the sum over the parameters, each at most 1."""
    return sum(_apart(domain, one.get(name), other.get(name)) for name, domain in spans.items())


def _apart(domain: Domain, a: Value, b: Value) -> float:
    if not isinstance(domain, Numeric) or not contains(domain, a) or not contains(domain, b):
        return float(not same(a, b))
    ends = (float(domain.low), float(domain.high), float(a or 0), float(b or 0))
    low, high, x, y = map(math.log, ends) if domain.log else ends
    return abs(x - y) / (high - low) if high > low else 0.0


def _held(
    plan: Plan, stage: Stage, earlier: Mapping[int, Stage], trials: Sequence[Trial]
) -> tuple[Mapping[str, Held], tuple[str, ...]]:
    """What the stage holds; a parameter that was searched before is held where the winner has it."""
    done = [name for name in stage.fixed if any(name in before.search for before in earlier.values())]
    best, rule = winner(plan, earlier.values(), trials)
    if not done or best is None:
        return stage.fixed, ()
    values = {name: best.config[name] for name in done if name in best.config}
    fixed = {n: h.having(value=values[n]) if n in values else h for n, h in stage.fixed.items()}
    held = ", ".join(f"{name} {shown_value(value)}" for name, value in values.items())
    return fixed, (f"held as the winner has it: {held} ({rule})",)


def narrowable(stage: Stage, before: Stage) -> tuple[str, ...]:
    """The ranges of a stage that follow from the one before: no choices, none kept open, none that others depend on."""
    parents = {parent for entry in stage.entries.values() for parent in entry.when or ()}
    stays = {*(stage.narrow.open or ()), *parents}
    return tuple(n for n in stage.search if n in before.search and n not in stays and before.search[n].choices is None)


def reach(stage: Stage, searched: Searched) -> tuple[float | None, float | None]:
    """How far a range may open in a stage; None is any length."""
    domain = trimmed(numeric(searched))
    if not stage.narrow.extend_at_edge or searched.limits is None:
        return domain.low, domain.high
    least = searched.limits.low
    if domain.log and least is not None and least <= 0:
        least = 1 if domain.integer else None
    return least, searched.limits.high


def _searched(
    plan: Plan, stage: Stage, earlier: Mapping[int, Stage], trials: Sequence[Trial]
) -> tuple[dict[str, Searched], tuple[str, ...]]:
    """The ranges that follow: each as the stage before had it, narrower or open where that is more than luck."""
    before = earlier[stage.narrow.from_ or 1]
    names = narrowable(stage, before)
    search, log = {}, []
    for name in names:
        old = before.search[name]
        known = [t for t in trials if name in t.config and name in earlier[t.stage].search]
        low, high, why = _narrowed(plan, stage, name, old, known, narrowing.LUCK / len(names))
        search[name] = with_range(stage.search[name], low, high)
        moved = f"{old.low:g} .. {old.high:g} -> {low:g} .. {high:g}, " if (low, high) != (old.low, old.high) else ""
        log.append(f"{name} {moved}{why}")
    return search, tuple(log)


def wider(stage: Stage, before: Stage) -> tuple[str, ...]:
    """The ranges of a stage that reach beyond those of the one before, as both are planned."""
    return tuple(name for name in stage.search if name in before.search and _is_wider(stage, before, name))


def _is_wider(stage: Stage, before: Stage, name: str) -> bool:
    here, old = stage.search[name].domain, before.search[name].domain
    if not isinstance(here, Numeric) or not isinstance(old, Numeric):
        return False
    is_on_another_grid = here.step != old.step or (here.step is not None and here.low != old.low)
    if here.log != old.log or is_on_another_grid:
        return False  # where the ends of both do not go together, the stage searches its own range
    return here.low < old.low or here.high > old.high


def _opened(
    plan: Plan, stage: Stage, before: Stage, trials: Sequence[Trial]
) -> tuple[dict[str, Searched], tuple[str, ...]]:
    """The wider ranges of a stage, each as far open as the best trials before it suggest."""
    order = sorted(trials, key=lambda t: t.value or 0.0, reverse=plan.objective.direction == "maximize")
    best = order[:OPENING]
    planned = next(other for other in plan.stages if other.id == before.id)
    search, log = {}, []
    for name in wider(stage, planned):
        old, whole = trimmed(numeric(before.search[name])), trimmed(numeric(stage.search[name]))
        values = [float(t.config[name] or 0) for t in best if is_number(t.config.get(name))]
        seen = [value for value in values if whole.low <= value <= whole.high]
        ends, edge = (old.low, old.high), stage.narrow.edge or 0.0
        low, high = narrowing.opened(seen, ends, (whole.low, whole.high), edge=edge, log=whole.log)
        search[name] = with_range(stage.search[name], low, high)
        if (low, high) == ends:
            log.append(f"{name} stays: none of the best {len(best)} trials lies near an end of {low:g} .. {high:g}")
        else:
            moved = f"{name} {old.low:g} .. {old.high:g} -> {low:g} .. {high:g}"
            log.append(f"{moved}, opens where one of the best {len(best)} trials lies near an end")
    return search, tuple(log)


def _narrowed(
    plan: Plan, stage: Stage, name: str, old: Searched, trials: Iterable[Trial], luck: float
) -> tuple[float, float, str]:
    domain = trimmed(numeric(old))
    seen = [(t.config[name], t.value) for t in trials if contains(domain, t.config[name])]
    least = max(stage.narrow.at_least or 1, narrowing.LEAST)
    if is_single(domain) or len(seen) < least:
        return domain.low, domain.high, f"stays: {len(seen)} complete trials, {least} are needed"
    sign = -1 if plan.objective.direction == "maximize" else 1
    return narrowing.narrowed(
        [float(value or 0) for value, _ in seen],
        [sign * float(score or 0) for _, score in seen],
        (domain.low, domain.high),
        reach(stage, old),
        keep=stage.narrow.keep or 1.0,
        luck=luck,
        log=domain.log,
        step=domain.step or (1 if domain.integer else None),
    )


def numeric(searched: Searched) -> Numeric:
    """The range of a parameter that is not categorical."""
    assert isinstance(searched.domain, Numeric)  # noqa: S101 - only ranges are narrowed
    return searched.domain


def with_range(searched: Searched, low: float, high: float) -> Searched:
    """The parameter with another range, and its default moved into that."""
    domain = numeric(searched)._replace(low=low, high=high)
    ends = {end: written(value, integer=domain.integer) for end, value in (("low", low), ("high", high))}
    default = {"default": clip(domain, middle(numeric(searched)) if searched.default is None else searched.default)}
    return searched.having(**ends, **default)
