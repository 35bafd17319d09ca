"""What a spec accepts, refuses and is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from advisor.model import Frozen
from advisor.spec import Spec

BASE = {
    "version": 1,
    "model": {"family": "lightgbm", "task": "binary"},
    "objective": {"metric": "auc", "direction": "maximize"},
}


def spec(**parts: object) -> Spec:
    return Spec.model_validate({**BASE, **parts})


def test_three_lines_are_enough_and_all_else_is_unknown():
    least = spec()
    assert all(value is None for _, value in least.budget)
    assert all(value is None for _, value in least.data)
    assert (least.fixed, least.space, least.scope, least.constraints) == ({}, {}, "open", ())


@pytest.mark.parametrize("missing", BASE)
def test_what_has_no_default_must_be_said(missing):
    with pytest.raises(ValidationError, match=missing):
        Spec.model_validate({name: part for name, part in BASE.items() if name != missing})


@pytest.mark.parametrize(("number", "read"), [(80, 80), (80.0, 80), (1e6, 1_000_000), (1, 1), (10**15, 10**15)])
def test_counts_may_be_written_with_point_or_exponent(number, read):
    trials = spec(budget={"trials": number}).budget.trials
    assert (trials, type(trials)) == (read, int)


@pytest.mark.parametrize("number", [0, -1, 0.5, "80", True, [80], 10**15 + 1, 1e300, float("nan"), float("inf")])
def test_counts_that_are_none_are_refused(number):
    with pytest.raises(ValidationError):
        spec(budget={"trials": number})


@pytest.mark.parametrize("value", [0, 0.0, False, "", None, "0", 1, 1.0, True])
def test_values_keep_their_kind_even_where_they_are_nothing(value):
    for parts in (
        {"fixed": {"a": value}},
        {"space": {"a": {"value": value}}},
        {"space": {"a": {"choices": [value, 7]}}},
    ):
        read = spec(**parts)
        again = Spec.model_validate(read.to_data())
        for one in (read, again):
            if one.fixed:
                kept = one.fixed["a"]
            else:
                entry = one.space["a"]
                kept = entry.choices[0] if entry.choices else entry.value
            assert (kept, type(kept)) == (value, type(value))
        assert again == read


def test_null_that_is_said_is_not_the_same_as_nothing_said():
    said, silent = spec(space={"a": {"value": None}}), spec(space={"a": {}})
    assert said.space["a"].is_held
    assert not silent.space["a"].is_held
    assert said.sha256 != silent.sha256
    assert spec(space={"a": {"default": None}}).to_data()["space"] == {"a": {"default": None}}
    assert "default" in Spec.model_validate(spec(space={"a": {"default": None}}).to_data()).space["a"].model_fields_set


@pytest.mark.parametrize(
    ("entry", "has_range", "is_held"),
    [
        ({}, False, False),
        ({"low": 1}, True, False),
        ({"high": 0}, True, False),
        ({"choices": [0]}, True, False),
        ({"value": 0}, False, True),
        ({"role": "fixed"}, False, True),
        ({"role": "tune", "log": True}, False, False),
    ],
)
def test_entry_says_whether_it_has_a_range_and_holds_a_value(entry, has_range, is_held):
    read = spec(space={"a": entry}).space["a"]
    assert (read.has_range, read.is_held) == (has_range, is_held)


@pytest.mark.parametrize(
    "entry",
    [
        {"low": 1, "high": 1},
        {"low": 0, "high": 0.3, "step": 0.1},
        {"low": 0, "high": 1, "step": 1},
        {"low": 1, "high": 9, "type": "int", "log": True, "step": 1},
        {"type": "int", "low": 1.0, "high": 9.0},
        {"low": 1e-308, "high": 1e308, "log": True},
        {"choices": [1], "log": False},
        {"high": 3, "log": True},
        {"choices": [True, 1, 1.0, "1", None]},
        {"when": {"a": 1, "b": [1, None], "c": None}, "low": 1},
    ],
)
def test_ranges_that_mean_something_are_accepted(entry):
    assert spec(space={"x": entry}).space["x"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"low": 2, "high": 1}, "exchange them"),
        ({"low": 0, "high": 1, "log": True}, "low above 0"),
        ({"low": -1, "log": True}, "low above 0"),
        ({"high": 0, "log": True}, "high above 0"),
        ({"low": 0, "high": 1, "step": 1.5}, "larger than the range"),
        ({"low": 1, "high": 9, "log": True, "step": 2}, "exclude each other"),
        ({"low": 1, "high": 9, "log": True, "step": 1, "type": "float"}, "exclude each other"),
        ({"low": 1.5, "type": "int"}, "1.5 is no whole number"),
        ({"high": 1.5, "type": "int"}, "1.5 is no whole number"),
        ({"low": 1, "high": 9, "step": 0.5, "type": "int"}, "0.5 is no whole number"),
        ({"choices": [1], "step": 1}, "step and choices exclude each other"),
        ({"choices": [1], "low": 0}, "low and choices exclude each other"),
        ({"choices": list(range(10_001))}, "10000"),
        ({"low": float("nan")}, "finite"),
        ({"low": 10**400}, "more than 40 digits"),
    ],
)
def test_ranges_that_contradict_themselves_are_refused(entry, why):
    with pytest.raises(ValidationError, match=why):
        spec(space={"x": entry})


@pytest.mark.parametrize("name", ["", "a`b", "a\nb", "a\tb", "\x1b[31m", "x" * 101])
@pytest.mark.parametrize("section", ["fixed", "space"])
def test_name_that_no_message_could_show_is_refused(name, section):
    with pytest.raises(ValidationError):
        spec(**{section: {name: 1}})


@pytest.mark.parametrize("name", ["größe", "学习率", "a b", "max-depth", "svm__C", "lambda", "<<", "1", "x" * 100])
def test_name_may_be_any_word(name):
    assert name in spec(fixed={name: 1}).fixed


@pytest.mark.parametrize("until", ["2027-01-31"])
def test_waiver_ends_on_a_day(until):
    assert spec(waive=[{"check": "a", "reason": "b", "until": until}]).to_data()["waive"][0]["until"] == until


@pytest.mark.parametrize("until", [0, 20270131, 1.5, True, "tomorrow", "31.01.2027", "2027-02-30"])
def test_day_that_is_none_is_refused(until):
    with pytest.raises(ValidationError):
        spec(waive=[{"check": "a", "reason": "b", "until": until}])


@pytest.mark.parametrize("version", [True, "1", 2, 1.5, None, [1]])
def test_version_is_one(version):
    with pytest.raises(ValidationError):
        spec(version=version)


def test_hash_depends_on_what_is_said_and_not_on_how_or_where():
    one = spec(fixed={"a": 1, "b": 2}, knowledge=["/here/team"], data={"rows": 5, "profile": "/here/train.csv"})
    other = spec(
        data={"profile": "C:\\there\\train.csv", "rows": 5.0}, knowledge=["/there/team"], fixed={"b": 2, "a": 1}
    )
    assert one.sha256 == other.sha256
    assert len({spec().sha256, spec(fixed={"a": 1}).sha256, spec(fixed={"a": True}).sha256, spec(name="x").sha256}) == 4


def test_hash_stays_what_it_was():
    assert spec(budget={"trials": 80}).sha256 == "e173e8f0621ea68c6a5844930155461ec4829277310f43c94048951565552d38"


def test_other_words_for_the_same_range_have_the_same_hash():
    ours = spec(space={"a": {"low": 1, "high": 9, "type": "int"}})
    assert spec(space={"a": {"min": 1, "max": 9}}).sha256 == ours.sha256
    assert spec(space={"a": {"randint": [1, 10]}}).sha256 == ours.sha256


def test_nothing_in_a_spec_can_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        spec().name = "x"


def test_having_checks_what_it_changes():
    assert spec().having(name="x").name == "x"
    with pytest.raises(ValidationError):
        spec().having(scope="half open")


def test_every_field_of_a_spec_has_its_sentence():
    def fields(model):
        for name, field in model.model_fields.items():
            yield f"{model.__name__}.{name}", field

    from advisor import spec as module

    models = [m for m in vars(module).values() if isinstance(m, type) and issubclass(m, Frozen) and m is not Frozen]
    assert len(models) == 7
    silent = [name for model in models for name, field in fields(model) if not field.description]
    assert silent == []


entries = st.fixed_dictionaries(
    {},
    optional={
        "low": st.integers(1, 5) | st.floats(0.5, 5),
        "high": st.integers(6, 9) | st.floats(6, 9),
        "log": st.booleans(),
        "role": st.sampled_from(["tune", "fixed", "nuisance"]),
        "default": st.none() | st.integers() | st.text(max_size=3),
        "value": st.none() | st.booleans(),
        "when": st.dictionaries(st.sampled_from("ab"), st.none() | st.lists(st.integers(), max_size=2), max_size=2),
    },
)


@given(st.dictionaries(st.sampled_from("xyz"), entries | st.lists(st.none() | st.text(), min_size=1) | st.integers()))
def test_spec_is_the_same_after_being_written_and_read(space):
    read = spec(space=space)
    again = Spec.model_validate(read.to_data())
    assert again == read
    assert again.sha256 == read.sha256


def test_what_is_attainable_is_no_worse_than_the_default():
    data = {
        "version": 1,
        "model": {"family": "lightgbm"},
        "objective": {"metric": "auc", "direction": "maximize", "default_value": 0.9, "attainable": 0.8},
    }
    with pytest.raises(ValidationError, match="worse than default_value"):
        Spec.model_validate(data)
    data["objective"]["direction"] = "minimize"
    assert Spec.model_validate(data).objective.attainable == 0.8
