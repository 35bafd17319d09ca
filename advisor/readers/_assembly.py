"""From what a file says to trials: the metric, the space, and what cannot be used."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from advisor.plan import Plan
from advisor.readers._columns import in_plan_names, metric_and_direction, told_apart
from advisor.readers._loaded import Counts, Loaded
from advisor.readers._log import Condition, Log, Parameter, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._space import conditions, fitted, inferred, joined, opened
from advisor.space import Choice, Domain, Numeric, Value, shown_condition, shown_value
from advisor.trials import State, Trial

_MOST_SHOWN: Final = 5


def loaded(log: Log, wanted: Wanted, source: Source, form: str) -> Loaded:
    """The trials of a log.

    Args:
        log: What the file says.
        wanted: What the person says.
        source: The file, for messages.
        form: The name of the reader.

    Raises:
        InvalidFile: There is no trial, or nobody says what the metric is or its direction.
    """
    if not log.records:
        raise source.error("no trial in it" + (f"; {log.unreadable[0]}" if log.unreadable else ""))
    metric, direction = metric_and_direction(log, wanted, source)
    log = told_apart(log, metric, wanted, source)
    log = log if wanted.plan is None else in_plan_names(log, wanted.plan)
    kept = list(_distinct(log.records))
    ended = [_settled(record, metric) for record in kept if record.state != "running"]
    ranges = _parameters(log, wanted.plan, ended)
    found = _conditions(ranges, ended)
    parameters = {name: replace(one, when=found.get(name, one.when)) for name, one in ranges.items()}
    placed = [_placed(record, parameters) for record in ended]
    trials = tuple(_trial(one.record, metric) for one in placed if not one.outside)
    left = {"running": len(kept) - len(ended), "duplicate": len(log.records) - len(kept)}
    states: dict[str, int] = {**Counter(trial.state for trial in trials), **left}
    outside = tuple(_trial(_whole(one), metric) for one in placed if one.outside)
    counts = Counts(**states, out_of_range=len(outside), unreadable=len(log.unreadable))
    return Loaded(
        path=source.name,
        format=form,
        metric=metric,
        direction=direction,
        trials=trials,
        parameters=parameters,
        counts=counts,
        outside=outside,
        ignored=log.ignored,
        remarks=(*log.remarks, *_said(counts, placed, log, parameters), *_said_of(found)),
    )


def _distinct(records: Iterable[Record]) -> Iterator[Record]:
    """The records that are not there already."""
    seen: set[object] = set()
    for record in records:
        if record.identity is None or record.identity not in seen:
            seen.add(record.identity)
            yield record


# The space


def _parameters(log: Log, plan: Plan | None, records: Sequence[Record]) -> dict[str, Parameter]:
    """What was searched, as the plan, the file, or else the trials say."""
    planned = {} if plan is None else {name: _planned(plan, name, log.space.get(name)) for name in plan.parameters}
    names = dict.fromkeys([*planned, *log.space, *(name for record in records for name in record.config)])
    known: dict[str, Parameter] = {}
    for name in names:
        values = [record.config[name] for record in records if name in record.config]
        if (by_plan := planned.get(name)) is not None:
            known[name] = by_plan
        elif name in planned and not values:
            continue
        elif name in log.space and name not in planned:
            known[name] = log.space[name]
        elif values:
            usable = [r.config[name] for r in records if name in r.config and r.state != "failed"]
            known[name] = Parameter(domain=_inferred(usable or values, values), origin="inferred")
    return known


def _inferred(usable: Sequence[Value], values: Sequence[Value]) -> Domain:
    """The domain that explains the values, on the scale of those with which trials did not fail."""
    domain = inferred(usable)
    return inferred(values) if isinstance(domain, Choice) else opened(domain, values, None, None)


def _planned(plan: Plan, name: str, found: Parameter | None) -> Parameter | None:
    """A parameter as the stages of the plan search it, all together; None where none does.

    A run may have opened a range, up to its limits; then the file's own range counts too.
    """
    entries = [stage.search[name] for stage in plan.stages if name in stage.search]
    if not entries:
        return None
    domain = entries[0].domain
    for entry in entries[1:]:
        domain = joined(domain, entry.domain)
    limits = next((entry.limits for entry in entries if entry.limits is not None), None)
    own = found.domain if found is not None else None
    if limits is not None and isinstance(own, Numeric) and any(stage.narrow.extend_at_edge for stage in plan.stages):
        domain = opened(domain, (own.low, own.high), limits.low, limits.high)
    return Parameter(domain=domain, origin="plan", when=entries[0].when or {})


def _conditions(known: Mapping[str, Parameter], records: Sequence[Record]) -> Mapping[str, Condition]:
    """The conditions that trials show, where neither the plan nor the file says any."""
    if any(parameter.when for parameter in known.values()):
        return {}
    return conditions([record.config for record in records if record.state in {"complete", "pruned"}], known)


class _Placed(NamedTuple):
    """A record with its values as the space has them, and those that lie outside of it."""

    record: Record
    outside: Mapping[str, Value]


def _placed(record: Record, parameters: Mapping[str, Parameter]) -> _Placed:
    config: dict[str, Value] = {}
    outside: dict[str, Value] = {}
    for name, value in record.config.items():
        if name not in parameters:
            config[name] = value
        elif (found := _within(parameters[name], value)) is not None:
            config.update({name: found[0]} if found else {})
        else:
            outside[name] = value
    return _Placed(replace(record, config=config), outside)


def _whole(placed: _Placed) -> Record:
    """The record with its values inside and outside."""
    return replace(placed.record, config={**placed.record.config, **placed.outside})


def _within(parameter: Parameter, value: Value) -> tuple[Value] | tuple[()] | None:
    """The value as the space has it, nothing for a gap in an inferred range, None where it is outside.

    Nobody said an inferred range, so nothing is outside of it: what does not fit is what trials failed with.
    """
    found = fitted(parameter.domain, value)
    if found is None and parameter.origin == "inferred":
        return () if value is None else (value,)
    return found


# Trials


def _settled(record: Record, metric: str) -> Record:
    """The record as failed where it is said to be complete and has no finite value."""
    value = record.metrics.get(metric)
    if record.state != "complete" or (value is not None and math.isfinite(value)):
        return record
    return replace(
        record, state="failed", reason=f"its {metric} is {value}" if value is not None else f"it has no {metric}"
    )


def _trial(record: Record, metric: str) -> Trial:
    value = record.metrics.get(metric)
    reported, steps = _on_the_way(record, metric)
    state: State = "failed" if record.state == "running" else record.state
    if state == "pruned" and not reported and value is not None and math.isfinite(value):
        reported = (value,)
    return Trial(
        config=record.config,
        value=value if state == "complete" else None,
        state=state,
        stage=record.stage,
        seconds=record.seconds if 0 <= record.seconds < math.inf else 0.0,
        reason=record.reason or None,
        reported=reported,
        steps=steps,
    )


def _on_the_way(record: Record, metric: str) -> tuple[tuple[float, ...], tuple[float, ...] | None]:
    """The values on the way with their steps, where both are finite; None for steps that are 1, 2, 3."""
    values = record.reported.get(metric, ())
    usual = range(1, len(values) + 1)
    steps = record.steps.get(metric) or usual
    both = zip(values, steps, strict=True)
    finite = [(value, step) for value, step in both if math.isfinite(value) and math.isfinite(step)]
    is_usual = [step for _, step in finite] == list(usual)
    return tuple(value for value, _ in finite), None if is_usual else tuple(step for _, step in finite)


# What is said


def _said(counts: Counts, placed: Sequence[_Placed], log: Log, parameters: Mapping[str, Parameter]) -> Iterator[str]:
    if counts.running:
        yield f"{counts.running} had not ended and are left out"
    if counts.duplicate:
        yield f"{counts.duplicate} are there twice and are left out"
    if counts.out_of_range:
        yield from _outside(placed, parameters)
    if counts.unreadable:
        shown = "; ".join(log.unreadable[:_MOST_SHOWN])
        more = f"; and {counts.unreadable - _MOST_SHOWN} more" if counts.unreadable > _MOST_SHOWN else ""
        yield f"{counts.unreadable} cannot be read and are left out: {shown}{more}"
    guessed = [name for name, parameter in parameters.items() if parameter.origin == "inferred"]
    if guessed:
        yield f"the file has no ranges for {', '.join(guessed)}: they are inferred from the trials"


def _said_of(found: Mapping[str, Condition]) -> Iterator[str]:
    for name, condition in found.items():
        yield f"that {name} has an effect only where {shown_condition(condition)} is inferred from the trials"


def _outside(placed: Sequence[_Placed], parameters: Mapping[str, Parameter]) -> Iterator[str]:
    found = Counter(name for one in placed for name in one.outside)
    for name, number in found.items():
        first = next(one for one in placed if name in one.outside)
        shown = _shown(parameters[name].domain)
        yield (
            f"{number} lie outside of {name} {shown} and stand apart; "
            f"the first ({first.record.place}) has {shown_value(first.outside[name])}"
        )


def _shown(domain: Domain) -> str:
    if isinstance(domain, Choice):
        return f"({', '.join(map(shown_value, domain.choices[:_MOST_SHOWN]))})"
    return f"({domain.low:g} to {domain.high:g})"
