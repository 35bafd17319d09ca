"""Functional analysis of variance of a random forest, exact and without loops over trees.

Hutter, Hoos and Leyton-Brown (An efficient approach for assessing hyperparameter importance, 2014) marginalise tree by
tree. Here a pass over all trees, level by level, gives every leaf as a box between thresholds; the curve of a parameter
is then a difference at both ends of each box, summed up once, and the surface of two a difference at four corners. We
decompose the mean of the trees, not each tree: what trees disagree about is noise. Shares of each tree by itself, as
Optuna's evaluator has them, are ``tree_shares``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
    """The leaves of all trees as boxes between borders: thresholds, and the ends of each dimension.

    Attributes:
        low: For each dimension the border where each leaf begins; shape (d, l).
        high: The border where it ends; shape (d, l).
        values: What is predicted there; shape (l,).
        trees: Of which tree; shape (l,).
        borders: For each dimension how much of its measure lies below each border, from 0 to 1; for one tree after the
            other, or for all together.
        begins: For each dimension where the borders of each tree begin; of all trees at 0, where they are together.
    """

    low: Cells
    high: Cells
    values: Floats
    trees: Cells
    borders: tuple[Floats, ...]
    begins: tuple[Cells, ...]

    @property
    def n_trees(self) -> int:
        """How many trees there are."""
        return int(self.trees.max()) + 1

    @cached_property
    def lengths(self) -> Floats:
        """The measure of each leaf in each dimension; shape (d, l)."""
        sides = zip(self.borders, self.low, self.high, strict=True)
        return np.array([border[high] - border[low] for border, low, high in sides])

    @cached_property
    def volumes(self) -> Floats:
        """The measure of each leaf; shape (l,)."""
        return np.asarray(self.lengths.prod(axis=0))

    def beyond(self, *columns: int) -> Floats:
        """The measure of each leaf in all dimensions but some; 0 where it has none in those, as it adds nothing."""
        sides = self.lengths[list(columns)].prod(axis=0)
        return np.asarray(np.divide(self.volumes, sides, out=np.zeros(len(sides)), where=sides > 0))


@dataclass(frozen=True, kw_only=True)
class ForestShares:
    """Shares of the variance of a forest's mean; main and total have shape (d,), pairs (d, d)."""

    main: Floats
    total: Floats
    pairs: Floats


class _Nodes(NamedTuple):
    """The nodes of all trees, one tree after the other, and where each tree begins."""

    left: Cells
    right: Cells
    feature: Cells
    threshold: Floats
    values: Floats
    trees: Cells
    roots: Cells


def leaves(
    forest: RandomForestRegressor, below: Sequence[Callable[[Floats], Floats]], *, together: bool = False
) -> Leaves:
    """The leaves of a forest.

    Args:
        forest: A fitted forest of scikit-learn.
        below: For each dimension, how much of its measure lies at or below thresholds.
        together: Whether all trees share their borders, for what is said of their mean.
    """
    nodes = _nodes(forest)
    blocks = np.zeros_like(nodes.trees) if together else nodes.trees
    places = np.zeros(len(nodes.feature), dtype=np.int32)
    borders, begins, ends = [], [], []
    for column, measure in enumerate(below):
        here = np.flatnonzero(nodes.feature == column)
        here = here[np.lexsort((nodes.threshold[here], blocks[here]))]
        after = np.cumsum(np.bincount(blocks[here], minlength=blocks[-1] + 1) + 2)
        places[here] = np.arange(1, len(here) + 1) + 2 * blocks[here]
        border = np.zeros(after[-1])
        border[after - 1] = 1.0
        border[places[here]] = measure(nodes.threshold[here])
        borders.append(border)
        begins.append(np.append(0, after[:-1])[blocks[nodes.roots]])
        ends.append(after[blocks[nodes.roots]] - 1)
    chosen, low, high = _boxes(nodes, places, np.array(begins), np.array(ends))
    return Leaves(
        low=low,
        high=high,
        values=nodes.values[chosen],
        trees=nodes.trees[chosen],
        borders=tuple(borders),
        begins=tuple(begins),
    )


