"""The space for Syne Tune is built by Syne Tune, which draws from it."""

from __future__ import annotations

import json
import warnings

import pytest
from hypothesis import given, settings
from random_plans import plans
from test_exporters import PLANS, plan, ruff

from advisor import exporters
from advisor.exporters._writing import needs, starts
from advisor.space import contains

INT = {"type": "int", "low": 1, "high": 8}
REAL = {"type": "float", "low": 0.1, "high": 1.0}


def written(made, stage=None):
    return exporters.export(made, "syne-tune", stage, allow_loss=True)


def line(**domain):
    """What the space says of a parameter."""
    return next(text.strip() for text in written(plan(k=domain)).splitlines() if text.startswith('    "k"'))


def refused(made):
    return [loss.what for loss in exporters.losses(made, "syne-tune") if loss.changes_meaning]


def test_a_step_grid_is_a_finite_range_counted_from_low_to_its_last_value():
    assert line(type="int", low=1, high=10, step=2) == '"k": finrange(1, 9, 5, cast_int=True),'
    assert line(type="float", low=0.1, high=0.35, step=0.1) == '"k": finrange(0.1, 0.3, 3),'


def test_a_step_of_one_between_whole_numbers_is_no_step():
    assert line(**INT, log=True, step=1) == '"k": lograndint(1, 8),'


def test_ends_are_the_plan_s_own_and_no_exponents():
    assert line(**INT) == '"k": randint(1, 8),'
    assert line(**INT, log=True) == '"k": lograndint(1, 8),'
    assert line(type="float", low=1, high=64) == '"k": uniform(1.0, 64.0),'
    assert line(type="float", low=1e-5, high=0.1, log=True) == '"k": loguniform(1e-05, 0.1),'


def test_choices_keep_their_order_and_several_types_are_refused():
    assert line(type="categorical", choices=[1, 8, 64], ordered=True) == '"k": ordinal([1, 8, 64], kind="equal"),'
    mixed = {"type": "categorical", "choices": [1, 0.5]}
    assert refused(plan(k=mixed)) == ["the types of the choices of k"]
    assert line(**mixed) == '"k": choice(["1", "0.5"]),'


def test_conditions_are_refused_unless_what_is_held_decides_them():
    kinds = {"type": "categorical", "choices": ["x", "y"]}
    assert refused(plan(kind=kinds, k={**INT, "when": {"kind": "x"}})) == ["the condition of k"]
    assert refused(plan(k={**INT, "when": {"held": 0}})) == []


def test_truth_values_and_none_are_said_to_reach_a_script_as_words():
    lost = " ".join(str(loss) for loss in exporters.losses(plan(k=INT), "syne-tune"))
    assert "the type of off, which may be None, True or False" in lost
    assert "the type of held" not in lost


def test_text_with_long_lines_and_odd_words_is_formatted_and_sound():
    words = {"type": "categorical", "choices": ["x" * 60, 'say "it\'s"', "y" * 60, "line\nbreak"]}
    is_formatted(plan(**{"a" * 70: words, "it's": {**words, "ordered": True}, "b": REAL}))


def is_formatted(made):
    text = written(made)
    assert ruff("check", "--select", "F,E9,I", text=text) == text
    assert ruff("format", "--line-length", "120", text=text) == text


# Syne Tune itself


def module(made, number=None):
    """What the exported module defines."""
    space = {"__name__": "exported"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("syne_tune", reason="Syne Tune, which brings torch")
        exec(compile(written(made, number), "exported.py", "exec"), space)  # noqa: S102 - our own text
    return space


def drawn(space, count):
    """Configurations at random, as Syne Tune draws and completes them."""
    import numpy as np
    from syne_tune.config_space import Domain, postprocess_config

    state = np.random.RandomState(0)
    domains = {name: domain for name, domain in space.items() if isinstance(domain, Domain)}
    configs = [{name: one.sample(random_state=state) for name, one in domains.items()} for _ in range(count)]
    return [postprocess_config(config, space) for config in configs]


def check(made, number, count):
    stage = made.stages[number - 1]
    space = module(made, number)
    points = [{**space["config_space"], **point} for point in space["points_to_evaluate"]]
    assert len(points) >= len(starts(made, stage)[0][:1])
    for config in [*points, *drawn(space["config_space"], count)]:
        for name, entry in stage.entries.items():
            if needs(stage, name) is None:
                assert name not in config
            elif name in stage.search:
                assert contains(entry.domain, config[name]), name
                assert entry.choices is None or repr(config[name]) in map(repr, entry.choices)
                assert entry.type != "int" or type(config[name]) is int
            else:
                assert repr(config[name]) == repr(entry.value), name


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_syne_tune_draws_from_the_plan_and_proposes_starts_first(name):
    stage = PLANS[name].stages[-1]
    check(PLANS[name], stage.id, 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = module(PLANS[name])["scheduler"]()
        proposed = [scheduler.suggest().config for _ in range(len(starts(PLANS[name], stage)[0]) + 2)]
    for point, config in zip(starts(PLANS[name], stage)[0], proposed, strict=False):
        assert {key: config[key] for key in point} == point
    for config in proposed:
        assert all(contains(searched.domain, config[key]) for key, searched in stage.search.items())


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
def test_syne_tune_draws_from_any_plan(made):
    for number in range(1, len(made.stages) + 1):
        lost = exporters.losses(made, "syne-tune", number)
        if any(loss.what.startswith(("the types", "the step")) for loss in lost):
            module(made, number)
        else:
            check(made, number, 3)


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_the_space_survives_a_round_trip(name):
    space = module(PLANS[name])["config_space"]
    from syne_tune.config_space import config_space_from_json_dict, config_space_to_json_dict

    assert config_space_from_json_dict(json.loads(json.dumps(config_space_to_json_dict(space)))) == space


@pytest.mark.truth
def test_syne_tune_reaches_both_ends_of_whole_numbers_and_grids():
    made = plan(
        even={"type": "int", "low": 1, "high": 4},
        log={"type": "int", "low": 1, "high": 4, "log": True},
        step={"type": "int", "low": 1, "high": 9, "step": 4},
        real={"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
    )
    configs = drawn(module(made)["config_space"], 200)
    assert {config["even"] for config in configs} == {config["log"] for config in configs} == {1, 2, 3, 4}
    assert {config["step"] for config in configs} == {1, 5, 9}
    assert {round(config["real"], 9) for config in configs} == {0.1, 0.2, 0.3}


@pytest.mark.truth
@pytest.mark.parametrize("sampler", ["tpe", "gp", "random", "quasi-random"])
def test_each_sampler_has_a_scheduler_that_proposes(sampler):
    made = plan(k=INT, rate=REAL)
    stage = made.stages[0]
    made = made.having(stages=[stage.having(sampler={"name": sampler, "seed": 0, "startup": 2})])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert contains(stage.search["k"].domain, module(made)["scheduler"]().suggest().config["k"])
