"""Sobol indices of a Gaussian process in closed form (Oakley and O'Hagan, 2004).

With a product kernel all integrals are sums of products of integrals over one parameter. Interaction is variance beyond
the parts: V_ij = Var E[f | x_i, x_j] - V_i - V_j, and so for three and more. Each figure comes for the mean response,
and as expected over all responses that the observations allow, which counts what is not known of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np

from advisor.importance._integrals import Block, Line, groups
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.table import Floats


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """How the variance of a response over the whole space divides; in squared units of the scores.

    Attributes:
        mean: Of the response.
        variance: Of the mean response.
        expected: Expected variance of the response.
        main: Variance that each parameter explains by itself; shape (d,).
        total: Variance that is left while all others are known; shape (d,).
        expected_main: As ``main``, expected over all responses that the observations allow; shape (d,).
        expected_total: As ``total``, likewise; shape (d,).
        pairs: Variance that two explain beyond what each does; symmetric, zeros on the diagonal; shape (d, d).
        curves: For each parameter the mean response at its nodes, averaged over all others.
        covariances: For each parameter the posterior covariance of its curve.
        weights: For each parameter the measure of its nodes.
        unsure: Mean posterior variance of the response over the whole space.
    """

    mean: float
    variance: float
    expected: float
    main: Floats
    total: Floats
    expected_main: Floats
    expected_total: Floats
    pairs: Floats
    curves: tuple[Floats, ...]
    covariances: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    unsure: float

    @property
    def coverage(self) -> float:
        """How much of the variance over the whole space the observations speak about, in [0, 1]."""
        return self.variance / (self.variance + self.unsure)


class _Space:
    """The integrals of a process, block by block."""

    def __init__(self, process: GaussianProcess) -> None:
        lines = [
            Line(axis, process.inputs[:, column], process.lengths[column]) for column, axis in enumerate(process.axes)
        ]
        self.process = process
        self.blocks = [Block(group, lines) for group in groups(process.axes)]
        self.block_of = {member: block for block in self.blocks for member in block.group.members}
        self.amplitude = process.amplitude
        self.adds = process.coefficients * process.amplitude
        self.means = {block: block.along() for block in self.blocks}
        self.twice = {block: block.twice() for block in self.blocks}
        self.priors = {block: block.prior() for block in self.blocks}
        self.mean = reduce(np.multiply, self.means.values())
        self.square = reduce(np.multiply, self.twice.values())
        self.prior = float(np.prod(list(self.priors.values())))
        self.centre_unsure = self._unsure(self.prior, self.mean)

    def _unsure(self, prior: float, kernel: Floats) -> float:
        return self.amplitude * prior - self.amplitude**2 * float(kernel @ self.process.precision @ kernel)

    def along(self, column: int) -> Floats:
        """The kernel averaged over all others, at the nodes of one parameter; shape (g, n)."""
        block = self.block_of[column]
        return block.along(column) * _others(self.means, self.mean, block)

    def covariance(self, column: int, along: Floats) -> Floats:
        """The posterior covariance of the curve of one parameter; shape (g, g)."""
        block = self.block_of[column]
        prior = block.prior_along(column) * (self.prior / self.priors[block])
        return self.amplitude * prior - self.amplitude**2 * (along @ self.process.precision @ along.T)

    def variance(self, square: Floats) -> float:
        """The variance of the mean response, from the mean of the product of two kernels."""
        return float(self.adds @ square @ self.adds - (self.adds @ self.mean) ** 2)

    def expected(self, prior: float, square: Floats) -> float:
        """As ``variance``, expected over responses."""
        unsure = self.amplitude * prior - self.amplitude**2 * float((self.process.precision * square).sum())
        return self.variance(square) + unsure - self.centre_unsure

    def without(self, column: int) -> tuple[float, Floats]:
        """Prior and mean product of two kernels that differ in one parameter."""
        block = self.block_of[column]
        return block.prior(column), _others(self.twice, self.square, block) * block.twice(column)

    def pair(self, left: int, right: int) -> Floats:
        """What the mean response is at the nodes of two parameters, less its mean; shape (g, h)."""
        one, other = self.block_of[left], self.block_of[right]
        if one is other:
            surface = one.along(left, right) @ (self.adds * self.mean / self.means[one])
        else:
            rest = self.adds * self.mean / (self.means[one] * self.means[other])
            surface = (one.along(left) * rest) @ other.along(right).T
        return np.asarray(surface - self.adds @ self.mean)

    def known(self, columns: tuple[int, ...]) -> float:
        """The variance of the mean response that some parameters explain together."""
        kernels = [
            block.known(*here)
            if (here := [column for column in columns if self.block_of[column] is block])
            else np.outer(self.means[block], self.means[block])
            for block in self.blocks
        ]
        return self.variance(reduce(np.multiply, kernels))


def _others(parts: Mapping[Block, Floats], whole: Floats, block: Block) -> Floats:
    """The product of all other blocks: the whole divided by this one, unless some points share nothing in it."""
    if parts[block].all():
        return whole / parts[block]
    return reduce(np.multiply, (part for other, part in parts.items() if other is not block), np.ones_like(whole))


def decompose(process: GaussianProcess, *, pairs: bool = True) -> Decomposition:
    """The decomposition of the variance of a process; without pairs, these are zeros."""
    space, columns = _Space(process), range(len(process.axes))
    along = [space.along(column) for column in columns]
    curves = [line @ space.adds - space.adds @ space.mean for line in along]
    covariances = [space.covariance(column, line) for column, line in zip(columns, along, strict=True)]
    weights = [axis.weights for axis in process.axes]
    main = np.array([weight @ curve**2 for weight, curve in zip(weights, curves, strict=True)])
    spread = np.array([weight @ np.diag(each) for weight, each in zip(weights, covariances, strict=True)])
    rest = [space.without(column) for column in columns]
    variance, expected = space.variance(space.square), space.expected(1.0, space.square)
    square = process.scale**2
    return Decomposition(
        mean=process.centre + process.scale * float(space.adds @ space.mean),
        variance=square * variance,
        expected=square * expected,
        main=square * main,
        total=square * (variance - np.array([space.variance(kernel) for _, kernel in rest])),
        expected_main=square * (main + spread - space.centre_unsure),
        expected_total=square * (expected - np.array([space.expected(prior, kernel) for prior, kernel in rest])),
        pairs=square * (_pairs(space, main) if pairs else np.zeros((len(columns), len(columns)))),
        curves=tuple(process.centre + process.scale * (curve + space.adds @ space.mean) for curve in curves),
        covariances=tuple(square * covariance for covariance in covariances),
        weights=tuple(weights),
        unsure=square * (expected - variance + space.centre_unsure),
    )


def surfaces(process: GaussianProcess, pairs: Iterable[tuple[int, int]]) -> list[Floats]:
    """The mean response at the nodes of two parameters, averaged over all others; shape (g, h) for each pair."""
    space = _Space(process)
    centre = space.adds @ space.mean
    return [process.centre + process.scale * (space.pair(left, right) + centre) for left, right in pairs]


def _pairs(space: _Space, main: Floats) -> Floats:
    axes = space.process.axes
    shared = np.zeros((len(axes), len(axes)))
    for left, right in combinations(range(len(axes)), 2):
        both = axes[left].weights @ space.pair(left, right) ** 2 @ axes[right].weights
        shared[left, right] = shared[right, left] = both - main[left] - main[right]
    return shared


def interaction(process: GaussianProcess, names: Sequence[str]) -> float:
    """The share of the variance that parameters explain together beyond what any fewer of them do, from 0 to 1.

    Args:
        process: A fitted process.
        names: Of the parameters, mostly three; pairs come with ``decompose``.

    Raises:
        ValueError: A parameter was not measured.
    """
    space, known = _Space(process), [axis.name for axis in process.axes]
    columns = [known.index(name) for name in names]
    whole = space.variance(space.square)
    parts = (
        (-1) ** (len(columns) - size) * space.known(fewer)
        for size in range(1, len(columns) + 1)
        for fewer in combinations(columns, size)
    )
    return min(max(sum(parts) / whole, 0.0), 1.0) if whole > 0 else 0.0
