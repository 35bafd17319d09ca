"""The facts of a data file: rows, features, classes, imbalance, missing cells, cardinality.

pandas is loaded here and nowhere else, and only for a spec that names a file.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from advisor.errors import InvalidFile, MissingPackage, Problem, did_you_mean
from advisor.spec import DataFacts, Task

if TYPE_CHECKING:
    import pandas as pd

_SNIFFED_BYTES: Final = 64_000
_SEPARATORS: Final = (",", ";", "\t", "|")
_MOST_CLASSES_OF_NUMBERS: Final = 20
"""Whole numbers of more distinct values are taken as a number to predict, where the task is not given."""


def with_profile(given: DataFacts, task: Task | None, beside: FilePath) -> DataFacts:
    """The facts with those of the profile added; what the person gave stays.

    Args:
        given: The facts as the spec has them.
        task: What the model is to do; decides whether the target has classes.
        beside: The folder against which the file's name is read.

    Raises:
        InvalidFile: The file cannot be read, or lacks the target.
        MissingPackage: pandas, or for Parquet pyarrow, is not installed.
    """
    if given.profile is None:
        return given
    table = _table(beside / given.profile)
    if given.target is not None and given.target not in table.columns:
        raise InvalidFile(
            [
                Problem(
                    sentence=f"{given.profile} has no column {given.target!r}",
                    path=("data", "target"),
                    hint=did_you_mean(given.target, map(str, table.columns)),
                )
            ]
        )
    measured = facts_of(table, given.target, task)
    return given.having(**{name: value for name, value in measured.items() if getattr(given, name) is None})


def facts_of(table: pd.DataFrame, target: str | None, task: Task | None) -> dict[str, float]:
    """The facts of a table.

    Rows without a target are not counted: nothing can be trained on them.
    """
    if target is not None:
        table = table[table[target].notna()]
    features = table.drop(columns=[target]) if target is not None else table
    if features.empty:
        lacks = "rows to train on" if features.shape[1] else "columns to predict from"
        raise InvalidFile([Problem(sentence=f"the data file has no {lacks}", path=("data", "profile"))])
    categorical = features.select_dtypes(exclude=["number"])
    facts: dict[str, float] = {
        "rows": len(features),
        "features": features.shape[1],
        "missing_share": float(f"{features.isna().to_numpy().mean():.6g}"),
        "categorical_features": categorical.shape[1],
    }
    if categorical.shape[1]:
        facts["max_cardinality"] = max(_distinct(categorical[column]) for column in categorical)
    if target is not None and _has_classes(table[target], task):
        counts = table[target].value_counts()
        counts = counts[counts > 0]  # a categorical column counts the words that it could hold too
        facts |= {"classes": len(counts), "positive_rate": float(f"{counts.min() / counts.sum():.6g}")}
    return facts


def _has_classes(target: pd.Series[Any], task: Task | None) -> bool:
    if task is not None:
        return task in {"binary", "multiclass", "classification"}
    if target.dtype.kind not in "iuf":
        return True
    return target.nunique() <= _MOST_CLASSES_OF_NUMBERS and bool((target % 1 == 0).all())


def _distinct(column: pd.Series[Any]) -> int:
    try:
        return int(column.nunique())
    except TypeError:  # lists and the like, which Parquet holds and pandas cannot compare
        return int(column.astype(str).nunique())


def _table(path: FilePath) -> pd.DataFrame:
    try:
        import pandas as pd  # noqa: PLC0415 - heavy, and needed for this alone
    except ImportError as error:
        raise MissingPackage("pandas", "data", "data.profile") from error
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return pd.read_parquet(path)
        separator, decimal = _form(path)
        return pd.read_csv(path, sep=separator, decimal=decimal, low_memory=False)
    except ImportError as error:
        raise MissingPackage("pyarrow", "data", "a Parquet file") from error
    except Exception as error:  # whatever a reader says of a file that is no table
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise InvalidFile(
            [Problem(sentence=f"{path.name} cannot be read: {reason}", path=("data", "profile"))]
        ) from error


def _form(path: FilePath) -> tuple[str, str]:
    """What separates the columns, and what stands before decimals: what the first lines show."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        sample = file.read(_SNIFFED_BYTES)
    header = sample.partition("\n")[0]
    import csv  # noqa: PLC0415 - only a data file needs it

    separator = max(_SEPARATORS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))
    has_commas = separator != "," and re.search(r"(?:^|[;\t|])-?\d+,\d", sample, re.MULTILINE)
    return separator, "," if has_commas else "."
