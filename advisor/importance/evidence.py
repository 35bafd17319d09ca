"""How strongly trials speak for an effect: the posterior density that is lost when a parameter is taken out.

Noise and amplitude are fitted anew without the parameter; the length scales of the others stay. On scores that are
noise the ratio of densities is seldom large, also where an optimiser chose the trials by the scores before: it is a
product of ratios, one a trial, each of which expects 1.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from advisor.importance.gaussian_process import GaussianProcess, prior_penalty, similarity
from advisor.importance.table import Floats

_RATIOS: Final = np.exp(np.linspace(math.log(1e-4), math.log(1e3), 60))
"""Noise over amplitude, as far as it is looked for."""


def evidence(process: GaussianProcess, scores: Floats) -> Floats:
    """Logarithm of how many times denser the fitted process is than the one without each parameter; shape (d,)."""
    kernels = [
        similarity(axis, process.inputs[:, column], process.inputs[:, column], length)
        for column, (axis, length) in enumerate(zip(process.axes, process.lengths, strict=True))
    ]
    whole = np.prod(kernels, axis=0)
    standard = (scores - scores.mean()) / process.scale
    density = _density(whole, standard)
    return np.array([density - _density(whole / kernel, standard) for kernel in kernels])


def _density(kernel: Floats, scores: Floats) -> float:
    """The greatest log density of scores over noise and amplitude, with their prior."""
    values, vectors = np.linalg.eigh(kernel)
    values = np.maximum(values, 0)
    along, ones = vectors.T @ scores, vectors.T @ np.ones(len(scores))
    spectrum = values[:, None] + _RATIOS
    centre = (ones * along) @ (1 / spectrum) / ((ones**2) @ (1 / spectrum))
    squares = ((along[:, None] - ones[:, None] * centre) ** 2 / spectrum).sum(axis=0)
    amplitude = squares / len(scores)
    likelihood = -0.5 * (len(scores) * np.log(amplitude) + np.log(spectrum).sum(axis=0) + len(scores))
    return float((likelihood - prior_penalty(np.log(_RATIOS * amplitude), np.log(amplitude))).max())
