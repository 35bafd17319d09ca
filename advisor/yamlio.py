"""Reading and writing YAML: version 1.2 words, bounded, never running anything, every value with its place.

PyYAML reads YAML 1.1, where ``1e-4`` is text and ``on`` is true; for a base of learning rates that is fatal. Here its C
parser delivers events and the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema) gives them types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeAlias

import yaml

from advisor.errors import InvalidFile, Path, Problem

MOST_BYTES = 8_000_000
MOST_DEPTH = 60
MOST_VALUES = 1_000_000
MOST_ALIASED_VALUES = 10_000

Mark: TypeAlias = tuple[int, int]

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {word: word.lower() == "true" for word in ["true", "True", "TRUE", "false", "False", "FALSE"]}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NUMERIC_START = frozenset("+-.0123456789")
_CORE = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file that was read: its value, and where in the text every part of it stands."""

    name: str
    text: str
    value: Any
    marks: Mapping[Path, Mark] = field(repr=False)
    key_marks: Mapping[Path, Mark] = field(repr=False)

    def mark(self, path: Path, *, at_key: bool = False) -> Mark:
        """Line and column, from 1, of the value at ``path``, or of the nearest thing around it."""
        if at_key and path in self.key_marks:
            return self.key_marks[path]
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))

    def error(self, problems: list[Problem]) -> InvalidFile:
        """The error that shows these problems with line, column, source line and caret."""
        placed = sorted(
            ((problem.mark or self.mark(problem.path, at_key=problem.at_key), problem) for problem in problems),
            key=lambda pair: (pair[0], str(pair[1])),
        )
        lines = self.text.splitlines() or [""]
        return InvalidFile(
            [problem for _, problem in placed],
            "\n".join(_rendered(self.name, lines, mark, problem) for mark, problem in placed),
        )


def _rendered(name: str, lines: list[str], mark: Mark, problem: Problem) -> str:
    row, column = mark
    place = ".".join(str(part) for part in problem.path)
    head = f"{name}:{row}:{column}: error: {place + ': ' if place else ''}{problem.sentence}"
    source = lines[row - 1] if row <= len(lines) else ""
    first = max(0, column - 60)
    shown = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", source[first : first + 100].replace("\t", " "))
    gutter = f"{row:6d} | "
    caret = " " * (len(gutter) - 2) + "| " + " " * (column - 1 - first) + "^"
    return f"{head}\n{gutter}{shown}\n{caret}{' ' + problem.hint if problem.hint else ''}"


def read(path: FilePath | str) -> Document:
    """Read a YAML file.

    Raises:
        InvalidFile: It cannot be opened, is no text, too large, or breaks YAML; with the place.
    """
    path = FilePath(path)
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MOST_BYTES else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sentence = f"{path}:1:1: error: cannot be read: {reason}"
        raise InvalidFile([Problem(sentence="cannot be read")], sentence) from error
    if size > MOST_BYTES or len(raw) > MOST_BYTES:
        sentence = f"{path}:1:1: error: {size:,} bytes are too many; the limit is {MOST_BYTES:,}"
        raise InvalidFile([Problem(sentence="too large")], sentence)
    return parse(raw, str(path))


