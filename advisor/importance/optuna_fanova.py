"""Shares as Optuna's ``FanovaImportanceEvaluator`` gives them, for comparison with what people know.

The same forest on the same columns: natural values also where the scale is logarithmic, a column for each choice, and
only parameters that every trial sets. Each tree is decomposed by itself, and shares are scaled to sum to 1. Here the
decomposition is that of ``forest``, which gives the same figures without loops over leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from advisor.importance.forest import leaves, tree_shares
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
    forest = RandomForestRegressor(64, max_depth=64, random_state=seed, n_jobs=-1).fit(np.hstack(blocks), scores)
    below = [_below(domains[name]) for name, block in zip(names, blocks, strict=True) for _ in block.T]
    ends = np.cumsum([block.shape[1] for block in blocks])
    groups = [tuple(range(end - block.shape[1], end)) for end, block in zip(ends, blocks, strict=True)]
    shares = tree_shares(leaves(forest, below), groups)
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
