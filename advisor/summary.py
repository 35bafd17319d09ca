"""What a run found, as a person reads it at the end: the best beside the bar, and how far that is to be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from advisor.model import Values
from advisor.plan import Plan
from advisor.progress import gained, in_one_line, is_default, kind
from advisor.space import same, shown_value
from advisor.terminal import Style
from advisor.trials import CorrectedGain, Repeated, Result, StageResult
from advisor.words import counted

_MOST_KINDS: Final = 10
"""Kinds of failure that are listed."""


def rendered(result: Result, plan: Plan, style: Style | None = None) -> str:
    """The result as text."""
    return "\n".join(_lines(result, plan, style or Style())) + "\n"


def _lines(result: Result, plan: Plan, style: Style) -> Iterator[str]:
    state = "finished" if result.finished else "stopped before every stage had its trials"
    title = f"{result.name}: {state}, {counted(len(result.trials), 'trial')}, {result.direction} {result.metric}"
    yield from (style.paint(line, "bold") for line in style.wrapped(title))
    for sentence in _verdict(result, plan):
        yield from style.wrapped(sentence)
    sections = {
        "Stages": list(_stages(result)),
        "Failures": list(_failures(result)),
        "Finalists": list(_finalists(result, plan)),
        "Best configuration": list(_best(result, plan)),
    }
    for heading, lines in sections.items():
        if lines:
            yield ""
            yield style.paint(heading, "bold")
        for line in lines:
            indent = " " * (len(line) - len(line.lstrip(" ")))
            yield from style.wrapped(line.lstrip(" "), indent, f"{indent}    ")


# The verdict


def _verdict(result: Result, plan: Plan) -> Iterator[str]:
    """Whether there is something better than the default, and whether that is more than luck."""
    if result.value is None:
        yield "No trial completed, so nothing was found."
        return
    mean = " on average" if result.confirmed else ""
    best = f"Best {result.metric} {shown_value(result.value)}{mean}"
    if result.default is None or result.gain is None:
        yield f"{best}. {_no_bar(plan)}"
        return
    default = f"the library's default ({shown_value(result.default)})"
    if result.gain <= 0:
        yield f"{default[0].upper()}{default[1:]} was not beaten{_what_then(result)}"
        return
    yield f"{best}, {gained(result.gain, result.default)} better than {default}."
    yield from _without_luck(result.corrected)


def _without_luck(gain: CorrectedGain | None) -> Iterator[str]:
    """What is left of a gain, and whether that is more than chance."""
    if gain is None:
        return
    luck = f"Corrected for the luck of the best of {gain.chosen_from}"
    within = f"({gain.low:.2g} to {gain.high:.2g})"
    if gain.stands:
        yield f"{luck}: {gain.gain:.2g} {within}, more than chance."
    elif gain.gain:
        yield f"{luck}: {gain.gain:.2g} {within}, not worth it beyond chance."
    else:
        yield f"{luck}, nothing is left {within}: no sign that tuning is worth it here."


def _what_then(result: Result) -> str:
    """What follows from a default that was not beaten, if that was tried."""
    failed = sum(trial.state == "failed" for trial in result.trials)
    if not result.finished:
        return " so far."
    if 2 * failed > len(result.trials):
        return f", but {failed} of {len(result.trials)} trials failed: see why, and narrow the ranges to what works."
    return ": use the default."


def _no_bar(plan: Plan) -> str:
    if not plan.bar.library_default:
        return plan.bar.note
    return "The library's default has no value here, so how much that gains is not known."


# What came of what


def _stages(result: Result) -> Iterator[str]:
    """A line for each stage, then what was decided before it."""
    rows = [
        (f"{stage.id} {stage.name}", counted(stage.trials, "trial"), _losses(stage), _best_of(stage))
        for stage in result.stages
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row, stage in zip(rows, result.stages, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        yield f"  {'  '.join(cells).rstrip()}"
        yield from (f"    {entry}" for entry in stage.log)


def _losses(stage: StageResult) -> str:
    counts = ((stage.failed, "failed"), (stage.pruned, "pruned"))
    return ", ".join(f"{number} {word}" for number, word in counts if number)


def _best_of(stage: StageResult) -> str:
    return "no trial completed" if stage.best is None else f"best {shown_value(stage.best)}"


def _failures(result: Result) -> Iterator[str]:
    """The kinds of failure, the most frequent first, each with the first of its reasons."""
    reasons = [in_one_line(trial.reason or "no reason") for trial in result.trials if trial.state == "failed"]
    first = {kind(reason): reason for reason in reversed(reasons)}
    counts = Counter(map(kind, reasons)).most_common()
    width = max((len(str(count)) for _, count in counts), default=0)
    for name, count in counts[:_MOST_KINDS]:
        yield f"  {count:>{width}}  {first[name]}"
    if rest := sum(count for _, count in counts[_MOST_KINDS:]):
        yield f"  {rest}  of {counted(len(counts) - _MOST_KINDS, 'other kind')}"


def _finalists(result: Result, plan: Plan) -> Iterator[str]:
    """Each finalist's mean and values, in the order of the result, and the rule by which one won."""
    for number, each in enumerate(result.confirmed, 1):
        winner = ", the winner" if result.best is not None and each.config == result.best.config else ""
        default = ", the default" if is_default(plan, each.config) else ""
        yield f"  {number}. {_repeated(each)}{winner}{default}"
    if result.confirmed:
        yield f"  chosen by: {result.winner}"


def _repeated(each: Repeated) -> str:
    values = ", ".join(map(shown_value, each.values))
    spread = f", spread {shown_value(each.spread)}" if len(each.values) > 1 else ""
    return f"mean {shown_value(each.mean)}{spread} ({values})"


# The configuration


def _best(result: Result, plan: Plan) -> Iterator[str]:
    """What was searched, what is held otherwise than the library has it, and what is as the library has it."""
    if result.best is None or (result.gain is not None and result.gain <= 0):
        return
    config = result.best.config
    searched = {name for stage in plan.stages for name in stage.search if name in config}
    like = {name for name in config if name not in searched and _is_as_in_library(plan, config, name)}
    shown = [*(n for n in config if n in searched), *(n for n in config if n not in searched | like)]
    width = max((len(name) for name in shown), default=0)
    values = max((len(shown_value(config[name])) for name in shown), default=0)
    for name in shown:
        held = "" if name in searched else "held"
        notes = ", ".join(filter(None, (held, _departure(plan, config, name))))
        yield f"  {name.ljust(width)}  {shown_value(config[name]).ljust(values)}  {notes}".rstrip()
    if like:
        same_as = ", ".join(f"{name} {shown_value(value)}" for name, value in config.items() if name in like)
        yield f"  as the library has it: {same_as}"


def _is_as_in_library(plan: Plan, config: Values, name: str) -> bool:
    return name in plan.evidence and same(config[name], plan.evidence[name].default)


def _departure(plan: Plan, config: Values, name: str) -> str:
    """The library's default of a parameter that has another value."""
    if name not in plan.evidence or _is_as_in_library(plan, config, name):
        return ""
    return f"default {shown_value(plan.evidence[name].default)}"
