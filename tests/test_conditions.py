"""Conditions: three-valued logic, what they say, and what they refuse when they are read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from advisor.conditions import Condition, Outcome, evaluate, regimes_named

FACTS = {"data.rows": 800, "data.features": 20, "model.task": "binary", "model.family": "svm"}
HOLDS = {"data.rows": {"lt": 1000}}
FAILS = {"data.rows": {"gt": 1000}}
UNKNOWN = {"data.tokens": {"gt": 5}}
KINDS = {True: HOLDS, False: FAILS, None: UNKNOWN}


def outcome(data, facts=FACTS, regimes=None):
    return evaluate(Condition.model_validate(data), facts, regimes or {})


def kleene_and(values):
    return False if False in values else None if None in values else True


def kleene_or(values):
    return True if True in values else None if None in values else False


@pytest.mark.parametrize("values", list(itertools.product([True, False, None], repeat=3)))
def test_all_and_any_follow_the_logic_of_three_values(values):
    parts = [KINDS[value] for value in values]
    assert outcome({"all": parts}).holds is kleene_and(values)
    assert outcome({"any": parts}).holds is kleene_or(values)


@pytest.mark.parametrize("value", [True, False, None])
def test_not_turns_a_known_outcome_and_leaves_an_unknown_one(value):
    expected = None if value is None else not value
    assert outcome({"not": KINDS[value]}).holds is expected
    assert outcome({"not": {"not": KINDS[value]}}).holds is value


trees = st.recursive(
    st.sampled_from(list(KINDS.values())),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=12,
)


def truth(tree):
    if "all" in tree:
        return kleene_and([truth(part) for part in tree["all"]])
    if "any" in tree:
        return kleene_or([truth(part) for part in tree["any"]])
    if "not" in tree:
        inner = truth(tree["not"])
        return None if inner is None else not inner
    return next(value for value, kind in KINDS.items() if kind == tree)


@given(trees)
def test_trees_of_any_depth_have_the_value_of_their_parts(tree):
    found = outcome(tree)
    assert found.holds is truth(tree)
    assert (found.missing == ()) is (found.holds is not None)
    assert found.because


@given(trees)
def test_learning_an_unknown_fact_never_overturns_what_was_decided(tree):
    before = outcome(tree).holds
    for tokens in (1.0, 1e9):
        after = outcome(tree, {**FACTS, "data.tokens": tokens}).holds
        assert after is not None
        assert before is None or after is before


def test_an_empty_condition_always_holds():
    assert outcome({}) == Outcome(holds=True)


def test_all_that_is_listed_must_hold():
    assert outcome({"data.rows": {"ge": 800, "lt": 801}, "model.task": {"in": ["binary", "ranking"]}}).holds
    assert outcome({"data.rows": {"ge": 800, "lt": 800}}).holds is False
    assert outcome({"model.task": {"ne": "binary"}}).holds is False


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("lt", True, False, False),
        ("le", True, True, False),
        ("gt", False, False, True),
        ("ge", False, True, True),
        ("eq", False, True, False),
        ("ne", True, False, True),
    ],
)
def test_each_operator_is_right_at_its_border(operator, below, at, above):
    for rows, expected in ((799, below), (800, at), (801, above)):
        assert outcome({"data.rows": {operator: 800}}, {"data.rows": rows}).holds is expected


def test_an_outcome_says_the_test_and_the_fact():
    assert outcome(HOLDS).because == "data.rows < 1000 (it is 800)"
    assert outcome(UNKNOWN) == Outcome(holds=None, because="data.tokens is unknown", missing=("data.tokens",))


def test_a_negated_test_is_said_to_be_negated_whether_it_holds_or_not():
    assert outcome({"not": FAILS}).because == "not (data.rows > 1000 (it is 800))"
    assert outcome({"not": HOLDS}).because == "not (data.rows < 1000 (it is 800))"


def test_alternatives_inside_a_conjunction_are_kept_apart():
    both = {"any": [HOLDS, {"data.features": {"eq": 20}}], "model.task": {"eq": "binary"}}
    assert outcome(both).because == (
        "model.task is binary (it is binary) and (data.rows < 1000 (it is 800) or data.features is 20 (it is 20))"
    )


def test_all_missing_facts_are_named_once_in_order():
    found = outcome({"all": [UNKNOWN, {"budget.hours": {"lt": 1}}, {"not": UNKNOWN}]})
    assert found.missing == ("data.tokens", "budget.hours")


def test_a_regime_brings_its_reason_and_what_it_misses():
    regimes = {"small": Outcome(holds=True, because="few rows"), "big": Outcome(holds=None, missing=("data.rows",))}
    assert outcome({"regimes": ["small"]}, regimes=regimes).because == "small: few rows"
    assert outcome({"regimes": ["small", "big"]}, regimes=regimes).missing == ("data.rows",)
    assert outcome({"regimes": ["big", "small"]}, regimes=regimes) == outcome(
        {"regimes": ["small", "big"]}, regimes=regimes
    )


def test_regimes_are_found_at_any_depth():
    tree = {"any": [{"not": {"all": [{"regimes": ["a"]}]}}, HOLDS], "regimes": ["b"]}
    assert regimes_named(Condition.model_validate(tree)) == {"a", "b"}


@pytest.mark.parametrize(
    "data",
    [
        {"data.row": {"lt": 1}},
        {"data.rows": {"less": 1}},
        {"data.rows": {"lt": "1"}},
        {"data.rows": {"lt": True}},
        {"data.rows": {}},
        {"data.rows": {"lt": None}},
        {"data.rows": 800},
        {"model.task": {"lt": 1}},
        {"model.task": {"eq": "clasification"}},
        {"model.task": {"in": ["binary", "clasification"]}},
        {"data.profile": {"eq": "train.csv"}},
        {"derived.imbalence": {"gt": 1}},
        {"regimes": []},
        {"any": []},
        {"all": [{"data.row": {"lt": 1}}]},
        {"not": {"regime": ["a"]}},
    ],
    ids=str,
)
def test_a_condition_that_could_not_be_decided_is_refused_when_it_is_read(data):
    with pytest.raises(ValidationError):
        Condition.model_validate(data)
