"""Optuna's Gaussian process, to which a trial worse than the median is one at the median."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import BaseSampler, GPSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from advisor.runners._attributes import CARRIED, HERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.distributions import BaseDistribution
    from optuna.study import Study


class WinsorizedGPSampler(BaseSampler):
    """A Gaussian process that sees the worse half of the trials as equal.

    Beside one configuration that is far worse (a learning rate that diverges), the differences between good ones
    vanish once values are standardised. Other libraries cut such values as well, Ax by default. A repeat, which is told
    the value that is known, is left out: it would move the median.

    Args:
        seed: Of Optuna's sampler.
        n_startup_trials: Complete trials before it is asked.
    """

    def __init__(self, *, seed: int, n_startup_trials: int) -> None:
        self._startup = n_startup_trials
        self._inner = GPSampler(seed=seed, n_startup_trials=n_startup_trials)

    def infer_relative_search_space(
        self,
        study: Study,
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """What all complete trials have in common, but for what has one value only."""
        # Not asked of Optuna's sampler, whose answer is of the first study that it sees.
        space = optuna.search_space.intersection_search_space(study.get_trials(deepcopy=False))
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def sample_relative(
        self,
        study: Study,
        trial: FrozenTrial,  # noqa: ARG002
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """What Optuna's sampler proposes after the trials with their values cut."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.RUNNING))
        complete = [t for t in trials if t.state == TrialState.COMPLETE and t.user_attrs.get(CARRIED) != HERE]
        if not search_space or len(complete) < self._startup:
            return {}
        running = [known for known in trials if known.state == TrialState.RUNNING]
        seen = _study(study.direction, self._inner)
        seen.add_trials([*_winsorized(complete, study.direction), *running])
        return dict(seen.ask(search_space).params)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As Optuna's sampler does, at random."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)


def _study(direction: StudyDirection, sampler: BaseSampler) -> Study:
    """A study in memory; Optuna would tell of each."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction=direction, sampler=sampler)
    finally:
        optuna.logging.set_verbosity(before)


def _winsorized(trials: Sequence[FrozenTrial], direction: StudyDirection) -> list[FrozenTrial]:
    """The trials, none with a value worse than their median."""
    worst = statistics.median(trial.values[0] for trial in trials)
    cut = max if direction == StudyDirection.MAXIMIZE else min
    return [
        create_trial(params=trial.params, distributions=trial.distributions, value=cut(trial.values[0], worst))
        for trial in trials
    ]
