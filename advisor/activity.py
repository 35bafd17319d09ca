"""Which parameters have an effect: in a stage, where some parents are searched, and in one configuration."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import TypeAlias

from advisor.decided import Decided
from advisor.space import Choice, Domain, Value, contains, same
from advisor.staging import Candidate, Draft, active_in

Activity: TypeAlias = Mapping[str, tuple[Value, ...]]
"""The searched parents on which a parameter depends, each with the values for which it has an effect."""


def in_stage(decided: Decided, draft: Draft) -> dict[str, Activity | None]:
    """For each parameter the searched parents it depends on in this stage, or None where it has no effect."""
    found: dict[str, Activity | None] = {}
    searched = frozenset(draft.search)
    for candidate in decided.parents_first:
        found[candidate.name] = _depends(candidate, decided, searched, found)
    return found


def _depends(
    candidate: Candidate, decided: Decided, searched: frozenset[str], found: Mapping[str, Activity | None]
) -> Activity | None:
    parents: dict[str, tuple[Value, ...]] = {}
    for name, wanted in candidate.when.items():
        here = decided.by_name.get(name)
        if here is None:
            if not _is_one_of(decided.absent.get(name), wanted):
                return None
            continue
        above = found[name]
        if above is None:
            return None
        if name in searched and here.domain is not None:
            domain = here.domain
            if not _is_all_of(domain, wanted):
                above = {**above, name: tuple(value for value in wanted if contains(domain, value))}
        elif not _is_one_of(here.hold, wanted):
            return None
        for parent, values in above.items():
            left = tuple(v for v in values if parent not in parents or _is_one_of(v, parents[parent]))
            if not left:
                return None
            parents[parent] = left
    return parents


def in_configuration(decided: Decided, point: Mapping[str, Value]) -> dict[str, Value]:
    """The configuration without parameters that have no effect in it."""
    active = active_in(decided.parents_first, decided.absent, point)
    return {name: value for name, value in point.items() if name in active}


def _is_one_of(value: Value, wanted: tuple[Value, ...]) -> bool:
    return any(same(value, one) for one in wanted)


def _is_all_of(domain: Domain, wanted: tuple[Value, ...]) -> bool:
    """Whether nothing but the values is searched, so that a parameter always has its effect."""
    if isinstance(domain, Choice):
        return all(_is_one_of(choice, wanted) for choice in domain.choices)
    if not domain.integer:
        return False
    there = (floor(domain.high) - ceil(domain.low)) // (domain.step or 1) + 1
    return len({value for value in wanted if contains(domain, value)}) == there
