"""The stages of a run as studies of Optuna: one study a stage, set up once, with exactly its number of trials.

Studies are named ``<name>, run 1, stage 2``. Narrowing ranges inside one study would end a sampler's joint model, so
each stage has a study of its own, and earlier trials that lie in its ranges are copied into it.

A configuration that is proposed although it has a value in this run is not evaluated again: the study is told that
value, and another one is asked for.

A process may be killed between any two writes. So a trial whose process died is enqueued again before it is given up:
its second try counts from the moment in which the first no longer does, and of several second tries only the first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import optuna
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState, create_trial

from advisor import suggesting
from advisor.errors import AdvisorError
from advisor.objectives import Outcome
from advisor.plan import Plan, Stage
from advisor.runners._attributes import (
    CARRIED,
    CONFIG,
    GIVEN,
    HERE,
    REASON,
    RETRY,
    SEED,
    UNDONE,
    VOID,
    begun_with,
    is_void,
    placeless,
    results,
    trial_of,
)
from advisor.runners._processes import UNNAMED, Place, Watch
from advisor.space import Value, contains, same
from advisor.trials import Trial

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.study import Study

_MOST_REJECTED: Final = 200
"""Configurations in a row that break a constraint, after which the search gives up."""
PAUSE: Final = 0.2
"""Seconds between two looks at what other processes do."""


class NoneKeepsConstraints(AdvisorError):
    """So many configurations were drawn, and each breaks a constraint of the plan."""


class Asked(NamedTuple):
    """A trial to evaluate; the seed is None where it is the run's own."""

    number: int
    config: dict[str, Value]
    seed: int | None = None


