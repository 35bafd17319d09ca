"""The places where configurations are evaluated: this process, or several others.

A place evaluates one trial at a time. Whoever hands out trials submits one to each free place, waits for what is told,
and answers each report::

    with closing(opened(objective, count=4)) as workers:
        workers.submit(0, {"learning_rate": 0.1}, seed=7)
        for told in workers.wait(None):
            ...

Other processes are started as programs of their own, never as copies of this one: a script without a guard around its
main part is not run again. Each leads a session, so that Ctrl-C in a terminal reaches this process alone, and so that
it can be ended with all that it started, except for what began a session itself. What an objective prints goes to our
stderr. Where several processes share a machine and OMP_NUM_THREADS is not set, each gets its share of the cores:
otherwise each library of linear algebra or trees would start as many threads as there are cores.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe, connection
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import cloudpickle  # type: ignore[import-untyped]

from advisor._worker import Link, Ready
from advisor.commands import Command, ending
from advisor.objectives import BadObjective, Ended, Lost, Objective, Outcome, Report, Steps, in_one_line, steps

if TYPE_CHECKING:  # as in objectives
    from advisor.space import Value

_Task: TypeAlias = "tuple[int, dict[str, Value], int]"
_START: Final = """\
import sys
from multiprocessing import connection
link = getattr(connection, "PipeConnection", connection.Connection)(int(sys.argv.pop()))
sys.path[:] = link.recv()
from advisor._worker import main
main(link)
"""
_GRACE: Final = 5.0
"""Seconds that an idle process has to end in order: libraries send what they logged when a process ends."""
_STARTS: Final = 3
"""Times that the process of a trial is started before it is given up: memory may be short for a moment."""
_PATIENCE: Final = 1.0
"""Seconds between two looks at processes that say nothing: what they started may keep the link of a dead one open."""


class Workers(Protocol):
    """Places that evaluate, each one trial at a time."""

    @property
    def free(self) -> int:
        """How many trials can be submitted now."""

    def submit(self, number: int, config: Mapping[str, Value], seed: int) -> None:
        """Evaluate a configuration at a free place."""

    def wait(self, timeout: float | None) -> Sequence[Report | Ended | Lost]:
        """What was told first, at once if nothing runs; nothing after so many seconds.

        Raises:
            BadObjective: A process that took the place of another could not start.
        """

    def answer(self, number: int, *, prune: bool) -> None:
        """Answer a report; the trial waits for it."""

    def close(self) -> None:
        """End all places, in order where they are free, else by force."""


def opened(objective: Objective | str, *, count: int = 1, timeout: float | None = None) -> Workers:
    """Places for an objective or the name of one: this process, for a function of which one is enough.

    A program and what is known by name run in processes of their own, which may be ended, or die, without this one.

    Args:
        objective: A function, a command, or a reference that ``objectives.load`` understands.
        count: How many trials run at the same time.
        timeout: Seconds after which a trial is ended as failed.

    Raises:
        BadObjective: The objective cannot be imported, or sent to another process.
    """
    if count == 1 and timeout is None and not isinstance(objective, Command | str):
        return Here(objective)
    return Processes(objective, count=count, timeout=timeout)


class Here:
    """One place in this process: what an objective prints is seen, closures and debuggers work.

    It evaluates while it is waited for, from one report to the next, whatever the timeout. KeyboardInterrupt leaves
    ``wait``, and the trial is given up.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._running: tuple[int, Steps] | None = None
        self._answer: bool | None = None

    @property
    def free(self) -> int:
        """One, unless a trial was submitted."""
        return int(self._running is None)

    def submit(self, number: int, config: Mapping[str, Value], seed: int) -> None:
        """Keep the trial until it is waited for."""
        self._running = (number, steps(self._objective, config, number=number, seed=seed))
        self._answer = None

    def wait(self, timeout: float | None) -> list[Report | Ended]:  # noqa: ARG002 - nothing here can be waited for
        """Evaluate up to the next report, or to the end."""
        if self._running is None:
            return []
        number, evaluation = self._running
        self._running = None
        try:
            step, value = evaluation.send(self._answer)
        except StopIteration as ended:
            return [Ended(number=number, outcome=ended.value)]
        self._running = (number, evaluation)
        return [Report(number=number, step=step, value=value)]

    def answer(self, number: int, *, prune: bool) -> None:  # noqa: ARG002 - there is one trial
        """Keep the answer for the next wait."""
        self._answer = prune

    def close(self) -> None:
        """Leave the trial that waits for an answer."""
        if self._running is not None:
            self._running[1].close()
            self._running = None


