"""The configurations that a model of earlier trials proposes for a stage, in the stage's own ranges.

As it evaluates them first, any engine begins with what the trials taught. Parameters that no trial varied are spread
over their ranges, as nothing is known of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from advisor import proposing, suggesting
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.table import Floats
from advisor.plan import Searched, Stage
from advisor.record import PlanConstraint
from advisor.space import Choice, Domain, Value, clip, contains

Config: TypeAlias = dict[str, Value]

MOST: Final = 10
"""The most configurations that a model proposes; it learns nothing from one to the next."""
SHARE: Final = 0.34
"""The share of the stage's trials that they have at most."""


def proposed(
    stage: Stage,
    process: GaussianProcess,
    usual: Mapping[str, Value],
    constraints: Sequence[PlanConstraint],
    seed: int,
) -> list[Config]:
    """The configurations of which the model expects most, fewer where few points lie in the ranges.

    Args:
        stage: The stage that evaluates them.
        process: The model of costs.
        usual: The value of each searched parameter where nothing else is said.
        constraints: What each configuration keeps.
        seed: Of the points that are looked at.
    """
    units = proposing.candidates(process, seed)
    possible = dict(_possible(stage, process, units, usual, constraints))
    if not possible:
        return []
    count = min(MOST, int(SHARE * stage.trials))
    rows = proposing.chosen(process, units[list(possible)], count)
    picked = [list(possible.values())[row] for row in rows]
    return [suggesting.configuration(stage, values) for values in _spread(stage, process, picked, seed)]


def _possible(
    stage: Stage,
    process: GaussianProcess,
    units: Floats,
    usual: Mapping[str, Value],
    constraints: Sequence[PlanConstraint],
) -> Iterator[tuple[int, Config]]:
    """The rows that lie in the stage's ranges, with the value of each parameter that it searches."""
    for row, point in enumerate(units):
        values = dict(usual)
        for axis, unit in zip(process.axes, point.tolist(), strict=True):
            if axis.name in stage.search and not math.isnan(unit):
                values[axis.name] = _onto(stage.search[axis.name], axis.value(unit))
        if any(not contains(searched.domain, values[name]) for name, searched in stage.search.items()):
            continue
        if all(constraint.keeps(suggesting.configuration(stage, values)) for constraint in constraints):
            yield row, values


def _onto(searched: Searched, value: Value) -> Value:
    """A number within the range on its grid; anything else as it is."""
    domain = searched.domain
    if isinstance(domain, Choice) or not isinstance(value, int | float) or not domain.low <= value <= domain.high:
        return value
    return clip(domain, value)


def _spread(stage: Stage, process: GaussianProcess, picked: Sequence[Config], seed: int) -> Iterator[Config]:
    """The configurations with what no trial varied spread over its range, each part taken equally often."""
    generator = np.random.default_rng(seed)
    new = [name for name in stage.search if name not in {axis.name for axis in process.axes}]
    places = {name: (generator.permutation(len(picked)) + 0.5) / len(picked) for name in new}
    for number, values in enumerate(picked):
        yield {**values, **{name: _at(stage.search[name].domain, float(places[name][number])) for name in new}}


def _at(domain: Domain, share: float) -> Value:
    """The value at a share of the way from the low end of a range, on its own scale, or of a list of choices."""
    if isinstance(domain, Choice):
        return domain.choices[int(share * len(domain.choices))]
    low, high = float(domain.low), float(domain.high)
    return clip(domain, low * (high / low) ** share if domain.log else low + share * (high - low))
