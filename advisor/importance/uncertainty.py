"""How sure an importance is: subsamples of trials, a process fitted anew to each, responses drawn from each.

Beside the parameters each subsample has companions: columns of the table in another order, which cannot have an effect.
What they get is the noise floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from advisor.importance._subsets import subset
from advisor.importance.gaussian_process import GaussianProcess, Hyperparameters, fit
from advisor.importance.sobol import Decomposition, decompose
from advisor.importance.table import Axis, Floats, Table

REFITS: Final = 10
DRAWS: Final = 8
_SHARE: Final = 0.7
_MOST: Final = 150
"""Trials of a subsample; more make it slower than the fit itself."""
_COMPANIONS: Final = 3
_STEPS: Final = 25


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Shares of the variance as they might be.

    Attributes:
        main: One row a draw; shape (m, d).
        total: Likewise.
        companions: Total shares of columns that cannot have an effect, one a companion and subsample.
    """

    main: Floats
    total: Floats
    companions: Floats


def spread(table: Table, scores: Floats, process: GaussianProcess, generator: np.random.Generator) -> Spread:
    """Draws of the shares, around the process that was fitted to all."""
    draws = [_refit(table, scores, process, generator) for _ in range(REFITS)]
    return Spread(
        main=np.concatenate([each.main for each in draws]),
        total=np.concatenate([each.total for each in draws]),
        companions=np.concatenate([each.companions for each in draws]),
    )


def _refit(table: Table, scores: Floats, process: GaussianProcess, generator: np.random.Generator) -> Spread:
    rows = len(scores)
    count = min(max(int(_SHARE * rows), 2), _MOST)
    part = generator.permutation(rows)[:count] if rows <= 2 * _MOST else subset(table, count, generator)
    if np.ptp(scores[part]) == 0:
        part = np.union1d(part, [scores.argmin(), scores.argmax()])
    sources = generator.choice(len(table.axes), min(_COMPANIONS, len(table.axes)), replace=False)
    extended = _with_companions(table.rows(part), [int(source) for source in sources], generator)
    warm = Hyperparameters.of(process)
    usual = np.full(len(sources), float(np.log(2.0)))
    start = replace(warm, lengths=np.append(warm.lengths, usual))
    return _draws(
        decompose(fit(extended, scores[part], start=[start], steps=_STEPS), pairs=False), len(table.axes), generator
    )


def _with_companions(table: Table, sources: Sequence[int], generator: np.random.Generator) -> Table:
    columns = [generator.permutation(table.units[:, source]) for source in sources]
    axes: list[Axis] = [replace(table.axes[source], name="", conditions=()) for source in sources]
    return Table(axes=(*table.axes, *axes), units=np.column_stack([table.units, *columns]))


def _draws(found: Decomposition, parameters: int, generator: np.random.Generator) -> Spread:
    """Shares of responses that the observations allow, by drawing the curve of each parameter."""
    interaction = np.maximum(found.expected_total - found.expected_main, 0)[:parameters]
    rest = np.maximum(found.expected - found.expected_main, 0)[:parameters]
    drawn = np.array([_drawn_variances(found, column, generator) for column in range(parameters)]).T
    whole = np.maximum(drawn + rest, 1e-300)
    totals = np.maximum(found.expected_total[parameters:], 0) / max(found.expected, 1e-300)
    return Spread(main=drawn / whole, total=(drawn + interaction) / whole, companions=totals)


def _drawn_variances(found: Decomposition, column: int, generator: np.random.Generator) -> Floats:
    weights = found.weights[column]
    values, vectors = np.linalg.eigh(found.covariances[column])
    noise = generator.normal(size=(DRAWS, len(values))) * np.sqrt(np.maximum(values, 0))
    curves = found.curves[column] + noise @ vectors.T
    centred = curves - (curves @ weights)[:, None]
    return np.asarray(centred**2 @ weights)
