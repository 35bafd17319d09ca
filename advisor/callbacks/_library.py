"""Importing a library that may not be there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from advisor.errors import MissingPackage


def loaded(package: str) -> Any:
    """The package, which is also the name of the extra that installs it.

    Raises:
        MissingPackage: It is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingPackage(package, package, f"logging to {package}") from error
