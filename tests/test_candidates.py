"""What becomes of a parameter between knowledge, library and person: the person has the last word."""

from __future__ import annotations

import pytest
import small
from pydantic import ValidationError

from advisor.errors import InvalidFile

pytestmark = pytest.mark.usefixtures("toy")


def entry(name, described, **changes):
    made = small.plan(space={name: described}, **changes)
    return small.begun(made, name), made


def problem(**changes):
    with pytest.raises(InvalidFile) as caught:
        small.plan(**changes)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        ({"low": 0.01, "high": 0.2}, 0.01, 0.2),
        ({"low": 0.0001, "high": 100.0}, 0.001, 1.0),
        ({"low": 0.5, "high": 7.0}, 0.5, 1.0),
        ({"low": 2.0, "high": 7.0}, 2.0, 7.0),
        ({"low": 1.0, "high": 7.0}, 1.0, 7.0),
        ({"high": 0.2}, 0.001, 0.2),
        ({"low": 0.2}, 0.2, 1.0),
        ({"low": 0, "high": 1e-4}, 1e-12, 1e-4),
    ],
    ids=str,
)
def test_a_range_limits_the_advised_one_and_replaces_it_where_they_do_not_meet(given, low, high):
    found, _ = entry("rate", given)
    assert (found.low, found.high) == (low, high)


def test_a_range_that_reaches_to_zero_keeps_the_advised_scale():
    found, _ = entry("rate", {"low": 0, "high": 10})
    assert (found.low, found.high, found.log) == (0.001, 1.0, True)


def test_the_person_chooses_the_scale():
    assert entry("rate", {"low": 0.01, "high": 0.2, "log": False})[0].log is None
    assert entry("rate", {"log": False})[0].log is None
    assert entry("share", {"low": 0.2, "high": 0.8, "log": True})[0].log is True


def test_a_scale_alone_must_suit_the_advised_range(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"search": {"low": 0, "high": 1}}
    toy(parameters=parameters)
    found = problem(space={"share": {"log": True}})
    assert found.path == ("space", "share")
    assert "needs low above 0" in found.sentence
    assert problem(space={"kind": {"log": True}}).path == ("space", "kind")


def test_a_step_is_kept_and_starts_lie_on_it():
    found, made = entry("share", {"low": 0.0, "high": 1.0, "step": 0.25})
    assert (found.low, found.high, found.step) == (0.25, 0.9, 0.25)
    assert {point["share"] for point in made.stages[0].start} <= {0.25, 0.5, 0.75}


def test_a_step_that_leaves_one_advised_value_leaves_the_persons_range():
    found, _ = entry("share", {"low": 0.0, "high": 1.0, "step": 0.5})
    assert (found.low, found.high, found.step) == (0.0, 1.0, 0.5)


def test_a_fractional_step_of_whole_numbers_is_refused():
    found = problem(space={"depth": {"low": 2, "high": 8, "step": 0.5}})
    assert found.path == ("space", "depth", "step")


def test_whole_numbers_stay_whole_whatever_the_person_writes():
    found, made = entry("depth", {"type": "float", "low": 2.5, "high": 7.9, "role": "tune"})
    assert (found.type, found.low, found.high) == ("int", 3, 7)
    assert isinstance(found.low, int)
    assert "whole numbers only" in small.notes(made)
    assert problem(space={"depth": {"low": 2.2, "high": 2.8}}).path == ("space", "depth")


def test_the_person_may_ask_for_whole_numbers_of_a_real_parameter():
    found, _ = entry("rate", {"type": "int", "low": 1, "high": 9})
    assert (found.type, found.low, found.high) == ("int", 1, 9)


def test_what_the_library_refuses_is_cut_off_and_said():
    found, made = entry("share", {"low": 0.5, "high": 3.0})
    assert (found.low, found.high) == (0.5, 0.9)
    assert "share: 0.5 .. 3 reaches outside what the library accepts (float from 0 to 1)" in small.notes(made)
    assert problem(space={"share": {"low": 2, "high": 3}}).path == ("space", "share")


