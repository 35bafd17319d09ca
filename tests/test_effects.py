"""What rules do to advice, and that their order never matters."""

from __future__ import annotations

import pytest
import small
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from advisor.effects import Advice, Effect, FactBound, Firing, apply, resolved, shown, tier
from advisor.errors import RuleConflict
from advisor.space import Choice, Numeric

READ = TypeAdapter(Effect)
SHARE = Numeric(low=0.1, high=0.9)
LEAVES = Numeric(low=8, high=256, log=True, integer=True)
KIND = Choice(choices=("a", "b", "c"))


def firing(name, *effects, overrides=()):
    return Firing(
        rule=name,
        effects=tuple(READ.validate_python(effect) for effect in effects),
        because=f"{name} says so.",
        applies="",
        sources=(name,),
        confidence="low",
        overrides=frozenset(overrides),
    )


def start():
    return {
        "share": Advice(domain=SHARE, priority=2, hold=0.5),
        "leaves": Advice(domain=LEAVES, priority=1, hold=31),
        "kind": Advice(domain=KIND, priority=0, hold="a"),
    }


def applied(*firings, facts=None, held=()):
    return apply(start(), firings, facts or {}, held)


def test_without_rules_nothing_changes():
    assert applied().advice == start()


def test_widening_takes_the_least_range_that_holds_all():
    found = applied(
        firing("a", small.effect("widen", low=0.05)),
        firing("b", small.effect("widen", low=0.02, high=0.95)),
        firing("c", small.effect("widen", high=0.5)),
    ).advice["share"]
    assert found.domain == Numeric(low=0.02, high=0.95)


def test_narrowing_takes_what_lies_in_all_ranges_and_comes_after_widening():
    found = applied(
        firing("a", small.effect("narrow", low=0.2)),
        firing("b", small.effect("narrow", high=0.6)),
        firing("c", small.effect("widen", low=0.0, high=1.0)),
    ).advice["share"]
    assert found.domain == Numeric(low=0.2, high=0.6)


def test_a_list_is_widened_and_narrowed_by_choices():
    found = applied(
        firing("a", small.effect("widen", "kind", choices=["d", "a"])),
        firing("b", small.effect("narrow", "kind", choices=["d", "b", "x"])),
    ).advice["kind"]
    assert found.domain == Choice(choices=("b", "d"))


def test_only_rules_that_changed_something_are_named_as_reasons():
    found = applied(firing("a", small.effect("narrow", high=0.95)), firing("b", small.effect("narrow", high=0.5)))
    assert found.advice["share"].why == ("b: b says so.",)
    assert found.advice["share"].sources == ("b",)


def test_promotions_and_demotions_add_up_before_they_are_clamped():
    many = [firing(f"p{i}", small.effect("promote", by=2)) for i in range(3)]
    found = applied(*many, firing("d", small.effect("demote", by=6))).advice["share"]
    assert found.priority == 2
    assert [tier(priority) for priority in (-5, 0, 1, 2, 3, 9)] == [
        "fixed", "fixed", "minor", "important", "critical", "critical"
    ]  # fmt: skip


def test_two_rules_may_fix_the_same_value():
    found = applied(firing("a", small.effect("fix", value=1)), firing("b", small.effect("fix", value=1.0)))
    assert found.advice["share"].fixed
    assert found.advice["share"].hold == 1


@pytest.mark.parametrize("kind", ["fix", "set_default"])
@pytest.mark.parametrize("values", [(0.1, 0.2), (True, 1), (False, 0), (None, 0)])
def test_two_rules_that_set_different_values_are_a_conflict_that_names_both(kind, values):
    first, second = (firing(n, small.effect(kind, value=v)) for n, v in zip(("rule-a", "rule-b"), values, strict=True))
    with pytest.raises(RuleConflict, match="share: the rules 'rule-a' and 'rule-b' set different values"):
        applied(first, second)


def test_rules_that_leave_nothing_are_a_conflict_that_names_both():
    with pytest.raises(RuleConflict, match="'rule-b' and 'rule-a' leave nothing"):
        applied(firing("rule-a", small.effect("narrow", high=0.3)), firing("rule-b", small.effect("narrow", low=0.4)))
    with pytest.raises(RuleConflict, match="'rule-a' and the family's own range leave nothing"):
        applied(firing("rule-a", small.effect("narrow", low=0.95)))


def test_what_the_person_holds_no_rules_contradict():
    rules = [firing("a", small.effect("fix", value=1)), firing("b", small.effect("fix", value=2))]
    found = applied(*rules, held={"share"}).advice["share"]
    assert found == start()["share"]


def test_an_overriding_rule_wins_for_the_parameters_that_both_speak_of():
    found = applied(
        firing("loser", small.effect("fix", value=1), small.effect("promote", "leaves")),
        firing("winner", small.effect("fix", value=2), overrides=["loser"]),
    )
    assert found.advice["share"].hold == 2
    assert found.advice["leaves"].priority == 2
    assert found.overridden == {"loser": "winner"}


def test_overriding_a_rule_that_does_not_fire_does_nothing():
    found = applied(firing("winner", small.effect("fix", value=2), overrides=["absent"]))
    assert found.overridden == {}


