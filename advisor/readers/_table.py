"""Rows and columns, from CSV with any separator, Parquet, JSON lines or the shapes in which JSON holds tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from advisor.errors import MissingPackage
from advisor.readers._source import Source
from advisor.readers._values import flattened, has_decimal_comma, is_missing, value_of

MOST_COLUMNS: Final = 20_000
_SEPARATORS: Final = (",", "\t", ";", "|")
_SAMPLE: Final = 20
"""Lines from which the separator is found."""
_BEGINNING: Final = 1_000_000
"""Characters in which they lie."""
_LONGEST_CELL: Final = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows by column.

    Attributes:
        columns: In their order, each once.
        rows: What each row says; a cell that says nothing is absent.
        places: Where each row stands, in words.
        unreadable: Rows that cannot be read, in words.
        ignored: Columns that cannot be read, each with the reason.
    """

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    places: tuple[str, ...]
    unreadable: tuple[str, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)


def columns_of(source: Source) -> tuple[str, ...]:
    """The names in the first row of a text table; none where the source is something else."""
    if source.kind != "table":
        return ()
    rows = _rows(source.text[:_BEGINNING], None)
    header = next(rows, (0, []))[1]
    return tuple(cell.strip() for cell in header)


def table_of(source: Source, *, header_rows: int = 1) -> Table | None:
    """The source as a table; None where it holds none.

    Args:
        source: A file.
        header_rows: How many rows of a text table name its columns; the names of one column are joined by ``_``.

    Raises:
        InvalidFile: It breaks the form of a table.
        MissingPackage: It is Parquet, and pyarrow is not installed.
    """
    match source.kind:
        case "table":
            return _of_text(source, header_rows)
        case "parquet":
            return _of_parquet(source)
        case "lines":
            numbered = [(f"line {line.number}", line.value) for line in source.lines]
            return _of_mappings(source, numbered, source.broken_lines)
        case "json":
            rows = list(rows_of_json(source.json))
            return _of_mappings(source, rows, ()) if rows else None
        case _:
            return None


# Text


def _of_text(source: Source, header_rows: int) -> Table:
    separator = separator_of(source.text)
    rows = _rows(source.text, separator)
    try:
        header = [next(rows, (0, []))[1] for _ in range(header_rows)]
        body = list(rows)
    except csv.Error as error:
        raise source.error(f"not a table: {error}") from error
    columns, ignored = _named(["_".join(filter(None, map(str.strip, names))) for names in zip(*header, strict=False)])
    if not any(columns) or len(columns) > MOST_COLUMNS:
        raise source.error(f"not a table of trials: its first row has {len(columns):,} names", line=1)
    comma = separator != "," and any(has_decimal_comma(cell) for _, row in body[:1_000] for cell in row)
    good = [(line, row) for line, row in body if len(row) == len(columns)]
    bad = [f"line {line}: {len(row)} cells, not {len(columns)}" for line, row in body if len(row) != len(columns)]
    read = [
        {
            name: value_of(cell, decimal_comma=comma)
            for name, cell in zip(columns, row, strict=True)
            if name and not is_missing(cell)
        }
        for _, row in good
    ]
    return Table(
        columns=tuple(filter(None, columns)),
        rows=tuple(read),
        places=tuple(f"line {line}" for line, _ in good),
        unreadable=tuple(bad),
        ignored=ignored,
    )


def separator_of(text: str) -> str:
    """The character between the cells: the one that splits the first lines into the most, equally many cells."""
    best, most = ",", 1
    text = text[:_BEGINNING]
    for separator in _SEPARATORS:
        widths = [len(row) for _, (_, row) in zip(range(_SAMPLE), _rows(text, separator, strict=False), strict=False)]
        if widths and widths[0] > most and widths.count(widths[0]) * 2 > len(widths):
            best, most = separator, widths[0]
    return best