def test_choices_of_a_number_are_searched_as_choices():
    found, _ = entry("rate", {"choices": [0.01, 0.1, 1.0]})
    assert (found.type, found.choices, found.ordered) == ("categorical", (0.01, 0.1, 1.0), True)
    assert entry("rate", {"choices": [0.1, 5.0]})[0].choices == (0.1, 5.0)
    assert entry("rate", {"choices": [5.0, 0.1, 0.2]})[0].ordered is None


def test_a_range_for_an_advised_list_keeps_the_list_unless_the_person_chooses_a_scale(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"search": {"choices": [0.25, 0.5, 0.75, 1.0], "ordered": True}}
    toy(parameters=parameters)
    assert entry("share", {"low": 0.3, "high": 0.8})[0].choices == (0.5, 0.75)
    found, _ = entry("share", {"low": 0.3, "high": 0.8, "log": True})
    assert (found.low, found.high, found.log) == (0.3, 0.8, True)
    assert entry("share", {"low": 0.3, "high": 0.4})[0].high == 0.4


def test_a_list_is_searched_as_it_is_written_whatever_is_advised():
    found, _ = entry("kind", {"choices": ["odd", "fancy", "plain"]})
    assert found.choices == ("odd", "fancy", "plain")
    assert entry("rate", {"choices": [0.0001, 0.1, 5.0]})[0].choices == (0.0001, 0.1, 5.0)
    found, _ = entry("depth", {"choices": [3, 5, -1], "role": "tune"})
    assert (found.choices, found.ordered, found.default) == ((3, 5, -1), None, -1)


@pytest.mark.parametrize("scope", ["open", "closed"])
def test_a_wide_range_is_a_limit_whose_advised_part_is_searched_first_and_the_whole_at_last(scope):
    made = small.plan(scope=scope, space={"rate": {"low": 0.0001, "high": 5.0, "log": True}})
    first, last = small.begun(made, "rate"), small.found(made, "rate")
    assert (first.low, first.high, last.low, last.high) == (0.001, 1.0, 0.0001, 5.0)
    assert (first.limits.low, first.limits.high) == (0.0001, 5.0)
    assert "The advised range lies within yours (0.0001 .. 5 log)." in first.why
    assert made.stages[-1].narrow.open is None or "rate" in made.stages[-1].narrow.open
    assert made.stages[-1].why[-1].startswith("opening: what is advised misses what some data need")
    assert made.stages[-1].why[-1].endswith("this stage searches all of yours: rate.")


def test_a_plan_of_one_stage_stays_in_the_advised_part_of_a_range():
    made = small.plan(budget={"trials": 12}, space={"rate": {"low": 0.0001, "high": 5.0, "log": True}})
    assert [(stage.search["rate"].low, stage.search["rate"].high) for stage in made.stages] == [(0.001, 1.0)]


def test_the_last_stage_opens_a_range_on_the_persons_own_scale_only():
    made = small.plan(space={"rate": {"low": 0.0, "high": 5.0}})
    last = small.found(made, "rate")
    assert (last.low, last.high, last.log) == (0.001, 5.0, True)


def test_a_range_to_be_tuned_in_a_space_that_is_taken_over_is_searched_as_it_is_written():
    space = {"rate": {"low": 0.0001, "high": 5.0, "role": "tune"}, "share": {"low": 0.0, "high": 3.0, "role": "tune"}}
    made = small.plan(scope="closed", space=space)
    rate, share = small.begun(made, "rate"), small.begun(made, "share")
    assert (rate.low, rate.high, share.low, share.high) == (0.0001, 5.0, 0.0, 1.0)
    assert "Your range 0.0001 .. 5 log is searched as it is." in rate.why


