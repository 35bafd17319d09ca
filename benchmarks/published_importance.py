"""How far measured importance agrees with what others published of the same models, over real trials of many tasks.

    python benchmarks/published_importance.py [--quick] [--tasks N]

The trials are those of van Rijn and Hutter (2018) of random forests and AdaBoost on OpenML tasks, and a grid of support
vector machines (github.com/wistuba/TST). ``advisor.measure`` sees the trials of one task at a time. Beside it stand the
fANOVA shares of van Rijn and Hutter, in part of the same tasks; those of the University of Tartu (Bahmani and others,
2021) on data sets of its own; and the tunability of Probst, Boulesteix and Bischl (2019): what tuning one parameter
alone gains over a default. That is another question than a share of the variance, so the same gain by our model stands
beside it, over a default that is good on all tasks.

Rank correlations are Spearman's, between the medians over tasks of the parameters that both have; intervals are
bootstraps over the tasks of both sides. Where some tasks are the same, the mean correlation within a task stands there
too. Sources list data sets twice: van Rijn's shares stand in two files, of which one is read; those of Tartu under
several names of a file and with imputation as a parameter and without, of which one name is read, without it.

Trials are read where ``ADVISOR_BENCH_DATA`` says, by default ``../shared/trials`` beside the repository.
"""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import advisor
from advisor.importance import Axis
from advisor.importance._net import switched_off
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.table import Floats
from advisor.space import Choice, Value, is_number

Row = Mapping[str, Any]
Config = dict[str, Value]
Figures = dict[str, dict[str, float]]
"""By task, then by our name of the parameter."""

