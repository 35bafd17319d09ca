"""NePS: a folder with ``configs/*/config.yaml`` and ``report.yaml``, or ``summary/full.csv``.

The objective is minimised. A configuration that was promoted has a folder for each rung; the budget is one of its
values, and ``optimizer_info.yaml`` says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from advisor import yamlio
from advisor.readers._budgets import Evaluation, merged
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import columns_of, table_of
from advisor.readers._values import Outcome, duration, mapping, number, outcome, parameters

TITLE: Final = "results of NePS"

_METRIC: Final = "objective_to_minimize"
_CONFIG: Final = "config."


def recognises(source: Source) -> bool:
    """Whether it is a folder of configurations, or the table of all."""
    if source.kind == "folder":
        inner = source.beside("configs")
        return inner is not None and inner.kind == "folder" and any(name.startswith("config_") for name in inner.names)
    columns = columns_of(source)
    return {"id", _METRIC} <= set(columns) and any(name.startswith(_CONFIG) for name in columns)


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each configuration as a trial, at its greatest budget."""
    fidelity = _fidelity(source if source.kind == "folder" else Source(source.path.parent.parent))
    rows = list(_of_folder(source) if source.kind == "folder" else _of_table(source))
    evaluations = [_evaluation(*row, fidelity) for row in rows]
    records, remarks = merged(evaluations, fidelity or "budget")
    return Log(
        records=records,
        directions={_METRIC: "minimize"},
        ignored={fidelity: "it is the budget"} if fidelity else {},
        remarks=remarks,
    )


def _fidelity(folder: Source) -> str | None:
    info = folder.beside("optimizer_info.yaml")
    name = mapping(yamlio.read(info.path).value if info is not None else None, "derived", "fidelity").get("name")
    return name if isinstance(name, str) else None


def _of_folder(source: Source) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any], Outcome]]:
    """The name, configuration, report and state of each evaluation."""
    inner = source.beside("configs")
    for name in inner.names if inner is not None else ():
        folder = inner.beside(name) if inner is not None and name.startswith("config_") else None
        config = folder.beside("config.yaml") if folder is not None else None
        report = folder.beside("report.yaml") if folder is not None else None
        if config is not None:
            told = mapping(yamlio.read(report.path).value) if report is not None else {}
            state = outcome(told.get("reported_as")) or "failed" if report is not None else "running"
            yield name.removeprefix("config_"), mapping(yamlio.read(config.path).value), told, state


def _of_table(source: Source) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any], Outcome]]:
    table = table_of(source)
    for row in table.rows if table is not None else ():
        config = {name.removeprefix(_CONFIG): value for name, value in row.items() if name.startswith(_CONFIG)}
        yield str(row.get("id")), config, row, outcome(row.get("state")) or "failed"


def _evaluation(
    name: str, config: Mapping[str, Any], report: Mapping[str, Any], state: Outcome, fidelity: str | None
) -> Evaluation:
    value = number(report.get(_METRIC))
    record = Record(
        place=name,
        config=parameters({key: one for key, one in config.items() if key != fidelity}),
        metrics={} if value is None else {_METRIC: value},
        state=state,
        seconds=duration(report.get("evaluation_duration")),
    )
    budget = number(config.get(fidelity)) if fidelity is not None else None
    return Evaluation(name.partition("_rung_")[0], budget or 0.0, record)
