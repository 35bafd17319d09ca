"""What runs in a process that evaluates: one configuration after another, for whoever holds the other end of a link.

It lives no longer than the other end. A thread of its own watches for that, and ends the whole group of the process:
no program that an objective started keeps a GPU after the run was killed. Code that never lets go of the interpreter
delays this.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

from advisor.errors import AdvisorError
from advisor.objectives import Ended, Objective, Report, described, evaluate, load

Link: TypeAlias = "Connection[Any, Any]"
_Inbox: TypeAlias = "SimpleQueue[Any]"


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The first thing that is told: the objective is there, or why it is not."""

    problem: str | None = None


def main(link: Link) -> None:
    """Evaluate what comes, until None comes: the objective first, then number, configuration and seed of each trial."""
    os.set_inheritable(link.fileno(), False)  # noqa: FBT003 - so it is called
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    inbox: _Inbox = SimpleQueue()
    Thread(target=_listen, args=(link, inbox), daemon=True).start()
    try:
        _serve(link, inbox)
    except OSError:  # nobody listens any more
        _end()


def _serve(link: Link, inbox: _Inbox) -> None:
    try:
        objective = _objective(inbox.get())
    except BaseException as error:  # noqa: BLE001 - whatever a person's module does while it is imported
        link.send(Ready(problem=str(error) if isinstance(error, AdvisorError) else described(error)))
        return
    link.send(Ready())
    for number, config, seed in iter(inbox.get, None):

        def report(step: int, value: float, number: int = number) -> bool:
            link.send(Report(number=number, step=step, value=value))
            prune: bool = inbox.get()
            return prune

        link.send(Ended(number=number, outcome=evaluate(objective, config, report, number=number, seed=seed)))


def _objective(sent: str | bytes) -> Objective:
    objective: Objective = load(sent) if isinstance(sent, str) else pickle.loads(sent)  # noqa: S301 - from our parent
    return objective


def _listen(link: Link, inbox: _Inbox) -> None:
    try:
        while True:
            inbox.put(link.recv())
    except (EOFError, OSError):
        _end()


def _end() -> None:
    """End this process and whatever it started."""
    if sys.platform == "win32":
        os._exit(1)
    os.killpg(os.getpgrp(), signal.SIGKILL)
