"""How much each parameter matters, how sure that is, and whether the trials can tell at all.

The main engine is the Gaussian process; below ``FEW`` trials polynomial chaos is a second opinion, and the mean of both
is what is said. Intervals come from subsamples of the trials and are widened by factors that were fitted on random
responses (``benchmarks/importance.py --only coverage``), none of them those by which the method is judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np

from advisor.errors import AdvisorError
from advisor.importance._subsets import subset
from advisor.importance.cores import on_one_core
from advisor.importance.evidence import evidence
from advisor.importance.gaussian_process import GaussianProcess, conditioned, fit, starts
from advisor.importance.polynomial_chaos import divide, expand
from advisor.importance.sobol import Decomposition, decompose
from advisor.importance.table import Axis, Floats, Table
from advisor.importance.uncertainty import Spread, spread
from advisor.space import Value

FEWEST: Final = 8
"""Trials below which nothing is said."""
FEW: Final = 100
"""Up to so many trials a second opinion helps; it is slow and worse beyond."""
MOST: Final = 300
"""Trials to which a process is fitted; where there are more, two subsets of ``_SUBSET``, of which one wins."""
_SUBSET: Final = 250
_SEEN: Final = 1000
"""Trials that a fitted process sees; of more a subset."""

_FACTORS: Final = {"main": 1.6, "total": 1.8}
"""By how much intervals are wider than those of the draws."""
_LEAST_WIDTH: Final = 0.01
"""By how much at least the ends of an interval lie beyond those of the draws: what a quadrature and a prior cost."""
_CALIBRATED_FROM: Final = 25
"""Trials below which the draws say too little of what is not known, and intervals are wider by more."""
_UNEXPLAINED: Final = 0.2
"""What one parameter may have of the share that the model does not predict: it may have missed the parameter."""
_NEGLIGIBLE: Final = 0.05
"""A total share below this may be left at its default without loss that others would notice."""
_EVIDENCE: Final = 2.5
"""So many logarithms of the number of trials are beyond what noise has: it has them for one parameter in fifty."""
_KNOWN: Final = 0.5
"""What a model must predict of unseen trials, and cover of the space, for anything to have no effect."""


class TooFewTrials(AdvisorError):
    """Importance cannot be measured from so few trials."""

    def __init__(self, trials: int, needed: int) -> None:
        super().__init__(
            f"importance needs at least {needed} complete trials with different scores; "
            f"there are {trials}: run {needed - trials} more"
        )


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A share of the variance, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The mean score at values of one parameter, averaged over all others, with the ends of its 95 % band."""

    values: tuple[Value, ...]
    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, kw_only=True)
class Importance:
    """What is known of one parameter.

    Attributes:
        main: The share of the variance that it explains by itself.
        total: The share that is left while all others are known: by itself and together with others.
        noise_floor: The total share that a parameter without effect gets at most, in 95 of 100 cases.
        evidence: Logarithm of how many times denser the scores are with it than without it.
        matters: True where the evidence is beyond that of noise; False where others have an effect and its own is
            surely small; None where the trials cannot tell.
        curve: How the score depends on it.
    """

    main: Estimate
    total: Estimate
    noise_floor: float
    evidence: float
    matters: bool | None
    curve: Curve


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How far a measurement can be believed.

    Attributes:
        trials: How many there were.
        seen: How many of them the model was given.
        left_out: Share of the variance of the scores of trials that is predicted from the other trials.
        coverage: Share of the variance over the whole space that the trials speak about.
        disagreement: How far the second opinion lies from the main engine, from 0 to 1; None where there is none.
        verdict: ``good``, ``fair`` or ``poor``.
    """

    trials: int
    seen: int
    left_out: float
    coverage: float
    disagreement: float | None
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What mattered.

    Attributes:
        parameters: By name, in the order of the table.
        pairs: Share of the variance of two together, beyond what each does by itself, by their names.
        explained: Share of the variance of the scores that the model explains of trials that it did not see.
        trust: How far all this can be believed.
        aside: Why a parameter was not measured, by its name.
        process: What the shares are of; None where no score differs.
    """

    parameters: Mapping[str, Importance]
    pairs: Mapping[tuple[str, str], float]
    explained: float
    trust: Trust
    aside: Mapping[str, str]
    process: GaussianProcess | None = field(default=None, repr=False)


