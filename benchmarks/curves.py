"""What the errors of a search amount to: the best so far, when a target is reached, and means with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

DRAWS: Final = 2000
"""Draws of a bootstrap over tasks."""


class Interval(NamedTuple):
    """A figure and its 95 % interval over tasks."""

    value: float
    low: float
    high: float


class Reach(NamedTuple):
    """When searches reach a target: trials, and the share of searches that ever do."""

    median: float
    late: float
    share: float


class Record(NamedTuple):
    """How often one search ends lower than another, as low, and higher, by task."""

    wins: int
    ties: int
    losses: int


def best_so_far(errors: Sequence[float]) -> list[float]:
    """The lowest error after each trial."""
    return [float(error) for error in np.minimum.accumulate(np.asarray(errors, dtype=float))]


def first_at_most(errors: Sequence[float], target: float) -> float:
    """The trial, counted from 1, that first is as low as the target; infinite where none is."""
    return next((number for number, error in enumerate(errors, 1) if error <= target + 1e-12), math.inf)


def reach(trials: Sequence[float], most: int) -> Reach:
    """Median and 90th percentile of trials to a target, and the share within ``most``."""
    ordered = sorted(trials)
    within = sum(number <= most for number in ordered) / len(ordered)
    return Reach(median=_quantile(ordered, 0.5), late=_quantile(ordered, 0.9), share=within)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value that so many of the values do not exceed; infinite ones stay what they are."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def interval(by_task: Sequence[float], seed: int = 0) -> Interval:
    """The mean over tasks, and its interval by drawing tasks anew."""
    values = np.asarray(by_task, dtype=float)
    generator = np.random.default_rng(seed)
    means = values[generator.integers(len(values), size=(DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def record(ours: Mapping[str, float], theirs: Mapping[str, float], tie: float) -> Record:
    """Wins, ties and losses over tasks; values that differ by no more than ``tie`` are equal."""
    gaps = [theirs[name] - value for name, value in ours.items()]
    wins, losses = sum(gap > tie for gap in gaps), sum(gap < -tie for gap in gaps)
    return Record(wins=wins, ties=len(gaps) - wins - losses, losses=losses)
