"""How many cores linear algebra takes: one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Given = ParamSpec("Given")
Found = TypeVar("Found")


def on_one_core(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The function, for matrices of a few hundred rows.

    More threads cost more than they bring there, several times as much on a busy machine, and they round otherwise: the
    same trials would not say the same on a machine with other cores.
    """

    @wraps(function)
    def limited(*given: Given.args, **named: Given.kwargs) -> Found:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*given, **named)

    return limited