@on_one_core
def measure(table: Table, scores: Floats, *, seed: int = 0) -> Measurement:
    """The importance of each parameter of a table.

    Args:
        table: Settings, one row a trial.
        scores: Of complete trials, in any unit and direction; shape (n,).
        seed: Of subsamples and companions.

    Raises:
        TooFewTrials: There are fewer than ``FEWEST``, or their scores are all the same, or nothing varied.
    """
    count = len(scores)
    if count < FEWEST:
        raise TooFewTrials(count, FEWEST)
    if not table.axes or np.ptp(scores) == 0:
        return _nothing(table, count)
    generator = np.random.default_rng(seed)
    fitted, given = _processes(table, scores, generator)
    found = decompose(given.process)
    shares = _shares(found.main, found.variance), _shares(found.total, found.variance)
    second = _second_opinion(table, scores) if count <= FEW else None
    draws = spread(table, scores, fitted.process, generator)
    trust = _trust(count, given, found, _disagreement(shares[0], second))
    estimates = _estimates(shares, second, draws, _UNEXPLAINED * (1 - max(trust.left_out, 0.0)), count)
    return Measurement(
        parameters=_parameters(fitted, found, estimates, draws, trust),
        pairs=_pairs(table, found),
        explained=max(trust.left_out, 0.0),
        trust=trust,
        aside=table.aside,
        process=given.process,
    )


class _Fit(NamedTuple):
    """A process, and the scores that it was given."""

    process: GaussianProcess
    scores: Floats


def _processes(table: Table, scores: Floats, generator: np.random.Generator) -> tuple[_Fit, _Fit]:
    """The process that was fitted, and the one of the same lengths that was given more trials, if there are more.

    Of two subsets, one spread out and one at random, the one with the lengths that suit all is taken.
    """
    if len(scores) <= MOST:
        only = _Fit(fit(table, scores), scores)
        return only, only
    ends = [int(scores.argmin()), int(scores.argmax())]
    seen = np.union1d(subset(table, _SEEN, generator), ends)
    parts = [subset(table, _SUBSET, generator), generator.permutation(len(scores))[:_SUBSET]]
    begin, candidates = starts(table.rows(seen), scores[seen]), []
    for rows in (np.union1d(part, ends) for part in parts):
        few = fit(table.rows(rows), scores[rows], start=begin)
        many = conditioned(few, table.rows(seen), scores[seen])
        candidates.append((_Fit(few, scores[rows]), _Fit(many, scores[seen])))
    return max(candidates, key=lambda pair: pair[1].process.density)


def _parameters(
    fitted: _Fit, found: Decomposition, estimates: tuple[list[Estimate], list[Estimate]], draws: Spread, trust: Trust
) -> dict[str, Importance]:
    floor = float(np.quantile(draws.companions, 0.99))
    losses = evidence(fitted.process, fitted.scores)
    above = np.array([each.value > floor for each in estimates[1]])
    has_effect = (losses > _EVIDENCE * math.log(len(fitted.scores))) & above
    known = has_effect.any() and min(trust.left_out, trust.coverage) > _KNOWN
    has_none = np.array([known and each.high < _NEGLIGIBLE for each in estimates[1]])
    return {
        axis.name: Importance(
            main=estimates[0][column],
            total=estimates[1][column],
            noise_floor=floor,
            evidence=float(losses[column]),
            matters=bool(has_effect[column]) if has_effect[column] or has_none[column] else None,
            curve=_curve(axis, found, column),
        )
        for column, axis in enumerate(fitted.process.axes)
    }


