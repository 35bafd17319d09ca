"""What a run found: the best configuration, by which rule, and what came of each stage."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from advisor import handover, optimism
from advisor.plan import Plan, Stage
from advisor.progress import is_default
from advisor.record import Confirmation
from advisor.space import Value, same
from advisor.trials import CorrectedGain, Repeated, Result, StageResult, Trial, best_of
from advisor.words import counted

_FINALISTS: Final = 3
_REPEATS: Final = 3
"""How many configurations are evaluated again, and how often, where the plan does not say."""


def of_stage(plan: Plan, stage: Stage, trials: Sequence[Trial], log: tuple[str, ...]) -> StageResult:
    """What came of a stage."""
    best = best_of(trials, plan.objective.direction)
    return StageResult(
        id=stage.id,
        name=stage.name,
        trials=len(trials),
        failed=sum(trial.state == "failed" for trial in trials),
        pruned=sum(trial.state == "pruned" for trial in trials),
        best=best.value if best is not None else None,
        log=log,
    )


def of_run(
    plan: Plan,
    stages: Sequence[StageResult],
    trials: Sequence[Trial],
    searched: Iterable[Stage],
    confirmed: Sequence[Repeated],
    *,
    finished: bool,
) -> Result:
    """What came of all stages, or of those that were run.

    Args:
        plan: The plan that was run.
        stages: What came of each stage.
        trials: In the order in which they ended.
        searched: The stages, as they were searched.
        confirmed: The finalists that were evaluated again.
        finished: Whether all stages, and the confirmation that was asked for, have their trials.
    """
    chosen = _chosen(plan, searched, trials, confirmed)
    gain = None if chosen.value is None or chosen.default is None else chosen.value - chosen.default
    if gain is not None and plan.objective.direction == "minimize":
        gain = -gain
    return Result(
        name=plan.spec.name,
        metric=plan.objective.metric,
        direction=plan.objective.direction,
        finished=finished,
        best=chosen.best,
        winner=chosen.rule,
        default=chosen.default,
        gain=gain,
        corrected=_corrected(plan, gain, chosen.default, confirmed, trials),
        stages=tuple(stages),
        confirmed=tuple(confirmed),
        trials=tuple(trials),
    )


class _Chosen(NamedTuple):
    """What won by which rule, what it is worth, and what the default is."""

    best: Trial | None
    rule: str
    value: float | None
    default: float | None


def _chosen(plan: Plan, searched: Iterable[Stage], trials: Sequence[Trial], confirmed: Sequence[Repeated]) -> _Chosen:
    best, rule = handover.winner(plan, searched, trials)
    default = next((trial.value for trial in trials if is_default(plan, trial.config)), None)
    if not confirmed:
        return _Chosen(best, rule, best.value if best is not None else None, default)
    first, rule = _first(plan, confirmed)
    best = best_of((trial for trial in trials if is_same(trial.config, first.config)), plan.objective.direction)
    default = next((one.mean for one in confirmed if is_default(plan, one.config)), default)
    return _Chosen(best, rule, first.mean, default)


def _corrected(
    plan: Plan, gain: float | None, default: float | None, confirmed: Sequence[Repeated], trials: Iterable[Trial]
) -> CorrectedGain | None:
    """The gain without the luck of the winner, where it is one and it is known how wrong a value is."""
    if gain is None or default is None or gain <= 0:
        return None
    spreads = [one.spread for one in confirmed if len(one.values) > 1]
    spread = math.sqrt(statistics.fmean(spread**2 for spread in spreads)) if spreads else None
    repeats = max((len(one.values) for one in confirmed), default=1)
    measured = optimism.measured(_own_error(plan, default), spread, repeats)
    if measured is None:
        return None
    complete = sum(trial.state == "complete" for trial in trials)
    luck = measured.luck(complete, len(confirmed))
    left = optimism.corrected(gain, luck, measured.difference)
    return CorrectedGain(gain=left.gain, low=left.low, high=left.high, luck=luck, chosen_from=complete)


def _own_error(plan: Plan, value: float) -> float | None:
    """Standard error of a value beyond what all share: by the rows, or what seeds change where that is more."""
    rows, rarest = (plan.spec.facts.get(f"data.{name}") for name in ("rows", "positive_rate"))
    noise = plan.objective.noise
    if plan.objective.split != "cross-validation" or not isinstance(rows, int | float):
        return noise
    share = float(rarest) if isinstance(rarest, int | float) else None
    error = optimism.standard_error(plan.objective.metric, value, float(rows), share)
    return noise if error is None else max(optimism.own_part(error), noise or 0.0)


def _first(plan: Plan, confirmed: Sequence[Repeated]) -> tuple[Repeated, str]:
    """The finalist with the best mean, of those that failed least often, and the rule in words."""
    times = max(len(one.values) for one in confirmed)
    whole = [one for one in confirmed if len(one.values) == times]
    sign = 1 if plan.objective.direction == "maximize" else -1
    rule = f"the best mean of {counted(len(whole), 'finalist')}, each evaluated again {counted(times, 'time')}"
    if any(is_default(plan, one.config) for one in whole):
        rule += ", the library's default among them"
    if failed := len(confirmed) - len(whole):
        rule += f", without {failed} of which an evaluation failed"
    if times > 1 and all(len(set(one.values)) == 1 for one in whole):
        rule += "; every repetition gave the same, so the objective has no luck or does not use its seed"
    return max(whole, key=lambda one: sign * one.mean), rule


def is_same(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    """Whether two configurations are the same."""
    return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())


def finalists(plan: Plan, trials: Sequence[Trial]) -> tuple[list[Trial], int]:
    """The best configurations and the library's default, each once, and how often each is to be evaluated again.

    The default wins where nothing is better on fresh folds and seeds (``docs/optimism.md``).
    """
    wanted = plan.confirm or Confirmation(finalists=_FINALISTS, repeats=_REPEATS, why="You asked for it.")
    left = [trial for trial in trials if trial.state == "complete"]
    found: list[Trial] = []
    while left and len(found) < wanted.finalists:
        best = best_of(left, plan.objective.direction)
        assert best is not None  # noqa: S101 - all that is left is complete
        found.append(best)
        left = [trial for trial in left if not is_same(trial.config, best.config)]
    default = next((trial for trial in left if is_default(plan, trial.config)), None)
    return [*found, *([] if default is None else [default])], wanted.repeats


def repeated(finalists: Sequence[Trial], again: Sequence[Trial]) -> list[Repeated]:
    """The finalists with what came of evaluating them again; those that failed each time are left out."""
    found = []
    for finalist in finalists:
        same_ones = [trial for trial in again if is_same(trial.config, finalist.config)]
        values = [trial.value for trial in same_ones if trial.value is not None]
        if values:
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            found.append(
                Repeated(config=finalist.config, values=tuple(values), mean=statistics.fmean(values), spread=spread)
            )
    return found
