"""What happens in a run, told as it happens: who may listen, what they know, and plain lines of text.

A runner tells, and an observer listens; neither looks at the other. An observer never changes a run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol, TextIO, TypeAlias

from advisor.model import Values
from advisor.plan import Plan, Stage
from advisor.space import same, shown_value
from advisor.trials import Result, StageResult, Trial, is_better
from advisor.words import counted

Clock: TypeAlias = Callable[[], float]
"""Seconds since some moment, such as ``time.monotonic``."""


class Observer(Protocol):
    """Who is told what happens in a run, by one thread at a time, each thing once."""

    def run_began(self, plan: Plan, resumed: int) -> None:
        """A run begins; so many trials were there already, and are told again with numbers below that."""

    def stage_began(self, stage: Stage, log: tuple[str, ...], done: int) -> None:
        """A stage begins, as it is searched; what was decided for it, and how many of its trials were there."""

    def trial_ended(self, number: int, trial: Trial) -> None:
        """A trial ended, here or elsewhere; counted from 0 over the whole run in the order in which they end."""

    def stage_ended(self, result: StageResult) -> None:
        """A stage has its trials."""

    def run_ended(self, result: Result) -> None:
        """The run is over, finished or not; nothing is told after this."""

    def remark(self, text: str) -> None:
        """Something that a person should know, such as a trial that is tried again."""


class Silent:
    """An observer that says nothing."""

    def run_began(self, plan: Plan, resumed: int) -> None:
        """Say nothing."""

    def stage_began(self, stage: Stage, log: tuple[str, ...], done: int) -> None:
        """Say nothing."""

    def trial_ended(self, number: int, trial: Trial) -> None:
        """Say nothing."""

    def stage_ended(self, result: StageResult) -> None:
        """Say nothing."""

    def run_ended(self, result: Result) -> None:
        """Say nothing."""

    def remark(self, text: str) -> None:
        """Say nothing."""


# What is known of a run

_MOST_POINTS: Final = 100
"""Of the curve: more than any line shows."""


class Seen(NamedTuple):
    """What was told of a run up to a moment.

    Attributes:
        plan: What is run.
        stage: The stage that is searched now; before the first begins, the plan's first.
        resumed: Trials that were there when the run began.
        done: Trials that have ended, those that were there included.
        here: Trials of this stage that have ended.
        default: The value of the library's default, once it is known.
        best: The best value.
        curve: Values that were the best when they came, and after how many trials; of very many, every second.
        failed: Trials that failed.
        pruned: Trials that were stopped early.
        reason: Why the last of those that failed did.
    """

    plan: Plan
    stage: Stage
    resumed: int
    done: int
    here: int = 0
    default: float | None = None
    best: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    failed: int = 0
    pruned: int = 0
    reason: str = ""

    @classmethod
    def at_the_beginning(cls, plan: Plan, resumed: int) -> Seen:
        """What is known before anything has happened."""
        return cls(plan=plan, stage=plan.stages[0], resumed=resumed, done=resumed)

    def in_stage(self, stage: Stage, done: int) -> Seen:
        """What is known once a stage begins of which so many trials were there."""
        return self._replace(stage=stage, here=done)

    def after(self, number: int, trial: Trial) -> Seen:
        """What is known once a trial has ended."""
        new = int(number >= self.resumed)
        seen = self._replace(done=self.done + new, here=self.here + (new if trial.stage == self.stage.id else 0))
        if trial.state == "failed":
            return seen._replace(failed=self.failed + 1, reason=in_one_line(trial.reason or "no reason"))
        if trial.state == "pruned":
            return seen._replace(pruned=self.pruned + 1)
        return seen.with_value(number, trial)

    def with_value(self, number: int, trial: Trial) -> Seen:
        """What is known once a value is: the best, and the default where the trial is that."""
        value = trial.value
        if value is None:
            return self
        default = value if self.default is None and is_default(self.plan, trial.config) else self.default
        if self.best is not None and not is_better(value, self.best, self.plan.objective.direction):
            return self if default is self.default else self._replace(default=default)
        earlier = self.curve if len(self.curve) < _MOST_POINTS else self.curve[::2]
        return self._replace(default=default, best=value, curve=(*earlier, (number + 1, value)))

    @property
    def gain(self) -> float | None:
        """How much better than the default the best is."""
        if self.best is None or self.default is None:
            return None
        return self.best - self.default if self.plan.objective.direction == "maximize" else self.default - self.best

    @property
    def place(self) -> str:
        """The stage and its place among the stages: ``stage 2/3 important``."""
        return f"stage {self.stage.id}/{len(self.plan.stages)} {self.stage.name}"


def is_default(plan: Plan, config: Values) -> bool:
    """Whether the configuration is the library's default, where the plan evaluates that."""
    start = plan.stages[0].start
    if not plan.bar.library_default or not start:
        return False
    return all(same(value, start[0][name]) for name, value in config.items() if name in start[0])


