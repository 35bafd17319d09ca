"""The module for Ax is run, with objectives that cost nothing."""

from __future__ import annotations

import random
import warnings

import fitting
import pytest
from hypothesis import given, settings
from random_plans import plans
from test_exporters import PLANS, plan, ruff

from advisor import exporters
from advisor.exporters._writing import starts

INT = {"type": "int", "low": 1, "high": 8}
REAL = {"type": "float", "low": 0.1, "high": 1.0}
KINDS = {"type": "categorical", "choices": ["rbf", "poly", None, 1, True]}


def written(made, stage=None):
    return exporters.export(made, "ax", stage, allow_loss=True)


def line(**domain):
    """What the module says of a parameter."""
    lines = (text.strip() for text in written(plan(k=domain)).splitlines())
    return next(text for text in lines if text.startswith(("Range", "Choice"))).partition('name="k", ')[2]


def test_a_step_grid_is_its_values_counted_from_low():
    odd = line(type="int", low=1, high=10, step=2)
    assert odd == 'values=[1, 3, 5, 7, 9], parameter_type="int", is_ordered=True),'
    tenths = line(type="float", low=0.1, high=0.35, step=0.1)
    assert tenths == 'values=[0.1, 0.2, 0.3], parameter_type="float", is_ordered=True),'


def test_a_step_of_one_between_whole_numbers_is_no_step():
    assert line(**INT, log=True, step=1) == 'bounds=(1, 8), parameter_type="int", scaling="log"),'


def test_ends_have_the_type_of_the_parameter_and_are_no_exponents():
    assert line(type="float", low=1, high=64) == 'bounds=(1.0, 64.0), parameter_type="float"),'
    small = line(type="float", low=1e-5, high=0.1, log=True)
    assert small == 'bounds=(1e-05, 0.1), parameter_type="float", scaling="log"),'
    assert line(**INT, log=True) == 'bounds=(1, 8), parameter_type="int", scaling="log"),'


def test_choices_of_several_types_get_words_that_stand_for_them():
    text = written(plan(k=KINDS))
    assert "values=[\"'rbf'\"" not in text
    assert '"k": {\'"rbf"\': "rbf", \'"poly"\': "poly", "None": None, "1": 1, "True": True},' in text
    assert line(type="categorical", choices=[1, 8]) == 'values=[1, 8], parameter_type="int", is_ordered=False),'


def test_one_value_is_held_because_ax_refuses_an_empty_range():
    assert '    "k": 3,\n' in written(plan(k={"type": "int", "low": 3, "high": 3}, j=INT))
    lost = exporters.losses(plan(k={"type": "int", "low": 3, "high": 3}), "ax")
    assert [loss.what for loss in lost if loss.changes_meaning] == ["a search of single values"]


def test_score_is_turned_round_where_less_is_better():
    assert 'objective="score"' in written(plan(k=INT))
    assert 'objective="-score"' in written(PLANS["boosted-trees"])


def test_text_with_long_lines_and_odd_words_is_formatted_and_sound():
    words = {"type": "categorical", "choices": ["x" * 60, 'say "it\'s"', "y" * 60, "line\nbreak", None]}
    made = plan(**{"a" * 70: words, "it's": words, "b": {**REAL, "when": {"a" * 70: "x" * 60}}})
    is_formatted(made)


def is_formatted(made):
    text = written(made)
    assert ruff("check", "--select", "F,E9,I", text=text) == text
    assert ruff("format", "--line-length", "120", text=text) == text


# Ax itself


def module(made, number=None, trials=None):
    """What the exported module defines."""
    space = {"__name__": "exported"}
    text = written(made, number)
    if trials is not None:
        text = text.replace("in range(", f"in range({trials}) or range(")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("ax", reason="Ax, which brings torch")
        exec(compile(text, "exported.py", "exec"), space)  # noqa: S102 - what was written is to be run
    return space


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_every_configuration_is_of_the_plan_and_starts_come_first(name):
    stage = PLANS[name].stages[-1]
    seen = []
    count = len(starts(PLANS[name], stage)[0]) + 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module(PLANS[name], trials=count)["run"](lambda config: seen.append(config) or float(len(seen)))
    assert len(seen) == count
    for config in seen:
        assert fitting.misfits(stage, config) == []
    for point, config in zip(starts(PLANS[name], stage)[0], seen, strict=False):
        assert {key: config[key] for key in point} == point


@pytest.mark.truth
def test_ax_goes_on_with_a_model_after_the_first_trials():
    made = plan(k={**INT, "log": True}, rate=REAL, kind=KINDS, off_grid={**INT, "high": 9, "step": 2})
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module(made, trials=7)["run"](lambda config: seen.append(config) or config["rate"])
    for config in seen:
        assert fitting.misfits(made.stages[0], config) == []
    assert len(seen) == 7 > made.stages[0].sampler.startup


def drawn(parameters, draw):
    """A configuration at the ends of ranges and among choices."""
    return {one.name: draw.choice(one.bounds if hasattr(one, "bounds") else one.values) for one in parameters}


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
def test_ax_takes_any_plan_and_every_configuration_is_of_it(made):
    draw = random.Random(0)  # noqa: S311 - no secret
    for number, stage in enumerate(made.stages, 1):
        space = module(made, number)
        if not space["PARAMETERS"]:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = space["Client"]()
            client.configure_experiment(parameters=space["PARAMETERS"])
            for point in [*space["STARTS"], *(drawn(space["PARAMETERS"], draw) for _ in range(3))]:
                client.attach_trial(point)
        if any(loss.changes_meaning for loss in exporters.losses(made, "ax", number)):
            continue
        for _ in range(5):
            assert fitting.misfits(stage, space["config"](drawn(space["PARAMETERS"], draw))) == []
