"""Constraints as the combinations that they forbid, where ConfigSpace can say exactly those."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, Final

from advisor import constraints
from advisor.exporters._writing import is_plain, needs, short_grid
from advisor.plan import Stage
from advisor.record import PlanConstraint
from advisor.space import Choice, Domain, Numeric, Value, same

MOST_COMBINATIONS: Final = 1_000
"""How many configurations may be tried to find those that a constraint forbids."""
MOST_CLAUSES: Final = 100
"""How many clauses one constraint may become; more would not be read."""

_OPPOSITE: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Lt: "RELATION_GE",
    ast.LtE: "RELATION_GT",
    ast.Gt: "RELATION_LE",
    ast.GtE: "RELATION_LT",
    ast.NotEq: "RELATION_EQ",
}

Clause = dict[str, Any]


def forbidden(constraint: PlanConstraint, stage: Stage, defaults: Mapping[str, Value]) -> list[Clause] | None:
    """Clauses that forbid what breaks the constraint and nothing else; None where there are none such.

    ConfigSpace takes no space whose default is forbidden; a constraint that the default breaks has no clauses.

    Args:
        constraint: The constraint.
        stage: Where its parameters are searched or held.
        defaults: The default of each searched parameter.
    """
    names = sorted(constraints.names(constraint.expression))
    if any(needs(stage, name) is None for name in names):
        return []
    held = {name: stage.fixed[name].value for name in names if name in stage.fixed}
    if not constraint.keeps({**defaults, **held}):
        return None
    domains = {
        name: stage.search[name].domain if name in stage.search else Choice(choices=(held[name],))
        for name in names
        if name in stage.search or needs(stage, name)
    }
    values = {name: _values(domain) for name, domain in domains.items()}
    if any(not some for some in values.values()):
        return _relation(constraint, stage)
    if not values or prod(map(len, values.values())) > MOST_COMBINATIONS:
        return None
    return _combinations(constraint, domains, values, held)


def _values(domain: Domain) -> Sequence[Value]:
    """Every value of a domain; nothing where no list can hold them."""
    if isinstance(domain, Choice):
        return domain.choices
    if not is_plain(domain):
        return short_grid(domain) or ()
    return range(int(domain.low), int(domain.high) + 1) if domain.integer else ()


def _combinations(
    constraint: PlanConstraint,
    domains: Mapping[str, Domain],
    values: Mapping[str, Sequence[Value]],
    held: Mapping[str, Value],
) -> list[Clause] | None:
    """One clause for each combination of values of all names but that with the most."""
    widest = max(values, key=lambda name: len(values[name]))
    others = [name for name in values if name != widest]
    found: list[Clause] = []
    for combination in product(*(values[name] for name in others)):
        config = {**held, **dict(zip(others, combination, strict=True))}
        bad = [value for value in values[widest] if not constraint.keeps({**config, widest: value})]
        if bad:
            equal = [{"type": "EQUALS", "name": name, "value": config[name]} for name in others]
            clauses = [*equal, _among(widest, domains[widest], bad)]
            found.append(clauses[0] if len(clauses) == 1 else {"type": "AND", "clauses": clauses})
    return found if len(found) <= MOST_CLAUSES else None


def _among(name: str, domain: Domain, bad: Sequence[Value]) -> Clause:
    """A clause for the values; CLAUSE_LE is never written, as ConfigSpace 1.2.2 draws with its opposite."""
    if len(bad) == 1:
        return {"type": "EQUALS", "name": name, "value": bad[0]}
    if isinstance(domain, Numeric) and domain.integer and is_plain(domain):
        first, last = int(bad[0] or 0), int(bad[-1] or 0)
        if last - first + 1 == len(bad):
            if same(last, domain.high):
                return {"type": "CLAUSE_GE", "name": name, "value": first}
            if same(first, domain.low):
                return {"type": "CLAUSE_LT", "name": name, "value": last + 1}
    return {"type": "IN", "name": name, "values": list(bad)}


def _relation(constraint: PlanConstraint, stage: Stage) -> list[Clause] | None:
    """One number compared with another, which need not be listed."""
    match constraints.parsed(constraint.expression):
        case ast.Compare(left=ast.Name(id=left), ops=[op], comparators=[ast.Name(id=right)]):
            pair = [stage.search[name].domain for name in (left, right) if name in stage.search]
            numbers = len(pair) == 2 and all(isinstance(domain, Numeric) for domain in pair)
            if numbers and type(op) in _OPPOSITE and not constraint.no_limits:
                return [{"type": _OPPOSITE[type(op)], "left": left, "right": right}]
    return None
