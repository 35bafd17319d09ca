"""Optuna: one study a stage, in memory, in a file or on a server that any number of processes share."""

from __future__ import annotations

import re
import signal
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.exceptions import DuplicatedStudyError

from advisor import handover, workers
from advisor.errors import InvalidFile, Problem
from advisor.objectives import BadObjective, Ended, Lost, Objective, Report
from advisor.plan import Plan, Stage
from advisor.runners import Options, _attributes, _plans, _results, _samplers, _storage, _studies
from advisor.runners._processes import Watch
from advisor.runners._studies import PAUSE, Asked, Known, StageStudy
from advisor.trials import Repeated, Result, StageResult, Trial

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study

    from advisor.workers import Workers

_MOST_FAILED: Final = 5
"""Trials that fail before any is complete, after which a run stops: the objective is broken, not the configuration."""
_PATIENCE: Final = 5.0
"""Seconds that a process has to say with which plan it begins a run."""


def run(plan: Plan, objective: Objective | str, options: Options) -> Result:
    """All stages of the plan; see ``advisor.run``.

    Raises:
        InvalidFile: The options speak of a cluster.
    """
    if options.address is not None or options.resources:
        sentence = "addresses and resources are those of a cluster, and the engine optuna has none"
        raise InvalidFile([Problem(sentence=sentence, hint="name the engine ray")])
    # The places first: an objective that cannot be found leaves no empty file behind.
    with closing(workers.opened(objective, count=options.workers, timeout=options.timeout)) as places:
        return run_at(nullcontext(places), plan, options)


