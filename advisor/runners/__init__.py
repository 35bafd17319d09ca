"""Running the stages of a plan: one module for each engine, found by the name of its file.

An engine evaluates the trials of one stage after the other and hands over what was seen. Everything that an engine does
not decide is the same for all: what a trial is, how ranges follow from results, how the best is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from advisor.errors import InvalidFile, Problem, UnknownName
from advisor.progress import Observer, Silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.storages import BaseStorage

    from advisor.objectives import Objective
    from advisor.plan import Plan
    from advisor.trials import Result, Trial

__all__ = ["Engine", "Options", "engines", "run"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a plan is run.

    Attributes:
        storage: Where trials are kept; see ``run``.
        workers: How many trials run at the same time.
        seed: Mixed with the seeds of the stages; also what an objective gets that asks for a seed.
        resume: Whether to go on with a run that is there already.
        timeout: Seconds after which a trial is ended as failed.
        confirm: Whether the finalists are evaluated again with other seeds, beyond the budget.
        name: The run's name in the storage; the plan's where it is None.
        observer: Who is told what happens.
        earlier: Trials of a run before; see ``run``.
        address: Of a cluster that runs already.
        resources: What each trial holds on a cluster; see ``run``.
    """

    storage: str | BaseStorage | None = None
    workers: int = 1
    seed: int = 0
    resume: bool = True
    timeout: float | None = None
    confirm: bool = False
    name: str | None = None
    observer: Observer = field(default_factory=Silent)
    earlier: Sequence[Trial] = ()
    address: str | None = None
    resources: Mapping[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """What a module of this folder is."""

    def run(self, plan: Plan, objective: Objective | str, options: Options) -> Result:
        """All stages of the plan."""


def engines() -> tuple[str, ...]:
    """The names of all engines."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")))


def run(
    plan: Plan,
    objective: Objective | str,
    *,
    storage: str | BaseStorage | None = None,
    engine: str = "optuna",
    workers: int = 1,
    seed: int = 0,
    resume: bool = True,
    timeout: float | None = None,
    confirm: bool = False,
    name: str | None = None,
    observer: Observer | None = None,
    earlier: Sequence[Trial] = (),
    address: str | None = None,
    resources: Mapping[str, float] | None = None,
) -> Result:
    """Run all stages of a plan; the same call goes on where a run was interrupted.

    Args:
        plan: What to search.
        objective: Takes a configuration, a dict of its own, and returns the metric; or yields values on the way, so
            that trials that fall behind can be ended. An exception or NaN is a failed trial. Also
            ``module:function`` as text. An argument called ``seed`` gets the seed.
        storage: None keeps trials in memory; a path keeps them in a SQLite file, or in a journal in a shared folder
            where it ends in ``.journal``; a URL of SQLAlchemy on a server, which any number of processes may share; or
            a storage of Optuna.
        engine: One of ``engines()``.
        workers: How many trials run at the same time; more than one run in processes of their own.
        seed: Mixed with the seeds of the stages.
        resume: Whether to go on with a run of this name in the storage; if not, a new one begins beside it.
        timeout: Seconds after which a trial is ended as failed.
        confirm: Whether to evaluate the finalists again with other seeds, beyond the budget.
        name: What the run is called in the storage, if not as the plan's spec.
        observer: Who is told what happens.
        earlier: Trials of a run before, such as that which the plan was refined from. Those that lie in the ranges of a
            stage teach its sampler; none counts for the budget or can win.
        address: Of a cluster that runs already, for engines that have clusters.
        resources: What each trial holds there while it runs: ``{"cpu": 2, "gpu": 1}``; one CPU if it does not say.

    Raises:
        UnknownName: There is no such engine.
        BadObjective: The objective cannot be found or sent to a worker, or every trial failed.
        InvalidFile: The run in the storage was begun with another plan.
        StorageError: The storage cannot be opened.
        MissingPackage: The engine or the storage needs a package that is not installed.
    """
    if engine not in engines():
        raise UnknownName("engine", engine, engines())
    if workers < 1:
        raise InvalidFile([Problem(sentence=f"{workers} workers cannot run a trial; give 1 or more")])
    options = Options(
        storage=storage,
        workers=workers,
        seed=seed,
        resume=resume,
        timeout=timeout,
        confirm=confirm,
        name=name,
        observer=observer or Silent(),
        earlier=tuple(earlier),
        address=address,
        resources=resources or {},
    )
    return cast("Engine", import_module(f"{__name__}.{engine}")).run(plan, objective, options)
