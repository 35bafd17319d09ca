"""Facts that are given, and facts that follow from them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import facts
from advisor.spec import Spec

BASE = {"version": 1, "model": {"family": "lightgbm"}, "objective": {"metric": "auc", "direction": "maximize"}}
ALL = {
    "data.rows": 1000,
    "data.features": 16,
    "data.positive_rate": 0.2,
    "data.tokens": 1e9,
    "model.parameters": 1e8,
    "budget.trials": 100,
    "budget.hours": 2,
    "budget.minutes_per_trial": 3,
    "budget.parallel": 4,
    "objective.default_value": 0.8,
    "objective.attainable": 0.9,
    "objective.noise": 0.01,
    "objective.metric": "accuracy",
    "objective.split": "cross-validation",
}
WORDS = {"objective.metric": ("accuracy", "auc", "rmse"), "objective.split": ("cross-validation", "test")}
SCORES = {"objective.default_value", "objective.attainable"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows_per_feature", 62.5),
        ("parameters_per_row", 1e5),
        ("tokens_per_parameter", 10),
        ("imbalance", 4),
        ("rarest_class_rows", 200),
        ("log2_rows", math.log2(1000)),
        ("inverse_features", 1 / 16),
        ("root_features_share", 0.25),
        ("trials_affordable", 160),
        ("trials", 100),
        ("rounds", 25),
        ("headroom", 0.1 / 0.9),
        ("noise_over_gain", 0.1),
        ("trials_validation_carries", 1e6),
        ("budget_over_carried", 1e-4),
        ("step_law_learning_rate", 1.80 * 1e8**-0.713 * 1e9**0.307),
        ("step_law_batch_tokens", 0.58 * 1e9**0.571),
    ],
)
def test_derived_fact_is_what_its_description_says(name, value):
    assert facts.with_derived(ALL)[f"derived.{name}"] == pytest.approx(value)


def test_every_derived_fact_says_its_unit_and_is_known_of_a_full_spec():
    known = facts.with_derived(ALL)
    for name, function in facts.DERIVED.items():
        assert name in known
        assert "(" in function.__doc__ or "standard deviations" in function.__doc__


@given(st.sets(st.sampled_from(sorted(ALL))))
def test_what_is_missing_is_exactly_what_would_have_to_be_given(given_names):
    known = {name: ALL[name] for name in given_names}
    derived = facts.with_derived(known)
    for name in facts.DERIVED:
        if name not in derived:
            wanted = facts.to_give(name, derived)
            assert wanted
            assert not set(wanted) & set(known)
            assert name in facts.with_derived({**known, **{fact: ALL[fact] for fact in wanted}})


positive = st.floats(min_value=5e-324, allow_infinity=False) | st.integers(1, 10**15)
scores = st.floats(allow_nan=False, allow_infinity=False)


odd = {n: st.sampled_from(WORDS[n]) if n in WORDS else scores if n in SCORES else positive for n in ALL}


@given(st.fixed_dictionaries({}, optional=odd))
def test_odd_numbers_make_a_fact_unknown_and_never_crash(given_facts):
    known = facts.with_derived(given_facts)
    assert all(math.isfinite(value) for name, value in known.items() if name.startswith("derived."))


def test_trials_are_what_was_asked_for_or_what_fits_whichever_is_less():
    def trials(**budget):
        return facts.with_derived({f"budget.{name}": value for name, value in budget.items()}).get("derived.trials")

    assert trials(trials=50) == 50
    assert trials(trials=50, hours=1, minutes_per_trial=3) == 20
    assert trials(trials=5, hours=1, minutes_per_trial=3) == 5
    assert trials(hours=1, minutes_per_trial=3, parallel=2) == 40
    assert trials(hours=1, minutes_per_trial=90) == 1
    assert trials(hours=1) is None
    assert trials(minutes_per_trial=1) is None


def test_facts_of_a_spec_are_what_it_says_and_no_file_names():
    spec = Spec.model_validate(
        {**BASE, "data": {"rows": 5, "profile": "a.csv", "target": "y", "missing_share": 0.0}, "budget": {"trials": 3}}
    )
    assert facts.given(spec) == {
        "model.family": "lightgbm",
        "objective.metric": "auc",
        "objective.direction": "maximize",
        "budget.trials": 3,
        "data.rows": 5,
        "data.missing_share": 0.0,
    }


def test_every_fact_of_a_spec_has_a_name_that_rules_may_use():
    names = facts.names()
    assert len(set(names)) == len(names)
    assert set(ALL) <= set(names)
    assert "data.profile" not in names
    assert facts.to_give("data.rows", {}) == ("data.rows",)
    assert facts.to_give(facts.TRIALS_PER_PARAMETER, {}) == ("budget.trials",)
