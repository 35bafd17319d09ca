"""The normalised error on each task: measured where a trial says it, predicted by a Gaussian process elsewhere.

The normalised error of a trial is (error - best) / (median - best), cut off at 0 and 1, where best and median are those
of the task's trials: 0 is the best of them, and 1 says no more than "not among the better half". So tasks of any metric
and difficulty weigh the same. It depends on how the trials were chosen: the median of an optimiser's is hard to beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from advisor.importance import Table
from advisor.importance._subsets import subset
from advisor.importance.gaussian_process import GaussianProcess, conditioned, fit
from advisor.importance.table import Floats
from advisor.learning._tasks import Experience, Task

_FITTED: Final = 150
"""Trials to which the length scales of a process are fitted."""
_SEEN: Final = 400
"""Trials that the process then sees, beside the best fifth as many."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """The normalised error on one task.

    Attributes:
        name: Of the task.
        best: The least cost that was measured.
        span: The median cost minus the best: what a normalised error of 1 is in units of the metric.
        errors: Of the task's trials, as the process smooths them; shape (n,).
        process: What predicts it.
        halves: The same from either half of what it sees: what one says is good, the other can judge.
    """

    name: str
    best: float
    span: float
    errors: Floats
    process: GaussianProcess
    halves: tuple[GaussianProcess, GaussianProcess]

    def predict(self, units: Floats) -> Floats:
        """The normalised error at rows of units, in [0, 1]; shape (m,)."""
        return np.clip(self.process.predict(units), 0, 1)


def normalised(costs: Floats) -> Floats:
    """Costs as normalised errors; 0 and 1 where the median is the best."""
    best, median = float(costs.min()), float(np.median(costs))
    if median == best:
        return (costs > best).astype(np.float64)
    return np.clip((costs - best) / (median - best), 0, 1)


def respond(known: Experience, task: Task, seed: int) -> Response:
    """The response of a task, by a process that is fitted to some of its trials and sees more of them, the best too."""
    units = known.table.units[task.rows]
    table, errors = Table(axes=known.table.axes, units=units), normalised(task.costs)
    generator = np.random.default_rng(seed)
    ends = [int(errors.argmin()), int(errors.argmax())]
    few = np.union1d(subset(table, _FITTED, generator), ends)
    fitted = fit(table.rows(few), errors[few])
    good = np.argsort(errors, kind="stable")[: _SEEN // 5]
    seen = np.union1d(subset(table, _SEEN, generator), np.union1d(good, ends))
    process = conditioned(fitted, table.rows(seen), errors[seen])
    mixed = generator.permutation(seen)
    parts = [np.union1d(mixed[each::2], ends) for each in (0, 1)]
    first, second = (conditioned(fitted, table.rows(part), errors[part]) for part in parts)
    best = float(task.costs.min())
    return Response(
        name=task.name,
        best=best,
        span=float(np.median(task.costs)) - best or float(task.costs.max()) - best,
        errors=np.clip(process.predict(units), 0, 1),
        process=process,
        halves=(first, second),
    )
