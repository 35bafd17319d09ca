"""The constraints that a plan keeps: the knowledge base's and the person's, in the plan's own names.

Values that are held must keep them too: a stage whose held values break a constraint could not run a single trial.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from advisor import binding, constraints
from advisor.errors import Problem, did_you_mean
from advisor.knowledge import Estimator, Family
from advisor.plan import PlanConstraint
from advisor.space import Choice, Numeric, Value, clip, contains, same, shown_value
from advisor.spec import Spec
from advisor.staging import Candidate, Staging, active_in, parents_first

_POINTS = 256
"""Into how many parts a range is divided for values to try in place of one that breaks a constraint."""
_MOST_TOGETHER = 3
_POINTS_TOGETHER = 8
"""How many values are moved together where moving one is not enough, and how finely their ranges are divided then."""


@dataclass(frozen=True, kw_only=True)
class Related:
    """Constraints, candidates whose held values keep them, and what was noticed on the way."""

    constraints: tuple[PlanConstraint, ...]
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def related(
    spec: Spec,
    family: Family,
    estimator: Estimator | None,
    candidates: tuple[Candidate, ...],
    absent: Mapping[str, Value],
) -> Related:
    """The constraints that concern the candidates, and the candidates held at values that keep them."""
    own_names = {c.canonical: c.name for c in candidates if c.known}
    known, notes = _of_knowledge(family, own_names)
    asked, problems = _of_person(spec, family, estimator, candidates)
    kept: list[PlanConstraint] = []
    for constraint in (*asked, *known):
        candidates, is_kept = _keeping(candidates, (*kept, constraint), absent)
        if is_kept or constraint in asked or _is_searched(constraint, candidates):
            kept.append(constraint)
        else:
            notes.append(f"{constraint.expression} cannot hold beside the values that you gave, so it is not kept.")
    ordered = [c for c in (*known, *asked) if c in kept]
    return Related(constraints=tuple(ordered), candidates=candidates, problems=tuple(problems), notes=tuple(notes))


def _of_knowledge(family: Family, own_names: Mapping[str, str]) -> tuple[list[PlanConstraint], list[str]]:
    found: list[PlanConstraint] = []
    notes: list[str] = []
    for interaction in family.interactions:
        text = interaction.constraint
        if text is None or not constraints.names(text) <= own_names.keys():
            continue
        odd = sorted(own_names[name] for name in constraints.names(text) if not _is_word(own_names[name]))
        if odd:
            notes.append(f"{text} is not kept: a constraint cannot speak of {', '.join(map(repr, odd))}.")
            continue
        expression = constraints.renamed(text, own_names)
        found.append(
            PlanConstraint.model_construct(expression=expression, why=interaction.because, sources=interaction.sources)
        )
    return found, notes


def _is_word(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _of_person(
    spec: Spec, family: Family, estimator: Estimator | None, candidates: Sequence[Candidate]
) -> tuple[list[PlanConstraint], list[Problem]]:
    """The person's constraints; parameters may go by any of their names there."""
    present = {c.name: c.name for c in candidates}
    canonical = {c.canonical: c.name for c in candidates if c.known}
    meaning = binding.meanings(family, estimator)
    names = {**{alias: canonical[name] for alias, name in meaning.items() if name in canonical}, **present}
    found: list[PlanConstraint] = []
    problems: list[Problem] = []
    for index, text in enumerate(spec.constraints):
        used = constraints.names(text)
        if unknown := sorted(used - names.keys()):
            outside = "part of this plan; scope is closed" if unknown[0] in meaning else "a parameter of this plan"
            problems.append(
                Problem(
                    sentence=f"{unknown[0]!r} is not {outside}",
                    path=("constraints", index),
                    hint=did_you_mean(unknown[0], [name for name in names if name != unknown[0]]),
                )
            )
        elif odd := sorted(names[name] for name in used if not _is_word(names[name])):
            sentence = f"a constraint cannot speak of {odd[0]!r}"
            problems.append(
                Problem(sentence=sentence, path=("constraints", index), hint="give it a plain word as name")
            )
        else:
            mine = {name: names[name] for name in used}
            expression = text if mine == {n: n for n in used} else constraints.renamed(text, mine)
            found.append(PlanConstraint.model_construct(expression=expression, why="You asked for it in the spec."))
    return found, problems


