"""Which of the processes that share a run are alive, and which trials they are at.

Each process writes a counter and the trials it runs into an attribute of the run's first study every few seconds. A
process on this machine is dead when the system no longer knows it; one elsewhere, when its counter has stood still for
long enough by this process's own clock, as clocks of several machines disagree. A trial is an orphan when every process
that is alive has written twice since it was seen running, and did not name it: what is written first may have been
gathered before the trial began.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from optuna.study import Study

Place: TypeAlias = tuple[int, int]
"""A trial: the id of its stage and its number in the stage's study."""
UNNAMED: Final = -1
"""The number of whatever a process does in a stage before it knows a number: setting it up, asking for a trial."""

BEAT: Final = 5.0
"""Seconds from one sign of life to the next."""
GRACE: Final = 60.0
"""Seconds without a sign of life after which a process elsewhere counts as dead."""
_PREFIX: Final = "process "


class Process(NamedTuple):
    """A process that shares a run, as it last wrote of itself."""

    token: str
    host: str
    pid: int
    birth: str | None
    beat: int
    running: frozenset[Place]

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host.partition(' ')[0]}"


class Watch:
    """This process's signs of life, and its view of the others.

    Args:
        root: The study whose attributes all processes write to.
        running: The trials that this process is at.
        clock: Seconds since some moment.
    """

    def __init__(
        self, root: Study, running: Callable[[], Iterable[Place]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.token = secrets.token_hex(8)
        self._root = root
        self._running = running
        self._clock = clock
        self._beats = 0
        self._unnamed: tuple[Place, ...] = ()
        self._changed: dict[str, tuple[int, float]] = {}
        self._seen_running: dict[Place, dict[str, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, daemon=True, name="signs of life")

    def begin(self) -> None:
        """Give the first sign of life, and go on in the background."""
        self._beat()
        self._thread.start()

    @contextmanager
    def unnamed(self, stage: int) -> Iterator[None]:
        """Claim, meanwhile, whatever is seen running in a stage and has no name that this process knows."""
        self._unnamed = ((stage, UNNAMED),)
        try:
            yield
        finally:
            self._unnamed = ()

    def end(self) -> None:
        """Give no more signs of life; the others need not wait for this process."""
        self._stop.set()
        self._thread.join()
        with suppress(Exception):  # the storage may be what ended the run
            self._root.set_user_attr(_PREFIX + self.token, None)

    def _beat_on(self) -> None:
        while not self._stop.wait(BEAT):
            with suppress(Exception):  # a storage that is away for a moment is not the end of a trial
                self._beat()

    def _beat(self) -> None:
        self._beats += 1
        entry = {
            "host": _host(),
            "pid": os.getpid(),
            "birth": _state_and_birth(os.getpid())[1],
            "beat": self._beats,
            "running": sorted({*self._unnamed, *self._running()}),
        }
        self._root.set_user_attr(_PREFIX + self.token, entry)

    def others(self) -> tuple[Process, ...]:
        """The other processes that are alive."""
        return tuple(process for process in self._known() if self._is_alive(process))

    def orphans(self, running: Iterable[Place]) -> list[Place]:
        """Those of the running trials that are nobody's any more; ask again later for those that are not certain."""
        mine, alive = frozenset(self._running()), self.others()
        return [place for place in running if place not in mine and self._is_orphan(place, alive)]

    def _is_orphan(self, place: Place, alive: tuple[Process, ...]) -> bool:
        beats = {process.token: process.beat for process in alive}
        then = self._seen_running.setdefault(place, beats)
        names = {place, (place[0], UNNAMED)}
        return all(
            names.isdisjoint(process.running) and process.beat > then.get(process.token, 0) + 1 for process in alive
        )

    def _known(self) -> list[Process]:
        attributes: dict[str, Any] = self._root.user_attrs
        return [
            Process(
                token=name.removeprefix(_PREFIX),
                host=entry["host"],
                pid=entry["pid"],
                birth=entry["birth"],
                beat=entry["beat"],
                running=frozenset((stage, number) for stage, number in entry["running"]),
            )
            for name, entry in attributes.items()
            if name.startswith(_PREFIX) and entry is not None and name != _PREFIX + self.token
        ]

    def _is_alive(self, process: Process) -> bool:
        if process.host == _host() and os.name == "posix":
            return _runs_here(process.pid, process.birth)
        beat, since = self._changed.setdefault(process.token, (process.beat, self._clock()))
        if beat != process.beat:
            self._changed[process.token] = (process.beat, self._clock())
            return True
        return self._clock() - since < GRACE


def _host() -> str:
    """This machine, and within it the container: process numbers mean something only in there."""
    with suppress(OSError, AttributeError):
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def _runs_here(pid: int, birth: str | None) -> bool:
    """Whether the process is there and is still the same one."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    state, born = _state_and_birth(pid)
    return state != "Z" and (birth is None or born is None or birth == born)


def _state_and_birth(pid: int) -> tuple[str | None, str | None]:
    """The state of a process, Z where it has ended and only waits to be noticed, and when it began; see proc(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None, None
    return fields[0], fields[19]
