"""How steep a response is along each parameter, on the scale on which it is searched (Morris, 1991).

The mean size of elementary effects: how much the score changes over a tenth of the range, extrapolated to all of it.
On a logarithmic scale this is a derivative by the logarithm. Between categories, and where values are few, it is the
change from one to any other. A parameter whose effects cancel over the space has no main effect but is steep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from advisor.importance._net import net, switched_off
from advisor.importance.table import Axis, Floats

_POINTS: Final = 512
_STEP: Final = 0.1


def sensitivity(axes: Sequence[Axis], predict: Callable[[Floats], Floats], *, seed: int = 0) -> Floats:
    """The mean size of the effect of each parameter, in units of the score; shape (d,).

    Args:
        axes: The parameters; d of them.
        predict: The model: rows of units, NaN where a parameter has no effect, to scores.
        seed: Of the points at which effects are taken.
    """
    generator = np.random.default_rng(seed)
    points = net(axes, _POINTS, generator)
    scores = predict(switched_off(axes, points))
    effects = []
    for column, axis in enumerate(axes):
        moved = points.copy()
        moved[:, column], size = _moved(axis, points[:, column], generator)
        changes = np.abs(predict(switched_off(axes, moved)) - scores)
        effects.append(changes.mean() / size)
    return np.array(effects)


def _moved(axis: Axis, units: Floats, generator: np.random.Generator) -> tuple[Floats, float]:
    """Other values, and how far they are: as a share of the range, or 1 where there is none."""
    if axis.continuous:
        return units + np.where(units < 1 - _STEP, _STEP, -_STEP), _STEP
    count = len(axis.nodes)
    here = np.abs(units[:, None] - axis.nodes).argmin(axis=1)
    return axis.nodes[(here + generator.integers(1, count, size=len(units))) % count], 1.0
