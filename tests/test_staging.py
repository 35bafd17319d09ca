"""How a budget becomes stages."""

from __future__ import annotations

from itertools import pairwise

import pytest
import small
from hypothesis import given
from hypothesis import strategies as st

from advisor.effects import TIERS
from advisor.sampling import is_sequential, startup
from advisor.space import Choice, Numeric
from advisor.staging import Candidate, active_in, divide, most_starts, parents_first

POLICIES = {name: policy["values"] for name, policy in small.SHARED["policies"].items()}
ROOM = Numeric(low=0, high=1)


def candidate(name, tier="important", **changes):
    base = Candidate(
        name=name, canonical=name, tier=tier, priority=TIERS.index(tier), hold=0.5, default=0.5, domain=ROOM
    )
    return base._replace(**changes)


def mode(name="mode", **changes):
    return candidate(name, domain=Choice(choices=("a", "b")), hold="a", default="a", **changes)


def many(**tiers):
    return [candidate(f"{tier[0]}{i}", tier) for tier, number in tiers.items() for i in range(number)]


def divided(candidates, trials=200, parallel=1, together=(), absent=None):
    return divide(candidates, trials, parallel, together, POLICIES, absent or {})


def searched(division):
    return [set(draft.search) for draft in division.drafts]


def test_what_matters_most_comes_first_and_stays():
    division = divided([*many(minor=1, critical=2, important=1)])
    assert searched(division) == [{"c0", "c1"}, {"c0", "c1", "i0"}, {"c0", "c1", "i0", "m0"}]
    assert [draft.name for draft in division.drafts] == ["critical", "important", "minor"]


def test_where_tiers_are_not_apart_every_stage_searches_all_that_the_budget_carries():
    together = {**POLICIES, "stages": {**POLICIES["stages"], "tiers_apart": 0}}
    division = divide(many(minor=1, critical=2, important=1), 200, 1, (), together, {})
    assert searched(division) == [{"c0", "c1", "i0", "m0"}] * 3
    assert [draft.name for draft in division.drafts] == [
        "critical, important and minor",
        "refine",
        "refine again",
    ]


@pytest.mark.parametrize(("trials", "stages"), [(1, 1), (15, 1), (16, 2), (39, 2), (40, 3), (100_000, 3)])
def test_the_number_of_stages_follows_from_the_trials(trials, stages):
    division = divided(many(critical=1, important=1, minor=1), trials)
    assert len(division.drafts) == stages
    assert sum(draft.trials for draft in division.drafts) == trials


def test_many_parallel_trials_make_fewer_stages_and_the_plan_says_why():
    division = divided(many(critical=1, important=1, minor=1), 60, parallel=20)
    assert len(division.drafts) == 1
    assert "with 20 trials in parallel there are 3 rounds of results" in division.drafts[0].why[0]


def test_stages_hold_whole_rounds_of_parallel_trials():
    division = divided(many(critical=1, important=1, minor=1), 200, parallel=8)
    assert all(draft.trials % 8 == 0 for draft in division.drafts)


def test_a_stage_with_too_few_trials_is_merged_and_said():
    division = divided(many(critical=6, important=3), 72)
    assert all(draft.trials >= 1.5 * len(draft.search) for draft in division.drafts)
    crowded = divided([c._replace(role="tune") for c in many(critical=10, important=10, minor=10)], 45)
    assert len(crowded.drafts) == 1
    assert crowded.drafts[0].trials == 45
    assert any("are one stage" in note for note in crowded.notes)


def test_one_tier_alone_is_refined_in_later_stages():
    division = divided(many(important=2))
    assert [draft.name for draft in division.drafts] == ["important", "refine", "refine again"]
    assert searched(division) == [{"i0", "i1"}] * 3


def test_what_the_budget_cannot_carry_is_left_out_and_said():
    division = divided(many(critical=2, important=2, minor=2), 24)
    assert searched(division)[-1] == {"c0", "c1", "i0"}
    assert division.left_out.keys() == {"i1", "m0", "m1"}
    for reason in division.left_out.values():
        assert "room for 3 parameters in 24 trials" in reason
        assert "role: tune" in reason


def test_one_parameter_is_always_carried():
    assert searched(divided(many(critical=2), 1)) == [{"c0"}]