def test_choices_that_the_library_refuses_are_left_out_and_said():
    found, made = entry("kind", {"choices": ["fancy", "plain", "fanzy"]})
    assert found.choices == ("fancy", "plain")
    assert "kind: choices that the library refuses were left out" in small.notes(made)
    assert ": fanzy." in small.notes(made)
    refused = problem(space={"kind": {"choices": ["fanzy"]}})
    assert refused.path == ("space", "kind", "choices")
    assert refused.hint == "did you mean 'fancy'?"


@pytest.mark.parametrize(("word", "hint"), [("None", "did you mean null?"), ("True", "did you mean true?")])
def test_a_word_of_python_where_yaml_writes_it_otherwise_is_refused(toy, word, hint):
    parameters = small.family()["parameters"]
    parameters["kind"]["valid"] |= {"choices": ["plain", "fancy", None, True]}
    toy(parameters=parameters)
    refused = problem(space={"kind": {"choices": [word, "plain"]}})
    assert (refused.path, refused.hint) == (("space", "kind", "choices"), hint)
    assert "one of plain, fancy, null, true" in refused.sentence
    assert problem(fixed={"kind": word}).hint == hint
    assert problem(fixed={"kind": word}).path == ("fixed", "kind")
    assert problem(space={"kind": {"value": word}}).path == ("space", "kind", "value")
    child = {"mine": {"low": 0.0, "high": 1.0, "when": {"kind": word}}}
    assert problem(space=child).hint == hint


def test_a_range_of_words_is_refused():
    assert problem(space={"kind": {"low": 1, "high": 2}}).path == ("space", "kind")


@pytest.mark.parametrize("value", [0, False, 0.0, None, "", "fancy"])
def test_fixed_values_are_kept_as_they_are(value):
    is_numeric = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    for name in ("share", "mine") if is_numeric else ("mine",):
        made = small.plan(fixed={name: value})
        for stage in made.stages:
            assert stage.fixed[name].value == value
            assert type(stage.fixed[name].value) is type(value)
        assert all(point[name] == value for point in made.stages[0].start)


def test_a_fixed_value_that_the_library_refuses_is_kept_and_said():
    made = small.plan(fixed={"share": 7})
    assert made.stages[0].fixed["share"].value == 7
    assert "share: 7 is outside what the library is known to accept" in small.notes(made)


def test_a_value_in_the_space_holds_the_parameter():
    found, _ = entry("share", {"value": 0})
    assert found.value == 0
    assert found.why[0] == "You hold it at this value in the spec."


def test_the_role_fixed_holds_it_at_the_default_or_what_is_advised_within_the_range():
    assert entry("share", {"role": "fixed", "default": 0.3})[0].value == 0.3
    assert entry("share", {"role": "fixed"})[0].value == 0.5
    assert entry("share", {"role": "fixed", "low": 0.6, "high": 0.7})[0].value == 0.6
    assert entry("mine", {"role": "fixed", "default": 3})[0].value == 3
    assert entry("mine", {"role": "fixed", "low": 0, "high": 4})[0].value == 2


def test_the_role_tune_searches_what_would_be_left_alone():
    assert small.found(small.plan(), "count").value == 100
    found, _ = entry("count", {"role": "tune"})
    assert (found.low, found.high, found.tier) == (10, 1000, "important")
    assert "You asked for it to be tuned." in found.why


def test_the_role_tune_outweighs_a_rule_that_fixes(toy):
    toy(rules=[small.rule("toy-fix", small.effect("fix", value=0.4))])
    assert small.found(small.plan(), "share").value == 0.4
    found, _ = entry("share", {"role": "tune"})
    assert (found.low, found.high, found.default) == (0.1, 0.9, 0.4)


def test_a_value_that_a_rule_fixes_is_moved_into_the_persons_range(toy):
    toy(rules=[small.rule("toy-fix", small.effect("fix", value=0.4))])
    found, _ = entry("share", {"low": 0.6, "high": 0.8})
    assert found.value == 0.6


