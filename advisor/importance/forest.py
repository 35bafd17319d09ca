"""Functional analysis of variance of a random forest, exact and without loops over trees.

Hutter, Hoos and Leyton-Brown (An efficient approach for assessing hyperparameter importance, 2014) marginalise tree by
tree. Here a pass over all trees, level by level, gives every leaf as a box of cells between thresholds; the curve of a
parameter is then a difference at both ends of each box, summed up once, and the surface of two a difference at four
corners. We decompose the mean of the trees, not each tree: what trees disagree about is noise. Shares of each tree by
itself, as Optuna's evaluator has them, are ``tree_shares``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from advisor.importance._net import net, switched_off
from advisor.importance.table import Axis, Floats, Table

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

Cells = NDArray[np.integer[Any]]

_TREES: Final = 64
_MOST: Final = 4096
"""Trials that each tree sees."""
_NET: Final = 2048
"""Points of the net over which totals are estimated."""
_CELLS: Final = 128
"""Of a surface, along each side; finer borders are moved to the nearest of these."""


@dataclass(frozen=True, kw_only=True)
class Leaves:
    """The leaves of all trees as boxes of cells.

    Attributes:
        low: First cell of each leaf in each dimension; shape (l, d).
        high: The cell after the last; shape (l, d).
        values: What is predicted there; shape (l,).
        trees: Of which tree; shape (l,).
        borders: For each dimension how much of its measure lies below each border of its cells, from 0 to 1.
    """

    low: Cells
    high: Cells
    values: Floats
    trees: Cells
    borders: tuple[Floats, ...]

    @property
    def n_trees(self) -> int:
        """How many trees there are."""
        return int(self.trees.max()) + 1

    @cached_property
    def lengths(self) -> Floats:
        """The measure of each leaf in each dimension; shape (l, d)."""
        sides = [
            border[self.high[:, column]] - border[self.low[:, column]] for column, border in enumerate(self.borders)
        ]
        return np.column_stack(sides)

    @cached_property
    def volumes(self) -> Floats:
        """The measure of each leaf; shape (l,)."""
        return np.asarray(self.lengths.prod(axis=1))

    def beyond(self, *columns: int) -> Floats:
        """The measure of each leaf in all dimensions but some; 0 where it has none in those, as it adds nothing."""
        sides = self.lengths[:, columns].prod(axis=1)
        return np.asarray(np.divide(self.volumes, sides, out=np.zeros(len(sides)), where=sides > 0))


@dataclass(frozen=True, kw_only=True)
class ForestShares:
    """Shares of the variance of a forest's mean; main and total have shape (d,), pairs (d, d)."""

    main: Floats
    total: Floats
    pairs: Floats


def leaves(forest: RandomForestRegressor, below: Sequence[Callable[[Floats], Floats]]) -> Leaves:
    """The leaves of a forest.

    Args:
        forest: A fitted forest of scikit-learn.
        below: For each dimension, how much of its measure lies at or below thresholds.
    """
    trees = [estimator.tree_ for estimator in forest.estimators_]
    sizes = np.array([tree.node_count for tree in trees])
    offsets = np.repeat(np.cumsum(sizes) - sizes, sizes)
    left, right, feature, threshold = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("children_left", "children_right", "feature", "threshold")
    )
    inner = left >= 0
    cuts = [np.unique(threshold[inner & (feature == column)]) for column in range(len(below))]
    cell = np.zeros(len(left), dtype=np.int64)
    for column, cut in enumerate(cuts):
        here = inner & (feature == column)
        cell[here] = np.searchsorted(cut, threshold[here]) + 1
    low = np.zeros((len(left), len(below)), dtype=np.int32)
    high = np.tile(np.array([len(cut) + 1 for cut in cuts], dtype=np.int32), (len(left), 1))
    level = np.cumsum(sizes) - sizes
    while len(level := level[inner[level]]):
        one, other = left[level] + offsets[level], right[level] + offsets[level]
        low[one], high[one], low[other], high[other] = low[level], high[level], low[level], high[level]
        high[one, feature[level]] = cell[level]
        low[other, feature[level]] = cell[level]
        level = np.concatenate([one, other])
    return Leaves(
        low=low[~inner],
        high=high[~inner],
        values=np.concatenate([tree.value[:, 0, 0] for tree in trees])[~inner],
        trees=np.repeat(np.arange(len(trees)), sizes)[~inner],
        borders=tuple(np.concatenate([[0.0], measure(cut), [1.0]]) for measure, cut in zip(below, cuts, strict=True)),
    )


def tree_shares(boxes: Leaves) -> Floats:
    """The share of each tree's variance that each dimension explains by itself, averaged over trees; shape (d,).

    Trees of which all leaves are the same have no variance, and do not count.
    """
    mean = np.bincount(boxes.trees, boxes.values * boxes.volumes, boxes.n_trees)
    variance = np.bincount(boxes.trees, (boxes.values - mean[boxes.trees]) ** 2 * boxes.volumes, boxes.n_trees)
    kept = variance > 0
    shares = []
    for column in range(len(boxes.borders)):
        curves = _curves(boxes, column)
        explained = (curves - mean[:, None]) ** 2 @ np.diff(boxes.borders[column])
        shares.append(np.mean(explained[kept] / variance[kept]) if kept.any() else 0.0)
    return np.array(shares)


def _curves(boxes: Leaves, column: int) -> Floats:
    """The mean of each tree in each cell of one dimension; shape (trees, cells)."""
    cells = len(boxes.borders[column])
    adds = boxes.values * boxes.beyond(column)
    first, last = boxes.trees * cells + boxes.low[:, column], boxes.trees * cells + boxes.high[:, column]
    size = boxes.n_trees * cells
    steps = np.bincount(first, adds, size) - np.bincount(last, adds, size)
    return np.asarray(np.cumsum(steps.reshape(-1, cells), axis=1)[:, :-1])


