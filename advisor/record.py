"""What a plan records beside its stages: what it answers and rests on, its rules, its evidence and its notes."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from advisor.constraints import statement
from advisor.effects import Tier
from advisor.knowledge import (
    Confidence,
    Disagreement,
    InteractionAdvice,
    InteractionKind,
    Tunability,
    Variance,
)
from advisor.model import Count, Day, Flag, Frozen, Number, Scalar, Share, Text
from advisor.space import Value, same
from advisor.spec import Constraint, Direction


class SpecReference(Frozen):
    """The spec that the plan answers."""

    name: Text
    sha256: Text
    family: Text
    estimator: Text | None = None
    task: Text | None = None
    facts: Mapping[Text, Scalar] = Field({}, description="What was known, given or read from a data file.")


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


class NoLimit(Frozen):
    """A value of a parameter that is no number to compute with, such as ``-1`` for no limit."""

    parameter: Text
    value: Scalar = None
    acts_as: Scalar = Field(None, description="The number to read in its place; none passes it over.")


class PlanConstraint(Frozen):
    """A relation that every configuration keeps."""

    expression: Constraint
    why: Text
    sources: tuple[Text, ...] = ()
    no_limits: tuple[NoLimit, ...] | None = Field(None, description="Values that it does not take as they are.")

    def keeps(self, config: Mapping[str, Value]) -> bool:
        """Whether a configuration, without parameters that have no effect in it, keeps the relation."""
        read = dict(config)
        for odd in self.no_limits or ():
            if odd.parameter in read and same(read[odd.parameter], odd.value):
                read[odd.parameter] = odd.acts_as
        return statement(self.expression).holds(read)


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
    aliases: tuple[Text, ...] = Field((), description="Its other names.")
    default: Scalar = Field(None, description="The library's own default.")
    usual: Tier | None = None
    departs: Text | None = None
    tier: Tier
    tunability: Tunability | None = None
    variance: Variance | None = None
    disputed: tuple[Disagreement, ...] = ()
    sources: tuple[Text, ...] = ()
    confidence: Confidence


class PlanInteraction(Frozen):
    """Parameters of the plan whose best values depend on each other."""

    parameters: Annotated[tuple[Text, ...], Field(min_length=2)]
    kind: InteractionKind
    advice: InteractionAdvice = Field(description="What follows from it for a search.")
    because: Text
    share: Share | None = Field(None, description="Share of variance that is theirs together.")
    sources: tuple[Text, ...] = ()
    confidence: Confidence = "low"


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
