"""The answer: which hyperparameters to search, where, in what order, for how many trials, and why.

A plan is complete in itself: whoever exports, runs, compares or explains it needs neither the spec nor the knowledge
base.
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from advisor.constraints import names
from advisor.effects import Tier
from advisor.errors import Path, did_you_mean
from advisor.knowledge import JUDGEMENT, Confidence, Source
from advisor.model import (
    Count,
    Flag,
    Frozen,
    Scalar,
    Share,
    Text,
    Values,
    Version,
    Whole,
    WholeOrReal,
    misplaced,
)
from advisor.record import (
    Bar,
    Confirmation,
    Evidence,
    KnowledgeReference,
    PlanBudget,
    PlanConstraint,
    PlanInteraction,
    PlanNote,
    PlanObjective,
    PlanWaiver,
    Pruning,
    RuleRecord,
    SpecReference,
    WaitingRule,
)
from advisor.space import Choice, Domain, Numeric, contains, same
from advisor.spec import Role

Condition = Mapping[Text, Scalar | tuple[Scalar, ...]]


class Limits(Frozen):
    """The furthest a search may ever reach: what the library accepts and the person allows."""

    low: WholeOrReal | None = None
    high: WholeOrReal | None = None
    choices: tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise misplaced(f"low {self.low:g} is above high {self.high:g}", "low")
        return self


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
    measured: Flag | None = Field(
        None, description="true: held as trials showed no effect of it, so that those with other values count as well."
    )
    why: tuple[Text, ...] = ()
    sources: tuple[Text, ...] = ()


class Sampler(Frozen):
    """What proposes the trials of a stage."""

    name: Literal["tpe", "gp", "quasi-random", "random"]
    seed: Annotated[Whole, Field(ge=0)]
    startup: Annotated[Whole, Field(ge=0)] = Field(description="Trials before results guide the next.")
    joint: Flag | None = Field(
        None, description="Whether every trial proposes all parameters, so that those with conditions are not apart."
    )
    winsorized: Flag | None = Field(
        None, description="Whether a trial worse than the median of all counts as one at the median."
    )
    tpe_every: Annotated[Whole, Field(ge=2)] | None = Field(
        None, description="n: every n-th trial of the study is proposed by TPE instead; left out, none is."
    )

    @model_validator(mode="after")
    def _fits_its_name(self) -> Self:
        if self.joint and self.name != "tpe":
            raise ValueError("joint is for tpe; gp models all parameters, and the others model none")
        if self.winsorized and self.name != "gp":
            raise ValueError("winsorized is for gp; the others do not look at how far values are apart")
        if self.tpe_every and self.name != "gp":
            raise ValueError("tpe_every is for gp; the others do not take turns")
        return self

    def as_tpe(self, *, joint: bool | None = None) -> Self:
        """TPE in its place."""
        return type(self)(name="tpe", seed=self.seed, startup=self.startup, joint=joint)


OPENING: Final = 3
"""The best trials that say where a range opens."""


class Narrowing(Frozen):
    """How the ranges of a stage follow from the results of an earlier one."""

    from_: Count | None = Field(None, alias="from", description="The stage whose results are used; none.")
    keep: Share | None = Field(None, description="Width of the new range as a share of the old one.")
    at_least: Count | None = Field(None, description="Complete trials without which nothing is narrowed.")
    extend_at_edge: Flag | None = Field(
        None, description="Whether a range opens at an edge that good trials press against."
    )
    open: tuple[Text, ...] | None = Field(None, description="Parameters that are not narrowed here.")
    edge: Share | None = Field(
        None,
        description="Share of the earlier range at either end: where none of the best trials lies in it, a range that "
        "is wider here begins or ends where the earlier one did.",
    )

    @property
    def follows(self) -> bool:
        """Whether any range depends on the results of an earlier stage."""
        return self.from_ is not None and (self.keep is not None or self.edge is not None)

    @model_validator(mode="after")
    def _has_its_stage(self) -> Self:
        if self.edge is not None and self.from_ is None:
            raise ValueError("edge needs from, the stage whose results say where a range opens")
        return self


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
    narrow: Narrowing = Narrowing.model_construct()  # validating it would build its validator at each start
    why: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        twice = sorted(set(self.search) & set(self.fixed))
        if twice:
            raise ValueError(f"{', '.join(twice)}: both searched and fixed")
        if self.start_why and len(self.start_why) != len(self.start):
            raise ValueError(f"{len(self.start)} starts have {len(self.start_why)} reasons")
        for name in self.narrow.open or ():
            if name not in self.search:
                raise misplaced(f"keeps {name!r} open, which the stage does not search", "narrow", "open")
        for name, entry in self.entries.items():
            for parent, wanted in (entry.when or {}).items():
                self._check_parent(name, parent, wanted if isinstance(wanted, tuple) else (wanted,))
        order = self._parents_first()
        for index, point in enumerate(self.start):
            self._check_start(index, point, order)
        return self

    @property
    def entries(self) -> Mapping[str, Searched | Held]:
        """Every parameter of the stage, searched or held."""
        return {**self.search, **self.fixed}

    @property
    def proposes_all(self) -> bool:
        """Whether every trial proposes all parameters, those without effect in it too, which its configuration lacks.

        A Gaussian process of Optuna models only what all trials have, and TPE models what has other conditions apart.
        """
        return self.sampler.name == "gp" or self.sampler.joint is True

    def _check_parent(self, name: str, parent: str, wanted: tuple[Scalar, ...]) -> None:
        """A parameter that has an effect only for values of another: the stage has that one, with those values."""
        place = ("search" if name in self.search else "fixed", name, "when", parent)
        if parent not in self.search and parent not in self.fixed:
            raise misplaced(f"{name} depends on {parent!r}, which the stage does not have", *place)
        if parent in self.search and not any(contains(self.search[parent].domain, value) for value in wanted):
            raise misplaced(f"{name} depends on values that {parent} cannot have", *place)

    def _parents_first(self) -> tuple[str, ...]:
        """The parameters, each after those that it depends on."""
        try:
            return tuple(TopologicalSorter({n: e.when or () for n, e in self.entries.items()}).static_order())
        except CycleError as error:
            circle: list[str] = error.args[1]
            place = ("search" if circle[-1] in self.search else "fixed", circle[-1], "when")
            sentence = f"depends on itself: {' depends on '.join(reversed(circle))}"
            raise misplaced(f"{circle[-1]} {sentence}", *place) from error

    def _check_start(self, index: int, point: Values, order: tuple[str, ...]) -> None:
        """A configuration to evaluate: of the stage's parameters, in its ranges, with every one that has an effect.

        One that moves a parameter which the stage holds may leave others without effect, which the stage cannot tell.
        """
        entries = self.entries
        for name, value in point.items():
            if name not in entries:
                hint = did_you_mean(name, entries)
                sentence = f"{name!r} is no parameter of the stage{f'; {hint}' if hint else ''}"
                raise misplaced(sentence, "start", index, name)
            if name in self.search and not contains(self.search[name].domain, value):
                raise misplaced(f"{name} {value!r} is outside the searched range", "start", index, name)
        if any(name in point and not same(held.value, point[name]) for name, held in self.fixed.items()):
            return
        active: set[str] = set()
        for name in order:
            entry = entries[name]
            if not (isinstance(entry, Held) and entry.active is False) and self._holds(entry, point, active):
                active.add(name)
        if missing := [name for name in entries if name in active and name not in point]:
            raise misplaced(f"leaves out {', '.join(missing)}; a start names all that has an effect", "start", index)

    @staticmethod
    def _holds(entry: Searched | Held, point: Values, active: set[str]) -> bool:
        """Whether the condition of a parameter holds in a configuration."""
        return all(
            parent in active
            and any(same(point.get(parent), value) for value in (wanted if isinstance(wanted, tuple) else (wanted,)))
            for parent, wanted in (entry.when or {}).items()
        )


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
    interactions: tuple[PlanInteraction, ...] = ()
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
        self._check_parameters()
        self._check_sources()
        return self

    def _check_parameters(self) -> None:
        """Every stage has the same parameters, and nothing speaks of others."""
        first = self.stages[0].entries
        for index, stage in enumerate(self.stages):
            here = stage.entries
            if missing := [name for name in first if name not in here]:
                raise misplaced(f"stage {stage.id} has no {', '.join(missing)}, as stage 1 has", "stages", index)
            for name in here:
                if name not in first:
                    place = ("search" if name in stage.search else "fixed", name)
                    raise misplaced(f"stage 1 has no {name}, as stage {stage.id} has", "stages", index, *place)
        spoken: list[tuple[Path, list[str]]] = [
            *((("constraints", i, "expression"), sorted(names(c.expression))) for i, c in enumerate(self.constraints)),
            *((("interactions", i, "parameters"), [*each.parameters]) for i, each in enumerate(self.interactions)),
        ]
        for path, named in spoken:
            for name in named:
                if name not in first:
                    hint = did_you_mean(name, first)
                    raise misplaced(f"{name!r} is no parameter of the plan{f'; {hint}' if hint else ''}", *path)

    def _check_sources(self) -> None:
        """Every source that is cited is there."""
        for path, cited in self.citations():
            for source in cited:
                if source != JUDGEMENT and source not in self.sources:
                    raise misplaced(f"{source!r} is not among the sources of the plan", *path)

    def citations(self) -> Iterator[tuple[Path, tuple[str, ...]]]:
        """Every place that cites sources, and the sources that it cites."""
        for index, stage in enumerate(self.stages):
            here: Path = ("stages", index)
            for name, entry in stage.entries.items():
                section = "search" if name in stage.search else "fixed"
                yield (*here, section, name, "sources"), entry.sources
            for number, reason in enumerate(stage.start_why):
                yield (*here, "start_why", number, "sources"), reason.sources
        for field in ("constraints", "interactions", "notes", "fired", "silent"):
            for index, record in enumerate(getattr(self, field)):
                yield (field, index, "sources"), record.sources
        yield ("pruning", "sources"), self.pruning.sources
        for name, evidence in self.evidence.items():
            here = ("evidence", name)
            yield (*here, "sources"), evidence.sources
            for word, figure in (("tunability", evidence.tunability), ("variance", evidence.variance)):
                if figure is not None:
                    yield (*here, word, "source"), (figure.source,)
            for index, dispute in enumerate(evidence.disputed):
                yield (*here, "disputed", index, "sources"), (*dispute.sources, dispute.follows)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter of the plan, searched or held, in order."""
        return tuple(dict.fromkeys(n for s in self.stages for n in (*s.search, *s.fixed)))
