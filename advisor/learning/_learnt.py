"""What was learnt from trials over several tasks, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from advisor.importance.table import Config
from advisor.knowledge import Confidence, Family, SearchRange
from advisor.learning._figures import Interval
from advisor.learning._trends import Trend
from advisor.space import Domain, Value

_MANY: int = 10
"""Tasks from which on a figure is one measured on many data sets."""


@dataclass(frozen=True, kw_only=True)
class LearntParameter:
    """What the tasks say of one parameter.

    Attributes:
        good: Where good configurations lie on most tasks; for a list, the values that they have.
        search: Where to search: the good values beside the known range, by the number of tasks; None where the known
            range stays.
        best: Its value in the configuration that is best in the mean.
        start: What to hold it at: the best value beside the known one, by the number of tasks.
        gain: What tuning it alone is worth from that configuration, in units of the metric, in the mean over tasks.
        share: Of the variance over the space of the trials, by itself; in the mean over tasks.
        tasks: On how many of them it had an effect.
    """

    good: Domain
    search: SearchRange | None
    best: Value
    start: Value
    gain: Interval
    share: Interval
    tasks: int


@dataclass(frozen=True, kw_only=True)
class LearntStart:
    """A configuration to begin with.

    Attributes:
        values: By the family's names.
        alone: Its normalised error in the mean over tasks.
        reached: The best normalised error of this and all before it, in the mean over tasks.
    """

    values: Config
    alone: float
    reached: float

    def without(self, names: Collection[str]) -> LearntStart:
        """The start without what has no effect in any task."""
        return replace(self, values={name: value for name, value in self.values.items() if name not in names})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The best normalised error in the mean over tasks, of a few configurations tried on each.

    Attributes:
        learnt: Of starts that were learnt without the task, a fifth of the tasks at a time.
        known: Of the starts that the family had; None where the trials cannot value them.
        random: Of as many of the task's own trials as there are starts, drawn at random.
    """

    learnt: Interval
    known: Interval | None
    random: Interval


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What was learnt.

    Attributes:
        family: As it was known before, with what it did not know as it was tried.
        tasks: How many there were.
        trials: How many complete trials on all of them together.
        parameters: By name, in the family's order; those that varied.
        starts: Best first.
        pairs: Share of the variance of two parameters together, beyond what each explains by itself.
        trends: How figures go with facts of the tasks.
        judged: What the starts are worth on tasks that they were not learnt from; None for fewer than two tasks.
        metric: What gains are in units of.
        source: Where the trials come from, in the person's words.
        remarks: What was left out, in sentences.
        own: Parameters that the shipped family does not have, each with the one that it would be; empty if none.
    """

    family: Family
    tasks: int
    trials: int
    parameters: Mapping[str, LearntParameter]
    starts: tuple[LearntStart, ...]
    pairs: Mapping[tuple[str, str], Interval]
    trends: tuple[Trend, ...] = ()
    judged: Judged | None = None
    metric: str = "metric"
    source: str = "trials"
    remarks: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def confidence(self) -> Confidence:
        """As the knowledge base has it: one measurement, on many data sets or on few."""
        return "medium" if self.tasks >= _MANY else "low"
