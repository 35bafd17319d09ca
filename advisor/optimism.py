"""How much of what a search seems to win is the luck of the winner, and how many trials validation data can carry.

The best of many trials is best partly by luck: its error of measurement is about the greatest of as many draws. That of
a score follows from the rows it was measured on: of an error rate it is binomial, of the area under a ROC curve that of
Hanley and McNeil (The meaning and use of the area under a receiver operating characteristic curve, 1982); of other
metrics the spread over rows would have to be known. Two configurations that are validated on the same rows share most
of their luck, and differ by less than two independent scores.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final, NamedTuple

SHARED: Final = 0.5
"""Correlation of the errors of two good configurations on the same rows.

A judgement on the cautious side: between the library's default and the 20 best of 100 trials it was 0.5 in the median
of the tables for decision trees, 0.6 for support vector machines, 0.8 for LightGBM (``benchmarks/optimism.py``). With
it the difference of two configurations has the standard error of one.
"""
INTERVAL: Final = 1.96
"""Standard errors to each side: 95 %."""
MOST_CARRIED: Final = 1e6
"""Trials beyond which no number is told apart."""

_WRONG: Final = frozenset({"error", "error_rate", "misclassification", "misclassification_rate", "zero_one_loss"})
_RIGHT: Final = frozenset({"accuracy", "acc"})
_AREA: Final = frozenset({"auc", "roc_auc", "auroc"})
_PREFIXES: Final = ("val_", "valid_", "validation_", "eval_", "test_", "cv_")


def standard_error(metric: str, value: float, rows: float, rarest: float | None = None) -> float | None:
    """The standard error of a score measured once on each of so many rows; None where that needs more than the rows.

    It is the same for one part that is held out and for all folds of a cross-validation together.

    Args:
        metric: Its name, such as ``accuracy``.
        value: The score; not a percentage.
        rows: Those that it was measured on.
        rarest: The share of the rarest of two classes, which an area under the curve needs.
    """
    name = _bare(metric)
    if rows <= 0 or not 0 <= value <= 1:
        return None
    if name in _WRONG | _RIGHT:
        # Laplace's rule of succession: no error in 100 rows is no certainty that there is none
        rate = (value * rows + 1) / (rows + 2)
        return math.sqrt(rate * (1 - rate) / rows)
    if is_area(metric) and rarest is not None and 1 <= rarest * rows < rows:
        return _of_area(value, rarest * rows, rows - rarest * rows)
    return None


def _bare(metric: str) -> str:
    """The name of a metric without the part of the data that it is measured on."""
    name = metric.strip().lower().replace("-", "_").replace(" ", "_")
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)


def _of_area(area: float, positives: float, negatives: float) -> float:
    two_positives = area / (2 - area)
    two_negatives = 2 * area**2 / (1 + area)
    within = (positives - 1) * (two_positives - area**2) + (negatives - 1) * (two_negatives - area**2)
    return math.sqrt(max(area * (1 - area) + within, 0) / (positives * negatives))


def is_area(metric: str) -> bool:
    """Whether a metric is an area under a ROC curve, the error of which hangs on how rare the rarer class is."""
    return _bare(metric) in _AREA


def error_left(metric: str, value: float) -> float | None:
    """What is left to gain at most: how far a score is from a perfect one; None where that is not known."""
    name = _bare(metric)
    if not 0 <= value <= 1:
        return None
    if name in _WRONG:
        return value
    return 1 - value if name in _RIGHT | _AREA else None


def own_part(error: float, shared: float = SHARED) -> float:
    """The part of a standard error that a configuration does not share with others on the same rows."""
    return error * math.sqrt(1 - shared)


def expected_maximum(count: float) -> float:
    """The expected greatest of so many independent draws from a standard normal distribution.

    That is Blom's approximation (Statistical estimates and transformed beta-variables, 1958), off by less than 0.03.
    """
    return NormalDist().inv_cdf((count - 0.375) / (count + 0.25)) if count > 1 else 0.0


class Measurement(NamedTuple):
    """How wrong the score of one configuration is, beyond what all configurations share.

    Attributes:
        lasting: Standard error that stays when it is evaluated again: the rows are the same.
        fresh: Standard error that is another each time: of folds and seeds.
        repeats: Evaluations that are averaged.
    """

    lasting: float
    fresh: float = 0.0
    repeats: int = 1

    @property
    def difference(self) -> float:
        """Standard error of the difference of two configurations."""
        return math.sqrt(2 * (self.lasting**2 + self.fresh**2 / self.repeats))

    def luck(self, chosen_from: int, finalists: int = 1) -> float:
        """What the best gains by luck alone, if all are equally good; the more they differ, the less it is luck.

        Args:
            chosen_from: Complete trials among which a search chose, by one evaluation of each.
            finalists: Those among which the best was chosen by the repeats.
        """
        alone = math.hypot(self.lasting, self.fresh)
        of_search = self.lasting**2 / alone * expected_maximum(chosen_from) if alone else 0.0
        if self.repeats == 1:
            return alone * expected_maximum(chosen_from)
        return of_search + self.fresh / math.sqrt(self.repeats) * expected_maximum(finalists)


def measured(own: float | None, spread: float | None = None, repeats: int = 1) -> Measurement | None:
    """How wrong scores are; None where nothing is known.

    Args:
        own: Standard error of one evaluation, beyond what is shared.
        spread: Standard deviation among evaluations of one configuration with other folds or seeds.
        repeats: Evaluations that are averaged.
    """
    if own is None and spread is None:
        return None
    fresh = spread or 0.0
    return Measurement(math.sqrt(max((own or 0.0) ** 2 - fresh**2, 0.0)), fresh, repeats)


def trials_carried(gain: float, own: float) -> float:
    """The number of trials from which the luck of the best, by one evaluation each, passes a gain; at least 1."""
    reached = NormalDist().cdf(gain / own) if own > 0 else 1.0
    # the inverse of Blom's approximation
    return max(1.0, min((0.25 * reached + 0.375) / (1 - reached), MOST_CARRIED)) if reached < 1 else MOST_CARRIED


class Interval(NamedTuple):
    """A gain over the library's default without the luck of the winner, and where it lies with 95 %."""

    gain: float
    low: float
    high: float


def corrected(gain: float, luck: float, difference: float) -> Interval:
    """A gain without what is due to luck, never less than nothing.

    All of the expected luck is taken, which is cautious; on real training what is left was what winners gained on rows
    held back, but for chance (``docs/optimism.md``).

    Args:
        gain: How much better than the default the winner seems to be.
        luck: What the best gains by luck alone.
        difference: Standard error of the difference of two configurations.
    """
    left = max(gain - luck, 0.0)
    return Interval(left, left - INTERVAL * difference, left + INTERVAL * difference)
