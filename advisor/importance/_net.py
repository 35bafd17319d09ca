"""Points spread over a space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.importance.table import Axis, Floats


def net(axes: Sequence[Axis], count: int, generator: np.random.Generator) -> Floats:
    """Points of the measure, latent values too, each part of each axis taken equally often (a Latin hypercube)."""
    places = (np.array([generator.permutation(count) for _ in axes]) + 0.5) / count
    return np.column_stack([axis.at(row) for axis, row in zip(axes, places, strict=True)])


def switched_off(axes: Sequence[Axis], units: Floats) -> Floats:
    """Units of which what has no effect, by its conditions, is NaN."""
    result = units.copy()
    for _ in axes:
        for column, axis in enumerate(axes):
            for parent, mask in axis.conditions:
                node = np.abs(np.nan_to_num(result[:, parent], nan=-9.0)[:, None] - axes[parent].nodes).argmin(axis=1)
                result[~mask[node] | np.isnan(result[:, parent]), column] = np.nan
        if not any(axes[parent].conditions for axis in axes for parent, _ in axis.conditions):
            break
    return result
