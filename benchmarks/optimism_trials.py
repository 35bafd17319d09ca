"""Trials by real training as they were recorded: of searches, and of pools of random configurations."""

from __future__ import annotations

import csv
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from optimism_recording import DATA

from advisor import optimism

POOL_ROWS, POOL_HELD_BACK = 600, 4000
"""Most rows of the training part of a pool, and of what it holds back."""


class Search(NamedTuple):
    """The trials of one table, the library's default first.

    Attributes:
        family: Of models.
        table: The name of the table.
        rows: Those of the training part.
        held_rows: Those held back.
        configs: One a trial.
        errors: Cross-validated; shape (n,).
        held: On the rows held back; shape (n,).
        again: Errors of more cross-validations with fresh folds, of the best and the default; empty for others.
    """

    family: str
    table: str
    rows: int
    held_rows: int
    configs: tuple[Mapping[str, Any], ...]
    errors: NDArray[np.float64]
    held: NDArray[np.float64]
    again: tuple[tuple[float, ...], ...]

    @property
    def own(self) -> float:
        """The standard error of an error beyond what configurations share."""
        error = optimism.standard_error("error", float(self.errors[0]), self.rows)
        assert error is not None  # noqa: S101 - an error has one
        return optimism.own_part(error)

    @property
    def order(self) -> list[int]:
        """The trials, the best first."""
        return [int(place) for place in np.argsort(self.errors, kind="stable")]


# Reading


def searches(folder: Path) -> list[Search]:
    """What was recorded."""
    return [*_recorded(folder), *_pools(folder)]


def _grouped(files: Iterable[Path]) -> Mapping[tuple[str, str], list[dict[str, str]]]:
    found = defaultdict(list)
    for path in sorted(files):
        with path.open() as stream:
            for row in csv.DictReader(stream):
                found[row["family"], row["table"]].append(row)
    return found


def _recorded(folder: Path) -> Iterable[Search]:
    for (family, table), rows in _grouped(folder.glob("optimism_*.csv")).items():
        yield Search(
            family=f"{family}, TPE",
            table=table,
            rows=int(rows[0]["rows"]),
            held_rows=int(rows[0]["held_rows"]),
            configs=tuple(json.loads(row["config"]) for row in rows),
            errors=np.array([float(row["error"]) for row in rows]),
            held=np.array([float(row["held"]) for row in rows]),
            again=tuple(tuple(json.loads(row["again"])) for row in rows),
        )


def _pools(folder: Path) -> Iterable[Search]:
    sizes = _sizes()
    for (family, table), rows in _grouped(folder.glob("pool_*.csv")).items():
        whole = [row for row in rows if row["folds"] and row["held_back"]]
        whole.sort(key=lambda row: row["kind"] != "default")
        if whole[0]["kind"] != "default" or len(whole) < 30 or table not in sizes:
            continue
        yield Search(
            family=f"{family}, random",
            table=table,
            rows=min(POOL_ROWS, int(0.7 * sizes[table])),
            held_rows=min(POOL_HELD_BACK, int(0.3 * sizes[table])),
            configs=tuple(json.loads(row["config"]) for row in whole),
            errors=np.array([statistics.fmean(map(float, row["folds"].split())) for row in whole]),
            held=np.array([float(row["held_back"]) for row in whole]),
            again=((),) * len(whole),
        )


def _sizes() -> Mapping[str, int]:
    """Rows of each table; none where the tables are not."""
    index = DATA / "datasets/INDEX.csv"
    if not index.exists():
        return {}
    with index.open() as stream:
        return {row["file"]: int(row["n"]) for row in csv.DictReader(stream)}
