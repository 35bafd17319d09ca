"""Hyperopt's trials from a pickle, without running anything that the pickle names.

A pickle is a program. This one may call four names, and each is replaced here by what only keeps its arguments, so that
no code but this file's runs: not Hyperopt's, not numpy's. Before that, what it asks to store is checked against its
size: it could ask for all memory.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
from typing import Any, ClassVar, Final

_LONGEST: Final = 100_000_000
_STORES: Final = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_REFUSED: Final = frozenset({"EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "INST", "OBJ", "NEXT_BUFFER"})


class UnsafePickle(ValueError):
    """A pickle names what only Hyperopt's trials need not, or is none."""


class Kept:
    """What a pickle made of a name that is not called here: its arguments and its state."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Trials(Kept):
    """In place of ``hyperopt.base.Trials``."""


class _Kind(Kept):
    """In place of ``numpy.dtype``: which type a number has."""


class _Time(Kept):
    """In place of ``datetime.datetime``."""


_FORMATS: Final = {"f8": "d", "f4": "f", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "u8": "Q", "u4": "I", "b1": "?"}


def _number(kind: object = None, raw: object = b"") -> object:
    """In place of numpy's ``scalar``: the number that the bytes are."""
    name = kind.arguments[0] if isinstance(kind, _Kind) and kind.arguments else None
    if isinstance(raw, str):
        raw = raw.encode("latin-1", errors="replace")
    if not isinstance(name, str) or not isinstance(raw, bytes) or name not in _FORMATS:
        return None
    code = f"<{_FORMATS[name]}"
    return struct.unpack(code, raw)[0] if len(raw) == struct.calcsize(code) else None


class _Unpickler(pickle.Unpickler):
    """Knows four names and no others."""

    KNOWN: ClassVar[dict[tuple[str, str], Any]] = {
        ("hyperopt.base", "Trials"): _Trials,
        ("numpy", "dtype"): _Kind,
        ("numpy._core.multiarray", "scalar"): _number,
        ("numpy.core.multiarray", "scalar"): _number,
        ("datetime", "datetime"): _Time,
    }

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name.

        Raises:
            UnsafePickle: It is not known.
        """
        if (module, name) not in self.KNOWN:
            raise UnsafePickle(f"it names {module[:60]}.{name[:60]}, which Hyperopt's trials do not need")
        return self.KNOWN[module, name]


def trials_of(raw: bytes) -> object:
    """The list of trials in a pickle of Hyperopt's ``Trials``, as far as it is plain data.

    Raises:
        UnsafePickle: It is none, or names something else.
    """
    _check(raw)
    try:
        found = _Unpickler(io.BytesIO(raw)).load()
    except UnsafePickle:
        raise
    except Exception as error:
        raise UnsafePickle(f"it is broken: {type(error).__name__}") from error
    state = found.state if isinstance(found, _Trials) else None
    if not isinstance(state, dict):
        raise UnsafePickle("it holds no Trials of Hyperopt")
    return state.get("_dynamic_trials") or state.get("_trials")


def _check(raw: bytes) -> None:
    """Refuse operations that are not needed, and places to store beyond what so short a program can fill.

    Raises:
        UnsafePickle: There is one, or the bytes are no pickle.
    """
    if len(raw) > _LONGEST:
        raise UnsafePickle(f"it is larger than {_LONGEST:,} bytes")
    try:
        operations = [(operation.name, argument) for operation, argument, _ in pickletools.genops(raw)]
    except Exception as error:
        raise UnsafePickle(f"it is broken: {type(error).__name__}") from error
    for name, argument in operations:
        if name in _REFUSED:
            raise UnsafePickle(f"it uses {name}, which Hyperopt's trials do not need")
        if name in _STORES and isinstance(argument, int) and argument > len(raw):
            raise UnsafePickle("it asks for more memory than it could use")
