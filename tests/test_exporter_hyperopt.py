"""The module for Hyperopt is run, with objectives that cost nothing."""

from __future__ import annotations

import math

import fitting
import one_stage
import pytest
from hypothesis import given, settings
from random_plans import plans
from test_exporters import PLANS, plan, ruff

from advisor import exporters
from advisor.exporters._writing import starts
from advisor.space import same

INT = {"type": "int", "low": 1, "high": 8}
REAL = {"type": "float", "low": 0.1, "high": 1.0}
KINDS = {"type": "categorical", "choices": ["rbf", "poly", None, 1, True]}
CONDITIONAL = plan(
    kind=KINDS,
    degree={**INT, "when": {"kind": ["poly", True]}},
    rate={**REAL, "when": {"degree": [2, 3], "kind": True}},
)


def written(made, stage=None):
    return exporters.export(made, "hyperopt", stage, allow_loss=True)


def lost(made):
    return [str(loss) for loss in exporters.losses(made, "hyperopt")]


def line(**domain):
    """What the space says of a parameter."""
    return next(text for text in written(plan(k=domain)).splitlines() if text.startswith('    "k"')).strip()


def test_a_step_grid_is_counted_from_low():
    assert line(type="int", low=1, high=9, step=2) == '"k": 1 + 2 * whole("k", 0, 4),'
    assert line(type="float", low=0.1, high=0.35, step=0.1) == '"k": ordered("k", [0.1, 0.2, 0.3]),'


def test_a_step_of_which_a_range_has_billions_is_not_listed():
    found = line(type="float", low=0.0, high=1.0, step=2**-30)
    assert found == f'"k": 0.0 + {2**-30!r} * whole("k", 0, {2**30}),'


def test_a_step_of_one_between_whole_numbers_is_no_step():
    assert line(type="int", low=1, high=5000, log=True, step=1) == '"k": whole_log("k", 1, 5000),'


def test_ends_are_the_plan_s_own_and_not_exponents():
    assert (
        line(type="float", low=1e-5, high=0.1, log=True) == '"k": hp.loguniform("k", math.log(1e-05), math.log(0.1)),'
    )
    assert line(type="int", low=1, high=64, log=True) == '"k": whole_log("k", 1, 64),'


def test_choices_keep_their_order_where_they_have_one():
    assert line(type="categorical", choices=[1, 8, 64], ordered=True) == '"k": ordered("k", [1, 8, 64]),'
    assert line(type="categorical", choices=[None, "a"]) == '"k": hp.choice("k", [None, "a"]),'


def test_conditions_on_values_that_no_list_can_hold_are_refused():
    many = {"type": "int", "low": 0, "high": 10**6}
    made = plan(many=many, rate={**REAL, "when": {"many": 3}})
    assert "conditions on many: what depends on it is searched always, and no known configuration is run" in lost(made)
    assert '"rate": hp.uniform("rate", 0.1, 1.0),' in written(made)
    assert "the order of degree, on which others depend: its values are drawn evenly" in lost(CONDITIONAL)


def test_score_is_turned_round_where_more_is_better():
    assert "lambda drawn: -objective(" in written(plan(k=INT))
    assert "lambda drawn: objective(" in written(PLANS["boosted-trees"])


def test_text_with_long_lines_and_odd_words_is_formatted_and_sound():
    words = {"type": "categorical", "choices": ["x" * 60, 'say "it\'s"', "y" * 60, "line\nbreak"]}
    made = plan(**{"a" * 70: words, "it's": {**words, "ordered": True}, "b": {**REAL, "when": {"a" * 70: "x" * 60}}})
    is_formatted(made)
    is_formatted(CONDITIONAL)


def is_formatted(made):
    text = written(made)
    assert ruff("check", "--select", "F,E9,I", text=text) == text
    assert ruff("format", "--line-length", "120", text=text) == text


# Hyperopt itself


