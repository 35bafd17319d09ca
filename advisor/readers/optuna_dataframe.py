"""Optuna's ``study.trials_dataframe()`` as CSV: flat, with two rows of names, or of several objectives.

Whole numbers beside gaps are written ``32.0`` there, and no ranges and no direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import Table, columns_of, table_of
from advisor.readers._values import number
from advisor.readers.table import log_of

TITLE: Final = "a trials_dataframe of Optuna"

_GROUPS: Final = frozenset({"params", "values", "user_attrs", "system_attrs", "intermediate_values"})
_REPORTS: Final = "intermediate_values_"


def recognises(source: Source) -> bool:
    """Whether the columns are numbered trials with parameters."""
    columns = columns_of(source)
    return "number" in columns and ("params" in columns or any(name.startswith("params_") for name in columns))


def read(source: Source, wanted: Wanted) -> Log:
    """The rows as trials."""
    has_two = bool(_GROUPS & set(columns_of(source)))
    table = table_of(source, header_rows=2 if has_two else 1)
    if table is None:
        raise source.error("no table")
    figures = {name: name.removeprefix("values_") for name in table.columns if name == "value" or name[:7] == "values_"}
    log = log_of(table, wanted, prefix="params_", figures=figures, identity="number")
    rows = dict(zip(table.places, table.rows, strict=True))
    steps = _steps(table)
    return replace(log, records=tuple(_with_reports(record, rows[record.place], steps) for record in log.records))


def _steps(table: Table) -> list[str]:
    """The columns of values on the way, in the order of their steps."""
    steps = [(number(name.removeprefix(_REPORTS)), name) for name in table.columns if name.startswith(_REPORTS)]
    return [name for _, name in sorted((step, name) for step, name in steps if step is not None)]


def _with_reports(record: Record, row: Mapping[str, Any], steps: Sequence[str]) -> Record:
    reports = [figure for name in steps if name in row and (figure := number(row[name])) is not None]
    return replace(record, reported={"value": tuple(reports)}) if reports else record
