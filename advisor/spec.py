"""What a person writes: the model, the objective, the budget, the data, and perhaps some ranges."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, Strict, model_serializer, model_validator

from advisor import constraints, spellings
from advisor.model import (
    Count,
    Day,
    Flag,
    Frozen,
    Name,
    NotNegative,
    Number,
    Scalar,
    Share,
    Text,
    Version,
    WholeOrReal,
    misplaced,
    whole,
)

Task: TypeAlias = Literal[
    "binary", "multiclass", "classification", "regression", "ranking", "language-modelling", "control"
]
Direction: TypeAlias = Literal["minimize", "maximize"]
Role: TypeAlias = Literal["tune", "fixed", "nuisance"]
Positive: TypeAlias = Annotated[Number, Field(gt=0)]
MOST_TRIALS: Final = 10**15
Places: TypeAlias = Annotated[int, Strict(), Field(ge=1, le=100_000), BeforeValidator(whole)]


class ModelFacts(Frozen):
    """Which model is tuned."""

    family: Text | None = Field(None, description="A family of the knowledge base, such as lightgbm.")
    estimator: Text | None = Field(None, description="The class that is tuned, such as lightgbm.LGBMClassifier.")
    task: Task | None = Field(None, description="What the model is to do.")
    parameters: Positive | None = Field(None, description="How many weights are trained; its capacity.")

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if self.family is None and self.estimator is None:
            raise ValueError("say which model: family: lightgbm, or estimator: lightgbm.LGBMClassifier")
        return self


class Objective(Frozen):
    """What is measured, and which way is better; there is no default for that."""

    metric: Text = Field(description="The name of the measured value.")
    direction: Direction = Field(description="Whether less or more of the metric is better.")
    split: Literal["train", "validation", "cross-validation", "test"] | None = Field(
        None, description="Which part of the data the metric is measured on."
    )
    noise: Annotated[Number, Field(ge=0)] | None = Field(
        None, description="Standard deviation of the metric over seeds, in its own unit."
    )
    default_value: Number | None = Field(
        None, description="What the library's default reaches, in the unit of the metric."
    )
    attainable: Number | None = Field(
        None, description="What the best known or possible model reaches, in the unit of the metric."
    )

    @model_validator(mode="after")
    def _leaves_something_to_gain(self) -> Self:
        if self.default_value is not None and self.attainable is not None:
            gain = self.attainable - self.default_value
            if (gain if self.direction == "maximize" else -gain) < 0:
                sentence = f"attainable {self.attainable:g} is worse than default_value {self.default_value:g}"
                raise misplaced(f"{sentence}, as {self.direction} has it", "attainable")
        return self


class Budget(Frozen):
    """What may be spent."""

    trials: Count | None = Field(None, description="Configurations to evaluate, in all.")
    parallel: Places | None = Field(None, description="Trials that run at the same time.")
    minutes_per_trial: Positive | None = Field(None, description="Minutes that one trial takes.")
    hours: Positive | None = Field(None, description="Hours from start to end, by the clock.")
    memory_gb: Positive | None = Field(None, description="Memory of one trial, in gigabytes.")

    @model_validator(mode="after")
    def _is_countable(self) -> Self:
        if self.hours is not None and self.minutes_per_trial is not None:
            fit = self.hours / self.minutes_per_trial * 60 * (self.parallel or 1)
            if fit > MOST_TRIALS:
                raise misplaced(f"{self.hours:g} hours fit more than {MOST_TRIALS:,} such trials", "minutes_per_trial")
        return self


class DataFacts(Frozen):
    """What is known of the data; a fact left out is unknown, and rules that need it stay silent."""

    profile: Text | None = Field(None, description="A CSV or Parquet file to read the facts from.")
    target: Text | None = Field(None, description="The column of the profile that is predicted.")
    rows: Count | None = Field(None, description="Rows to train on.")
    features: Count | None = Field(None, description="Columns to predict from.")
    classes: Count | None = Field(None, description="Distinct classes of the target.")
    positive_rate: Share | None = Field(None, description="Share of the rarest class.")
    missing_share: Share | None = Field(None, description="Share of cells that are empty.")
    categorical_features: NotNegative | None = Field(None, description="Columns that are not numbers.")
    max_cardinality: NotNegative | None = Field(
        None, description="Distinct values of the categorical column that has most."
    )
    tokens: Positive | None = Field(None, description="Tokens of text to train on.")


class SpaceEntry(Frozen):
    """A range, list or value that the person gives for one hyperparameter."""

    is_: Text | None = Field(None, alias="is", description="The parameter of the knowledge base meant.")
    type: Literal["float", "int", "categorical"] | None = Field(None, description="Kind of value.")
    low: WholeOrReal | None = Field(None, description="Least value.")
    high: WholeOrReal | None = Field(None, description="Greatest value.")
    log: Flag | None = Field(None, description="Whether to search on a logarithmic scale.")
    step: Annotated[WholeOrReal, Field(gt=0)] | None = Field(
        None, description="Distance of neighbouring values, from low."
    )
    choices: Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=10_000)] | None = Field(
        None, description="The values to choose from."
    )
    ordered: Flag | None = Field(None, description="Whether the choices have an order.")
    default: Scalar = Field(None, description="Where the search starts.")
    value: Scalar = Field(None, description="The one value to hold it at.")
    role: Role | None = Field(
        None,
        description="tune: always searched. fixed: held. nuisance: searched again in every stage.",
    )
    when: Mapping[Text, Scalar | tuple[Scalar, ...]] | None = Field(
        None, description="Values of other parameters for which this one has an effect."
    )

    @model_validator(mode="after")
    def _is_a_domain(self) -> Self:
        if self.choices is not None:
            for name in ("low", "high", "step", "log"):
                said = getattr(self, name)
                if said is not None and said is not False:
                    raise misplaced(f"{name} and choices exclude each other; keep one of them", name)
        if self.low is not None and self.high is not None:
            if self.low > self.high:
                raise misplaced(f"low {self.low:g} is above high {self.high:g}; exchange them", "low")
            if self.step is not None and self.step > self.high - self.low:
                raise misplaced(f"step {self.step:g} is larger than the range", "step")
        if self.log:
            if self.low is not None and self.low <= 0:
                raise misplaced(f"a logarithmic scale needs low above 0, not {self.low:g}", "low")
            if self.high is not None and self.high <= 0:
                raise misplaced(f"a logarithmic scale needs high above 0, not {self.high:g}", "high")
            if self.step is not None and not (self.type == "int" and self.step == 1):
                raise misplaced("log and step exclude each other; leave one out", "step")
        self._check_whole()
        return self

    def _check_whole(self) -> None:
        if self.type != "int":
            return
        for name in ("low", "high", "step"):
            number = getattr(self, name)
            if number is not None and number != int(number):
                raise misplaced(f"{number:g} is no whole number, but type is int", name)

    @model_serializer(mode="wrap")
    def _with_said_nulls(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keep ``value: null`` and ``default: null`` apart from what was not said."""
        said: dict[str, Any] = handler(self)
        return said | {name: None for name in ("value", "default") if name in self.model_fields_set - set(said)}

    @property
    def has_range(self) -> bool:
        """Whether the entry says where to search, rather than only naming the parameter."""
        return not (self.low is None and self.high is None and self.choices is None)

    @property
    def is_held(self) -> bool:
        """Whether the entry holds the parameter at one value."""
        return self.role == "fixed" or "value" in self.model_fields_set


