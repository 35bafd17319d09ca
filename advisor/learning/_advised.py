"""What the family advises to begin with, as configurations that the trials can value."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.bounds import FactBound
from advisor.importance.table import Config
from advisor.knowledge import Family, Parameter
from advisor.space import Choice, Domain, Value, clip, contains, is_number


def advised(family: Family, domains: Mapping[str, Domain]) -> tuple[Config, ...]:
    """The family's starts, best first, with what it holds each other parameter at.

    A start is left out where one of its values depends on facts, or is of a kind that no trial had; a number that no
    trial reached is moved to where the trials end.
    """
    held = {name: _held(family.parameters[name], domain) for name, domain in domains.items()}
    known = []
    for start in family.starts:
        values = {**held, **{n: _expressed(v, domains[n]) for n, v in start.values.items() if n in domains}}
        if all(value is not _UNKNOWN for value in values.values()):
            known.append(values)
    return tuple(known)


_UNKNOWN: Value = "unknown to the trials"


def _held(parameter: Parameter, domain: Domain) -> Value:
    for value in (parameter.start if parameter.has_start else None, parameter.default, parameter.acts_as):
        if not isinstance(value, FactBound) and (found := _expressed(value, domain)) is not _UNKNOWN:
            return found
    return _UNKNOWN


def _expressed(value: Value | FactBound, domain: Domain) -> Value:
    if isinstance(domain, Choice):
        return _UNKNOWN if isinstance(value, FactBound) or not contains(domain, value) else value
    return clip(domain, value) if not isinstance(value, FactBound) and is_number(value) else _UNKNOWN
