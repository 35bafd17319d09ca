"""What a forest's splits take from the squared error: the usual importance of a random forest (Breiman, 2001).

Here for comparison. It counts what a forest learned by heart, too: parameters without effect get a share, and those
with many values more than those with few.
"""

from __future__ import annotations

import numpy as np

from advisor.importance.gaussian_process import filled_in
from advisor.importance.table import Floats, Table


def impurity(table: Table, scores: Floats, *, seed: int = 0) -> Floats:
    """Shares that sum to 1, or are 0 where every score is the same; categories are columns of their own; shape (d,)."""
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - only this method needs it

    units = filled_in(table.units, table.axes)
    shares = np.zeros(len(table.axes))
    if np.ptp(scores) == 0:
        return shares
    blocks = [
        (column[:, None] == axis.nodes).astype(np.float64) if axis.categorical else column[:, None]
        for axis, column in zip(table.axes, units.T, strict=True)
    ]
    owners = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
    forest = RandomForestRegressor(random_state=seed).fit(np.hstack(blocks), scores)
    np.add.at(shares, owners, forest.feature_importances_)
    return shares
