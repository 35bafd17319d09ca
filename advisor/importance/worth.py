"""What tuning a parameter is worth, in units of the metric.

The tunability of Probst, Boulesteix and Bischl (2019), seen from the other end: how much worse the best becomes when
one parameter stays at its default while all others are tuned. Both bests are the model's, over the same points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from advisor.importance._net import net, switched_off
from advisor.importance.table import Axis, Floats

_POINTS: Final = 2048
_NEAR: Final = 512
"""Points around the best of the first, between it and where others are."""


def worth(
    axes: Sequence[Axis],
    predict: Callable[[Floats], Floats],
    default: Floats,
    *,
    maximize: bool,
    seed: int = 0,
) -> Floats:
    """How much tuning each parameter gains over its default while all others are tuned; shape (d,), not negative.

    Args:
        axes: The parameters; d of them.
        predict: The model: rows of units, NaN where a parameter has no effect, to scores.
        default: Units of the default, with a value for each parameter; shape (d,).
        maximize: Whether more is better.
        seed: Of the points.
    """
    generator = np.random.default_rng(seed)
    sign = 1.0 if maximize else -1.0

    def value(units: Floats) -> Floats:
        return np.asarray(sign * predict(switched_off(axes, units)))

    points = np.vstack([default, net(axes, _POINTS, generator)])
    points = np.vstack([points, _around(axes, points[value(points).argmax()], generator)])
    held = []
    for column, unit in enumerate(default):
        without = points.copy()
        without[:, column] = unit
        held.append(value(without).max())
    best = max(float(value(points).max()), *held)
    return np.asarray(best - np.array(held))


def _around(axes: Sequence[Axis], best: Floats, generator: np.random.Generator) -> Floats:
    """Points that differ from one in some parameters, in continuous ones by ever less."""
    points = net(axes, _NEAR, generator)
    reach = 2.0 ** -generator.integers(1, 6, size=(_NEAR, 1))
    continuous = np.array([axis.continuous for axis in axes])
    nearer = np.where(continuous, best + reach * (points - best), points)
    return np.where(generator.random(points.shape) < 0.5, nearer, best)
