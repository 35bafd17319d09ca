"""The module for Keras Tuner is asked by Keras Tuner, which draws the configurations."""

from __future__ import annotations

import os
import warnings

import fitting
import pytest
from hypothesis import given, settings
from random_plans import plans
from test_exporters import PLANS, plan, ruff

from advisor import exporters

INT = {"type": "int", "low": 1, "high": 8}
REAL = {"type": "float", "low": 0.1, "high": 1.0}
KINDS = {"type": "categorical", "choices": ["rbf", "poly", None, 1, True]}
CONDITIONAL = plan(
    kind=KINDS,
    degree={**INT, "when": {"kind": ["poly", True]}},
    rate={**REAL, "when": {"degree": [2, 3], "kind": True}},
)


def written(made, stage=None):
    return exporters.export(made, "keras-tuner", stage, allow_loss=True)


def line(**domain):
    """What the module asks for a parameter."""
    lines = (text.strip() for text in written(plan(k=domain)).splitlines())
    return next(text for text in lines if text.startswith('drawn["k"]')).partition("= hp.")[2]


def lost(made):
    return [str(loss) for loss in exporters.losses(made, "keras-tuner")]


def test_a_step_grid_is_its_values_counted_from_low():
    assert (
        line(type="int", low=1, high=10, step=2, default=3) == 'Choice("k", [1, 3, 5, 7, 9], ordered=True, default=3)'
    )
    tenths = line(type="float", low=0.1, high=0.35, step=0.1, default=0.1)
    assert tenths == 'Choice("k", [0.1, 0.2, 0.3], ordered=True, default=0.1)'


def test_ends_are_the_plan_s_own_and_no_exponents():
    assert line(**INT, default=2) == 'Int("k", 1, 8, default=2)'
    assert line(**INT, log=True, step=1, default=2) == 'Int("k", 1, 8, sampling="log", default=2)'
    assert line(type="float", low=1, high=64, default=4) == 'Float("k", 1.0, 64.0, default=4.0)'


def test_choices_that_keras_tuner_would_change_get_words_or_another_function():
    assert line(type="categorical", choices=[True, False], default=True) == 'Boolean("k", default=True)'
    mixed = line(type="categorical", choices=[1, 0.5], default=1)
    assert mixed == 'Choice("k", ["1", "0.5"], ordered=False, default="1")'
    assert "the order of the choices of k: only numbers of one type have one" in lost(
        plan(k={"type": "categorical", "choices": ["a", "b"], "ordered": True})
    )


def test_a_condition_on_one_parent_is_said_to_keras_tuner_and_others_are_kept_afterwards():
    assert '    with hp.conditional_scope("kind", [\'"poly"\', "True"]):\n' in written(CONDITIONAL)
    what = "the condition of rate in what Keras Tuner draws: config leaves it out afterwards"
    assert [text for text in lost(CONDITIONAL) if text.startswith("the condition")] == [what]


def test_text_with_long_lines_and_odd_words_is_formatted_and_sound():
    words = {"type": "categorical", "choices": ["x" * 60, 'say "it\'s"', "y" * 60, "line\nbreak", None]}
    made = plan(**{"a" * 70: words, "it's": words, "b": {**REAL, "when": {"a" * 70: ["x" * 60, "y" * 60]}}})
    is_formatted(made)
    is_formatted(CONDITIONAL)


def is_formatted(made):
    text = written(made)
    assert ruff("check", "--select", "F,E9,I", text=text) == text
    assert ruff("format", "--line-length", "120", text=text) == text


# Keras Tuner itself


@pytest.fixture(scope="module")
def keras_tuner():
    os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras asks for TensorFlow where nobody says otherwise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras_tuner", reason="Keras Tuner, which wants Keras with an engine")


def drawn(tuner, made, count, number=None):
    """Configurations as a tuner draws them, the first with the defaults."""
    space = {"__name__": "exported"}
    exec(compile(written(made, number), "exported.py", "exec"), space)  # noqa: S102 - our own text
    known = tuner.HyperParameters()
    found = [space["configuration"](known)]
    for seed in range(count):
        hp = known.copy()
        for one in known.space:
            if hp.is_active(one):
                hp.values[one.name] = one.random_sample(seed * 100 + len(hp.values))
        found.append(space["configuration"](hp))
    return found


def check(tuner, made, number, count):
    stage = made.stages[number - 1]
    for config in drawn(tuner, made, count, number):
        assert fitting.misfits(stage, config) == []


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_keras_tuner_draws_from_the_plan_and_only_what_has_an_effect(keras_tuner, name):
    check(keras_tuner, PLANS[name], len(PLANS[name].stages), 30)


@pytest.mark.truth
@settings(max_examples=150)
@given(made=plans())
def test_keras_tuner_draws_from_any_plan(keras_tuner, made):
    for number in range(1, len(made.stages) + 1):
        if any(loss.changes_meaning for loss in exporters.losses(made, "keras-tuner", number)):
            drawn(keras_tuner, made, 1, number)
        else:
            check(keras_tuner, made, number, 3)


@pytest.mark.truth
def test_keras_tuner_reaches_both_ends_of_whole_numbers_and_grids(keras_tuner):
    made = plan(
        even={"type": "int", "low": 1, "high": 4},
        log={"type": "int", "low": 1, "high": 4, "log": True},
        step={"type": "int", "low": 1, "high": 9, "step": 4},
        real={"type": "float", "low": 0.1, "high": 0.3, "step": 0.1},
        truth={"type": "categorical", "choices": [True, False]},
    )
    configs = drawn(keras_tuner, made, 200)
    assert {config["even"] for config in configs} == {config["log"] for config in configs} == {1, 2, 3, 4}
    assert {config["step"] for config in configs} == {1, 5, 9}
    assert {config["real"] for config in configs} == {0.1, 0.2, 0.3}
    assert {repr(config["truth"]) for config in configs} == {"True", "False"}


@pytest.mark.truth
def test_a_search_of_keras_tuner_gets_only_what_has_an_effect(keras_tuner, tmp_path):
    space = {"__name__": "exported"}
    exec(written(CONDITIONAL), space)  # noqa: S102 - our own text
    seen = []

    class Search(keras_tuner.RandomSearch):
        def run_trial(self, trial, *_, **__):
            seen.append(space["configuration"](trial.hyperparameters))
            return {"score": 1.0}

    hp = keras_tuner.HyperParameters()
    space["configuration"](hp)
    goal = keras_tuner.Objective("score", "max")
    search = Search(hyperparameters=hp, objective=goal, max_trials=30, seed=0, directory=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.search(verbose=0)
    assert len(seen) == 30
    for config in seen:
        assert ("degree" in config) == (config["kind"] == "poly" or config["kind"] is True)
        assert ("rate" in config) == (config["kind"] is True and config["degree"] in (2, 3))
