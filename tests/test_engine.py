"""From a spec to a plan: rules, facts, constraints and budgets together."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
import small

from advisor import advise, load_plan, yamlio
from advisor.errors import InvalidFile, RuleConflict

pytestmark = pytest.mark.usefixtures("toy")


def refused(**changes):
    with pytest.raises(InvalidFile) as caught:
        small.plan(**changes)
    (found,) = caught.value.problems
    return found


def test_a_spec_of_four_lines_makes_a_plan():
    made = small.plan(budget={})
    assert made.budget.trials == 50
    assert "The number of trials is not given" in small.notes(made)
    assert made.stages[0].search.keys() == {"rate"}


# Rules


FEW = {"data.rows": {"lt": 1000}}


def test_a_rule_applies_stays_silent_or_waits(toy):
    toy(rules=[small.rule("toy-few", small.effect("narrow", high=0.4), when=FEW)])
    few, many, unknown = (small.plan(data=data) for data in ({"rows": 999}, {"rows": 1000}, {}))
    assert [small.found(made, "share").high for made in (few, many, unknown)] == [0.4, 0.9, 0.9]
    assert few.fired[0].applies == "data.rows < 1000 (it is 999)"
    assert many.silent[0].applies == "data.rows < 1000 (it is 1000)"
    assert [(w.rule, w.fact, w.parameters) for w in unknown.waits_for] == [("toy-few", "data.rows", ("share",))]
    assert unknown.fired == unknown.silent == ()
    assert any(
        why.startswith("toy-few: toy-few says so. Applies because data.rows") for why in small.found(few, "share").why
    )


def test_a_rule_that_waits_for_a_derived_fact_names_what_is_to_be_given(toy):
    toy(rules=[small.rule("toy-wide", small.effect("promote"), when={"derived.rows_per_feature": {"lt": 10}})])
    assert [w.fact for w in small.plan().waits_for] == ["data.rows", "data.features"]
    assert [w.fact for w in small.plan(data={"rows": 10}).waits_for] == ["data.features"]


def test_a_rule_without_a_condition_always_applies(toy):
    toy(rules=[small.rule("toy-always", small.effect("promote"))])
    assert small.plan().fired[0].applies == "always"


def test_conflicting_rules_are_named_and_have_an_exit_code_of_their_own(toy):
    toy(
        rules=[small.rule("toy-a", small.effect("fix", value=0.2)), small.rule("toy-b", small.effect("fix", value=0.3))]
    )
    with pytest.raises(RuleConflict, match="'toy-a' and 'toy-b'") as caught:
        small.plan()
    assert caught.value.exit_code == 3


def test_a_person_who_fixes_the_parameter_ends_the_conflict(toy):
    toy(
        rules=[small.rule("toy-a", small.effect("fix", value=0.2)), small.rule("toy-b", small.effect("fix", value=0.3))]
    )
    assert small.found(small.plan(fixed={"share": 0.7}), "share").value == 0.7
    assert small.found(small.plan(space={"mine": {"is": "share", "value": 0.7}}), "mine").value == 0.7
    assert "share" not in small.plan(scope="closed", space={"rate": {}}).parameters


def test_an_overriding_rule_ends_the_conflict_and_the_plan_says_so(toy):
    first = small.rule("toy-a", small.effect("fix", value=0.2))
    toy(rules=[first, small.rule("toy-b", small.effect("fix", value=0.3), overrides=["toy-a"])])
    made = small.plan()
    assert small.found(made, "share").value == 0.3
    assert {record.rule: record.overridden_by for record in made.fired} == {"toy-a": "toy-b", "toy-b": None}


def test_rules_about_parameters_that_are_not_in_the_plan_are_not_told(toy):
    toy(rules=[small.rule("toy-a", small.effect("promote", "depth"))])
    made = small.plan(scope="closed", space={"rate": {}})
    assert made.fired == made.silent == ()


def test_a_rule_never_widens_the_range_of_the_person(toy):
    toy(rules=[small.rule("toy-wide", small.effect("widen", low=0.0, high=1.0))])
    found = small.found(small.plan(space={"share": {"low": 0.2, "high": 0.3}}), "share")
    assert (found.low, found.high, found.limits.low, found.limits.high) == (0.2, 0.3, 0.2, 0.3)


def test_promotion_moves_a_parameter_to_an_earlier_stage(toy):
    toy(rules=[small.rule("toy-p", small.effect("promote", "share"))])
    made = small.plan()
    assert "share" in made.stages[0].search
    assert made.stages[0].search["share"].tier == "critical"


def test_partners_of_a_rule_join_together(toy):
    toy(rules=[small.rule("toy-s", {"effect": "same_stage", "parameters": ["rate", "share"]})])
    assert set(small.plan().stages[0].search) == {"rate", "share"}


# Later stages


def interaction(advice, *names, **changes):
    return {
        "parameters": list(names), "kind": "joint", "advice": advice, "because": "They meet.", "sources": ["paper"],
    } | changes  # fmt: skip


def test_a_partner_opens_again_when_the_other_joins(toy):
    assert small.plan().stages[1].narrow.open == ("share", "depth")
    toy(interactions=[interaction("keep-open", "rate", "share")])
    opened = small.plan().stages[1]
    assert opened.narrow.from_ is None, "where every range is open, nothing follows from the stage before"
    assert opened.why == ("narrowing: every range is open, as it was given.",)


def test_what_gains_an_effect_with_its_parent_is_open_in_that_stage():
    made = small.plan(
        budget={"trials": 400}, space={"kind": {"role": "tune"}, "frill": {"low": 0.2, "high": 0.4, "role": "tune"}}
    )
    for before, after in pairwise(made.stages):
        joined = after.search.keys() - before.search.keys()
        assert joined <= set(after.narrow.open or ())


def test_what_is_held_under_a_searched_parent_says_when_it_has_an_effect():
    made = small.plan(space={"kind": {"role": "nuisance"}, "frill": {"value": 0.3}})
    assert all(stage.fixed["frill"].when == {"kind": "fancy"} for stage in made.stages)
    assert made.stages[0].fixed["share"].when is None
    assert all("frill" not in point for point in made.stages[0].start if point["kind"] == "plain")


def test_a_grandparent_must_have_a_value_that_all_conditions_allow():
    space = {
        "top": {"choices": ["x", "y", "z"]},
        "middle": {"choices": [0, 1], "when": {"top": ["x", "y"]}},
        "bottom": {"choices": [0, 1], "when": {"top": ["y", "z"], "middle": 1}},
        "never": {"choices": [0, 1], "when": {"top": "z", "middle": 1}},
    }
    made = small.plan(space=space, budget={"trials": 400})
    assert small.found(made, "bottom").when == {"top": "y", "middle": 1}
    assert small.found(made, "never").active is False


# Constraints


def test_constraints_of_person_and_knowledge_are_in_the_plans_names(toy):
    toy(interactions=[interaction("constraint", "rate", "share", constraint="rate <= share")])
    made = small.plan(space={"lr": {"high": 0.3}}, constraints=["eta * 2 <= share", "depth < count"])
    assert [c.expression for c in made.constraints] == ["lr <= share", "lr * 2 <= share", "depth < count"]
    assert made.constraints[0].sources == ("paper",)
    assert made.constraints[1].why == "You asked for it in the spec."


@pytest.mark.parametrize(("text", "hint"), [("shar < 1", "did you mean 'share'?"), ("share < 1 and xyzzy < 2", "")])
def test_a_constraint_on_nothing_that_is_known_is_refused_at_its_place(text, hint):
    found = refused(constraints=["rate < 1", text])
    assert found.path == ("constraints", 1)
    assert found.hint == hint


def test_a_constraint_on_a_parameter_that_a_closed_scope_leaves_out_is_refused():
    found = refused(scope="closed", space={"rate": {}}, constraints=["share < 1"])
    assert "'share' is not part of this plan; scope is closed" in found.sentence


def test_what_is_held_is_moved_to_where_the_constraint_holds():
    made = small.plan(constraints=["share <= 0.3"])
    assert "share" in made.stages[0].fixed
    held = made.stages[0].fixed["share"].value
    assert held == pytest.approx(0.3, abs=0.01)
    assert held <= 0.3
    assert made.stages[1].search["share"].default == held
    words = small.plan(constraints=["kind != 'plain'"])
    assert words.stages[0].fixed["kind"].value == "fancy"


def test_several_values_are_moved_together_where_one_is_not_enough():
    made = small.plan(constraints=["share + rate <= 0.15"], space={"rate": {"default": 0.5}})
    held, rate = made.stages[0].fixed["share"].value, made.stages[0].search["rate"].default
    assert held + rate <= 0.15


def test_a_constraint_may_speak_of_any_name_in_backquotes(tmp_path):
    made = small.plan(
        space={"my-rate": {"is": "rate"}, "lambda": {"low": 0.0, "high": 1.0}},
        constraints=["rate < `lambda`", "`my-rate` * 2 < share"],
    )
    assert [c.expression for c in made.constraints] == ["`my-rate` < `lambda`", "`my-rate` * 2 < share"]
    path = tmp_path / "plan.yaml"
    path.write_text(yamlio.dump(made.to_data()), "utf-8")
    assert load_plan(path) == made


def test_a_constraint_that_no_trial_can_keep_is_refused_with_the_values():
    found = refused(constraints=["share + depth < 3"], fixed={"share": 1, "depth": 2})
    assert found.path == ("constraints", 0)
    assert "depth at 2, share at 1" in found.sentence
    assert found.hint == "give values or ranges that keep it"
    assert refused(constraints=["count < 5"]).path == ("constraints", 0)


def test_a_constraint_that_no_value_of_what_is_searched_keeps_is_refused():
    found = refused(constraints=["rate < 1", "share + rate > 5"])
    assert found.path == ("constraints", 1)
    assert found.sentence == "no trial can keep share + rate > 5, with rate in 0.001 .. 1 log, share in 0.1 .. 0.9"
    words = {"one": {"choices": ["x", "y"]}, "two": {"low": 0.0, "high": 1.0}}
    assert "one in {x, y}" in refused(space=words, constraints=["one < two"]).sentence
    both = refused(constraints=["rate < share", "rate > share"])
    assert "beside the constraints before it" in both.sentence
    assert both.path == ("constraints", 1)


def test_what_a_rule_holds_may_be_searched_to_keep_a_constraint(toy):
    toy(rules=[small.rule("toy-fix", small.effect("fix", value=0.4))])
    assert refused(constraints=["share > 0.5"]).hint.endswith("or search share with role: tune")
    small.plan(constraints=["share > 0.5"], space={"share": {"role": "tune"}})


def test_words_are_moved_to_where_a_constraint_holds():
    own = {"one": {"choices": ["x", "y"]}, "two": {"choices": ["x", "y"]}}
    made = small.plan(space=own, constraints=["one < two"])
    assert small.found(made, "one").default < small.found(made, "two").default


def test_equal_numbers_are_found():
    made = small.plan(constraints=["share == rate", "rate == 0.3"])
    assert small.found(made, "share").default == small.found(made, "rate").default == 0.3


@pytest.mark.parametrize("trials", [1, 8, 60, 400])
def test_no_limit_is_no_number_of_a_constraint(trials):
    made = small.plan(constraints=["count <= 2 ** depth"], fixed={"depth": -1}, budget={"trials": trials})
    assert made.constraints[0].expression == "count <= 2 ** depth"
    assert small.found(made, "count").value == 100


def test_a_plan_says_which_values_a_constraint_takes_for_no_number():
    (kept,) = small.plan(constraints=["count <= 2 ** depth"]).constraints
    assert [(odd.parameter, odd.value, odd.acts_as) for odd in kept.no_limits or ()] == [("depth", -1, None)]
    assert kept.keeps({"count": 1000, "depth": -1})
    assert not kept.keeps({"count": 1000, "depth": 3})
    (alone,) = small.plan(constraints=["depth <= 20"]).constraints
    assert [odd.acts_as for odd in alone.no_limits or ()] == [12]
    assert small.plan(constraints=["depth < 0 or count <= 2 ** depth"]).constraints[0].no_limits is None


def test_a_bound_of_what_has_no_limit_moves_or_refuses_it(toy):
    parameters = small.family()["parameters"]
    parameters["depth"]["tier"] = "fixed"
    toy(parameters=parameters)
    assert small.found(small.plan(), "depth").value == -1
    held = small.found(small.plan(constraints=["depth <= 4"]), "depth").value
    assert (held, type(held)) == (4, int)
    assert refused(constraints=["depth <= 4"], fixed={"depth": -1}).path == ("constraints", 0)
    assert small.found(small.plan(constraints=["depth < 0 or depth > 20"]), "depth").value == -1


def test_a_word_of_a_number_is_no_number_of_a_constraint(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {"default": "auto", "tier": "fixed"}
    parameters["share"]["valid"] |= {"also": ["auto"]}
    toy(parameters=parameters)
    assert small.found(small.plan(constraints=["share < rate"]), "share").value == "auto"
    assert small.found(small.plan(constraints=["share == 'auto' or share < 0.1"]), "share").value == "auto"
    assert small.found(small.plan(constraints=["share != 'auto'"]), "share").value != "auto"


def test_sixty_constraints_take_no_time():
    space = {f"{side}{i}": {"low": 0.0, "high": 1.0} for i in range(60) for side in "ab"}
    wanted = [f"a{i} < b{i}" for i in range(60)]
    begin = time.process_time()
    made = small.plan(space=space, constraints=wanted)
    assert time.process_time() - begin < 2
    assert [c.expression for c in made.constraints] == wanted
    chain = [f"a{i} < a{i + 1}" for i in range(59)]
    ordered = small.plan(space=space, constraints=chain)
    held = [small.found(ordered, f"a{i}").to_data() for i in range(60)]
    held = [entry.get("default", entry.get("value")) for entry in held]
    assert held == sorted(set(held))


def test_problems_of_space_and_of_constraints_are_told_together():
    with pytest.raises(InvalidFile) as caught:
        small.plan(space={"kind": {"choices": ["x"]}, "mine": {}}, constraints=["zz < 1", "mine < 2", "rate < 2"])
    assert [found.path for found in caught.value.problems] == [
        ("space", "kind", "choices"), ("space", "mine"), ("constraints", 0),
    ]  # fmt: skip


def test_a_constraint_of_the_knowledge_gives_way_to_values_of_the_person(toy):
    toy(interactions=[interaction("constraint", "share", "depth", constraint="share * 10 <= depth")])
    made = small.plan(fixed={"share": 1, "depth": 2})
    assert made.constraints == ()
    assert "share * 10 <= depth cannot hold beside the values that you gave" in small.notes(made)
    assert made.stages[0].start


def test_a_constraint_about_a_parameter_without_effect_is_kept_by_all():
    made = small.plan(constraints=["frill > 0.8"], budget={"trials": 1000})
    assert made.constraints[0].expression == "frill > 0.8"
    assert made.stages[0].start


def test_constraints_of_the_knowledge_speak_of_odd_names_too(toy):
    toy(interactions=[interaction("constraint", "rate", "share", constraint="rate <= share")])
    made = small.plan(space={"my-rate": {"is": "rate"}})
    assert [c.expression for c in made.constraints] == ["`my-rate` <= share"]


# Budgets


@pytest.mark.parametrize(
    ("budget", "trials"),
    [
        ({"trials": 7}, 7),
        ({"hours": 2, "minutes_per_trial": 30}, 4),
        ({"hours": 2, "minutes_per_trial": 30, "parallel": 3}, 12),
        ({"trials": 10, "hours": 2, "minutes_per_trial": 30}, 4),
        ({"trials": 3, "hours": 2, "minutes_per_trial": 30}, 3),
        ({"hours": 0.1, "minutes_per_trial": 30}, 1),
        ({"trials": 10, "hours": 2}, 10),
    ],
    ids=str,
)
def test_trials_are_those_asked_for_or_those_that_fit_into_the_hours(budget, trials):
    made = small.plan(budget=budget)
    assert made.budget.trials == sum(stage.trials for stage in made.stages) == trials


def test_trials_that_do_not_fit_and_places_that_stay_empty_are_said():
    made = small.plan(budget={"trials": 10, "hours": 2, "minutes_per_trial": 30})
    assert "Only 4 of 10 trials fit into the hours" in small.notes(made)
    made = small.plan(budget={"trials": 3, "parallel": 8})
    assert made.budget.parallel == 3
    assert "3 trials cannot keep 8 places busy" in small.notes(made)


def test_what_the_budget_leaves_out_says_so_where_it_is_held():
    made = small.plan(budget={"trials": 8})
    assert set(made.stages[0].search) == {"rate"}
    assert any("room for 1 parameter in 8 trials" in why for why in made.stages[0].fixed["share"].why)


@pytest.mark.parametrize("seed", [-1, True, 1.5, "1", None, 2**32])
def test_a_seed_that_no_sampler_takes_is_refused(seed):
    with pytest.raises(InvalidFile, match="seed"):
        advise(small.spec(), seed=seed)


def test_every_stage_has_a_seed_of_its_own():
    assert [stage.sampler.seed for stage in advise(small.spec(), seed=7).stages] == [7, 8, 9]


def test_facts_are_not_taken_from_the_names_of_files():
    made = small.plan(data={"profile": "train.csv", "target": "y"})
    assert "data.profile was not read" in small.notes(made)


# Pruning and confirmation


def test_pruning_is_on_the_familys_resource_unless_it_is_searched_or_trials_are_few(toy):
    fidelity = {"parameter": "count", "unit": "trees", "least_share": 0.1, "because": "x.", "sources": ["paper"]}
    assert not small.plan().pruning.advised
    toy(fidelity=fidelity)
    made = small.plan(space={"trees": {"is": "count"}})
    assert (made.pruning.on, made.pruning.from_step, made.pruning.method) == ("trees", 10, "median")
    assert small.plan(budget={"trials": 60, "parallel": 4}).pruning.method == "asha"
    assert not small.plan(budget={"trials": 19}).pruning.advised
    assert not small.plan(space={"count": {"role": "tune"}}).pruning.advised
    for length in (1e300, 0, -5, None):
        assert small.plan(fixed={"count": length}).pruning.from_step is None


def test_finalists_are_repeated_where_the_metric_is_noisy():
    noisy = {"metric": "m", "direction": "maximize", "noise": 0.01}
    assert small.plan(objective=noisy).confirm.finalists == 3
    assert small.plan(objective=noisy, budget={"trials": 2}).confirm.finalists == 2
    assert small.plan().confirm is None
    assert small.plan(objective=noisy | {"noise": 0}).confirm is None


def test_a_stage_of_far_more_trials_is_not_narrowed_by_the_few_before_it():
    last = small.plan(budget={"trials": 100_000}).stages[-1]
    assert last.narrow.from_ is None
    assert last.trials > 90_000
    assert last.sampler.name == "quasi-random"


def test_little_noise_asks_for_no_confirmation():
    assert small.plan(objective={"metric": "auc", "direction": "maximize", "noise": 0.0001}).confirm is None
    assert small.plan(objective={"metric": "auc", "direction": "maximize", "noise": 0.05}).confirm is not None


def test_hours_without_the_length_of_a_trial_are_said_to_be_useless():
    made = small.plan(budget={"trials": None, "hours": 3})
    assert "minutes_per_trial" in small.notes(made)
    assert "Not one trial fits" in small.notes(small.plan(budget={"trials": 5, "hours": 0.01, "minutes_per_trial": 60}))
