"""What `advisor learn` makes of public trials: each fifth of a collection has what the other four fifths taught.

A task that teaches gives what a team's past studies would hold: random configurations, and changes of good ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import public_tasks
from public_tasks import Config, Task

from advisor import learning

FOLDS: Final = 5
MOST_TEACHERS: Final = 40
RANDOM: Final = 600
ROUNDS: Final = 3
AROUND: Final = 100


def fold_of(scenario: str, name: str) -> int:
    """Which fifth of a collection's tasks a task belongs to."""
    return public_tasks.names(scenario, "all").index(name) % FOLDS


def teachers(scenario: str, fold: int) -> list[str]:
    """The tasks of the other fifths, so many at most, spread evenly over the names."""
    found = [name for at, name in enumerate(public_tasks.names(scenario, "all")) if at % FOLDS != fold]
    count = min(len(found), MOST_TEACHERS)
    return [found[at * len(found) // count] for at in range(count)]


def knowledge(scenario: str, fold: int, folder: Path) -> Path:
    """The folder with what the other fifths taught; learnt if it is not there yet, whatever was shipped by then.

    It is there as a whole or not at all, as several processes may ask for it.
    """
    there = folder / scenario / f"without-{fold}"
    if not there.is_dir():
        tasks = [public_tasks.opened(scenario, name) for name in teachers(scenario, fold)]
        tried = {task.task: _tried(task, seed) for seed, task in enumerate(tasks)}
        found = learning.learn(tried, tasks[0].family, metric="error", source=f"{len(tasks)} tasks of {scenario}")
        there.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=there.parent) as made:
            learning.save(found, Path(made) / there.name)
            try:
                (Path(made) / there.name).rename(there)
            except OSError:
                if not there.is_dir():  # another process was first, where it is
                    raise
    return there


def _tried(task: Task, seed: int) -> Sequence[tuple[Config, float]]:
    configs, errors = public_tasks.searched(task, random=RANDOM, rounds=ROUNDS, around=AROUND, seed=seed)
    return list(zip(configs, map(float, errors), strict=True))
