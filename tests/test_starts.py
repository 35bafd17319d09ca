"""The configurations that are evaluated first."""

from __future__ import annotations

import pytest
import small

pytestmark = pytest.mark.usefixtures("toy")


def starts(**changes):
    return [dict(point) for point in small.plan(**changes).stages[0].start]


def known(values, **changes):
    return {"values": values, "because": "Good on many.", "sources": ["paper"], **changes}


def test_the_librarys_default_comes_first_then_what_is_known_then_what_is_held(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"start": 0.3}
    toy(parameters=parameters, starts=[known({"rate": 0.05, "share": 0.2}), known({"share": 0.8})])
    found = starts(budget={"trials": 15})
    assert [point["share"] for point in found] == [0.5, 0.2, 0.8, 0.3]
    assert [point["rate"] for point in found] == [0.1, 0.05, 0.1, 0.1]
    assert found[0] == {"rate": 0.1, "share": 0.5, "depth": -1, "kind": "plain", "count": 100}


def test_no_start_is_given_twice(toy):
    toy(starts=[known({"share": 0.5}), known({"share": 0.2}), known({"share": 0.2})])
    assert [point["share"] for point in starts(budget={"trials": 200})] == [0.5, 0.2]


def test_starts_apply_under_their_condition(toy):
    toy(starts=[known({"share": 0.2}, when={"data.rows": {"lt": 1000}})])
    assert 0.2 in [point["share"] for point in starts(data={"rows": 999})]
    assert 0.2 not in [point["share"] for point in starts(data={"rows": 1000})]
    assert 0.2 not in [point["share"] for point in starts()]


def test_rules_add_starts(toy):
    toy(rules=[small.rule("toy-start", {"effect": "start", "values": {"share": 0.25}})])
    assert 0.25 in [point["share"] for point in starts()]


def test_a_start_names_no_parameter_without_effect_and_every_one_with(toy):
    toy(starts=[known({"kind": "fancy", "frill": 0.3}), known({"frill": 0.2})])
    found = starts(budget={"trials": 400}, space={"kind": {"role": "tune"}})
    assert {point["kind"]: point.get("frill") for point in found} == {"plain": None, "fancy": 0.3}
    assert all("frill" in point for point in found if point["kind"] == "fancy")
    assert all("frill" not in point for point in found if point["kind"] == "plain")


def test_starts_are_moved_into_the_searched_range_and_into_the_persons(toy):
    toy(starts=[known({"rate": 5.0, "count": 9000})])
    found = starts(space={"rate": {"low": 0.2, "high": 0.4}, "count": {"low": 50, "high": 500}})
    assert [point["rate"] for point in found] == [0.2, 0.4, 0.2][: len(found)]
    assert {point["count"] for point in found} == {100, 500}


def test_a_start_that_means_no_limit_is_replaced_by_what_acts_as_it(toy):
    toy(starts=[known({"share": 0.2, "depth": -1})])
    found = starts(space={"depth": {"role": "nuisance"}})
    assert {point["depth"] for point in found} == {12}


def test_a_start_that_trials_taught_speaks_of_what_the_person_has_by_that_name(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"estimators": ["toys.Regressor"]}
    own = {"model": {"estimator": "toys.Toy"}, "space": {"share": {"low": 0.0, "high": 1.0}}}
    toy(parameters=parameters, starts=[known({"share": 0.2}, learnt_from={"tasks": 9, "method": "a portfolio"})])
    assert 0.2 in [point["share"] for point in starts(**own)]
    choices = {**own, "space": {"share": {"choices": ["low", "high"]}}}
    assert {point["share"] for point in starts(**choices)} == {"low"}, "moved to no choice"
    toy(parameters=parameters, starts=[known({"share": 0.2})])
    assert 0.2 not in [point["share"] for point in starts(**own)], "what it means for another estimator"


def test_starts_never_change_what_the_person_holds(toy):
    toy(starts=[known({"share": 0.2, "rate": 0.7})])
    found = starts(fixed={"share": 0}, space={"lr": {"value": 0.25}})
    assert {(point["share"], point["lr"]) for point in found} == {(0, 0.25)}


def test_a_start_that_breaks_a_constraint_is_left_out(toy):
    toy(starts=[known({"share": 0.2}), known({"share": 0.8})])
    found = starts(budget={"trials": 200}, constraints=["share <= 0.6"])
    assert [point["share"] for point in found] == [0.5, 0.2]


def test_a_default_that_breaks_a_constraint_is_no_bar_and_said_so(toy):
    toy(starts=[known({"share": 0.2})])
    made = small.plan(constraints=["share <= 0.3"])
    assert not made.bar.library_default
    assert "breaks a constraint" in made.bar.note
    assert all(point["share"] <= 0.3 for point in made.stages[0].start)


def test_starts_take_at_most_their_share_of_the_trials(toy):
    toy(starts=[known({"share": share / 100}) for share in range(10, 40)])
    share = small.SHARED["policies"]["starts"]["values"]["share"]
    for trials, most in ((1, 1), (2, 1), (3, 2), (9, 6), (12, 4), (15, 6), (1000, 8)):
        made = small.plan(budget={"trials": trials})
        of_first = max(1, int(share * made.stages[0].trials))
        assert len(made.stages[0].start) == (min(most, of_first) if trials > 9 else most)


def test_only_the_first_stage_has_starts():
    assert [bool(stage.start) for stage in small.plan().stages] == [True, False, False]


def test_false_zero_and_nothing_are_values_of_starts(toy):
    parameters = small.family()["parameters"]
    valid = {"type": "categorical", "choices": [None, False, 0]}
    parameters["flag"] = small.parameter(valid=valid, search={"choices": [None, False, 0]}, default=None)
    toy(parameters=parameters, starts=[known({"flag": False}), known({"flag": 0})])
    found = starts(budget={"trials": 400}, space={"flag": {"role": "nuisance"}})
    assert [repr(point["flag"]) for point in found] == ["None", "False", "0"]


def test_a_start_keeps_what_a_rule_fixed(toy):
    toy(
        starts=[known({"share": 0.2, "count": 700})],
        rules=[small.rule("toy-f", {"effect": "fix", "parameter": "count", "value": 300})],
    )
    assert [point["count"] for point in starts(budget={"trials": 15})][1:] == [300, 300]


def test_a_value_of_a_start_may_follow_from_a_fact(toy):
    toy(starts=[known({"count": {"of": "data.rows", "times": 0.25, "at_most": 400}, "share": 0.2})])
    assert (20, 0.2) in [(point["count"], point["share"]) for point in starts(data={"rows": 81})]
    assert (400, 0.2) in [(point["count"], point["share"]) for point in starts(data={"rows": 5000})]


def test_a_value_of_a_start_that_follows_from_an_unknown_fact_is_what_the_plan_holds(toy):
    toy(starts=[known({"count": {"of": "data.rows", "times": 0.25}, "share": 0.2})])
    assert (100, 0.2) in [(point["count"], point["share"]) for point in starts()]
