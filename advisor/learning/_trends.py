"""Which figures change with the size of a task: rank correlations over tasks."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from advisor.importance.table import Floats

_FEWEST: Final = 10
"""Tasks without which no correlation is said."""
_NORMAL: Final = 1.959964


class Trend(NamedTuple):
    """How a figure of a parameter goes with a fact of the task.

    Attributes:
        parameter: Of the family.
        figure: ``value`` for where it is good, ``gain`` for what tuning it is worth.
        fact: Such as ``rows``.
        correlation: Spearman's, over tasks.
        low: Of the 95 % interval.
        high: Likewise.
        tasks: How many tasks have both.
        middle: The median of the fact over these, a whole number.
        stands: Whether it is beyond luck though so many were looked at (Bonferroni).
    """

    parameter: str
    figure: str
    fact: str
    correlation: float
    low: float
    high: float
    tasks: int
    middle: int
    stands: bool


def correlation(left: Floats, right: Floats) -> float:
    """Spearman's rank correlation, ties at the mean of their ranks; 0 where one side is constant."""
    one, other = _ranks(left), _ranks(right)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def trend(parameter: str, figure: str, fact: str, pairs: tuple[Floats, Floats], looks: int) -> Trend | None:
    """The trend of a figure with a fact; None where too few tasks have both, or one is constant.

    The interval is Fisher's, with the variance of Bonett and Wright (2000).

    Args:
        parameter: Its name.
        figure: What is said of it.
        fact: The fact's name.
        pairs: The figure and the fact of each task, NaN where unknown.
        looks: At how many correlations one looks altogether.
    """
    both = ~(np.isnan(pairs[0]) | np.isnan(pairs[1]))
    left, right = pairs[0][both], pairs[1][both]
    if len(left) < _FEWEST or np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    found = correlation(left, right)
    middle = math.atanh(min(max(found, -0.999999), 0.999999))
    error = math.sqrt((1 + found**2 / 2) / (len(left) - 3))
    chance = math.erfc(abs(middle) / error / math.sqrt(2))
    return Trend(
        parameter=parameter,
        figure=figure,
        fact=fact,
        correlation=found,
        low=math.tanh(middle - _NORMAL * error),
        high=math.tanh(middle + _NORMAL * error),
        tasks=len(left),
        middle=math.ceil(float(np.median(right))),
        stands=chance * looks < 0.05,
    )


def _ranks(values: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    _, groups = np.unique(values, return_inverse=True)
    means = np.bincount(groups, ranks) / np.bincount(groups)
    return np.asarray(means[groups])
