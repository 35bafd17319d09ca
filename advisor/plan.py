"""The answer: which hyperparameters to search, where, in what order, for how many trials, and why.

A plan is complete in itself: whoever exports, runs, compares or explains it needs neither the spec nor the knowledge
base.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from advisor.effects import Tier
from advisor.knowledge import Confidence, Disagreement, Source, Tunability, Variance
from advisor.model import (
    Count,
    Day,
    Flag,
    Frozen,
    Number,
    Scalar,
    Share,
    Text,
    Values,
    Version,
    Whole,
    WholeOrReal,
    misplaced,
)
from advisor.space import Choice, Domain, Numeric, contains
from advisor.spec import Constraint, Direction, Role

Condition = Mapping[Text, Scalar | tuple[Scalar, ...]]


class Limits(Frozen):
    """The furthest a search may ever reach: what the library accepts and the person allows."""

    low: WholeOrReal | None = None
    high: WholeOrReal | None = None
    choices: tuple[Scalar, ...] | None = None


class Searched(Frozen):
    """A hyperparameter that a stage searches, and where it came from."""

    type: Literal["float", "int", "categorical"]
    low: WholeOrReal | None = None
    high: WholeOrReal | None = None
    log: Flag | None = None
    step: Annotated[WholeOrReal, Field(gt=0)] | None = None
    choices: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = None
    ordered: Flag | None = None
    default: Scalar = Field(None, description="Where the search of this parameter starts.")
    tier: Tier
    role: Role | None = None
    is_: Text | None = Field(None, alias="is", description="Its canonical name, where the person has another.")
    argument: Text | None = Field(None, description="Its name in the library, where that is another.")
    when: Condition | None = Field(None, description="Values of others for which it has an effect.")
    limits: Limits | None = Field(None, description="How far a later stage may extend the range.")
    why: tuple[Text, ...] = ()
    sources: tuple[Text, ...] = ()
    confidence: Confidence = "low"

    @model_validator(mode="after")
    def _is_a_domain(self) -> Self:
        if (self.type == "categorical") != (self.choices is not None):
            raise ValueError("a categorical parameter has choices, and only it does")
        if self.type != "categorical":
            if self.low is None or self.high is None:
                raise ValueError("low and high are missing")
            if self.low > self.high:
                raise ValueError(f"low {self.low:g} is above high {self.high:g}")
            if self.log and self.low <= 0:
                raise ValueError("a logarithmic range begins above 0")
            if self.type == "int" and any(end != int(end) for end in (self.low, self.high, self.step or 1)):
                raise ValueError("low, high and step of an int are whole numbers")
        elif not (self.low is self.high is self.step is self.log is None):
            raise ValueError("choices have no low, high, step or log")
        if "default" in self.model_fields_set and not contains(self.domain, self.default):
            raise ValueError(f"the default {self.default!r} is outside the range")
        return self

    @property
    def domain(self) -> Domain:
        """Where the search looks."""
        if self.choices is not None:
            return Choice(choices=self.choices, ordered=bool(self.ordered))
        assert self.low is not None  # noqa: S101 - checked when the value was made
        assert self.high is not None  # noqa: S101
        return Numeric(
            low=self.low,
            high=self.high,
            log=bool(self.log),
            step=self.step,
            integer=self.type == "int",
        )


class Held(Frozen):
    """A hyperparameter that a stage does not search, and what it is set to."""

    value: Scalar = None
    tier: Tier | None = None
    is_: Text | None = Field(None, alias="is")
    argument: Text | None = None
    when: Condition | None = Field(None, description="Values of others, searched here, for which it has an effect.")
    active: Flag | None = Field(
        None, description="false: without effect beside the other settings, and not to be passed on."
    )
    why: tuple[Text, ...] = ()
    sources: tuple[Text, ...] = ()


class Sampler(Frozen):
    """What proposes the trials of a stage."""

    name: Literal["tpe", "gp", "quasi-random", "random"]
    seed: Annotated[Whole, Field(ge=0)]
    startup: Annotated[Whole, Field(ge=0)] = Field(description="Trials before results guide the next.")


class Narrowing(Frozen):
    """How the ranges of a stage follow from the results of an earlier one."""

    from_: Count | None = Field(None, alias="from", description="The stage whose results are used; none.")
    keep: Share | None = Field(None, description="Width of the new range as a share of the old one.")
    at_least: Count | None = Field(None, description="Complete trials without which nothing is narrowed.")
    extend_at_edge: Flag | None = Field(
        None, description="Whether a range opens at an edge that good trials press against."
    )
    open: tuple[Text, ...] | None = Field(None, description="Parameters that are not narrowed here.")


class StartReason(Frozen):
    """Why a configuration is evaluated early, and according to whom."""

    why: Text
    sources: tuple[Text, ...] = ()


class Stage(Frozen):
    """One round of search: what is searched, what is held, for how many trials."""

    id: Count
    name: Text
    trials: Count
    sampler: Sampler
    start: tuple[Values, ...] = Field(
        (), description="Configurations to evaluate first; each names every active parameter."
    )
    start_why: tuple[StartReason, ...] = Field((), description="The reason of each start, in the same order.")
    search: Mapping[Text, Searched]
    fixed: Mapping[Text, Held] = {}
    narrow: Narrowing = Narrowing()
    why: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        twice = sorted(set(self.search) & set(self.fixed))
        if twice:
            raise ValueError(f"{', '.join(twice)}: both searched and fixed")
        if self.start_why and len(self.start_why) != len(self.start):
            raise ValueError(f"{len(self.start)} starts have {len(self.start_why)} reasons")
        for index, point in enumerate(self.start):
            for name, value in point.items():
                if name in self.search and not contains(self.search[name].domain, value):
                    raise misplaced(f"{name} {value!r} is outside the searched range", "start", index, name)
        for name in self.narrow.open or ():
            if name not in self.search:
                raise misplaced(f"keeps {name!r} open, which the stage does not search", "narrow", "open")
        entries: dict[str, Searched | Held] = {**self.search, **self.fixed}
        for name, entry in entries.items():
            for parent, wanted in (entry.when or {}).items():
                self._check_parent(name, parent, wanted if isinstance(wanted, tuple) else (wanted,))
        return self

    def _check_parent(self, name: str, parent: str, wanted: tuple[Scalar, ...]) -> None:
        """A parameter that has an effect only for values of another: the stage has that one, with those values."""
        place = ("search" if name in self.search else "fixed", name, "when", parent)
        if parent not in self.search and parent not in self.fixed:
            raise misplaced(f"{name} depends on {parent!r}, which the stage does not have", *place)
        if parent in self.search and not any(contains(self.search[parent].domain, value) for value in wanted):
            raise misplaced(f"{name} depends on values that {parent} cannot have", *place)


class SpecReference(Frozen):
    """The spec that the plan answers."""

    name: Text
    sha256: Text
    family: Text
    estimator: Text | None = None
    task: Text | None = None


class OverlayReference(Frozen):
    """A folder that was laid over the knowledge base."""

    name: Text
    sha256: Text


class KnowledgeReference(Frozen):
    """The knowledge that the plan was made from."""

    version: Text
    sha256: Text
    overlays: tuple[OverlayReference, ...] = ()


class PlanObjective(Frozen):
    """What is measured, and which way is better."""

    metric: Text
    direction: Direction
    split: Text | None = None
    noise: Number | None = None


class PlanBudget(Frozen):
    """What is spent."""

    trials: Count
    parallel: Count = 1


class Bar(Frozen):
    """What a search has to beat."""

    library_default: Flag = True
    note: Text


class PlanConstraint(Frozen):
    """A relation that every configuration keeps."""

    expression: Constraint
    why: Text
    sources: tuple[Text, ...] = ()


class Pruning(Frozen):
    """Whether to stop trials that fall behind, and on what."""

    advised: Flag
    on: Text | None = Field(None, description="The resource that counts a trial's progress.")
    method: Literal["median", "asha"] | None = None
    least_share: Share | None = Field(None, description="Share of a full trial before which none is stopped.")
    from_step: Count | None = Field(None, description="The step from which a trial may be stopped.")
    why: Text
    sources: tuple[Text, ...] = ()


class Confirmation(Frozen):
    """How to tell the best trial from the luckiest; it costs trials beyond the budget."""

    finalists: Count
    repeats: Count
    why: Text


class Evidence(Frozen):
    """What is known of a parameter beyond this plan."""

    because: Text
    default: Scalar = Field(None, description="The library's own default.")
    usual: Tier | None = None
    departs: Text | None = None
    tier: Tier
    tunability: Tunability | None = None
    variance: Variance | None = None
    disputed: tuple[Disagreement, ...] = ()
    sources: tuple[Text, ...] = ()
    confidence: Confidence


class RuleRecord(Frozen):
    """A rule that applied, or did not."""

    rule: Text
    because: Text
    applies: Text = Field(description="The facts that decided.")
    parameters: tuple[Text, ...] = ()
    unless: Text | None = None
    sources: tuple[Text, ...] = ()
    confidence: Confidence = "low"
    overridden_by: Text | None = None


class WaitingRule(Frozen):
    """A rule that cannot be decided before a fact is known."""

    rule: Text
    fact: Text
    because: Text
    parameters: tuple[Text, ...] = ()


class PlanNote(Frozen):
    """Something to know before the search begins."""

    text: Text
    by: Text
    sources: tuple[Text, ...] = ()


class PlanWaiver(Frozen):
    """A finding that the person accepts."""

    check: Text
    parameter: Text | None = None
    reason: Text
    until: Day | None = None


class Plan(Frozen):
    """A staged search, with its reasons."""

    version: Version
    spec: SpecReference
    knowledge: KnowledgeReference
    objective: PlanObjective
    budget: PlanBudget
    bar: Bar
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    constraints: tuple[PlanConstraint, ...] = ()
    pruning: Pruning
    confirm: Confirmation | None = None
    notes: tuple[PlanNote, ...] = ()
    fired: tuple[RuleRecord, ...] = ()
    silent: tuple[RuleRecord, ...] = ()
    waits_for: tuple[WaitingRule, ...] = ()
    waived: tuple[PlanWaiver, ...] = ()
    evidence: Mapping[Text, Evidence] = {}
    sources: Mapping[Text, Source] = {}

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if [stage.id for stage in self.stages] != list(range(1, len(self.stages) + 1)):
            raise ValueError("stages are numbered 1, 2, 3, ... in order")
        spent = sum(stage.trials for stage in self.stages)
        if spent != self.budget.trials:
            raise ValueError(f"the stages take {spent} trials, the budget has {self.budget.trials}")
        for stage in self.stages:
            if stage.narrow.from_ is not None and stage.narrow.from_ >= stage.id:
                raise ValueError(f"stage {stage.id} cannot follow from stage {stage.narrow.from_}")
        return self

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter of the plan, searched or held, in order."""
        return tuple(dict.fromkeys(n for s in self.stages for n in (*s.search, *s.fixed)))
