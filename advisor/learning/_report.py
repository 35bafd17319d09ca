"""What was learnt beside what was known, as a person reads it: in a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from advisor.bounds import FactBound
from advisor.effects import shown as shown_domain
from advisor.knowledge import Parameter, SearchRange
from advisor.learning._learnt import Learnt, LearntParameter
from advisor.learning._overlay import shown
from advisor.learning._shrinking import ENOUGH, adapts, weight
from advisor.space import shown_condition, shown_value
from advisor.words import counted

_MOST_PAIRS: Final = 5
_HEAD: Final = ("parameter", "range known", "good on most tasks", "range written", "held known", "held written")
_WORTH: Final = ("parameter", "gain by tuning it alone", "known", "share of the variance", "known")
"""Of shares and gains, with intervals over tasks."""


def report(found: Learnt, form: str = "text") -> str:
    """The report, as ``text`` or ``markdown``."""
    table = _markdown if form == "markdown" else _aligned
    mark = "## " if form == "markdown" else ""
    lines = [f"{'# ' if form == 'markdown' else ''}Learnt: {found.family.title}", "", *_summary(found), ""]
    lines += [
        f"{mark}Ranges and held values",
        "",
        *table(_HEAD, [_ranges(found, name) for name in found.parameters]),
        "",
    ]
    lines += [f"{mark}What tuning is worth, in {found.metric}", "", *table(_WORTH, list(_worths(found))), ""]
    lines += [f"{mark}Starts", "", *_starts(found)]
    for title, told in (
        ("Pairs", _pairs(found)),
        ("What changes with the task", _trends(found)),
        ("Remarks", found.remarks),
    ):
        if kept := list(told):
            lines += ["", f"{mark}{title}", "", *(f"- {line}" for line in kept)]
    return "\n".join(lines) + "\n"


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
        yield f"{number}. {shown_condition(start.values).replace(' and ', ', ').replace(' is ', ' ')}"
        yield f"   normalised error {start.alone:.2f} alone, {start.reached:.2f} with those before it"


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
