"""ConfigSpace's JSON, which SMAC and DeepCAVE write beside their runs, as ranges and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from advisor.readers._log import Condition, Parameter
from advisor.readers._source import Source
from advisor.readers._space import chosen_from, ranged
from advisor.readers._values import listed, mapping, parameter
from advisor.space import Domain, Value

_INTEGERS: Final = frozenset({"uniform_int", "normal_int", "beta_int"})
_FLOATS: Final = frozenset({"uniform_float", "normal_float", "beta_float"})


def space_beside(source: Source) -> dict[str, Parameter]:
    """The space in ``configspace.json`` beside the source; nothing where there is none."""
    file = source.beside("configspace.json")
    return {} if file is None else space_of(mapping(file.json))


def space_of(data: Mapping[str, Any]) -> dict[str, Parameter]:
    """The space in the form of ConfigSpace; what has a form that is not known is left out."""
    when: dict[str, dict[str, Value | tuple[Value, ...]]] = {}
    for condition in listed(data.get("conditions")):
        child, found = _condition(mapping(condition))
        when.setdefault(child, {}).update(found)
    space = {}
    for entry in map(mapping, listed(data.get("hyperparameters"))):
        name, domain = str(entry.get("name")), _domain(entry)
        if domain is not None:
            space[name] = Parameter(domain=domain, when=when.get(name, {}))
    return space


def _domain(entry: Mapping[str, Any]) -> Domain | None:
    kind = str(entry.get("type"))
    if kind in _INTEGERS | _FLOATS:
        is_whole = kind in _INTEGERS
        return ranged(entry.get("lower"), entry.get("upper"), log=entry.get("log") is True, integer=is_whole)
    values = [entry.get("value")] if kind == "constant" else listed(entry.get("choices") or entry.get("sequence"))
    return chosen_from(values, ordered=kind == "ordinal")


def _condition(entry: Mapping[str, Any]) -> tuple[str, Condition]:
    """The child of a condition, and the values of its parents; a conjunction is taken apart, others are left out."""
    match entry.get("type"):
        case "EQ":
            return str(entry.get("child")), {str(entry.get("parent")): parameter(entry.get("value"))}
        case "IN":
            values = tuple(parameter(value) for value in listed(entry.get("values") or entry.get("value")))
            return str(entry.get("child")), {str(entry.get("parent")): values}
        case "AND":
            parts = [_condition(mapping(part)) for part in listed(entry.get("conditions"))]
            child = str(entry.get("child") or (parts[0][0] if parts else ""))
            return child, {name: value for _, found in parts for name, value in found.items()}
        case _:
            return str(entry.get("child")), {}
