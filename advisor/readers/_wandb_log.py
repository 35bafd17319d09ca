"""The ``.wandb`` file of an offline run: protobuf records in LevelDB's log format, read without W&B.

Formats: https://github.com/google/leveldb/blob/main/doc/log_format.md and
https://protobuf.dev/programming-guides/encoding. Numbers of fields are those of ``wandb/proto/wandb_internal.proto`` in
W&B 0.31.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

_HEADER: Final = 7
"""Bytes before the first block, and before each part of a record: checksum, length, kind."""
_BLOCK: Final = 32_768
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_UPDATE, _KEY, _NESTED_KEY, _JSON = 1, 1, 2, 16
_RUN_ID, _RUN_CONFIG, _RUN_NAME, _EXIT_CODE = 1, 4, 8, 1

_Field: TypeAlias = tuple[int, int | bytes]


def run_of(raw: bytes) -> dict[str, Any]:
    """The run as W&B's own export has it: ``id``, ``name``, ``state``, ``config``, ``summary``, ``history``.

    Raises:
        ValueError: The bytes break the format.
    """
    run: dict[str, Any] = {"state": "running", "config": {}, "summary": {}, "history": []}
    for record in _records(raw):
        for number, value in _fields(record):
            if isinstance(value, bytes):
                _add(run, number, value)
    run["config"].pop("_wandb", None)
    return run


def _add(run: dict[str, Any], number: int, value: bytes) -> None:
    match number:
        case 2:  # history
            run["history"].append(dict(_items(value)))
        case 3:  # summary
            run["summary"].update(_items(value))
        case 5:  # config
            run["config"].update(_items(value))
        case 17:  # run
            for inner, part in _fields(value):
                if inner == _RUN_CONFIG and isinstance(part, bytes):
                    run["config"].update(_items(part))
                elif inner in {_RUN_ID, _RUN_NAME} and isinstance(part, bytes):
                    run["id" if inner == _RUN_ID else "name"] = part.decode(errors="replace")
        case 18:  # exit
            codes = [part for inner, part in _fields(value) if inner == _EXIT_CODE]
            run["state"] = "failed" if any(codes) else "finished"


def _items(message: bytes) -> Iterator[tuple[str, Any]]:
    """The keys and values of a list of items."""
    for number, item in _fields(message):
        if number == _UPDATE and isinstance(item, bytes):
            keys: list[str] = []
            value: Any = None
            for inner, part in _fields(item):
                if inner in {_KEY, _NESTED_KEY} and isinstance(part, bytes):
                    keys.append(part.decode(errors="replace"))
                elif inner == _JSON and isinstance(part, bytes):
                    value = json.loads(part)
            yield ".".join(filter(None, keys)), value


def _records(raw: bytes) -> Iterator[bytes]:
    """The records of the log; one that was not written to its end is left out."""
    position = _HEADER
    record = b""
    while position + _HEADER <= len(raw):
        if _BLOCK - position % _BLOCK < _HEADER:
            position += _BLOCK - position % _BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", raw, position)
        position += _HEADER
        part = raw[position : position + length]
        if kind not in {_FULL, _FIRST, _MIDDLE, _LAST} or len(part) < length:
            return
        position += length
        record = part if kind in {_FULL, _FIRST} else record + part
        if kind in {_FULL, _LAST}:
            yield record


def _fields(message: bytes) -> Iterator[_Field]:
    """The fields of a message: numbers as they are, texts and inner messages as bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, position = _varint(message, position)
            yield number, value
            continue
        length = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            length, position = _varint(message, position)
        if length is None or position + length > len(message):
            raise ValueError("a field that is longer than its record")
        yield number, message[position : position + length]
        position += length


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message) and shift < 70:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("a number that does not end")
