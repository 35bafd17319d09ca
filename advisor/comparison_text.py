"""The comparison of all methods as a person reads it in a terminal, and as data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from advisor.comparing import Comparison, Point, worth_a_line
from advisor.measuring import strongest_first
from advisor.methods import Method, parted
from advisor.terminal import Style, figure, shortened
from advisor.words import counted

_COLUMN: Final = 9
"""Columns of a figure with the space before it."""
_LEAST: Final = 1e-4
_GREATEST: Final = 1e7
"""Beyond these, figures in units of the metric are written with powers of ten."""
_TITLES: Final = {
    "variance": "Share of the variance over the whole space, by method",
    "share": "Importance in other senses, by method",
}


def rendered(found: Comparison, metric: str, style: Style | None = None) -> str:
    """Tables of what each method says, the question that it answers, and the way from the default to the best."""
    return "\n".join(_lines(found, metric, style or Style())) + "\n"


def _lines(found: Comparison, metric: str, style: Style) -> Iterator[str]:
    names = [name for name, _ in strongest_first(found.found.parameters)]
    for kind, title in _TITLES.items():
        methods = [method for method in found.methods if method.kind == kind]
        yield from _block(title, style, _table(names, methods, style.width), methods)
    units = [method for method in found.methods if method.kind == "metric"]
    yield from _block(f"In units of {metric}", style, _in_units(names, units, style.width), units)
    yield from _together(found.together)
    yield from _path(found, metric, style)
    yield from _partings(found, style)
    if found.remarks:
        yield ""
        for remark in found.remarks:
            yield from style.wrapped(remark, "  ", "    ")


def _block(title: str, style: Style, table: Iterator[str], methods: Sequence[Method]) -> Iterator[str]:
    yield style.paint(title, "bold")
    yield from table
    for method in methods:
        yield from style.wrapped(f"{_headed(method)}: {method.question}", "  ", "    ")
    yield ""


def _headed(method: Method) -> str:
    """The heading in one line."""
    first, second = method.heading
    return f"{first}{second}" if first.endswith("-") else f"{first} {second}".strip()


def _table(names: Sequence[str], methods: Sequence[Method], width: int) -> Iterator[str]:
    room = width - 2 - _COLUMN * len(methods)
    longest = min(max(map(len, names)), room)
    for line in range(2):
        heads = "".join(method.heading[line].rjust(_COLUMN) for method in methods)
        yield f"  {''.ljust(longest)}{heads}".rstrip()
    for name, label in zip(names, shortened(names, longest), strict=True):
        figures = "".join(_share(method.values.get(name)).rjust(_COLUMN) for method in methods)
        yield f"  {label.ljust(longest)}{figures}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{max(value, 0.0):.2f}"


def _in_units(names: Sequence[str], methods: Sequence[Method], width: int) -> Iterator[str]:
    columns = [_figures(method, names) for method in methods]
    widths = [max(map(len, column)) + 2 for column in columns]
    longest = min(max(map(len, names)), width - 2 - sum(widths))
    for label, *cells in zip(["", *shortened(names, longest)], *columns, strict=True):
        figures = "".join(cell.rjust(columns_of) for cell, columns_of in zip(cells, widths, strict=True))
        yield f"  {label.ljust(longest)}{figures}"


def _figures(method: Method, names: Sequence[str]) -> list[str]:
    """The heading, then the figure of each parameter, with as many digits as the greatest is worth."""
    form = _form([*method.values.values(), *(high for _, high in method.intervals.values())])
    figures = []
    for name in names:
        ends = " to ".join(form.format(end) for end in method.intervals.get(name, ()))
        figures.append(form.format(method.values[name]) + (f" ({ends})" if ends else ""))
    return [_headed(method), *figures]


def _form(values: Sequence[float]) -> str:
    """The format in which the greatest value has three digits, and all others as many decimals."""
    greatest = max(map(abs, values), default=0.0)
    if greatest == 0:
        return "{:.2f}"
    if not _LEAST < greatest < _GREATEST:
        return "{:.2e}"
    return f"{{:.{max(2 - math.floor(math.log10(greatest)), 0)}f}}"


def _together(shares: Mapping[tuple[str, ...], float]) -> Iterator[str]:
    if not shares:
        return
    yield "Share of the variance that some explain only together"
    for names, share in shares.items():
        yield f"  {share:.2f}  {', '.join(names)}"
    yield ""


def _path(found: Comparison, metric: str, style: Style) -> Iterator[str]:
    title = f"From {found.start.what} to {found.end.what}, in {metric}"
    yield from (style.paint(line, "bold") for line in style.wrapped(title))
    listed, rest = worth_a_line(found.path)
    form = _form([found.start.score, *(step.score for step in found.path)])
    changes = [f" {figure(step.before)} -> {figure(step.after)}" for step in listed]
    room = style.width - 32 - max(map(len, changes), default=0)
    names = shortened([step.name for step in listed], max(room, 12))
    rows = [f"{name}{change}" for name, change in zip(names, changes, strict=True)]
    longest = max(map(len, ["at the start", *rows]))
    yield f"  {''.ljust(longest)}{'after it':>10}{'gains':>10}{'alone':>10}"
    yield f"  {'at the start'.ljust(longest)}{form.format(found.start.score):>10}"
    for text, step in zip(rows, listed, strict=True):
        figures = "".join(form.format(number).rjust(10) for number in (step.score, step.gain, step.alone))
        yield f"  {text.ljust(longest)}{figures}"
    if rest:
        gained = form.format(sum(step.gain for step in rest))
        yield from style.wrapped(f"and {counted(len(rest), 'more change')}, worth {gained} in all", "  ", "    ")
    if not found.path:
        yield "  nothing differs between the two"
    else:
        yield from style.wrapped(
            "Each step is the one that gains most; alone is what it gains where nothing else changed.", "  "
        )


def _partings(found: Comparison, style: Style) -> Iterator[str]:
    """Where a parameter is first by one method and last by another."""
    apart = parted(found.methods)
    if apart:
        yield ""
    for name, (first, last) in apart.items():
        one, other = (" and ".join(f"'{_headed(method)}'" for method in methods) for methods in (first, last))
        sentence = f"{name} is first by {one}, and last by {other}: they answer different questions."
        yield from style.wrapped(sentence, "  ", "    ")


def data(found: Comparison) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "methods": {method.name: _of_method(method) for method in found.methods},
        "together": [{"parameters": list(names), "share": share} for names, share in found.together.items()],
        "path": {
            "start": _of_point(found.start),
            "steps": [
                {
                    "parameter": step.name,
                    "before": step.before,
                    "after": step.after,
                    "score": step.score,
                    "gain": step.gain,
                    "alone": step.alone,
                }
                for step in found.path
            ],
            "end": _of_point(found.end),
        },
        "remarks_on_methods": list(found.remarks),
    }


def _of_method(method: Method) -> dict[str, Any]:
    intervals = {name: {"low": low, "high": high} for name, (low, high) in method.intervals.items()}
    return {
        "question": method.question,
        "kind": method.kind,
        "parameters": {name: {"value": value, **intervals.get(name, {})} for name, value in method.values.items()},
    }


def _of_point(point: Point) -> dict[str, Any]:
    return {"what": point.what, "config": dict(point.config), "score": point.score}
