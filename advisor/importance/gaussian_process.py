"""A Gaussian process as the model of a response: one smooth curve for each parameter, and their products.

The kernel is a product: Matern 5/2 with a length scale of its own for each numeric parameter, exp(-1/length) between
different categories. Length scales have the prior of Hvarfner, Hellsten and Nardi (Vanilla Bayesian optimization
performs great in high dimensions, 2024), which grows with the number of parameters; with noise and amplitude they are
those of greatest posterior density. A parameter without effect is held at one place, whatever its value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from advisor.importance._descent import minimum
from advisor.importance._screening import standing_out
from advisor.importance.cores import on_one_core
from advisor.importance.table import Axis, Floats, Table

ABSENT_UNIT: Final = 0.5
"""Where a numeric parameter without effect is held."""
ABSENT_CATEGORY: Final = -1.0
"""The category of a categorical parameter without effect: none of its own."""

_LENGTH_SPREAD: Final = math.sqrt(3)
_NOISE: Final = (math.log(0.03), 2.0)
"""Mean and spread of the logarithm of the variance of noise, as a share of the variance of the scores."""
_AMPLITUDE: Final = (0.0, 1.0)
_JITTER: Final = 1e-6
_SHORT: Final = 0.5
_LONG: Final = 2.0
"""Lengths with which descents begin."""
_TRIED: Final = 15
"""Steps of each descent, of which one goes on."""


@dataclass(frozen=True, kw_only=True)
class GaussianProcess:
    """A fitted process.

    Attributes:
        axes: The parameters; d of them.
        inputs: Where it was observed, absent parameters filled; shape (n, d).
        lengths: Length scale of each parameter; shape (d,).
        noise: Variance of noise, where the scores have variance 1.
        amplitude: Prior variance of the response, likewise.
        centre: Mean of the response in units of the scores.
        scale: Standard deviation of the scores that were given.
        precision: Inverse of the covariance of the scores; shape (n, n).
        coefficients: What each observation adds to the mean, in units of ``scale``; shape (n,).
        density: Logarithm of the posterior density of the lengths, noise and amplitude, up to a constant.
    """

    axes: tuple[Axis, ...]
    inputs: Floats
    lengths: Floats
    noise: float
    amplitude: float
    centre: float
    scale: float
    precision: Floats
    coefficients: Floats
    density: float

    def predict(self, units: Floats) -> Floats:
        """The mean response at rows of a table's units; shape (m,)."""
        return self.centre + self.scale * (self._covariance(units) @ self.coefficients)

    def deviation(self, units: Floats) -> Floats:
        """How unsure the response is there, as a standard deviation without noise; shape (m,)."""
        covariance = self._covariance(units)
        explained = np.einsum("ij,jk,ik->i", covariance, self.precision, covariance, optimize=True)
        deviation: Floats = self.scale * np.sqrt(np.maximum(self.amplitude - explained, 0))
        return deviation

    def _covariance(self, units: Floats) -> Floats:
        filled = np.nan_to_num(filled_in(units, self.axes))
        similar = np.full((len(units), len(self.inputs)), self.amplitude)
        for column, (axis, length) in enumerate(zip(self.axes, self.lengths, strict=True)):
            similar *= similarity(axis, filled[:, column], self.inputs[:, column], length)
        return similar

    def left_out(self) -> Floats:
        """What is predicted for each observation by all others, minus that observation; shape (n,)."""
        return -self.scale * self.coefficients / np.diag(self.precision)


def similarity(axis: Axis, left: Floats, right: Floats, length: float) -> Floats:
    """The kernel of one parameter between all points of two columns; shape (len(left), len(right))."""
    if axis.categorical:
        return np.where(left[:, None] == right[None, :], 1.0, math.exp(-1 / length))
    far = (math.sqrt(5) / length) * np.abs(left[:, None] - right[None, :])
    similar: Floats = (1 + far + far**2 / 3) * np.exp(-far)
    return similar


