"""What a person's range and the library's limits make of an advised one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from advisor.knowledge import Legal
from advisor.plan import Limits
from advisor.space import Choice, Domain, Numeric, Value, is_number, is_single, narrowed, same, written
from advisor.spec import SpaceEntry


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
    return replace(both, log=True) if keeps_scale and isinstance(both, Numeric) and both.low > 0 else both


def _intersection(advised: Domain | None, allowed: Domain) -> Domain | None:
    match advised, allowed:
        case None, _:
            return allowed
        case Choice(), Choice():
            return narrowed(advised, choices=allowed.choices)
        case Choice(), Numeric():
            kept = narrowed(advised, low=allowed.low, high=allowed.high)
            return kept if isinstance(kept, Choice) and len(kept.choices) > 1 else None
        case Numeric(), _:
            return narrowed(allowed, low=advised.low, high=advised.high)
    return None


def own_domain(entry: SpaceEntry) -> Domain | None:
    """The range of a parameter that the knowledge base does not know."""
    if entry.choices is not None:
        return Choice(choices=each_once(entry.choices), ordered=bool(entry.ordered))
    if entry.low is None or entry.high is None:
        return None
    whole = isinstance(entry.low, int) and isinstance(entry.high, int) and isinstance(entry.step or 1, int)
    integer = entry.type == "int" or (entry.type is None and whole)
    return Numeric(low=entry.low, high=entry.high, log=bool(entry.log), step=entry.step, integer=integer)


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
        return "one of " + ", ".join(str(choice) for choice in valid.choices)
    low = "" if valid.low is None else f"{'above' if valid.low_open else 'from'} {valid.low:g}"
    high = "" if valid.high is None else f"{'below' if valid.high_open else 'to'} {valid.high:g}"
    return " ".join(part for part in (f"{valid.type}", low, high) if part)
