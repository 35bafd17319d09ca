"""Optuna reads the distributions, and what it draws from them is of the plan."""

from __future__ import annotations

import json

import fitting
import pytest
from hypothesis import given, settings
from one_stage import EXAMPLES, plan
from random_plans import plans

from advisor import exporters
from advisor.errors import CannotExport
from advisor.space import Choice

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def distributions(made, stage=None):
    written = json.loads(exporters.export(made, "optuna-distributions", stage, allow_loss=True))
    return {name: optuna.distributions.json_to_distribution(json.dumps(one)) for name, one in written.items()}


def drawn(made, count, stage=None):
    """Configurations as a study asks for them."""
    space = distributions(made, stage)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [study.ask(fixed_distributions=space).params for _ in range(count)]


def reduced(stage, config):
    """A configuration without what has no effect in it, which distributions cannot leave out."""
    return {name: value for name, value in config.items() if name in fitting.active(stage, config)}


def has_equal_choices(made):
    domains = [searched.domain for stage in made.stages for searched in stage.search.values()]
    return any(len(set(d.choices)) < len(d.choices) for d in domains if isinstance(d, Choice))


@pytest.mark.parametrize("name", EXAMPLES)
def test_draws_of_the_examples_are_of_the_plan(name):
    for stage in EXAMPLES[name].stages:
        for config in drawn(EXAMPLES[name], 20, stage.id):
            assert fitting.misfits(stage, reduced(stage, config)) == []


@settings(max_examples=60)
@given(made=plans())
def test_draws_of_any_plan_are_of_the_plan(made):
    for stage in made.stages:
        for config in drawn(made, 5, stage.id):
            assert has_equal_choices(made) or fitting.misfits(stage, reduced(stage, config)) == []


def test_both_ends_of_whole_numbers_and_grids_are_reached():
    configs = drawn(
        plan(
            {
                "log": {"type": "int", "low": 1, "high": 4, "log": True},
                "even": {"type": "int", "low": 1, "high": 4},
                "odd": {"type": "int", "low": 1, "high": 10, "step": 4},
                "grid": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
            }
        ),
        100,
    )
    assert {config["log"] for config in configs} == {config["even"] for config in configs} == {1, 2, 3, 4}
    assert {config["odd"] for config in configs} == {1, 5, 9}
    assert {round(config["grid"], 9) for config in configs} == {0.1, 0.2, 0.3}


def test_what_is_held_arrives_as_it_is():
    held = {"zero": 0, "off": False, "none": None, "empty": "", "tiny": 1e-07, "word": 'say "it\'s"'}
    made = plan(
        {"rate": {"type": "float", "low": 0, "high": 1}}, fixed={name: {"value": value} for name, value in held.items()}
    )
    (config,) = drawn(made, 1)
    assert {name: (type(value), value) for name, value in config.items() if name in held} == {
        name: (type(value), value) for name, value in held.items()
    }


def test_a_condition_is_refused_and_what_never_has_an_effect_is_left_out():
    kernel = {"kernel": {"type": "categorical", "choices": ["rbf", "linear"]}}
    gamma = {"gamma": {"type": "float", "low": 0.1, "high": 1.0, "when": {"kernel": "rbf"}}}
    with pytest.raises(CannotExport, match="the condition of gamma"):
        exporters.export(plan({**kernel, **gamma}), "optuna-distributions")
    decided = plan(gamma | {"c": {"type": "int", "low": 1, "high": 3}}, fixed={"kernel": {"value": "linear"}})
    assert distributions(decided).keys() == {"c", "kernel"}


def test_choices_that_python_takes_for_one_are_refused():
    with pytest.raises(CannotExport, match="equal choices of k"):
        exporters.export(plan({"k": {"type": "categorical", "choices": [1, True]}}), "optuna-distributions")
