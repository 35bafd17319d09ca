"""Points that a model of the scores proposes, and what tuning further may gain by its word.

Expected improvement (Jones, Schonlau and Welch, Efficient global optimization of expensive black-box functions, 1998),
one point after the other: each that is chosen counts as evaluated with the value that is expected of it (the kriging
believer of Ginsbourger, Le Riche and Carraro, 2010), which leaves the mean and lowers only what is unsure.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from advisor.importance._net import net, switched_off
from advisor.importance.gaussian_process import GaussianProcess, filled_in, similarity
from advisor.importance.table import Floats

_POINTS: Final = 2048
_NEAR: Final = 1024
_INCUMBENTS: Final = 4
"""Points around so many of the best observations are candidates too."""
_NO_DEVIATION: Final = 1e-12


def candidates(process: GaussianProcess, seed: int) -> Floats:
    """Points of the space, spread and around the best observations; NaN where a parameter has no effect.

    Args:
        process: A model of costs; its space is searched.
        seed: Of the points.
    """
    generator = np.random.default_rng(seed)
    spread = net(process.axes, _POINTS, generator)
    return switched_off(process.axes, np.vstack([spread, _near_the_best(process, generator)]))


def _near_the_best(process: GaussianProcess, generator: np.random.Generator) -> Floats:
    """Points that differ from one of the best observations in some parameters, in continuous ones by ever less."""
    best = process.inputs[np.argsort(process.predict(process.inputs), kind="stable")[:_INCUMBENTS]]
    centres = best[generator.integers(len(best), size=_NEAR)]
    others = net(process.axes, _NEAR, generator)
    reach = 2.0 ** -generator.integers(1, 6, size=(_NEAR, 1))
    nearer = np.where([axis.continuous for axis in process.axes], centres + reach * (others - centres), others)
    stays = (generator.random(nearer.shape) < 0.5) & ~_absent(process, centres)
    return np.where(stays, centres, nearer)


def _absent(process: GaussianProcess, inputs: Floats) -> NDArray[np.bool_]:
    """Where an observation has a category of its own, for want of effect."""
    return np.array([axis.categorical for axis in process.axes]) & (inputs < 0)


def expected_gain(process: GaussianProcess, units: Floats) -> Floats:
    """By how much the cost at each point is expected to be lower than the best so far, where it is; shape (m,)."""
    return improvement(_ahead(process, units), process.deviation(units))


def _ahead(process: GaussianProcess, units: Floats) -> Floats:
    """How much lower than the best observation the mean cost is; both by the model, so that luck does not count."""
    ahead: Floats = process.predict(process.inputs).min() - process.predict(units)
    return ahead


def improvement(ahead: Floats, deviation: Floats) -> Floats:
    """The mean of what is above 0 of normal variables with such means and standard deviations; shape (m,)."""
    unsure = np.maximum(deviation, _NO_DEVIATION)
    ratio = ahead / unsure
    below = np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in ratio])
    gain: Floats = np.maximum(ahead * below + unsure * np.exp(-0.5 * ratio**2) / math.sqrt(2 * math.pi), 0.0)
    return gain


def chosen(process: GaussianProcess, units: Floats, count: int) -> list[int]:
    """The rows of ``units`` with the greatest expected gain, each given that those before it were evaluated."""
    ahead = _ahead(process, units)
    toward = _kernel(process, units, process.inputs) @ process.precision
    variance = (process.deviation(units) / process.scale) ** 2
    learnt: list[Floats] = []
    rows: list[int] = []
    for _ in range(min(count, len(units))):
        gains = improvement(ahead, process.scale * np.sqrt(variance))
        gains[rows] = -1.0
        row = int(gains.argmax())
        here = units[[row]]
        shared = (_kernel(process, units, here) - toward @ _kernel(process, process.inputs, here))[:, 0]
        shared -= sum(before * before[row] for before in learnt)
        shared /= math.sqrt(max(shared[row], 0.0) + process.noise)
        variance = np.maximum(variance - shared**2, 0.0)
        ahead = ahead - max(ahead[row], 0.0)
        learnt.append(shared)
        rows.append(row)
    return rows


def _kernel(process: GaussianProcess, left: Floats, right: Floats) -> Floats:
    """The prior covariance between points, where the scores have variance 1; shape (len(left), len(right))."""
    one, other = filled_in(left, process.axes), filled_in(right, process.axes)
    similar = np.full((len(one), len(other)), process.amplitude)
    for column, (axis, length) in enumerate(zip(process.axes, process.lengths, strict=True)):
        similar *= similarity(axis, one[:, column], other[:, column], length)
    return similar
