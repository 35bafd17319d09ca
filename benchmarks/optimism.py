"""Which rule of choosing the winner holds on rows that were never searched on, on real training.

    python benchmarks/optimism.py --record DIR [--family svm] [--tables 24]
    python benchmarks/optimism.py --trials DIR

Recording trains for an hour: a search of 100 trials of Optuna's TPE per table, the library's default first, on a
training part of 300 to 1,000 rows, with the 3-fold error and the error on up to 4,000 rows held back of every trial,
and five more cross-validations with fresh folds of the default and of the eight best. It needs real tables and their
spaces (``realtraining.py``) in the folder ``ADVISOR_BENCH_DATA``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Config = dict[str, Any]
TRIALS = 100
REPEATS = 5
REPEATED = 8
"""Of the best trials, those that are evaluated again with fresh folds."""
ROWS = (300, 600, 1000)
"""Sizes of the training part, in turn."""
DATA = Path(os.environ.get("ADVISOR_BENCH_DATA", "../shared/trials"))


# Recording


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
        config, began = _suggested(trial, _space(problem.family)), time.time()
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

    found: Mapping[str, Config] = SPACES[family]
    return found


def _default(problem: Problem) -> Config:
    """The library's default, moved into the ranges."""
    if problem.family == "svm":
        return {"C": 1.0, "kernel": "rbf", "gamma": 1 / (problem.x.shape[1] * float(problem.x.var()))}
    fixed = {"n_estimators": 100, "learning_rate": 0.1, "num_leaves": 31, "min_child_samples": 20}
    return {**fixed, "subsample": 1.0, "colsample_bytree": 1.0, "reg_alpha": 1e-8, "reg_lambda": 1e-8}


def _suggested(trial: Any, space: Mapping[str, Config]) -> Config:
    config: Config = {}
    for name, entry in sorted(space.items(), key=lambda pair: "when" in pair[1]):
        if any(config.get(parent) not in values for parent, values in entry.get("when", {}).items()):
            continue
        if entry["type"] == "categorical":
            config[name] = trial.suggest_categorical(name, entry["choices"])
        else:
            suggest = trial.suggest_int if entry["type"] == "int" else trial.suggest_float
            config[name] = suggest(name, entry["low"], entry["high"], log=entry["log"])
    return config


def _validated(problem: Problem, config: Config, seed: int) -> tuple[NDArray[np.bool_], list[float]]:
    """Which rows a 3-fold cross-validation predicts wrongly, and the error of each fold."""
    from realtraining import model
    from sklearn.model_selection import StratifiedKFold

    wrong, folds = np.zeros(len(problem.y), bool), []
    for train, test in StratifiedKFold(3, shuffle=True, random_state=seed).split(problem.x, problem.y):
        fitted = model(problem.family, config).fit(problem.x[train], problem.y[train])
        wrong[test] = fitted.predict(problem.x[test]) != problem.y[test]
        folds.append(float(np.mean(wrong[test])))
    return wrong, folds


def _held_error(problem: Problem, config: Config) -> float:
    from realtraining import model

    fitted = model(problem.family, config).fit(problem.x, problem.y)
    return float(np.mean(fitted.predict(problem.held_x) != problem.held_y))


def main() -> None:
    """Record, or compare the rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--trials", type=Path)
    parser.add_argument("--family", choices=["svm", "lightgbm"], default="svm")
    parser.add_argument("--tables", type=int, default=24)
    given = parser.parse_args()
    if given.record:
        sys.path.insert(0, str(DATA))
        record(given.record, given.family, given.tables)


if __name__ == "__main__":
    main()
