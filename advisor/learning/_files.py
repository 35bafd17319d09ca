"""Files: the trials of several tasks and the facts of the tasks that are read, and the knowledge that is written."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, Final

from advisor import binding, library, readers, yamlio
from advisor import facts as known_facts
from advisor.errors import InvalidFile, Problem, did_you_mean
from advisor.learning._learning import learn
from advisor.learning._learnt import Learnt
from advisor.learning._overlay import overlay
from advisor.learning._rules import cases
from advisor.readers import Loaded
from advisor.space import Numeric, shown_value
from advisor.spec import Direction
from advisor.trials import Trial
from advisor.validation import CASE_SUFFIX

COLUMN: Final = "task"
"""The column that names the task, where it is called so and nobody says otherwise."""
_HEAD: Final = "# Written by advisor learn."


def from_files(
    trials: Sequence[FilePath | str],
    family: str,
    *,
    facts: FilePath | None = None,
    source: str | None = None,
    seed: int = 0,
    **named: Any,
) -> Learnt:
    """What the trials of files say of a family.

    Args:
        trials: Files or folders that any tool wrote.
        family: What was tuned.
        facts: A CSV file with numbers of each task.
        source: Where the trials come from, as it is cited; the names of the files, if it is left out.
        seed: Of subsamples.
        named: What the files do not say; see ``lessons``.
    """
    known = binding.meanings(library.load(family).family, None)
    read = lessons(trials, known=known, **named)
    found = learn(
        read.trials,
        family,
        direction=read.direction,
        metric=read.metric,
        logarithmic=read.logarithmic,
        facts=None if facts is None else read_facts(facts),
        source=source or ", ".join(FilePath(str(path)).name for path in trials),
        seed=seed,
    )
    return replace(found, remarks=(*read.remarks, *found.remarks))


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """The trials of several tasks as files have them.

    Attributes:
        trials: Of each task, by its name.
        metric: What the value is called.
        direction: Whether less or more of it is better.
        logarithmic: The parameters that a file says, or shows, to be searched on a logarithmic scale.
        remarks: What a person should know of the files, in sentences.
    """

    trials: Mapping[str, tuple[Trial, ...]]
    metric: str
    direction: Direction
    logarithmic: tuple[str, ...]
    remarks: tuple[str, ...]


def lessons(
    paths: Sequence[FilePath | str],
    *,
    task_column: str | None = None,
    metric: str | None = None,
    direction: Direction | None = None,
    parameters: Collection[str] | None = None,
    known: Collection[str] = (),
) -> Lessons:
    """The trials of files or folders that any tool wrote: a file a task, or a column that names the task.

    Args:
        paths: Where they are.
        task_column: The column that names the task; ``task``, where there is one, if it is left out.
        metric: The figure that was optimised, where a file has several.
        direction: Whether less or more of it is better, where a file does not say.
        parameters: Which columns are hyperparameters, where a file does not tell them from results.
        known: Names that are surely hyperparameters, though they sound like results, such as ``cost``.

    Raises:
        InvalidFile: A file cannot be read, has no such column, or another metric or direction than the first.
    """
    sure = frozenset(known) | ({task_column} if task_column else set())
    named = frozenset(parameters) if parameters else None
    loaded = {str(path): _loaded(path, sure, metric, direction, named) for path in paths}
    if task_column and not any(task_column in each.parameters for each in loaded.values()):
        raise InvalidFile([Problem(sentence=f"no column {task_column!r} in {', '.join(loaded)}")])
    first = _of_one_metric(loaded)
    trials: dict[str, list[Trial]] = {}
    for path, each in loaded.items():
        for trial in (*each.trials, *each.outside):
            name = _task(trial, task_column or COLUMN) or _name(path, paths)
            trials.setdefault(name, []).append(_without(trial, task_column or COLUMN))
    scales = {n for each in loaded.values() for n, d in each.domains.items() if isinstance(d, Numeric) and d.log}
    return Lessons(
        trials={name: tuple(each) for name, each in trials.items()},
        metric=first.metric,
        direction=first.direction,
        logarithmic=tuple(sorted(scales)),
        remarks=tuple(f"{path}: {remark}" for path, each in loaded.items() for remark in each.remarks),
    )


def _of_one_metric(loaded: Mapping[str, Loaded]) -> Loaded:
    first, *others = loaded.items()
    for path, each in others:
        if (each.metric, each.direction) != (first[1].metric, first[1].direction):
            theirs = f"{first[0]} {first[1].metric}, {first[1].direction}"
            sentence = f"{path} has the metric {each.metric}, {each.direction}; {theirs}"
            raise InvalidFile([Problem(sentence=sentence, hint="learn from files of one metric")])
    return first[1]


def _loaded(
    path: FilePath | str,
    sure: frozenset[str],
    metric: str | None,
    direction: Direction | None,
    parameters: frozenset[str] | None,
) -> Loaded:
    """The trials of a file; what is surely a setting, or names the task, is among their settings."""
    found = readers.load_trials(path, metric=metric, direction=direction, parameters=parameters)
    missed = sure & (found.ignored.keys() if parameters is None else frozenset())
    if not missed:
        return found
    return readers.load_trials(path, metric=metric, direction=direction, parameters=missed | found.parameters.keys())


def _name(path: str, paths: Sequence[FilePath | str]) -> str:
    """The name of a task that is a file of its own: that of the file, with its folder where another has the same."""
    stems = [FilePath(str(each)).stem for each in paths]
    here = FilePath(path)
    return here.stem if stems.count(here.stem) == 1 else f"{here.parent.name}/{here.stem}"


def _task(trial: Trial, column: str) -> str:
    return shown_value(trial.config[column]) if column in trial.config else ""


def _without(trial: Trial, column: str) -> Trial:
    if column not in trial.config:
        return trial
    return trial.model_copy(update={"config": {n: v for n, v in trial.config.items() if n != column}})


def save(found: Learnt, folder: FilePath) -> FilePath:
    """Write the knowledge into a folder, which is made if it is not there; the file of the family.

    Raises:
        InvalidFile: It cannot be written, or a file is there that was not learnt.
    """
    name = found.family.family
    contents = {folder / f"{name}.yaml": overlay(found), folder / f"{name}{CASE_SUFFIX}": cases(found)}
    try:
        for path in contents:
            if path.exists() and not path.read_text("utf-8").startswith(_HEAD):
                raise InvalidFile([Problem(sentence=f"{path} was not learnt", hint="name another folder")])
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in contents.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(f"{_HEAD}\n{yamlio.dump(data)}", encoding="utf-8", newline="\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile([Problem(sentence=f"knowledge cannot be written to {folder}: {error}")]) from error
    return folder / f"{name}.yaml"


def read_facts(path: FilePath) -> dict[str, dict[str, float]]:
    """Numbers of each task from a CSV file: a column ``task``, and columns such as ``rows``, ``features``, ``classes``.

    Raises:
        InvalidFile: It cannot be read, has no column ``task``, or a column that is no fact about data.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFile([Problem(sentence=f"{path} cannot be read: {error}")]) from error
    names = [name for name in (rows[0] if rows else {}) if name and name != COLUMN]
    known = [name.removeprefix("data.") for name in known_facts.names() if name.startswith("data.")]
    problems = [
        Problem(
            sentence=f"{path}: no fact {name!r} about data",
            hint=did_you_mean(name, known) or f"known: {', '.join(known)}",
        )
        for name in names
        if name not in known
    ]
    if not rows or COLUMN not in rows[0]:
        problems.append(Problem(sentence=f"{path}: no column {COLUMN!r} with the names of tasks"))
    else:
        twice = [name for name, count in Counter(row[COLUMN] for row in rows).items() if count > 1]
        problems += [Problem(sentence=f"{path}: the task {name} has several rows", hint="keep one") for name in twice]
    if problems:
        raise InvalidFile(problems)
    return {row[COLUMN]: dict(_numbers(path, row, names)) for row in rows}


def _numbers(path: FilePath, row: Mapping[str, str], names: Iterable[str]) -> Iterable[tuple[str, float]]:
    for name in names:
        if row[name]:
            try:
                number = float(row[name])
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise InvalidFile([Problem(sentence=f"{path}: {name} of {row[COLUMN]} is {row[name]!r}, no number")])
            yield name, number