class StageStudy:
    """The study of one stage, as one of the processes that share it sees it.

    Args:
        study: The study, set up.
        plan: The plan that is run.
        stage: The stage as it is searched.
    """

    def __init__(self, study: Study, plan: Plan, stage: Stage) -> None:
        self.stage = stage
        self.running: dict[int, optuna.Trial] = {}
        self._made: dict[int, Trial] = {}
        self._values: dict[frozenset[tuple[str, Value]], float] = {}
        self._read = 0  # trials before this one have all ended, and their values are known
        self._study = study
        self._plan = plan
        self._all = 0
        self._placeless: set[int] = set()
        self._waiting: set[int] = set()
        self._look()

    def _look(self) -> None:
        """See what all processes have done."""
        trials = self._trials()
        self._all = len(trials)
        self._placeless = placeless(trials)
        self._waiting = {t.number for t in trials if t.state == TrialState.WAITING}

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    # Trials to evaluate

    def ask(self) -> Asked | None:
        """The next trial, or None where the stage has as many as it is to have.

        Raises:
            NoneKeepsConstraints: Nothing that is drawn keeps the plan's constraints.
        """
        rejected = repeated = 0
        while rejected < _MOST_REJECTED:
            if not self._has_room():
                return None
            trial = self._study.ask()
            self._all = max(self._all, trial.number + 1)
            self._waiting.discard(trial.number)
            attributes = trial.user_attrs
            if (unwanted := self._unwanted(trial.number, attributes.get(RETRY))) is not None:
                self._void(trial, unwanted)
                return None
            config = self._config(trial, attributes.get(CONFIG))
            broken = next((c.expression for c in self._plan.constraints if not c.keeps(config)), None)
            if broken is not None:
                self._void(trial, f"breaks {broken}")
                rejected += 1
                continue
            is_drawn = not {CONFIG, RETRY} & attributes.keys()
            value = self._value_of(config) if is_drawn and repeated < suggesting.MOST_REPEATED else None
            if value is None:
                self.running[trial.number] = trial
                return Asked(trial.number, config, attributes.get(SEED))
            self._repeat(trial, value)
            repeated += 1
            rejected = 0
        kept = ", ".join(constraint.expression for constraint in self._plan.constraints)
        sentence = f"stage {self.stage.id}: {_MOST_REJECTED} configurations in a row break a constraint ({kept})"
        raise NoneKeepsConstraints(f"{sentence}; change the ranges so that more of them keep it")

    def _has_room(self) -> bool:
        if self._all - len(self._placeless) < self.stage.trials:
            return True
        self._look()
        return bool(self._waiting) or self._all - len(self._placeless) < self.stage.trials

    def _unwanted(self, number: int, first: int | None) -> str | None:
        """Why a trial that was begun, perhaps as the second try of another, is not to be evaluated, if so."""
        if first is None:
            return "one too many" if self._is_one_too_many(number) else None
        trials = self._trials()
        others = any(other.user_attrs.get(RETRY) == first and not is_void(other) for other in trials[:number])
        has_ended = trials[first].state.is_finished() and not is_void(trials[first])
        return "has had its second try" if others or has_ended else None

    def _is_one_too_many(self, number: int) -> bool:
        """Whether all places went to trials that were begun before: another process may have taken the last one.

        A trial has fewer before it the more is known, never more; so what is found to have a place keeps it.
        """
        if self._rank(number) < self.stage.trials:
            return False
        self._look()
        return self._rank(number) >= self.stage.trials

    def _rank(self, number: int) -> int:
        return number - sum(other < number for other in self._placeless)

    def _config(self, trial: optuna.Trial, known: Mapping[str, Value] | None) -> dict[str, Value]:
        if known is None:
            return suggesting.suggest(trial, self.stage)
        for name, searched in self.stage.search.items():
            if name in known or self.stage.proposes_all:
                suggesting.suggested(trial, name, searched)
        return dict(known)

    def _value_of(self, config: Mapping[str, Value]) -> float | None:
        """The value that the configuration had in this run; none where it failed, was ended early or is running."""
        trials = self._trials()
        for trial in trials[self._read :]:
            if trial.state == TrialState.COMPLETE:
                self._as_trial(trial)
        running = (number for number in range(self._read, len(trials)) if not trials[number].state.is_finished())
        self._read = next(running, len(trials))
        return self._values.get(frozenset(config.items()))

    def _repeat(self, trial: optuna.Trial, value: float) -> None:
        """End a trial whose configuration has a value already."""
        trial.set_user_attr(CARRIED, HERE)
        self._placeless.add(trial.number)
        with suppress(UpdateFinishedTrialError):  # another process took this one for dead
            self._study.tell(trial, value)

    def _void(self, trial: optuna.Trial, why: str) -> None:
        trial.set_user_attr(VOID, why)
        self._placeless.add(trial.number)
        self._study.tell(trial, state=TrialState.PRUNED)

    # Trials that are evaluated

    def report(self, number: int, step: int, value: float) -> bool:
        """Keep a value on the way; whether the trial is to be ended, as it fell behind or was given up for dead."""
        trial = self.running[number]
        try:
            trial.report(value, step)
        except UpdateFinishedTrialError:
            return True
        return trial.should_prune()

    def tell(self, number: int, outcome: Outcome) -> Trial | None:
        """Keep how a trial ended; None where another process had given it up for dead."""
        trial = self.running[number]
        states = {"complete": TrialState.COMPLETE, "failed": TrialState.FAIL, "pruned": TrialState.PRUNED}
        try:
            if outcome.reason is not None:
                trial.set_user_attr(REASON, outcome.reason)
            told = self._study.tell(trial, outcome.value, state=states[outcome.state])
        except (ValueError, UpdateFinishedTrialError):
            return None
        finally:
            del self.running[number]  # only now: a trial that nobody names is taken for an orphan
        return self._as_trial(told)

    # What others do

    def is_over(self) -> bool:
        """Whether every trial of the stage has ended."""
        return not self._has_room() and not any(not t.state.is_finished() for t in self._trials())

    def adopt_orphans(self, watch: Watch) -> list[str]:
        """Give the trials of processes that are dead another try, once; what was done, in words."""
        trials = self._trials()
        begun = [t.number for t in trials if t.state == TrialState.RUNNING and t.number not in self.running]
        orphans = watch.orphans((self.stage.id, number) for number in begun)
        told = [self._begun_again(trials, number, "its process ended") for _, number in orphans]
        self._look()
        return [text for text in told if text]

    def lost(self, number: int, why: str) -> str:
        """Give a trial of this process whose place is gone another try, once; what was done, in words."""
        told = self._begun_again(self._trials(), number, why)
        del self.running[number]
        self._look()
        return told

    def give_back(self, number: int, why: str) -> None:
        """Undo a trial of this process: its configuration is asked for again, as if it had never been."""
        trial = self._trials()[number]
        known: dict[str, Any] = {key: trial.user_attrs[key] for key in GIVEN if key in trial.user_attrs}
        first = trial.user_attrs.get(RETRY, number)  # whose place it has
        self._study.enqueue_trial(begun_with(trial), user_attrs={**known, RETRY: first, UNDONE: True})
        self._give_up(trial, VOID, why)
        del self.running[number]
        self._look()

    def _begun_again(self, trials: Sequence[FrozenTrial], number: int, why: str) -> str:
        trial, name = trials[number], f"trial {number + 1} of stage {self.stage.id}"
        if RETRY in trial.user_attrs and UNDONE not in trial.user_attrs:
            self._give_up(trial, REASON, f"{why}, twice")
            return f"{name} failed: {why}, twice"
        if {VOID, CARRIED} & trial.user_attrs.keys() or self._is_one_too_many(number):
            self._give_up(trial, VOID, "one too many")
            return ""
        first = trial.user_attrs.get(RETRY, number)
        if not any(other.user_attrs.get(RETRY) == first for other in trials[number + 1 :]):
            known: dict[str, Any] = {key: trial.user_attrs[key] for key in GIVEN if key in trial.user_attrs}
            self._study.enqueue_trial(begun_with(trial), user_attrs={**known, RETRY: first})
        self._give_up(trial, VOID, why)
        return f"{name} was running when {why}; it is tried again"

    def _give_up(self, trial: FrozenTrial, key: str, why: str) -> None:
        """Let a trial fail, unless another process was faster."""
        with suppress(ValueError, UpdateFinishedTrialError):
            if key not in trial.user_attrs:
                self._study._storage.set_trial_user_attr(trial._trial_id, key, why)  # noqa: SLF001 - has no other name
            self._study.tell(trial.number, state=TrialState.FAIL)

    # What there is

    def ended(self) -> list[tuple[int, Trial]]:
        """The trials that have ended and count, in the order in which they did, each with its number."""
        over = results(self._trials())
        over.sort(key=lambda t: (t.datetime_complete, t.number))
        return [(t.number, self._as_trial(t)) for t in over]

    def _as_trial(self, trial: FrozenTrial) -> Trial:
        """A trial that has ended as one of ours; it never changes any more, so it is made once."""
        if trial.number not in self._made:
            made = self._made[trial.number] = trial_of(self.stage, trial)
            if made.value is not None and trial.user_attrs.get(CARRIED, HERE) is not None:
                self._values[frozenset(made.config.items())] = made.value
        return self._made[trial.number]

    def carried(self) -> int:
        """How many earlier trials the study knows."""
        return sum(t.user_attrs.get(CARRIED, HERE) != HERE for t in self._trials())


