"""Nevergrad: the lines that its ``ParametersLogger`` writes; its loss is always minimised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._values import mapping, number, parameters

TITLE: Final = "a log of Nevergrad"

_LOSS: Final = "#loss"


def recognises(source: Source) -> bool:
    """Whether the first line has Nevergrad's keys."""
    return bool(source.lines) and {"#parametrization", "#optimizer", _LOSS} <= mapping(source.lines[0].value).keys()


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each line as a trial."""
    return Log(
        records=tuple(_record(line.number, mapping(line.value)) for line in source.lines),
        directions={"loss": "minimize"},
        unreadable=source.broken_lines,
    )


def _record(line: int, row: Mapping[str, Any]) -> Record:
    loss = number(row.get(_LOSS))
    return Record(
        place=f"line {line}",
        config=parameters({name: value for name, value in row.items() if "#" not in name and ".indices" not in name}),
        metrics={} if loss is None else {"loss": loss},
        identity=line,
    )
