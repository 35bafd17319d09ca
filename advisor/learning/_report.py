"""What was learnt beside what was known, as a person reads it: in a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from advisor.bounds import FactBound
from advisor.effects import shown as shown_domain
from advisor.knowledge import Parameter, SearchRange
from advisor.learning._learnt import Learnt, LearntParameter
from advisor.learning._overlay import shown
from advisor.learning._shrinking import ENOUGH, adapts, weight
from advisor.space import shown_value
from advisor.terminal import Style
from advisor.words import counted

_MOST_PAIRS: Final = 5
_HEAD: Final = ("parameter", "range known", "good on most tasks", "range written", "held known", "held written")
_WORTH: Final = ("parameter", "gain by tuning it alone", "known", "share of the variance", "known")
"""Of shares and gains, with intervals over tasks."""


def report(found: Learnt, form: str = "text", style: Style | None = None) -> str:
    """The report, as ``text`` in lines of the style's width, tables aside, or as ``markdown``."""
    return "\n".join(_marked(found) if form == "markdown" else _plain(found, style or Style())) + "\n"


def _marked(found: Learnt) -> Iterator[str]:
    yield f"# Learnt: {found.family.title}"
    for title, told in _sections(found):
        yield from ("", f"## {title}", "") if title else ("",)
        yield from _markdown(told.head, told.rows) if isinstance(told, _Grid) else told


def _plain(found: Learnt, style: Style) -> Iterator[str]:
    yield f"Learnt: {found.family.title}"
    for title, told in _sections(found):
        yield from ("", title, "") if title else ("",)
        if isinstance(told, _Grid):
            yield from _aligned(told.head, told.rows)
            continue
        for line in told:
            yield from style.wrapped(line, "", "" if not title else "  ")


class _Grid(NamedTuple):
    """A table."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def _sections(found: Learnt) -> Iterator[tuple[str, _Grid | Sequence[str]]]:
    yield "", list(_summary(found))
    yield "Ranges and held values", _Grid(_HEAD, [_ranges(found, name) for name in found.parameters])
    yield f"What tuning is worth, in {found.metric}", _Grid(_WORTH, list(_worths(found)))
    yield "Starts", list(_starts(found))
    told = {"Pairs": _pairs(found), "What changes with the task": _trends(found), "Remarks": found.remarks}
    for title, lines in told.items():
        if kept := [f"- {line}" for line in lines]:
            yield title, kept


def _summary(found: Learnt) -> Iterator[str]:
    yield f"{counted(found.tasks, 'task')}, {counted(found.trials, 'trial')}: {found.source}."
    few = f" Fewer than {ENOUGH} tasks say little." if found.tasks < ENOUGH else ""
    yield f"Ranges and held values are {weight(found.tasks):.0%} learnt, the rest is what was known.{few}"
    if found.judged is not None:
        judged = found.judged
        known = "" if judged.known is None else f", of those known before {shown(judged.known)}"
        yield (
            f"Best normalised error on tasks left out while learning: of the starts {shown(judged.learnt)}{known}, "
            f"of as many random trials {shown(judged.random)} (0 is the best trial of a task, 1 its median)."
        )


def _ranges(found: Learnt, name: str) -> Sequence[str]:
    known, one = found.family.parameters[name], found.parameters[name]
    if name in found.own:
        return name, "-", shown_domain(one.good), _range(one.search), "-", shown_value(one.start)
    written = _range(known.search) if one.search is None else _range(one.search)
    before = known.start if known.has_start else known.default
    held = f"depends on {before.of}" if isinstance(before, FactBound) else shown_value(before)
    start = "stays, as it depends on the data" if adapts(known) else shown_value(one.start)
    return name, _range(known.search), shown_domain(one.good), written, held, start


def _range(search: SearchRange | None) -> str:
    if search is None:
        return "-"
    if search.choices is not None:
        return ", ".join(map(shown_value, search.choices))
    ends = [
        f"from {b.of}" if isinstance(b, FactBound) else f"{b:g}" for b in (search.low, search.high) if b is not None
    ]
    return f"{' .. '.join(ends)}{' log' if search.log else ''}"


def _worths(found: Learnt) -> Iterator[Sequence[str]]:
    for name, one in sorted(found.parameters.items(), key=lambda item: (-item[1].gain.value, item[0])):
        yield name, shown(one.gain), *_known(found.family.parameters[name], one)


def _known(known: Parameter, one: LearntParameter) -> tuple[str, str, str]:
    gain = known.tunability
    share = known.variance
    return (
        "-" if gain is None else f"{gain.gain:g} {gain.unit}",
        shown(one.share),
        "-" if share is None else f"{share.share:g}",
    )


def _starts(found: Learnt) -> Iterator[str]:
    for number, start in enumerate(found.starts, 1):
        values = ", ".join(f"{name} {shown_value(value)}" for name, value in start.values.items())
        error = f"normalised error {start.alone:.2f} alone, {start.reached:.2f} with those before it"
        yield f"{number}. {values}: {error}"


def _pairs(found: Learnt) -> Iterator[str]:
    strongest = sorted(found.pairs.items(), key=lambda item: (-item[1].value, item[0]))[:_MOST_PAIRS]
    for (one, other), share in strongest:
        yield f"{one} with {other}: {shown(share)} of the variance beyond what each explains by itself"


def _trends(found: Learnt) -> Iterator[str]:
    for one in sorted(found.trends, key=lambda each: (not each.stands, -abs(each.correlation))):
        if one.low > 0 or one.high < 0:
            what = "its good values" if one.figure == "value" else "what tuning it gains"
            luck = "candidate for a rule" if one.stands else "may be luck, as many were looked at"
            way = f"{one.correlation:.2f} ({one.low:.2f} to {one.high:.2f})"
            yield f"{one.parameter}: {what} with {one.fact}: rank correlation {way} over {one.tasks} tasks; {luck}"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"