def _nodes(forest: RandomForestRegressor) -> _Nodes:
    trees = [estimator.tree_ for estimator in forest.estimators_]
    sizes = np.array([tree.node_count for tree in trees])
    roots = np.cumsum(sizes) - sizes
    return _Nodes(
        left=np.concatenate([tree.children_left + root for tree, root in zip(trees, roots, strict=True)]),
        right=np.concatenate([tree.children_right + root for tree, root in zip(trees, roots, strict=True)]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        values=np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        trees=np.repeat(np.arange(len(trees)), sizes),
        roots=roots,
    )


def _boxes(nodes: _Nodes, places: Cells, begins: Cells, ends: Cells) -> tuple[Cells, Cells, Cells]:
    """The nodes that are leaves, and for each dimension the borders where they begin and end.

    All trees are walked down at once, level by level; a level has the boxes of its own nodes only.
    """
    found = []
    level, low, high = nodes.roots, begins.T.astype(np.int32), ends.T.astype(np.int32)
    while len(level):
        is_leaf = nodes.feature[level] < 0
        found.append((level[is_leaf], low[is_leaf].T, high[is_leaf].T))
        level, low, high = level[~is_leaf], low[~is_leaf], high[~is_leaf]
        rows, split, place = np.arange(len(level)), nodes.feature[level], places[level]
        low, high = np.concatenate([low, low]), np.concatenate([high, high])
        high[rows, split] = place
        low[rows + len(level), split] = place
        level = np.concatenate([nodes.left[level], nodes.right[level]])
    chosen, lows, highs = zip(*found, strict=True)
    return np.concatenate(chosen), np.concatenate(lows, axis=1), np.concatenate(highs, axis=1)


def tree_shares(boxes: Leaves, groups: Sequence[tuple[int, ...]] | None = None) -> Floats:
    """The share of each tree's variance that dimensions explain by themselves, averaged over trees.

    Args:
        boxes: Leaves whose trees have borders of their own. Trees of which all leaves are the same have no variance,
            and do not count.
        groups: Dimensions that count as one; each by itself, where it is None.
    """
    mean = np.bincount(boxes.trees, boxes.values * boxes.volumes)
    apart = boxes.values - mean[boxes.trees]
    variance = np.bincount(boxes.trees, apart**2 * boxes.volumes)
    kept = variance > 0
    groups = [(column,) for column in range(len(boxes.borders))] if groups is None else groups
    if not kept.any():
        return np.zeros(len(groups))
    explained = [
        np.add.reduceat(_squares(boxes, group[0], apart), boxes.begins[group[0]])
        if len(group) == 1
        else _group_squares(boxes, group, apart)
        for group in groups
    ]
    return np.array([np.mean(each[kept] / variance[kept]) for each in explained])


def _squares(boxes: Leaves, column: int, values: Floats) -> Floats:
    """Along one dimension the squared mean of values between borders, times the measure there."""
    border, adds = boxes.borders[column], values * boxes.beyond(column)
    steps = np.bincount(boxes.low[column], adds, len(border)) - np.bincount(boxes.high[column], adds, len(border))
    return np.asarray(np.cumsum(steps)[:-1] ** 2 * np.diff(border))


def _group_squares(boxes: Leaves, group: tuple[int, ...], values: Floats) -> Floats:
    """For each tree the mean square of its mean over all dimensions but a group; shape (trees,)."""
    adds, columns = values * boxes.beyond(*group), list(group)
    ends = np.cumsum(np.bincount(boxes.trees))
    squares = []
    for rows in np.split(np.argsort(boxes.trees, kind="stable"), ends[:-1]):
        places = np.concatenate([boxes.low[columns][:, rows], boxes.high[columns][:, rows]])
        alike, which = np.unique(places, axis=1, return_inverse=True)
        sums = np.bincount(which.ravel(), adds[rows])
        shared = np.ones((len(sums), len(sums)))
        for column, low, high in zip(group, alike, alike[len(group) :], strict=False):
            border = boxes.borders[column]
            overlap = np.minimum.outer(border[high], border[high]) - np.maximum.outer(border[low], border[low])
            shared *= np.maximum(overlap, 0)
        squares.append(sums @ shared @ sums)
    return np.array(squares)


def _pair(boxes: Leaves, left: int, right: int) -> float:
    """The variance that two dimensions explain beyond what each does by itself."""
    adds = boxes.values * boxes.beyond(left, right) / boxes.n_trees
    sides = [_coarse(boxes.borders[column], boxes.low[column], boxes.high[column]) for column in (left, right)]
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
    below = [_measure(axis, rank) for axis, rank in zip(table.axes, ranks, strict=True)]
    boxes = leaves(forest, below, together=True)
    apart = (boxes.values - boxes.values @ boxes.volumes / boxes.n_trees) / boxes.n_trees
    main = np.array([_squares(boxes, column, apart).sum() for column in range(count)])
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
