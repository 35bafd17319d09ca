"""A file or folder as readers look at it: each part is read once, nothing runs, and sizes are bounded."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from advisor.errors import InvalidFile, Problem
from advisor.model import MOST_DIGITS

Kind: TypeAlias = Literal["folder", "url", "sqlite", "parquet", "pickle", "wandb", "json", "lines", "table", "binary"]

MOST_BYTES: Final = 256_000_000
MOST_DATABASE_BYTES: Final = 4_000_000_000
MOST_ENTRIES: Final = 200_000
"""Files and folders of a folder that are looked at."""
_HEAD: Final = 4_096
_PICKLES: Final = (".pkl", ".pickle", ".joblib", ".dill", ".pck")
_MAGIC: Final[dict[bytes, Kind]] = {b"SQLite format 3\0": "sqlite", b"PAR1": "parquet", b":W&B": "wandb"}
_OF_A_FILE: Final = "sqlite:///"
_PASSWORD: Final = re.compile(r"(?<=:)(?!//)[^@]*(?=@[^@]*$)")
_COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04")
_BESIDE_A_DATABASE: Final = ("-wal", "-journal")


class Line(NamedTuple):
    """One line of a file of JSON lines."""

    number: int
    value: Any


class Source:
    """What lies at a path.

    Args:
        path: Of a file or a folder; or the URL of a storage.

    Attributes:
        name: What it is called in messages; never with a password.
        url: Its URL, if it has one.
        path: Where it lies, if it has no URL.
    """

    def __init__(self, path: Path | str) -> None:
        given = str(path).removeprefix(_OF_A_FILE)
        self.url = given if "://" in given else None
        self.name = given if self.url is None else _PASSWORD.sub("***", given)
        self.path = Path(given)

    def error(self, sentence: str, *, line: int | None = None, hint: str = "") -> InvalidFile:
        """The error that says what is wrong, with the name of the file and the line where it is known."""
        place = self.name if line is None else f"{self.name}:{line}"
        problem = Problem(sentence=sentence, hint=hint, mark=None if line is None else (line, 1))
        return InvalidFile([problem], f"{place}: error: {sentence}{f'; {hint}' if hint else ''}")

    @cached_property
    def kind(self) -> Kind:
        """What it is, from its first bytes and, for pickles without any, from its name.

        Raises:
            InvalidFile: It cannot be opened or decompressed.
        """
        if self.url is not None:
            return "url"
        if self.path.is_dir():
            return "folder"
        head = self.raw[:_HEAD] if self._is_compressed else self._head
        for magic, kind in _MAGIC.items():
            if head.startswith(magic):
                return kind
        if self.path.suffix.lower() in _PICKLES or (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"):
            return "pickle"
        if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "binary"
        return self._kind_of_text()

    def _kind_of_text(self) -> Kind:
        if self.text.lstrip()[:1] not in {"{", "["}:
            return "table"
        first, *rest = (line for line in self.text.split("\n", 2) if line.strip())
        if not rest:
            return "lines" if self.path.suffix.lower() in {".jsonl", ".ndjson", ".log"} else "json"
        try:
            _decoded(first)
        except (ValueError, RecursionError):
            return "json"
        return "lines"

    @cached_property
    def _head(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                return file.read(_HEAD)
        except (OSError, ValueError) as error:
            raise self._unopened(error) from error

    def _unopened(self, error: Exception) -> InvalidFile:
        reason = getattr(error, "strerror", None) or str(error)
        return self.error(f"cannot be read: {reason[:1].lower()}{reason[1:]}")

    @property
    def _is_compressed(self) -> bool:
        return self._head.startswith(_COMPRESSED)

    @cached_property
    def raw(self) -> bytes:
        """All bytes, decompressed where the file is gzip or a zip of one file.

        Raises:
            InvalidFile: They cannot be read, or are too many.
        """
        try:
            with self._opened() as file:
                raw = file.read(MOST_BYTES + 1)
        except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise self._unopened(error) from error
        except RuntimeError as error:
            raise self.error("is encrypted") from error
        if len(raw) > MOST_BYTES:
            raise self.error(f"larger than {MOST_BYTES:,} bytes, the most that is read")
        return bytes(raw)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        with self.path.open("rb") as file:
            if self._head.startswith(b"\x1f\x8b"):
                yield gzip.GzipFile(fileobj=file)
            elif self._head.startswith(b"PK\x03\x04"):
                archive = zipfile.ZipFile(file)
                names = [name for name in archive.namelist() if not name.endswith("/")]
                if len(names) != 1:
                    raise ValueError(f"an archive of {len(names)} files; unpack it, or save a workbook as CSV")
                yield archive.open(names[0])
            else:
                yield file

    @cached_property
    def text(self) -> str:
        """The text of the file, without a byte order mark.

        Raises:
            InvalidFile: It is not UTF-8, or UTF-16 with a mark.
        """
        encoding = "utf-16" if self.raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
        try:
            return self.raw.decode(encoding)
        except UnicodeDecodeError as error:
            line = self.raw.count(b"\n", 0, error.start) + 1
            raise self.error("is not text in UTF-8", line=line, hint="save it as text in UTF-8") from error

    @cached_property
    def json(self) -> Any:
        """The value of a JSON file; None where the file is something else.

        Raises:
            InvalidFile: It begins as JSON and breaks it.
        """
        if self.kind != "json":
            return None
        try:
            return _decoded(self.text)
        except json.JSONDecodeError as error:
            raise self.error(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}", line=error.lineno) from error
        except RecursionError as error:
            raise self.error("nested too deep") from error

    @property
    def lines(self) -> tuple[Line, ...]:
        """The values of a file with several JSON values, one a line; those that break JSON are left out."""
        return self.every_line() if self.kind == "lines" else ()

    def every_line(self) -> tuple[Line, ...]:
        """The values of a file with one JSON value a line, also where it has only one line."""
        return self._lines[0]

    @cached_property
    def broken_lines(self) -> tuple[str, ...]:
        """Which lines of such a file break JSON, in words."""
        return self._lines[1]

    @cached_property
    def _lines(self) -> tuple[tuple[Line, ...], tuple[str, ...]]:
        if self.kind not in {"lines", "json"}:
            return (), ()
        found: list[Line] = []
        broken: list[str] = []
        for number, line in enumerate(self.text.split("\n"), start=1):
            if line.strip():
                try:
                    found.append(Line(number, _decoded(line)))
                except (ValueError, RecursionError):
                    broken.append(f"line {number}: not JSON")
        return tuple(found), tuple(broken)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of what lies in a folder, sorted; none for a file.

        Raises:
            InvalidFile: The folder cannot be listed, or holds too much.
        """
        if self.kind != "folder":
            return ()
        try:
            names = sorted(entry.name for entry in self.path.iterdir())
        except OSError as error:
            raise self._unopened(error) from error
        if len(names) > MOST_ENTRIES:
            raise self.error(f"holds more than {MOST_ENTRIES:,} files, the most that are read")
        return tuple(names)

    def beside(self, name: str) -> Source | None:
        """The file of this name in the folder of this file, or in this folder; None where there is none."""
        folder = self.path if self.kind == "folder" else self.path.parent
        return Source(folder / name) if (folder / name).exists() else None

    @cached_property
    def tables(self) -> frozenset[str]:
        """The names of the tables of a SQLite file; none for any other file."""
        if self.kind != "sqlite":
            return frozenset()
        with self.copied() as copy, closing(sqlite3.connect(copy)) as connection:
            try:
                found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            except (sqlite3.Error, UnicodeError) as error:  # a garbled schema is quoted in the message
                raise self.error(f"not a database that SQLite can read: {error}") from error
        return frozenset(str(name) for (name,) in found)

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """A copy of a database or a journal that a library may open, with what was not yet written into it.

        Raises:
            InvalidFile: It cannot be copied, or is too large.
        """
        with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
            copy = Path(folder) / "copy"
            try:
                if self._is_compressed:
                    copy.write_bytes(self.raw)
                else:
                    self._copy(copy)
            except OSError as error:
                raise self._unopened(error) from error
            yield copy

    def _copy(self, copy: Path) -> None:
        for end in ("", *_BESIDE_A_DATABASE):
            part = self.path.with_name(self.path.name + end)
            if part.is_file():
                if part.stat().st_size > MOST_DATABASE_BYTES:
                    raise self.error(f"larger than {MOST_DATABASE_BYTES:,} bytes, the most that is read")
                shutil.copyfile(part, copy.with_name(copy.name + end))


def _decoded(text: str) -> Any:
    return json.loads(text, parse_int=_integer)


def _integer(digits: str) -> int | float:
    """A whole number; one too long to compute with as the nearest float."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)
