"""MLflow: a SQLite store, a folder ``mlruns``, or ``mlflow.search_runs()`` as CSV.

MLflow keeps all parameters as text and does not say which metric was optimised. A run that has children and no
parameters is no trial but their frame.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Final

from advisor import yamlio
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import columns_of, table_of
from advisor.readers._values import mapping, number, outcome, parameter, seconds_between, value_of
from advisor.readers.table import log_of

TITLE: Final = "runs of MLflow"

_PARENT: Final = "mlflow.parentRunId"
_PARENT_COLUMN: Final = f"tags.{_PARENT}"
_STATES: Final = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""Numbers of states in a folder of runs: ``RunStatus`` of MLflow."""


@dataclass
class _Run:
    """A run while it is put together."""

    status: str
    began: float | None = None
    ended: float | None = None
    parent: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)


def recognises(source: Source) -> bool:
    """Whether it has MLflow's tables, folders or columns."""
    if source.kind == "folder":
        return any(_experiments(source))
    columns = columns_of(source)
    return {"runs", "params", "metrics", "experiments"} <= source.tables or (
        {"run_id", "status"} <= set(columns) and any(name.startswith("metrics.") for name in columns)
    )


def read(source: Source, wanted: Wanted) -> Log:
    """Each run as a trial."""
    if source.kind == "table":
        return _of_table(source, wanted)
    if source.kind == "folder":
        experiments = dict(_experiments(source))
        name = _chosen(source, wanted, list(experiments))
        return _log(dict(_in_folder(experiments[name])))
    try:
        with source.copied() as copy, closing(sqlite3.connect(copy)) as connection:
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            return _log(_in_database(source, wanted, connection))
    except (sqlite3.Error, UnicodeError) as error:
        raise source.error(f"no store of MLflow that can be read: {error}") from error


def _chosen(source: Source, wanted: Wanted, names: Sequence[str]) -> str:
    """The experiment that is meant.

    Raises:
        InvalidFile: There are several and the person names none of them, or none.
    """
    if wanted.study in names or (wanted.study is None and len(names) == 1):
        return wanted.study or names[0]
    shown = ", ".join(map(repr, names[:20])) or "none"
    if wanted.study is not None:
        raise source.error(f"no experiment {wanted.study!r} in it", hint=f"there is: {shown}")
    raise source.error(f"it holds {len(names)} experiments with runs", hint=f"give study, one of: {shown}")


def _log(runs: Mapping[str, _Run]) -> Log:
    frames = {run.parent for run in runs.values()}
    trials = {name: run for name, run in runs.items() if run.params or name not in frames}
    left = len(runs) - len(trials)
    names = dict.fromkeys(name for run in trials.values() for name in run.metrics)
    return Log(
        records=tuple(_record(name, run) for name, run in trials.items()),
        directions=dict.fromkeys(names),
        remarks=(f"{left} runs are frames of others and have no parameters; they are left out",) if left else (),
    )


def _record(name: str, run: _Run) -> Record:
    return Record(
        place=f"run {name}",
        config={key: parameter(value_of(value)) for key, value in run.params.items()},
        metrics={key: values[-1] for key, values in run.metrics.items() if values},
        state=outcome(run.status) or "failed",
        identity=name,
        seconds=seconds_between(run.began, run.ended) / 1_000,
        reported={key: tuple(values) for key, values in run.metrics.items()},
    )


# SQLite


_INSIDE: Final = "run_uuid IN (SELECT run_uuid FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active')"
_OF_EXPERIMENTS: Final = (
    "SELECT DISTINCT e.name, e.experiment_id FROM experiments e JOIN runs r ON r.experiment_id = e.experiment_id"
    " WHERE r.lifecycle_stage = 'active' ORDER BY e.experiment_id"
)
_OF_RUNS: Final = f"SELECT run_uuid, status, start_time, end_time FROM runs WHERE {_INSIDE} ORDER BY start_time"  # noqa: S608
_OF_PARAMS: Final = f"SELECT run_uuid, key, value FROM params WHERE {_INSIDE}"  # noqa: S608 - nothing from outside
_OF_TAGS: Final = f"SELECT run_uuid, key, value FROM tags WHERE {_INSIDE}"  # noqa: S608
_OF_METRICS: Final = f"SELECT run_uuid, key, value, is_nan FROM metrics WHERE {_INSIDE} ORDER BY step, timestamp"  # noqa: S608


