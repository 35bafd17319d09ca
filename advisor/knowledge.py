"""The knowledge base: families, their parameters, starts, interactions and rules, and what they share.

This module says what the files mean; ``library`` finds, reads and joins them.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from advisor.bounds import Bound, FactBound
from advisor.conditions import Condition
from advisor.effects import Effect, Tier
from advisor.model import Count, Flag, Frozen, Number, Scalar, Share, Text, Values, WholeOrReal
from advisor.space import Choice, Numeric, Value, contains, same
from advisor.spec import Constraint, Task

Confidence: TypeAlias = Literal["high", "medium", "low"]
InteractionKind: TypeAlias = Literal["trade-off", "scaling", "joint", "bound"]
InteractionAdvice: TypeAlias = Literal["same-stage", "keep-open", "constraint", "note"]
JUDGEMENT = "judgement"
"""The source of a number that nobody published: our own reasoning, said to be so."""

Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9.]+)*$")]
Sources: TypeAlias = Annotated[tuple[Text, ...], Field(min_length=1)]


class Source(Frozen):
    """Where a number comes from, and how we read it."""

    authors: Text
    year: Count | None = None
    title: Text
    venue: Text | None = None
    link: Text | None = None
    read: Literal["full text", "code", "data computed", "excerpt", "abstract", "secondary", "memory"] = Field(
        description="How the source was read; memory means that it was not."
    )


class Regime(Frozen):
    """A condition with a name, decided once."""

    when: Condition
    because: Text
    sources: Sources


class Policy(Frozen):
    """A decision about staging, with its numbers."""

    values: Mapping[Text, Number]
    because: Text
    sources: Sources


class Legal(Frozen):
    """What the library accepts."""

    type: Literal["float", "int", "categorical"]
    low: WholeOrReal | None = None
    high: WholeOrReal | None = None
    low_open: Flag = False
    high_open: Flag = False
    choices: tuple[Scalar, ...] | None = None
    also: tuple[Scalar, ...] = Field((), description="Words accepted beside the numbers, such as sqrt.")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.type == "categorical") != (self.choices is not None):
            raise ValueError("a categorical parameter lists its choices, and only it does")
        return self

    def accepts(self, value: Value) -> bool:
        """Whether the library takes this value."""
        if any(same(value, word) for word in self.also):
            return True
        if self.type == "categorical":
            return contains(Choice(choices=self.choices or ()), value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        if self.type == "int" and value != int(value):
            return False
        above = self.low is None or value > self.low or (value == self.low and not self.low_open)
        below = self.high is None or value < self.high or (value == self.high and not self.high_open)
        return above and below


class SearchRange(Frozen):
    """Where we advise to look, in natural units."""

    low: Bound | None = None
    high: Bound | None = None
    log: Flag = False
    step: WholeOrReal | None = None
    choices: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = None
    ordered: Flag = False

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        ends = [self.low, self.high]
        if (self.choices is None) == (None in ends):
            raise ValueError("give low and high, or choices")
        return self


class Tunability(Frozen):
    """What tuning the parameter alone is worth, from a good default."""

    gain: Number
    unit: Text
    datasets: Count | None = None
    source: Text


class Variance(Frozen):
    """How much of the spread over the whole space the parameter explains; not what tuning it is worth."""

    share: Share
    datasets: Count | None = None
    source: Text


class Disagreement(Frozen):
    """Sources that contradict each other, and which one the plan follows."""

    about: Text
    sources: Sources
    follows: Text
    because: Text


class Parameter(Frozen):
    """What is known of one hyperparameter of a family."""

    aliases: tuple[Text, ...] = ()
    in_library: Flag = Field(
        default=True, description="False where no class takes it as an argument, such as the width of a network."
    )
    arguments: Mapping[Text, Text] = Field(
        {},
        description="The classes that take it and its name there, where that is not the canonical name for all.",
    )
    estimators: tuple[Text, ...] | None = Field(
        None, description="The estimators of the family that have it; all if left out."
    )
    valid: Legal
    words: Mapping[Text, Scalar] = Field({}, description="What other libraries call its choices: theirs, then ours.")
    search: SearchRange | None = None
    default: Scalar = Field(description="The library's own default.")
    defaults: Mapping[Text, Scalar] = Field({}, description="The default of estimators that differ.")
    acts_as: Bound | None = Field(
        None, description="The number within the range that does what a default outside it does."
    )
    default_outside: Text | None = Field(None, description="Why the advised range leaves the library's default out.")
    start: FactBound | Scalar = Field(None, description="What to hold it at while others are searched.")
    when: Mapping[Text, Scalar | tuple[Scalar, ...]] | None = None
    when_is_ours: Flag = Field(
        default=False, description="Whether it does not hold where a parent's values go by another library's words."
    )
    tier: Tier
    usual: Tier | None = Field(None, description="What is usually taught, where that is a common opinion.")
    departs: Text | None = Field(None, description="Why the tier departs from what is usually taught.")
    tunability: Tunability | None = None
    variance: Variance | None = None
    disputed: tuple[Disagreement, ...] = ()
    because: Text
    sources: Sources
    confidence: Confidence

    @property
    def has_start(self) -> bool:
        """Whether a value to hold is given; None may be one."""
        return "start" in self.model_fields_set


class LearntFrom(Frozen):
    """What a start was learnt from."""

    tasks: Count
    method: Text


class StartPoint(Frozen):
    """A whole configuration that is good on many data sets."""

    values: Mapping[Text, FactBound | Scalar]
    when: Condition | None = None
    because: Text
    sources: Sources
    learnt_from: LearntFrom | None = None


class Interaction(Frozen):
    """Parameters whose best values depend on each other."""

    parameters: Annotated[tuple[Text, ...], Field(min_length=2)]
    kind: InteractionKind
    advice: InteractionAdvice
    constraint: Constraint | None = None
    share: Share | None = Field(None, description="Share of variance that is theirs together.")
    because: Text
    sources: Sources
    confidence: Confidence = "medium"

    @model_validator(mode="after")
    def _has_its_constraint(self) -> Self:
        if (self.advice == "constraint") != (self.constraint is not None):
            raise ValueError("advice: constraint and a constraint belong together")
        return self


class Fidelity(Frozen):
    """A resource by which a trial can be judged before it ends."""

    parameter: Text = Field(description="The parameter or quantity that counts the resource.")
    unit: Text
    least_share: Share = Field(description="Share of a full trial before which none is stopped.")
    because: Text
    sources: Sources


class Rule(Frozen):
    """Advice that holds under a condition."""

    id: Id
    when: Condition
    then: Annotated[tuple[Effect, ...], Field(min_length=1)]
    because: Text
    unless: Text | None = None
    sources: Sources
    confidence: Confidence
    overrides: tuple[Text, ...] = ()


class FamilyNote(Frozen):
    """Something every plan of the family says."""

    text: Text
    sources: Sources


class Estimator(Frozen):
    """A class that the family describes."""

    name: Text
    tasks: tuple[Task, ...] = Field((), description="The tasks that it serves; any if left out.")
    given: Values = Field({}, description="Arguments that make it a member of this family.")


class Family(Frozen):
    """One family of models."""

    family: Id
    title: Text
    estimators: tuple[Text | Estimator, ...] = ()
    requires: tuple[Text, ...] = Field((), description="Facts without which no advice is possible.")
    parameters: Mapping[Text, Parameter]
    starts: tuple[StartPoint, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    fidelity: Fidelity | None = None
    rules: tuple[Rule, ...] = ()
    notes: tuple[FamilyNote, ...] = ()
    sources: Mapping[Id, Source] = {}

    @property
    def models(self) -> tuple[Estimator, ...]:
        """The estimators, each in the long form."""
        return tuple(e if isinstance(e, Estimator) else Estimator(name=e) for e in self.estimators)


class NoHyperparameter(Frozen):
    """Names that people put into a search space although nothing is to be tuned there."""

    names: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(description="In lower case.")
    because: Text
    sources: Sources


class Shared(Frozen):
    """What families share: ``_shared.yaml``."""

    version: Text
    sources: Mapping[Id, Source] = {}
    regimes: Mapping[Id, Regime] = {}
    policies: Mapping[Id, Policy] = {}
    no_hyperparameters: tuple[NoHyperparameter, ...] = ()
    rules: tuple[Rule, ...] = ()


def domain_of(search: SearchRange, legal: Legal, low: float | None, high: float | None) -> Numeric | Choice:
    """The range as a domain, its ends being resolved already."""
    if search.choices is not None:
        return Choice(choices=search.choices, ordered=search.ordered)
    assert low is not None  # noqa: S101 - SearchRange asks for both ends
    assert high is not None  # noqa: S101
    return Numeric(low=low, high=high, log=search.log, step=search.step, integer=legal.type == "int")
