"""How many cores linear algebra takes: one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Final, ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Given = ParamSpec("Given")
Found = TypeVar("Found")

_LIMITED: Final = Lock()
"""Held by the outermost call: the limit is the process's, and the second to restore it would restore the limit."""


def on_one_core(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The function, for matrices of a few hundred rows.

    More threads cost more than they bring there, several times as much on a busy machine, and they round otherwise: the
    same trials would not say the same on a machine with more cores.
    """

    @wraps(function)
    def limited(*given: Given.args, **named: Given.kwargs) -> Found:
        if not _LIMITED.acquire(blocking=False):
            return function(*given, **named)
        try:
            with threadpool_limits(limits=1, user_api="blas"):
                return function(*given, **named)
        finally:
            _LIMITED.release()

    return limited
