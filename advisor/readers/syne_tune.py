"""Syne Tune: an experiment's folder with ``metadata.json`` and ``results.csv.zip``, or those results by themselves.

Results have a row for each report. A trial that a scheduler stopped reported less often than others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from advisor.readers._budgets import Evaluation, merged
from advisor.readers._log import Log, Parameter, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._space import chosen_from, ranged
from advisor.readers._table import columns_of, table_of
from advisor.readers._values import duration, listed, mapping, number, parameter
from advisor.space import Choice, Domain
from advisor.spec import Direction

TITLE: Final = "an experiment of Syne Tune"

_RESULTS: Final = ("results.csv.zip", "results.csv")
_CONFIG: Final = "config_"


def recognises(source: Source) -> bool:
    """Whether it is a folder with results, or a table with Syne Tune's columns."""
    if source.kind == "folder":
        return "metadata.json" in source.names and any(name in source.names for name in _RESULTS)
    return {"trial_id", "st_decision", "st_status"} <= set(columns_of(source))


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each trial with its last report."""
    results = source if source.kind != "folder" else next(filter(None, map(source.beside, _RESULTS)))
    about = source.beside("metadata.json")
    metadata = mapping(about.json if about is not None else None)
    table = table_of(results)
    if table is None:
        raise results.error("no table")
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in table.rows:
        if "trial_id" in row:
            rows.setdefault(str(row["trial_id"]), []).append(row)
    figures = [name for name in table.columns if not name.startswith((_CONFIG, "st_")) and name != "trial_id"]
    evaluations = [_evaluation(name, reports, figures) for name, reports in rows.items()]
    records, remarks = merged(evaluations, "number of reports")
    directions = _directions(metadata)
    others = {name: None for name in figures if name != mapping(metadata, "scheduler_kwargs").get("time_attr")}
    return Log(
        records=records,
        directions={**others, **directions},
        space=_space(metadata),
        ignored=table.ignored,
        remarks=remarks,
        unreadable=table.unreadable,
        metric=next(iter(directions)) if len(directions) == 1 else None,
    )


def _directions(metadata: Mapping[str, Any]) -> dict[str, Direction]:
    names = [str(name) for name in listed(metadata.get("metric_names"))]
    mode = metadata.get("metric_mode")
    modes = mode if isinstance(mode, list) and len(mode) == len(names) else [mode] * len(names)
    words: Mapping[str, Direction] = {"min": "minimize", "max": "maximize"}
    return {name: words[str(one)] for name, one in zip(names, modes, strict=True) if str(one) in words}


def _evaluation(name: str, reports: list[Mapping[str, Any]], figures: list[str]) -> Evaluation:
    series = {
        figure: tuple(value for row in reports if (value := number(row.get(figure))) is not None) for figure in figures
    }
    last = reports[-1]
    record = Record(
        place=f"trial {name}",
        config={key.removeprefix(_CONFIG): parameter(value) for key, value in last.items() if key.startswith(_CONFIG)},
        metrics={figure: values[-1] for figure, values in series.items() if values},
        state="failed" if last.get("st_status") == "Failed" else "complete",
        seconds=duration(last.get("st_worker_time")),
        reported=series,
    )
    return Evaluation(name, float(len(reports)), record)


# The space


def _space(metadata: Mapping[str, Any]) -> dict[str, Parameter]:
    given = metadata.get("config_space")
    try:
        entries = mapping(json.loads(given)) if isinstance(given, str) else mapping(given)
    except (ValueError, RecursionError):
        return {}
    found = {str(name): _domain(entry) for name, entry in entries.items()}
    return {name: Parameter(domain=domain) for name, domain in found.items() if domain is not None}


def _domain(entry: object) -> Domain | None:
    if not isinstance(entry, Mapping):
        return Choice(choices=(parameter(entry),))
    given = mapping(entry, "domain_kwargs")
    is_log = "Log" in str(entry.get("sampler_cls"))
    match entry.get("domain_cls"):
        case "Float" | "Integer" as kind:
            return ranged(given.get("lower"), given.get("upper"), log=is_log, integer=kind == "Integer")
        case "Categorical" | "Ordinal" | "OrdinalNearestNeighbor" as kind:
            return chosen_from(listed(given.get("categories")), ordered=kind != "Categorical")
        case "FiniteRange":
            return _finite(given)
        case _:
            return None


def _finite(given: Mapping[str, Any]) -> Domain | None:
    """So many values from the lower to the upper end, at equal distances or ratios."""
    low, high, size = (number(given.get(name)) for name in ("lower", "upper", "size"))
    if low is None or high is None or size is None or not 2 <= size <= 1_000 or not low < high < float("inf"):
        return None
    steps = [index / (int(size) - 1) for index in range(int(size))]
    if given.get("log_scale") and low > 0:
        values = [low ** (1 - step) * high**step for step in steps]
    else:
        values = [low + step * (high - low) for step in steps]
    return chosen_from((round(value) if given.get("cast_int") else value for value in values), ordered=True)
