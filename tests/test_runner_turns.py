"""Two samplers that take turns in one study."""

from __future__ import annotations

import pytest

optuna = pytest.importorskip("optuna")

from advisor.runners._attributes import CARRIED, HERE  # noqa: E402 - after what it needs is found
from advisor.runners._samplers import InTurns  # noqa: E402

RATE = optuna.distributions.FloatDistribution(0.0, 1.0)


class Always(optuna.samplers.BaseSampler):
    """Proposes one value, and keeps what it is told."""

    def __init__(self, value, *, seed):
        self.value = value
        self.seed = seed
        self.before, self.after = [], []

    def infer_relative_search_space(self, study, trial):  # noqa: ARG002
        return {"rate": RATE}

    def sample_relative(self, study, trial, search_space):  # noqa: ARG002
        return {"rate": self.value}

    def sample_independent(self, study, trial, param_name, param_distribution):  # noqa: ARG002
        return self.value

    def before_trial(self, study, trial):  # noqa: ARG002
        self.before.append(trial.number)

    def after_trial(self, study, trial, state, values):  # noqa: ARG002
        self.after.append(trial.number)


class Turns:
    """Studies in which two samplers take turns, both kept by name."""

    def __init__(self):
        self.made = {}

    def _make(self, name, value):
        return lambda *, seed: self.made.setdefault(name, Always(value, seed=seed))

    def sampler(self, every):
        return InTurns(self._make("process", 0.25), self._make("tpe", 0.75), every=every, seed=5)


def proposed(study):
    trial = study.ask({"rate": RATE})
    trial.suggest_float("idle", 0.0, 1.0)
    study.tell(trial, 0.0)
    return trial


def test_every_third_trial_of_the_study_is_tpes_whoever_asks():
    turns = Turns()
    study = optuna.create_study(sampler=turns.sampler(3))
    for number in range(7):
        if number == 4:
            study.sampler = turns.sampler(3)
        proposed(study)
    params = [trial.params for trial in study.trials]
    assert [one["rate"] for one in params] == [0.25, 0.25, 0.75, 0.25, 0.25, 0.75, 0.25]
    assert all(one["rate"] == one["idle"] for one in params)
    assert turns.made["process"].before == turns.made["process"].after == [0, 1, 3, 4, 6]
    assert turns.made["tpe"].before == turns.made["tpe"].after == [2, 5]
    assert {sampler.seed for sampler in turns.made.values()} == {5}


def test_a_trial_after_a_repeat_is_tpes():
    study = optuna.create_study(sampler=Turns().sampler(None))
    rates = []
    for number in range(4):
        trial = proposed(study)
        rates.append(trial.params["rate"])
        if number == 1:
            repeat = study.ask({"rate": RATE})
            repeat.set_user_attr(CARRIED, HERE)
            study.tell(repeat, 0.0)
    assert rates == [0.25, 0.25, 0.75, 0.25]
