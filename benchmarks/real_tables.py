"""Real tables, real models: what is searched on, what is held back, and which tables teach and which judge.

A table is split once: its training part, at most ``MOST_ROWS`` rows of the 70 % that ``realtraining.py`` beside the
data gives, is searched on by cross-validation; the other 30 % are held back and never searched on. Tables of one
source (``fri_c1_500_10``, ``fri_c4_1000_25``) are one group and stay on one side.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DATA: Final = Path(os.environ.get("ADVISOR_BENCH_DATA", "../shared/trials"))
MOST_ROWS: Final = 600
MOST_HELD_BACK: Final = 4000
MOST_OF_A_GROUP: Final = 5
MOST_CLASSES_OF_ALL: Final = 12
MOST_CLASSES: Final = {"xgboost": 4, "random-forest": 4, "catboost": 4}
"""Of families that train long where there are many classes."""
ONE_SOURCE: Final = {"pm": "no", "kc": "metrics", "mw": "metrics", "pc": "metrics"}
"""Groups that the name does not tell: air pollution of one study, code metrics of one programme."""
FAMILIES: Final = ("svm", "lightgbm", "mlp-adam", "xgboost", "random-forest")
"""Those of ``realtraining.py``, which are judged."""
TAUGHT: Final = (*FAMILIES, "catboost")

Config = Mapping[str, Any]
Side = Literal["teach", "judge"]


def is_here() -> bool:
    """Whether the data are where they are looked for."""
    return (DATA / "realtraining.py").exists()


@lru_cache
def training() -> ModuleType:
    """The module beside the data that knows how to read a table and to build a model."""
    spec = importlib.util.spec_from_file_location("realtraining", DATA / "realtraining.py")
    assert spec is not None  # noqa: S101 - the suffix is that of a module
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    warnings.filterwarnings("ignore")
    return module


def space(family: str) -> dict[str, dict[str, Any]]:
    """The wide space of a family, as a person might write it."""
    return {name: dict(entry) for name, entry in training().SPACES[family].items()}


@dataclass(frozen=True)
class Table:
    """A table as models see it: encoded, split, and with the facts that a person would give."""

    name: str
    rows: NDArray[np.float64]
    classes: NDArray[np.int64]
    held_back_rows: NDArray[np.float64]
    held_back_classes: NDArray[np.int64]

    @property
    def features(self) -> int:
        """How many columns a model sees."""
        return int(self.rows.shape[1])

    @property
    def facts(self) -> dict[str, int]:
        """The ``data`` section of a spec."""
        return {"rows": len(self.rows), "features": self.features, "classes": len(np.unique(self.classes))}


class Place(NamedTuple):
    """What a table is for, and its number of classes."""

    side: Side
    classes: int


class Score(NamedTuple):
    """What a configuration is worth on a table: an error for each fold, that on held-back rows, seconds for all."""

    folds: tuple[float, ...]
    held_back: float | None
    seconds: float

    @property
    def error(self) -> float:
        """The cross-validated error."""
        return float(np.mean(self.folds))


def group_of(name: str) -> str:
    """What a table's source is called: tables of one group are not independent."""
    stem = re.sub(r"^clf_[a-z]+_(\d+_)?(kdd_)?", "", name.removesuffix(".parquet"))
    word = re.split(r"[_\d]", stem.replace("page-blocks", "pageblocks").replace("dense-disk", "disk"))[0]
    return ONE_SOURCE.get(word, word.split("-")[0].lower())


@lru_cache
def tables() -> Mapping[str, Place]:
    """Every table that is used, and its side: by a hash of its group, so that it does not depend on the others."""
    index = pd.read_csv(DATA / "datasets/INDEX.csv")
    fits = (index.task == "clf") & index.n_classes.between(2, MOST_CLASSES_OF_ALL) & index.p.between(2, 100)
    classes = dict(zip(index.file, index.n_classes, strict=True))
    seen: dict[str, list[str]] = {}
    for name in sorted(index[fits].file):
        seen.setdefault(group_of(name), []).append(name)
    return {
        name: Place(_side(group), int(classes[name]))
        for group, names in seen.items()
        for name in names[:MOST_OF_A_GROUP]
    }


