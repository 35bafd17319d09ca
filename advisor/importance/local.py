"""How much each parameter matters around the best (Biedenkapp, Marben, Lindauer and Hutter, CAVE, 2018).

The variance of the score along each parameter while all others stay, as a share of the sum of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from advisor.importance._net import switched_off
from advisor.importance.table import Axis, Floats


def local_importance(axes: Sequence[Axis], predict: Callable[[Floats], Floats], around: Floats) -> Floats:
    """Shares of the variance along each axis through a point; they sum to 1, or are 0 where nothing varies; shape (d,).

    Args:
        axes: The parameters; d of them.
        predict: The model: rows of units, NaN where a parameter has no effect, to scores.
        around: Units of the best configuration, with a value for each parameter; shape (d,).
    """
    variances = []
    for column, axis in enumerate(axes):
        rows = np.tile(around, (len(axis.nodes), 1))
        rows[:, column] = axis.nodes
        scores = predict(switched_off(axes, rows))
        variances.append(axis.weights @ (scores - axis.weights @ scores) ** 2)
    whole = float(np.sum(variances))
    return np.array(variances) / whole if whole > 0 else np.zeros(len(axes))
