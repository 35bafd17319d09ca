"""From the default to the best, one parameter after the other (Fawcett and Hoos, Analysing differences, 2016).

Each step changes the parameter that gains most by the model's word. What a change gains alone, at the default, is said
beside it: where both differ, it depends on the steps before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.importance._net import switched_off
from advisor.importance.table import Axis, Floats


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change on the way.

    Attributes:
        name: The parameter that changed.
        score: What the model expects after it.
        gain: How much better that is than before; less than 0 is worse.
        alone: How much better it is at the default.
    """

    name: str
    score: float
    gain: float
    alone: float


def ablation(
    axes: Sequence[Axis], predict: Callable[[Floats], Floats], start: Floats, end: Floats, *, maximize: bool
) -> tuple[Step, ...]:
    """The path from one row of units to another; parameters that are the same in both do not appear.

    Args:
        axes: The parameters; d of them.
        predict: The model: rows of units, NaN where a parameter has no effect, to scores.
        start: Units of the default, with a value for each parameter; shape (d,).
        end: Units of the best, likewise.
        maximize: Whether more is better.
    """
    sign = 1.0 if maximize else -1.0
    open_columns = [column for column in range(len(axes)) if start[column] != end[column]]
    here, before = start.copy(), _score(axes, predict, start)
    alone = dict(zip(open_columns, sign * (_changed(axes, predict, start, end, open_columns) - before), strict=True))
    steps = []
    while open_columns:
        scores = _changed(axes, predict, here, end, open_columns)
        best = int((sign * scores).argmax())
        column, score = open_columns.pop(best), float(scores[best])
        here[column] = end[column]
        steps.append(
            Step(name=axes[column].name, score=score, gain=sign * (score - before), alone=float(alone[column]))
        )
        before = score
    return tuple(steps)


def _score(axes: Sequence[Axis], predict: Callable[[Floats], Floats], row: Floats) -> float:
    return float(predict(switched_off(axes, row[None, :]))[0])


def _changed(
    axes: Sequence[Axis], predict: Callable[[Floats], Floats], here: Floats, end: Floats, columns: Sequence[int]
) -> Floats:
    """Scores after each of some changes."""
    rows = np.tile(here, (len(columns), 1))
    rows[np.arange(len(columns)), columns] = end[list(columns)]
    return predict(switched_off(axes, rows))


def completed(axes: Sequence[Axis], values: Mapping[str, float]) -> Floats:
    """A row of units with the middle of the measure where no unit is given."""
    middles = [float(axis.at(np.array([0.5]))[0]) for axis in axes]
    return np.array([values.get(axis.name, middle) for axis, middle in zip(axes, middles, strict=True)])
