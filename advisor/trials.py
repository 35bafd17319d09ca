"""Trials: what was evaluated and how it ended, and what a run of a plan found."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from advisor.model import Count, Frozen, NotNegative, Number, Text, Values, Version, misplaced
from advisor.spec import Direction

State: TypeAlias = Literal["complete", "failed", "pruned"]


class Trial(Frozen):
    """A configuration that was evaluated, and how that ended."""

    config: Values = Field(description="The parameters that have an effect, searched and held, by the plan's names.")
    value: Number | None = Field(None, description="In the objective's own direction; none unless it is complete.")
    state: State
    stage: Count = 1
    seconds: Annotated[Number, Field(ge=0)] = 0.0
    reason: Text | None = Field(None, description="Why it failed or was pruned.")
    reported: tuple[Number, ...] = Field((), description="Values on the way, first to last.")
    steps: tuple[Number, ...] | None = Field(
        None, description="The budget of each of these, such as its epoch; 1, 2, 3 if it is not there."
    )

    @model_validator(mode="after")
    def _has_a_step_for_each(self) -> Self:
        if self.steps is not None and len(self.steps) != len(self.reported):
            raise misplaced(f"{len(self.reported)} values on the way have {len(self.steps)} steps", "steps")
        return self


class StageResult(Frozen):
    """What came of one stage."""

    id: Count
    name: Text
    trials: NotNegative
    failed: NotNegative
    pruned: NotNegative
    best: Number | None = Field(None, description="The best value of this stage alone.")
    log: tuple[Text, ...] = Field((), description="What was decided before it began, with the numbers that decided.")


class Repeated(Frozen):
    """A finalist that was evaluated again with other seeds."""

    config: Values
    values: tuple[Number, ...]
    mean: Number
    spread: Number = Field(description="Standard deviation of the values; 0 where there is one.")


class CorrectedGain(Frozen):
    """What the best gains over the library's default without the luck of having been chosen."""

    gain: Annotated[Number, Field(ge=0)]
    low: Number = Field(description="With high, where the gain lies with 95 %.")
    high: Number
    luck: Annotated[Number, Field(ge=0)] = Field(description="What the best of so many gains by luck alone.")
    chosen_from: Count = Field(description="Complete trials among which the best was chosen.")

    @property
    def stands(self) -> bool:
        """Whether it is more than chance."""
        return self.low > 0


class Result(Frozen):
    """What a run of a plan found; written to result.json."""

    version: Version = 1
    name: Text
    metric: Text
    direction: Direction
    finished: bool = Field(description="Whether every stage, and the confirmation that was asked for, had its trials.")
    best: Trial | None = Field(None, description="The best complete trial; after a confirmation, its winner.")
    winner: Text = Field("The best value.", description="The rule by which the best was chosen.")
    default: Number | None = Field(None, description="The value of the library's default, the bar to beat.")
    gain: Number | None = Field(None, description="How much better than the default the best is; less than 0 is worse.")
    corrected: CorrectedGain | None = Field(
        None, description="The gain without the luck of the winner; none where how wrong a value is is not known."
    )
    stages: tuple[StageResult, ...] = ()
    confirmed: tuple[Repeated, ...] = ()
    trials: tuple[Trial, ...] = Field((), description="In the order in which they ended.")

    @property
    def value(self) -> float | None:
        """What the best is worth: its value; after a confirmation, the mean of the evaluations in that."""
        if self.best is None:
            return None
        return next((one.mean for one in self.confirmed if one.config == self.best.config), self.best.value)


def best_of(trials: Iterable[Trial], direction: Direction) -> Trial | None:
    """The complete trial with the best value, the earliest of equals; None where none is complete."""
    best: Trial | None = None
    for trial in trials:
        if trial.value is not None and trial.state == "complete":  # noqa: SIM102 - the comparison reads alone
            if best is None or best.value is None or is_better(trial.value, best.value, direction):
                best = trial
    return best


def is_better(value: float, other: float, direction: Direction) -> bool:
    """Whether a value is better than another, in the direction of the objective."""
    return value > other if direction == "maximize" else value < other
