"""How much worse a forest predicts when a column is shuffled (Breiman, Random forests, 2001).

Shuffling is done out of bag: each tree predicts only trials that it did not see, so that a parameter without effect
gets nothing on the average, and may get less.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from advisor.importance.gaussian_process import filled_in
from advisor.importance.table import Floats, Table

_TREES: Final = 100


def permutation_importance(table: Table, scores: Floats, *, seed: int = 0) -> Floats:
    """By how much the squared error out of bag grows with each column shuffled, over the variance; shape (d,).

    Zeros if every score is the same. Categories are columns of their own, which are shuffled together.
    """
    from sklearn.tree import DecisionTreeRegressor  # noqa: PLC0415 - only this method needs it

    generator = np.random.default_rng(seed)
    columns, owners = _columns(table)
    variance, count = float(scores.var()), len(scores)
    growth = np.zeros((len(table.axes), 2))
    if variance == 0:
        return growth[:, 0]
    for _ in range(_TREES):
        drawn = generator.integers(count, size=count)
        out = np.setdiff1d(np.arange(count), drawn)
        if not out.size:
            continue
        tree = DecisionTreeRegressor(random_state=int(generator.integers(2**31))).fit(columns[drawn], scores[drawn])
        copies = np.tile(columns[out], (len(table.axes) + 1, 1, 1))
        for axis, copy in enumerate(copies[1:]):
            own = owners == axis
            copy[:, own] = copy[generator.permutation(len(out))][:, own]
        errors = (tree.predict(copies.reshape(-1, columns.shape[1])).reshape(len(copies), -1) - scores[out]) ** 2
        growth += np.column_stack([(errors[1:] - errors[0]).sum(axis=1), np.full(len(table.axes), len(out))])
    return np.asarray(growth[:, 0] / np.maximum(growth[:, 1], 1) / variance)


def _columns(table: Table) -> tuple[Floats, Floats]:
    """Columns for a tree, one a category, and to which axis each belongs."""
    units = filled_in(table.units, table.axes)
    columns, owners = [], []
    for position, axis in enumerate(table.axes):
        own = [units[:, position] == node for node in axis.nodes] if axis.categorical else [units[:, position]]
        columns += own
        owners += [position] * len(own)
    return np.column_stack(columns).astype(np.float64), np.array(owners, dtype=np.float64)