def test_a_range_or_list_for_what_would_be_left_alone_is_searched():
    found, _ = entry("count", {"low": 200, "high": 400})
    assert (found.low, found.high, found.tier) == (200, 400, "minor")
    assert "You gave it a range; the knowledge base would hold it at 100." in found.why
    assert entry("count", {"choices": [50, 70]})[0].choices == (50, 70)


def test_a_range_for_what_is_held_limits_the_value():
    found, made = entry("count", {"low": 200, "high": 400, "role": "fixed"})
    assert found.value == 200
    assert {point["count"] for point in made.stages[0].start} == {200}
    assert "Your range 200 .. 400 log int limits the value that it is held at." in found.why
    single, _ = entry("count", {"choices": [70]})
    assert single.value == 70
    assert "Your range {70} leaves one value, so it is held there." in single.why


def test_a_range_in_another_unit_than_the_librarys_is_refused_with_one_that_fits():
    refused = problem(space={"share": {"low": 1, "high": 20, "type": "int"}})
    assert refused.sentence == "only 1 of 1 .. 20 int is legal: float from 0 to 1"
    assert refused.hint == "give a range of what the library takes, such as 0.1 .. 0.9"


def test_a_nuisance_is_searched_in_every_stage_and_never_narrowed():
    made = small.plan(space={"share": {"role": "nuisance"}})
    assert len(made.stages) == 3
    assert all("share" in stage.search for stage in made.stages)
    assert all("share" in stage.narrow.open for stage in made.stages[1:])


def test_a_role_without_a_range_to_search_is_refused(toy):
    parameters = small.family()["parameters"]
    parameters["odd"] = small.parameter(tier="fixed")
    del parameters["odd"]["search"]
    toy(parameters=parameters)
    assert problem(space={"odd": {"role": "tune"}}).path == ("space", "odd", "role")
    assert entry("odd", {"role": "tune", "low": 0.2, "high": 0.4})[0].high == 0.4


def test_a_role_that_needs_a_fact_names_the_fact(toy):
    parameters = small.family()["parameters"]
    parameters["depth"] |= {"search": {"low": 2, "high": {"of": "data.rows"}}}
    toy(parameters=parameters)
    found = problem(space={"depth": {"role": "tune"}})
    assert found.hint == "give data.rows, or low and high"
    assert entry("depth", {"role": "tune"}, data={"rows": 30})[0].high == 30


def test_the_persons_default_is_where_the_search_starts():
    found, made = entry("share", {"default": 0.7})
    assert found.default == 0.7
    assert [point["share"] for point in made.stages[0].start] == [0.5, 0.7]
    outside, made = entry("share", {"low": 0.2, "high": 0.4, "default": 0.7})
    assert outside.default == 0.4
    assert "share: its default 0.7 lies outside its range and was moved inside." in small.notes(made)


def test_a_default_that_no_range_can_hold_is_replaced_by_what_acts_as_it():
    found, made = entry("depth", {"role": "tune"})
    assert found.default == 12
    assert "depth" not in made.stages[0].search
    assert made.stages[0].start[0]["depth"] == -1
    _, made = entry("depth", {"role": "nuisance"})
    assert made.stages[0].start[0]["depth"] == 12
    assert "depth -1 -> 12" in made.bar.note


