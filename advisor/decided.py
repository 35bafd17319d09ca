"""Everything that was decided about a spec, before it is written out as a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.candidates import library_default
from advisor.conditions import Outcome as Verdict
from advisor.effects import Outcome
from advisor.facts import Facts
from advisor.knowledge import Estimator, Rule
from advisor.library import Knowledge
from advisor.space import Value
from advisor.spec import Spec
from advisor.staging import Candidate, Policies, Staging


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Everything that was decided about a spec."""

    spec: Spec
    knowledge: Knowledge
    estimator: Estimator | None
    facts: Facts
    judged: tuple[tuple[Rule, Verdict], ...]
    outcome: Outcome
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]
    division: Staging
    trials: int
    parallel: int
    policies: Policies
    own_names: Mapping[str, str]

    @property
    def by_name(self) -> Mapping[str, Candidate]:
        """The candidates, by the name that the plan calls them."""
        return {candidate.name: candidate for candidate in self.candidates}

    def library_default(self, candidate: Candidate) -> Value:
        """What the library does where nothing is said; the parameter is one that the family knows."""
        return library_default(self.knowledge.family.parameters[candidate.canonical], self.estimator)

    def default_of_absent(self, canonical: str) -> Value:
        """What the library does about a parameter that is not part of the plan."""
        parameter = self.knowledge.family.parameters.get(canonical)
        return library_default(parameter, self.estimator) if parameter is not None else None

    def is_held_by_person(self, candidate: Candidate) -> bool:
        """Whether the spec itself holds the parameter at a value."""
        entry = self.spec.space.get(candidate.name)
        return candidate.name in self.spec.fixed or (entry is not None and entry.is_held)
