"""A plan's space in an Optuna user's own objective."""

from __future__ import annotations

import one_stage
import pytest
from hypothesis import given
from random_plans import plans

import advisor
from advisor import suggesting
from advisor.errors import CannotExport, MissingPackage

optuna = pytest.importorskip("optuna")

SEARCH = {
    "kind": {"type": "categorical", "choices": ["plain", "fancy"]},
    "frill": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "fancy"}},
    "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "depth": {"type": "int", "low": 2, "high": 9, "step": 3},
    "share": {"type": "float", "low": 0.1, "high": 1.0, "step": 0.3},
}
FIXED = {
    "rounds": {"value": 100},
    "lace": {"value": 3, "when": {"kind": "fancy"}},
    "gone": {"value": 1, "active": False},
}
STAGE = one_stage.plan(SEARCH, FIXED).stages[0]
FANCY = {"kind": "fancy", "frill": 0.5, "rate": 0.01, "depth": 5, "share": 0.4}


def test_a_real_study_searches_the_stage():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    seen = []

    def objective(trial):
        config = advisor.suggest(trial, STAGE)
        seen.append(config)
        return config["rate"]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study.optimize(objective, n_trials=30)
    assert {config["kind"] for config in seen} == {"plain", "fancy"}
    for config in seen:
        expected = {"kind", "rate", "depth", "share", "rounds"} | (
            {"frill", "lace"} if config["kind"] == "fancy" else set()
        )
        assert config.keys() == expected
        assert config["depth"] in {2, 5, 8}
        assert config["share"] == pytest.approx(0.1 + 0.3 * round((config["share"] - 0.1) / 0.3))


def test_a_fixed_trial_gives_the_configuration_that_it_names():
    config = advisor.suggest(optuna.trial.FixedTrial(FANCY), STAGE)
    assert config == FANCY | {"rounds": 100, "lace": 3}
    assert list(config) == ["kind", "frill", "rate", "depth", "share", "rounds", "lace"]


def test_where_all_is_proposed_what_has_no_effect_is_asked_for_and_left_out_of_the_configuration():
    stage = one_stage.plan(SEARCH, FIXED, sampler="gp").stages[0]
    plain = {"kind": "plain", "frill": 0.5, "rate": 0.01, "depth": 5, "share": 0.4}
    trial = optuna.trial.FixedTrial(plain)
    assert "frill" not in advisor.suggest(trial, stage)
    assert trial.params == plain
    assert suggesting.unproposed(stage) == {"frill": 0.5}
    known = {name: value for name, value in plain.items() if name != "frill"}
    assert advisor.suggest(optuna.trial.FixedTrial(known), stage) == advisor.suggest(trial, stage)
    assert suggesting.unproposed(STAGE) == {}


def test_a_parameter_without_effect_is_not_asked_for():
    plain = {"kind": "plain", "rate": 0.01, "depth": 5, "share": 0.4}
    assert advisor.suggest(optuna.trial.FixedTrial(plain), STAGE) == plain | {"rounds": 100}


def test_a_frozen_trial_gives_the_configuration_that_it_had():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    trial = study.ask()
    config = advisor.suggest(trial, STAGE)
    study.tell(trial, 1.0)
    assert advisor.suggest(study.trials[0], STAGE) == config


def test_distributions_are_those_that_suggesting_uses():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    for _ in range(10):
        trial = study.ask()
        advisor.suggest(trial, STAGE)
        study.tell(trial, 0.0)
    known = advisor.distributions(STAGE)
    assert known.keys() == SEARCH.keys()
    for trial in study.trials:
        assert trial.distributions == {name: known[name] for name in trial.params}


def test_distributions_can_be_asked_with():
    plain = one_stage.plan({name: entry for name, entry in SEARCH.items() if name != "frill"}).stages[0]
    trial = optuna.create_study().ask(advisor.distributions(plain))
    assert trial.params.keys() == plain.search.keys()


@pytest.mark.parametrize("choices", [[1, True], [0, False], [1, 1.0]])
def test_choices_that_are_one_to_python_are_refused(choices):
    stage = one_stage.plan({"flag": {"type": "categorical", "choices": [*choices, "auto"]}}).stages[0]
    with pytest.raises(CannotExport, match="equal choices of flag, such as 1 and true"):
        advisor.distributions(stage)


def test_the_end_of_a_grid_between_two_of_its_numbers_is_not_asked_for(recwarn):
    stage = one_stage.plan({"depth": {"type": "int", "low": 2, "high": 9, "step": 3}}).stages[0]
    assert advisor.distributions(stage)["depth"].high == 8
    assert not recwarn.list


def test_without_optuna_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna.distributions", None)
    with pytest.raises(MissingPackage, match=r"hpo-advisor\[optuna\]"):
        advisor.distributions(STAGE)


@given(plans())
def test_what_a_trial_was_suggested_can_be_put_together_from_its_parameters(plan):
    for stage in plan.stages:
        trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
        try:
            config = advisor.suggest(trial, stage)
        except CannotExport:
            continue
        assert suggesting.configuration(stage, trial.params) == config
