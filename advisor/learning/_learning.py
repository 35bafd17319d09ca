"""From trials over several tasks to ranges, starts, held values and figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Final

import numpy as np

from advisor import library
from advisor.importance import Axis
from advisor.importance.cores import on_one_core
from advisor.importance.table import Floats
from advisor.knowledge import Family, SearchRange
from advisor.learning import _figures, _own, _portfolio, _shrinking, _starts
from advisor.learning._learnt import Learnt, LearntParameter
from advisor.learning._response import respond
from advisor.learning._tasks import Experience, experience
from advisor.learning._trends import Trend, trend
from advisor.space import Choice, Domain, Numeric, Value
from advisor.spec import Direction
from advisor.trials import Trial

Pair = tuple[Mapping[str, Value], float]

_OVER_TASKS: Final = (0.1, 0.9)
"""Quantiles over tasks of where their good values begin and end: a tenth of the tasks may begin or end outside."""
_TAKEN: Final = 0.05
"""Share of the best of a task that must have a value, for the task to need it."""


@on_one_core
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
    shipped = library.load(family, knowledge)
    given = {name: [_trial(one) for one in each] for name, each in trials.items()}
    described = _own.extended(shipped.family, given, shipped.shared.no_hyperparameters)
    known = experience(given, described, direction, logarithmic)
    found = _learnt(known, described, facts or {}, seed)
    own = _own.names(library.load(family).family, found.parameters)
    new = {name: meant for name, meant in own.items() if name not in shipped.family.parameters}
    unheard = described.parameters.keys() - shipped.family.parameters.keys() - new.keys()
    return replace(
        found,
        metric=metric,
        source=source,
        own=own,
        starts=tuple(start.without(unheard) for start in found.starts),
        remarks=(*_own.remarks(shipped.family, new), *found.remarks, *_unmatched(sorted(given), facts)),
    )


def _learnt(known: Experience, family: Family, facts: Mapping[str, Mapping[str, float]], seed: int) -> Learnt:
    responses = [respond(known, task, seed) for task in known.tasks]
    both = list(zip(known.tasks, responses, strict=True))
    places = _Places(known=known, family=family, best=[_figures.best_units(known, *each) for each in both])
    pool = _starts.pool_of(known, responses, places.searches)
    held = _starts.whole(known, pool)
    every = [_figures.shares(known, task, response, seed) for task, response in both]
    figures = _Figures(
        places=places,
        held=held,
        gains=np.array([_figures.gains(known.table.axes, response, held) for response in responses]),
        shares=np.array([each.main for each in every]),
        seed=seed,
    )
    chosen = _portfolio.greedy(pool.errors, _starts.most_starts(len(known.tasks)))
    return Learnt(
        family=family,
        tasks=len(known.tasks),
        trials=len(known.configs),
        parameters={axis.name: figures.parameter(column) for column, axis in enumerate(known.table.axes)},
        starts=tuple(_starts.starts(known, family, pool, chosen)),
        pairs=_figures.pairs_of(every, known.table.names, seed),
        trends=tuple(figures.trends(facts)),
        judged=_starts.judged(known, responses, pool, seed),
        remarks=known.remarks,
    )


def _unmatched(names: Sequence[str], facts: Mapping[str, Mapping[str, float]] | None) -> Iterator[str]:
    """Tasks whose names stand on one side only, perhaps misspelt."""
    if facts is None:
        return
    for told, left in (
        ("facts of no task of the trials", [name for name in facts if name not in names]),
        ("no facts of these tasks", [name for name in names if name not in facts]),
    ):
        if left:
            yield f"{told}: {', '.join(left[:5])}{', ...' if left[5:] else ''}"


def _trial(one: Trial | Pair) -> Trial:
    if isinstance(one, Trial):
        return one
    config, value = one
    if value is None or not np.isfinite(value):
        return Trial.model_construct(config=config, state="failed")
    return Trial.model_construct(config=config, value=value, state="complete")


@dataclass(frozen=True, kw_only=True)
class _Places:
    """Where the best of each task lie, by the position of the axis.

    Attributes:
        known: The trials.
        family: As it was known before.
        best: Units of the best trials of each task.
    """

    known: Experience
    family: Family
    best: Sequence[Floats]

    @property
    def searches(self) -> dict[str, SearchRange]:
        """The ranges to advise, of those parameters that get one."""
        names = enumerate(self.known.table.names)
        return {name: search for column, name in names if (search := self.search(column)) is not None}

    def search(self, column: int) -> SearchRange | None:
        """The range to advise."""
        described = self.family.parameters[self.known.table.names[column]]
        return _shrinking.joined_range(self.good(column), described, self.tasks(column))

    def good(self, column: int) -> Domain:
        """Where good configurations lie on most tasks."""
        return _good(self.known.table.axes[column], self.each(column))

    def tasks(self, column: int) -> int:
        """On how many tasks the parameter has an effect among the best."""
        return int(np.count_nonzero(~np.isnan(self.each(column)).any(axis=1)))

    def each(self, column: int) -> Floats:
        """Of each task, the two units between which its best lie, or how many of them have each category."""
        axis = self.known.table.axes[column]
        if isinstance(axis.domain, Choice):
            return _figures.shares_taken(self.best, axis, column)
        return _figures.ends(self.best, column)


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """What is known of each parameter on each task, by the position of its axis."""

    places: _Places
    held: Floats
    gains: Floats
    shares: Floats
    seed: int

    @property
    def known(self) -> Experience:
        """The trials."""
        return self.places.known

    def parameter(self, column: int) -> LearntParameter:
        axis = self.known.table.axes[column]
        described = self.places.family.parameters[axis.name]
        tasks = self.places.tasks(column)
        best = _starts.shortened(axis.value(float(self.held[column, column])), described.valid)
        before = described.start if described.has_start else described.default
        start = _shrinking.joined_value(best, before, tasks, axis.domain)
        return LearntParameter(
            good=self.places.good(column),
            search=self.places.search(column),
            best=best,
            start=start if described.valid.accepts(start) else best,
            gain=_figures.mean_of(self.gains[:, column], self.seed),
            share=_figures.mean_of(self.shares[:, column], self.seed),
            tasks=tasks,
        )

    def trends(self, facts: Mapping[str, Mapping[str, float]]) -> Iterator[Trend]:
        names = sorted({name for each in facts.values() for name in each})
        numeric = [c for c, axis in enumerate(self.known.table.axes) if isinstance(axis.domain, Numeric)]
        looks = max(len(names) * (len(numeric) + len(self.known.table.axes)), 1)
        for fact in names:
            there = np.array([facts.get(task.name, {}).get(fact, np.nan) for task in self.known.tasks])
            for column, axis in enumerate(self.known.table.axes):
                found = [trend(axis.name, "gain", fact, (self.gains[:, column], there), looks)]
                if column in numeric:
                    middle = np.array([_middle(units[:, column]) for units in self.places.best])
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
