"""How long learning takes, and what it is worth on tasks that were not learnt from.

    python benchmarks/learning.py [--only time,transfer] [--timed 119] [--scenarios A,B] [--tasks 20] [--trials 400]

*Time*: 119 synthetic tasks of 1,000 trials over eight parameters; seconds of one core, and by the clock.
*Transfer*: each fifth of a scenario's tasks is judged by what was learnt from the others. Columns are mean regrets with
95 % intervals over tasks; 0 is the best error known of a task, 1 the median of random configurations. They are those of
the best of the learnt starts alone, of as many random configurations, of 30 random ones within the learnt ranges and
within the whole space, and of 100 trials of Optuna's default sampler. It needs what ``ADVISOR_BENCH_DATA`` names.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import public_tasks
from public_tasks import Config, Scale, Task

from advisor import binding, learning
from advisor.learning import Learnt

FOLDS: Final = 5
FEW: Final = 30
REPEATS: Final = 20
SCENARIOS: Final = ("rbv2_xgboost", "rbv2_svm", "rbv2_rpart")


class Judged(NamedTuple):
    """The regrets on one task."""

    starts: float
    random_as_many: float
    learnt_ranges: float
    whole_space: float
    optuna: float


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="time,transfer")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--timed", type=int, default=119, help="tasks of the first table")
    parser.add_argument("--tasks", type=int, default=20)
    parser.add_argument("--trials", type=int, default=400)
    given = parser.parse_args()
    if "time" in given.only:
        _print_time(given.timed)
    if "transfer" in given.only:
        if reason := public_tasks.missing():
            print(f"skipped: {reason}")
            return
        _print_transfer(given.scenarios.split(","), given.tasks, given.trials)


# Time


def _print_time(tasks: int, trials: int = 1000) -> None:
    made = {f"task-{number}": list(_synthetic(number, trials)) for number in range(tasks)}
    clock, processor = time.perf_counter(), time.process_time()
    found = learning.learn(made, "lightgbm")
    print(f"| tasks | trials | starts | seconds of one core | by the clock |\n{'| --- ' * 5}|")
    taken = f"{time.process_time() - processor:.0f} | {time.perf_counter() - clock:.0f}"
    print(f"| {found.tasks} | {found.trials:,} | {len(found.starts)} | {taken} |\n")


def _synthetic(task: int, trials: int) -> Iterator[tuple[Config, float]]:
    """Errors that are least about a place of the task, with noise."""
    generator = np.random.default_rng(task)
    ranges = {
        "learning_rate": (0.001, 0.5),
        "reg_alpha": (1e-5, 100.0),
        "reg_lambda": (1e-5, 100.0),
        "subsample": (0.3, 1.0),
        "colsample_bytree": (0.2, 1.0),
        "min_child_samples": (1, 200),
        "num_leaves": (4, 500),
        "n_estimators": (20, 4000),
    }
    places = generator.normal(0.5, 0.15, size=len(ranges))
    for units in generator.random((trials, len(ranges))):
        config: Config = {}
        for unit, (name, (low, high)) in zip(units, ranges.items(), strict=True):
            value = math.exp(math.log(low) + unit * math.log(high / low))
            config[name] = round(value) if isinstance(low, int) else value
        weights = 0.5 ** np.arange(len(ranges))
        yield config, float(weights @ (units - places) ** 2 + 0.01 * generator.normal())


# Transfer


def _print_transfer(scenarios: Sequence[str], most: int, trials: int) -> None:
    names = ("tasks", "learnt starts", "as many random", f"{FEW} in learnt ranges", f"{FEW} in the space", "Optuna 100")
    print(f"| scenario | {' | '.join(names)} |\n{'| --- ' * 7}|", flush=True)
    for scenario in scenarios:
        judged = list(_folds(scenario, most, trials))
        columns = [_interval(np.array(column)) for column in zip(*judged, strict=True)]
        print(f"| {scenario} | {len(judged)} | {' | '.join(columns)} |", flush=True)


def _interval(regrets: Any) -> str:
    drawn = np.random.default_rng(0).integers(len(regrets), size=(2000, len(regrets)))
    low, high = np.quantile(regrets[drawn].mean(axis=1), [0.025, 0.975])
    return f"{regrets.mean():.3f} ({low:.3f} to {high:.3f})"


def _folds(scenario: str, most: int, trials: int) -> Iterator[Judged]:
    tasks = [public_tasks.opened(scenario, name) for name in public_tasks.names(scenario, "all", most)]
    tried = {task.task: _tried(task, trials, seed) for seed, task in enumerate(tasks)}
    for fold in range(FOLDS):
        left = tasks[fold::FOLDS]
        rest = {task.task: tried[task.task] for task in tasks if task not in left}
        found = learning.learn(rest, tasks[0].family)
        yield from (_judged(task, found) for task in left)


def _tried(task: Task, trials: int, seed: int) -> list[tuple[Config, float]]:
    configs = task.random(trials, seed=seed)
    return list(zip(configs, map(float, task.batch(configs)), strict=True))


def _judged(task: Task, found: Learnt) -> Judged:
    from rivals import RIVALS

    scale = public_tasks.scale(task)
    starts = list(_starts(task, found))
    narrowed: Any = copy.copy(task)
    narrowed.space = {name: _narrowed(task, found, name) for name in task.space}
    return Judged(
        starts=scale.regret(min(map(float, task.batch(starts)))),
        random_as_many=_expected(task, scale, task, len(starts)),
        learnt_ranges=_expected(task, scale, narrowed, FEW),
        whole_space=_expected(task, scale, task, FEW),
        optuna=scale.regret(min(RIVALS["tpe"].search(task, 100, 0, None))),
    )


def _expected(task: Task, scale: Scale, drawn: Task, count: int) -> float:
    """The regret of the best of so many random configurations, in the mean of some draws."""
    errors = np.asarray(task.batch(drawn.random(REPEATS * count, seed=1))).reshape(REPEATS, count)
    return float(np.mean([scale.regret(float(error)) for error in errors.min(axis=1)]))


def _starts(task: Task, found: Learnt) -> Iterator[Config]:
    """The learnt starts under the task's own names; what the family does not know is drawn at random."""
    meaning = _meaning(task, found)
    other = task.random(1, seed=0)[0]
    for start in found.starts:
        config = {name: start.values[known] for name, known in meaning.items() if known in start.values}
        unknown = {name: value for name, value in other.items() if name not in meaning}
        yield {name: _theirs(task, found, name, value) for name, value in {**unknown, **config}.items()}


def _meaning(task: Task, found: Learnt) -> dict[str, str]:
    known = binding.meanings(found.family, None)
    return {name: known[name] for name in task.space if name in known}


def _theirs(task: Task, found: Learnt, name: str, value: Any) -> Any:
    """The value in the task's words."""
    choices = task.space[name].get("choices") or ()
    if not choices or value in choices:
        return value
    words = found.family.parameters[_meaning(task, found)[name]].words
    return next(theirs for theirs, ours in words.items() if ours == value and theirs in choices)


def _narrowed(task: Task, found: Learnt, name: str) -> Mapping[str, Any]:
    """The range of a parameter as learnt, within the task's own."""
    entry = task.space[name]
    one = found.parameters.get(_meaning(task, found).get(name, ""))
    if one is None or one.search is None or one.search.choices is not None or "low" not in entry:
        return entry
    assert isinstance(one.search.low, int | float)  # noqa: S101 - what is learnt are numbers
    assert isinstance(one.search.high, int | float)  # noqa: S101
    low, high = max(entry["low"], one.search.low), min(entry["high"], one.search.high)
    return {**entry, "low": low, "high": high} if low < high else entry


if __name__ == "__main__":
    main()
