"""What a file says of its trials, before it is decided which of its figures is the metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from advisor.plan import Plan
from advisor.readers._source import Source
from advisor.readers._values import Outcome
from advisor.space import Domain, Value
from advisor.spec import Direction

Origin: TypeAlias = Literal["plan", "file", "inferred"]
Condition: TypeAlias = Mapping[str, Value | tuple[Value, ...]]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A hyperparameter of the trials.

    Attributes:
        domain: Where it was searched.
        origin: Who says so: the plan, the file, or nobody, so that the trials themselves do.
        when: Values of others for which it has an effect.
    """

    domain: Domain
    origin: Origin = "file"
    when: Condition = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a file says of one trial.

    Attributes:
        place: Where in the file, in words: ``line 4``.
        config: Values by the file's own names.
        metrics: Figures that may be the metric, by name; infinite or NaN where the file says so.
        state: How it ended; of a complete one without a finite value it is found later that it failed.
        identity: What tells it from other trials; of records with the same one only the first counts.
        seconds: How long it took.
        reason: Why it failed or was pruned.
        reported: Values on the way, by the name of the figure.
        steps: The budget of each of these, such as its epoch; 1, 2, 3 if it is not there.
        stage: Of a run of a plan.
    """

    place: str
    config: Mapping[str, Value]
    metrics: Mapping[str, float]
    state: Outcome = "complete"
    identity: object = None
    seconds: float = 0.0
    reason: str | None = None
    reported: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    steps: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    stage: int = 1


@dataclass(frozen=True, kw_only=True)
class Log:
    """What a file says of all its trials.

    Attributes:
        records: In the order in which they ended, as far as the file tells.
        directions: Figures that may be the metric, and the direction of each where the file says it.
        space: Hyperparameters with their ranges, where the file says them.
        ignored: Columns that are neither, each with the reason.
        remarks: What a reader did that a person would want to know, in sentences.
        metric: The figure that was optimised, where the file says it.
        unreadable: Parts of the file that should be trials and cannot be read, each with its place.
        columns_are_mixed: Whether the file does not tell hyperparameters from results.
    """

    records: tuple[Record, ...]
    directions: Mapping[str, Direction | None]
    space: Mapping[str, Parameter] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    metric: str | None = None
    columns_are_mixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the person says of a file.

    Attributes:
        metric: The figure that was optimised.
        direction: Whether less or more of it is better.
        study: Which of several studies, experiments or runs.
        parameters: Which columns are hyperparameters, where the file does not tell.
        results: Which columns are none, but figures beside the metric.
        plan: The plan that was run, if it was one.
    """

    metric: str | None = None
    direction: Direction | None = None
    study: str | None = None
    parameters: frozenset[str] | None = None
    results: frozenset[str] = frozenset()
    plan: Plan | None = None


class Reader(Protocol):
    """What a module of this folder is."""

    TITLE: str
    """What it reads, in words."""

    def recognises(self, source: Source) -> bool:
        """Whether the source is in this format; looks at names and first bytes, and fails at nothing."""

    def read(self, source: Source, wanted: Wanted) -> Log:
        """All trials of the source.

        Raises:
            InvalidFile: It is not what it seemed, with the place.
        """