def ran(made, number=None):
    """The configurations that were evaluated, and the trials of Hyperopt."""
    pytest.importorskip("hyperopt")
    space = {"__name__": "exported"}
    text = written(made, number).replace("        space,\n", "        space,\n        show_progressbar=False,\n")
    exec(compile(text, "exported.py", "exec"), space)  # noqa: S102 - what was written is to be run
    seen = []

    def objective(config):
        seen.append(config)
        return sum(math.sin(value) for value in config.values() if isinstance(value, int | float))

    trials = space["run"](objective)
    return seen, trials


def check(made, number=None):
    stage = made.stages[-1] if number is None else made.stages[number - 1]
    configs, _ = ran(made, number)
    assert len(configs) == (made.budget.trials if number is None else stage.trials)
    points = starts(made, stage)[0][: len(configs) - 1]
    for config, point in zip(configs, points, strict=False):
        assert all(math.isclose(config[n], v) if type(v) is float else same(config[n], v) for n, v in point.items())
    for config in configs:
        assert fitting.misfits(stage, config) == []


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_every_configuration_is_of_the_plan_and_starts_come_first(name):
    check(PLANS[name])
    check(PLANS[name], 1)


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
def test_any_plan_runs_and_every_configuration_is_of_it(made):
    for number in (None, *range(1, len(made.stages) + 1)):
        if any(loss.changes_meaning for loss in exporters.losses(made, "hyperopt", number)):
            ran(made, number)
        else:
            check(made, number)


@pytest.mark.truth
def test_conditions_leave_out_what_has_no_effect():
    configs = [config for _ in range(5) for config in ran(CONDITIONAL)[0]]
    for config in configs:
        assert ("degree" in config) == (config["kind"] == "poly" or config["kind"] is True)
        assert ("rate" in config) == (config["kind"] is True and config["degree"] in (2, 3))


@pytest.mark.truth
def test_conditions_on_the_same_parents_may_name_them_in_any_order():
    parents = {name: {"type": "int", "low": 1, "high": 2} for name in ("rate", "depth")}
    held = {
        "one": {"value": 3, "when": {"rate": 1, "depth": 1}},
        "two": {"value": 4, "when": {"depth": 1, "rate": 1}},
    }
    check(one_stage.plan(parents, held))


def drawn(made, count):
    space = {"__name__": "exported"}
    exec(written(made), space)  # noqa: S102 - our own text
    import numpy as np
    from hyperopt.pyll.stochastic import sample

    rng = np.random.default_rng(0)
    return [space["config"](sample(space["space"], rng)) for _ in range(count)]


@pytest.mark.truth
def test_hyperopt_reaches_both_ends_as_often_as_the_others():
    pytest.importorskip("hyperopt")
    made = plan(
        even={"type": "int", "low": 1, "high": 4},
        step={"type": "int", "low": 1, "high": 9, "step": 4},
        log={"type": "int", "low": 1, "high": 4, "log": True},
        order={"type": "categorical", "choices": ["a", "b"], "ordered": True},
    )
    configs = drawn(made, 800)
    for name, values in {"even": [1, 2, 3, 4], "step": [1, 5, 9], "order": ["a", "b"]}.items():
        counts = [sum(config[name] == value for config in configs) for value in values]
        assert sum(counts) == len(configs)
        assert min(counts) > 0.75 * len(configs) / len(values)
    assert {config["log"] for config in configs} == {1, 2, 3, 4}
    assert all(type(config[name]) is int for config in configs for name in ("even", "step", "log"))


@pytest.mark.truth
def test_the_best_of_hyperopt_is_the_best_score():
    made = plan(k={"type": "float", "low": 0.0, "high": 1.0})
    seen, trials = ran(made)
    best = max(math.sin(config["k"]) for config in seen)
    assert trials.best_trial["result"]["loss"] == pytest.approx(-best)


@pytest.mark.truth
def test_tpe_goes_on_after_a_start_in_which_something_has_no_effect():
    first = CONDITIONAL.stages[0]
    start = {"kind": "rbf", "held": 0, "off": False}
    made = CONDITIONAL.having(stages=[first.having(start=[start])])
    seen, trials = ran(made)
    assert seen[0] == start
    assert len(seen) == len(trials) == made.budget.trials > first.sampler.startup
