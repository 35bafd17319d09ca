"""Trials of several tasks as one table of a family's parameters, and the costs of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from advisor import binding, importance
from advisor.errors import AdvisorError, InvalidFile, Problem, did_you_mean
from advisor.importance import Table
from advisor.importance.table import Config, Floats
from advisor.knowledge import Family, Parameter
from advisor.learning._advised import advised
from advisor.space import Choice, Domain, Numeric, Value, is_number, same, shown_value
from advisor.spec import Direction
from advisor.trials import Trial
from advisor.words import counted

FEWEST: Final = 10
"""Complete trials without which a task says nothing."""
_MOST_WORDS: Final = 12
"""Different values up to which a parameter that takes numbers and words is a list of choices."""
_FEW: Final = 0.1
"""Share of values that may miss a logarithmic scale before the scale is given up."""


class NothingLearnt(AdvisorError):
    """The trials tell nothing about the family."""


class Tried(NamedTuple):
    """A configuration under the family's names, and what it cost."""

    config: Config
    cost: float


@dataclass(frozen=True, kw_only=True)
class Task:
    """What was tried on one task.

    Attributes:
        name: As the file has it.
        rows: Where its trials stand in the table of all; n of them, at least ``FEWEST``.
        costs: Less is better; not all the same; shape (n,).
    """

    name: str
    rows: slice
    costs: Floats


@dataclass(frozen=True, kw_only=True)
class Experience:
    """The trials of all tasks, in one table.

    Attributes:
        tasks: In the order of their names.
        configs: Of all trials of all tasks, one task after the other, under the family's names.
        known: What the family advises to begin with, as far as it can be valued here.
        table: The same as numbers, the known ones last.
        domains: Where each parameter was tried, those that never varied too.
        remarks: What was left out, in sentences.
    """

    tasks: tuple[Task, ...]
    configs: tuple[Config, ...]
    known: tuple[Config, ...]
    table: Table
    domains: Mapping[str, Domain]
    remarks: tuple[str, ...] = ()


def experience(
    trials: Mapping[str, Iterable[Trial]], family: Family, direction: Direction, logarithmic: Iterable[str] = ()
) -> Experience:
    """The complete trials of tasks, under the family's names.

    Args:
        trials: Of each task, by its name; parameters may have any name that the family knows.
        family: What was tuned.
        direction: Whether less or more is better.
        logarithmic: What was searched on a logarithmic scale, besides what the family searches so.

    Raises:
        NothingLearnt: No task has enough complete trials with a parameter of the family.
        InvalidFile: A value is none that the library accepts, or two names mean the same.
    """
    meaning = binding.meanings(family, None)
    given = {
        name: [trial for trial in each if trial.state == "complete" and trial.value is not None]
        for name, each in sorted(trials.items())
    }
    _refuse_doubles({name for each in given.values() for trial in each for name in trial.config}, meaning)
    tried = {name: [_tried(trial, family, meaning, direction) for trial in each] for name, each in given.items()}
    configs = [one.config for each in tried.values() for one in each]
    scales = {meaning[name] for name in logarithmic if name in meaning}
    domains = {name: _domain(name, family.parameters[name], configs, name in scales) for name in _used(family, configs)}
    kept = {name: [one for one in each if _fits(one.config, domains, family)] for name, each in tried.items()}
    enough = {name: each for name, each in kept.items() if _says_something(each)}
    if not enough or not domains:
        raise NothingLearnt(_nothing(given, meaning))
    remarks = (*_left_out(tried, kept, enough), *_refused_words(configs, family), *_strangers(given, meaning))
    found = _joined(enough, domains, family, remarks)
    if not found.table.axes:
        raise NothingLearnt("no parameter of the family varies in these trials, so there is nothing to compare")
    return found


def _tried(trial: Trial, family: Family, meaning: Mapping[str, str], direction: Direction) -> Tried:
    config = {
        meaning[name]: _worded(family.parameters[meaning[name]], value)
        for name, value in trial.config.items()
        if name in meaning
    }
    value = float(trial.value or 0.0)  # none is None
    return Tried(config, -value if direction == "maximize" else value)


def _worded(parameter: Parameter, value: Value) -> Value:
    """The value in the family's words, where it is one of another library's."""
    return parameter.words.get(value, value) if isinstance(value, str) else value


def _says_something(trials: Sequence[Tried]) -> bool:
    return len(trials) >= FEWEST and len({one.cost for one in trials}) > 1


def _used(family: Family, configs: Iterable[Config]) -> list[str]:
    """The parameters that occur, in the family's order."""
    names = {name for config in configs for name in config}
    return [name for name in family.parameters if name in names]


def _joined(
    trials: Mapping[str, Sequence[Tried]], domains: Mapping[str, Domain], family: Family, remarks: tuple[str, ...]
) -> Experience:
    configs = tuple(one.config for each in trials.values() for one in each)
    conditions = {
        name: {parent: wanted for parent, wanted in (family.parameters[name].when or {}).items() if parent in domains}
        for name in domains
    }
    known = advised(family, domains)
    table = importance.tabulate([*configs, *known], domains, {n: when for n, when in conditions.items() if when})
    tasks, begin = [], 0
    for name, each in trials.items():
        costs = np.array([one.cost for one in each])
        tasks.append(Task(name=name, rows=slice(begin, begin + len(each)), costs=costs))
        begin += len(each)
    return Experience(tasks=tuple(tasks), configs=configs, known=known, table=table, domains=domains, remarks=remarks)


