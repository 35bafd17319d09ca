"""Trials that were ended early, with the scores that are expected of them at the end.

The score of a shorter trial does not compare with that of a longer one, and trials that went on were chosen, so that
neither may be measured alone. A Gaussian process over the settings and the budget, fitted to scores on the way and at
the end, says how much a trial would still gain; a trial that was ended early counts with its last score and that gain.
Its own noise stays in it, so that it says no more than a trial does.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from advisor.importance import Table, tabulate
from advisor.importance.gaussian_process import GaussianProcess, fit
from advisor.importance.table import Condition, Floats
from advisor.space import Domain, Numeric
from advisor.trials import Trial

_LEAST: Final = 3
"""Trials that went on to the end from a step, without which nothing is known of what is gained from there."""
_BETWEEN: Final = 3
"""Steps before the end at which trials that went on are seen, too; each more says little and takes its time."""
_MOST: Final = 200
"""Scores to which the process is fitted."""
_FAR: Final = 10.0
"""Interquartile ranges from the median beyond which a score says only that a trial diverged."""
_END: Final = math.inf
"""The step of a trial that was not ended early."""
_BUDGET: Final = tabulate([{"": 0.0}, {"": 1.0}], {"": Numeric(0.0, 1.0)}).axes[0]
"""The column of the process that says at which step a score was; no parameter has its name."""

Scores = Mapping[float, float]
"""The scores of one trial by step."""


class Comparable(NamedTuple):
    """Trials whose values compare, and what was done, in sentences."""

    trials: tuple[Trial, ...]
    remarks: tuple[str, ...]


class _Seen(NamedTuple):
    """A score that the process is given: of which trial, at which step, with what is commonly gained from there."""

    row: int
    step: float
    score: float


def at_the_end(
    trials: Sequence[Trial], domains: Mapping[str, Domain], conditions: Mapping[str, Condition]
) -> Comparable:
    """The trials, pruned ones as complete with the value that is expected of them at the end.

    What was pruned where fewer than three went on from stays pruned.

    Args:
        trials: Of one objective; values on the way may stand at any steps.
        domains: Where each parameter is searched; the trials lie in it.
        conditions: For some parameters, the values of others for which they have an effect.
    """
    pruned = sum(trial.state == "pruned" for trial in trials)
    if not pruned:
        return Comparable(tuple(trials), ())
    scores = [_scores(trial) for trial in trials]
    gains = _gains(scores)
    common = [gains.keys() & one if trial.state == "pruned" else () for trial, one in zip(trials, scores, strict=True)]
    ends = {row: max(steps) for row, steps in enumerate(common) if steps}
    if not ends:
        return Comparable(tuple(trials), (_unused(pruned),))
    table = tabulate([trial.config for trial in trials], domains, conditions)
    expected = _expected(table, scores, gains, ends)
    kept = tuple(
        trial.having(state="complete", value=expected[row], reason=None) if row in expected else trial
        for row, trial in enumerate(trials)
    )
    left = pruned - len(ends)
    return Comparable(kept, (_used(len(ends)), _unused(left)) if left else (_used(len(ends)),))


def _scores(trial: Trial) -> Scores:
    if trial.state == "failed":
        return {}
    steps = trial.steps or range(1, len(trial.reported) + 1)
    found = dict(zip(map(float, steps), trial.reported, strict=True))
    return found if trial.value is None else {**found, _END: trial.value}


def _gains(scores: Sequence[Scores]) -> dict[float, float]:
    """How much a trial gains from a step to the end, in the median of those that went there; enough did."""
    whole = [one for one in scores if _END in one]
    counts = Counter(step for one in whole for step in one)
    return {
        step: statistics.median(one[_END] - one[step] for one in whole if step in one)
        for step, count in counts.items()
        if count >= _LEAST
    }


def _expected(
    table: Table, scores: Sequence[Scores], gains: Mapping[float, float], ends: Mapping[int, float]
) -> dict[int, float]:
    """What is expected at the end of the trials that were ended early, by their rows."""
    seen = _seen(scores, gains, ends)
    levels = np.array([one.score for one in seen])
    low, middle, high = np.quantile(levels, [0.25, 0.5, 0.75])
    levels = np.clip(levels, middle - _FAR * (high - low), middle + _FAR * (high - low))
    most = max((step for step in gains if step != _END), default=1.0)
    places = np.array([_place(one.step, most) for one in seen])
    few = np.arange(0, len(seen), math.ceil(len(seen) / _MOST))
    rows = np.array([one.row for one in seen])
    process = fit(_with_budget(table, rows[few], places[few]), levels[few])
    last = np.array([index for index, one in enumerate(seen) if ends.get(one.row) == one.step])
    more = _predicted(process, table, rows[last], np.ones(len(last)))
    values = levels[last] + more - _predicted(process, table, rows[last], places[last])
    return dict(zip(rows[last].tolist(), values.tolist(), strict=True))


def _seen(scores: Sequence[Scores], gains: Mapping[float, float], ends: Mapping[int, float]) -> list[_Seen]:
    """The last score of each trial, and those at some steps at which others were ended, moved by the common gain."""
    steps = sorted(set(ends.values()))
    between = {steps[round(place)] for place in np.linspace(0, len(steps) - 1, min(_BETWEEN, len(steps)))}
    return [
        _Seen(row, step, one[step] + gains[step])
        for row, one in enumerate(scores)
        if _END in one or row in ends
        for step in sorted({ends.get(row, _END), *(between & one.keys())} & gains.keys())
    ]


def _place(step: float, most: float) -> float:
    """Where a step stands between the beginning, 0, and the end, 1; curves change early."""
    return min(math.log1p(max(step, 0.0)) / math.log1p(max(most, 1.0)), 1.0)


def _with_budget(table: Table, rows: Floats, places: Floats) -> Table:
    return Table(axes=(*table.axes, _BUDGET), units=np.column_stack([table.units[rows], places]))


def _predicted(process: GaussianProcess, table: Table, rows: Floats, places: Floats) -> Floats:
    return np.asarray(process.predict(_with_budget(table, rows, places).units))


def _used(count: int) -> str:
    return (
        f"{count} pruned trials count with what is expected of them at the end: "
        "their last score, and what trials that went on gained from there"
    )


def _unused(count: int) -> str:
    return (
        f"{count} pruned trials are not used: their scores are those of shorter trials, and too few went on from there"
    )