def absent(axis: Axis) -> float:
    """Where a parameter is held while it has no effect."""
    return ABSENT_CATEGORY if axis.categorical else ABSENT_UNIT


def filled_in(units: Floats, axes: Sequence[Axis]) -> Floats:
    """The units with what has no effect at its place."""
    return np.where(np.isnan(units), [absent(axis) for axis in axes], units)


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """Logarithms of what a process is fitted by."""

    lengths: Floats
    noise: float = math.log(0.05)
    amplitude: float = 0.0

    @classmethod
    def of(cls, process: GaussianProcess) -> Hyperparameters:
        """Those of a process, from which another may start."""
        logs = (math.log(process.noise), math.log(process.amplitude))
        return cls(lengths=np.log(process.lengths), noise=logs[0], amplitude=logs[1])

    def joined(self) -> Floats:
        """As one vector; shape (d + 2,)."""
        return np.append(self.lengths, [self.noise, self.amplitude])


def starts(table: Table, scores: Floats) -> tuple[Hyperparameters, ...]:
    """Where descents begin: all parameters alike, or those that stand out apart from the others.

    All begin with little noise: beginning with much of it, they explain all by noise.
    """
    count = len(table.axes)
    informed = np.where(standing_out(table, scores), math.log(_SHORT), _usual(count))
    lengths = (np.full(count, math.log(_SHORT)), np.full(count, math.log(_LONG)), informed)
    return tuple(Hyperparameters(lengths=each, noise=math.log(0.02)) for each in lengths)


@on_one_core
def fit(
    table: Table, scores: Floats, *, start: Sequence[Hyperparameters] | None = None, steps: int = 200
) -> GaussianProcess:
    """The process of greatest posterior density for scores that are not all equal.

    Args:
        table: Settings, one row a trial; n rows.
        scores: In any unit; shape (n,).
        start: Where descents begin; ``starts`` unless given. Of several, the one ahead after a few steps goes on.
        steps: The most steps that it goes on.
    """
    inputs = filled_in(table.units, table.axes)
    posterior = _Posterior(inputs, table.axes, (scores - scores.mean()) / scores.std())
    points = [each.joined() for each in (start or starts(table, scores))]
    if len(points) > 1:
        ahead = [minimum(posterior, point, steps=_TRIED) for point in points]
        points = [min(ahead, key=lambda descent: descent[1])[0]]
    point, value = minimum(posterior, points[0], steps=steps)
    return _process(table, scores, posterior, point, -value)


def conditioned(process: GaussianProcess, table: Table, scores: Floats) -> GaussianProcess:
    """The process given other trials, with the lengths, noise and amplitude that it has.

    Solving once is cheap beside finding these, so that a process may be fitted to few trials and see many.
    """
    inputs = filled_in(table.units, table.axes)
    posterior = _Posterior(inputs, table.axes, (scores - scores.mean()) / scores.std())
    logs = Hyperparameters.of(process).joined()
    logs[-2:] += 2 * math.log(process.scale / float(scores.std()))
    return _process(table, scores, posterior, logs, -posterior(logs)[0])


def _process(table: Table, scores: Floats, posterior: _Posterior, point: Floats, density: float) -> GaussianProcess:
    precision, coefficients, centre = posterior.solved(point)
    scale = float(scores.std())
    return GaussianProcess(
        axes=table.axes,
        inputs=filled_in(table.units, table.axes),
        lengths=np.exp(point[:-2]),
        noise=math.exp(point[-2]),
        amplitude=math.exp(point[-1]),
        centre=float(scores.mean()) + scale * centre,
        scale=scale,
        precision=precision,
        coefficients=coefficients,
        density=density,
    )


def _usual(parameters: int) -> float:
    """The mean of the logarithm of a length, by the prior."""
    return math.sqrt(2) + math.log(max(parameters, 1)) / 2


def prior_penalty(noise: Floats, amplitude: Floats) -> Floats:
    """What the prior of logarithms of noise and amplitude takes from a log density; the shape of both."""
    away: Floats = ((noise - _NOISE[0]) / _NOISE[1]) ** 2 + ((amplitude - _AMPLITUDE[0]) / _AMPLITUDE[1]) ** 2
    return away / 2


