"""Reading trials that any tool wrote: one module for each format, found by the name of its file.

A reader says what a file says: settings, figures, states, ranges. Which figure is the metric, what cannot be used and
where each parameter was searched is decided once, for all. Nothing that came with a file runs: no pickle is loaded.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final, cast, get_args

from advisor.errors import InvalidFile, Problem, UnknownName
from advisor.readers._assembly import loaded
from advisor.readers._loaded import Counts, Loaded
from advisor.readers._log import Log, Parameter, Reader, Record, Wanted
from advisor.readers._source import Source
from advisor.spec import Direction

if TYPE_CHECKING:
    from collections.abc import Collection

    from advisor.plan import Plan

__all__ = ["Counts", "Loaded", "Log", "Parameter", "Reader", "Record", "formats", "load_trials"]

_LAST: Final = "table"
"""The reader of tables of any origin, which is asked when no tool's own knows the file."""


def formats() -> tuple[str, ...]:
    """The names of all formats."""
    names = (module.name for module in iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in names if not name.startswith("_")))


def load_trials(
    path: Path | str,
    *,
    metric: str | None = None,
    direction: Direction | None = None,
    format: str | None = None,  # noqa: A002 - the word that a person looks for
    plan: Plan | None = None,
    study: str | None = None,
    parameters: Collection[str] | None = None,
    results: Collection[str] = (),
) -> Loaded:
    """The trials of a file, a folder or a storage, whichever tool wrote them.

    Args:
        path: A file, a folder of results, or the URL of an Optuna storage.
        metric: The figure that was optimised, where the file has several.
        direction: Whether less or more of it is better, where the file does not say.
        format: One of ``formats()``; found from the content if it is left out.
        plan: The plan that was run: its names, ranges and objective are used.
        study: Which study, experiment or run, where the file has several.
        parameters: Which columns are hyperparameters, where the file does not tell them from results.
        results: Which columns are figures beside the metric, where the file does not tell.

    Raises:
        InvalidFile: It cannot be read, with the place; or it does not say what has to be asked for.
        UnknownName: There is no such format.
        MissingPackage: The format needs a package that is not installed.
    """
    if direction is not None and direction not in get_args(Direction):
        raise InvalidFile([Problem(f"direction is minimize or maximize, not {direction!r}")])
    source = Source(path)
    name = _known(format) if format is not None else _recognised(source)
    named = None if parameters is None else frozenset(parameters)
    wanted = Wanted(
        metric=metric, direction=direction, study=study, parameters=named, results=frozenset(results), plan=plan
    )
    return loaded(_module(name).read(source, wanted), wanted, source, name)


def check_direction(found: Loaded, plan: Plan) -> None:
    """Refuse trials whose file says that they were optimised the other way round than the plan does.

    Raises:
        InvalidFile: It does.
    """
    if found.direction != plan.objective.direction:
        sentence = f"the plan says {plan.objective.direction} and the trials {found.direction}; which is it?"
        raise InvalidFile([Problem(sentence=sentence)])


def _known(form: str) -> str:
    spelt = form.casefold().replace("_", "-")
    if spelt not in formats():
        raise UnknownName("format", form, formats())
    return spelt


def _recognised(source: Source) -> str:
    """The name of the format that the source is in.

    Raises:
        InvalidFile: It is in none.
    """
    for name in (*(name for name in formats() if name != _LAST), _LAST):
        if _module(name).recognises(source):
            return name
    if source.kind == "pickle":
        raise source.error("a pickle, which could run code when it is read; save the trials as CSV or JSON")
    raise source.error(f"no trials that any reader knows; it reads {', '.join(formats())}")


def _module(name: str) -> Reader:
    return cast("Reader", import_module(f"{__name__}.{name.replace('-', '_')}"))