def _rows(text: str, separator: str | None, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, after comments at the top, each with the number of its line."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        skipped, kept = _without_comments(text)
        lines = io.StringIO(kept, newline="")
        reader = csv.reader(lines, delimiter=separator or separator_of(text))
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                if strict:
                    raise
                return
            if any(cell.strip() for cell in row):
                yield reader.line_num + skipped, row
    finally:
        csv.field_size_limit(before)


def _without_comments(text: str) -> tuple[int, str]:
    """How many lines at the top are comments or empty, and the text below them."""
    skipped = start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if text[start] != "#" and text[start:end].strip():
            break
        start, skipped = end, skipped + 1
    return skipped, text[start:]


def _named(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The columns' names, empty for one that is not read, and why it is not."""
    columns: list[str] = []
    ignored: dict[str, str] = {}
    for index, name in enumerate(names, start=1):
        if name in columns:
            ignored[f"{name} (column {index})"] = "another column has this name"
        elif not name:
            ignored[f"column {index}"] = "it has no name"
        columns.append("" if name in columns else name)
    return columns, ignored


# JSON


def _of_mappings(source: Source, numbered: Iterable[tuple[str, Any]], broken: tuple[str, ...]) -> Table:
    rows: list[Mapping[str, Any]] = []
    places: list[str] = []
    unreadable = list(broken)
    for place, value in numbered:
        if not isinstance(value, Mapping):
            unreadable.append(f"{place}: no mapping of names to values")
            continue
        rows.append({name: cell for name, cell in flattened(value) if name and not is_missing(cell)})
        places.append(place)
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    if len(columns) > MOST_COLUMNS:
        raise source.error(f"not a table of trials: it has {len(columns):,} columns")
    return Table(columns=columns, rows=tuple(rows), places=tuple(places), unreadable=tuple(unreadable))


_LISTS: Final = ("trials", "runs", "results", "records", "rows", "data", "history", "experiments")


def rows_of_json(value: Any) -> Iterator[tuple[str, Any]]:
    """The rows in a list, a mapping of lists or of mappings, or what pandas writes; nothing where there are none."""
    if isinstance(value, list):
        yield from ((f"entry {index}", entry) for index, entry in enumerate(value, start=1))
    elif isinstance(value, Mapping):
        found = next((value[name] for name in _LISTS if isinstance(value.get(name), list)), None)
        columns = value.get("columns")
        if isinstance(columns, list) and isinstance(found, list) and all(isinstance(row, list) for row in found):
            names = [str(name) for name in columns]
            found = [dict(zip(names, row, strict=False)) for row in found]
        if found is not None:
            yield from rows_of_json(found)
        elif _are_columns(value):
            yield from _transposed(value)
        elif value and all(isinstance(entry, Mapping) for entry in value.values()):
            yield from ((f"entry {name}", entry) for name, entry in value.items())


def _are_columns(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping is a table by columns: lists of one length, or mappings with the same keys to plain values."""
    cells = list(value.values())
    if cells and all(isinstance(cell, list) for cell in cells):
        return len({len(cell) for cell in cells}) == 1
    if not cells or not all(isinstance(cell, Mapping) and cell for cell in cells):
        return False
    keys = list(cells[0])
    return all(list(cell) == keys for cell in cells) and all(str(key) == str(i) for i, key in enumerate(keys))


def _transposed(value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    columns = {name: cell if isinstance(cell, list) else list(cell.values()) for name, cell in value.items()}
    for index, cells in enumerate(zip(*columns.values(), strict=True)):
        yield f"row {index}", dict(zip(columns, cells, strict=True))


# Parquet


def _of_parquet(source: Source) -> Table:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - only Parquet needs it
    except ImportError as error:
        raise MissingPackage("pyarrow", "data", "reading Parquet") from error
    try:
        columns = parquet.read_table(io.BytesIO(source.raw)).to_pydict()
    except (ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        raise source.error(
            f"not Parquet: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error
    named = {str(name): [_plain(cell) for cell in cells] for name, cells in columns.items()}
    rows = [dict(zip(named, cells, strict=True)) for cells in zip(*named.values(), strict=True)]
    return _of_mappings(source, ((f"row {index}", row) for index, row in enumerate(rows)), ())


def _plain(cell: Any) -> Any:
    """A cell of Parquet as JSON would hold it."""
    if isinstance(cell, Decimal):
        return float(cell)
    return str(cell) if isinstance(cell, datetime | date | timedelta | bytes) else cell
