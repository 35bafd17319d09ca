"""Sparse polynomial chaos: the second opinion, for few trials (Blatman and Sudret, 2011).

A response is a sum of few products of orthonormal polynomials of one or two parameters. They are chosen one after the
other by orthogonal matching pursuit; how many, and of what degree, by the leave-one-out error, corrected for the number
of terms. A product of two needs one of the two by itself first. We differ in that polynomials are orthonormal on the
grid of a parameter that has one, that categories have a basis too, and that a parameter without effect adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.importance._polynomials import basis
from advisor.importance.table import Axis, Floats, Table

Term: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of the position of an axis and of the degree of its polynomial."""

_DEGREES: Final = (1, 2, 3, 4, 6, 8)
_NORM: Final = 0.75
"""Of the degrees of a product: the lower, the fewer products of high degrees (hyperbolic truncation)."""
_MOST_TERMS: Final = 0.4
"""As a share of the number of trials."""


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """A sum of products of polynomials.

    Attributes:
        axes: The parameters; d of them.
        terms: The products, without the constant; t of them.
        coefficients: One for each, in units of the scores; shape (t,).
        error: Leave-one-out error, as a share of the variance of the scores.
    """

    axes: tuple[Axis, ...]
    terms: tuple[Term, ...]
    coefficients: Floats
    error: float


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How the variance of an expansion divides; main and total in squared units of the scores, shape (d,)."""

    variance: float
    main: Floats
    total: Floats


def expand(table: Table, scores: Floats) -> Expansion:
    """The expansion with the least corrected leave-one-out error."""
    spread = float(scores.var())
    best = Expansion(axes=table.axes, terms=(), coefficients=np.empty(0), error=1.0)
    if spread == 0:
        return best
    for degree in _DEGREES:
        bases = [basis(axis, column, degree) for axis, column in zip(table.axes, table.units.T, strict=True)]
        candidates = list(_candidates([each.shape[1] for each in bases], degree))
        columns = np.array([_product(bases, term) for term in candidates])
        found = _pursuit(columns, candidates, scores)
        if found is not None and found[2] / spread < best.error:
            best = Expansion(axes=table.axes, terms=found[0], coefficients=found[1], error=float(found[2] / spread))
    return best


def _candidates(counts: Sequence[int], degree: int) -> Iterator[Term]:
    for axis, count in enumerate(counts):
        yield from (((axis, one),) for one in range(count))
    for left, right in combinations(range(len(counts)), 2):
        for one in range(counts[left]):
            for other in range(counts[right]):
                if ((one + 1) ** _NORM + (other + 1) ** _NORM) ** (1 / _NORM) <= degree:
                    yield (left, one), (right, other)


def _product(bases: Sequence[Floats], term: Term) -> Floats:
    return reduce(np.multiply, (bases[axis][:, degree] for axis, degree in term))


def _pursuit(
    columns: Floats, candidates: Sequence[Term], scores: Floats
) -> tuple[tuple[Term, ...], Floats, float] | None:
    """Terms, coefficients and error of the best of the sums that grow term by term; None where nothing helps."""
    count = len(scores)
    lengths = np.linalg.norm(columns, axis=1)
    chosen: list[int] = []
    seen: set[int] = set()
    best = None
    residual = scores - scores.mean()
    for _ in range(int(_MOST_TERMS * count)):
        strength = np.abs(columns @ residual) / np.maximum(lengths, 1e-9)
        strength[chosen] = -1
        strength[[not _allowed(term, seen) for term in candidates]] = -1
        chosen.append(int(strength.argmax()))
        seen |= {axis for axis, _ in candidates[chosen[-1]]}
        design = np.column_stack([np.ones(count), columns[chosen].T])
        solved = _solved(design, scores)
        if solved is None:
            break
        coefficients, residual, error = solved
        if best is None or error < best[2]:
            best = tuple(candidates[one] for one in chosen), coefficients[1:], error
    return best


def _allowed(term: Term, seen: set[int]) -> bool:
    return len(term) == 1 or any(axis in seen for axis, _ in term)


def _solved(design: Floats, scores: Floats) -> tuple[Floats, Floats, float] | None:
    """Least squares: coefficients, residuals, and the corrected leave-one-out error (Chapelle, Vapnik, Bengio)."""
    count, terms = design.shape
    orthogonal, triangle = np.linalg.qr(design)
    if np.abs(np.diag(triangle)).min() < 1e-6 * np.abs(triangle).max():
        return None
    coefficients = np.linalg.solve(triangle, orthogonal.T @ scores)
    residual = scores - design @ coefficients
    leverage = np.minimum((orthogonal**2).sum(axis=1), 1 - 1e-9)
    inverse = np.linalg.inv(triangle)
    correction = count / (count - terms) * (1 + (inverse**2).sum())
    return coefficients, residual, float(np.mean((residual / (1 - leverage)) ** 2) * correction)


def divide(expansion: Expansion) -> Shares:
    """The variance of an expansion, and what each parameter has of it."""
    factors = [_factors(expansion, column) for column in range(len(expansion.axes))]
    means = [factor @ axis.weights for factor, axis in zip(factors, expansion.axes, strict=True)]
    twice = [(factor * axis.weights) @ factor.T for factor, axis in zip(factors, expansion.axes, strict=True)]
    apart = [np.outer(mean, mean) for mean in means]

    def variance(known: NDArray[np.bool_]) -> float:
        kernel = reduce(
            np.multiply, [both if is_known else one for is_known, both, one in zip(known, twice, apart, strict=True)]
        )
        return float(expansion.coefficients @ (kernel - reduce(np.multiply, apart)) @ expansion.coefficients)

    columns = np.eye(len(expansion.axes), dtype=bool)
    whole = variance(np.ones(len(columns), dtype=bool))
    return Shares(
        variance=whole,
        main=np.array([variance(one) for one in columns]),
        total=np.array([whole - variance(~one) for one in columns]),
    )


def _factors(expansion: Expansion, column: int) -> Floats:
    """For each term its factor along one parameter, at the nodes; shape (t, g).

    A parameter below a condition brings the condition along: a factor of its parent that is 0 where it fails.
    """
    axis = expansion.axes[column]
    degree = max((one for term in expansion.terms for _, one in term), default=0) + 1
    functions = basis(axis, axis.nodes, degree)
    rows = np.ones((len(expansion.terms), len(axis.nodes)))
    for row, term in enumerate(expansion.terms):
        for member in _with_ancestors(expansion.axes, [one for one, _ in term]):
            for parent, mask in expansion.axes[member].conditions:
                if parent == column:
                    rows[row] *= mask
        for member, one in term:
            if member == column:
                rows[row] *= functions[:, one]
    return rows


def _with_ancestors(axes: Sequence[Axis], members: Sequence[int]) -> set[int]:
    found = set(members)
    while more := {parent for member in found for parent, _ in axes[member].conditions} - found:
        found |= more
    return found
