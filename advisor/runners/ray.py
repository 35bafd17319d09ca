"""Ray: trials are evaluated on the nodes of a cluster, while this process decides which.

The studies, the storage and the hand-over are those of Optuna's engine, and with them all that it promises; so a plan's
``asha`` is Optuna's successive halving. Ray gives the places only. Ray Tune would keep an account of its own, in files
of its own, beside the storage in which a run is resumed and which processes without Ray may share.

A place is an actor that holds its CPUs and GPUs as long as the run lasts, and that evaluates in a process beside it. So
the two ways to die are told apart: a process that dies is its configuration's fault, which has failed; an actor that
dies is its node's, and the trial is tried again.

``module:function`` and whatever an objective imports have to be importable on the nodes, in the folder in which the run
was started if the nodes have one of that name.
"""

from __future__ import annotations

import logging
import math
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from advisor.commands import Command
from advisor.errors import AdvisorError, MissingPackage
from advisor.objectives import BadObjective, Ended, Lost, Objective, Report, described, in_one_line
from advisor.plan import Plan
from advisor.runners import Options
from advisor.runners.optuna import run_at
from advisor.trials import Result
from advisor.workers import Processes, packed

try:
    import ray  # type: ignore[import-not-found,unused-ignore]
    from ray.exceptions import ActorUnavailableError, OutOfMemoryError, RayError, RayTaskError  # type: ignore[import-not-found,unused-ignore]
except ImportError as error:
    raise MissingPackage("ray", "ray", "running on a cluster") from error

if TYPE_CHECKING:
    from advisor.space import Value

_Actor: TypeAlias = Any
_Call: TypeAlias = Any
"""What a method of an actor will return; a key of dictionaries."""
_PATIENCE: Final = 20.0
"""Seconds after which it is told that no place has started: a cluster may have to start a node first."""
_ANSWER: Final = 10.0
"""Seconds that a cluster has to answer at its address."""
_LOST_STARTS: Final = 3
"""Places in a row that are lost before they have started, after which the run stops."""
_GRACE: Final = 10.0
"""Seconds that free places have to end in order; their processes have less."""


class NoCluster(AdvisorError):
    """A Ray cluster that cannot be reached, or that cannot start what evaluates."""


def run(plan: Plan, objective: Objective | str, options: Options) -> Result:
    """All stages of the plan; see ``advisor.run``."""
    return run_at(_opened(objective, options), plan, options)


@contextmanager
def _opened(objective: Objective | str, options: Options) -> Iterator[Places]:
    """Places on a cluster, which is left as it was found."""
    sent = objective if isinstance(objective, str | Command) else packed(objective)
    with _connected(options), closing(Places(sent, options)) as places:
        places.wait_for_first()
        yield places


