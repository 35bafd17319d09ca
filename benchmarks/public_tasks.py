"""Public trials of others as tasks to search, and the spec that a person would write for each.

The data lie outside the repository, in the folder that ``ADVISOR_BENCH_DATA`` names (by default ``../shared/trials``).
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import advisor

DATA: Final = Path(os.environ.get("ADVISOR_BENCH_DATA", Path(__file__).parents[2] / "shared" / "trials"))
CHOOSE_EVERY: Final = 3
"""Policies are chosen on each third task of a scenario, by name, and judged on the others."""

Config = dict[str, Any]


class Task(Protocol):
    """A task to be searched: a wide space, and the error of any configuration in it."""

    scenario: str
    task: str
    family: str
    space: Mapping[str, Mapping[str, Any]]

    def __call__(self, config: Mapping[str, Any]) -> float:
        """The error of a configuration."""

    def batch(self, configs: Sequence[Mapping[str, Any]]) -> Sequence[float]:
        """The errors of several."""

    def random(self, n: int, seed: int) -> list[Config]:
        """Configurations drawn from the space, uniformly on the scale of each range."""


class Scale(NamedTuple):
    """What a task's errors are measured by.

    Attributes:
        best: The lowest error known.
        median: That of random configurations.
    """

    best: float
    median: float

    def regret(self, error: float) -> float:
        """How far an error is from the best, as a share of what the median random configuration is; 0 is the best."""
        return max(0.0, error - self.best) / max(self.median - self.best, 1e-12)


def missing() -> str:
    """Why there is nothing to search here; empty where there is."""
    if not (DATA / "provingground.py").is_file():
        return f"no trials in {DATA}; set ADVISOR_BENCH_DATA to a folder that has them"
    absent = [name for name in ("onnxruntime", "pandas", "pyarrow", "optuna") if importlib.util.find_spec(name) is None]
    return f"{', '.join(absent)} is not installed" if absent else ""


def _reader() -> Any:
    """The module beside the data that opens them."""
    name = "provingground"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
        assert spec is not None  # noqa: S101 - missing() was asked
        assert spec.loader is not None  # noqa: S101
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def scenarios() -> tuple[str, ...]:
    """The names of all collections of tasks."""
    reader = _reader()
    return (*reader.SURROGATES, *reader.GRIDS)


def names(scenario: str, part: str = "judge", most: int | None = None) -> list[str]:
    """The tasks of a scenario.

    Args:
        scenario: One of ``scenarios()``.
        part: ``choose`` for the third on which policies are chosen, ``judge`` for the others, or ``all``.
        most: Take so many at most, spread evenly over the names.
    """
    found = list(_reader().tasks(scenario))
    if part != "all":
        found = [name for at, name in enumerate(found) if (at % CHOOSE_EVERY == 0) == (part == "choose")]
    if most is None or most >= len(found):
        return found
    return [found[at * len(found) // most] for at in range(most)]


def opened(scenario: str, name: str) -> Task:
    """One task."""
    task: Task = _reader().load(scenario, name)
    return task


def spec_of(task: Task, trials: int, **changes: Any) -> advisor.Spec:
    """What a person would write who has this space and so many trials: the family, and the space as it is.

    Args:
        task: The task.
        trials: The budget.
        changes: Sections of the spec to add or to put in place of these.
    """
    loss = task.scenario in {"fcnet", "steplaw_dense"}
    return advisor.Spec.model_validate(
        {
            "version": 1,
            "model": {"family": task.family, "task": "regression" if loss else "classification"},
            "objective": {"metric": "loss" if loss else "error", "direction": "minimize"},
            "budget": {"trials": trials},
            "space": task.space,
            "scope": "closed",
        }
        | changes
    )


def completed(task: Task, config: Mapping[str, Any]) -> Config:
    """The configuration with what has an effect in the task, and only that.

    A surrogate answers what it was never fitted to, and knows nothing of it. What is missing, as it has no effect in
    the family's library, has the middle of its range.
    """
    full: Config = {}
    for name, entry in task.space.items():
        if all(config.get(parent) in values for parent, values in (entry.get("when") or {}).items()):
            full[name] = config[name] if name in config else _middle(entry)
    return full


def _middle(entry: Mapping[str, Any]) -> Any:
    if "choices" in entry:
        return entry["choices"][0]
    return (entry["low"] + entry["high"]) / 2


# The scale of a task


def scale(task: Task, *, random: int = 3000, rounds: int = 4, around: int = 300) -> Scale:
    """The best error of many random configurations and of several rounds of small changes of the best, and the median.

    Args:
        task: The task.
        random: Random configurations.
        rounds: Rounds of changes.
        around: Changes a round, of the ten best configurations.
    """
    import numpy as np

    _, errors = searched(task, random=random, rounds=rounds, around=around, seed=0)
    return Scale(best=float(errors.min()), median=float(np.median(errors[:random])))


def searched(task: Task, *, random: int, rounds: int, around: int, seed: int) -> tuple[list[Config], Any]:
    """Random configurations and rounds of changes of the ten best so far, with their errors; arguments as above."""
    import numpy as np

    generator = np.random.default_rng(seed)
    configs = task.random(random, seed=seed)
    errors = np.asarray(task.batch(configs))
    for number in range(rounds):
        best = [configs[at] for at in np.argsort(errors, kind="stable")[:10]]
        width = 0.2 / 2**number
        near = [_changed(task, best[at % len(best)], width, generator) for at in range(around)]
        configs += near
        errors = np.concatenate([errors, task.batch(near)])
    return configs, errors


def _changed(task: Task, config: Config, width: float, generator: Any) -> Config:
    """The configuration with every number moved by about so much of its range."""
    import math

    changed = dict(config)
    for name, entry in task.space.items():
        if name not in config or "choices" in entry:
            continue
        low, high, value = (float(end) for end in (entry["low"], entry["high"], config[name]))
        low, high, value = map(math.log, (low, high, value)) if entry.get("log") else (low, high, value)
        value = min(max(value + width * (high - low) * generator.standard_normal(), low), high)
        value = math.exp(value) if entry.get("log") else value
        whole = entry["type"] == "int"
        changed[name] = round(value) if whole else min(max(value, entry["low"]), entry["high"])
    return changed


def kept(folder: Path | None, name: str, make: Callable[[], list[Any]]) -> list[Any]:
    """What a file holds, made and written where it is not there."""
    if folder is None:
        return make()
    file = folder / f"{name}.json"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(make()))
    kept: list[Any] = json.loads(file.read_text())
    return kept
