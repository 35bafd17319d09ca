"""What a person's range and the library's limits make of an advised one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from advisor.effects import shown
from advisor.errors import Path, Problem, did_you_mean
from advisor.knowledge import Legal
from advisor.plan import Limits
from advisor.space import (
    Choice,
    Domain,
    Numeric,
    Value,
    is_number,
    is_single,
    middle,
    narrowed,
    same,
    shown_value,
    written,
)
from advisor.spec import SpaceEntry

_PYTHONS: Final[dict[str, Value]] = {"none": None, "true": True, "false": False}
"""Words of Python that YAML reads as words."""


class Allowed(NamedTuple):
    """The person's range without what the library refuses, and what was noticed on the way."""

    domain: Domain | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def _refused(path: Path, sentence: str, hint: str = "") -> Allowed:
    return Allowed(problems=(Problem(sentence=sentence, path=path, hint=hint),))


def speaks_of_range(entry: SpaceEntry) -> bool:
    """Whether the entry says anything of where or how to look, be it only the scale."""
    said = (entry.low, entry.high, entry.choices, entry.log, entry.step, entry.ordered)
    return any(part is not None for part in said) or entry.type == "int"


def complaint(entry: SpaceEntry) -> tuple[str, str, str]:
    """What contradicts itself in an entry: the key, what is wrong with it and what to do; empty where nothing does."""
    if entry.type == "categorical" and entry.choices is None and not (entry.low is None and entry.high is None):
        return "type", "categorical takes choices, not low and high", "leave type out"
    if entry.choices is not None and entry.type in {"int", "float"}:
        whole = entry.type == "int"
        wrong = [c for c in entry.choices if not is_number(c) or (whole and not float(c or 0).is_integer())]
        if wrong:
            return "choices", f"{wrong[0]!r} is no {'whole ' if whole else ''}number", "leave type out"
    if "value" in entry.model_fields_set:
        if entry.role in {"tune", "nuisance"}:
            return "value", f"holds it, and role: {entry.role} searches it", "keep one of them"
        if not _is_within(entry, entry.value):
            return "value", f"{entry.value!r} lies outside the range beside it", "keep one of them"
    return "", "", ""


def _is_within(entry: SpaceEntry, value: Value) -> bool:
    if entry.choices is not None:
        return any(same(value, choice) for choice in entry.choices)
    if entry.low is None and entry.high is None:
        return True
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return (entry.low is None or value >= entry.low) and (entry.high is None or value <= entry.high)


def meeting(advised: Domain | None, allowed: Domain, *, scale_given: bool) -> Domain | None:
    """What the advised range and the person's have in common, or None where that leaves nothing to search.

    Args:
        advised: The range of the knowledge base.
        allowed: The person's.
        scale_given: Whether the person chose scale or step; else the advised one, or a list, is kept where it can be.
    """
    if scale_given and isinstance(advised, Choice) and isinstance(allowed, Numeric):
        return allowed
    both = _intersection(advised, allowed)
    if both is None or (is_single(both) and not is_single(allowed)):
        return None
    keeps_scale = isinstance(advised, Numeric) and isinstance(both, Numeric) and advised.log and not scale_given
    return both._replace(log=True) if keeps_scale and isinstance(both, Numeric) and both.low > 0 else both


def _intersection(advised: Domain | None, allowed: Domain) -> Domain | None:
    match advised, allowed:
        case Choice(), Numeric():
            kept = narrowed(advised, low=allowed.low, high=allowed.high)
            return kept if isinstance(kept, Choice) and len(kept.choices) > 1 else None
        case Numeric(), Numeric():
            return narrowed(allowed, low=advised.low, high=advised.high)
    return allowed


def own_domain(entry: SpaceEntry) -> Domain | None:
    """The range of a parameter that the knowledge base does not know."""
    if entry.choices is not None:
        return Choice(choices=each_once(entry.choices), ordered=bool(entry.ordered))
    if entry.low is None or entry.high is None:
        return None
    integer = entry.type == "int" or is_taken_as_whole(entry)
    return Numeric(low=entry.low, high=entry.high, log=bool(entry.log), step=entry.step, integer=integer)


