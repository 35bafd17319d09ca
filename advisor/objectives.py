"""One configuration, evaluated: what an objective may be, how it is found, and every way in which it can end."""

from __future__ import annotations

import inspect
import math
import os
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from advisor.errors import AdvisorError, did_you_mean

if TYPE_CHECKING:  # a process that evaluates starts in a third of the time, without pydantic
    from advisor.space import Value
    from advisor.trials import State

Objective: TypeAlias = Callable[..., Any]
"""A function of a configuration, a plain dict of its own, that returns a number.

It may be a generator: what it yields are values on the way, for pruning, each alone or as ``(step, value)``; steps
count from 1.  Its value is what it returns, else what it yielded last.  A function that has an argument ``seed`` or
``number`` gets the seed or the number of the trial by that name.
"""
Steps: TypeAlias = Generator[tuple[int, float], bool | None, "Outcome"]
"""An evaluation that stops at each value on the way, waits to be sent whether it is pruned, and returns its outcome."""


class BadObjective(AdvisorError):
    """An objective that cannot be found, called, sent to a process or started."""


class Failed(Exception):
    """What ends an evaluation without a value; says why as a person is told."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the evaluation of one configuration ended.

    Attributes:
        value: A finite number if it is complete, else None.
        state: How it ended.
        reason: One line, unless it is complete.
        seconds: By the clock on the wall.
    """

    value: float | None = None
    state: State
    reason: str | None = None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """A value on the way of a trial, which waits for an answer."""

    number: int
    step: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A trial that was evaluated."""

    number: int
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A trial whose place is gone, which is not its own fault; the reason is a clause: ``its node ended``."""

    number: int
    reason: str


def load(reference: str) -> Objective:
    """The function that ``module:function`` or ``path/to/file.py:function`` names, with the current folder in front.

    Raises:
        BadObjective: It names nothing, what it names is no function, or the module cannot be imported.
    """
    where, _, name = reference.rpartition(":")
    if not where or not name:
        wanted = "name it as module:function or path/to/file.py:function"
        raise BadObjective(f"objective {reference!r} has no function after a colon; {wanted}")
    found: Any = _imported(where)
    for part in name.split("."):
        if not hasattr(found, part):
            raise BadObjective(f"objective {reference!r}: {where} has no {part!r}{_other_functions(found, part)}")
        found = getattr(found, part)
    if inspect.isclass(found) or not callable(found):
        kind = "a class" if inspect.isclass(found) else f"of type {type(found).__name__}"
        raise BadObjective(f"objective {reference!r} is {kind}; name a function that takes a configuration")
    objective: Objective = found
    return objective


def evaluate(
    objective: Objective,
    config: Mapping[str, Value],
    report: Callable[[int, float], bool],
    *,
    number: int = 0,
    seed: int = 0,
) -> Outcome:
    """How the objective ends at a configuration; ``report(step, value)`` says whether it is pruned there.

    Whatever the objective raises is an outcome, except for KeyboardInterrupt.
    """
    with closing(steps(objective, config, number=number, seed=seed)) as evaluation:
        prune: bool | None = None
        while True:
            try:
                step, value = evaluation.send(prune)
            except StopIteration as ended:
                outcome: Outcome = ended.value
                return outcome
            prune = report(step, value)


def steps(objective: Objective, config: Mapping[str, Value], *, number: int = 0, seed: int = 0) -> Steps:
    """The same evaluation for whoever wants to stop at each value on the way."""
    began = time.perf_counter()
    value: float | None = None
    state: State = "complete"
    reason: str | None = None
    try:
        value = yield from _value(objective, config, {"number": number, "seed": seed})
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - sys.exit and the panics of libraries in Rust end a trial, not the run
        state = "pruned" if _prunes(error) else "failed"
        reason = in_one_line(str(error)) if isinstance(error, Failed | _Pruned) else described(error)
    return Outcome(value=value, state=state, reason=reason, seconds=time.perf_counter() - began)


def described(error: BaseException) -> str:
    """An exception in one line: its type, its message and the place in a person's own code, where that is known."""
    lines = traceback.format_exception_only(error)
    message = next(line for line in lines if not line.startswith(" "))
    place = _place(error)
    return in_one_line(message) + (f" ({place})" if place else "")


_LONGEST: Final = 500
"""Characters of a reason: some libraries put pages into a message."""


