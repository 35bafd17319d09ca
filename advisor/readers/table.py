"""Tables of any origin: CSV, TSV, JSON, JSON lines or Parquet, with a row for each trial.

Where columns carry a prefix such as ``params_`` or ``config.``, those are the hyperparameters. Where none does, every
column that is neither the metric nor looks like a result or a label is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import Table, table_of
from advisor.readers._values import Outcome, duration, is_missing, number, outcome, parameter

TITLE: Final = "a table with a row for each trial"

_PREFIXES: Final = ("params.", "params_", "params/", "param_", "parameters.", "config.", "config/", "config_")
_MORE_PREFIXES: Final = ("hyperparameters.", "hparams.", "hparams/", "hp.", "hp/")
_METRICS: Final = ("metrics.", "metrics/", "metric.")
_STATES: Final = ("state", "status", "trial_status", "trial_state")
_SECONDS: Final = ("seconds", "duration", "elapsed", "runtime", "time_total_s", "evaluation_duration")
_REASONS: Final = ("reason", "error_message", "failure_reason")


def recognises(source: Source) -> bool:
    """Whether the source holds rows."""
    return source.kind in {"table", "parquet", "lines", "json"}


def read(source: Source, wanted: Wanted) -> Log:
    """The rows as trials."""
    table = table_of(source)
    if table is None:
        raise source.error("no table of trials: rows, or columns of one length, are expected")
    return log_of(table, wanted)


def log_of(
    table: Table,
    wanted: Wanted,
    *,
    prefix: str | None = None,
    figures: Mapping[str, str] | None = None,
    identity: str | None = None,
) -> Log:
    """The trials of a table.

    Args:
        table: With a row for each trial.
        wanted: What the person says.
        prefix: What the names of hyperparameters begin with; found if it is None.
        figures: Columns that may be the metric, each with its name as such; found if it is None.
        identity: The column that tells trials apart; if it is None, only equal rows are the same trial.
    """
    prefix = _prefix(table.columns) if prefix is None else prefix
    state = _state_column(table)
    named = {name: name.removeprefix(prefix) for name in table.columns if prefix and name.startswith(prefix)}
    if wanted.parameters is not None:
        named = {n: n.removeprefix(prefix) for n in table.columns if {n, n.removeprefix(prefix)} & wanted.parameters}
    is_mixed = not named
    if is_mixed:
        named = {name: name for name in table.columns if name != state}
    figures = _figures(table, {} if is_mixed else named, state) if figures is None else figures
    states = [_state(row, state) for row in table.rows]
    rows = list(zip(table.places, table.rows, states, strict=True))
    unknown = [f"{place}: {str(row[state or ''])[:40]!r} is no state that is known" for place, row, s in rows if not s]
    others = [name for name in table.columns if name not in named and name not in figures and name != state]
    return Log(
        records=tuple(_record(place, row, named, figures, s, identity) for place, row, s in rows if s),
        directions=dict.fromkeys(figures.values()),
        ignored={**table.ignored, **dict.fromkeys(others, "it is neither a setting nor a possible metric")},
        unreadable=(*table.unreadable, *unknown),
        columns_are_mixed=is_mixed,
    )


def _state(row: Mapping[str, Any], column: str | None) -> Outcome | None:
    """How a row says that its trial ended; complete where nothing says so, None for a word that is not known."""
    return outcome(row[column]) if column is not None and column in row else "complete"


def _record(
    place: str,
    row: Mapping[str, Any],
    named: Mapping[str, str],
    figures: Mapping[str, str],
    ended: Outcome,
    identity: str | None,
) -> Record:
    found = {name: number(row[column]) for column, name in figures.items() if column in row}
    reason = next((str(row[name])[:500] for name in _REASONS if name in row), None)
    return Record(
        place=place,
        config={name: parameter(row[column]) for column, name in named.items() if column in row},
        metrics={name: figure for name, figure in found.items() if figure is not None},
        state=ended,
        identity=str(row[identity]) if identity is not None and identity in row else _whole(row),
        seconds=next((duration(row[name]) for name in _SECONDS if name in row), 0.0),
        reason=reason,
    )


def _whole(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """All that a row says, as something that can be compared."""
    return tuple((name, repr(cell)) for name, cell in row.items())


def _prefix(columns: Sequence[str]) -> str:
    """What the names of hyperparameters begin with; nothing where no prefix is used."""
    for prefix in (*_PREFIXES, *_MORE_PREFIXES):
        if any(name.startswith(prefix) and len(name) > len(prefix) for name in columns):
            return prefix
    return ""


def _state_column(table: Table) -> str | None:
    """The column of states: named so, and of known words for the most part."""
    for name in table.columns:
        if name.lower() in _STATES:
            words = [row[name] for row in table.rows if name in row]
            if 2 * sum(outcome(word) is not None for word in words) > len(words):
                return name
    return None


def _figures(table: Table, named: Mapping[str, str], state: str | None) -> dict[str, str]:
    """Columns of numbers that are no hyperparameters, and what they are called without prefix."""
    found = {}
    for name in table.columns:
        cells = [row[name] for row in table.rows if name in row and not is_missing(row[name])]
        if name not in named and name != state and any(number(cell) is not None for cell in cells):
            prefix = next((prefix for prefix in _METRICS if name.startswith(prefix)), "")
            found[name] = name.removeprefix(prefix)
    return found