def _nothing(table: Table, count: int) -> Measurement:
    """Where all scores are the same, nothing had an effect, and nothing is known of where none was."""
    zero = Estimate(value=0.0, low=0.0, high=1.0)
    empty = Curve(values=(), mean=np.empty(0), low=np.empty(0), high=np.empty(0))
    parameter = Importance(main=zero, total=zero, noise_floor=0.0, evidence=0.0, matters=None, curve=empty)
    trust = Trust(trials=count, seen=count, left_out=0.0, coverage=0.0, disagreement=None, verdict="poor")
    return Measurement(
        parameters=dict.fromkeys(table.names, parameter), pairs={}, explained=0.0, trust=trust, aside=table.aside
    )


def _shares(variances: Floats, whole: float) -> Floats:
    return np.clip(variances / whole, 0, 1) if whole > 0 else np.zeros_like(variances)


def _second_opinion(table: Table, scores: Floats) -> tuple[Floats, Floats] | None:
    divided = divide(expand(table, scores))
    if divided.variance <= 0:
        return None
    return _shares(divided.main, divided.variance), _shares(divided.total, divided.variance)


def _disagreement(main: Floats, second: tuple[Floats, Floats] | None) -> float | None:
    if second is None:
        return None
    return float(np.abs(main - second[0]).sum() / 2)


def _estimates(
    shares: tuple[Floats, Floats], second: tuple[Floats, Floats] | None, draws: Spread, missed: float, count: int
) -> tuple[list[Estimate], list[Estimate]]:
    """Main and total shares with their intervals, which reach up by what the model may have missed."""
    both = []
    short = max(1.0, _CALIBRATED_FROM / count)
    for kind, engine, drawn in zip(("main", "total"), shares, (draws.main, draws.total), strict=True):
        opinions = [engine] if second is None else [engine, second[0 if kind == "main" else 1]]
        value = np.mean(opinions, axis=0)
        cloud = np.concatenate([drawn, *(drawn - engine + opinion for opinion in opinions[1:])])
        low, high = np.quantile(cloud, [0.025, 0.975], axis=0)
        factor, least = _FACTORS[kind] * short**1.5, _LEAST_WIDTH * short**3
        low = np.clip(value - factor * np.maximum(value - low, 0) - least, 0, 1)
        high = np.clip(value + factor * np.maximum(high - value, 0) + least + missed, 0, 1)
        both.append(
            [Estimate(value=float(a), low=float(b), high=float(c)) for a, b, c in zip(value, low, high, strict=True)]
        )
    return both[0], both[1]


def _trust(count: int, given: _Fit, found: Decomposition, disagreement: float | None) -> Trust:
    left_out = 1 - float(np.mean(given.process.left_out() ** 2)) / float(given.scores.var())
    worst = min(left_out, found.coverage)
    verdict = "good" if worst > 0.9 else "fair" if worst > _KNOWN else "poor"
    return Trust(
        trials=count,
        seen=len(given.scores),
        left_out=left_out,
        coverage=found.coverage,
        disagreement=disagreement,
        verdict=verdict,
    )


def _curve(axis: Axis, found: Decomposition, column: int) -> Curve:
    mean = found.curves[column]
    band = 1.96 * np.sqrt(np.maximum(np.diag(found.covariances[column]), 0))
    return Curve(
        values=tuple(axis.value(float(node)) for node in axis.nodes), mean=mean, low=mean - band, high=mean + band
    )


def _pairs(table: Table, found: Decomposition) -> dict[tuple[str, str], float]:
    shares = np.clip(found.pairs / found.variance, 0, 1) if found.variance > 0 else found.pairs
    return {
        (table.names[left], table.names[right]): float(shares[left, right])
        for left, right in combinations(range(len(table.axes)), 2)
    }
