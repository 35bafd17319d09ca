"""What ``advisor run`` does around a run: where trials and results are kept, who watches, what is printed."""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, NamedTuple

from advisor import callbacks, commands, formats, live, loading, progress, readers, runners, summary
from advisor.errors import AdvisorError, InvalidFile, Problem, UnknownName
from advisor.objectives import BadObjective
from advisor.space import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.commands import Command
    from advisor.plan import Plan
    from advisor.progress import Observer
    from advisor.terminal import Style
    from advisor.trials import Result, Trial


class Finished(NamedTuple):
    """A run that is over, and its plan."""

    plan: Plan
    result: Result


class NoResult(AdvisorError):
    """No trial of a run is complete, so there is no best configuration."""

    exit_code = 1


def run(
    path: FilePath,
    target: FilePath,
    form: str | None,
    *,
    objective: str | None,
    template: str | None,
    storage: str | None,
    engine: str,
    address: str | None,
    resources: tuple[tuple[str, float], ...],
    workers: int | None,
    timeout: float | None,
    seed: int,
    confirm: bool,
    fresh: bool,
    name: str | None,
    earlier: str | None,
    logs: tuple[str, ...],
) -> Finished:
    """Run the plan of a file and write what was found to another; see ``advisor.run`` for the rest.

    Raises:
        InvalidFile: The plan cannot be read or the result not be written, or there is not one objective.
        UnknownName: There is no such format or callback.
    """
    plan = loading.load_plan(path)
    if form is not None and form not in formats.FORMS:
        raise UnknownName("format", form, formats.FORMS)
    if target.is_dir() or not target.parent.is_dir():
        raise InvalidFile([Problem(sentence=f"{target} cannot be written; name a file in a folder that is there")])
    place = _storage(path, storage)
    before = () if earlier is None else _earlier(earlier, plan, place)
    logging = [callbacks.observer(log) for log in logs]
    # What an objective prints in this process is no answer of ours.
    with live.shown(sys.stderr, os.environ, places=workers) as shown, redirect_stdout(sys.stderr):
        observer = progress.Together(shown, *logging) if logging else shown
        result = runners.run(
            plan,
            _objective(plan, objective, template, observer),
            storage=place,
            engine=engine,
            workers=workers or plan.budget.parallel,
            seed=seed,
            resume=not fresh,
            timeout=timeout,
            confirm=confirm,
            name=name,
            observer=observer,
            earlier=before,
            address=address,
            resources=dict(resources),
        )
    _write(target, result)
    return Finished(plan, result)


def _earlier(path: str, plan: Plan, storage: str | None) -> Sequence[Trial]:
    if storage is not None and (path == storage or FilePath(path).resolve() == FilePath(storage).resolve()):
        sentence = f"earlier trials are read from {path}, where this run would write its own; give it another --storage"
        raise InvalidFile([Problem(sentence=sentence)])
    found = readers.load_trials(path, plan=plan)
    readers.check_direction(found, plan)
    return found.trials


def _objective(plan: Plan, objective: str | None, template: str | None, observer: Observer) -> str | Command:
    if (objective is None) == (template is None):
        sentence = "give what evaluates a configuration: --objective module:function, or --command 'LINE', and not both"
        raise InvalidFile([Problem(sentence=sentence)])
    if objective is not None:
        return objective
    assert template is not None  # noqa: S101 - one of the two is given
    parameters = plan.stages[0].entries
    command = commands.checked(template, parameters, metric=plan.objective.metric)
    searched = {name for stage in plan.stages for name in stage.search}
    unused = command.unused(parameters)
    if searched and searched <= {*unused}:
        raise BadObjective("the command uses nothing that is searched, so that all trials would be the same")
    if without := sorted(name for name in unused if name in searched):
        observer.remark(f"the command does not use {', '.join(without)}: searched without effect")
    if untold := [name for name in unused if name not in searched and _departs(plan, name)]:
        observer.remark(f"the command does not pass on what the plan holds: {', '.join(untold)}")
    return command


def _departs(plan: Plan, name: str) -> bool:
    """Whether a parameter that every stage holds is held at another value than the library's default."""
    held, known = plan.stages[0].fixed[name], plan.evidence.get(name)
    return held.active is not False and known is not None and not same(held.value, known.default)


def _storage(plan: FilePath, storage: str | None) -> str | None:
    if storage == ":memory:":
        return None
    return str(plan.with_suffix(".db")) if storage is None else storage


def _write(target: FilePath, result: Result) -> None:
    """Write the result beside its place, and move it there when it is whole."""
    text = json.dumps(result.to_data(), indent=2, ensure_ascii=False) + "\n"
    draft = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise InvalidFile([Problem(sentence=f"{target} cannot be written: {error.strerror}")]) from error


def written(found: Finished, form: str | None, style: Style) -> str:
    """The summary of a run, or its best configuration in a form.

    Raises:
        NoResult: The best configuration is asked for and there is none.
    """
    if form is None:
        return summary.rendered(found.result, found.plan, style)
    if found.result.best is None:
        raise NoResult("no trial is complete, so there is no best configuration")
    return formats.written(found.plan, found.result.best, form)