class Processes:
    """Places in processes of their own, which can be ended and replaced.

    A process that dies takes its trial with it, which has failed, and a new one takes its place. So does one that takes
    longer than the timeout, and one whose command did not complete: what the command started ends with it.

    Raises:
        BadObjective: The objective cannot be sent, or a process cannot start with it.
    """

    def __init__(self, objective: Objective | str | bytes, *, count: int, timeout: float | None = None) -> None:
        self._objective = objective if isinstance(objective, str | bytes) else packed(objective)
        self._is_command = isinstance(objective, Command)
        self._timeout = math.inf if timeout is None else timeout
        self._environment = _environment(count)
        self._running: dict[int, _Place] = {}
        self._idle: list[_Place] = []
        self._problem: str | None = None
        try:
            for _ in range(count):
                self._idle.append(self._place())
            for place in self._idle:
                place.accept(place.said())
        except BaseException:
            self.close()
            raise

    @property
    def free(self) -> int:
        """Places without a trial, whether they have started or not."""
        return len(self._idle)

    def submit(self, number: int, config: Mapping[str, Value], seed: int) -> None:
        """Hand a trial to a free place, which is replaced before if it died."""
        place = self._idle.pop()
        if place.is_dead():
            place.end()
            place = self._place()
        place.begin((number, dict(config), seed))
        self._running[number] = place

    def wait(self, timeout: float | None) -> list[Report | Ended]:
        """What the places tell, and what became of those that died or took too long."""
        until = math.inf if timeout is None else time.monotonic() + timeout
        while self._running or self._problem:
            if self._problem:  # raised only now, so that what others told at the same time is not lost
                raise BadObjective(self._problem)
            told = self._given_up() or self._told(until)
            if told or time.monotonic() >= until:
                return told
        return []

    def answer(self, number: int, *, prune: bool) -> None:
        """Let a trial go on, or end; nothing if it has ended in between."""
        if number in self._running:
            self._running[number].tell(bool(prune))

    def close(self) -> None:
        """End free processes in order, within seconds, and all others at once."""
        leaving = [place for place in self._idle if place.is_ready]
        for place in leaving:
            place.tell(None)
        for place in {*self._running.values(), *self._idle}.difference(leaving):
            place.end()
        until = time.monotonic() + _GRACE
        for place in leaving:
            place.leave(until)
        self._running.clear()
        self._idle.clear()
        self._problem = None

    def _place(self) -> _Place:
        return _Place(self._objective, self._environment)

    def _told(self, until: float) -> list[Report | Ended]:
        """What running places tell before that time, or before it is time to look after them."""
        numbers = {place.link: number for number, place in self._running.items()}
        due = min(place.since for place in self._running.values()) + self._timeout
        now = time.monotonic()
        links = cast("list[Link]", connection.wait(numbers, max(0.0, min(until - now, due - now, _PATIENCE))))
        received = [self._received(numbers[link]) for link in links]
        return [told for told in received if told is not None]

    def _received(self, number: int) -> Report | Ended | None:
        place = self._running[number]
        said = place.said()
        match said:
            case Report():
                return said
            case Ended(outcome=outcome):
                del self._running[number]
                if self._is_command and outcome.state != "complete":
                    place.end()
                    place = self._place()
                self._idle.append(place)
                return said
            case Ready(problem=None):
                place.accept(said)
            case Ready(problem=problem):
                self._problem = problem
            case None if place.is_ready:
                return self._lost(number, None)
            case None:
                self._restart(number)
        return None

    def _restart(self, number: int) -> None:
        """Start the process of a trial again, which died before it was ready."""
        place = self._running[number]
        code = place.end()
        if place.starts == _STARTS:
            self._problem = _no_start(code)
            return
        again = _Place(self._objective, self._environment, starts=place.starts + 1)
        again.begin(place.task)
        self._running[number] = again

    def _given_up(self) -> list[Report | Ended]:
        """The trials that take too long, and those whose processes died without closing their links."""
        lost: list[Report | Ended] = []
        for number, place in [*self._running.items()]:
            is_overdue = time.monotonic() - place.since >= self._timeout
            if (is_overdue or place.is_dead()) and not connection.wait([place.link], 0):
                lost.append(self._lost(number, f"took longer than {self._timeout:g} s" if is_overdue else None))
        return lost

    def _lost(self, number: int, reason: str | None) -> Ended:
        """End the process of a trial, which has failed, and start another; without a reason, its end is one."""
        place = self._running.pop(number)
        seconds = max(0.0, time.monotonic() - place.since)
        code = place.end()
        self._idle.append(self._place())
        reason = reason or f"its process ended: {ending(code)}"
        return Ended(number=number, outcome=Outcome(state="failed", reason=reason, seconds=seconds))


