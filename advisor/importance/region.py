"""What must be right to be among the good, and what still matters there.

PED-ANOVA (Watanabe, Bansal and Hutter, 2023) compares where the best trials lie with where all lie. On trials that an
optimiser made this says where it went. Here points of the uniform space are valued by a model, so that the question is
about the space; ``reaching`` answers it for trials too. Densities are shares of bins, of which no more are kept than
chance lets be seen: its part is taken off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from advisor.importance._net import net, switched_off
from advisor.importance.table import Axis, Floats

_POINTS: Final = 4096
_BINS: Final = 8


@dataclass(frozen=True, kw_only=True)
class Region:
    """Importance for the good part of a space.

    Attributes:
        reaching: How much each parameter decides whether a point is among the good; shares, shape (d,).
        within: The share of the variance of the score, cut off where the good end, that each explains; shape (d,).
        cutoff: The score at which the good end.
    """

    reaching: Floats
    within: Floats
    cutoff: float


def good_region(
    axes: Sequence[Axis],
    predict: Callable[[Floats], Floats],
    *,
    maximize: bool,
    top: float = 0.1,
    seed: int = 0,
) -> Region:
    """Importance for the best share of the uniform space, by the word of a model.

    Args:
        axes: The parameters; d of them.
        predict: The model: rows of units, NaN where a parameter has no effect, to scores.
        maximize: Whether more is better.
        top: Which share of the space is good.
        seed: Of the points.
    """
    units = switched_off(axes, net(axes, _POINTS, np.random.default_rng(seed)))
    losses = -predict(units) if maximize else predict(units)
    cutoff = float(np.quantile(losses, top))
    return Region(
        reaching=reaching(axes, units, losses, top=top),
        within=_explained(axes, units, np.minimum(losses, cutoff)),
        cutoff=-cutoff if maximize else cutoff,
    )


def reaching(axes: Sequence[Axis], units: Floats, losses: Floats, *, top: float = 0.1) -> Floats:
    """The Pearson divergence of the good from all along each axis, as shares; zeros where there is none; shape (d,).

    Args:
        axes: The parameters; d of them.
        units: Points, NaN where a parameter has no effect; shape (n, d).
        losses: Their scores, less is better; shape (n,).
        top: Which share of them is good.
    """
    good = losses <= np.quantile(losses, top)
    divergences = []
    for axis, column in zip(axes, units.T, strict=True):
        bins = _bins(axis, column)
        every = np.bincount(bins) / len(bins)
        some = np.bincount(bins[good], minlength=len(every)) / np.count_nonzero(good)
        seen = every > 0
        chance = (np.count_nonzero(seen) - 1) / np.count_nonzero(good)
        divergences.append(max(float(((some - every)[seen] ** 2 / every[seen]).sum()) - chance, 0.0))
    whole = sum(divergences)
    return np.array(divergences) / whole if whole > 0 else np.zeros(len(axes))


def _bins(axis: Axis, column: Floats) -> NDArray[np.int64]:
    """In which part of its measure each value lies; where there is none, in one of its own."""
    if axis.continuous:
        bins = np.clip(np.floor(np.nan_to_num(column) * _BINS), 0, _BINS - 1)
    else:
        bins = np.abs(np.nan_to_num(column)[:, None] - axis.nodes).argmin(axis=1)
    return np.where(np.isnan(column), -1, bins).astype(np.int64) + 1


def _explained(axes: Sequence[Axis], units: Floats, losses: Floats) -> Floats:
    whole = float(losses.var())
    if whole == 0:
        return np.zeros(len(axes))
    shares = []
    for axis, column in zip(axes, units.T, strict=True):
        bins = _bins(axis, column)
        sizes = np.bincount(bins)
        means = np.bincount(bins, losses)[sizes > 0] / sizes[sizes > 0]
        between = float((sizes[sizes > 0] * (means - losses.mean()) ** 2).sum()) / len(losses)
        chance = (np.count_nonzero(sizes) - 1) / len(losses) * whole
        shares.append(max(between - chance, 0.0) / whole)
    return np.array(shares)