@contextmanager
def _connected(options: Options) -> Iterator[None]:
    """The cluster that this process is connected to, else that of the address or of RAY_ADDRESS, else one of its own.

    Raises:
        NoCluster: None answers at the address.
    """
    if ray.is_initialized():
        yield
        return
    address = options.address or os.environ.get("RAY_ADDRESS")
    room = {"num_cpus": math.ceil(options.workers * options.resources.get("cpu", 1)), "include_dashboard": False}
    try:
        if address:
            _check_listens(address)
        ray.init(address or "local", logging_level=logging.ERROR, **({} if address else room))
    except Exception as error:  # Ray has no kind of its own for this
        raise NoCluster(f"no Ray cluster at {address or 'this machine'}: {in_one_line(str(error))}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_listens(address: str) -> None:
    """Try an address that has a port, for which Ray itself would wait several minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER).close()


class _Evaluator:
    """What a place is on its node: a process that evaluates, and what relays to it."""

    _processes: Processes

    def start(self, objective: Objective | str | bytes, folder: str, timeout: float | None) -> str:
        """Start the process, in this folder if it is there; the address of the node.

        Not the constructor, whose errors Ray makes into text.
        """
        with suppress(OSError):
            os.chdir(folder)
        self._processes = Processes(objective, count=1, timeout=timeout)
        return str(ray.util.get_node_ip_address())

    def begin(self, number: int, config: Mapping[str, Value], seed: int) -> Sequence[Report | Ended]:
        """Evaluate a configuration up to the first thing that is told."""
        self._processes.submit(number, config, seed)
        return self._processes.wait(None)

    def go_on(self, number: int, *, prune: bool) -> Sequence[Report | Ended]:
        """Evaluate up to the next thing that is told."""
        self._processes.answer(number, prune=prune)
        return self._processes.wait(None)

    def close(self) -> None:
        """End the process in order."""
        self._processes.close()


class _Place(NamedTuple):
    """A place that has started."""

    actor: _Actor
    address: str


class Places:
    """Places on the nodes of a cluster, which Ray starts as soon as there is room for them.

    A place that is lost is replaced by another, on whatever node has room, and its trial told as lost.

    Args:
        objective: A reference, a command, or a function as ``workers.packed`` makes it.
        options: How many places, what each holds, and how long a trial may take.
    """

    def __init__(self, objective: Objective | str | bytes, options: Options) -> None:
        cpus, gpus = (options.resources.get(name, default) for name, default in (("cpu", 1), ("gpu", 0)))
        others = {name: amount for name, amount in options.resources.items() if name not in {"cpu", "gpu"}}
        self._evaluator = ray.remote(num_cpus=cpus, num_gpus=gpus, resources=others, max_restarts=0)(_Evaluator)
        self._objective = ray.put(objective)
        self._options = options
        self._lost_starts = 0
        self._starting: dict[_Call, _Actor] = {}
        self._idle: list[_Place] = []
        self._running: dict[_Call, tuple[int, _Place]] = {}
        self._waiting: dict[int, _Place] = {}
        for _ in range(options.workers):
            self._start()

    def wait_for_first(self) -> None:
        """Wait until a place has started.

        Raises:
            BadObjective: The objective cannot be found or started there.
            NoCluster: What evaluates cannot be started there.
        """
        while not self.free:
            started, _ = ray.wait([*self._starting], timeout=_PATIENCE)
            if not started:
                self._options.observer.remark("waiting until the cluster has room for a trial")

    @property
    def free(self) -> int:
        """Places that have started and have no trial."""
        if self._starting:
            for call in ray.wait([*self._starting], num_returns=len(self._starting), timeout=0)[0]:
                self._take(call)
        return len(self._idle)

    def submit(self, number: int, config: Mapping[str, Value], seed: int) -> None:
        """Evaluate a configuration at a free place."""
        place = self._idle.pop()
        self._running[place.actor.begin.remote(number, dict(config), seed)] = (number, place)

    def wait(self, timeout: float | None) -> Sequence[Report | Ended | Lost]:
        """What a place tells, or what became of a trial whose place was lost."""
        if not self._running:
            return []
        ready, _ = ray.wait([*self._running], timeout=timeout)
        return [told for call in ready for told in self._received(call)]

    def answer(self, number: int, *, prune: bool) -> None:
        """Let a trial go on, or end."""
        place = self._waiting.pop(number)
        self._running[place.actor.go_on.remote(number, prune=bool(prune))] = (number, place)

    def close(self) -> None:
        """End free places in order, within seconds, and all others at once."""
        leaving = [place.actor.close.remote() for place in self._idle]
        if leaving:
            ray.wait(leaving, num_returns=len(leaving), timeout=_GRACE)
        places = [*self._idle, *self._waiting.values(), *(place for _, place in self._running.values())]
        for actor in [*self._starting.values(), *(place.actor for place in places)]:
            ray.kill(actor)

    def _start(self) -> None:
        actor = self._evaluator.remote()
        self._starting[actor.start.remote(self._objective, os.getcwd(), self._options.timeout)] = actor  # noqa: PTH109

    def _take(self, call: _Call) -> None:
        """Take a place that has started, or start another if it was lost."""
        actor = self._starting.pop(call)
        try:
            self._idle.append(_Place(actor, ray.get(call)))
            self._lost_starts = 0
        except RayTaskError as error:
            raise _bad(error) from error
        except RayError as error:
            self._lost_starts += 1
            if self._lost_starts == _LOST_STARTS:
                raise NoCluster(f"the cluster cannot start what evaluates: {in_one_line(str(error))}") from error
            self._start()

    def _received(self, call: _Call) -> Sequence[Report | Ended | Lost]:
        number, place = self._running.pop(call)
        try:
            told: Sequence[Report | Ended] = ray.get(call)
        except RayTaskError as error:
            raise _bad(error) from error
        except RayError as error:
            ray.kill(place.actor)  # one that cannot be reached may live, and must not go on beside the next try
            self._start()
            return [Lost(number=number, reason=f"its place on {place.address} was lost ({_cause(error)})")]
        for one in told:
            if isinstance(one, Ended):
                self._idle.append(place)
            else:
                self._waiting[number] = place
        return told


def _cause(error: RayError) -> str:
    """What ended a place, as far as Ray knows it by now."""
    if isinstance(error, OutOfMemoryError):
        return "Ray ended it, for lack of memory on the node"
    if isinstance(error, ActorUnavailableError):
        return "it cannot be reached"
    return in_one_line(str(error).splitlines()[-1].partition(". ")[0])


def _bad(error: RayTaskError) -> BadObjective:
    """What an evaluator raised, as if it had been raised here."""
    cause = error.cause
    return BadObjective(f"a node cannot evaluate: {cause if isinstance(cause, AdvisorError) else described(cause)}")
