"""A program as an objective: a command line with the values of a configuration in it, and the metric that it prints.

No shell ever reads the line. It is split into arguments once, by the rules of a shell, and values are put into the
arguments afterwards: whatever a value contains, it stays within its argument.

- ``{name}`` stands for a parameter of the plan: text as it is, anything else as JSON writes it (``true``, ``null``).
- ``{config}`` is the path of a JSON file with the whole configuration; ``{trial}`` and ``{seed}`` are whole numbers.
- ``{result}`` is the path of a JSON file that the program writes: a number, or an object with the metric by its name.
- ``{{`` and ``}}`` are braces.
- An argument with a parameter that has no effect in a configuration is left out, and with it the option before it: the
  argument before that begins with ``-`` and has no parameter itself.

Without ``{result}``, the last line that the program prints to stdout has the metric: ``0.93``, ``accuracy=0.93``,
``accuracy: 0.93`` or a JSON object. Lines such as ``{"step": 3, "accuracy": 0.7}`` are values on the way.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, Final, TextIO, TypeAlias

from advisor.errors import did_you_mean
from advisor.objectives import BadObjective, Failed, in_one_line

if TYPE_CHECKING:  # as in objectives
    from advisor.space import Value

OURS: Final = ("config", "result", "trial", "seed")
"""What a command can name beside the parameters."""

_Evaluation: TypeAlias = Generator[tuple[int, Any], None, Any]
_Said: TypeAlias = "deque[str]"
_PIECE: Final = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<name>[^{}]+)\}|(?P<stray>[{}])")
_READS_CODE: Final = re.compile(r"(ba|da|z|k|fi)?sh|cmd(\.exe)?|python[\d.]*|perl|ruby|node")
_LAST_LINES: Final = 3
"""Lines of stderr that the reason of a failure holds."""
_LINGERING: Final = 1.0
"""Seconds that stderr may stay open after a program has ended: another that it started may hold it."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command line as an objective.

    Attributes:
        template: The arguments, with names in braces.
        metric: What the value is called in what the program writes.
        log: A file that gets what the program writes to stderr and prints beside its metric; else our stderr does.
    """

    template: tuple[str, ...]
    metric: str
    log: Path | None = None

    def __call__(self, config: Mapping[str, Value], *, number: int, seed: int) -> _Evaluation:
        """Run the program; yields the values on the way with their steps, and returns the last."""
        with TemporaryDirectory(prefix="advisor-") as folder, self._sink() as sink:
            files = {name: str(Path(folder, f"{name}.json")) for name in ("config", "result")}
            Path(files["config"]).write_text(json.dumps(dict(config)), encoding="utf-8")
            arguments = self.arguments({**files, "trial": number, "seed": seed, **config})
            line = yield from self._printed(arguments, sink)
            if "result" in self.names:
                return _written(Path(files["result"]), self.metric)
            return _read(line, self.metric)

    @property
    def names(self) -> frozenset[str]:
        """Everything that the template names."""
        return frozenset(name for argument in self.template for name in _names(argument))

    def unused(self, parameters: Iterable[str]) -> tuple[str, ...]:
        """The parameters that the program never learns: to search them has no effect."""
        if "config" in self.names:
            return ()
        return tuple(name for name in parameters if name not in self.names)

    def arguments(self, values: Mapping[str, Value]) -> list[str]:
        """The command line at these values, without the arguments whose parameters are absent."""
        kept: list[str] = []
        for position, argument in enumerate(self.template):
            if all(name in values for name in _names(argument)):
                kept.append(_filled(argument, values))
            elif position and self.template[position - 1].startswith("-") and not _names(self.template[position - 1]):
                kept.pop()
        return kept

    def _sink(self) -> AbstractContextManager[TextIO]:
        return self.log.open("a", encoding="utf-8") if self.log else nullcontext(sys.stderr)

    def _printed(self, arguments: list[str], sink: TextIO) -> Generator[tuple[int, Any], None, str]:
        """Run the program to its end, passing on its values on the way; the last line that it printed."""
        last = ""
        with _started(arguments, sink) as (process, said):
            for line in _stdout(process):
                last = line.strip() or last
                progress = _progress(line, self.metric)
                if progress:
                    yield progress
                else:
                    sink.write(line)
        if process.returncode:
            raise Failed(in_one_line(": ".join((ending(process.returncode), *([" | ".join(said)] if said else [])))))
        return last


def checked(template: str, parameters: Iterable[str], *, metric: str, log: Path | None = None) -> Command:
    """The command of a template that names nothing but these parameters and ours.

    Raises:
        BadObjective: It cannot be split, its program is not there, it names what no configuration has, or it gives a
            value to something that reads it as code.
    """
    try:
        arguments = tuple(shlex.split(template))
    except ValueError as error:
        raise BadObjective(f"command {template!r} cannot be split: {error}") from None
    if not arguments:
        raise BadObjective("the command is empty; give a line such as 'python train.py --lr {learning_rate}'")
    if _names(arguments[0]):
        raise BadObjective(f"command {template!r} takes its program from a configuration; name the program itself")
    if shutil.which(arguments[0]) is None:
        raise BadObjective(f"command {template!r}: there is no program {arguments[0]!r}")
    _check_names(arguments, {*parameters})
    _check_code(arguments)
    return Command(template=arguments, metric=metric, log=log)


def ending(code: int) -> str:
    """How a process ended that did not end well: ``exit code 3``, ``killed by SIGSEGV``."""
    number = -code if code < 0 else code - 128
    if number == 9:
        return "killed by SIGKILL, perhaps for lack of memory"
    if code < 0:
        return (
            f"killed by {signal.Signals(number).name}" if number in {*signal.Signals} else f"killed by signal {number}"
        )
    return f"exit code {code}"


def _names(argument: str) -> list[str]:
    return [found["name"] for found in _PIECE.finditer(argument) if found["name"]]


def _filled(argument: str, values: Mapping[str, Value]) -> str:
    return _PIECE.sub(lambda found: found["brace"][0] if found["brace"] else _text(values[found["name"]]), argument)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _check_names(arguments: Iterable[str], parameters: set[str]) -> None:
    known = {*parameters, *OURS}
    for argument in arguments:
        for found in _PIECE.finditer(argument):
            if found["stray"]:
                raise BadObjective(
                    f"command: the brace in {argument!r} encloses no name; write it twice to mean itself"
                )
            if found["name"] and found["name"] not in known:
                nearest = did_you_mean(found["name"], known) or f"known: {', '.join(sorted(known))}"
                raise BadObjective(f"command: {{{found['name']}}} is no parameter of the plan; {nearest}")
            if found["name"] in OURS and found["name"] in parameters:
                raise BadObjective(
                    f"command: {{{found['name']}}} is a parameter too; read that from a file: {{config}}"
                )


def _check_code(arguments: tuple[str, ...]) -> None:
    """Refuse ``sh -c "train {name}"``: a value would be read as code."""
    for program, option, code in zip(arguments, arguments[1:], arguments[2:], strict=False):
        if _READS_CODE.fullmatch(Path(program).name) and re.fullmatch(r"-\w*[ce]|/[cC]", option) and _names(code):
            raise BadObjective(
                f"command: {program} would read the values in {code!r} as code; put the line into a file, "
                "and give it the values as arguments"
            )


@contextmanager
def _started(arguments: list[str], sink: TextIO) -> Iterator[tuple[subprocess.Popen[str], _Said]]:
    """A running program and the last lines of its stderr; it has ended afterwards, by force if the block did not."""
    said: _Said = deque(maxlen=_LAST_LINES)
    process = subprocess.Popen(  # noqa: S603 - the person's own command, without a shell
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    listener = Thread(target=_relay, args=(process.stderr, sink, said), daemon=True)
    listener.start()
    try:
        yield process, said
        process.wait()
    finally:
        process.kill()
        listener.join(_LINGERING)
        _stdout(process).close()
        process.wait()


def _stdout(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    return process.stdout


def _relay(source: IO[str], sink: TextIO, said: _Said) -> None:
    """Pass on what a program writes to stderr, as it comes."""
    with source, suppress(ValueError):  # the log is closed already, if another program held stderr open
        for line in source:
            if line.strip():
                said.append(line.strip())
            sink.write(line)
            sink.flush()


def _object(line: str) -> dict[str, Any]:
    """The JSON object that a line is, or an empty one."""
    if not line.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _progress(line: str, metric: str) -> tuple[int, Any] | None:
    """The step and the value of a line that has both."""
    found = _object(line)
    value = found.get(metric, found.get("value"))
    step = found.get("step")
    return (step, value) if isinstance(step, int) and value is not None else None


_NAMED: Final = re.compile(r"(?:(?P<name>.*\S)\s*[=:]\s*)?(?P<number>[-+.\w]+)")


def _read(line: str, metric: str) -> Any:
    """The metric in the last line that a program printed."""
    found = _object(line)
    if found:
        return _member(found, metric, "the last line of stdout")
    named = _NAMED.fullmatch(line)
    if named and named["name"] in {None, metric}:
        try:
            return float(named["number"])
        except ValueError:
            pass
    wanted = f"print the number, or {metric}=NUMBER, last"
    raise Failed(f"the last line of stdout is {in_one_line(repr(line))}; {wanted}" if line else f"no output; {wanted}")


def _written(path: Path, metric: str) -> Any:
    """The metric in the file that a program wrote."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Failed("the program wrote no file at {result}") from None
    except ValueError as error:
        raise Failed(f"the file at {{result}} is not JSON: {in_one_line(str(error))}") from None
    return _member(found, metric, "the file at {result}") if isinstance(found, dict) else found


def _member(found: Mapping[str, Any], metric: str, where: str) -> Any:
    value = found.get(metric, found.get("value"))
    if value is None:
        nearest = did_you_mean(metric, found) or "write it there"
        raise Failed(f"{where} has no {metric!r}; {nearest}")
    return value
