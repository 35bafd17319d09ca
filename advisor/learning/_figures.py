"""What the responses of tasks say of each parameter: where it is good, what tuning it is worth, what it explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from advisor.importance import Axis, Table
from advisor.importance._net import switched_off
from advisor.importance.gaussian_process import Hyperparameters, fit
from advisor.importance.sobol import decompose
from advisor.importance.table import Floats
from advisor.learning._response import Response
from advisor.learning._tasks import Experience, Task

_BEST: Final = (0.01, 10, 0.2)
"""The best of a task's trials: a hundredth of them, at least ten, at most a fifth."""
_WITHIN: Final = (0.05, 0.95)
"""Quantiles of the best trials of a task between which its good values lie."""
_FEWEST: Final = 5
"""Tasks below which no interval is said: they do not show how much tasks differ."""
_DRAWS: Final = 2000
_FAR: Final = 1000.0
"""So many times as far from the best as three quarters of the trials are: a cost that says no more than failed."""
_SEEN: Final = 200
"""Trials of which the variance is decomposed, which takes the square of their number."""
_STEPS: Final = 25


class Interval(NamedTuple):
    """A mean over tasks, with the ends of its 95 % interval where the tasks are enough for one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Shares of the variance of the cost over the space; main has shape (d,), pairs (d, d)."""

    main: Floats
    pairs: Floats


def mean_of(values: Floats, seed: int) -> Interval:
    """The mean over tasks and its bootstrap interval; NaN counts as a task that says nothing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Interval(value=0.0)
    if len(known) < _FEWEST:
        return Interval(value=float(known.mean()))
    drawn = np.random.default_rng(seed).integers(len(known), size=(_DRAWS, len(known)))
    low, high = np.quantile(known[drawn].mean(axis=1), [0.025, 0.975])
    return Interval(value=float(known.mean()), low=float(low), high=float(high))


def best_units(known: Experience, task: Task, response: Response) -> Floats:
    """The units of the best trials of a task, by the smoothed error; shape (b, d)."""
    share, least, most = _BEST
    count = max(1, int(min(max(share * len(task.costs), least), most * len(task.costs))))
    order = np.lexsort((task.costs, response.errors))
    return known.table.units[task.rows][order[:count]]


def ends(best: Sequence[Floats], column: int) -> Floats:
    """Between what units of one axis the best of each task lie; NaN where it had an effect in none; shape (k, 2)."""
    found = np.full((len(best), 2), np.nan)
    for row, units in enumerate(best):
        present = units[:, column][~np.isnan(units[:, column])]
        if len(present):
            found[row] = np.quantile(present, _WITHIN)
    return found


def shares_taken(best: Sequence[Floats], axis: Axis, column: int) -> Floats:
    """How many of the best of each task have each category of an axis; NaN where none has any; shape (k, c)."""
    found = np.full((len(best), len(axis.nodes)), np.nan)
    for row, units in enumerate(best):
        present = units[:, column][~np.isnan(units[:, column])]
        if len(present):
            found[row] = np.isclose(present[:, None], axis.nodes).mean(axis=0)
    return found


def gains(axes: Sequence[Axis], response: Response, held: Floats) -> Floats:
    """What tuning each parameter alone is worth from a configuration, in units of the metric; shape (d,).

    The tunability of Probst, Boulesteix and Bischl (2019): the predicted cost of the configuration less the least over
    all values of one parameter. One half of the trials says which value that is, and the other what it costs, so that
    a dip of the model is no gain; below 0 it would have been better not to tune.

    Args:
        axes: The parameters; d of them.
        response: Of one task.
        held: For each parameter the units of the configuration, every one with a value; shape (d, d).
    """
    found = np.zeros(len(axes))
    for column, axis in enumerate(axes):
        points = np.tile(held[column], (len(axis.nodes) + 1, 1))
        points[1:, column] = axis.nodes
        points = switched_off(axes, points)
        one, other = (np.clip(half.predict(points), 0, 1) for half in response.halves)
        found[column] = (one[0] - one[other.argmin()] + other[0] - other[one.argmin()]) / 2
    return response.span * found


def shares(known: Experience, task: Task, response: Response, seed: int) -> Shares:
    """Shares of the variance of the cost that each parameter explains by itself, and each pair beyond both.

    The cost is cut off where it says no more than failed, not at the median: these are shares of the whole spread. The
    process is that of the response, fitted again from where it was.
    """
    units, costs = known.table.units[task.rows], task.costs
    far = _FAR * float(np.quantile(costs, 0.75) - costs.min())
    scores = np.minimum(costs, costs.min() + far) if far > 0 else costs
    generator = np.random.default_rng(seed)
    rows = np.union1d(generator.permutation(len(scores))[:_SEEN], [scores.argmin(), scores.argmax()])
    table = Table(axes=known.table.axes, units=units[rows])
    start = Hyperparameters.of(response.process)
    found = decompose(fit(table, scores[rows], start=[start], steps=_STEPS))
    count = len(known.table.axes)
    if found.variance <= 0:
        return Shares(main=np.zeros(count), pairs=np.zeros((count, count)))
    return Shares(main=np.clip(found.main / found.variance, 0, 1), pairs=np.clip(found.pairs / found.variance, 0, 1))


def pairs_of(every: Sequence[Shares], names: Sequence[str], seed: int) -> dict[tuple[str, str], Interval]:
    """The mean share of each pair over tasks."""
    stacked = np.array([each.pairs for each in every])
    return {
        (names[left], names[right]): mean_of(stacked[:, left, right], seed)
        for left, right in combinations(range(len(names)), 2)
    }
