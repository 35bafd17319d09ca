"""The constraints that a plan keeps: the knowledge base's and the person's, in the plan's own names.

Values that are held must keep them too: a stage whose held values break a constraint could not run a single trial.
So values are moved until one configuration, which lies in every stage, keeps all constraints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from advisor import binding, candidates, constraints, moves
from advisor.binding import Bound
from advisor.bounds import resolved
from advisor.constraints import Statement
from advisor.effects import shown
from advisor.errors import Problem, did_you_mean
from advisor.facts import Facts
from advisor.knowledge import Estimator, Family, Parameter
from advisor.moves import Ground, NoLimits
from advisor.record import NoLimit, PlanConstraint
from advisor.space import Value, is_number, same, shown_value
from advisor.spec import Spec
from advisor.staging import Candidate


class Related(NamedTuple):
    """Constraints, candidates whose held values keep them, and what was noticed on the way."""

    constraints: tuple[PlanConstraint, ...]
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class _Wanted(NamedTuple):
    """A constraint, parsed, and where the spec has it if the person asked for it."""

    constraint: PlanConstraint
    statement: Statement
    place: int | None = None


@dataclass(kw_only=True)
class _Moving:
    """Values on their way to where the constraints hold, and why they were moved."""

    point: dict[str, Value]
    kept: list[Statement] = field(default_factory=list)
    why: dict[str, str] = field(default_factory=dict)


def _no_limits(
    family: Family, estimator: Estimator | None, known: Facts, own_names: Mapping[str, str]
) -> dict[str, tuple[tuple[Value, Value], ...]]:
    """The values that stand for no limit, or for a number that the library works out, by the plan's names.

    Such are the words that a numeric parameter takes, and a default below the range that acts as a number well in it.
    """
    found: dict[str, tuple[tuple[Value, Value], ...]] = {}
    for name, parameter in family.parameters.items():
        if name in own_names and parameter.valid.type != "categorical":
            default = candidates.library_default(parameter, estimator)
            acts_as = resolved(parameter.acts_as, known)
            odd = [word for word in parameter.valid.also if not is_number(word)]
            odd += [default] if _is_below(default, parameter, acts_as, known) else []
            found[own_names[name]] = tuple((value, acts_as if same(value, default) else None) for value in odd)
    return {name: values for name, values in found.items() if values}


def _is_below(default: Value, parameter: Parameter, acts_as: float | None, known: Facts) -> bool:
    """Whether a default lies below the range and yet acts as a number above its low end, as -1 for no limit does."""
    low = resolved(parameter.search.low, known) if parameter.search is not None else None
    if low is None or acts_as is None or not isinstance(default, int | float) or isinstance(default, bool):
        return False
    return default < low < acts_as


def misnamed(spec: Spec, family: Family, estimator: Estimator | None, bound: Iterable[Bound]) -> list[Problem]:
    """The names in the person's constraints that are no parameters of the plan."""
    names = _names(family, estimator, {b.name: b.canonical for b in bound})
    meaning = binding.meanings(family, estimator)
    problems: list[Problem] = []
    for index, text in enumerate(spec.constraints):
        for unknown in sorted(constraints.names(text) - names.keys())[:1]:
            outside = "part of this plan; scope is closed" if unknown in meaning else "a parameter of this plan"
            hint = did_you_mean(unknown, names)
            sentence = f"{unknown!r} is not {outside}"
            problems.append(Problem(sentence=sentence, path=("constraints", index), hint=hint))
    return problems


def _names(family: Family, estimator: Estimator | None, own: Mapping[str, str | None]) -> dict[str, str]:
    """The plan's name of each parameter, by every name that it goes by; ``own`` has the canonical ones."""
    canonical = {known: name for name, known in own.items() if known is not None}
    aliases = {n: canonical[known] for n, known in binding.meanings(family, estimator).items() if known in canonical}
    return {**aliases, **{name: name for name in own}}