# Setting up

Known: TypeAlias = tuple[Mapping[str, Value], int | None]
"""A configuration to evaluate before any is drawn, and its seed unless that is the run's own."""


def set_up(
    storage: BaseStorage,
    name: str,
    plan: Plan,
    stage: Stage,
    earlier: Iterable[Trial],
    first: Sequence[Known],
    *,
    sampler: BaseSampler,
    pruner: BasePruner,
    watch: Watch | None,
) -> StageStudy:
    """The study of a stage, made by the first process that asks for it, with known configurations and earlier trials.

    If that process dies while it does so, the next one makes another.
    """
    for attempt in count(1):
        label = name if attempt == 1 else f"{name}, attempt {attempt}"
        given: Mapping[str, Any] = {"study_name": label, "storage": storage, "sampler": sampler, "pruner": pruner}
        with claimed(watch, stage):
            try:
                study = optuna.create_study(**given, direction=plan.objective.direction)
            except DuplicatedStudyError:
                pass
            else:
                _fill(study, stage, earlier, first)
                return StageStudy(study, plan, stage)
        study = optuna.load_study(**given)
        if _is_ready(study, watch, (stage.id, UNNAMED - attempt)):
            break
    return StageStudy(study, plan, stage)


def claimed(watch: Watch | None, stage: Stage) -> AbstractContextManager[None]:
    """Let no other process take for dead what this one begins in a stage."""
    return nullcontext() if watch is None else watch.unnamed(stage.id)


def _fill(study: Study, stage: Stage, earlier: Iterable[Trial], first: Sequence[Known]) -> None:
    known = [trial for one in earlier if (trial := _carried(stage, one)) is not None]
    study.add_trials(known[-_MOST_MODELLED:] if stage.sampler.name == "gp" else known)
    for config, seed in first[: stage.trials]:
        searched = {name: value for name, value in config.items() if name in stage.search}
        study.enqueue_trial(suggesting.unproposed(stage) | searched, user_attrs={CONFIG: dict(config), SEED: seed})
    study.set_user_attr(_READY, value=True)


_READY: Final = "ready"
_MOST_MODELLED: Final = 200
"""Earlier trials that a Gaussian process is told, the latest ones: its time grows with their cube."""


def _is_ready(study: Study, watch: Watch | None, place: Place) -> bool:
    """Wait until the study is set up; False where the process that began to is dead."""
    while not study.user_attrs.get(_READY):
        if watch is None or watch.orphans([place]):
            return bool(study.user_attrs.get(_READY))
        time.sleep(PAUSE)
    return True


def _carried(stage: Stage, trial: Trial) -> FrozenTrial | None:
    """An earlier trial as one of the stage, or None where the stage could not propose it."""
    params = {name: trial.config[name] for name in stage.search if name in trial.config}
    if trial.state != "complete" or not all(contains(stage.search[n].domain, v) for n, v in params.items()):
        return None
    config = suggesting.configuration(stage, dict.fromkeys(stage.search) | params)
    # What was measured to have no effect may differ, and other tools' trials say only what was searched.
    ignored = {name for name, held in stage.fixed.items() if held.measured or name not in trial.config}
    told = {name: value for name, value in trial.config.items() if name not in ignored}
    if config.keys() - ignored != told.keys() or not all(same(config[name], told[name]) for name in told):
        return None
    params = suggesting.unproposed(stage) | params
    known = {name: suggesting.distribution(name, stage.search[name]) for name in params}
    return create_trial(params=params, distributions=known, value=trial.value, user_attrs={CARRIED: trial.stage})