def run_at(places: AbstractContextManager[Workers], plan: Plan, options: Options) -> Result:
    """All stages of the plan, evaluated at these places, which are entered once the storage is open."""
    storage = _storage.opened(options.storage)
    try:
        with _quiet(), places as opened, _interrupted(options) as interrupt, _storage.used(options.storage):
            session = _Session(plan, options, storage, opened, interrupt)
            with session.watched():
                return session.run()
    finally:
        if isinstance(options.storage, str):
            _storage.close(storage)


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna tells less while we tell."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def _interrupted(options: Options) -> Iterator[threading.Event]:
    """What is set by Ctrl-C, once; the second time is an interrupt as usual."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def stop(*_: object) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()
        text = "interrupted: running trials are finished, the same again goes on from here; Ctrl-C again leaves at once"
        options.observer.remark(text)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


class _Session:
    """One process's part in a run."""

    def __init__(
        self, plan: Plan, options: Options, storage: BaseStorage, places: Workers, interrupt: threading.Event
    ) -> None:
        self._plan = plan
        self._options = options
        self._storage = storage
        self._places = places
        self._interrupt = interrupt
        self._observer = options.observer
        self._study: StageStudy | None = None
        self._told: set[tuple[int, int]] = set()
        self._works = False
        self._doubted: list[Ended] = []
        self._name = _run_name(plan, options, storage)
        root = self._begun()
        self._watch = None if isinstance(storage, optuna.storages.InMemoryStorage) else Watch(root, self._running)

    def _begun(self) -> Study:
        """The study that holds the plan with which the run was begun: this one, or it is refused."""
        given: Mapping[str, Any] = {"storage": self._storage, "study_name": self._name}
        essentials = _plans.essentials(self._plan, self._options.seed, self._options.earlier)
        try:
            root = optuna.create_study(**given)
        except DuplicatedStudyError:
            root = optuna.load_study(**given)
            until = time.monotonic() + _PATIENCE
            while (begun := root.user_attrs.get("plan")) is None and time.monotonic() < until:
                time.sleep(PAUSE)
            if begun is not None:
                _plans.check(begun, essentials, _storage.shown(self._options.storage))
                return root
        root.set_user_attr("plan", essentials)
        return root

    def _running(self) -> list[tuple[int, int]]:
        study = self._study
        return [] if study is None else [(study.stage.id, number) for number in list(study.running)]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Let other processes see that this one is alive."""
        if self._watch is None:
            yield
            return
        self._watch.begin()
        try:
            yield
        finally:
            self._watch.end()

    # Stages

    def run(self) -> Result:
        """All stages, one after the other, as far as there is no interrupt."""
        self._observer.run_began(self._plan, self._count_ended())
        for process in self._watch.others() if self._watch is not None else ():
            self._observer.remark(f"{process} is at this run too; they share its trials")
        # Of a run before, whose stages these are not.
        before = [trial.model_copy(update={"stage": None}) for trial in self._options.earlier]
        results: list[StageResult] = []
        searched: dict[int, Stage] = {}
        trials: list[Trial] = []
        stage = self._plan.stages[0]
        for planned in self._plan.stages:
            handed = handover.following(self._plan, planned, searched, trials)
            stage = handed.stage
            known: list[Known] = [(start, None) for start in stage.start]
            ended, log = self._searched(stage, handed.log, [*before, *trials], known)
            searched[stage.id] = stage
            trials += ended
            results.append(_results.of_stage(self._plan, stage, ended, log))
            if len(ended) < stage.trials:
                break
            self._observer.stage_ended(results[-1])
        finished = len(trials) >= self._plan.budget.trials
        confirmed: Sequence[Repeated] = ()
        if finished and self._options.confirm:
            confirmed, finished = self._confirmed(stage, trials)
        result = _results.of_run(self._plan, results, trials, searched.values(), confirmed, finished=finished)
        self._observer.run_ended(result)
        return result

    def _searched(
        self, stage: Stage, log: tuple[str, ...], earlier: Sequence[Trial], known: Sequence[Known]
    ) -> tuple[list[Trial], tuple[str, ...]]:
        """The trials of a stage once all have ended, or those that have when there is an interrupt."""
        study = self._opened(stage, earlier, known)
        self._study = study
        if earlier and stage.search:
            complete = sum(trial.state == "complete" for trial in earlier)
            log = (*log, f"{study.carried()} of {complete} earlier trials lie in the ranges and are carried over")
        if text := _samplers.remark_on(stage):
            self._observer.remark(text)
        self._observer.stage_began(stage, log, len(study.ended()))
        self._tell_ended(study)
        self._search(study)
        return self._tell_ended(study), log

    def _opened(self, stage: Stage, earlier: Sequence[Trial], known: Sequence[Known]) -> StageStudy:
        return _studies.set_up(
            self._storage,
            f"{self._name}, stage {stage.id}",
            self._plan,
            stage,
            earlier,
            known,
            sampler=_samplers.sampler_of(
                stage, seed=self._options.seed, parallel=self._watch is not None or self._options.workers > 1
            ),
            pruner=_samplers.pruner_of(self._plan, stage),
            watch=self._watch,
        )

    def _confirmed(self, last: Stage, trials: Sequence[Trial]) -> tuple[Sequence[Repeated], bool]:
        """The finalists, evaluated again with other seeds, the same for all; none, and False, if interrupted."""
        finalists, repeats = _results.finalists(self._plan, trials)
        seeds = [self._options.seed + 1 + index for index in range(repeats)]
        known: list[Known] = [(finalist.config, seed) for seed in seeds for finalist in finalists]
        if not known:
            return (), True
        why = (f"{len(finalists)} finalists are evaluated again, each with {repeats} other seeds",)
        stage = Stage(id=last.id + 1, name="confirmation", trials=len(known), sampler=last.sampler, search={})
        again, _ = self._searched(stage, why, (), known)
        return (_results.repeated(finalists, again), True) if len(again) == len(known) else ((), False)

    # Trials

    def _search(self, study: StageStudy) -> None:
        """Evaluate trials until the stage has all of them, or until there is an interrupt and none runs here."""
        self._adopt(study)
        while True:
            is_full = not self._submit_all(study)
            if len(study.running) > len(self._doubted):
                self._wait(study)
            elif self._doubted and (is_full or self._interrupt.is_set()):
                self._tell_doubted(study)
            elif self._interrupt.is_set() or (is_full and study.is_over()):
                return
            else:
                time.sleep(PAUSE)
                self._tell_ended(study)
                self._adopt(study)

    def _submit_all(self, study: StageStudy) -> bool:
        """Give each free place a trial; False where there are no more."""
        while self._places.free and not self._interrupt.is_set():
            with _studies.claimed(self._watch, study.stage):
                asked = study.ask()
            if asked is None:
                return False
            self._submit(asked)
        return True

    def _submit(self, asked: Asked) -> None:
        seed = self._options.seed if asked.seed is None else asked.seed
        self._places.submit(asked.number, asked.config, seed)

    def _wait(self, study: StageStudy) -> None:
        for told in self._places.wait(1.0):
            match told:
                case Report(number=number, step=step, value=value):
                    self._places.answer(number, prune=study.report(number, step, value))
                case Ended():
                    self._end(study, told)
                case Lost(number=number, reason=reason):
                    self._lose(study, number, reason)

    def _end(self, study: StageStudy, ended: Ended) -> None:
        """Keep how a trial ended; failures before anything succeeds are doubted, as the objective may be broken."""
        if ended.outcome.state == "failed" and not self._works:
            self._doubted.append(ended)
            if len(self._doubted) >= max(_MOST_FAILED, 2 * self._options.workers):
                self._give_back(study)
            return
        self._works = True
        self._tell_doubted(study)
        self._keep(study, ended)

    def _give_back(self, study: StageStudy) -> None:
        """End a run in which nothing works, as if its trials had never been."""
        for ended in self._doubted:
            study.give_back(ended.number, "the objective was broken")
        raise BadObjective(
            f"all {len(self._doubted)} trials that were evaluated here failed, "
            f"the last with: {self._doubted[-1].outcome.reason}\n"
            "they are not counted: mend the objective and run the same again"
        )

    def _tell_doubted(self, study: StageStudy) -> None:
        for ended in self._doubted:
            self._keep(study, ended)
        self._doubted.clear()

    def _keep(self, study: StageStudy, ended: Ended) -> None:
        trial = study.tell(ended.number, ended.outcome)
        if trial is None:
            text = f"trial {ended.number + 1} had been given up by another process; its value is dropped"
            self._observer.remark(text)
            return
        self._tell(study.stage.id, ended.number, trial)

    def _lose(self, study: StageStudy, number: int, reason: str) -> None:
        if text := study.lost(number, reason):
            self._observer.remark(text)
        self._tell_ended(study)

    def _adopt(self, study: StageStudy) -> None:
        if self._watch is not None:
            for text in study.adopt_orphans(self._watch):
                self._observer.remark(text)

    # What is told

    def _count_ended(self) -> int:
        """How many of the plan's trials are there; the confirmation is beyond its budget."""
        begins = (f"{self._name}, stage {stage.id}" for stage in self._plan.stages)
        pattern = re.compile(rf"(?:{'|'.join(map(re.escape, begins))})(?:, attempt \d+)?")
        names = filter(pattern.fullmatch, optuna.get_all_study_names(self._storage))
        studies = (optuna.load_study(study_name=name, storage=self._storage) for name in names)
        return sum(_attributes.count_ended(study) for study in studies)

    def _tell_ended(self, study: StageStudy) -> list[Trial]:
        """Tell of the trials that other processes, or earlier ones, have evaluated; all that have ended."""
        ended = study.ended()
        for number, trial in ended:
            self._tell(study.stage.id, number, trial)
        return [trial for _, trial in ended]

    def _tell(self, stage: int, number: int, trial: Trial) -> None:
        """Tell of a trial of the plan's own stages, once; the confirmation is beyond its budget."""
        if stage <= len(self._plan.stages) and (stage, number) not in self._told:
            self._observer.trial_ended(len(self._told), trial)
            self._told.add((stage, number))


def _run_name(plan: Plan, options: Options, storage: BaseStorage) -> str:
    """The name of the last run that is there under the plan's name, or of the next."""
    name = options.name or plan.spec.name
    pattern = re.compile(rf"{re.escape(name)}, run (\d+)")
    found = [int(m[1]) for n in optuna.get_all_study_names(storage) if (m := pattern.fullmatch(n))]
    last = max(found, default=0)
    return f"{name}, run {last if last and options.resume else last + 1}"
