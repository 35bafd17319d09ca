"""The configurations that a plan evaluates first: the library's default, then what is known to be good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from advisor import activity, staging
from advisor.bounds import FactBound, resolved
from advisor.conditions import evaluate
from advisor.decided import Decided
from advisor.knowledge import StartPoint
from advisor.plan import Held, Searched, StartReason
from advisor.space import Value, clip, contains, same, shown_value
from advisor.staging import Candidate, Draft

Point = Mapping[str, Value]

_DEFAULT = StartReason.model_construct(why="The library's default, and the bar to beat.")
_HOLDING = StartReason.model_construct(why="What the plan holds each parameter at while others are searched.")


class Start(NamedTuple):
    """A configuration to evaluate early, and why."""

    point: dict[str, Value]
    reason: StartReason


def points(
    decided: Decided,
    draft: Draft,
    search: Mapping[str, Searched],
    held: Mapping[str, Held],
) -> tuple[Start, ...]:
    """The library's default, the knowledge's own configurations and what the stage holds, each once.

    A configuration that breaks a constraint is left out, the default too.
    """
    holding = {c.name: c.hold for c in decided.candidates}
    default = {c.name: decided.at_default(c, search) for c in decided.candidates}
    found: dict[object, Start] = {}
    for point, reason in ((default, _DEFAULT), *_known(decided, holding), (holding, _HOLDING)):
        inside = {c.name: _inside(decided, c, point[c.name], search) for c in decided.candidates}
        given = {name: h.value for name, h in held.items() if name not in point}
        complete = {**activity.in_configuration(decided, inside), **given}
        if all(constraint.keeps(complete) for constraint in decided.constraints):
            start = Start(point=complete, reason=_with_moves(reason, point, inside))
            found.setdefault(_effect(decided, complete), start)
    return tuple(found.values())[: staging.most_starts(draft, decided.trials, decided.policies)]


def _with_moves(reason: StartReason, point: Point, inside: Point) -> StartReason:
    """The reason of a published configuration, with the values that had to be moved into the ranges here."""
    moved = [f"{n} {shown_value(v)} -> {shown_value(inside[n])}" for n, v in point.items() if not same(v, inside[n])]
    if not moved or reason is _DEFAULT or reason is _HOLDING:
        return reason
    return reason.model_copy(update={"why": f"{reason.why} Moved into the ranges here: {', '.join(moved)}."})


def _effect(decided: Decided, point: Point) -> object:
    """What tells a configuration from others: its values, the library's default being what acts as it."""
    return frozenset((name, isinstance(value, bool), value) for name, value in _acting(decided, point))


def _acting(decided: Decided, point: Point) -> Iterator[tuple[str, Value]]:
    for name, value in point.items():
        candidate = decided.by_name.get(name)
        is_default = candidate is not None and candidate.known and same(value, decided.library_default(candidate))
        yield name, candidate.default if candidate is not None and is_default else value


def _inside(decided: Decided, candidate: Candidate, value: Value, search: Mapping[str, Searched]) -> Value:
    """The value as the stage's range or the person's allows it; the library's default by what acts as it there."""
    name = candidate.name
    domain = search[name].domain if name in search else candidate.allowed
    if domain is None or contains(domain, value):
        return value
    if candidate.known and same(value, decided.library_default(candidate)):
        value = candidate.default
    return clip(domain, value)


def _resolved(decided: Decided, start: StartPoint) -> dict[str, Value]:
    """The values of a start here; one that follows from a fact nobody gave is left to what the plan holds."""
    found: dict[str, Value] = {}
    for name, value in start.values.items():
        number = resolved(value, decided.facts) if isinstance(value, FactBound) else value
        if number is not None or value is None:
            whole = isinstance(value, FactBound) and decided.knowledge.family.parameters[name].valid.type == "int"
            found[name] = round(number) if whole and isinstance(number, float) else number
    return found


def _known(decided: Decided, holding: Point) -> list[tuple[Point, StartReason]]:
    """Configurations of the family and of rules, under the spec's names; what person or rule holds stays as it is."""
    regimes = decided.knowledge.regimes(decided.facts)
    fitting: list[tuple[Mapping[str, Value], StartReason]] = [
        (
            _under_own_names(decided, _resolved(decided, start), taught=start.learnt_from is not None),
            StartReason.model_construct(why=start.because, sources=start.sources),
        )
        for start in decided.knowledge.family.starts
        if start.when is None or evaluate(start.when, decided.facts, regimes).holds
    ]
    fitting += [
        (
            _under_own_names(decided, values, taught=False),
            StartReason.model_construct(why=firing.why, sources=firing.sources),
        )
        for values, firing in decided.outcome.starts
    ]
    held = {c.name for c in decided.candidates if c.settled}
    return [
        ({**holding, **{name: value for name, value in values.items() if name not in held}}, reason)
        for values, reason in fitting
    ]


def _under_own_names(decided: Decided, values: Mapping[str, Value], *, taught: bool) -> dict[str, Value]:
    """The values under the spec's names.

    What the estimator is not known to take may be what the trials that taught the values had by that name, where the
    person's range holds the value.
    """
    own = decided.own_names
    strange = {c.name: c.domain for c in decided.candidates if not c.known} if taught else {}
    found = {own[name]: value for name, value in values.items() if name in own}
    return found | {
        name: value
        for name, value in values.items()
        if name not in found and (domain := strange.get(name)) is not None and contains(domain, value)
    }