def in_one_line(text: str) -> str:
    """A text as a reason holds it: one line, not too long, of characters that can be written."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


class _Pruned(Exception):
    """The answer to a value on the way was to stop."""


def _prunes(error: BaseException) -> bool:
    return isinstance(error, _Pruned) or any(
        kind.__name__ == "TrialPruned" and kind.__module__.startswith("optuna.") for kind in type(error).__mro__
    )


def _value(
    objective: Objective, config: Mapping[str, Value], told: Mapping[str, int]
) -> Generator[tuple[int, float], bool | None, float]:
    returned = objective(dict(config), **{name: told[name] for name in _asked_for(objective) & told.keys()})
    if not isinstance(returned, Generator):
        return _number(returned, "the objective returned")
    with closing(returned):
        return (yield from _last(returned))


def _asked_for(objective: Objective) -> set[str]:
    try:
        return {*inspect.signature(objective).parameters}
    except (TypeError, ValueError):  # some functions written in C do not tell
        return set()


def _last(yielding: Generator[Any, None, Any]) -> Generator[tuple[int, float], bool | None, float]:
    """Pass on what an objective yields, until it ends or is pruned; its value."""
    value: float | None = None
    for counted in count(1):
        try:
            item = next(yielding)
        except StopIteration as ended:
            if ended.value is not None:
                return _number(ended.value, "the objective returned")
            break
        step, yielded = _step(item, counted)
        value = _number(yielded, f"the objective yielded at step {step}")
        if (yield step, value):
            raise _Pruned(f"pruned at step {step}, at {value:g}")
    if value is None:
        raise Failed("the objective yielded nothing; yield a number, or return one")
    return value


def _step(item: Any, counted: int) -> tuple[int, Any]:
    """What was yielded, with its own step where it has one."""
    if not isinstance(item, tuple):
        return counted, item
    if len(item) != 2 or not isinstance(item[0], int) or item[0] < 0:
        raise Failed(f"the objective yielded {in_one_line(repr(item))}; yield a number, or a step from 0 and a number")
    return item


def _number(value: Any, said: str) -> float:
    """The value as a finite number.

    Raises:
        Failed: It is none, or one that stands for something else.
    """
    kind = str(getattr(value, "dtype", type(value).__name__)).removeprefix("torch.")
    is_single = getattr(value, "shape", ()) == ()
    if not hasattr(value, "__float__") or kind.startswith(("bool", "complex")) or not is_single:
        shown = "None" if value is None else f"{kind} {in_one_line(repr(value))}"
        raise Failed(f"{said} {shown}; it has to be one number, the value of the metric")
    # A loss of PyTorch that still has its gradient may not become a number.
    number = float(value.detach() if hasattr(value, "detach") else value)
    if not math.isfinite(number):
        raise Failed(f"{said} {number}; it has to be finite")
    return number


def _place(error: BaseException) -> str:
    """File and line of the innermost frame that belongs neither to a library nor to this package."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    ours = str(Path(__file__).parent)
    libraries = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*libraries, ours, "<frozen"))
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _imported(where: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    try:
        return _from_file(Path(where)) if where.endswith(".py") else import_module(where)
    except (KeyboardInterrupt, BadObjective):
        raise
    except BaseException as error:  # whatever a person's module does while it is imported
        if isinstance(error, ModuleNotFoundError) and f"{where}.".startswith(f"{error.name}."):
            nearest = did_you_mean(where, (file.stem for file in Path(folder).glob("*.py")))
            remedy = nearest or "name one that is installed or lies in the current folder, or a file that ends in .py"
            raise BadObjective(f"no module {error.name!r}; {remedy}") from None
        raise BadObjective(f"{where} cannot be imported: {described(error)}") from error


def _from_file(path: Path) -> ModuleType:
    """Import a file under its own name, as if it were run: what lies beside it can be imported."""
    if not path.is_file():
        nearest = did_you_mean(path.name, (file.name for file in path.parent.glob("*.py")))
        raise BadObjective(f"no file {os.fspath(path)!r}" + (f"; {nearest}" if nearest else ""))
    sys.path.insert(0, str(path.parent.resolve()))
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_of_{path.parent.resolve().name}"
    spec = spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101 - the name ends in .py
    assert spec.loader is not None  # noqa: S101 - as above
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _other_functions(holder: Any, name: str) -> str:
    functions = sorted(_functions(holder))
    remedy = did_you_mean(name, functions) or (f"it has {', '.join(functions)}" if functions else "")
    return f"; {remedy}" if remedy else ""


def _functions(holder: Any) -> Iterator[str]:
    for name, value in vars(holder).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            yield name
