"""Scores at one budget: to what trials that were ended early would have come.

The score of a shorter trial does not compare with that of a longer one, and trials that went on were selected. So the
score at the end is predicted from the last one on the way, by a straight line through the trials that have both: a
pruner chooses by the score from which is predicted, and such a choice leaves a line where it is. Where only a few came
to the end, the greatest budget counts to which enough trials came.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from advisor.trials import Trial

_LEAST: Final = 8
"""Trials through which a line is laid: with fewer the errors of its ends are as large as what it predicts."""
_FAR: Final = 10.0
"""Interquartile ranges from the median beyond which a score says only that a trial diverged."""
_END: Final = math.inf
"""The budget of a trial that was not ended early."""

Scores = Mapping[float, float]
"""The scores of one trial by budget."""


class Comparable(NamedTuple):
    """Trials whose values compare, and what was done, in sentences."""

    trials: tuple[Trial, ...]
    remarks: tuple[str, ...]


class _Line(NamedTuple):
    """The score at the budget that counts, as far as that at a smaller one tells."""

    slope: float
    level: float


def at_one_budget(trials: Sequence[Trial]) -> Comparable:
    """The trials with their values at one budget, those that were ended before it with predicted ones.

    What was pruned and cannot be predicted stays pruned; what ran past the budget and has no value there is left out.

    Args:
        trials: Of one objective; values on the way may stand at any steps.
    """
    pruned = sum(trial.state == "pruned" for trial in trials)
    if not pruned:
        return Comparable(tuple(trials), ())
    scores = [_scores(trial) for trial in trials]
    budget = _budget(trials, scores)
    if budget is None:
        return Comparable(tuple(trials), (_unused(pruned),))

    @cache
    def line(step: float) -> _Line | None:
        return _line([(one[step], one[budget]) for one in scores if step in one and budget in one])

    kept: list[Trial] = []
    for trial, one in zip(trials, scores, strict=True):
        value = None if trial.state == "failed" else _value(one, budget, line)
        if value is not None:
            kept.append(trial.having(state="complete", value=value, reason=None) if trial.value != value else trial)
        elif trial.state != "complete":
            kept.append(trial)
    left = sum(trial.state == "pruned" for trial in kept)
    came = [trial.state for trial, one in zip(trials, scores, strict=True) if budget in one]
    return Comparable(tuple(kept), tuple(_said(pruned - left - came.count("pruned"), left, len(came), budget)))


def _scores(trial: Trial) -> Scores:
    steps = trial.steps or range(1, len(trial.reported) + 1)
    found = dict(zip(map(float, steps), trial.reported, strict=True))
    return found if trial.value is None else {**found, _END: trial.value}


def _budget(trials: Sequence[Trial], scores: Sequence[Scores]) -> float | None:
    """The greatest budget on the way of those that came to the end to which enough came; None where there is none."""
    ways = {step for trial, one in zip(trials, scores, strict=True) if trial.state == "complete" for step in one}
    came = Counter(step for one in scores for step in one)
    return max((step for step in ways if came[step] >= _LEAST), default=None)


def _value(scores: Scores, budget: float, line: Callable[[float], _Line | None]) -> float | None:
    """The value at a budget, measured or predicted from the last one before it; None where neither can be had."""
    if budget in scores:
        return scores[budget]
    last = max((step for step in scores if step < budget), default=None)
    found = None if last is None or _END in scores else line(last)
    if last is None or found is None:
        return None
    value = found.level + found.slope * scores[last]
    return value if math.isfinite(value) else None


def _line(pairs: Sequence[tuple[float, float]]) -> _Line | None:
    """The line of least squares through what did not diverge; None where there is too little."""
    points = np.array(pairs, dtype=float).reshape(-1, 2)
    if len(points) >= _LEAST:
        low, middle, high = np.quantile(points, [0.25, 0.5, 0.75], axis=0)
        points = points[(np.abs(points - middle) <= _FAR * (high - low)).all(axis=1)]
    if len(points) < _LEAST:
        return None
    before, after = points.T
    apart = before - before.mean()
    slope = float(apart @ after / (apart @ apart)) if apart.any() else 0.0
    return _Line(slope, float(after.mean() - slope * before.mean()))


def _said(predicted: int, left: int, came: int, budget: float) -> Iterator[str]:
    if budget != _END:
        yield f"too few trials came to their end: scores at step {budget:g} are measured, to which {came} came"
    if predicted:
        yield (
            f"{predicted} pruned trials count with the score that is expected of them at the same budget, "
            "by what became of the others from where these were ended"
        )
    if left:
        yield _unused(left)


def _unused(count: int) -> str:
    return (
        f"{count} pruned trials are not used: their scores are those of shorter trials, and too few went on from there"
    )
