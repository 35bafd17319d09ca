"""Shares as Optuna's ``FanovaImportanceEvaluator`` gives them, for comparison with what people know.

The same forest on the same columns: natural values also where the scale is logarithmic, a column for each choice, and
only parameters that every trial sets. Each tree is decomposed by itself, and shares are scaled to sum to 1. Here the
decomposition is that of ``forest``, which gives the same figures without loops over leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.importance.forest import Leaves, leaves
from advisor.importance.table import Config, Floats
from advisor.space import Choice, Domain, Numeric, is_single, same


def optuna_fanova(
    configs: Sequence[Config], domains: Mapping[str, Domain], scores: Floats, *, seed: int = 0
) -> dict[str, float]:
    """Shares that sum to 1, by name; empty where no parameter varies in every trial, or every score is the same.

    Args:
        configs: One a trial.
        domains: Where each parameter is searched.
        scores: Of the trials, in any unit; shape (n,).
        seed: Of the forest.
    """
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - only this method needs it

    names = [name for name in sorted(domains) if all(name in each for each in configs) and not is_single(domains[name])]
    if not names or np.ptp(scores) == 0:
        return {}
    blocks = [_block(domains[name], [config[name] for config in configs]) for name in names]
    forest = RandomForestRegressor(64, max_depth=64, random_state=seed).fit(np.hstack(blocks), scores)
    below = [_below(domains[name]) for name, block in zip(names, blocks, strict=True) for _ in block.T]
    ends = np.cumsum([block.shape[1] for block in blocks])
    groups = [tuple(range(end - block.shape[1], end)) for end, block in zip(ends, blocks, strict=True)]
    shares = _tree_shares(leaves(forest, below), groups)
    whole = float(shares.sum())
    return dict(zip(names, (shares / whole).tolist(), strict=True)) if whole > 0 else {}


def _block(domain: Domain, values: Sequence[Any]) -> Floats:
    if isinstance(domain, Choice):
        return np.array([[float(same(value, choice)) for choice in domain.choices] for value in values])
    return np.array(values, dtype=np.float64)[:, None]


def _below(domain: Domain) -> Callable[[Floats], Floats]:
    """How much of a column lies at or below thresholds, where natural values weigh the same."""
    low, high = (domain.low, domain.high) if isinstance(domain, Numeric) else (0.0, 1.0)
    return lambda thresholds: np.clip((thresholds - low) / (high - low), 0, 1)


def _tree_shares(boxes: Leaves, groups: Sequence[tuple[int, ...]]) -> Floats:
    """The share of each tree's variance that groups of columns explain by themselves, averaged over trees."""
    mean = np.bincount(boxes.trees, boxes.values * boxes.volumes, boxes.n_trees)
    variance = np.bincount(boxes.trees, (boxes.values - mean[boxes.trees]) ** 2 * boxes.volumes, boxes.n_trees)
    kept = np.flatnonzero(variance > 0)
    trees = [np.flatnonzero(boxes.trees == tree) for tree in kept]
    shares = []
    for group in groups:
        adds = boxes.values * boxes.beyond(*group)
        squares = np.array([_square(boxes, rows, adds[rows], group) for rows in trees])
        shares.append(float(np.mean((squares - mean[kept] ** 2) / variance[kept])) if len(kept) else 0.0)
    return np.maximum(shares, 0)


def _square(boxes: Leaves, rows: NDArray[np.int64], adds: Floats, group: tuple[int, ...]) -> float:
    """The mean square of a tree's marginal over a group: leaves that lie alike there count as one."""
    cells = np.hstack([side[rows][:, list(group)] for side in (boxes.low, boxes.high)])
    alike, which = np.unique(cells, axis=0, return_inverse=True)
    sums = np.bincount(which.ravel(), adds)
    shared = np.ones((len(alike), len(alike)))
    for position, column in enumerate(group):
        low, high = (boxes.borders[column][alike[:, position + side]] for side in (0, len(group)))
        overlap = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        shared *= np.maximum(overlap, 0)
    return float(sums @ shared @ sums)