FOLDER: Final = Path(os.environ.get("ADVISOR_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "trials") / "tables"
_RESAMPLES: Final = 2000
_FEW_TASKS: Final = 5
_IMPUTATION: Final = {"choices": ["mean", "median", "most_frequent"]}
_TWICE: Final = re.compile(r"\s*\(\d+\)(?=\.csv$)")
"""What a browser adds to the name of a file that is there already."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """Figures of others.

    Attributes:
        title: Who, of what.
        read: The figures.
        question: Which of our figures answers the same question.
        same_tasks: Whether some tasks are ours.
    """

    title: str
    read: Callable[[], Figures]
    question: Literal["share", "gain"] = "share"
    same_tasks: bool = False


@dataclass(frozen=True, kw_only=True)
class Study:
    """Trials of one model on many tasks, and what was published of it."""

    title: str
    table: str
    task: str
    score: str
    space: Mapping[str, Mapping[str, Any]]
    published: Sequence[Published]
    only: Mapping[str, Value]


class Found(NamedTuple):
    """What we say of the tasks of a study: shares of the variance, and gains of tuning one parameter alone."""

    share: Figures
    gain: Figures


# What others published


def _rows(table: str) -> list[dict[str, Any]]:
    from pyarrow import parquet

    rows: list[dict[str, Any]] = parquet.read_table(FOLDER / f"{table}.parquet").to_pylist()
    return rows


def _van_rijn(flow: str, names: Mapping[str, str]) -> Callable[[], Figures]:
    def read() -> Figures:
        found: Figures = {}
        for row in _rows("fanova_van_rijn"):
            if row["flow"] == flow and row["file"] == "ranks_plain_all" and row["param_name"] in names:
                task = str(row["task_id"]).removeprefix("Task ")
                found.setdefault(task, {})[names[row["param_name"]]] = row["variance_contribution"]
        return found

    return read


def _tartu(algorithm: str, names: Sequence[str]) -> Callable[[], Figures]:
    def read() -> Figures:
        found: Figures = {}
        for row in _rows("fanova200"):
            if row["algo"] == algorithm and not row["imputation"] and row["param"] in names:
                found.setdefault(_TWICE.sub("", row["dataset"]), {})[row["param"]] = row["importance"]
        return found

    return read


def _probst(learner: str, names: Mapping[str, str]) -> Callable[[], Figures]:
    def read() -> Figures:
        found: Figures = {}
        for row in _rows("probst_tunability_single"):
            if row["learner"] == learner and row["measure"] == "accuracy" and row["hp"] in names:
                gain = row["tuned_only"] - row["default"]
                found.setdefault(str(row["dataset"]), {})[names[row["hp"]]] = gain
        return found

    return read


STUDIES: Final = (
    Study(
        title="random forest",
        table="openml_rf",
        task="task_id",
        score="predictive_accuracy",
        only={},
        space={
            "min_samples_leaf": {"type": "int", "low": 1, "high": 20},
            "max_features": {"low": 0.1, "high": 0.9},
            "bootstrap": {"choices": [True, False]},
            "min_samples_split": {"type": "int", "low": 2, "high": 20},
            "criterion": {"choices": ["gini", "entropy"]},
            "imputation": _IMPUTATION,
        },
        published=(
            Published(
                title="van Rijn and Hutter, fANOVA",
                same_tasks=True,
                read=_van_rijn(
                    "random_forest",
                    {
                        "min. samples leaf": "min_samples_leaf",
                        "max. features": "max_features",
                        "bootstrap": "bootstrap",
                        "min. samples split": "min_samples_split",
                        "split criterion": "criterion",
                        "imputation": "imputation",
                    },
                ),
            ),
            Published(
                title="Tartu, fANOVA",
                read=_tartu("RF", ["min_samples_leaf", "max_features", "bootstrap", "min_samples_split", "criterion"]),
            ),
            Published(
                title="Probst and others, tunability of ranger",
                question="gain",
                read=_probst(
                    "ranger", {"min.node.size": "min_samples_leaf", "mtry": "max_features", "replace": "bootstrap"}
                ),
            ),
        ),
    ),
    Study(
        title="AdaBoost",
        table="openml_adaboost",
        task="task_id",
        score="predictive_accuracy",
        only={},
        space={
            "max_depth": {"type": "int", "low": 1, "high": 10},
            "learning_rate": {"low": 0.01, "high": 2.0, "log": True},
            "algorithm": {"choices": ["SAMME", "SAMME.R"]},
            "n_estimators": {"type": "int", "low": 50, "high": 500},
            "imputation": _IMPUTATION,
        },
        published=(
            Published(
                title="van Rijn and Hutter, fANOVA",
                same_tasks=True,
                read=_van_rijn(
                    "adaboost",
                    {
                        "max. depth": "max_depth",
                        "learning rate": "learning_rate",
                        "algorithm": "algorithm",
                        "iterations": "n_estimators",
                        "imputation": "imputation",
                    },
                ),
            ),
            Published(
                title="Tartu, fANOVA",
                read=_tartu("AB", ["max_depth", "learning_rate", "algorithm", "n_estimators"]),
            ),
        ),
    ),
    Study(
        title="SVM, RBF kernel only",
        table="svm_grid",
        task="dataset",
        score="acc",
        only={"kernel": "rbf"},
        space={
            "gamma": {"low": 1e-4, "high": 1e3, "log": True},
            "C": {"low": 2.0**-5, "high": 2.0**6, "log": True},
        },
        published=(
            Published(
                title="van Rijn and Hutter, fANOVA",
                read=_van_rijn("svc_kernel_rbf", {"gamma": "gamma", "complexity": "C"}),
            ),
        ),
    ),
    Study(
        title="SVM, three kernels",
        table="svm_grid",
        task="dataset",
        score="acc",
        only={},
        space={
            "kernel": {"choices": ["linear", "poly", "rbf"]},
            "gamma": {"low": 1e-4, "high": 1e3, "log": True, "when": {"kernel": "rbf"}},
            "C": {"low": 2.0**-5, "high": 2.0**6, "log": True},
            "degree": {"type": "int", "low": 2, "high": 10, "when": {"kernel": "poly"}},
        },
        published=(
            Published(title="Tartu, fANOVA", read=_tartu("SVM", ["kernel", "gamma", "C"])),
            Published(
                title="Probst and others, tunability of svm",
                question="gain",
                read=_probst("svm", {"kernel": "kernel", "gamma": "gamma", "cost": "C", "degree": "degree"}),
            ),
        ),
    ),
)


# What we measure


def measured(study: Study, most: int | None) -> Found:
    """Our figures, of the first tasks or of all."""
    trials: dict[str, list[tuple[Config, float]]] = {}
    for row in _rows(study.table):
        if all(row[name] == value for name, value in study.only.items()):
            trials.setdefault(str(row[study.task]), []).append((_config(study, row), float(row[study.score])))
    chosen = list(trials)[:most]
    default = _good_on_average({task: trials[task] for task in chosen}, study)
    found = Found({}, {})
    for task in chosen:
        one = advisor.measure(trials[task], study.space, direction="maximize")
        found.share[task] = {name: each.main.value for name, each in one.parameters.items()}
        if one.process is not None:
            found.gain[task] = dict(_gains(one.process, default))
    return found


def _config(study: Study, row: Row) -> Config:
    """The settings as the space has them: the tables hold whole numbers and truths as text."""
    return {name: _value(entry, row[name]) for name, entry in study.space.items() if row[name] is not None}


def _value(entry: Mapping[str, Any], value: Any) -> Value:
    if "choices" in entry:
        return next(choice for choice in entry["choices"] if str(choice) == str(value))
    return int(float(value)) if entry.get("type") == "int" else float(value)


def _good_on_average(trials: Mapping[str, Sequence[tuple[Config, float]]], study: Study) -> Config:
    """A default as Probst and others have it, one that is good on all tasks: the middle of each task's ten best."""
    best = [config for each in trials.values() for config, _ in sorted(each, key=lambda one: -one[1])[:10]]
    return {name: _middle([config[name] for config in best if name in config]) for name in study.space}


def _middle(values: Sequence[Value]) -> Value:
    numbers = sorted(float(value) for value in values if is_number(value) and value is not None)
    if len(numbers) == len(values):
        return numbers[len(numbers) // 2]
    return max(dict.fromkeys(values), key=values.count)


def _gains(process: GaussianProcess, default: Config) -> Iterator[tuple[str, float]]:
    """What tuning one parameter alone gains over the default, all others held there, by the model of costs."""
    axes = process.axes
    center = np.array([_nearest(axis, default[axis.name]) for axis in axes])
    for column, axis in enumerate(axes):
        points = np.tile(center, (len(axis.nodes) + 1, 1))
        points[1:, column] = axis.nodes
        costs = process.predict(switched_off(axes, points))
        yield axis.name, float(costs[0] - costs.min())


def _nearest(axis: Axis, value: Value) -> float:
    """The node of an axis that is nearest to a value."""
    if isinstance(axis.domain, Choice):
        return float(axis.nodes[axis.domain.choices.index(value)])
    scale = math.log if axis.domain.log else float
    return min(map(float, axis.nodes), key=lambda node: abs(scale(axis.value(node)) - scale(value)))


# How far both agree


class Agreement(NamedTuple):
    """A rank correlation and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def agreement(ours: Figures, theirs: Figures, names: Sequence[str], seed: int = 0) -> Agreement:
    """Of the medians over tasks; tasks are drawn anew on both sides, each of its own."""
    generator = np.random.default_rng(seed)
    left, right = _matrix(ours, names), _matrix(theirs, names)
    drawn = [
        _spearman(np.median(_again(left, generator), axis=0), np.median(_again(right, generator), axis=0))
        for _ in range(_RESAMPLES)
    ]
    return Agreement(_spearman(np.median(left, axis=0), np.median(right, axis=0)), *_ends(drawn))


def within_tasks(ours: Figures, theirs: Figures, names: Sequence[str], seed: int = 0) -> tuple[int, Agreement, float]:
    """Of the tasks that both have: how many, the mean of their correlations, and the mean distance of shares."""
    generator = np.random.default_rng(seed)
    both = [task for task in ours if task in theirs]
    left, right = (_matrix({task: one[task] for task in both}, names) for one in (ours, theirs))
    each = np.array([_spearman(*pair) for pair in zip(left, right, strict=True)])
    drawn = [float(_again(each, generator).mean()) for _ in range(_RESAMPLES)]
    return len(both), Agreement(float(each.mean()), *_ends(drawn)), float(np.abs(left - right).mean())


def _matrix(figures: Figures, names: Sequence[str]) -> Floats:
    """A row for each task; what could not be measured, as it never varied, explains nothing."""
    return np.array([[of.get(name, 0.0) for name in names] for of in figures.values()])


def _again(rows: Floats, generator: np.random.Generator) -> Floats:
    return rows[generator.integers(len(rows), size=len(rows))]


def _ends(drawn: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _spearman(left: Floats, right: Floats) -> float:
    """Correlation of ranks, equal values sharing theirs; 0 where one side does not vary."""
    ranks = [_ranks(each) for each in (left, right)]
    if not all(np.ptp(each) for each in ranks):
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(values: Floats) -> Floats:
    return np.array([(values < value).sum() + (values <= value).sum() for value in values], dtype=float)


# The table


def _print(study: Study, found: Found) -> None:
    print(f"\n{study.title}: {len(found.share)} tasks")
    for published in study.published:
        theirs, ours = published.read(), found.share if published.question == "share" else found.gain
        names = [name for name in study.space if any(name in figures for figures in theirs.values())]
        what = "share of the variance" if published.question == "share" else "gain of tuning it alone"
        print(f"  {published.title}, {len(theirs)} data sets: {what}")
        print(f"    {'':20}{'ours: mean':>12}{'median':>9}{'theirs: mean':>15}{'median':>9}")
        for name in names:
            both = [[one[name] for one in figures.values() if name in one] for figures in (ours, theirs)]
            cells = [[sum(each) / max(len(each), 1), median(each or [0.0])] for each in both]
            print(f"    {name:20}{cells[0][0]:12.4f}{cells[0][1]:9.4f}{cells[1][0]:15.4f}{cells[1][1]:9.4f}")
        print(f"    rank correlation of the medians of {len(names)} parameters {agreement(ours, theirs, names)}")
        if published.same_tasks:
            count, mean, apart = within_tasks(ours, theirs, names)
            print(f"    within each of {count} tasks of both {mean}; shares differ by {apart:.3f} on average")


def main() -> None:
    """Measure and print a table for each study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"the first {_FEW_TASKS} tasks of each study only")
    parser.add_argument("--tasks", type=int, help="so many tasks of each study only")
    given = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"skipped: the published trials are not at {FOLDER}; say where with ADVISOR_BENCH_DATA")
        return
    for study in STUDIES:
        _print(study, measured(study, given.tasks or (_FEW_TASKS if given.quick else None)))


if __name__ == "__main__":
    main()