def is_taken_as_whole(entry: SpaceEntry) -> bool:
    """Whether only the ends of an entry, being whole, say that whole numbers are meant."""
    ends = isinstance(entry.low, int) and isinstance(entry.high, int) and isinstance(entry.step or 1, int)
    return entry.type is None and entry.choices is None and ends


def each_once(values: Iterable[Value]) -> tuple[Value, ...]:
    """The values without repetitions; ``True`` and ``1`` are two."""
    return tuple({(isinstance(value, bool), value): value for value in values}.values())


def limits_of(domain: Domain) -> Limits:
    """The limits that the person's own range sets."""
    if isinstance(domain, Choice):
        return Limits.model_construct(choices=domain.choices)
    return Limits.model_construct(
        low=written(domain.low, integer=domain.integer), high=written(domain.high, integer=domain.integer)
    )


def legal_limits(valid: Legal, domain: Domain | None) -> Limits | None:
    """The limits that the library sets; an open end is left out by the nearest number that can be told from it."""
    if domain is None:
        return None
    if isinstance(domain, Choice):
        return Limits.model_construct(choices=domain.choices)
    return Limits.model_construct(low=_legal_end(valid, "low"), high=_legal_end(valid, "high"))


def legal_part(domain: Domain | None, valid: Legal) -> Domain | None:
    """The part of a range that the library accepts, or None where it accepts nothing of it."""
    if not isinstance(domain, Numeric):
        return domain
    return narrowed(domain, low=_legal_end(valid, "low"), high=_legal_end(valid, "high"))


def _legal_end(valid: Legal, end: str) -> float | None:
    """The outermost legal number; next to an open bound, the nearest one that can be told from it."""
    bound = valid.low if end == "low" else valid.high
    if bound is None:
        return None
    if not (valid.low_open if end == "low" else valid.high_open):
        return bound
    if valid.type == "int":
        return bound + 1 if end == "low" else bound - 1
    distance = max(abs(bound) * 1e-9, 1e-12)
    return bound + distance if end == "low" else bound - distance


def legal_text(valid: Legal) -> str:
    """What the library accepts, in words."""
    if valid.choices is not None:
        return "one of " + ", ".join(map(shown_value, valid.choices))
    low = "" if valid.low is None else f"{'above' if valid.low_open else 'from'} {valid.low:g}"
    high = "" if valid.high is None else f"{'below' if valid.high_open else 'to'} {valid.high:g}"
    words = " or ".join(map(shown_value, valid.also))
    return " ".join(part for part in (f"{valid.type}", low, high, f"or {words}" if words else "") if part)


def misread(value: Value, valid: Legal) -> str:
    """The hint for a word of Python, such as ``None``, where the library takes what YAML writes otherwise."""
    if not isinstance(value, str) or value.casefold() not in _PYTHONS or valid.accepts(value):
        return ""
    meant = _PYTHONS[value.casefold()]
    return f"did you mean {shown_value(meant)}?" if valid.accepts(meant) else ""


def mistaken(value: Value, valid: Legal) -> str:
    """The hint for a value that can only be a mistake: text for a number, or a word that is nearly a legal one."""
    if valid.accepts(value) or is_number(value):
        return ""
    words = [word for word in (*(valid.choices or ()), *valid.also) if isinstance(word, str)]
    if near := did_you_mean(str(value), words):
        return near
    return "give a number" if valid.type != "categorical" and value is not None else ""


def allowed(entry: SpaceEntry, advised: Domain | None, valid: Legal, place: Path) -> Allowed:
    """The person's range, without what the library refuses."""
    if entry.choices is not None:
        return _allowed_choices(entry.choices, entry, valid, place)
    if isinstance(advised, Choice) and not entry.has_range:
        return _allowed_scale(entry, advised, place)
    domain = _asked(entry, advised, valid, place)
    if isinstance(domain, Allowed):
        return domain
    name, legal_words = place[-1], legal_text(valid)
    cut = entry.type == "float" and valid.type == "int"
    notes = [f"{name}: the library takes whole numbers only, so only those are searched."] if cut else []
    whole = narrowed(domain)
    legal = legal_part(whole, valid) if whole is not None else None
    if legal is None:
        return _refused(place, f"nothing of {shown(domain)} is legal: {legal_words}")
    if legal != whole and is_single(legal):
        sentence = f"only {shown_value(middle(legal))} of {shown(domain)} is legal: {legal_words}"
        return _refused(place, sentence, f"give a range of what the library takes{_such_as(advised)}")
    if legal != whole and _are_counts(entry, valid):
        sentence = f"{name} is a share from 0 to 1 here, and {shown(domain)} are counts"
        return _refused(place, sentence, "give shares, or call a parameter of your own by another name")
    if legal != whole:
        outside = f"reaches outside what the library accepts ({legal_words})"
        notes.append(f"{name}: {shown(domain)} {outside} and was cut to {shown(legal)}.")
    return Allowed(domain=legal, notes=tuple(notes))