def _in_database(source: Source, wanted: Wanted, connection: sqlite3.Connection) -> dict[str, _Run]:
    names = {str(name): number for name, number in connection.execute(_OF_EXPERIMENTS)}
    chosen = (names[_chosen(source, wanted, list(names))],)
    runs = {
        str(name): _Run(status=str(status), began=number(began), ended=number(ended))
        for name, status, began, ended in connection.execute(_OF_RUNS, chosen)
    }

    def rows(query: str) -> Iterator[tuple[_Run, str, Any]]:
        """The rows of runs that are there."""
        for name, key, *value in connection.execute(query, chosen):
            if (run := runs.get(str(name))) is not None:
                yield run, str(key), value

    for run, key, (value,) in rows(_OF_PARAMS):
        run.params[key] = str(value)
    for run, key, (value,) in rows(_OF_TAGS):
        run.parent = str(value) if key == _PARENT else run.parent
    for run, key, (value, is_nan) in rows(_OF_METRICS):
        found = float("nan") if is_nan else number(value)
        if found is not None and not key.startswith("system/"):
            run.metrics.setdefault(key, []).append(found)
    return runs


# Folders


def _experiments(source: Source) -> Iterator[tuple[str, Source]]:
    """The experiments of a folder ``mlruns`` that have runs, by name; the folder itself if it is one."""
    if _runs(source):
        yield source.path.name, source
    for name in source.names:
        inner = source.beside(name)
        if inner is not None and inner.kind == "folder" and inner.beside("meta.yaml") is not None and _runs(inner):
            yield str(_meta(inner).get("name") or name), inner


def _runs(experiment: Source) -> list[Source]:
    if experiment.beside("meta.yaml") is None:
        return []
    inside = (experiment.beside(name) for name in experiment.names)
    return [run for run in inside if run is not None and run.kind == "folder" and run.beside("params") is not None]


def _meta(folder: Source) -> Mapping[str, Any]:
    meta = folder.beside("meta.yaml")
    return mapping(yamlio.read(meta.path).value) if meta is not None else {}


def _in_folder(experiment: Source) -> Iterator[tuple[str, _Run]]:
    for folder in _runs(experiment):
        meta = _meta(folder)
        if meta.get("lifecycle_stage", "active") == "active":
            status = number(meta.get("status"))
            began, ended = number(meta.get("start_time")), number(meta.get("end_time"))
            run = _Run(status=_STATES.get(int(status or 0), "failed"), began=began, ended=ended)
            run.params = {name: text.strip("\n") for name, text in _texts(folder, "params")}
            run.metrics = {name: _series(text) for name, text in _texts(folder, "metrics")}
            run.parent = dict(_texts(folder, "tags")).get(_PARENT)
            yield str(meta.get("run_id") or folder.path.name), run


def _texts(folder: Source, part: str) -> Iterator[tuple[str, str]]:
    """The files of a part of a run, and what they hold."""
    inner = folder.beside(part)
    for name in inner.names if inner is not None else ():
        if inner is not None and (file := inner.beside(name)) is not None and file.kind != "folder":
            yield name, file.text


def _series(text: str) -> list[float]:
    """The values of lines of time, value and step."""
    found = ((line.split()[1:2] or [""])[0] for line in text.splitlines())
    return [value for cell in found if (value := number(cell)) is not None]


# CSV


def _of_table(source: Source, wanted: Wanted) -> Log:
    table = table_of(source)
    if table is None:
        raise source.error("no table")
    figures = {name: name.removeprefix("metrics.") for name in table.columns if name.startswith("metrics.")}
    log = log_of(table, wanted, prefix="params.", figures=figures, identity="run_id")
    frames = {str(row[_PARENT_COLUMN]) for row in table.rows if _PARENT_COLUMN in row}
    times = {
        place: seconds_between(row.get("start_time"), row.get("end_time"))
        for place, row in zip(table.places, table.rows, strict=True)
    }
    trials = [
        replace(record, seconds=times[record.place])
        for record in log.records
        if record.config or record.identity not in frames
    ]
    left = len(log.records) - len(trials)
    said = (f"{left} runs are frames of others and have no parameters; they are left out",) if left else ()
    return replace(log, records=tuple(trials), remarks=said)
