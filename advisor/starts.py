"""The configurations that a plan evaluates first: the library's default, then what is known to be good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor import activity, constraints, staging
from advisor.conditions import evaluate
from advisor.decided import Decided
from advisor.plan import Held, PlanConstraint, Searched
from advisor.space import Value, clip
from advisor.staging import Draft

Point = Mapping[str, Value]


def points(
    decided: Decided,
    draft: Draft,
    search: Mapping[str, Searched],
    held: Mapping[str, Held],
    kept: Sequence[PlanConstraint],
) -> tuple[dict[str, Value], ...]:
    """The library's default, the knowledge's own configurations and what the stage holds, each once.

    A configuration that breaks a constraint is left out, the default too.
    """
    holding = {c.name: c.hold for c in decided.candidates}
    default = {c.name: c.hold if decided.is_held_by_person(c) else c.default for c in decided.candidates}
    found: list[dict[str, Value]] = []
    for point in (default, *_known(decided, holding), holding):
        inside = {name: clip(search[name].domain, value) if name in search else value for name, value in point.items()}
        given = {name: h.value for name, h in held.items() if name not in point}
        complete = {**activity.in_configuration(decided, inside), **given}
        if complete not in found and all(constraints.holds(c.expression, complete) for c in kept):
            found.append(complete)
    return tuple(found[: staging.most_starts(draft.trials, decided.policies)])


def _known(decided: Decided, holding: Point) -> list[Point]:
    """Configurations of the family and of rules, under the spec's names; what the person holds stays as it is."""
    regimes = decided.knowledge.regimes(decided.facts)
    fitting = [
        start.values
        for start in decided.knowledge.family.starts
        if start.when is None or evaluate(start.when, decided.facts, regimes).holds
    ]
    fitting += [values for values, _ in decided.outcome.starts]
    held = {c.name for c in decided.candidates if decided.is_held_by_person(c)}
    own = decided.own_names
    return [
        {**holding, **{own[n]: value for n, value in values.items() if n in own and own[n] not in held}}
        for values in fitting
    ]