def _are_counts(entry: SpaceEntry, valid: Legal) -> bool:
    """Whether whole numbers are given for a share."""
    whole = all(isinstance(end, int) for end in (entry.low, entry.high) if end is not None)
    return whole and valid.type == "float" and valid.low == 0 and valid.high == 1


def _such_as(advised: Domain | None) -> str:
    return f", such as {shown(advised)}" if advised is not None and not is_single(advised) else ""


def _allowed_scale(entry: SpaceEntry, advised: Choice, place: Path) -> Allowed:
    """The advised choices, where the person says only how to look at them."""
    if entry.log or entry.step is not None:
        return _refused(place, f"takes choices ({shown(advised)}), which have neither scale nor step")
    return Allowed(domain=advised._replace(ordered=advised.ordered if entry.ordered is None else entry.ordered))


def _allowed_choices(choices: tuple[Value, ...], entry: SpaceEntry, valid: Legal, place: Path) -> Allowed:
    """The person's choices in the person's order; the numbers among them have an order if they rise or fall."""
    place = (*place, "choices")
    legal = each_once(choice for choice in choices if valid.accepts(choice))
    wrong = [choice for choice in choices if not valid.accepts(choice)]
    for choice in wrong:
        if hint := misread(choice, valid):
            return _refused(place, f"the word {choice!r} is not legal: {legal_text(valid)}", hint)
    if not legal:
        near = did_you_mean(str(choices[0]), [c for c in valid.choices or () if isinstance(c, str)])
        return _refused(place, f"none of the choices is legal: {legal_text(valid)}", near)
    left_out = f"choices that the library refuses were left out ({legal_text(valid)}): {', '.join(map(str, wrong))}."
    ordered = entry.ordered if entry.ordered is not None else _is_monotone(legal)
    return Allowed(domain=Choice(choices=legal, ordered=ordered), notes=(f"{place[-2]}: {left_out}",) if wrong else ())


def _is_monotone(values: tuple[Value, ...]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float) and is_number(value)]
    return len(numbers) == len(values) and numbers in (sorted(numbers), sorted(numbers, reverse=True))


def _asked(entry: SpaceEntry, advised: Domain | None, valid: Legal, place: Path) -> Numeric | Allowed:
    """The range that the person means; ends and scale that are not given are the advised ones."""
    inside = advised if isinstance(advised, Numeric) else None
    low = entry.low if entry.low is not None else (inside.low if inside else valid.low)
    high = entry.high if entry.high is not None else (inside.high if inside else valid.high)
    integer = valid.type == "int" or entry.type == "int"
    if low is None or high is None or valid.type == "categorical":
        return _refused(place, "takes choices, or both low and high", f"legal: {legal_text(valid)}")
    if low > high:
        given, other = ("high", "low") if entry.low is None else ("low", "high")
        yours, advised_end = (high, low) if entry.low is None else (low, high)
        side = "below" if entry.low is None else "above"
        sentence = f"your {given} {yours:g} is {side} the advised {other} {advised_end:g}"
        return _refused(place, sentence, f"give {other} too")
    if integer and entry.step is not None and entry.step != int(entry.step):
        return _refused((*place, "step"), f"{entry.step:g} is no whole number, but the library takes only those")
    log = entry.log if entry.log is not None else bool(inside and inside.log and low > 0 and entry.step is None)
    if log and low <= 0:
        return _refused(place, f"a logarithmic scale needs low above 0, not {low:g}", "give low")
    return Numeric(low=low, high=high, log=log, step=entry.step, integer=integer)
