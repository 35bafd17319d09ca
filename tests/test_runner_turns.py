"""Two samplers that take turns in one study."""

from __future__ import annotations

import pytest

optuna = pytest.importorskip("optuna")

from advisor.runners._samplers import InTurns  # noqa: E402 - after what it needs is found

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


def test_each_third_trial_of_the_study_is_the_second_ones_whoever_asks():
    made = {}

    def make(name, value):
        def maker(*, seed):
            return made.setdefault(name, Always(value, seed=seed))

        return maker

    def sampler():
        return InTurns(make("process", 0.25), make("tpe", 0.75), every=3, seed=5)

    study = optuna.create_study(sampler=sampler())
    for number in range(7):
        if number == 4:
            study.sampler = sampler()
        trial = study.ask({"rate": RATE})
        trial.suggest_float("idle", 0.0, 1.0)
        study.tell(trial, 0.0)
    proposed = [trial.params for trial in study.trials]
    assert [params["rate"] for params in proposed] == [0.25, 0.25, 0.75, 0.25, 0.25, 0.75, 0.25]
    assert all(params["rate"] == params["idle"] for params in proposed)
    assert made["process"].before == made["process"].after == [0, 1, 3, 4, 6]
    assert made["tpe"].before == made["tpe"].after == [2, 5]
    assert {sampler.seed for sampler in made.values()} == {5}