class Waiver(Frozen):
    """A finding of ``advisor lint`` that the person accepts, and why."""

    check: Text = Field(description="The name of the check.")
    parameter: Text | None = Field(None, description="The parameter it finds fault with; all of them if left out.")
    reason: Text = Field(description="Why the finding is accepted.")
    until: Day | None = Field(None, description="The last day on which the waiver holds.")


def _constraint(text: object) -> object:
    if isinstance(text, str):
        constraints.parsed(text)
    return text


Constraint: TypeAlias = Annotated[str, BeforeValidator(_constraint)]


class Spec(Frozen):
    """What ``advisor plan`` answers to. Six lines are enough; what is not given is unknown."""

    version: Version = Field(description="The version of this format.")
    name: Text | None = Field(None, description="What plans and reports call it.")
    model: ModelFacts = Field(description="Which model is tuned, such as {family: lightgbm, task: binary}.")
    objective: Objective = Field(description="What is measured, such as {metric: auc, direction: maximize}.")
    budget: Budget = Field(default_factory=Budget, description="What may be spent.")
    data: DataFacts = Field(default_factory=DataFacts, description="What is known of the data.")
    fixed: Mapping[Name, Scalar] = Field({}, description="Hyperparameters that are settled, and their values.")
    space: Mapping[Name, Annotated[SpaceEntry, BeforeValidator(spellings.normalised)]] = Field(
        {}, description="Hyperparameters that the person pins, narrows or names in their own way."
    )
    scope: Literal["open", "closed"] = Field(
        "open", description="closed: nothing outside space and fixed is ever searched or set."
    )
    constraints: tuple[Constraint, ...] = Field((), description="Such as num_leaves <= 2 ** max_depth.")
    waive: tuple[Waiver, ...] = Field((), description="Findings of advisor lint that the person accepts.")
    knowledge: tuple[Text, ...] = Field((), description="Folders of overlays; later ones win.")

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Self:
        twice = sorted(set(self.fixed) & set(self.space))
        if twice:
            raise misplaced(f"{', '.join(twice)} stands in both fixed and space; keep one of them", "space", twice[0])
        if self.scope == "closed" and not self.fixed and not self.space:
            raise misplaced("closed needs a space or fixed values", "scope")
        return self

    @property
    def sha256(self) -> str:
        """Hash of what the spec says: of its values, not of its layout, comments or folders."""
        said: dict[str, Any] = self.to_data()
        said.pop("knowledge", None)
        if self.data.profile is not None:
            said["data"]["profile"] = PurePosixPath(self.data.profile.replace("\\", "/")).name
        canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
