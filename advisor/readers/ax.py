"""Ax: a client's snapshot as JSON, or ``client.summarize()`` as CSV.

The snapshot has the space, its conditions and the direction; the CSV has none of them and mixes settings and figures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from advisor.readers._log import Log, Parameter, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._space import chosen_from, ranged
from advisor.readers._table import columns_of, table_of
from advisor.readers._values import listed, mapping, number, outcome, parameter, parameters, seconds_between
from advisor.readers.table import log_of
from advisor.space import Choice, Domain, Value
from advisor.spec import Direction

TITLE: Final = "an experiment of Ax"

_OWN: Final = frozenset({"trial_index", "arm_name", "generation_node", "status_reason"})
_TIMES: Final = ("time_run_started", "time_completed")


def recognises(source: Source) -> bool:
    """Whether it is a snapshot, or a table with Ax's columns."""
    if source.kind == "table":
        return {"trial_index", "arm_name", "trial_status"} <= set(columns_of(source))
    return bool(_experiment(source))


def read(source: Source, wanted: Wanted) -> Log:
    """Each trial with one arm."""
    if source.kind == "table":
        table = table_of(source)
        if table is not None:
            columns = tuple(name for name in table.columns if name not in _OWN)
            return log_of(replace(table, columns=columns), wanted, prefix="", identity="arm_name")
    experiment = _experiment(source)
    directions = _directions(experiment)
    records: list[Record] = []
    unreadable: list[str] = []
    for number_, trial in mapping(experiment, "trials").items():
        arms = _arms(mapping(trial))
        if len(arms) == 1:
            records.append(_record(str(number_), mapping(trial), arms[0], experiment))
        else:
            unreadable.append(f"trial {number_}: {len(arms)} arms")
    figures = dict.fromkeys(name for record in records for name in record.metrics)
    return Log(
        records=tuple(records),
        directions={**dict.fromkeys(figures), **directions},
        space=_space(mapping(experiment, "search_space")),
        unreadable=tuple(unreadable),
        metric=next(iter(directions)) if len(directions) == 1 else None,
    )


def _experiment(source: Source) -> Mapping[str, Any]:
    data = mapping(source.json)
    found = mapping(data, "experiment") or data
    return found if found.get("__type") == "Experiment" and "search_space" in found else {}


def _directions(experiment: Mapping[str, Any]) -> dict[str, Direction]:
    """What is optimised: expressions such as ``-loss`` are maximised; older versions name a metric and a direction."""
    objective = mapping(experiment, "optimization_config", "objective")
    expression = objective.get("expression")
    if isinstance(expression, str):
        parts = [part for part in re.split(r"\s*,\s*", expression) if re.fullmatch(r"-?\s*[^\s*+]+", part)]
        return {part.lstrip("- "): "minimize" if part.startswith("-") else "maximize" for part in parts}
    name = mapping(objective, "metric").get("name")
    return {str(name): "minimize" if objective.get("minimize") else "maximize"} if name else {}


def _arms(trial: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    runs = [mapping(trial, "generator_run"), *map(mapping, listed(trial.get("generator_run_structs")))]
    return [mapping(arm) for run in runs for arm in listed(run.get("arms"))]


def _record(place: str, trial: Mapping[str, Any], arm: Mapping[str, Any], experiment: Mapping[str, Any]) -> Record:
    began, ended = (mapping(trial, name).get("value") for name in _TIMES)
    status = mapping(trial, "status").get("name")
    return Record(
        place=f"trial {place}",
        config=parameters(mapping(arm, "parameters")),
        metrics=_figures(mapping(experiment, "data_by_trial", place)),
        state=outcome(status) or "failed",
        identity=place,
        seconds=seconds_between(began, ended),
        reason=str(trial["status_reason"])[:500] if trial.get("status_reason") else None,
    )


def _figures(data: Mapping[str, Any]) -> dict[str, float]:
    """The means of a trial's last data, by metric."""
    found: dict[str, float] = {}
    for pair in listed(data.get("value")):
        frame = mapping(pair[1] if isinstance(pair, list) and len(pair) > 1 else None, "df").get("value")
        try:
            columns = mapping(json.loads(frame)) if isinstance(frame, str) else {}
        except (ValueError, RecursionError):
            continue
        means = mapping(columns, "mean")
        for row, name in mapping(columns, "metric_name").items():
            if (mean := number(means.get(row))) is not None:
                found[str(name)] = mean
    return found


# The space


def _space(space: Mapping[str, Any]) -> dict[str, Parameter]:
    entries = [mapping(entry) for entry in listed(space.get("parameters"))]
    when = {child: condition for entry in entries for child, condition in _conditions(entry)}
    found = {}
    for entry in entries:
        name, domain = str(entry.get("name")), _domain(entry)
        if domain is not None:
            found[name] = Parameter(domain=domain, when=when.get(name, {}))
    return found


def _conditions(entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Value | tuple[Value, ...]]]]:
    """The children of a parameter, each with the values for which it has an effect."""
    values: dict[str, list[Value]] = {}
    choices = {str(value): parameter(value) for value in listed(entry.get("values"))}
    for value, children in mapping(entry, "dependents").items():
        for child in listed(children):
            values.setdefault(str(child), []).append(choices.get(str(value), str(value)))
    for child, wanted in values.items():
        yield child, {str(entry.get("name")): wanted[0] if len(wanted) == 1 else tuple(wanted)}


def _domain(entry: Mapping[str, Any]) -> Domain | None:
    match entry.get("__type"):
        case "RangeParameter":
            is_whole = mapping(entry, "parameter_type").get("name") == "INT"
            return ranged(entry.get("lower"), entry.get("upper"), log=entry.get("log_scale") is True, integer=is_whole)
        case "ChoiceParameter":
            values = listed(entry.get("values"))
            is_ordered = entry.get("is_ordered") is True and all(isinstance(value, int | float) for value in values)
            return chosen_from(values, ordered=is_ordered)
        case "FixedParameter":
            return Choice(choices=(parameter(entry.get("value")),))
        case _:
            return None