def test_effects_on_parameters_that_the_plan_does_not_have_are_left_alone():
    assert applied(firing("a", small.effect("fix", "unheard_of", value=1))).advice == start()


def test_starts_partners_and_notes_are_gathered():
    found = applied(
        firing(
            "a",
            {"effect": "start", "values": {"share": 0.2}},
            {"effect": "same_stage", "parameters": ["share", "leaves"]},
            {"effect": "note", "text": "Mind the gap."},
        )
    )
    assert found.starts[0][0] == {"share": 0.2}
    assert found.together[0][0] == ("share", "leaves")
    assert found.notes[0][0] == "Mind the gap."
    assert found.advice == start()


def test_a_bound_follows_from_its_fact_within_its_own_bounds():
    bound = FactBound(of="data.rows", times=0.05, at_least=2, at_most=500)
    assert [resolved(bound, {"data.rows": rows}) for rows in (1, 1000, 10**9)] == [2, 50, 500]
    assert resolved(bound, {}) is None
    assert resolved(FactBound(of="data.rows", times=1e300), {"data.rows": 10**15}) is None


def test_a_bound_whose_fact_is_unknown_leaves_the_range_alone_and_is_reported():
    rule = firing("a", small.effect("narrow", "leaves", high={"of": "data.rows"}, low=16))
    found = applied(rule).advice["leaves"]
    assert found.domain == Numeric(low=16, high=256, log=True, integer=True)
    assert found.open_facts == ("data.rows",)
    assert applied(rule, facts={"data.rows": 99}).advice["leaves"].domain.high == 99


@pytest.mark.parametrize("kind", ["widen", "narrow"])
def test_bounds_of_whole_numbers_are_whole_and_no_further_out(kind):
    bounds = {"low": {"of": "data.rows", "times": 0.0251}, "high": {"of": "data.rows", "times": 0.9009}}
    domain = (
        applied(firing("a", small.effect(kind, "leaves", **bounds)), facts={"data.rows": 301}).advice["leaves"].domain
    )
    assert (domain.low, domain.high) == (8, 271 if kind == "widen" else 256)


def test_a_value_that_follows_from_a_fact_is_whole_where_the_parameter_is():
    rule = firing("a", small.effect("set_default", "leaves", value={"of": "data.rows", "times": 0.1}))
    hold = applied(rule, facts={"data.rows": 128}).advice["leaves"].hold
    assert hold == 13
    assert isinstance(hold, int)


@pytest.mark.parametrize(
    "data",
    [
        {"effect": "promte", "parameter": "share"},
        {"effect": "promote"},
        small.effect("promote", by=0),
        small.effect("narrow"),
        small.effect("widen"),
        small.effect("narrow", low="1"),
        small.effect("narrow", high={"of": "data.row"}),
        small.effect("narrow", high={"of": "model.task"}),
        small.effect("narrow", high={"of": "data.rows", "at_least": 9, "at_most": 3}),
        small.effect("narrow", high={"of": "data.rows", "plus": 3}),
        {"effect": "same_stage", "parameters": ["share"]},
        small.effect("fix"),
    ],
    ids=str,
)
def test_an_effect_that_could_do_nothing_is_refused_when_it_is_read(data):
    with pytest.raises(ValidationError):
        READ.validate_python(data)


numbers = st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 0.9, 1.0])
effects = st.one_of(
    st.builds(lambda low: small.effect("widen", low=low), numbers),
    st.builds(lambda high: small.effect("widen", high=high), numbers),
    st.builds(lambda low: small.effect("narrow", low=min(low, 0.5)), numbers),
    st.builds(lambda high: small.effect("narrow", high=max(high, 0.5)), numbers),
    st.builds(lambda by: small.effect("promote", by=by), st.integers(1, 3)),
    st.builds(lambda by: small.effect("demote", by=by), st.integers(1, 3)),
    st.builds(lambda value: small.effect("fix", value=value), st.sampled_from([0.2, 0.3])),
    st.builds(lambda value: small.effect("set_default", value=value), st.sampled_from([0.2, 0.3])),
    st.builds(lambda choices: small.effect("narrow", "kind", choices=choices), st.sampled_from([["a", "b"], ["b"]])),
    st.just({"effect": "note", "text": "n"}),
    st.just({"effect": "start", "values": {"share": 0.3}}),
)
rules = st.lists(st.tuples(st.lists(effects, min_size=1, max_size=3), st.sampled_from([(), ("r0",), ("r1", "r2")])))


@given(rules, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter_not_even_for_conflicts(drawn, chance):
    firings = [firing(f"r{i}", *then, overrides=set(over) - {f"r{i}"}) for i, (then, over) in enumerate(drawn)]
    again = [*firings]
    chance.shuffle(again)

    def outcome(ordered):
        try:
            return applied(*ordered)
        except RuleConflict as conflict:
            return str(conflict)

    assert outcome(firings) == outcome(again)


def test_a_domain_is_shown_in_a_few_words():
    assert shown(LEAVES) == "8 .. 256 log int"
    assert shown(Numeric(low=0, high=1, step=0.25)) == "0 .. 1 step 0.25"
    assert shown(Choice(choices=(None, True, 1, "a"))) == "{null, true, 1, a}"