class _Place:
    """A process that evaluates.

    Attributes:
        link: What it is told, and what it tells.
        is_ready: Whether it has the objective.
        since: When its trial began, on the monotonic clock; infinite before that.
        task: Number, configuration and seed of its trial.
        starts: How many processes were started for the trial, with this one.
    """

    def __init__(self, objective: str | bytes, environment: Mapping[str, str], starts: int = 1) -> None:
        self.link, self._process = _started(environment)
        self.is_ready = False
        self.since = math.inf
        self.task: _Task | None = None
        self.starts = starts
        self.tell(sys.path)
        self.tell(objective)

    def begin(self, task: _Task | None) -> None:
        """Evaluate a configuration, once it is ready."""
        self.task = task
        self.since = time.monotonic() if self.is_ready else math.inf
        self.tell(task)

    def tell(self, what: object) -> None:
        """Send something; a process that has died is found out when it is listened to."""
        with suppress(OSError):
            self.link.send(what)

    def said(self) -> Ready | Report | Ended | None:
        """What it tells next; None if it has died."""
        try:
            said: Ready | Report | Ended = self.link.recv()
        except (EOFError, OSError):
            return None
        return said

    def accept(self, first: Ready | Report | Ended | None) -> None:
        """Take the first thing it tells: it is ready, and its trial begins, if it has one already."""
        if not isinstance(first, Ready):
            raise BadObjective(_no_start(self.end()))
        if first.problem is not None:
            raise BadObjective(first.problem)
        self.is_ready = True
        self.since = time.monotonic()

    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return self._process.poll() is not None

    def leave(self, until: float) -> None:
        """Let it end in order, which it was told, before that time."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.end()
        self.link.close()

    def end(self) -> int:
        """Kill it, and what it started; how it ended, which is its own way if it was dead."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self.link.close()
        return self._process.wait()


def _started(environment: Mapping[str, str]) -> tuple[Link, subprocess.Popen[bytes]]:
    """A process at the other end of a link, the leader of a session."""
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", _START, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=2,  # to our stderr: stdout is for data
            env=environment,
            **_inheriting(theirs),
        )
    return ours, process


def _inheriting(link: Link) -> dict[str, Any]:
    if sys.platform == "win32":
        handle = link.fileno()
        os.set_handle_inheritable(handle, True)  # noqa: FBT003 - so it is called
        info = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        return {"startupinfo": info, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"pass_fds": [link.fileno()], "start_new_session": True}


def _no_start(code: int) -> str:
    return f"a process that evaluates could not start: {ending(code)}"


def packed(objective: Objective) -> bytes:
    """The objective for another process: by its name where it lies in a module, else with its code.

    Raises:
        BadObjective: It holds what cannot be sent.
    """
    try:
        packed: bytes = cloudpickle.dumps(objective)
    except Exception as error:
        reason = in_one_line(f"{type(error).__name__}: {error}")
        raise BadObjective(
            f"the objective cannot be sent to another process ({reason}); open what it holds, such as a file, "
            "a lock or a connection, inside the function, or run with one worker and without a time limit"
        ) from error
    return packed


def _environment(count: int) -> dict[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shared = {"OMP_NUM_THREADS": str(max(1, cores // count))} if count > 1 else {}
    return {**shared, **os.environ}
