"""Everything that was decided about a spec, before it is written out as a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from advisor.candidates import library_default
from advisor.conditions import Outcome as Verdict
from advisor.effects import Outcome
from advisor.facts import Facts
from advisor.knowledge import Estimator, Rule
from advisor.library import Knowledge
from advisor.record import PlanConstraint
from advisor.space import Value, contains
from advisor.spec import Spec
from advisor.staging import Candidate, Policies, Staging, parents_first


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Everything that was decided about a spec.

    Attributes:
        judged: Every rule that concerns the plan, and what became of its condition.
        constraints: The relations that configurations keep.
        absent: What the library does about parameters that are not part of the plan.
        own_names: The plan's names, by canonical name.
    """

    spec: Spec
    knowledge: Knowledge
    estimator: Estimator | None
    facts: Facts
    judged: tuple[tuple[Rule, Verdict], ...]
    outcome: Outcome
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]
    division: Staging
    constraints: tuple[PlanConstraint, ...]
    trials: int
    parallel: int
    policies: Policies
    absent: Mapping[str, Value]
    own_names: Mapping[str, str]

    @cached_property
    def by_name(self) -> Mapping[str, Candidate]:
        """The candidates, by the name that the plan calls them."""
        return {candidate.name: candidate for candidate in self.candidates}

    @cached_property
    def parents_first(self) -> tuple[Candidate, ...]:
        """The candidates, each after those that it depends on."""
        return parents_first(self.candidates)[0]

    def library_default(self, candidate: Candidate) -> Value:
        """What the library does where nothing is said; the parameter is one that the family knows."""
        return library_default(self.knowledge.family.parameters[candidate.canonical], self.estimator)

    def at_default(self, candidate: Candidate, searched: Collection[str]) -> Value:
        """The parameter's value in the trial that stands for the library's default, if it has any effect there.

        That is the default itself, unless the person holds or limits the parameter, or a searched range cannot hold it.
        """
        if self.is_held_by_person(candidate):
            return candidate.hold
        if not candidate.known or candidate.name in searched:
            return candidate.default
        library = self.library_default(candidate)
        outside = candidate.allowed is not None and not contains(candidate.allowed, library)
        return candidate.default if outside else library

    def is_held_by_person(self, candidate: Candidate) -> bool:
        """Whether the spec itself holds the parameter at a value."""
        entry = self.spec.space.get(candidate.name)
        return candidate.name in self.spec.fixed or (entry is not None and entry.is_held)
