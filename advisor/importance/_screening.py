"""Which parameters stand out at first sight, by themselves or in twos: where a descent had better begin.

Scores are compared with polynomials of each parameter, and what those that stand out leave of them with all products of
two. With many parameters the density of a process is flat where all its lengths are short, and has valleys where some
are long: a descent that knows nothing ends where a product of two, of which one has no effect by itself, is noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from advisor.importance._polynomials import basis
from advisor.importance.table import Floats, Table

_DEGREE: Final = 8
_DEGREE_IN_TWOS: Final = 4
_BEYOND: Final = 6.0
"""Standard deviations beyond what noise has. A parameter too many costs a descent some steps, and nothing else."""
_MOST_COLUMNS: Final = 1 / 3
"""As a share of the number of trials: what is fitted by single parameters."""
_NOTHING: Final = 1e-9
"""In place of the norm of a column of zeros, of a category that was never tried, and of a rest that is rounding."""


def standing_out(table: Table, scores: Floats) -> NDArray[np.bool_]:
    """Which parameters stand out; shape (d,)."""
    bases = [basis(axis, column, _DEGREE) for axis, column in zip(table.axes, table.units.T, strict=True)]
    standard = (scores - scores.mean()) / scores.std()
    alone = _alone(bases, standard)
    rest = _left_by(bases, np.argsort(-alone)[: np.count_nonzero(alone > _BEYOND)], standard)
    in_twos = _in_twos([each[:, :_DEGREE_IN_TWOS] for each in bases], rest)
    return np.asarray((alone > _BEYOND) | (in_twos > _BEYOND).any(axis=0))


def _alone(bases: Sequence[Floats], scores: Floats) -> Floats:
    """How far the squared correlations with each basis lie beyond those of noise, in standard deviations; (d,)."""
    squares = [((each.T @ scores) ** 2 / np.maximum((each**2).sum(axis=0), _NOTHING)).sum() for each in bases]
    return _beyond(np.array(squares), np.array([each.shape[1] for each in bases]))


def _in_twos(bases: Sequence[Floats], scores: Floats) -> Floats:
    """The same for products of functions of two parameters; symmetric, zeros on the diagonal; shape (d, d)."""
    columns, counts = np.hstack(bases), np.array([each.shape[1] for each in bases])
    member = np.repeat(np.eye(len(bases)), counts, axis=0)
    norms = np.maximum((columns**2).T @ columns**2, _NOTHING) * max(float(scores.var()), _NOTHING)
    each = ((columns.T * scores) @ columns) ** 2 / norms
    found = _beyond(member.T @ each @ member, np.outer(counts, counts))
    np.fill_diagonal(found, 0)
    return found


def _beyond(squares: Floats, degrees: NDArray[np.int64]) -> Floats:
    """Squares as deviations from their mean under noise, that of chi-squared."""
    return np.asarray((squares - degrees) / np.sqrt(2 * degrees))


def _left_by(bases: Sequence[Floats], strongest: NDArray[np.int64], scores: Floats) -> Floats:
    """What single parameters leave of the scores, as many of the strongest as there are trials for."""
    widths = np.cumsum([bases[column].shape[1] for column in strongest])
    kept = strongest[widths <= _MOST_COLUMNS * len(scores)]
    design = np.column_stack([np.ones(len(scores)), *(bases[column] for column in kept)])
    rest: Floats = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    return rest