def test_what_the_person_asks_for_is_carried_whatever_the_budget():
    asked = [c._replace(role="tune") for c in many(minor=5)]
    division = divided([*many(critical=2), *asked], 8)
    assert searched(division) == [{c.name for c in asked}]


def test_gain_ranks_parameters_of_one_tier():
    division = divided([candidate("low", gain=0.001), candidate("high", gain=0.02), candidate("none")], 8)
    assert searched(division) == [{"high"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"settled": True},
        {"role": "fixed"},
        {"domain": None},
        {"domain": Numeric(low=1, high=1)},
        {"domain": Choice(choices=("a",))},
        {"tier": "fixed", "priority": 0},
    ],
    ids=str,
)
def test_what_has_nothing_to_search_is_not_searched(changes):
    division = divided([candidate("x", **changes), candidate("y")])
    assert all(draft.search == ("y",) for draft in division.drafts)


def test_a_tier_of_fixed_is_searched_on_request_and_last():
    division = divided([candidate("x", "fixed", role="tune"), candidate("y")])
    assert searched(division)[0] == {"y"}
    assert searched(division)[-1] == {"x", "y"}


def test_with_nothing_to_search_one_stage_takes_all_trials():
    division = divided([candidate("x", settled=True)], 30)
    assert [(draft.search, draft.trials) for draft in division.drafts] == [((), 30)]
    assert "Everything is fixed" in division.notes[0]


def test_partners_join_together_at_the_earliest_of_their_stages():
    division = divided(many(critical=1, important=2, minor=2), together=[("i0", "m0"), ("m0", "m1", "absent")])
    assert searched(division)[:2] == [{"c0"}, {"c0", "i0", "i1", "m0", "m1"}]


def test_a_nuisance_is_part_of_every_stage():
    division = divided([*many(critical=1), candidate("n", "minor", role="nuisance")])
    assert all("n" in draft.search for draft in division.drafts)


# Parents


def test_a_parameter_that_never_has_an_effect_takes_no_room():
    dead = candidate("dead", "critical", when={"mode": ("c",)})
    division = divided([mode(settled=True), dead, candidate("alive", "minor")], 8)
    assert searched(division) == [{"alive"}]


def test_a_parameter_joins_no_sooner_than_a_parent_without_which_it_has_no_effect():
    child = candidate("child", "critical", when={"mode": ("b",)})
    division = divided([child, candidate("first", "critical"), mode(tier="minor", priority=1)])
    assert searched(division)[0] == {"first"}
    assert searched(division)[-1] == {"first", "mode", "child"}


def test_a_parameter_need_not_wait_for_a_parent_that_is_held_at_the_right_value():
    child = candidate("child", "critical", when={"mode": ("a",)})
    division = divided([child, mode(tier="minor", priority=1)])
    assert searched(division)[0] == {"child"}


def test_a_budget_that_carries_a_child_carries_the_parent_that_it_needs():
    child = candidate("child", "critical", when={"mode": ("b",)})
    division = divided([child, candidate("other"), mode(tier="minor", priority=1)], 16)
    assert searched(division)[-1] == {"other", "mode"}
    asked = divided([child._replace(role="tune"), candidate("other"), mode(tier="minor", priority=1)], 8)
    assert searched(asked)[-1] == {"child", "mode"}


def test_a_parent_outside_the_plan_has_the_librarys_default():
    child = candidate("child", when={"mode": ("b",)})
    assert searched(divided([child, candidate("x")], absent={"mode": "b"}))[-1] == {"child", "x"}
    assert searched(divided([child, candidate("x")], absent={"mode": "a"}))[-1] == {"x"}


def test_candidates_are_ordered_behind_their_parents_and_circles_are_named():
    three = candidate("three", when={"two": (1,)})
    two = candidate("two", when={"one": (1,), "outside": (1,)})
    ordered, circular = parents_first([three, two, candidate("one")])
    assert ([c.name for c in ordered], circular) == (["one", "two", "three"], ())
    left, right = candidate("left", when={"right": (1,)}), candidate("right", when={"left": (1,)})
    ordered, circular = parents_first([left, right, candidate("free")])
    assert ([c.name for c in ordered], circular) == (["free"], ("left", "right"))


