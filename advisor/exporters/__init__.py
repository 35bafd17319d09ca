"""Writing a plan for an engine: one module for each target, found by the name of its file.

An exporter takes a plan and stages and gives text; it imports no tuning library. What its target cannot express it says
as losses. A loss that would change what is searched is refused, unless the person allows it: never a near miss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from advisor.errors import CannotExport, InvalidFile, Problem, UnknownName
from advisor.exporters._writing import Loss
from advisor.plan import Plan, Stage

__all__ = ["Exporter", "Loss", "export", "losses", "targets"]


class Exporter(Protocol):
    """What a module of this folder is.

    It may have ``ALIASES: tuple[str, ...]`` too: other spellings of its name, in small letters and with hyphens.
    """

    SUFFIX: str
    """The ending of files in the target's format, such as ``.py``."""
    COMMENTS: bool
    """Whether the format has comments, so that losses stand at the top of a text."""
    STAGES: bool
    """Whether one text can hold several stages."""

    def export(self, plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
        """The stages in the target's own words, with the losses as a comment where the format has comments."""

    def losses(self, plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
        """What the target cannot express of the stages."""


def targets() -> tuple[str, ...]:
    """The names of all targets."""
    names = (module.name for module in iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in names if not name.startswith("_")))


def export(plan: Plan, target: str, stage: int | None = None, *, allow_loss: bool = False) -> str:
    """The plan, or one stage of it, as code or config of an engine.

    Args:
        plan: The plan; nothing else is looked at.
        target: One of ``targets()``, or an alias of one.
        stage: The stage's id. Left out, a target that can hold stages gets all of them; any other gets one search of
            everything that the plan searches, with the whole budget.
        allow_loss: Whether to write it even where the target changes what is searched.

    Raises:
        UnknownName: There is no such target or stage.
        CannotExport: The target cannot express what is searched, and the person did not allow the loss.
    """
    exporter = exporter_for(target)
    stages = _stages(plan, exporter, stage)
    found = losses(plan, target, stage)
    fatal = [loss for loss in found if loss.changes_meaning]
    if fatal and not allow_loss:
        raise CannotExport(target, [str(loss) for loss in fatal])
    return exporter.export(plan, stages, found)


def losses(plan: Plan, target: str, stage: int | None = None) -> tuple[Loss, ...]:
    """What the target cannot express of the plan, or of one stage of it."""
    exporter = exporter_for(target)
    return _each_once(exporter.losses(plan, _stages(plan, exporter, stage)))


def exporter_for(target: str) -> Exporter:
    """The module that writes for a target, which may be asked for by an alias.

    Raises:
        UnknownName: There is no such target.
    """
    known = targets()
    spelled = target.casefold().replace("_", "-")
    if spelled in known:
        return _module(spelled)
    for module in map(_module, known):
        if spelled in getattr(module, "ALIASES", ()):
            return module
    raise UnknownName("target", target, known)


def _module(target: str) -> Exporter:
    return cast("Exporter", import_module(f"{__name__}.{target.replace('-', '_')}"))


def _each_once(found: Iterable[Loss]) -> tuple[Loss, ...]:
    return tuple(dict.fromkeys(found))


def _stages(plan: Plan, exporter: Exporter, stage: int | None) -> tuple[Stage, ...]:
    if stage is None and exporter.STAGES:
        return plan.stages
    if stage is None:
        return (plan.stages[-1].having(trials=plan.budget.trials),)
    if not 1 <= stage <= len(plan.stages):
        raise InvalidFile([Problem(sentence=f"the plan has no stage {stage}; it has {len(plan.stages)}")])
    return (plan.stages[stage - 1],)
