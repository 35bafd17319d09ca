"""Which few configurations to try first on a new task, so that on most tasks one of them is good.

A greedy portfolio, as Pfisterer and others (Learning multiple defaults for machine learning algorithms, 2021) have it:
each configuration is the one that lowers most the mean over tasks of the root of the best normalised error so far. The
root is taken because a start has to be close to the best: from further off a search gets as close by itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from advisor.importance.table import Floats

MOST: Final = 8
"""Configurations of a portfolio."""
_FOLDS: Final = 5
_LEAST_GAIN: Final = 1e-3
"""Mean root of the normalised error that a further configuration must take off."""

Positions = NDArray[np.int64]


def greedy(errors: Floats, most: int) -> list[int]:
    """The columns that are chosen one after the other, at least one.

    Args:
        errors: Normalised error of each candidate on each task; shape (tasks, candidates).
        most: How many at most.
    """
    roots = np.sqrt(errors)
    reached = np.ones(len(errors))
    chosen: list[int] = []
    while len(chosen) < most:
        means = np.minimum(reached[:, None], roots).mean(axis=0)
        best = int(means.argmin())
        if chosen and reached.mean() - means[best] < _LEAST_GAIN:
            break
        chosen.append(best)
        reached = np.minimum(reached, roots[:, best])
    return chosen


def left_out(errors: Floats, owners: Positions, most: int) -> Floats:
    """The best error of a portfolio on tasks that it was not chosen on, nor its candidates; shape (tasks,).

    Args:
        errors: Normalised error of each candidate on each task; shape (tasks, candidates).
        owners: The task that each candidate comes from, -1 if from none; shape (candidates,).
        most: How many configurations a portfolio has.
    """
    tasks = np.arange(len(errors))
    folds = tasks % min(_FOLDS, len(tasks))
    found = np.ones(len(errors))
    for fold in np.unique(folds):
        theirs = tasks[folds == fold]
        rest = tasks[folds != fold]
        candidates = np.flatnonzero(~np.isin(owners, theirs))
        if len(rest) and len(candidates):
            chosen = candidates[greedy(errors[np.ix_(rest, candidates)], most)]
            found[theirs] = errors[np.ix_(theirs, chosen)].min(axis=1)
    return found


def expected_best(errors: Floats, drawn: int) -> float:
    """The best that is to be expected of so many, drawn at random without putting back."""
    ordered = np.sort(errors)
    count = len(ordered)
    drawn = min(drawn, count)
    # The chance that the i-th best is the best drawn: all others drawn are among the count - i - 1 worse ones.
    chance, left, total = drawn / count, 1.0, 0.0
    for position, error in enumerate(ordered):
        total += left * chance * float(error)
        left *= 1 - chance
        rest = count - position - 1
        chance = drawn / rest if rest > drawn else 1.0
    return total
