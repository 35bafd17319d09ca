"""Logging a run through the libraries of others: one module for each, found by the name of its file."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from advisor.errors import UnknownName
from advisor.progress import Observer

__all__ = ["Callback", "names", "observer"]


class Callback(Protocol):
    """What a module of this folder is."""

    def observer(self) -> Observer:
        """An observer that logs a run, set up as the library's own environment variables say.

        Raises:
            MissingPackage: The library is not installed.
        """


def names() -> tuple[str, ...]:
    """The names of all callbacks."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")))


def observer(name: str) -> Observer:
    """A new observer that logs a run through a library.

    Raises:
        UnknownName: There is no such callback.
        MissingPackage: The library is not installed.
    """
    if name not in names():
        raise UnknownName("callback", name, names())
    return cast("Callback", import_module(f"{__name__}.{name}")).observer()
