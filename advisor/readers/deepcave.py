"""DeepCAVE: a folder with ``history.jsonl``, ``configs.json``, ``meta.json`` and ``configspace.json``.

Each line of the history is a list: configuration, budget, seed, values, two or three times, status, remarks; old files
have no seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from advisor.readers._budgets import Evaluation, merged
from advisor.readers._configspace import space_beside
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._values import Outcome, listed, mapping, number, parameters
from advisor.spec import Direction

TITLE: Final = "a run of DeepCAVE"

_FILE: Final = "history.jsonl"
_STATES: Final[Mapping[int, Outcome]] = {1: "complete", 5: "pruned", 6: "running", 8: "pruned"}
"""SUCCESS, ABORTED, NOT_EVALUATED and PRUNED of its ``Status``; all others are failures."""


def recognises(source: Source) -> bool:
    """Whether it is a folder of a run, or the history in one."""
    if source.kind == "folder":
        return {_FILE, "configs.json"} <= set(source.names)
    return source.kind == "lines" and source.path.name == _FILE and source.beside("configs.json") is not None


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each configuration as a trial, at its greatest budget."""
    history = source.beside(_FILE)
    configs = source.beside("configs.json")
    known = mapping(configs.json if configs is not None else None)
    directions = _objectives(source)
    evaluations: list[Evaluation] = []
    unreadable = list(history.broken_lines) if history is not None else []
    for line in history.every_line() if history is not None else ():
        found = _evaluation(f"line {line.number}", listed(line.value), known, list(directions))
        if found is None:
            unreadable.append(f"line {line.number}: no entry of a configuration that is there")
        else:
            evaluations.append(found)
    records, remarks = merged(evaluations, "budget")
    return Log(
        records=records,
        directions=directions,
        space=space_beside(source),
        remarks=remarks,
        unreadable=tuple(unreadable),
    )


def _objectives(source: Source) -> dict[str, Direction]:
    meta = source.beside("meta.json")
    entries = map(mapping, listed(mapping(meta.json if meta is not None else None).get("objectives")))
    return {str(one.get("name")): "maximize" if one.get("optimize") == "upper" else "minimize" for one in entries}


def _evaluation(
    place: str, entry: Sequence[Any], configs: Mapping[str, Any], objectives: Sequence[str]
) -> Evaluation | None:
    values = next((part for part in entry[2:4] if isinstance(part, list)), None)
    status = number(entry[-2]) if len(entry) > 6 else None
    if values is None or status is None or str(entry[0]) not in configs:
        return None
    found = {name: number(value) for name, value in zip(objectives, values, strict=False)}
    times = [number(part) or 0.0 for part in entry[entry.index(values) + 1 : -2]]
    record = Record(
        place=place,
        config=parameters(configs[str(entry[0])]),
        metrics={name: value for name, value in found.items() if value is not None},
        state=_STATES.get(int(status) if abs(status) < 100 else 0, "failed"),
        seconds=max(times[-1] - times[0], 0.0) if len(times) > 1 and max(map(abs, times)) < float("inf") else 0.0,
    )
    return Evaluation(str(entry[0]), number(entry[1]) or 0.0, record)
