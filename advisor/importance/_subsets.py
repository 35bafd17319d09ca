"""Which trials a process sees where there are too many for it, and the subsamples that say how sure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from advisor.importance.gaussian_process import filled_in
from advisor.importance.table import Table

Positions = NDArray[np.int64]


def subset(table: Table, count: int, generator: np.random.Generator) -> Positions:
    """So many trials, half of them far from each other and half at random; all, where there are no more.

    An optimiser's trials crowd where it went: those far from each other speak for the rest of the space.
    """
    rows = len(table.units)
    if rows <= count:
        return np.arange(rows)
    far = _far_apart(table, count // 2, int(generator.integers(rows)))
    rest = np.setdiff1d(np.arange(rows), far)
    return np.sort(np.append(far, generator.choice(rest, count - len(far), replace=False)))


def _far_apart(table: Table, count: int, first: int) -> Positions:
    """Each is the trial farthest from all before it (the greedy solution of the k-centre problem)."""
    units = filled_in(table.units, table.axes)
    categorical = np.array([axis.categorical for axis in table.axes])
    chosen = [first]
    nearest = np.full(len(units), np.inf)
    while len(chosen) < count:
        apart = np.abs(units - units[chosen[-1]])
        apart[:, categorical] = apart[:, categorical] > 0
        nearest = np.minimum(nearest, (apart**2).sum(axis=1))
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)