def parse(content: str | bytes, name: str = "<text>") -> Document:
    """Read YAML from text or from bytes in UTF-8.

    Raises:
        InvalidFile: The text breaks YAML or one of the limits; with the place.
    """
    text = _decoded(content, name)
    empty = Document(name=name, text=text, value=None, marks={}, key_marks={})
    bad = _UNPRINTABLE.search(text)
    if bad:
        raise empty.error(
            [
                Problem(
                    sentence=f"the character U+{ord(bad.group()):04X} is not allowed in YAML",
                    mark=_mark_of(text, bad.start()),
                )
            ]
        )
    builder = _Builder()
    try:
        builder.run(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        sentence = " ".join(part for part in (error.problem, error.context) if part)
        raise empty.error([Problem(sentence=f"not YAML: {sentence}", mark=place)]) from error
    except yaml.YAMLError as error:
        raise empty.error([Problem(sentence=f"not YAML: {error}", mark=(1, 1))]) from error
    except _Refused as refused:
        raise empty.error([*builder.problems, refused.problem]) from refused
    if builder.problems:
        raise empty.error(builder.problems)
    return Document(
        name=name,
        text=text,
        value=builder.value,
        marks=builder.marks,
        key_marks=builder.key_marks,
    )


def _decoded(content: str | bytes, name: str) -> str:
    if isinstance(content, str):
        return content.removeprefix("\N{BYTE ORDER MARK}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        document = Document(name=name, text=before, value=None, marks={}, key_marks={})
        raise document.error(
            [
                Problem(
                    sentence="not text in UTF-8",
                    mark=_mark_of(before, len(before)),
                    hint="save the file as UTF-8",
                )
            ]
        ) from error


def _mark_of(text: str, offset: int) -> Mark:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


class _Refused(Exception):
    def __init__(self, sentence: str, mark: Mark, hint: str = "") -> None:
        self.problem = Problem(sentence=sentence, mark=mark, hint=hint)


@dataclass
class _Container:
    """A list or mapping that is still being filled."""

    value: Any
    path: Path
    anchor: str | None
    key: str | None = None


class _Builder:
    """Turns the parser's events into values and marks, without recursion."""

    def __init__(self) -> None:
        self.value: Any = None
        self.marks: dict[Path, Mark] = {}
        self.key_marks: dict[Path, Mark] = {}
        self.problems: list[Problem] = []
        self._open: list[_Container] = []
        self._anchors: dict[str, Any] = {}
        self._count = 0
        self._aliased = 0
        self._documents = 0

    def run(self, text: str) -> None:
        for event in yaml.parse(text, Loader=_PARSER):
            match event:
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.MappingStartEvent():
                    self._start(event, {})
                case yaml.SequenceStartEvent():
                    self._start(event, [])
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._end()
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        raise _Refused("a second document begins here; one is expected", _at(event))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._key(parent, event)
            return
        try:
            value = _typed(event)
        except ValueError as error:
            raise _Refused(str(error), _at(event)) from error
        self._add(value, _at(event), event.anchor)

    def _key(self, parent: _Container, event: yaml.ScalarEvent) -> None:
        key = event.value
        path = (*parent.path, key)
        if key in parent.value:
            first = self.key_marks[path]
            self.problems.append(
                Problem(
                    sentence=f"the key {key!r} is repeated; it stands first in line {first[0]}",
                    mark=_at(event),
                    hint="keep one of them",
                )
            )
        self.key_marks[path] = _at(event)
        parent.key = key

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, value: Any) -> None:
        if event.tag is not None and event.tag not in {_CORE + "map", _CORE + "seq"}:
            raise _Refused(f"the tag {event.tag!r} is not allowed", _at(event))
        if len(self._open) >= MOST_DEPTH:
            raise _Refused(f"nested deeper than {MOST_DEPTH} levels", _at(event))
        path = self._add(value, _at(event), None)
        self._open.append(_Container(value=value, path=path, anchor=event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        if done.anchor is not None:
            self._anchors[done.anchor] = done.value

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise _Refused(f"the alias *{event.anchor} refers to nothing that is complete", _at(event))
        value = self._anchors[event.anchor]
        self._aliased += _size(value, MOST_ALIASED_VALUES)
        if self._aliased > MOST_ALIASED_VALUES:
            raise _Refused(f"aliases stand for more than {MOST_ALIASED_VALUES:,} values", _at(event))
        self._add(value, _at(event), None)

    def _add(self, value: Any, mark: Mark, anchor: str | None) -> Path:
        self._count += 1
        if self._count > MOST_VALUES:
            raise _Refused(f"more than {MOST_VALUES:,} values", mark)
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._open:
            self.value = value
            self.marks[()] = mark
            return ()
        parent = self._open[-1]
        if isinstance(parent.value, list):
            path: Path = (*parent.path, len(parent.value))
            parent.value.append(value)
        else:
            if parent.key is None:
                raise _Refused("a key must be a plain word, not a list or a mapping", mark)
            path = (*parent.path, parent.key)
            parent.value[parent.key] = value
            parent.key = None
        self.marks[path] = mark
        return path


def _at(event: yaml.Event) -> Mark:
    assert event.start_mark is not None  # noqa: S101 - the parser marks every event
    return event.start_mark.line + 1, event.start_mark.column + 1


def _size(value: Any, most: int) -> int:
    """How many values stand in ``value``; counting stops above ``most``."""
    waiting, count = [value], 0
    while waiting and count <= most:
        here = waiting.pop()
        count += 1
        if isinstance(here, dict):
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
    return count


def _typed(event: yaml.ScalarEvent) -> Any:
    """The value of a scalar by the core schema of YAML 1.2."""
    text: str = event.value
    if event.tag is not None:
        if event.tag not in {"!", _CORE + "str"}:
            raise ValueError(f"the tag {event.tag!r} is not allowed")
        return text
    if not event.implicit[0]:
        return text
    return typed_word(text)


def typed_word(text: str) -> bool | int | float | str | None:
    """What a plain word means by the core schema of YAML 1.2.

    Raises:
        ValueError: An integer of more digits than any hyperparameter has.
    """
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if text[0] not in _NUMERIC_START:
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > 40:
            raise ValueError("a number of more than 40 digits")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen when run
    """Writes what readers of YAML 1.1 and of YAML 1.2 both understand."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


_Dumper.add_implicit_resolver(_CORE + "float", re.compile(f"(?:{_FLOAT.pattern})$"), list("+-.0123456789"))
_Dumper.add_implicit_resolver(_CORE + "int", re.compile(f"(?:{_INTEGER.pattern})$"), list("+-0123456789"))


def dump(value: Any) -> str:
    """The value as YAML: keys in their order, one fact a line, no aliases."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=2**31 - 1,
        default_flow_style=False,
    )
    return text
