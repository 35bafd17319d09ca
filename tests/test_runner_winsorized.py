"""The Gaussian process that runs propose with: what it sees of values, and that it is Optuna's otherwise."""

import math
import warnings

import pytest

optuna = pytest.importorskip("optuna")
pytest.importorskip("torch", reason="the Gaussian process needs it")

from advisor.runners._winsorized import WinsorizedGPSampler  # noqa: E402 - after what it needs is found

pytestmark = pytest.mark.truth

SPACE = {
    "rate": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
    "depth": optuna.distributions.IntDistribution(1, 9),
    "single": optuna.distributions.IntDistribution(3, 3),
    "kind": optuna.distributions.CategoricalDistribution(["a", "b"]),
}
UNCUT = [0.1, 0.2, 0.3, 0.3, 0.3, 0.3]
GOOD = [0.21, 0.20, 0.24, 0.22, 0.23]


def proposed(values, *, direction="minimize", sampler=WinsorizedGPSampler, asked=1):
    """What is proposed after trials with these values, so many at the same time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = optuna.create_study(direction=direction, sampler=sampler(seed=0, n_startup_trials=5))
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for value in values:
        params = drawn.ask(SPACE).params
        study.add_trial(optuna.trial.create_trial(params=params, distributions=SPACE, value=value))
    return [study.ask(SPACE).params for _ in range(asked)]


def test_how_much_worse_than_the_median_a_trial_is_changes_nothing():
    bad = proposed([*GOOD, 0.3, 0.31, 0.35, 0.4])
    assert proposed([*GOOD, 0.9, 31.0, 1e6, math.inf]) == bad
    assert proposed([*GOOD, 0.24, 0.24, 0.24, 0.24]) == bad


def test_which_of_the_good_is_best_changes_what_is_proposed():
    assert proposed([0.10, *GOOD[1:], 0.3, 0.31, 0.35]) != proposed([*GOOD, 0.3, 0.31, 0.35])


def test_what_is_to_be_maximised_is_cut_from_below():
    values = [*GOOD, 0.3, 0.31, 0.35, 40.0]
    assert proposed([-value for value in values], direction="maximize") == proposed(values)


def test_values_that_are_not_cut_are_seen_as_by_the_sampler_of_optuna():
    assert proposed(UNCUT) == proposed(UNCUT, sampler=optuna.samplers.GPSampler)


def test_before_enough_trials_configurations_are_drawn():
    assert proposed(GOOD[:3]) == proposed(GOOD[:3], sampler=optuna.samplers.GPSampler)


def test_trials_that_are_running_are_kept_away_from():
    assert proposed(UNCUT, asked=3) == proposed(UNCUT, asked=3, sampler=optuna.samplers.GPSampler)


def test_nothing_is_told_of_the_studies_in_which_values_are_cut(caplog):
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        proposed([*GOOD, 0.3, 0.31])
    finally:
        optuna.logging.set_verbosity(before)
    assert sum("study created" in message for message in caplog.messages) == 2  # those of the test itself


def test_ax_cuts_values_by_default():
    registry = pytest.importorskip("ax.adapter.registry")
    assert "Winsorize" in {transform.__name__ for transform in registry.Y_trans}
