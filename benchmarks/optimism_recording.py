"""Searches by real training, recorded with what each trial is worth on rows that were never searched on.

A search of 100 trials of Optuna's TPE on each table, the library's default first, on a training part of 300 to 1,000
rows, with the 3-fold error and the error on up to 4,000 rows held back of every trial, and five more cross-validations
with fresh folds of the default and of the eight best. Tables and spaces are those of ``realtraining.py`` in the folder
``ADVISOR_BENCH_DATA``.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rivals import suggested

Config = dict[str, Any]
DATA = Path(os.environ.get("ADVISOR_BENCH_DATA", "../shared/trials"))
TRIALS = 100
REPEATS = 5
REPEATED = 8
"""Of the best trials, those that are evaluated again with fresh folds."""
ROWS = (300, 600, 1000)
"""Sizes of the training part, in turn."""
TREE: Mapping[str, Config] = {
    "max_depth": {"type": "int", "low": 1, "high": 30, "log": False},
    "min_samples_leaf": {"type": "int", "low": 1, "high": 100, "log": True},
    "min_samples_split": {"type": "int", "low": 2, "high": 100, "log": True},
    "max_features": {"type": "float", "low": 0.1, "high": 1.0, "log": False},
    "ccp_alpha": {"type": "float", "low": 1e-6, "high": 0.1, "log": True},
    "criterion": {"type": "categorical", "choices": ["gini", "entropy"]},
}
"""A family that trains in a hundredth of a second, and whose default overfits."""


class Problem(NamedTuple):
    """A family to be tuned on one table.

    Attributes:
        family: The family of models.
        table: The name of the table.
        x: Columns of the training part.
        y: Classes of the training part.
        held_x: Columns of the rows held back.
        held_y: Classes of the rows held back.
    """

    family: str
    table: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]
    held_x: NDArray[np.float64]
    held_y: NDArray[np.int64]


def record(folder: Path, family: str, tables: int) -> None:
    """Write what a search and its repetitions found, a row a trial, one table after the other; goes on where it was."""
    sys.path.insert(0, str(DATA))
    path = folder / f"optimism_{family}.csv"
    done = {row["table"] for row in csv.DictReader(path.open())} if path.exists() else set()
    for index, table in enumerate(_tables(tables)):
        if table in done:
            continue
        began = time.time()
        rows = _recorded(_problem(family, table, ROWS[index % len(ROWS)]))
        with path.open("a", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            if not done:
                writer.writeheader()
            writer.writerows(rows)
        done.add(table)
        print(f"{family} {table}: {len(rows)} trials, {time.time() - began:.0f} s", flush=True)


def _tables(count: int) -> list[str]:
    """Tables of 700 rows and more, with up to four classes, in an order that spreads sources and sizes."""
    with (DATA / "datasets/INDEX.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["task"] == "clf" and int(row["n"]) >= 700]
    fit = [row["file"] for row in rows if int(float(row["n_classes"])) <= 4 and 4 <= int(row["p"]) <= 60]
    order = np.random.default_rng(0).permutation(len(fit))
    return [sorted(fit)[place] for place in order[:count]]


def _problem(family: str, table: str, rows: int) -> Problem:
    from realtraining import data
    from sklearn.model_selection import train_test_split

    one, other, y_one, y_other = data(table, DATA)
    x, y = np.vstack([one, other]), np.concatenate([y_one, y_other])
    size = min(rows, int(0.6 * len(y)))
    a, b, y_a, y_b = train_test_split(x, y, train_size=size, stratify=y, random_state=0)
    return Problem(family, table, a, y_a, b[:4000], y_b[:4000])


def _recorded(problem: Problem) -> list[dict[str, Any]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.enqueue_trial(_default(problem))
    rows: list[dict[str, Any]] = []
    wrongs: list[NDArray[np.bool_]] = []
    for _ in range(TRIALS):
        trial = study.ask()
        config, began = suggested(trial, _space(problem.family)), time.time()
        wrong, folds = _validated(problem, config, 0)
        study.tell(trial, float(np.mean(folds)))
        wrongs.append(wrong)
        rows.append(_row(problem, config, folds, trial.number, began))
        rows[-1] |= {"worse": int(np.sum(wrong & ~wrongs[0])), "better": int(np.sum(wrongs[0] & ~wrong)), "again": "[]"}
    best = sorted(range(TRIALS), key=lambda number: float(rows[number]["error"]))[:REPEATED]
    for number in {0, *best}:
        config = json.loads(rows[number]["config"])
        again = [np.mean(_validated(problem, config, 1 + repeat)[1]) for repeat in range(REPEATS)]
        rows[number]["again"] = json.dumps([round(float(value), 6) for value in again])
    return rows


def _row(problem: Problem, config: Config, folds: Sequence[float], number: int, began: float) -> dict[str, Any]:
    return {
        "family": problem.family,
        "table": problem.table,
        "rows": len(problem.y),
        "held_rows": len(problem.held_y),
        "number": number,
        "config": json.dumps(config),
        "error": round(float(np.mean(folds)), 6),
        "folds": json.dumps([round(float(value), 6) for value in folds]),
        "held": round(_held_error(problem, config), 6),
        "seconds": round(time.time() - began, 3),
    }


def _space(family: str) -> Mapping[str, Config]:
    from realtraining import SPACES

    found: Mapping[str, Config] = TREE if family == "decision-tree" else SPACES[family]
    return found


def _model(family: str, config: Config) -> Any:
    from realtraining import model
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=0, **config) if family == "decision-tree" else model(family, config)


def _default(problem: Problem) -> Config:
    """The library's default, moved into the ranges."""
    if problem.family == "svm":
        return {"C": 1.0, "kernel": "rbf", "gamma": 1 / (problem.x.shape[1] * float(problem.x.var()))}
    if problem.family == "decision-tree":
        grown = {"max_depth": 30, "min_samples_leaf": 1, "min_samples_split": 2}
        return {**grown, "max_features": 1.0, "ccp_alpha": 1e-6, "criterion": "gini"}
    fixed = {"n_estimators": 100, "learning_rate": 0.1, "num_leaves": 31, "min_child_samples": 20}
    return {**fixed, "subsample": 1.0, "colsample_bytree": 1.0, "reg_alpha": 1e-8, "reg_lambda": 1e-8}


def _validated(problem: Problem, config: Config, seed: int) -> tuple[NDArray[np.bool_], list[float]]:
    """Which rows a 3-fold cross-validation predicts wrongly, and the error of each fold."""
    from sklearn.model_selection import StratifiedKFold

    wrong, folds = np.zeros(len(problem.y), bool), []
    for train, test in StratifiedKFold(3, shuffle=True, random_state=seed).split(problem.x, problem.y):
        fitted = _model(problem.family, config).fit(problem.x[train], problem.y[train])
        wrong[test] = fitted.predict(problem.x[test]) != problem.y[test]
        folds.append(float(np.mean(wrong[test])))
    return wrong, folds


def _held_error(problem: Problem, config: Config) -> float:
    fitted = _model(problem.family, config).fit(problem.x, problem.y)
    return float(np.mean(fitted.predict(problem.held_x) != problem.held_y))
