"""Candidates for starts, what each is worth on every task, and the few that are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from advisor.importance.table import Config, Floats
from advisor.knowledge import Family, Legal, SearchRange
from advisor.learning import _figures, _portfolio, _shrinking
from advisor.learning._learnt import Judged, LearntStart
from advisor.learning._response import Response, normalised
from advisor.learning._tasks import Experience
from advisor.space import Value

Positions = NDArray[np.int64]

_CANDIDATES: Final = (1500, 5, 20)
"""Candidates for starts altogether, and how many at least and at most of one task."""
_SHARED: Final = 0.5
"""Share of tasks on which a configuration was tried, from which on what was measured counts, and not a model."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Candidates for starts.

    Attributes:
        rows: Of the table, each configuration once; shape (c,).
        owners: The task that each comes from, by its position; shape (c,).
        errors: Normalised error of each on each task; shape (k, c).
    """

    rows: Positions
    owners: Positions
    errors: Floats


def pool_of(known: Experience, responses: Sequence[Response], searches: Mapping[str, SearchRange]) -> Pool:
    """The best of each task by their smoothed errors, of those within the ranges if there are any, on all tasks."""
    total, least, most = _CANDIDATES
    count = min(max(total // len(responses), least), most)
    inside = np.array([_is_inside(config, searches) for config in known.configs])
    usable = inside if inside.any() else ~inside
    rows, owners, seen = [], [], set()
    for position, (task, response) in enumerate(zip(known.tasks, responses, strict=True)):
        order = task.rows.start + np.lexsort((task.costs, response.errors))
        for row in order[usable[order]][:count]:
            key = _key(known.configs[row])
            if key not in seen:
                seen.add(key)
                rows.append(int(row))
                owners.append(position)
    chosen = np.array(rows)
    errors = np.array([response.predict(known.table.units[chosen]) for response in responses])
    return Pool(rows=chosen, owners=np.array(owners), errors=_measured(known, chosen, errors))


def _is_inside(config: Config, searches: Mapping[str, SearchRange]) -> bool:
    return all(_shrinking.holds(searches[name], value) for name, value in config.items() if name in searches)


def _measured(known: Experience, rows: Positions, errors: Floats) -> Floats:
    """The errors with those that were measured, where tasks share most of their configurations."""
    tried = []
    for task in known.tasks:
        costs = normalised(task.costs)
        configs = known.configs[task.rows]
        tried.append({_key(config): cost for config, cost in zip(configs, costs, strict=True)})
    found = errors.copy()
    for column, row in enumerate(rows):
        key = _key(known.configs[row])
        values = [each.get(key) for each in tried]
        if sum(value is not None for value in values) > max(1, _SHARED * len(tried)):
            found[:, column] = [e if v is None else v for e, v in zip(errors[:, column], values, strict=True)]
    return found


def _key(config: Config) -> frozenset[tuple[str, bool, Value]]:
    return frozenset((name, isinstance(value, bool), value) for name, value in config.items())


def most_starts(tasks: int) -> int:
    """As many as half of the tasks, as each is there for some of them; judgement."""
    return min(_portfolio.MOST, (tasks + 1) // 2)


def starts(known: Experience, family: Family, pool: Pool, chosen: Sequence[int]) -> Iterator[LearntStart]:
    reached = np.ones(len(known.tasks))
    for column in chosen:
        reached = np.minimum(reached, pool.errors[:, column])
        config = known.configs[pool.rows[column]]
        values = {name: shortened(value, family.parameters[name].valid) for name, value in config.items()}
        yield LearntStart(values=values, alone=float(pool.errors[:, column].mean()), reached=float(reached.mean()))


def shortened(value: Value, valid: Legal) -> Value:
    """The value in few digits, unless these lead out of what the library accepts."""
    short = _shrinking.short(value) if isinstance(value, float) else value
    return short if valid.accepts(short) else value


def whole(known: Experience, pool: Pool) -> Floats:
    """For each parameter the units of the candidate that is best in the mean, of those where it has an effect.

    What has no effect there is filled with what it is in the best where it has; shape (d, d).
    """
    units = known.table.units[pool.rows[np.argsort(pool.errors.mean(axis=0), kind="stable")]]
    active = ~np.isnan(units)
    usual = np.array([axis.nodes[len(axis.nodes) // 2] for axis in known.table.axes])
    first = np.where(active.any(axis=0), units[active.argmax(axis=0), np.arange(units.shape[1])], usual)
    bases = units[active.argmax(axis=0)]
    return np.where(np.isnan(bases), first, bases)


def judged(known: Experience, responses: Sequence[Response], pool: Pool, seed: int) -> Judged | None:
    if len(responses) <= 1:
        return None
    most = most_starts(len(responses))
    begin = len(known.configs)
    advised = known.table.units[begin : begin + most]
    theirs = np.array([response.predict(advised).min() for response in responses]) if len(advised) else None
    learnt = _portfolio.left_out(pool.errors, pool.owners, most)
    luck = np.array([_portfolio.expected_best(response.errors, most) for response in responses])
    return Judged(
        learnt=_figures.mean_of(learnt, seed),
        known=None if theirs is None else _figures.mean_of(theirs, seed),
        random=_figures.mean_of(luck, seed),
    )
