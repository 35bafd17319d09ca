"""Words and numbers of foreign files as values: what a cell says, what a state is called, what cannot be a value."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from advisor.model import GREATEST, MOST_DIGITS
from advisor.space import Value

Outcome: TypeAlias = Literal["complete", "failed", "pruned", "running"]

_MISSING: Final = frozenset({"", "nan", "null", "na", "n/a", "<na>", "-nan", "--"})
_WORDS: Final = {"true": True, "false": False, "none": None}
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WHOLE: Final = re.compile(r"[-+]?\d+")
_DECIMAL_COMMA: Final = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_INFINITE: Final = re.compile(r"([-+]?)(?:inf|infinity)", re.IGNORECASE)
_LONGEST: Final = 1_000
"""Characters of a text that is a value of a parameter; of a longer one the beginning is kept."""
_DEEPEST: Final = 20
_LONGEST_LITERAL: Final = 20_000
_OF_NUMPY: Final = re.compile(r"\b(?:np|numpy)\.\w+\(([^()]*)\)")
_NAN: Final = re.compile(r"(?<![\w'\"])(?:nan|inf)(?![\w'\"])")

_STATES: Final[Mapping[str, Outcome]] = {
    **dict.fromkeys(
        ("complete", "completed", "finished", "succeeded", "success", "ok", "done", "terminated"), "complete"
    ),
    **dict.fromkeys(("fail", "failed", "error", "errored", "crashed", "crash", "killed", "infeasible"), "failed"),
    **dict.fromkeys(("invalid", "abandoned", "timeout", "memout", "metricsunavailable", "failure", "nan"), "failed"),
    **dict.fromkeys(
        ("pruned", "stopped", "stopping", "earlystopped", "early_stopped", "cutoff", "cancelled"), "pruned"
    ),
    **dict.fromkeys(("running", "waiting", "pending", "queued", "scheduled", "inprogress", "in_progress"), "running"),
    **dict.fromkeys(
        ("active", "requested", "created", "submitted", "staged", "candidate", "paused", "idle"), "running"
    ),
    **dict.fromkeys(("new", "evaluating", "preempted", "preempting", "unresolved"), "running"),
}


def mapping(data: object, *keys: str) -> Mapping[str, Any]:
    """What lies at the end of these keys in nested mappings, if that is a mapping; else an empty one."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def listed(data: object) -> Sequence[Any]:
    """The value if it is a list; else an empty one."""
    return data if isinstance(data, list) else ()


def literal(text: str) -> object:
    """What ``repr`` wrote of plain data, numbers of numpy and NaN included; None where it is something else."""
    plain = _OF_NUMPY.sub(r"\1", text) if len(text) <= _LONGEST_LITERAL else ""
    try:
        found: object = ast.literal_eval(_NAN.sub("None", plain))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
    return found


def is_missing(cell: object) -> bool:
    """Whether a cell says nothing: empty, or one of the words for a gap."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and cell.strip().lower() in _MISSING


def value_of(text: str, *, decimal_comma: bool = False) -> Value:
    """What a cell of a table says: a number, true or false, nothing for ``None``, else its text.

    Infinite numbers are floats; a whole number too long to compute with stays text.
    """
    word = text.strip()
    if _WHOLE.fullmatch(word):
        return int(word) if len(word) <= MOST_DIGITS else word
    if decimal_comma and _DECIMAL_COMMA.fullmatch(word):
        word = word.replace(",", ".")
    if _NUMBER.fullmatch(word):
        return float(word) if math.isfinite(float(word)) else text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    if found := _INFINITE.fullmatch(word):
        return -math.inf if found[1] == "-" else math.inf
    return word[:_LONGEST]


def has_decimal_comma(text: str) -> bool:
    """Whether a cell is a number with a comma in place of the point."""
    return _DECIMAL_COMMA.fullmatch(text.strip()) is not None


def parameter(value: object) -> Value:
    """A value of JSON as one of a hyperparameter; lists, and numbers that none can compute with, become text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= GREATEST else f"{value:.6e}"[:_LONGEST] if abs(value) < 10**300 else "too large"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:_LONGEST]
    try:
        return json.dumps(value, default=str)[:_LONGEST]
    except (ValueError, TypeError, RecursionError):
        return str(type(value).__name__)


def flattened(
    data: Mapping[Any, Any], separator: str = ".", prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings, each with the keys that lead to it."""
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and depth < _DEEPEST:
            yield from flattened(value, separator, f"{name}{separator}", depth + 1)
        else:
            yield name, value


def parameters(data: object) -> dict[str, Value]:
    """A mapping of JSON, perhaps nested, as the values of hyperparameters; gaps are left out."""
    if not isinstance(data, Mapping):
        return {}
    return {name: parameter(value) for name, value in flattened(data) if name and not _is_gap(value)}


def _is_gap(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def number(value: object) -> float | None:
    """The value as a real number, infinite and NaN included; None where it is none."""
    if isinstance(value, str):
        value = value_of(value) if len(value) < MOST_DIGITS else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def numbers(data: object) -> dict[str, float]:
    """Those leaves of a mapping of JSON that are numbers."""
    if not isinstance(data, Mapping):
        return {}
    return {name: found for name, value in flattened(data) if (found := number(value)) is not None}


def outcome(word: object) -> Outcome | None:
    """How a trial ended, in a tool's own word; None for a word that is not known."""
    plain = str(word).rpartition(".")[2].strip().lower().replace("-", "_").replace(" ", "_")
    return _STATES.get(plain) or _STATES.get(plain.replace("_", ""))


def seconds_between(began: object, ended: object) -> float:
    """Seconds from one time to another, both as ISO texts or as seconds since 1970; 0 where either is unknown."""
    first, last = _moment(began), _moment(ended)
    return max(last - first, 0.0) if first is not None and last is not None else 0.0


def _moment(value: object) -> float | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        try:
            return datetime.fromisoformat(value.strip()).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def duration(value: object) -> float:
    """Seconds, from a number or from pandas' ``0 days 00:00:01.5``; 0 where it is neither."""
    found = number(value)
    if found is not None:
        return found if math.isfinite(found) and found >= 0 else 0.0
    parts = re.fullmatch(r"(\d{1,6}) days (\d\d):(\d\d):(\d\d(?:\.\d+)?)", value) if isinstance(value, str) else None
    if parts is None:
        return 0.0
    days, hours, minutes, rest = (float(part) for part in parts.groups())
    return days * 86_400 + hours * 3_600 + minutes * 60 + rest