_FIGURES: Final = re.compile(r"[\d.]+")
"""What differs between failures of one kind."""


def kind(reason: str) -> str:
    """What failures of one kind have in common: the reason without its figures."""
    return _FIGURES.sub("#", reason)


def gained(gain: float, default: float) -> str:
    """A gain, and its share of the default's value: ``0.0147 (14 %)``."""
    share = abs(gain / default) * 100 if default else 0.0
    return shown_value(gain) + (f" ({share:{'.0f' if share >= 10 else '.2g'}} %)" if share else "")


def in_one_line(text: str) -> str:
    """Text of anybody in one line: line ends become spaces, and what would steer a terminal is left out."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


# Plain lines

_LONGEST_REASON: Final = 300
"""Letters of a reason that are shown; some libraries put a whole table into a message."""
_MOST_KINDS: Final = 20
"""Kinds of failure that are told one by one; more are counted at the end."""
_SECONDS_BETWEEN: Final = 1.0
"""Between two lines about trials."""
_SECONDS_OF_SILENCE: Final = 600.0
"""After which a trial is told that is neither better nor a further twentieth."""
_PARTS: Final = 20
"""Parts of a stage, at the end of each of which a line says how far it is."""


class Lines:
    """One plain line for what is worth one, for logs and pipes.

    Of trials these are told: the first failure of each kind; and, at most one a second, what is better than all
    before, the end of each twentieth of a stage, and one after ten minutes of silence.
    """

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._seen: Seen | None = None
        self._told_best: float | None = None
        self._told_part = 0
        self._told_at = float("-inf")
        self._kinds: set[str] = set()

    def run_began(self, plan: Plan, resumed: int) -> None:
        """Say what is run."""
        self._seen = Seen.at_the_beginning(plan, resumed)
        for line in beginning(plan, resumed):
            self._write(line)

    def stage_began(self, stage: Stage, log: tuple[str, ...], done: int) -> None:
        """Say what is searched, and what was decided."""
        assert self._seen is not None  # noqa: S101 - a run begins before its stages
        self._seen = self._seen.in_stage(stage, done)
        self._told_part = done * _PARTS // stage.trials
        for line in stage_beginning(self._seen, log):
            self._write(line)

    def trial_ended(self, number: int, trial: Trial) -> None:
        """Say how the trial ended, if that is worth a line."""
        assert self._seen is not None  # noqa: S101 - a run begins before its trials
        self._seen = seen = self._seen.after(number, trial)
        if number >= seen.resumed and (self._is_new_failure(trial) or self._is_due(seen)):
            self._told_best, self._told_part = seen.best, self._part(seen)
            self._told_at = self._clock()
            self._write(f"{seen.place}  trial {number + 1}/{seen.plan.budget.trials}  {ending(seen, trial)}")

    def _is_new_failure(self, trial: Trial) -> bool:
        if trial.state != "failed" or len(self._kinds) >= _MOST_KINDS:
            return False
        kind_here = kind(trial.reason or "")
        is_new = kind_here not in self._kinds
        self._kinds.add(kind_here)
        return is_new

    def _is_due(self, seen: Seen) -> bool:
        """Whether there is something to say and it is not too soon."""
        silent = self._clock() - self._told_at
        is_news = seen.best != self._told_best or self._part(seen) > self._told_part
        return silent >= (_SECONDS_BETWEEN if is_news else _SECONDS_OF_SILENCE)

    @staticmethod
    def _part(seen: Seen) -> int:
        return seen.here * _PARTS // seen.stage.trials

    def stage_ended(self, result: StageResult) -> None:
        """Say how many trials it had, and the best."""
        assert self._seen is not None  # noqa: S101 - a stage has begun
        self._write(stage_ending(self._seen, result))

    def run_ended(self, result: Result) -> None:
        """Say whether it finished, and the best."""
        self._write(run_ending(result))

    def remark(self, text: str) -> None:
        """Say it."""
        self._write(in_one_line(text))

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def beginning(plan: Plan, resumed: int) -> Iterator[str]:
    """What is run, and how much of it was there."""
    trials, stages = counted(plan.budget.trials, "trial"), counted(len(plan.stages), "stage")
    yield f"{plan.spec.name}: {trials} in {stages}, {plan.objective.direction} {plan.objective.metric}"
    if resumed:
        verb = "was" if resumed == 1 else "were"
        yield f"{counted(resumed, 'trial')} {verb} there already; the run goes on from them"


def stage_beginning(seen: Seen, log: tuple[str, ...]) -> Iterator[str]:
    """What a stage searches, for how many trials, and what was decided for it."""
    there = f", {seen.here} there already" if seen.here else ""
    searched = f"  searches {', '.join(seen.stage.search)}" if seen.stage.search else ""
    yield f"{seen.place}  {counted(seen.stage.trials, 'trial')}{there}{searched}"
    for entry in log:
        yield f"{seen.place}  {in_one_line(entry)}"


def ending(seen: Seen, trial: Trial) -> str:
    """How a trial ended, beside the best and the bar: ``log_loss 0.0931  best 0.0874 (default 0.1021)``."""
    best = "" if seen.best is None else f"  best {_shown(seen.best)}{_against(seen.default)}"
    if trial.state == "complete":
        return f"{seen.plan.objective.metric} {_shown(trial.value)}{best}"
    reason = in_one_line(trial.reason or "no reason")
    return f"{trial.state}: {reason[:_LONGEST_REASON]}{best}"


def stage_ending(seen: Seen, result: StageResult) -> str:
    """How many trials a stage had, how they ended, and its best."""
    parts = [counted(result.trials, "trial")]
    parts += [f"{number} {word}" for number, word in ((result.failed, "failed"), (result.pruned, "pruned")) if number]
    parts += [] if result.best is None else [f"best {_shown(result.best)}"]
    return f"{seen.place}  done: {', '.join(parts)}"


def run_ending(result: Result) -> str:
    """Whether a run finished, and the best."""
    best = "no trial completed" if result.value is None else f"best {_shown(result.value)}"
    state = "finished" if result.finished else "stopped before every stage had its trials"
    return f"{state}: {counted(len(result.trials), 'trial')}, {best}{_against(result.default)}"


def _shown(value: float | None) -> str:
    return "none" if value is None else shown_value(value)


def _against(default: float | None) -> str:
    return "" if default is None else f" (default {_shown(default)})"


# Several


class Together:
    """Several observers as one; one that fails is told of and left out, so that no run dies of being watched."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def run_began(self, plan: Plan, resumed: int) -> None:
        """Tell each."""
        self._tell(lambda observer: observer.run_began(plan, resumed))

    def stage_began(self, stage: Stage, log: tuple[str, ...], done: int) -> None:
        """Tell each."""
        self._tell(lambda observer: observer.stage_began(stage, log, done))

    def trial_ended(self, number: int, trial: Trial) -> None:
        """Tell each."""
        self._tell(lambda observer: observer.trial_ended(number, trial))

    def stage_ended(self, result: StageResult) -> None:
        """Tell each."""
        self._tell(lambda observer: observer.stage_ended(result))

    def run_ended(self, result: Result) -> None:
        """Tell each."""
        self._tell(lambda observer: observer.run_ended(result))

    def remark(self, text: str) -> None:
        """Tell each."""
        self._tell(lambda observer: observer.remark(text))

    def _tell(self, event: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                event(observer)
            except Exception as error:  # noqa: BLE001 - a logging library can fail in any way
                self._observers = tuple(other for other in self._observers if other is not observer)
                name = type(observer).__name__
                self.remark(f"{name} failed and is left out from here on: {type(error).__name__}: {error}")