def related(
    spec: Spec,
    family: Family,
    estimator: Estimator | None,
    known: Facts,
    found: tuple[Candidate, ...],
    absent: Mapping[str, Value],
) -> Related:
    """The constraints that concern the candidates, and the candidates held at values that keep them."""
    own = {c.canonical: c.name for c in found if c.known}
    ground = Ground(candidates=found, absent=absent, no_limits=_no_limits(family, estimator, known, own))
    by_knowledge = _of_knowledge(family, own)
    by_person = _of_person(spec, _names(family, estimator, {c.name: c.canonical if c.known else None for c in found}))
    moving = _Moving(point={c.name: c.hold for c in found})
    broken = [wanted for wanted in (*by_person, *by_knowledge) if not _kept(wanted, ground, moving)]
    problems = tuple(_cannot(w, w.place, spec, ground, moving) for w in broken if w.place is not None)
    ordered = [_reading(w, ground.no_limits) for w in (*by_knowledge, *by_person) if w not in broken]
    sentence = "cannot hold beside the values that you gave, so it is not kept."
    return Related(
        constraints=tuple(ordered),
        candidates=tuple(_moved(candidate, moving) for candidate in found),
        problems=problems,
        notes=tuple(f"{w.constraint.expression} {sentence}" for w in broken if w.place is None),
    )


def _reading(wanted: _Wanted, no_limits: NoLimits) -> PlanConstraint:
    """The constraint with the values that it does not take for numbers."""
    statement = wanted.statement
    read = (
        (name, value, moves.as_read(name, value, statement, no_limits))
        for name in sorted(statement.names)
        for value, _ in no_limits.get(name, ())
    )
    odd = tuple(
        NoLimit.model_construct(parameter=name, value=value, acts_as=number)
        for name, value, number in read
        if not same(value, number)
    )
    return wanted.constraint.model_copy(update={"no_limits": odd}) if odd else wanted.constraint


def _of_knowledge(family: Family, own_names: Mapping[str, str]) -> list[_Wanted]:
    found: list[_Wanted] = []
    for interaction in family.interactions:
        text = interaction.constraint
        if text is not None and constraints.names(text) <= own_names.keys():
            expression = constraints.renamed(text, own_names)
            constraint = PlanConstraint.model_construct(
                expression=expression, why=interaction.because, sources=interaction.sources
            )
            found.append(_Wanted(constraint=constraint, statement=constraints.statement(expression)))
    return found


def _of_person(spec: Spec, names: Mapping[str, str]) -> list[_Wanted]:
    """The person's constraints; parameters may go by any of their names there."""
    found: list[_Wanted] = []
    for index, text in enumerate(spec.constraints):
        statement = constraints.statement(text)
        if any(names[name] != name for name in statement.names):
            statement = constraints.statement(constraints.renamed(text, names))
        constraint = PlanConstraint.model_construct(expression=statement.text, why="You asked for it in the spec.")
        found.append(_Wanted(constraint=constraint, statement=statement, place=index))
    return found


def _kept(wanted: _Wanted, ground: Ground, moving: _Moving) -> bool:
    """Whether values can be moved, where that is needed, to where the constraint and all before it hold."""
    statement = wanted.statement
    moved = moves.solved(ground, moving.point, moving.kept, statement)
    if moved is None:
        return False
    moving.point.update(moved)
    for name, value in moved.items():
        cause = statement.text if name in statement.names else f"all that goes with {statement.text}"
        moving.why[name] = f"Held at {shown_value(value)}, where {cause} holds."
    moving.kept.append(statement)
    return True


def _moved(candidate: Candidate, moving: _Moving) -> Candidate:
    if candidate.name not in moving.why:
        return candidate
    why = (*candidate.why, moving.why[candidate.name])
    return candidate._replace(hold=moving.point[candidate.name], why=why)


def _cannot(wanted: _Wanted, index: int, spec: Spec, ground: Ground, moving: _Moving) -> Problem:
    """What makes a constraint of the person impossible, and what to do about it."""
    statement = wanted.statement
    named = [ground.by_name[name] for name in sorted(statement.names)]
    alone = moves.solved(ground, moving.point, [], statement) is not None
    beside = " beside the constraints before it" if alone else ""
    values = ", ".join(_lies(candidate, moving.point[candidate.name]) for candidate in named)
    ruled = [c.name for c in named if c.settled and c.domain is not None and not _is_given(c, spec)]
    remedy = f", or search {ruled[0]} with role: tune" if ruled else ""
    return Problem(
        sentence=f"no trial can keep {statement.text}{beside}, with {values}",
        path=("constraints", index),
        hint=f"give values or ranges that keep it{remedy}",
    )


def _is_given(candidate: Candidate, spec: Spec) -> bool:
    entry = spec.space.get(candidate.name)
    return candidate.name in spec.fixed or (entry is not None and entry.is_held)


def _lies(candidate: Candidate, value: Value) -> str:
    if candidate.settled or candidate.domain is None:
        return f"{candidate.name} at {shown_value(value)}"
    return f"{candidate.name} in {shown(candidate.domain)}"