class _Posterior:
    """The negative logarithm of the posterior density of hyperparameters, with its gradient.

    Covariances are symmetric, so that work is done for each pair of observations once.
    """

    def __init__(self, inputs: Floats, axes: Sequence[Axis], scores: Floats) -> None:
        self.scores = scores
        self.upper = np.triu_indices(len(scores), 1)
        self.categorical = np.array([axis.categorical for axis in axes], dtype=bool)
        apart = np.abs(inputs[self.upper[0]] - inputs[self.upper[1]]).T
        self.different = np.ascontiguousarray(apart[self.categorical] > 0, dtype=np.float64)
        self.apart = math.sqrt(5) * np.ascontiguousarray(apart[~self.categorical])
        self.usual = _usual(len(axes))

    def __call__(self, point: Floats) -> tuple[float, Floats]:
        lengths = np.exp(point[:-2])
        amplitude, noise = math.exp(point[-1]), math.exp(point[-2])
        far = self.apart / lengths[~self.categorical, None]
        growth = 1 + far + far**2 / 3
        near = self.different / lengths[self.categorical, None]
        similar = amplitude * growth.prod(axis=0) * np.exp(-far.sum(axis=0) - near.sum(axis=0))
        try:
            factor, precision = self._inverse(similar, amplitude + noise)
        except np.linalg.LinAlgError:
            return math.inf, np.zeros_like(point)
        _, residual, coefficients = self._solution(precision)
        prior, prior_slope = self._prior(point)
        value = float(0.5 * residual @ coefficients + np.log(np.diag(factor)).sum()) + prior
        pull = similar * (coefficients[self.upper[0]] * coefficients[self.upper[1]] - precision[self.upper])
        own = 0.5 * float(coefficients @ coefficients - np.trace(precision))
        slope = np.empty_like(point)
        slope[:-2][~self.categorical] = -(far**2 * (1 + far) / (3 * growth)) @ pull
        slope[:-2][self.categorical] = -near @ pull
        slope[-2] = -own * noise
        slope[-1] = -(pull.sum() + own * amplitude)
        return value, slope + prior_slope

    def _prior(self, point: Floats) -> tuple[float, Floats]:
        means = np.append(np.full(len(point) - 2, self.usual), [_NOISE[0], _AMPLITUDE[0]])
        spreads = np.append(np.full(len(point) - 2, _LENGTH_SPREAD), [_NOISE[1], _AMPLITUDE[1]])
        away = (point - means) / spreads
        return float(0.5 * (away**2).sum()), away / spreads

    def _inverse(self, similar: Floats, own: float) -> tuple[Floats, Floats]:
        covariance = np.zeros((len(self.scores), len(self.scores)))
        covariance[self.upper] = similar
        covariance += covariance.T
        np.fill_diagonal(covariance, own + _JITTER)
        return np.asarray(np.linalg.cholesky(covariance)), np.asarray(np.linalg.inv(covariance))

    def _solution(self, precision: Floats) -> tuple[float, Floats, Floats]:
        """The mean by generalised least squares, what is left of the scores, and that times the precision."""
        rows = precision.sum(axis=0)
        centre = float(rows @ self.scores / rows.sum())
        residual = self.scores - centre
        return centre, residual, precision @ residual

    def solved(self, point: Floats) -> tuple[Floats, Floats, float]:
        """The precision, the coefficients in units of the scores, and the mean, at a point."""
        lengths = np.exp(point[:-2])
        far = self.apart / lengths[~self.categorical, None]
        near = self.different / lengths[self.categorical, None]
        similar = (1 + far + far**2 / 3).prod(axis=0) * np.exp(-far.sum(axis=0) - near.sum(axis=0))
        amplitude = math.exp(point[-1])
        _, precision = self._inverse(amplitude * similar, amplitude + math.exp(point[-2]))
        centre, _, coefficients = self._solution(precision)
        return precision, coefficients, centre