def test_a_configuration_says_which_parameters_have_an_effect():
    three = candidate("three", when={"two": (True,)})
    two = candidate("two", when={"mode": ("b",), "outside": (0,)})
    ordered = parents_first([three, two, mode()])[0]
    assert active_in(ordered, {"outside": 0}, {"mode": "b", "two": True, "three": 1}) == {"mode", "two", "three"}
    assert active_in(ordered, {"outside": 0}, {"mode": "b", "two": 1, "three": 1}) == {"mode", "two"}
    assert active_in(ordered, {"outside": False}, {"mode": "b", "two": True, "three": 1}) == {"mode"}
    assert active_in(ordered, {"outside": 0}, {"mode": "a", "two": True, "three": 1}) == {"mode"}


# Laws

tiers = st.sampled_from(["critical", "important", "minor", "fixed"])
roles = st.sampled_from([None, None, "tune", "fixed", "nuisance"])


@st.composite
def candidates(draw):
    found = [mode("mode0", tier="minor", priority=1)]
    for index in range(draw(st.integers(0, 12))):
        parent = draw(st.sampled_from([None, *found]))
        when = {} if parent is None else {parent.name: (draw(st.sampled_from(["a", "b", "c"])),)}
        make = draw(st.sampled_from([mode, candidate]))
        tier = draw(tiers)
        found.append(
            make(
                f"p{index}",
                tier=tier,
                priority=TIERS.index(tier),
                role=draw(roles),
                when=when,
                gain=draw(st.sampled_from([0.0, 0.1])),
            )
        )
    return draw(st.permutations(found))


@given(candidates(), st.integers(1, 300), st.integers(1, 40), st.lists(st.just(("p0", "p1", "p2")), max_size=1))
def test_every_division_spends_the_budget_and_loses_nothing(found, trials, parallel, together):
    division = divided(found, trials, parallel, together)
    drafts = division.drafts
    assert sum(draft.trials for draft in drafts) == trials
    assert all(draft.trials >= 1 for draft in drafts)
    for before, after in pairwise(drafts):
        assert set(before.search) <= set(after.search)
    last = set(drafts[-1].search)
    assert not last & division.left_out.keys()
    assert last | division.left_out.keys() <= {c.name for c in found if c.is_searchable}
    for draft in drafts:
        assert len(draft.search) == len(set(draft.search))
        assert 0 <= startup(draft, POLICIES) <= max(1, draft.trials // 2)
        assert 1 <= most_starts(draft, trials, POLICIES) <= draft.trials


def test_every_stage_of_parallel_trials_has_a_round_of_them():
    for trials in range(1, 400):
        division = divided(many(critical=1, important=2, minor=1), trials, parallel=32)
        assert all(draft.trials >= min(32, trials) for draft in division.drafts), trials


@pytest.mark.parametrize(
    ("names", "trials", "parallel", "first"),
    [
        (4, 40, 1, 20),
        (5, 100, 1, 25),  # five for each of five, of half of a hundred
        (3, 100, 1, 16),  # twice as many as come before results guide it
        (1, 100, 2, 16),
        (1, 100, 4, 20),  # five rounds guide a search
        (3, 100, 4, 20),
        (5, 100, 8, 40),
        (9, 100, 8, 48),
    ],
)
def test_an_early_stage_has_five_trials_a_parameter_at_most_but_what_guides_it(names, trials, parallel, first):
    numbers = POLICIES["stages"] | {
        "early_most_per_parameter": 5,
        "first_of_two": 0.5,
        "tiers_apart": 0,
        "three_from": 200,
    }
    policies = {**POLICIES, "stages": numbers}
    division = divide(many(critical=names), trials, parallel, (), policies, {})
    assert [draft.trials for draft in division.drafts] == [first, trials - first]
    assert is_sequential(division.drafts[0], parallel, policies)


def test_more_trials_than_a_sampler_can_keep_up_with_are_spread_evenly():
    assert is_sequential(divided(many(critical=1), 10_000).drafts[-1], 1, POLICIES)
    assert not is_sequential(divided(many(critical=1), 100_000).drafts[-1], 1, POLICIES)