def _main(boxes: Leaves, column: int) -> float:
    """The variance that one dimension explains of the mean of the trees."""
    curve = _curves(boxes, column).mean(axis=0)
    widths = np.diff(boxes.borders[column])
    return float(widths @ (curve - widths @ curve) ** 2)


def _pair(boxes: Leaves, left: int, right: int) -> float:
    """The variance that two dimensions explain beyond what each does by itself."""
    adds = boxes.values * boxes.beyond(left, right) / boxes.n_trees
    sides = [_coarse(boxes.borders[column], boxes.low[:, column], boxes.high[:, column]) for column in (left, right)]
    (low, high, rows), (start, end, columns) = sides
    size = len(rows) * len(columns)
    corners = [
        sign * np.bincount(row * len(columns) + column, adds, size)
        for sign, row, column in ((1, low, start), (-1, low, end), (-1, high, start), (1, high, end))
    ]
    surface = np.sum(corners, axis=0).reshape(len(rows), len(columns)).cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
    heights, widths = np.diff(rows), np.diff(columns)
    interaction = surface - (surface @ widths)[:, None] - heights @ surface + heights @ surface @ widths
    return float(heights @ interaction**2 @ widths)


def _coarse(borders: Floats, low: Cells, high: Cells) -> tuple[Cells, Cells, Floats]:
    """Cells between fewer borders, where there are many."""
    if len(borders) <= _CELLS:
        return low, high, borders
    fewer = np.linspace(0, 1, _CELLS + 1)
    moved = np.rint(borders * _CELLS).astype(np.int64)
    return moved[low], moved[high], fewer


def forest_shares(table: Table, scores: Floats, *, seed: int = 0, pairs: bool = True) -> ForestShares:
    """The shares of a forest that is fitted to scores.

    First-order shares are exact where no parameter has a condition, and so are pairs, up to borders that are moved; all
    else is estimated over a net, and there are no pairs beside conditions.
    """
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - only this method needs it

    ranks = [_order(axis, column, scores) for axis, column in zip(table.axes, table.units.T, strict=True)]
    forest = RandomForestRegressor(_TREES, max_samples=min(len(scores), _MOST), random_state=seed)
    forest.fit(_ordered(table.axes, ranks, table.units), scores)
    base, moved = _net(table.axes, forest, ranks, seed)
    variance = float(base.var())
    count = len(table.axes)
    if variance == 0:
        return ForestShares(main=np.zeros(count), total=np.zeros(count), pairs=np.zeros((count, count)))
    shared = np.zeros((count, count))
    total = np.array([np.mean((base - each[0]) ** 2) / 2 for each in moved])
    if any(axis.conditions for axis in table.axes):
        main = np.array([np.mean((base - base.mean()) * (each[1] - each[1].mean())) for each in moved])
        return ForestShares(main=_shared(main, variance), total=_shared(total, variance), pairs=shared)
    boxes = leaves(forest, [_measure(axis, rank) for axis, rank in zip(table.axes, ranks, strict=True)])
    main = np.array([_main(boxes, column) for column in range(count)])
    for left, right in combinations(range(count), 2) if pairs else ():
        shared[left, right] = shared[right, left] = _pair(boxes, left, right)
    return ForestShares(main=_shared(main, variance), total=_shared(total, variance), pairs=_shared(shared, variance))


def _shared(variances: Floats, whole: float) -> Floats:
    return np.clip(variances / whole, 0, 1)


def _order(axis: Axis, units: Floats, scores: Floats) -> Floats:
    """The rank of each category by its mean score, shrunk to the mean of all; empty where values have an order."""
    if not axis.categorical:
        return np.empty(0)
    means = [
        (scores[units == code].sum() + scores.mean()) / (np.count_nonzero(units == code) + 1) for code in axis.nodes
    ]
    return np.argsort(np.argsort(means)).astype(np.float64)


def _ordered(axes: Sequence[Axis], ranks: Sequence[Floats], units: Floats) -> Floats:
    """Units with categories in the order of their scores; what has no effect is below all values."""
    columns = [
        np.where(np.isnan(column), -1.0, rank[np.nan_to_num(column).astype(np.int64)] if axis.categorical else column)
        for axis, rank, column in zip(axes, ranks, units.T, strict=True)
    ]
    return np.column_stack(columns)


def _measure(axis: Axis, rank: Floats) -> Callable[[Floats], Floats]:
    if not axis.categorical:
        return axis.below

    def below(thresholds: Floats) -> Floats:
        return np.asarray((np.floor(np.clip(thresholds, -1, len(rank) - 1)) + 1) / len(rank))

    return below


def _net(
    axes: Sequence[Axis], forest: Any, ranks: Sequence[Floats], seed: int
) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """Predictions over a net, and for each parameter those with it, and with all others, taken from another half.

    Both halves are dimensions of one net (a Latin hypercube): two nets are correlated, which makes totals too small.
    """
    count = len(axes)
    points = net([*axes, *axes], _NET, np.random.default_rng(seed))
    halves = [points[:, :count], points[:, count:]]

    def predicted(units: Floats) -> Floats:
        return np.asarray(forest.predict(_ordered(axes, ranks, switched_off(axes, units))))

    moved = []
    for column in range(count):
        only = [half.copy() for half in halves]
        only[0][:, column], only[1][:, column] = halves[1][:, column], halves[0][:, column]
        moved.append((predicted(only[0]), predicted(only[1])))
    return predicted(halves[0]), moved
