"""The space for ConfigSpace is read by ConfigSpace, which draws from it."""

from __future__ import annotations

import io
import itertools
import json

import pytest
from hypothesis import given, settings
from random_plans import plans
from test_exporters import PLANS, plan

from advisor import constraints, exporters
from advisor.exporters._writing import needs
from advisor.space import contains, same


def written(made, stage=None):
    return json.loads(exporters.export(made, "configspace", stage, allow_loss=True))


def parameter(**domain):
    return written(plan(k=domain))["hyperparameters"][0]


def bound(made, *expressions):
    return made.having(constraints=[{"expression": text, "why": "It is so."} for text in expressions])


def lost(made, stage=None):
    return [str(loss) for loss in exporters.losses(made, "configspace", stage)]


def refused(made):
    return [loss.what for loss in exporters.losses(made, "configspace") if loss.changes_meaning]


INT = {"type": "int", "low": 1, "high": 8}
REAL = {"type": "float", "low": 0.0, "high": 1.0}


def test_a_step_grid_is_its_values_in_order_counted_from_low():
    assert parameter(type="int", low=1, high=9, step=2)["sequence"] == [1, 3, 5, 7, 9]
    assert parameter(type="float", low=0.1, high=0.35, step=0.1)["sequence"] == [0.1, 0.2, 0.3]


def test_a_step_of_one_between_whole_numbers_is_no_step():
    units = parameter(type="int", low=2, high=5000, log=True, step=1)
    assert (units["type"], units["log"]) == ("uniform_int", True)


def test_ends_are_included_and_never_exponents():
    rate = parameter(type="float", low=1e-5, high=0.1, log=True)
    assert (rate["type"], rate["lower"], rate["upper"], rate["log"]) == ("uniform_float", 1e-5, 0.1, True)
    units = parameter(type="int", low=2, high=64, log=True)
    assert (units["type"], units["lower"], units["upper"], units["log"]) == ("uniform_int", 2, 64, True)


def test_a_range_of_one_value_is_a_constant_because_a_range_may_not_be_empty():
    assert parameter(type="int", low=3, high=3) == {"type": "constant", "name": "k", "value": 3}


def test_choices_that_would_change_their_types_are_refused():
    assert refused(plan(k={"type": "categorical", "choices": [1, 0.5]})) == ["the types of the choices of k"]
    assert refused(plan(k={"type": "categorical", "choices": [True, 2]})) == ["the types of the choices of k"]
    assert refused(plan(k={"type": "categorical", "choices": [None, 1, 0.5]})) == []


def test_equal_choices_are_refused():
    made = plan(k={"type": "categorical", "choices": [0, False, "a"]})
    assert refused(made) == ["equal choices of k, such as 1 and true"]
    assert written(made)["hyperparameters"][0]["choices"] == [0, "a"]


def test_ends_that_would_be_rounded_away_are_refused():
    assert refused(plan(k={"type": "float", "low": 1e-14, "high": 1.0, "log": True})) == ["the range of k"]
    assert refused(plan(k={"type": "float", "low": 1 / 3, "high": 2 / 3})) == []
    third = parameter(type="float", low=1 / 3, high=2 / 3)
    assert 1 / 3 <= third["lower"] < third["upper"] <= 2 / 3


def test_a_reason_travels_as_meta():
    assert parameter(**REAL, why=["It matters."])["meta"] == {"why": "It matters."}


def test_what_never_has_an_effect_is_left_out_and_said():
    made = plan(k={**INT, "when": {"held": 1}}, rate=REAL)
    assert [entry["name"] for entry in written(made)["hyperparameters"]] == ["rate", "held", "off"]
    assert "k: left out; it has no effect beside what is held" in lost(made)


def test_a_constraint_becomes_exactly_the_combinations_that_break_it():
    made = bound(plan(a=INT, b=INT, kind={"type": "categorical", "choices": ["x", "y"]}), "a <= b or kind == 'x'")
    clauses = written(made)["forbiddens"]
    assert not any("constraint" in text for text in lost(made))
    assert {"type": "EQUALS", "name": "kind", "value": "y"} in clauses[0]["clauses"]
    assert len(clauses) == 7


def test_a_constraint_between_real_numbers_is_a_relation():
    made = bound(plan(a=REAL, b={**REAL, "default": 0.75}), "a <= b")
    assert written(made)["forbiddens"] == [{"type": "RELATION_GT", "left": "a", "right": "b"}]


@pytest.mark.parametrize("expression", ["a <= 2 * b", "a == b", "a < 0.5", "b < 0.25"])
def test_a_constraint_that_clauses_cannot_say_is_said_to_be_lost(expression):
    made = bound(plan(a=REAL, b=REAL), expression)
    assert written(made)["forbiddens"] == []
    assert f"the constraint {expression}: left out; return a bad value where it does not hold" in lost(made)


