"""W&B: exports of runs as JSON or CSV, and folders or ``.wandb`` files of offline runs.

A run may log many figures, and W&B does not say which was optimised. The last value counts. In a CSV from the page,
settings and figures are mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from advisor.readers import _wandb_log
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import columns_of, rows_of_json, table_of
from advisor.readers._values import listed, literal, mapping, number, numbers, outcome, parameters
from advisor.readers.table import log_of

TITLE: Final = "runs of W&B"

_OF_PAGE: Final = ({"Name", "State", "ID"}, {"Name", "State", "Created"}, {"Name", "State", "Runtime"})
_MOST_REPORTS: Final = 100_000


def recognises(source: Source) -> bool:
    """Whether it is an offline run or a folder of them, or an export with a configuration and a summary of each run."""
    if source.kind == "folder":
        return any(_logs(source))
    if source.kind == "table":
        columns = set(columns_of(source))
        return {"summary", "config"} <= columns or any(names <= columns for names in _OF_PAGE)
    if source.kind == "json":
        first = next(iter(rows_of_json(source.json)), None)
        return first is not None and {"config", "summary"} <= mapping(first[1]).keys()
    return source.kind == "wandb"


def read(source: Source, wanted: Wanted) -> Log:
    """Each run as a trial."""
    if source.kind == "table" and not {"summary", "config"} <= set(columns_of(source)):
        table = table_of(source)
        if table is not None:
            return log_of(table, wanted, prefix="", identity="ID" if "ID" in table.columns else None)
    unreadable: list[str] = []
    records = [_record(place, run) for place, run in _runs(source, unreadable)]
    names = dict.fromkeys(name for record in records for name in record.metrics)
    return Log(records=tuple(records), directions=dict.fromkeys(names), unreadable=tuple(unreadable))


def _logs(source: Source) -> Iterator[Source]:
    """The files of offline runs in a folder: its own, and those of runs in it or in its folder ``wandb``."""
    for name in source.names:
        inner = source.beside(name)
        if inner is not None and name.endswith(".wandb"):
            yield inner
        elif inner is not None and name.startswith(("offline-run-", "run-", "wandb")) and inner.kind == "folder":
            yield from _logs(inner)


def _runs(source: Source, unreadable: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if source.kind in {"folder", "wandb"}:
        for log in _logs(source) if source.kind == "folder" else (source,):
            try:
                yield log.path.name, _wandb_log.run_of(log.raw)
            except (ValueError, RecursionError) as error:
                unreadable.append(f"{log.path.name}: {error}")
    elif source.kind == "json":
        for place, row in rows_of_json(source.json):
            if isinstance(row, Mapping):
                yield place, row
            else:
                unreadable.append(f"{place}: no mapping")
    elif (table := table_of(source)) is not None:
        unreadable += table.unreadable
        for place, row in zip(table.places, table.rows, strict=True):
            yield place, {**row, "config": literal(str(row.get("config"))), "summary": literal(str(row.get("summary")))}


def _record(place: str, run: Mapping[str, Any]) -> Record:
    history = [_public(mapping(row)) for row in listed(run.get("history"))[:_MOST_REPORTS]]
    figures = {**numbers(_last(history)), **numbers(_public(mapping(run, "summary")))}
    return Record(
        place=f"{place}, {run['name']}" if run.get("name") else place,
        config=parameters(_public(_plain(mapping(run, "config")))),
        metrics=figures,
        state=outcome(run.get("state", "finished")) or "complete",
        identity=str(run["id"]) if run.get("id") else None,
        seconds=max(number(mapping(run, "summary").get("_runtime")) or 0.0, 0.0),
        reported={
            name: tuple(found for row in history if (found := number(row.get(name))) is not None) for name in figures
        },
    )


def _public(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what W&B keeps for itself."""
    return {name: value for name, value in data.items() if not str(name).startswith("_")}


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as it was given: W&B's own files wrap each value as ``{"value": ..., "desc": ...}``."""
    return {name: value["value"] if _is_wrapped(value) else value for name, value in config.items()}


def _is_wrapped(value: object) -> bool:
    return isinstance(value, Mapping) and "value" in value and value.keys() <= {"value", "desc"}


def _last(history: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in history:
        found.update(row)
    return found
