"""Reading and writing YAML: version 1.2 words, bounded, never running anything, every value with its place.

PyYAML reads YAML 1.1, where ``1e-4`` is text and ``on`` is true; for a base of learning rates that is fatal. Here its C
parser delivers events and the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema) gives them types.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NamedTuple, TypeAlias

import yaml

from advisor.errors import InvalidFile, Path, Problem
from advisor.model import MOST_DIGITS

MOST_BYTES = 8_000_000
MOST_DEPTH = 60
MOST_VALUES = 1_000_000
MOST_ALIASED_VALUES = 10_000
MOST_SHOWN = 100

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
_ENCODING = "save the file as text in UTF-8"
_OF_TEXT = frozenset({"!", _CORE + "str"})
_OF_CONTAINERS = frozenset({"!", _CORE + "map", _CORE + "seq"})
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document(NamedTuple):
    """A file that was read: its value, and where in the text every part of it stands."""

    name: str
    text: str
    value: Any
    marks: Mapping[Path, Mark]
    key_marks: Mapping[Path, Mark]

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
        shown = [_rendered(self.name, lines, mark, problem) for mark, problem in placed[:MOST_SHOWN]]
        if len(placed) > MOST_SHOWN:
            shown.append(f"{self.name}: and {len(placed) - MOST_SHOWN:,} more")
        return InvalidFile([problem for _, problem in placed], "\n".join(shown))


def _rendered(name: str, lines: list[str], mark: Mark, problem: Problem) -> str:
    row, column = mark
    place = ".".join(str(part) for part in problem.path)
    said = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", f"{place + ': ' if place else ''}{problem.sentence}")
    head = f"{name}:{row}:{column}: error: {said}"
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
    try:
        with FilePath(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unread(path, f"cannot be read: {reason[:1].lower()}{reason[1:]}") from error
    if len(raw) > MOST_BYTES:
        raise _unread(path, f"larger than {MOST_BYTES:,} bytes, the most that is read")
    return parse(raw, str(path))


def _unread(path: FilePath | str, sentence: str) -> InvalidFile:
    return InvalidFile([Problem(sentence=sentence)], f"{path}:1:1: error: {sentence}")


def parse(content: str | bytes, name: str = "<text>") -> Document:
    """Read YAML from text or from bytes in UTF-8.

    Raises:
        InvalidFile: The text breaks YAML or one of the limits; with the place.
    """
    text = _decoded(content, name)
    empty = Document(name=name, text=text, value=None, marks={}, key_marks={})
    bad = _UNPRINTABLE.search(text)
    if bad:
        sentence = f"the character U+{ord(bad.group()):04X} is not allowed in YAML"
        raise empty.error([Problem(sentence=sentence, mark=_mark_of(text, bad.start()), hint=_ENCODING)])
    builder = _Builder()
    try:
        builder.run(text)
    except yaml.MarkedYAMLError as error:
        raise empty.error([*builder.problems, _of_parser(error, text)]) from error
    except yaml.YAMLError as error:
        raise empty.error([*builder.problems, Problem(sentence=f"not YAML: {error}", mark=(1, 1))]) from error
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
                    hint=_ENCODING,
                )
            ]
        ) from error


def _mark_of(text: str, offset: int) -> Mark:
    lines = (text[:offset] + "x").splitlines()
    return len(lines), len(lines[-1])


# What the parser says, and what a person would want to hear. The first that fits is taken.
_ADVICE = (
    ("mapping values are not allowed", "is the indentation off, or does a text with ': ' need quotes?"),
    ("while scanning a quoted scalar", "a quote opens and does not close"),
    ("unknown escape character", "write \\\\ for a backslash, or use single quotes"),
    ("unexpected end of stream", "a bracket or brace opens and does not close"),
    ("did not find expected ',' or", "a comma is missing, or a bracket or brace does not close"),
    ("could not find expected ':'", "the line before has no colon"),
    ("did not find expected key", "is the indentation off?"),
    ("did not find expected '-' indicator", "a list goes on here; is the indentation off?"),
    ("block sequence entries are not allowed", "begin the list on a line of its own"),
)


def _of_parser(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """The parser's complaint at its place, with a hint where its words say little."""
    mark = error.problem_mark or error.context_mark
    row, column = (mark.line, mark.column) if mark else (0, 0)
    sentence = " ".join(part for part in (error.problem, error.context) if part)
    if "nesting depth" in sentence:  # the parser's own limit, since PyYAML 6.0.4; it reads ahead
        return Problem(sentence=f"nested deeper than {MOST_DEPTH} levels", mark=(row + 1, column + 1))
    hint = next((advice for phrase, advice in _ADVICE if phrase in sentence), "")
    source = next(iter(text.splitlines()[row : row + 1]), "")
    here = source[column : column + 1]
    if "cannot start any token" in sentence and here:
        sentence = "a tab cannot indent" if here == "\t" else f"a value cannot begin with {here}"
        hint = "indent with spaces" if here == "\t" else "put it in quotes"
    return Problem(sentence=f"not YAML: {sentence}", mark=(row + 1, column + 1), hint=hint)


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
            value = None
            self.problems.append(Problem(sentence=str(error), mark=_at(event)))
        self._add(value, _at(event), event.anchor)

    def _key(self, parent: _Container, event: yaml.ScalarEvent) -> None:
        key = event.value
        path = (*parent.path, key)
        if event.tag is not None and event.tag not in _OF_TEXT:
            self.problems.append(Problem(sentence=_no_tag(event.tag), mark=_at(event)))
        if event.anchor is not None:
            self._anchors[event.anchor] = key
        if key == "<<" and event.implicit[0]:
            sentence, hint = "merge keys (<<) belong to YAML 1.1 and are not read", "write the keys out"
            self.problems.append(Problem(sentence=sentence, mark=_at(event), hint=hint))
        if key in parent.value:
            sentence = f"the key {key!r} is repeated; it stands first in line {self.key_marks[path][0]}"
            self.problems.append(Problem(sentence=sentence, mark=_at(event), hint="keep one of them"))
        self.key_marks[path] = _at(event)
        parent.key = key

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, value: Any) -> None:
        if event.tag is not None and event.tag not in _OF_CONTAINERS:
            raise _Refused(_no_tag(event.tag), _at(event))
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
        size, depth = _extent(value, MOST_ALIASED_VALUES)
        self._aliased += size
        if self._aliased > MOST_ALIASED_VALUES:
            raise _Refused(f"aliases stand for more than {MOST_ALIASED_VALUES:,} values", _at(event))
        if len(self._open) + depth > MOST_DEPTH:
            raise _Refused(f"nested deeper than {MOST_DEPTH} levels", _at(event))
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


