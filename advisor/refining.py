"""The next plan, from what was measured: what does not matter is held, what does is searched where it may be best.

Nothing changes on a figure that luck explains: a parameter is held only where the trials show that it has no effect,
and a range moves only where its parameter matters and the ranks of the scores follow a trend beyond luck.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from advisor import handover, measuring, narrowing
from advisor.errors import AdvisorError, InvalidFile, Problem
from advisor.importance import Importance
from advisor.measuring import Importances
from advisor.plan import Held, Narrowing, Plan, Sampler, Searched, Stage, StartReason
from advisor.record import PlanBudget, PlanNote
from advisor.space import Numeric, Value, contains, is_single, shown_value, trimmed
from advisor.trials import Trial

LUCK: Final = 0.05
"""The chance with which a plan may change any range where nothing matters; divided among its ranges."""
_SPREAD: Final = 0.2
"""Standard deviation between data sets of the share that a parameter explains; judgement, few sources give one."""
_OPENS: Final = 0.35
"""Share of its width by which a range opens at an end where the scores still fall."""
_STARTUP: Final = 4


class NothingLeft(AdvisorError):
    """No parameter is left that may matter, so there is nothing to search."""

    exit_code = 1


class _Change(NamedTuple):
    """What becomes of one searched parameter, and the figure that says so."""

    entry: Searched | Held
    why: str


def refine(plan: Plan, trials: Sequence[Trial], *, budget: int | None = None, seed: int = 0) -> Plan:
    """The plan for the trials that are left, in one stage, begun at the best configuration until now.

    Args:
        plan: The plan that was run.
        trials: What came of it.
        budget: How many trials the new plan has; what the old one has left, if it is not given.
        seed: Of the measurement and the sampler.

    Raises:
        TooFewTrials: It says how many more would do.
        InvalidFile: There are no trials left.
        NothingLeft: Nothing that is searched may matter.
    """
    count = _budget(plan, trials, budget)
    found = measuring.measure(trials, plan, direction=plan.objective.direction, seed=seed)
    last = plan.stages[-1]
    best, rule = handover.winner(plan, plan.stages, list(trials))
    assert best is not None  # noqa: S101 - what was measured has complete trials
    costs = [(trial, _cost(plan, trial)) for trial in trials if trial.state == "complete"]
    changes = {
        name: _changed(name, searched, last, found, best, costs) if name in found.parameters else _Change(searched, "")
        for name, searched in last.search.items()
    }
    changes = _with_parents(last, changes)
    search = {name: change.entry for name, change in changes.items() if isinstance(change.entry, Searched)}
    if not search:
        raise NothingLeft("nothing that is searched has an effect beyond noise: keep the best configuration")
    held = {name: change.entry for name, change in changes.items() if isinstance(change.entry, Held)}
    stage = Stage(
        id=1,
        name="refined",
        trials=count,
        sampler=Sampler(name=last.sampler.name, seed=last.sampler.seed + seed + 1, startup=max(_STARTUP, len(search))),
        start=_start(search, best),
        start_why=(StartReason(why=f"The best of {len(trials)} trials: {rule}."),) if _start(search, best) else (),
        search=search,
        fixed={**last.fixed, **held},
        narrow=Narrowing(),
        why=(f"refined: from {len(costs)} complete trials; trust {found.trust.verdict}.",),
    )
    told = [f"{name}: {change.why}" for name, change in changes.items() if change.why]
    nothing = "every range stays: the trials show nothing beyond luck that would change it"
    notes = tuple(PlanNote(text=text, by="refine") for text in (*(told or [nothing]), *found.remarks))
    return plan.having(
        stages=(stage,), budget=PlanBudget(trials=count, parallel=plan.budget.parallel), notes=(*plan.notes, *notes)
    )


def _budget(plan: Plan, trials: Sequence[Trial], budget: int | None) -> int:
    count = plan.budget.trials - len(trials) if budget is None else budget
    if count < 1:
        sentence = f"the plan's {plan.budget.trials} trials are spent; say how many more there are with --budget"
        raise InvalidFile([Problem(sentence=sentence)])
    return count


def _cost(plan: Plan, trial: Trial) -> float:
    value = float(trial.value or 0.0)
    return -value if plan.objective.direction == "maximize" else value


def _start(search: dict[str, Searched], best: Trial) -> tuple[dict[str, Value], ...]:
    """The best configuration, if the new ranges hold it."""
    inside = all(contains(s.domain, best.config[name]) for name, s in search.items() if name in best.config)
    return (dict(best.config),) if inside else ()


def _with_parents(stage: Stage, changes: dict[str, _Change]) -> dict[str, _Change]:
    """Parameters on which others depend stay as they were: a condition needs all values of its parent."""
    parents = {parent for entry in stage.entries.values() for parent in entry.when or ()}
    return {
        name: _Change(stage.search[name], "stays: others depend on it") if name in parents and change.why else change
        for name, change in changes.items()
    }


def _changed(
    name: str,
    searched: Searched,
    stage: Stage,
    found: Importances,
    best: Trial,
    costs: Sequence[tuple[Trial, float]],
) -> _Change:
    one = found.parameters[name]
    share = f"{one.total.value:.2f} of the variance ({one.total.low:.2f} to {one.total.high:.2f})"
    if one.matters is False and name in best.config:
        value = best.config[name]
        most = float(one.curve.high.max() - one.curve.low.min())
        why = f"held at {shown_value(value)}: it explains {share}; any other costs at most {most:.3g} in the mean"
        return _Change(_held(searched, value, why), why)
    if one.matters is not True or not isinstance(searched.domain, Numeric):
        return _Change(searched, "")
    moved = _moved(name, searched, stage, one, costs, LUCK / len(found.parameters))
    if moved is None:
        return _Change(searched, "")
    low, high, what = moved
    why = f"{searched.low:g} .. {searched.high:g} -> {low:g} .. {high:g}: {what}; it explains {share}"
    changed = handover.with_range(searched, low, high)
    return _Change(changed.having(why=(*changed.why, f"Measured: {why}.")), why)


def _held(searched: Searched, value: Value, why: str) -> Held:
    return Held(value=value, tier="fixed", argument=searched.argument, when=searched.when, why=(f"Measured: {why}.",))


def _moved(
    name: str,
    searched: Searched,
    stage: Stage,
    one: Importance,
    costs: Sequence[tuple[Trial, float]],
    luck: float,
) -> tuple[float, float, str] | None:
    """Where the mean score may still be the best, wider at an end where it still falls; None where luck explains it."""
    domain = trimmed(handover.numeric(searched))
    seen = [(t.config[name], cost) for t, cost in costs if name in t.config and contains(domain, t.config[name])]
    if is_single(domain) or len(seen) < narrowing.LEAST:
        return None
    scaled = np.log if domain.log else np.asarray
    bottom, top = float(scaled(float(domain.low))), float(scaled(float(domain.high)))
    places = (scaled(np.array([value for value, _ in seen], dtype=float)) - bottom) / (top - bottom)
    chance, edge = narrowing.trend(places.tolist(), [cost for _, cost in seen])
    if chance > luck:
        return None
    values = np.array(one.curve.values, dtype=float)
    may_be_best = np.flatnonzero(one.curve.low <= one.curve.high.min())
    low = max(values[max(may_be_best[0] - 1, 0)], float(domain.low))
    high = min(values[min(may_be_best[-1] + 1, len(values) - 1)], float(domain.high))
    least, most = handover.reach(stage.having(narrow=Narrowing(extend_at_edge=True)), searched)
    if edge < 0:
        further = bottom - _OPENS * (top - bottom)
        low = max(float(np.exp(further)) if domain.log else further, float("-inf") if least is None else least)
    if edge > 0:
        further = top + _OPENS * (top - bottom)
        high = min(float(np.exp(further)) if domain.log else further, float("inf") if most is None else most)
    return _on_grid(domain, low, high, chance)


def _on_grid(domain: Numeric, low: float, high: float, chance: float) -> tuple[float, float, str] | None:
    """The range in values that the parameter can have; None where it is as it was, or has a single value."""
    step = domain.step or (1 if domain.integer else None)
    low, high = float(f"{low:.6g}"), float(f"{high:.6g}")
    if step is not None:
        low = domain.low + step * math.floor((low - domain.low) / step)
        high = domain.low + step * math.ceil((high - domain.low) / step)
    if low >= high or (low, high) == (domain.low, domain.high):
        return None
    what = "open where the score still falls" if low < domain.low or high > domain.high else "where it may be best"
    return low, high, f"{what} (95 % band; by luck {chance:.2g})"
