"""Hyperopt: ``Trials.trials`` as JSON, or a pickle of ``Trials`` of which only four harmless names are known.

The loss is less when it is better. Of a choice Hyperopt keeps the position, not the value, and no ranges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from advisor.plan import Plan
from advisor.readers import _pickles
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._values import Outcome, listed, mapping, number, numbers, parameter, seconds_between

TITLE: Final = "trials of Hyperopt"

_STATES: Final[tuple[Outcome, ...]] = ("running", "running", "complete", "failed", "failed")
"""JOB_STATE_NEW, RUNNING, DONE, ERROR and CANCEL, by their numbers."""
_REMARK: Final = "of a choice Hyperopt keeps the position in its list, from 0, and not the value"


def recognises(source: Source) -> bool:
    """Whether it is a pickle, or a list of entries with Hyperopt's keys."""
    if source.kind == "json":
        first = mapping(next(iter(listed(source.json)), None))
        return {"misc", "result", "tid"} <= first.keys()
    return source.kind == "pickle"


def read(source: Source, wanted: Wanted) -> Log:
    """Each entry as a trial."""
    entries = source.json if source.kind == "json" else _of_pickle(source)
    records = [_record(index, mapping(entry)) for index, entry in enumerate(listed(entries))]
    if wanted.plan is not None:
        records = [_with_choices(record, wanted.plan) for record in records]
    figures = dict.fromkeys(name for record in records for name in record.metrics)
    return Log(
        records=tuple(records),
        directions={name: "minimize" if name == "loss" else None for name in figures} or {"loss": "minimize"},
        metric="loss",
        remarks=(_REMARK,),
    )


def _of_pickle(source: Source) -> object:
    try:
        return _pickles.trials_of(source.raw)
    except _pickles.UnsafePickle as error:
        hint = "save the trials as CSV or JSON"
        raise source.error(f"a pickle that is not read, as reading could run code: {error}", hint=hint) from None


def _record(index: int, entry: Mapping[str, Any]) -> Record:
    result = mapping(entry, "result")
    state = number(entry.get("state"))
    ended = _STATES[int(state)] if state is not None and state in range(len(_STATES)) else "failed"
    if ended == "complete" and result.get("status") != "ok":
        ended = "running" if str(result.get("status")) in {"new", "running", "suspended"} else "failed"
    values = {str(name): listed(value) for name, value in mapping(entry, "misc", "vals").items()}
    return Record(
        place=f"trial {entry.get('tid', index)}" if isinstance(entry.get("tid"), int) else f"entry {index}",
        config={name: _whole(value[0]) for name, value in values.items() if value},
        metrics=numbers({name: value for name, value in result.items() if name != "status"}),
        state=ended,
        seconds=seconds_between(entry.get("book_time"), entry.get("refresh_time")),
        reason=str(result["failure"])[:500] if result.get("failure") else None,
    )


def _with_choices(record: Record, plan: Plan) -> Record:
    """The record with the plan's choices in place of their positions."""
    lists = {name: one.choices for stage in plan.stages for name, one in stage.search.items() if one.choices}
    config = dict(record.config)
    for name, position in record.config.items():
        if isinstance(position, int) and 0 <= position < len(lists.get(name, ())):
            config[name] = lists[name][position]
    return replace(record, config=config)


def _whole(value: Any) -> Any:
    """A value of a parameter; numbers without a fraction, which Hyperopt draws as floats, as whole ones."""
    found = parameter(value)
    return int(found) if isinstance(found, float) and math.isfinite(found) and found.is_integer() else found
