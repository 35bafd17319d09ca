"""The installed command: what a short process does around ``advisor.cli``."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from advisor.errors import AdvisorError

_PLUGINS = "pydantic.plugin._loader"


class _NoPlugins(ModuleType):
    """In the place of pydantic's search for plugins, whose imports alone take a fifteenth of the time of a plan."""

    get_plugins = tuple

    def __getattr__(self, name: str) -> Any:
        """Whatever else a later pydantic may want of the module, from the module itself."""
        if name.startswith("__"):  # what Python asks of every module
            raise AttributeError(name)
        del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def run() -> None:
    """``advisor.cli.main``, without what a short process does not need.

    Collecting garbage while modules load, and taking everything apart at the end, is a fifth of the time of a plan.
    mypy ends itself in the same way.
    """
    gc.disable()
    sys.modules[_PLUGINS] = _NoPlugins(_PLUGINS)
    from advisor.cli import main  # noqa: PLC0415 - after the stand-in is there

    code: int | str | None = 0
    try:
        main()
        sys.stdout.flush()
    except SystemExit as stop:
        code = stop.code
    except OSError as error:  # such as a full disk behind the pipe
        sys.stderr.write(f"error: the answer cannot be written: {error.strerror}\n")
        code = AdvisorError.exit_code
    sys.stderr.flush()
    if "advisor.running" in sys.modules:  # a person's code has run, and may have left something to do at the end
        sys.exit(code)
    os._exit(code if isinstance(code, int) else int(code is not None))
