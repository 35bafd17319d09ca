"""Which parameters have an effect: in a stage, where some parents are searched, and in one configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from advisor.decided import Decided
from advisor.space import Value, contains, same
from advisor.staging import Candidate, Draft

Activity: TypeAlias = Mapping[str, tuple[Value, ...]]
"""The searched parents on which a parameter depends, each with the values for which it has an effect."""


def in_stage(decided: Decided, draft: Draft) -> dict[str, Activity | None]:
    """For each parameter the searched parents it depends on in this stage, or None where it has no effect."""
    by_name = decided.by_name
    found: dict[str, Activity | None] = {}

    def visit(candidate: Candidate) -> Activity | None:
        if candidate.name not in found:
            found[candidate.name] = depends(candidate)
        return found[candidate.name]

    def depends(candidate: Candidate) -> Activity | None:
        parents: dict[str, tuple[Value, ...]] = {}
        for parent, wanted in candidate.when.items():
            here = by_name.get(parent)
            if here is None:
                if not _is_one_of(decided.default_of_absent(parent), wanted):
                    return None
                continue
            above = visit(here)
            if above is None:
                return None
            if parent in draft.search and here.domain is not None:
                left = tuple(value for value in wanted if contains(here.domain, value))
                if not left:
                    return None
                parents |= {**above, parent: left}
            elif not _is_one_of(here.hold, wanted):
                return None
        return parents

    for candidate in decided.candidates:
        visit(candidate)
    return found


def in_configuration(decided: Decided, point: Mapping[str, Value]) -> dict[str, Value]:
    """The configuration without parameters that have no effect in it."""
    by_name = decided.by_name

    def is_active(name: str) -> bool:
        return all(
            _is_one_of(point[parent], wanted) and is_active(parent)
            if parent in by_name
            else _is_one_of(decided.default_of_absent(parent), wanted)
            for parent, wanted in by_name[name].when.items()
        )

    return {name: value for name, value in point.items() if is_active(name)}


def _is_one_of(value: Value, wanted: tuple[Value, ...]) -> bool:
    return any(same(value, one) for one in wanted)