def _extent(value: Any, most: int) -> tuple[int, int]:
    """How many values stand in ``value``, and how deep; counting stops above ``most``."""
    level, count, depth = [value], 0, -1
    while level and count <= most:
        count += len(level)
        depth += 1
        inner = [here.values() if isinstance(here, dict) else here for here in level if isinstance(here, dict | list)]
        level = [part for container in inner for part in container]
    return count, depth


def _no_tag(tag: str) -> str:
    return f"the tag {tag.replace(_CORE, '!!')} is not allowed; plain values need none"


def _typed(event: yaml.ScalarEvent) -> Any:
    """The value of a scalar by the core schema of YAML 1.2."""
    text: str = event.value
    if event.tag is not None:
        if event.tag not in _OF_TEXT:
            raise ValueError(_no_tag(event.tag))
        return text
    if not event.implicit[0]:
        return text
    return typed_word(text)


def typed_word(text: str) -> bool | int | float | str | None:
    """What a plain word means by the core schema of YAML 1.2.

    Raises:
        ValueError: A number longer or larger than any hyperparameter is.
    """
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if text[0] not in _NUMERIC_START:
        return text
    if _INTEGER.fullmatch(text):
        if len(text.lstrip("+-")) > MOST_DIGITS:
            raise ValueError(f"a number of more than {MOST_DIGITS} digits")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if math.isinf(number) and text[-1].isdigit():
            raise ValueError(f"{text[:MOST_DIGITS]} is larger than any number that can be computed with")
        return number
    return text


def _dumper() -> type[yaml.SafeDumper]:
    """What writes so that readers of YAML 1.1 and of YAML 1.2 both understand; made when something is written."""

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # chosen when run
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
            return True

    Dumper.add_implicit_resolver(_CORE + "float", re.compile(f"(?:{_FLOAT.pattern})$"), list("+-.0123456789"))
    Dumper.add_implicit_resolver(_CORE + "int", re.compile(f"(?:{_INTEGER.pattern})$"), list("+-0123456789"))
    return Dumper


def dump(value: Any) -> str:
    """The value as YAML: keys in their order, one fact a line, no aliases."""
    text: str = yaml.dump(
        value,
        Dumper=_dumper(),
        sort_keys=False,
        allow_unicode=True,
        width=2**31 - 1,
        default_flow_style=False,
    )
    return text
