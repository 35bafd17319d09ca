"""SMAC: ``runhistory.json`` of version 2, with the space and the objectives that lie beside it.

Costs are less when they are better. A configuration may have been evaluated with several seeds, instances and budgets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from advisor.readers._budgets import Evaluation, merged
from advisor.readers._configspace import space_beside
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._values import Outcome, listed, mapping, number, parameters

TITLE: Final = "a run history of SMAC"

_FILE: Final = "runhistory.json"
_STATES: Final[tuple[Outcome, ...]] = ("running", "complete", "failed", "failed", "failed")
"""RUNNING, SUCCESS, CRASHED, TIMEOUT and MEMORYOUT of SMAC 2, by their numbers."""
_FIELDS: Final = ("config_id", "instance", "seed", "budget", "cost", "time", "status", "starttime", "endtime")
"""What an entry is made of where it is a list, as SMAC 2.0 wrote it."""


def recognises(source: Source) -> bool:
    """Whether it is a run history, or a folder with one."""
    if source.kind == "folder":
        return _FILE in source.names
    return {"data", "configs", "stats"} <= mapping(source.json).keys()


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each configuration as a trial."""
    file = source.beside(_FILE) if source.kind == "folder" else source
    history = mapping(file.json if file is not None else None)
    configs = mapping(history, "configs")
    objectives = _objectives(source)
    evaluations = []
    unreadable = []
    for index, entry in enumerate(listed(history.get("data"))):
        given = dict(zip(_FIELDS, entry, strict=False)) if isinstance(entry, list) else mapping(entry)
        config = configs.get(str(given.get("config_id")))
        if config is None:
            unreadable.append(f"data.{index}: its configuration is not there")
        else:
            evaluations.append(_evaluation(f"data.{index}", given, config, objectives))
    records, remarks = merged(evaluations, "budget")
    names = dict.fromkeys(name for one in evaluations for name in one.record.metrics) or dict.fromkeys(objectives)
    return Log(
        records=records,
        directions=dict.fromkeys(names, "minimize"),
        space=space_beside(source),
        remarks=remarks,
        unreadable=tuple(unreadable),
    )


def _objectives(source: Source) -> Sequence[str]:
    """The names of the objectives, as the scenario has them."""
    scenario = source.beside("scenario.json")
    named = mapping(scenario.json if scenario is not None else None).get("objectives", "cost")
    return [str(name) for name in named] if isinstance(named, list) else [str(named)]


def _evaluation(place: str, given: Mapping[str, Any], config: object, objectives: Sequence[str]) -> Evaluation:
    cost = given.get("cost")
    costs = cost if isinstance(cost, list) else [cost]
    names = list(objectives) if len(objectives) == len(costs) else [f"cost_{index}" for index in range(len(costs))]
    found = {name: number(value) for name, value in zip(names, costs, strict=True)}
    status = number(given.get("status"))
    known = status is not None and status in range(len(_STATES))
    record = Record(
        place=place,
        config=parameters(config),
        metrics={name: value for name, value in found.items() if value is not None},
        state=_STATES[int(status or 0)] if known else "failed",
        seconds=_length(given.get("time")),
    )
    return Evaluation(str(given.get("config_id")), number(given.get("budget")) or 0.0, record)


def _length(value: object) -> float:
    found = number(value)
    return found if found is not None and 0 <= found < math.inf else 0.0