# Where each parameter was tried


def _domain(name: str, parameter: Parameter, configs: Sequence[Config], is_logarithmic: bool) -> Domain:  # noqa: FBT001
    tried = [config[name] for config in configs if name in config]
    distinct = sorted({(isinstance(value, bool), value) for value in tried}, key=lambda one: (str(type(one[1])), one))
    accepted = {one for one in distinct if parameter.valid.accepts(one[1])}
    choices = tuple(one[1] for one in distinct if one in accepted)
    if not choices:
        shown = ", ".join(shown_value(value) for _, value in distinct[:3])
        sentence = f"{name} was {shown}, which the library does not accept"
        raise InvalidFile([Problem(sentence=sentence, hint="write the values as the library has them")])
    values = [value for value in tried if (isinstance(value, bool), value) in accepted]
    if parameter.valid.type == "categorical":
        return Choice(choices=choices)
    words = [value for value in choices if not is_number(value)]
    if words and len(choices) <= _MOST_WORDS:
        return Choice(choices=choices)
    numbers = [float(value) for value in values if isinstance(value, int | float) and is_number(value)]
    positive = [number for number in numbers if number > 0]
    searched_so = is_logarithmic or (parameter.search is not None and parameter.search.log)
    log = searched_so and len(numbers) - len(positive) <= _FEW * len(numbers)
    used = positive if log else numbers
    return Numeric(low=min(used), high=max(used), log=log, integer=parameter.valid.type == "int")


def _fits(config: Config, domains: Mapping[str, Domain], family: Family) -> bool:
    return all(
        _is_inside(domains[name], value) and family.parameters[name].valid.accepts(value)
        for name, value in config.items()
    )


def _is_inside(domain: Domain, value: Value) -> bool:
    if isinstance(domain, Choice):
        return any(same(value, choice) for choice in domain.choices)
    return isinstance(value, int | float) and is_number(value) and (value > 0 or not domain.log)


# What is said


def _refuse_doubles(names: Iterable[str], meaning: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for name in sorted(names):
        if name in meaning and first.setdefault(meaning[name], name) != name:
            sentence = f"{first[meaning[name]]} and {name} both mean {meaning[name]}"
            raise InvalidFile([Problem(sentence=sentence, hint="keep one of them")])


def _left_out(
    tried: Mapping[str, Sequence[Tried]], kept: Mapping[str, Sequence[Tried]], enough: Mapping[str, Sequence[Tried]]
) -> Iterator[str]:
    left = sum(len(tried[name]) - len(each) for name, each in kept.items())
    if left:
        reason = "the library does not accept a value, or it is not on the scale of the others"
        yield f"{counted(left, 'trial')} left out: {reason}"
    few = [name for name in kept if name not in enough]
    if few:
        reason = f"fewer than {FEWEST} complete trials with different values"
        yield f"{counted(len(few), 'task')} left out, with {reason}: {', '.join(few[:5])}{', ...' if few[5:] else ''}"


def _refused_words(configs: Iterable[Config], family: Family) -> Iterator[str]:
    """Words and truth values that the library does not have, perhaps misspelt: their trials are left out."""
    found = Counter(
        (name, value)
        for config in configs
        for name, value in config.items()
        if not is_number(value) and not family.parameters[name].valid.accepts(value)
    )
    for (name, value), count in sorted(found.items(), key=lambda item: (item[0][0], str(item[0][1]))):
        hint = did_you_mean(shown_value(value), map(str, family.parameters[name].valid.choices or ()))
        reason = f"which the library does not accept{f'; {hint}' if hint else ''}"
        yield f"{name} was {shown_value(value)} in {counted(count, 'trial')}, {reason}"


def _strangers(trials: Mapping[str, Sequence[Trial]], meaning: Mapping[str, str]) -> Iterator[str]:
    """Names that the family does not know and that varied."""
    seen: dict[str, set[str]] = {}
    for trial in (trial for each in trials.values() for trial in each):
        for name in trial.config.keys() - meaning.keys():
            seen.setdefault(name, set()).add(repr(trial.config[name]))
    for name in sorted(name for name, values in seen.items() if len(values) > 1):
        hint = did_you_mean(name, meaning)
        yield f"{name} is no parameter of the family and counts as noise{f'; {hint}' if hint else ''}"


def _nothing(trials: Mapping[str, Sequence[Trial]], meaning: Mapping[str, str]) -> str:
    names = sorted({name for each in trials.values() for trial in each for name in trial.config})
    if not any(name in meaning for name in names):
        shown = ", ".join(names[:10]) or "nothing"
        return f"nothing can be learnt: no setting is a parameter of the family; the trials set {shown}"
    most = max(map(len, trials.values()), default=0)
    return (
        f"nothing can be learnt: a task needs {FEWEST} complete trials with different values; "
        f"of {counted(len(trials), 'task')} the largest has {most}"
    )