@pytest.mark.parametrize(
    ("described", "key"),
    [
        ({"type": "categorical", "low": 1, "high": 2}, "type"),
        ({"type": "int", "choices": [1, 2.5]}, "choices"),
        ({"type": "float", "choices": [1, "a"]}, "choices"),
        ({"type": "float", "choices": [1, True]}, "choices"),
        ({"value": 0.5, "role": "tune"}, "value"),
        ({"value": 9, "low": 0, "high": 1}, "value"),
        ({"value": True, "choices": [1, 2]}, "value"),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["share", "mine"])
def test_an_entry_that_contradicts_itself_is_refused_at_its_place(name, described, key):
    with pytest.raises((ValidationError, InvalidFile)) as caught:
        small.plan(space={name: described})
    if isinstance(caught.value, InvalidFile):  # what the spec's own checks let through
        assert ("space", name, key) in {found.path for found in caught.value.problems}
    else:
        assert f"space.{name}" in str(caught.value)


def test_true_and_one_are_two_choices_and_repetitions_are_one():
    found, _ = entry("mine", {"choices": [1, True, 0, False, 1, "a", "a", None]})
    assert [repr(choice) for choice in found.choices] == ["1", "True", "0", "False", "'a'", "None"]


@pytest.mark.parametrize(
    ("described", "kind", "low", "high"),
    [
        ({"low": 1, "high": 9}, "int", 1, 9),
        ({"low": 1, "high": 9.0}, "float", 1.0, 9.0),
        ({"low": 1, "high": 9, "type": "float"}, "float", 1.0, 9.0),
        ({"low": 1.0, "high": 9.0, "type": "int"}, "int", 1, 9),
        ({"low": 1, "high": 2, "step": 0.5}, "float", 1.0, 2.0),
    ],
    ids=str,
)
def test_the_kind_of_an_own_parameter_follows_from_its_type_or_its_ends(described, kind, low, high):
    found, _ = entry("mine", described)
    assert (found.type, found.low, found.high) == (kind, low, high)
    assert type(found.low) is type(low)


def test_an_own_parameter_that_is_taken_as_whole_by_its_ends_alone_says_so():
    said = "mine: taken as whole numbers; say type: float for all between."
    assert said in small.notes(entry("mine", {"low": 0, "high": 1})[1])
    for told in ({"type": "int"}, {"type": "float"}, {"step": 0.5}):
        assert said not in small.notes(entry("mine", {"low": 0, "high": 1, **told})[1])


def test_an_own_parameter_without_a_range_is_refused():
    assert problem(space={"mine": {}}).path == ("space", "mine")
    assert problem(space={"mine": {"low": 1}}).path == ("space", "mine")
    assert "did you mean 'share'?" in str(problem(space={"shar": {"role": "tune"}}))


def test_a_parent_without_a_range_is_one_problem_and_its_children_none():
    space = {"mine": {}, "child": {"low": 0, "high": 1, "when": {"mine": 1}}}
    assert problem(space=space).path == ("space", "mine")


def test_an_own_parameter_starts_in_the_middle_or_where_the_person_says():
    assert entry("mine", {"low": 0.0, "high": 4.0})[0].default == 2.0
    assert entry("mine", {"low": 0.01, "high": 1.0, "log": True})[0].default == pytest.approx(0.1)
    assert entry("mine", {"low": 0, "high": 4, "default": 0})[0].default == 0
    outside, made = entry("mine", {"low": 0, "high": 4, "default": 9})
    assert outside.default == 4
    assert "mine: its default 9 lies outside its range" in small.notes(made)


# Bounds that depend on facts


def test_a_bound_that_depends_on_an_unknown_fact_is_the_legal_one_and_waits(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"search": {"low": 0.1, "high": {"of": "data.rows", "times": 0.001, "at_most": 5}}}
    toy(parameters=parameters)
    made = small.plan()
    assert small.found(made, "share").high == 1
    assert [(w.rule, w.fact) for w in made.waits_for] == [("range of share", "data.rows")]
    assert small.found(small.plan(data={"rows": 400}), "share").high == 0.4


def test_a_bound_that_depends_on_a_fact_never_leaves_what_is_legal(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"search": {"low": 0.1, "high": {"of": "data.rows"}}}
    toy(parameters=parameters)
    assert small.found(small.plan(data={"rows": 4000}), "share").high == 1


def test_a_range_that_facts_shrink_to_one_value_holds_it(toy):
    toy(rules=[small.rule("toy-one", small.effect("narrow", "depth", high={"of": "data.rows"}))])
    found = small.found(small.plan(data={"rows": 2}), "depth")
    assert found.value == 2


# Parents


def test_conditions_may_name_parents_by_any_name_and_list_values():
    made = small.plan(
        space={"art": {"is": "kind"}, "mine": {"low": 0, "high": 9, "when": {"kind": ["fancy", "plain"]}}},
        budget={"trials": 500},
    )
    assert small.found(made, "mine").when is None, "a condition that always holds is none"
    assert small.found(made, "frill").when == {"art": "fancy"}
    by_alias = small.plan(space={"mine": {"low": 0, "high": 9, "when": {"eta": 0.1}}})
    assert small.found(by_alias, "mine").when == {"rate": 0.1}


def test_a_parent_that_does_not_exist_is_refused_with_a_suggestion():
    found = problem(space={"mine": {"low": 0, "high": 9, "when": {"kynd": "fancy"}}})
    assert found.path == ("space", "mine", "when", "kynd")
    assert found.hint == "did you mean 'kind'?"


def test_a_value_that_a_parent_never_has_is_refused_with_a_suggestion():
    found = problem(space={"mine": {"low": 0, "high": 9, "when": {"kind": "fanzy"}}})
    assert found.path == ("space", "mine", "when", "kind")
    assert found.hint == "did you mean 'fancy'?"
    own = {"mode": {"choices": ["a", "b"]}, "mine": {"low": 0, "high": 9, "when": {"mode": ["a", "c"]}}}
    assert "mode never is 'c'; it is one of {a, b}" in str(problem(space=own))


def test_a_legal_value_that_is_not_searched_makes_a_parameter_without_effect_and_says_so():
    made = small.plan(space={"mine": {"low": 0, "high": 9, "when": {"kind": "odd"}}})
    assert all(stage.fixed["mine"].active is False for stage in made.stages)
    assert "mine never has an effect in this plan" in small.notes(made)


def test_circles_of_conditions_are_refused():
    space = {
        "one": {"choices": ["a", "b"], "when": {"two": "a"}},
        "two": {"choices": ["a", "b"], "when": {"one": "a"}},
    }
    with pytest.raises(InvalidFile) as caught:
        small.plan(space=space)
    assert {found.path for found in caught.value.problems} == {("space", "one", "when"), ("space", "two", "when")}
    assert problem(space={"one": {"choices": ["a", "b"], "when": {"one": "a"}}}).sentence == "depends on itself"


def chain(length):
    return {
        f"p{i}": {"choices": ["a", "b"]} | ({"when": {f"p{i - 1}": "a"}} if i else {}) for i in reversed(range(length))
    }


def test_a_chain_of_conditions_is_written_with_all_that_it_depends_on():
    made = small.plan(space=chain(50), budget={"trials": 1000})
    assert small.found(made, "p49").when == {f"p{i}": "a" for i in range(49)}


def test_a_chain_of_a_thousand_conditions_is_refused_in_a_sentence():
    assert "chain of more than 100 parameters" in problem(space=chain(1000)).sentence


def test_text_for_a_number_and_a_word_nearly_legal_are_refused():
    assert "'fast' is not legal" in str(problem(fixed={"rate": "fast"}))
    assert "give a number" in str(problem(fixed={"rate": "fast"}))
    assert "did you mean 'fancy'?" in str(problem(fixed={"kind": "fanci"}))
    assert "did you mean 'fancy'?" in str(problem(space={"kind": {"value": "fanci"}}))


def test_what_is_to_be_tuned_and_has_one_value_left_is_held_and_says_so(toy):
    toy(rules=[small.rule("few", small.effect("narrow", "count", high=10))])
    found, made = entry("count", {"role": "tune"})
    assert "count" not in made.stages[-1].search
    assert found.value == 10
    assert "nothing to search" in found.why[-1]