def _side(group: str) -> Side:
    return "judge" if hashlib.sha256(group.encode()).digest()[0] % 5 < 2 else "teach"


@lru_cache(maxsize=4)
def table(name: str) -> Table:
    """A table, encoded and split."""
    from sklearn.model_selection import train_test_split

    rows, held_back, classes, held_back_classes = training().data(name, DATA)
    if len(rows) > MOST_ROWS:
        rows, _, classes, _ = train_test_split(rows, classes, train_size=MOST_ROWS, stratify=classes, random_state=0)
    return Table(name, rows, classes, held_back[:MOST_HELD_BACK], held_back_classes[:MOST_HELD_BACK])


def score(family: str, config: Config, here: Table, *, seed: int = 0, held_back: bool = True) -> Score:
    """Train a configuration on three folds and, where asked, on all rows; the error of what fails is 1."""
    from sklearn.model_selection import StratifiedKFold

    begun = time.perf_counter()
    folds = StratifiedKFold(3, shuffle=True, random_state=seed).split(here.rows, here.classes)
    errors = tuple(
        _error(family, config, here.rows[a], here.classes[a], here.rows[b], here.classes[b]) for a, b in folds
    )
    last = held_back_error(family, config, here) if held_back else None
    return Score(errors, last, time.perf_counter() - begun)


def held_back_error(family: str, config: Config, here: Table) -> float:
    """The error on rows that no search has seen, of a model fitted to all others."""
    return _error(family, config, here.rows, here.classes, here.held_back_rows, here.held_back_classes)


def _error(family: str, config: Config, rows: Any, classes: Any, new_rows: Any, new_classes: Any) -> float:
    model = _catboost(config) if family == "catboost" else training().model(family, dict(config))
    try:
        return 1 - float(model.fit(rows, classes).score(new_rows, new_classes))
    except ValueError:
        return 1.0


def _catboost(config: Config) -> Any:
    """CatBoost as ``realtraining.py`` builds the other kinds of boosting, which does not know it."""
    from catboost import CatBoostClassifier

    return CatBoostClassifier(thread_count=1, random_seed=0, verbose=False, allow_writing_files=False, **config)


FIELDS: Final = ("family", "table", "kind", "number", "config", "folds", "held_back", "seconds")


class Row(NamedTuple):
    """One line of a file of trials; ``kind`` and ``number`` say which trial of which search or pool it is."""

    family: str
    table: str
    kind: str
    number: int
    config: dict[str, Any]
    score: Score


def append(path: Path, row: Row) -> None:
    """Write a line at the end of a file of trials, which a later run reads instead of training again."""
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(FIELDS)
        folds = " ".join(f"{error:.6f}" for error in row.score.folds)
        held_back = "" if row.score.held_back is None else f"{row.score.held_back:.6f}"
        seconds = f"{row.score.seconds:.3f}"
        writer.writerow([*row[:4], json.dumps(row.config, sort_keys=True), folds, held_back, seconds])


def read(path: Path) -> Iterator[Row]:
    """The lines of a file of trials; none where there is no file."""
    if not path.exists():
        return
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            folds = tuple(float(error) for error in line["folds"].split())
            held_back = float(line["held_back"]) if line["held_back"] else None
            found = Score(folds, held_back, float(line["seconds"]))
            yield Row(
                line["family"], line["table"], line["kind"], int(line["number"]), json.loads(line["config"]), found
            )


def names(side: Side, family: str) -> list[str]:
    """The tables of a side for a family, in an order that mixes sizes."""
    most = MOST_CLASSES.get(family, MOST_CLASSES_OF_ALL)
    found = (name for name, (its, classes) in tables().items() if its == side and classes <= most)
    return sorted(found, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