def _is_searched(constraint: PlanConstraint, candidates: Iterable[Candidate]) -> bool:
    names = constraints.names(constraint.expression)
    return any(c.is_searchable for c in candidates if c.name in names)


def _keeping(
    candidates: tuple[Candidate, ...], wanted: Sequence[PlanConstraint], absent: Mapping[str, Value]
) -> tuple[tuple[Candidate, ...], bool]:
    """The candidates with one held value moved, where the values as they are break the last of the constraints."""
    ordered = parents_first(candidates)[0]
    point = {c.name: c.hold for c in candidates}
    last = wanted[-1]
    if _holds([last], ordered, absent, point):
        return candidates, True
    names = constraints.names(last.expression)
    free = sorted((c for c in candidates if c.name in names and _is_free(c)), key=lambda c: (c.priority, c.name))
    for moves in _moves(free):
        if _holds(wanted, ordered, absent, {**point, **moves}):
            return tuple(_moved(c, moves[c.name], last) if c.name in moves else c for c in candidates), True
    return candidates, False


def _moved(candidate: Candidate, value: Value, constraint: PlanConstraint) -> Candidate:
    why = f"Held at {shown_value(value)}, where {constraint.expression} holds."
    return replace(candidate, hold=value, why=(*candidate.why, why))


def _moves(free: Sequence[Candidate]) -> Iterator[dict[str, Value]]:
    """Other values to hold parameters at: of one of them, near ones first; then of a few together, more coarsely."""
    for candidate in free:
        for value in _nearest_first(candidate, _POINTS):
            yield {candidate.name: value}
    few = free[:_MOST_TOGETHER]
    for values in product(*(_nearest_first(candidate, _POINTS_TOGETHER) for candidate in few)):
        yield {candidate.name: value for candidate, value in zip(few, values, strict=True)}


def _is_free(candidate: Candidate) -> bool:
    return not candidate.settled and candidate.domain is not None and contains(candidate.domain, candidate.hold)


def _holds(
    wanted: Iterable[PlanConstraint],
    ordered: Sequence[Candidate],
    absent: Mapping[str, Value],
    point: Mapping[str, Value],
) -> bool:
    active = active_in(ordered, absent, point)
    config = {name: value for name, value in point.items() if name in active}
    return all(constraints.holds(constraint.expression, config) for constraint in wanted)


def _nearest_first(candidate: Candidate, points: int) -> list[Value]:
    """Values of the candidate's range, those near to the held one first."""
    domain = candidate.domain
    assert domain is not None  # noqa: S101 - asked before
    if isinstance(domain, Choice):
        at = next(i for i, choice in enumerate(domain.choices) if same(choice, candidate.hold))
        return [choice for _, choice in sorted(enumerate(domain.choices), key=lambda pair: abs(pair[0] - at))]
    values = dict.fromkeys(_spread(domain, points))
    return sorted(values, key=lambda value: abs(_scaled(value, domain.log) - _scaled(candidate.hold, domain.log)))


def _scaled(value: Value, log: bool) -> float:  # noqa: FBT001 - private
    number = float(value or 0)
    return math.log(number) if log and number > 0 else number


def _spread(domain: Numeric, points: int) -> list[Value]:
    low, high = _scaled(domain.low, domain.log), _scaled(domain.high, domain.log)
    shares = [index / points for index in range(points + 1)]
    places = [low * (1 - share) + high * share for share in shares]
    return [clip(domain, math.exp(place) if domain.log else place) for place in places]


def unkept(division: Staging, related: Related, spec: Spec, absent: Mapping[str, Value]) -> list[Problem]:
    """The person's constraints that a stage cannot keep, because it holds everything that they speak of."""
    ordered = parents_first(related.candidates)[0]
    point = {c.name: c.hold for c in related.candidates}
    asked = related.constraints[len(related.constraints) - len(spec.constraints) :]
    problems: list[Problem] = []
    for index, constraint in enumerate(asked):
        names = constraints.names(constraint.expression)
        held = any(not names & set(draft.search) for draft in division.drafts)
        if held and not _holds([constraint], ordered, absent, point):
            values = ", ".join(f"{name} at {shown_value(point[name])}" for name in sorted(names))
            problems.append(
                Problem(
                    sentence=f"no trial can keep {constraint.expression}: a stage holds {values}",
                    path=("constraints", index),
                    hint="give values that keep it, or search one with role: tune",
                )
            )
    return problems