def test_a_constraint_of_many_combinations_is_lost_and_not_worked_out_for_long():
    wide = {"type": "int", "low": 1, "high": 500}
    made = bound(plan(a=wide, b={**wide, "default": 400}), "a <= 2 * b")
    assert written(made)["forbiddens"] == []
    assert any(text.startswith("the constraint a <= 2 * b: left out") for text in lost(made))


def test_clauses_that_configspace_draws_wrongly_are_never_written():
    made = bound(plan(a=INT, b=INT), "a > 3", "b < 7", "a + b > 4")
    assert "CLAUSE_LE" not in json.dumps(written(made))
    assert '"CLAUSE_LT"' in json.dumps(written(made))
    assert '"CLAUSE_GE"' in json.dumps(written(made))


# ConfigSpace itself


def space_of(made, stage=None):
    space = pytest.importorskip("ConfigSpace").ConfigurationSpace
    read = space.from_json(io.StringIO(exporters.export(made, "configspace", stage, allow_loss=True)))
    read.seed(0)
    return read


def plain(value):
    return value.item() if hasattr(value, "item") else value


def drawn(made, count, stage=None):
    configs = space_of(made, stage).sample_configuration(count)
    return [{str(name): plain(value) for name, value in dict(config).items()} for config in configs]


def kept(made):
    """The constraints on what the last stage searches that are written."""
    said = lost(made)
    searched = made.stages[-1].search.keys()
    speaking = [one for one in made.constraints if constraints.names(one.expression) & searched]
    return [one for one in speaking if not any(f"the constraint {one.expression}:" in text for text in said)]


def check(made, count, number=None):
    stage = made.stages[-1] if number is None else made.stages[number - 1]
    for config in drawn(made, count, number):
        for name, entry in stage.entries.items():
            needed = needs(stage, name)
            active = needed is not None and all(
                parent in config and any(same(config[parent], value) for value in values)
                for parent, values in needed.items()
            )
            assert (name in config) == active, name
            if active and name in stage.search:
                assert contains(entry.domain, config[name]), name
                whole = [choice for choice in entry.choices or () if same(choice, config[name])] or [1]
                assert entry.type == "float" or isinstance(config[name], type(whole[0])), name
            elif active:
                assert same(config[name], entry.value), name
                assert type(config[name]) is type(entry.value)
        if number is None:
            assert all(constraint.keeps(config) for constraint in kept(made))


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_configspace_draws_from_the_plan_and_only_what_has_an_effect(name):
    check(PLANS[name], 200)


@pytest.mark.truth
@settings(max_examples=150)
@given(made=plans())
def test_configspace_draws_from_any_plan(made):
    if not refused(made):
        check(made, 20)
    else:
        space_of(made)


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_the_space_survives_a_round_trip(name, tmp_path):
    space = space_of(PLANS[name])
    space.to_json(tmp_path / "space.json")
    assert type(space).from_json(tmp_path / "space.json") == space


@pytest.mark.truth
def test_configspace_starts_at_the_default_of_the_plan():
    made = plan(a={**INT, "default": 5}, b={"type": "float", "low": 0.1, "high": 0.35, "step": 0.1, "default": 0.3})
    default = space_of(made).get_default_configuration()
    assert (default["a"], default["b"], default["held"], default["off"]) == (5, 0.3, 0, False)


@pytest.mark.truth
def test_configspace_reaches_both_ends_of_whole_numbers_and_grids():
    made = plan(
        log={"type": "int", "low": 1, "high": 4, "log": True},
        even={"type": "int", "low": 1, "high": 4},
        step={"type": "int", "low": 1, "high": 9, "step": 4},
    )
    configs = drawn(made, 300)
    assert {config["log"] for config in configs} == {1, 2, 3, 4}
    assert {config["even"] for config in configs} == {1, 2, 3, 4}
    assert {config["step"] for config in configs} == {1, 5, 9}


@pytest.mark.truth
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "expression",
    ["a <= b", "a > b - 2", "a * b % 2 == 0", "a != 3", "a > 3", "a < 6", "a + b != 7", "a <= 2 ** b and b != 8"],
)
def test_configspace_draws_all_that_keeps_a_constraint_and_nothing_else(expression, log):
    made = bound(plan(a={**INT, "log": log, "default": 5}, b={**INT, "default": 6}), expression)
    configs = {(config["a"], config["b"]) for config in drawn(made, 1500)}
    keeps = made.constraints[0].keeps
    assert configs == {(a, b) for a, b in itertools.product(range(1, 9), repeat=2) if keeps({"a": a, "b": b})}


@pytest.mark.truth
def test_a_constraint_says_nothing_where_one_of_its_parameters_has_no_effect():
    kinds = {"type": "categorical", "choices": ["x", "y"]}
    made = bound(plan(kind=kinds, a=INT, b={**INT, "when": {"kind": "x"}}), "a <= b")
    configs = drawn(made, 1000)
    assert {config["a"] for config in configs if config["kind"] == "y"} == set(range(1, 9))
    assert all(config["a"] <= config["b"] for config in configs if config["kind"] == "x")
