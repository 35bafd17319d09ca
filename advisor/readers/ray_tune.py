"""Ray Tune: a folder of results, or ``ResultGrid.get_dataframe()`` as CSV.

Only text is read of a folder: ``params.json`` and ``result.json`` of each trial and the states in
``experiment_state-*.json``, never its pickles, nor those that the last one holds as text. Neither says which figure was
optimised. Trials that a scheduler ended reported less often than others; their last figures do not compare.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from advisor.readers._budgets import Evaluation, merged
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import columns_of, table_of
from advisor.readers._values import Outcome, listed, mapping, number, numbers, outcome, parameters
from advisor.readers.table import log_of

TITLE: Final = "results of Ray Tune"

_STEP: Final = "training_iteration"
_OWN: Final = frozenset(
    {
        *("timestamp", "done", _STEP, "trial_id", "date", "time_this_iter_s", "time_total_s", "pid", "hostname"),
        *("node_ip", "config", "time_since_restore", "iterations_since_restore", "checkpoint_dir_name", "logdir"),
        *("should_checkpoint", "timesteps_total", "episodes_total", "timesteps_since_restore", "warmup_time"),
        *("experiment_id", "experiment_tag"),
    }
)
"""What Ray adds to each report."""


def recognises(source: Source) -> bool:
    """Whether it is a folder with a state or trials of Ray, or a table with its columns."""
    if source.kind == "folder":
        return any(name.startswith("experiment_state-") for name in source.names) or any(_folders(source))
    columns = columns_of(source)
    return _STEP in columns and any(name.startswith("config/") for name in columns)


def read(source: Source, wanted: Wanted) -> Log:
    """Each trial with its last figures."""
    return _of_folder(source) if source.kind == "folder" else _of_table(source, wanted)


def _folders(source: Source) -> Iterator[Source]:
    for name in source.names:
        if (folder := source.beside(name)) is not None and folder.kind == "folder" and folder.beside("params.json"):
            yield folder


def _of_folder(source: Source) -> Log:
    states = _states(source)
    found: list[Evaluation] = []
    unreadable: list[str] = []
    for folder in _folders(source):
        given = folder.beside("params.json")
        reports = folder.beside("result.json")
        lines = reports.every_line() if reports is not None else ()
        if given is None or not isinstance(given.json, Mapping):
            unreadable.append(f"{folder.path.name}: params.json is no mapping")
            continue
        if reports is not None:
            unreadable += [f"{folder.path.name}/result.json: {broken}" for broken in reports.broken_lines]
        found.append(_evaluation(folder, given.json, [mapping(line.value) for line in lines], states))
    records, remarks = merged(found, _STEP)
    names = dict.fromkeys(name for record in records for name in record.metrics)
    return Log(records=records, directions=dict.fromkeys(names), remarks=remarks, unreadable=tuple(unreadable))


def _states(source: Source) -> dict[str, Outcome]:
    """How each trial ended, by its id, as the last state of the experiment says it."""
    files = [name for name in source.names if name.startswith("experiment_state-") and name.endswith(".json")]
    last = source.beside(files[-1]) if files else None
    found: dict[str, Outcome] = {}
    for entry in listed(mapping(last.json if last is not None else None).get("trial_data")):
        try:
            trial = mapping(json.loads(entry[0]))
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            continue
        if (ended := outcome(trial.get("status"))) is not None:
            found[str(trial.get("trial_id"))] = ended
    return found


def _evaluation(
    folder: Source, config: Mapping[str, Any], reports: list[Mapping[str, Any]], states: Mapping[str, Outcome]
) -> Evaluation:
    last = reports[-1] if reports else {}
    failure = folder.beside("error.txt")
    name = str(last.get("trial_id") or folder.path.name)
    known = next((states[one] for one in states if one == name or f"_{one}_" in folder.path.name), None)
    on_the_way = [_figures(report) for report in reports]
    record = Record(
        place=folder.path.name,
        config=parameters(config),
        metrics=on_the_way[-1] if on_the_way else {},
        state="failed" if failure is not None else known or ("complete" if reports else "running"),
        identity=name,
        seconds=max(number(last.get("time_total_s")) or 0.0, 0.0),
        reason=_last_line(failure) if failure is not None else None,
        reported={
            metric: tuple(figures[metric] for figures in on_the_way if metric in figures)
            for metric in dict.fromkeys(metric for figures in on_the_way for metric in figures)
        },
    )
    return Evaluation(name, number(last.get(_STEP)) or 0.0, record)


def _figures(report: Mapping[str, Any]) -> dict[str, float]:
    return numbers({name: value for name, value in report.items() if name not in _OWN and not isinstance(value, bool)})


def _last_line(failure: Source) -> str | None:
    lines = [line.strip() for line in failure.text.splitlines() if line.strip()]
    return lines[-1][:500] if lines else None


def _of_table(source: Source, wanted: Wanted) -> Log:
    table = table_of(source)
    if table is None:
        raise source.error("no table")
    figures = {
        name: name
        for name in table.columns
        if name not in _OWN and not name.startswith("config/") and any(name in numbers(row) for row in table.rows)
    }
    log = log_of(table, wanted, prefix="config/", figures=figures, identity="trial_id")
    steps = {place: number(row.get(_STEP)) or 0.0 for place, row in zip(table.places, table.rows, strict=True)}
    records, remarks = merged((Evaluation(one.place, steps[one.place], one) for one in log.records), _STEP)
    return replace(log, records=records, remarks=remarks)
