"""The least value of a smooth function by limited-memory BFGS (Nocedal and Wright, Numerical Optimization, 7.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_MEMORY: Final = 12
_SUFFICIENT: Final = 1e-4
"""Share of the decrease that the gradient promises which a step has to bring (Armijo)."""
_LONGEST: Final = 2.0
"""No coordinate moves further in one step: all of ours are logarithms."""


def minimum(
    function: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    *,
    steps: int = 200,
    tolerance: float = 1e-5,
) -> tuple[Floats, float]:
    """The point that a descent from ``start`` reaches, and the value there.

    Args:
        function: Value and gradient at a point.
        start: Where the descent begins.
        steps: At most so many.
        tolerance: It ends where a step brings less than this share of the value, or of 1.
    """
    point, (value, slope) = start, function(start)
    moves: list[tuple[Floats, Floats]] = []
    for _ in range(steps):
        direction = _direction(slope, moves)
        found = _step(function, point, value, slope, direction)
        if found is None:
            break
        new, new_value, new_slope = found
        if (new - point) @ (new_slope - slope) > 0:
            moves = [*moves[1 - _MEMORY :], (new - point, new_slope - slope)]
        gained = value - new_value
        point, value, slope = new, new_value, new_slope
        if gained <= tolerance * max(1.0, abs(value)):
            break
    return point, value


def _direction(slope: Floats, moves: Sequence[tuple[Floats, Floats]]) -> Floats:
    """The direction of descent in the metric that past moves imply (the two-loop recursion)."""
    direction = -slope
    shares = []
    for move, change in reversed(moves):
        share = (move @ direction) / (move @ change)
        direction = direction - share * change
        shares.append(share)
    if moves:
        move, change = moves[-1]
        direction = direction * ((move @ change) / (change @ change))
    for (move, change), share in zip(moves, reversed(shares), strict=True):
        direction = direction + move * (share - (change @ direction) / (move @ change))
    return direction if direction @ slope < 0 else -slope


def _step(
    function: Callable[[Floats], tuple[float, Floats]], point: Floats, value: float, slope: Floats, direction: Floats
) -> tuple[Floats, float, Floats] | None:
    """The first of ever shorter steps that brings enough; None where none does."""
    reach = float(np.abs(direction).max(initial=0.0))
    if reach == 0:
        return None
    length = min(1.0, _LONGEST / reach)
    for _ in range(20):
        new = point + length * direction
        new_value, new_slope = function(new)
        if np.isfinite(new_value) and new_value <= value + _SUFFICIENT * length * (slope @ direction):
            return new, new_value, new_slope
        length /= 3
    return None
