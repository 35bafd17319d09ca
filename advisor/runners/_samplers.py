"""The samplers and pruners of Optuna that a plan asks for."""

from __future__ import annotations

import random
import warnings
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import BaseSampler

from advisor import suggesting
from advisor.plan import Plan, Stage
from advisor.runners._attributes import CARRIED, HERE
from advisor.runners._winsorized import WinsorizedGPSampler
from advisor.space import Choice, Domain, Value, clip, is_number, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState


def sampler_of(stage: Stage, *, seed: int, parallel: bool) -> BaseSampler:
    """What proposes the trials of a stage.

    Args:
        stage: The stage; its own seed is mixed with the run's.
        seed: Of the run.
        parallel: Whether other trials run at the same time, which a sampler should keep away from.

    A Gaussian process needs torch; where that is missing, TPE takes its place.
    """
    make: Callable[..., BaseSampler] = partial(
        optuna.samplers.TPESampler,
        n_startup_trials=stage.sampler.startup,
        multivariate=True,
        group=any(s.when for s in stage.search.values()) and not stage.proposes_all,
        constant_liar=parallel,
    )
    match stage.sampler.name:
        case "quasi-random":
            return QuasiRandom(stage, _mixed(seed, stage.sampler.seed))
        case "random":
            make = optuna.samplers.RandomSampler
        case "gp" if find_spec("torch") is not None:
            process = WinsorizedGPSampler if stage.sampler.winsorized else optuna.samplers.GPSampler
            modelled = partial(process, n_startup_trials=stage.sampler.startup)
            make = partial(InTurns, modelled, make, every=stage.sampler.tpe_every)
    return SeededAtFirstTrial(make, seed, stage.sampler.seed)


def remark_on(stage: Stage) -> str:
    """What takes the place of a stage's sampler, as that needs a package which is not installed; empty if nothing."""
    if stage.sampler.name != "gp" or find_spec("torch") is not None:
        return ""
    return "the sampler gp needs torch (pip install 'hpo-advisor[gp]'); TPE takes its place, and needs more trials"


def _mixed(*seeds: int) -> int:
    """A seed of 32 bits from several; the last one itself where the others are 0."""
    if not any(seeds[:-1]):
        return seeds[-1]
    return random.Random("/".join(map(str, seeds))).getrandbits(32)  # noqa: S311 - no secret


class QuasiRandom(BaseSampler):
    """Points of a scrambled Sobol sequence: the one that has a trial's number, whoever asks.

    Optuna's own counts the points in the storage, where two processes may read the same count, and draws the first
    point and whatever has a condition at random with a seed that all processes share.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._seed = seed
        self._random = optuna.samplers.RandomSampler(seed=seed)

    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """All that the stage searches, parameters with a condition included."""
        return suggesting.distributions(self._stage)

    def sample_relative(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """The point of the trial."""
        from scipy.stats import qmc  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415 - slow to import

        if not search_space:
            return {}
        points = qmc.Sobol(len(search_space), scramble=True, seed=self._seed)
        if trial.number:
            points.fast_forward(trial.number)
        shares = points.random(1)[0].tolist()
        return {
            name: quantile(self._stage.search[name].domain, share)
            for name, share in zip(search_space, shares, strict=True)
        }

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """At random; nothing that the stage searches comes here."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)


def quantile(domain: Domain, share: float) -> Value:
    """The value below which a share of the domain lies, from 0 to less than 1; all choices and steps are equal."""
    if isinstance(domain, Choice):
        return domain.choices[int(share * len(domain.choices))]
    domain = trimmed(domain)
    half = (domain.step or domain.integer) / 2
    low, high = float(domain.low) - half, float(domain.high) + half
    value = low * (high / low) ** share if domain.log else low + share * (high - low)
    return clip(domain, value) if half else min(max(value, domain.low), domain.high)


class _Deciding(BaseSampler):
    """A sampler that leaves each trial to another one."""

    def of(self, trial: FrozenTrial) -> BaseSampler:
        """The one that proposes a trial."""
        raise NotImplementedError

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """As the other does."""
        self.of(trial).before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """As the other does."""
        return self.of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the other does."""
        return self.of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As the other does."""
        return self.of(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """As the other does."""
        self.of(trial).after_trial(study, trial, state, values)


class InTurns(_Deciding):
    """A Gaussian process and TPE, which know each other's trials.

    TPE proposes every n-th trial, and that after a repeat: the process would mostly propose the same once more.

    Args:
        process: Makes the Gaussian process.
        tpe: Makes TPE.
        every: n, by the number of a trial in its study; None for no such turns.
        seed: Of both.
    """

    def __init__(
        self, process: Callable[..., BaseSampler], tpe: Callable[..., BaseSampler], *, every: int | None, seed: int
    ) -> None:
        self._process = process(seed=seed)
        self._tpe = tpe(seed=seed)
        self._every = every
        self._turns: dict[int, BaseSampler] = {}

    def of(self, trial: FrozenTrial) -> BaseSampler:
        """The one whose turn it is."""
        return self._turns.get(trial.number, self._process)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Decides whose turn it is."""
        earlier = study.get_trials(deepcopy=False)[: trial.number]
        is_after_repeat = bool(earlier) and earlier[-1].user_attrs.get(CARRIED) == HERE
        is_turn = self._every is not None and (trial.number + 1) % self._every == 0
        self._turns[trial.number] = self._tpe if is_turn or is_after_repeat else self._process
        super().before_trial(study, trial)


class SeededAtFirstTrial(_Deciding):
    """A sampler whose seed depends on the number of the first trial that it proposes.

    A sampler that is made anew with the old seed when a run is resumed, or made by several processes, would propose its
    first points again. Copies of trials that the study began with are not counted.
    """

    def __init__(self, make: Callable[..., BaseSampler], *seeds: int) -> None:
        self._make = make
        self._seeds = seeds
        self._inner: BaseSampler | None = None

    def of(self, trial: FrozenTrial) -> BaseSampler:  # noqa: ARG002
        """The sampler, once it is seeded."""
        assert self._inner is not None  # noqa: S101 - before_trial comes first
        return self._inner

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """As the sampler itself does."""
        if self._inner is None:
            trials = study.get_trials(deepcopy=False)
            carried = sum(known.user_attrs.get(CARRIED, HERE) != HERE for known in trials)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._inner = self._make(seed=_mixed(trial.number - carried, *self._seeds))
        super().before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """As the sampler itself does, unless the trial was begun by a process that is dead, and nothing here."""
        if self._inner is not None:
            super().after_trial(study, trial, state, values)


def pruner_of(plan: Plan, stage: Stage) -> BasePruner:
    """What ends trials that fall behind; nothing where the plan advises none, or does not say from which step.

    Nor is anything ended where nothing is searched: finalists are evaluated again to the end.
    """
    first = first_step(plan, stage)
    if not plan.pruning.advised or first is None or not stage.search:
        return optuna.pruners.NopPruner()
    if plan.pruning.method == "asha":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=first)
    return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=first)


def first_step(plan: Plan, stage: Stage) -> int | None:
    """The step from which a trial may be ended, if the plan says it or it follows from a length that is held."""
    pruning = plan.pruning
    if pruning.from_step is not None or pruning.on is None or pruning.least_share is None:
        return pruning.from_step
    length = stage.fixed[pruning.on].value if pruning.on in stage.fixed else None
    if length is None or not is_number(length):
        return None
    return max(1, round(pruning.least_share * float(length)))
