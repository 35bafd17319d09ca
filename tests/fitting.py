"""Whether a configuration is one of a stage, found out without the code that writes for engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from advisor.plan import Held, Searched, Stage
from advisor.space import Choice, Value, contains, same


def active(stage: Stage, config: Mapping[str, Value]) -> set[str]:
    """The parameters that have an effect in a configuration."""
    found: set[str] = set()
    for name in stage._parents_first():
        entry = stage.entries[name]
        if not (isinstance(entry, Held) and entry.active is False) and stage._holds(entry, config, found):
            found.add(name)
    return found


def misfits(stage: Stage, config: Mapping[str, Value]) -> list[str]:
    """What is wrong with a configuration: too much, too little, a value or a type that the plan does not have."""
    wanted = active(stage, config)
    found = [f"{name} has no effect" for name in config if name not in wanted]
    found += [f"{name} is missing" for name in stage.entries if name in wanted and name not in config]
    return [*found, *_wrong(stage, {name: value for name, value in config.items() if name in wanted})]


def _wrong(stage: Stage, config: Mapping[str, Value]) -> Iterator[str]:
    for name, value in config.items():
        entry = stage.entries[name]
        if isinstance(entry, Held) and not (same(value, entry.value) and type(value) is type(entry.value)):
            yield f"{name} is {value!r} and not {entry.value!r}"
        if isinstance(entry, Searched) and not (contains(entry.domain, value) and _is_of(entry, value)):
            yield f"{name} is {value!r} and not of {entry.domain}"


def _is_of(searched: Searched, value: Value) -> bool:
    domain = searched.domain
    if isinstance(domain, Choice):
        return any(same(value, choice) and type(value) is type(choice) for choice in domain.choices)
    return type(value) is (int if domain.integer else float)
