"""From trials over several tasks to ranges, starts, held values and figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from advisor import library
from advisor.importance import Axis
from advisor.importance.table import Config, Floats
from advisor.knowledge import Family, Legal
from advisor.learning import _figures, _portfolio, _shrinking
from advisor.learning._learnt import Judged, Learnt, LearntParameter, LearntStart
from advisor.learning._response import Response, normalised, respond
from advisor.learning._tasks import Experience, experience
from advisor.learning._trends import Trend, trend
from advisor.space import Choice, Domain, Numeric, Value
from advisor.spec import Direction
from advisor.trials import Trial

Pair = tuple[Mapping[str, Value], float]
Positions = NDArray[np.int64]

_CANDIDATES: Final = (1500, 5, 20)
"""Candidates for starts altogether, and how many at least and at most of one task."""
_OVER_TASKS: Final = (0.1, 0.9)
"""Quantiles over tasks of where their good values begin and end: a tenth of the tasks may begin or end outside."""
_TAKEN: Final = 0.05
"""Share of the best of a task that must have a value, for the task to need it."""
_SHARED: Final = 0.5
"""Share of tasks on which a configuration was tried, from which on what was measured counts, and not a model."""


def learn(
    trials: Mapping[str, Iterable[Trial | Pair]],
    family: str,
    *,
    direction: Direction = "minimize",
    metric: str = "metric",
    logarithmic: Iterable[str] = (),
    facts: Mapping[str, Mapping[str, float]] | None = None,
    source: str = "trials of the person who ran them",
    knowledge: Sequence[FilePath] = (),
    seed: int = 0,
) -> Learnt:
    """What trials over several tasks say of a family's parameters.

    Args:
        trials: Of each task, by its name: trials, or pairs of a configuration and its value.
        family: The family that was tuned, such as ``xgboost``.
        direction: Whether less or more is better.
        metric: What the value is called.
        logarithmic: What was searched on a logarithmic scale, besides what the family searches so.
        facts: Numbers of each task, such as its rows, features and classes, by the task's name.
        source: Where the trials come from, as it is cited.
        knowledge: Folders that are laid over the knowledge base.
        seed: Of subsamples.

    Raises:
        UnknownName: There is no such family.
        NothingLearnt: No task has enough complete trials.
        InvalidFile: A value is none that the library accepts, or two names mean the same.
    """
    described = library.load(family, knowledge).family
    given = {name: [_trial(one) for one in each] for name, each in trials.items()}
    known = experience(given, described, direction, logarithmic)
    found = _learnt(known, described, facts or {}, seed)
    return replace(found, metric=metric, source=source)


def _learnt(known: Experience, family: Family, facts: Mapping[str, Mapping[str, float]], seed: int) -> Learnt:
    responses = [respond(known, task, seed) for task in known.tasks]
    both = list(zip(known.tasks, responses, strict=True))
    pool = _pool(known, responses)
    held = _whole(known, pool)
    every = [_figures.shares(known, task, response, seed) for task, response in both]
    figures = _Figures(
        known=known,
        best=[_figures.best_units(known, task, response) for task, response in both],
        held=held,
        gains=np.array([_figures.gains(known.table.axes, response, held) for response in responses]),
        shares=np.array([each.main for each in every]),
        seed=seed,
    )
    chosen = _portfolio.greedy(pool.errors, _most_starts(len(known.tasks)))
    return Learnt(
        family=family,
        tasks=len(known.tasks),
        trials=len(known.configs),
        parameters={axis.name: figures.parameter(family, column) for column, axis in enumerate(known.table.axes)},
        starts=tuple(_starts(known, family, pool, chosen)),
        pairs=_figures.pairs_of(every, known.table.names, seed),
        trends=tuple(figures.trends(facts)),
        judged=_judged(known, responses, pool, seed),
        remarks=known.remarks,
    )


def _trial(one: Trial | Pair) -> Trial:
    if isinstance(one, Trial):
        return one
    config, value = one
    return Trial.model_construct(config=config, value=value, state="complete" if np.isfinite(value) else "failed")


# Starts


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """Candidates for starts.

    Attributes:
        rows: Of the table, each configuration once; shape (c,).
        owners: The task that each comes from, by its position; shape (c,).
        errors: Normalised error of each on each task; shape (k, c).
    """

    rows: Positions
    owners: Positions
    errors: Floats


def _pool(known: Experience, responses: Sequence[Response]) -> _Pool:
    """The best of each task by their smoothed errors, valued on all tasks."""
    total, least, most = _CANDIDATES
    count = min(max(total // len(responses), least), most)
    rows, owners, seen = [], [], set()
    for position, (task, response) in enumerate(zip(known.tasks, responses, strict=True)):
        for row in task.rows.start + np.lexsort((task.costs, response.errors))[:count]:
            key = _key(known.configs[row])
            if key not in seen:
                seen.add(key)
                rows.append(int(row))
                owners.append(position)
    chosen = np.array(rows)
    errors = np.array([response.predict(known.table.units[chosen]) for response in responses])
    return _Pool(rows=chosen, owners=np.array(owners), errors=_measured(known, chosen, errors))


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


def _most_starts(tasks: int) -> int:
    """As many as half of the tasks, as each is there for some of them; judgement."""
    return min(_portfolio.MOST, (tasks + 1) // 2)


def _starts(known: Experience, family: Family, pool: _Pool, chosen: Sequence[int]) -> Iterator[LearntStart]:
    reached = np.ones(len(known.tasks))
    for column in chosen:
        reached = np.minimum(reached, pool.errors[:, column])
        config = known.configs[pool.rows[column]]
        values = {name: _shortened(value, family.parameters[name].valid) for name, value in config.items()}
        yield LearntStart(values=values, alone=float(pool.errors[:, column].mean()), reached=float(reached.mean()))


def _shortened(value: Value, valid: Legal) -> Value:
    """The value in few digits, unless these lead out of what the library accepts."""
    short = _shrinking.short(value) if isinstance(value, float) else value
    return short if valid.accepts(short) else value


def _whole(known: Experience, pool: _Pool) -> Floats:
    """For each parameter the units of the candidate that is best in the mean, of those where it has an effect.

    What has no effect there is filled with what it is in the best where it has; shape (d, d).
    """
    units = known.table.units[pool.rows[np.argsort(pool.errors.mean(axis=0), kind="stable")]]
    active = ~np.isnan(units)
    usual = np.array([axis.nodes[len(axis.nodes) // 2] for axis in known.table.axes])
    first = np.where(active.any(axis=0), units[active.argmax(axis=0), np.arange(units.shape[1])], usual)
    bases = units[active.argmax(axis=0)]
    return np.where(np.isnan(bases), first, bases)


def _judged(known: Experience, responses: Sequence[Response], pool: _Pool, seed: int) -> Judged | None:
    if len(responses) <= 1:
        return None
    most = _most_starts(len(responses))
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


# Parameters


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """What is known of each parameter on each task, by the position of its axis."""

    known: Experience
    best: Sequence[Floats]
    held: Floats
    gains: Floats
    shares: Floats
    seed: int

    def parameter(self, family: Family, column: int) -> LearntParameter:
        axis = self.known.table.axes[column]
        described = family.parameters[axis.name]
        places = self.places(column)
        tasks = int(np.count_nonzero(~np.isnan(places).any(axis=1)))
        good = _good(axis, places)
        best = _shortened(axis.value(float(self.held[column, column])), described.valid)
        before = described.start if described.has_start else described.default
        start = _shrinking.joined_value(best, before, tasks, axis.domain)
        return LearntParameter(
            good=good,
            search=_shrinking.joined_range(good, described, tasks),
            best=best,
            start=start if described.valid.accepts(start) else best,
            gain=_figures.mean_of(self.gains[:, column], self.seed),
            share=_figures.mean_of(self.shares[:, column], self.seed),
            tasks=tasks,
        )

    def places(self, column: int) -> Floats:
        """Where the best of each task lie: between two units, or how many have each category."""
        axis = self.known.table.axes[column]
        if isinstance(axis.domain, Choice):
            return _figures.shares_taken(self.best, axis, column)
        return _figures.ends(self.best, column)

    def trends(self, facts: Mapping[str, Mapping[str, float]]) -> Iterator[Trend]:
        names = sorted({name for each in facts.values() for name in each})
        numeric = [c for c, axis in enumerate(self.known.table.axes) if isinstance(axis.domain, Numeric)]
        looks = max(len(names) * (len(numeric) + len(self.known.table.axes)), 1)
        for fact in names:
            there = np.array([facts.get(task.name, {}).get(fact, np.nan) for task in self.known.tasks])
            for column, axis in enumerate(self.known.table.axes):
                found = [trend(axis.name, "gain", fact, (self.gains[:, column], there), looks)]
                if column in numeric:
                    middle = np.array([_middle(units[:, column]) for units in self.best])
                    found.append(trend(axis.name, "value", fact, (middle, there), looks))
                yield from filter(None, found)


def _middle(units: Floats) -> float:
    present = units[~np.isnan(units)]
    return float(np.median(present)) if len(present) else float("nan")


def _good(axis: Axis, places: Floats) -> Domain:
    """Where good configurations lie on most tasks."""
    said = places[~np.isnan(places).any(axis=1)]
    if isinstance(axis.domain, Choice):
        needed = (said >= _TAKEN).mean(axis=0) if len(said) else np.ones(len(axis.nodes))
        kept = tuple(c for c, share in zip(axis.domain.choices, needed, strict=True) if share >= _OVER_TASKS[0])
        return axis.domain._replace(choices=kept or axis.domain.choices)
    if not len(said):
        return axis.domain
    units = np.quantile(said[:, 0], _OVER_TASKS[0]), np.quantile(said[:, 1], _OVER_TASKS[1])
    low, high = (float(axis.value(float(unit)) or 0) for unit in units)
    return axis.domain._replace(low=low, high=high)
