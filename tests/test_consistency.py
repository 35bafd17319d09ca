"""What no single field of a family's file can know."""

from __future__ import annotations

import pytest
import small

from advisor import consistency, library
from advisor.knowledge import Family, Shared


def problems(**changes):
    family = Family.model_validate(small.family(**changes))
    return list(consistency.problems(family, Shared.model_validate(small.SHARED)))


def problem(**changes):
    (found,) = problems(**changes)
    return found


def with_parameter(name="share", **changes):
    parameters = small.family()["parameters"]
    parameters[name] = parameters.get(name, small.parameter()) | changes
    return {"parameters": parameters}


def with_rule(*then, **changes):
    return {"rules": [small.rule("toy-a", *then, **changes)]}


def test_the_small_family_has_no_problem():
    assert problems() == []


SHARE = ("parameters", "share")
RULE = ("rules", 0)

CASES = [
    (with_parameter(default=1.5), (*SHARE, "default"), "1.5 is outside the legal range"),
    (with_parameter(default=0.05), (*SHARE, "default"), "0.05 is outside the search range"),
    (with_parameter(default=True), (*SHARE, "default"), "True is outside the legal range"),
    (with_parameter(search={"low": 0.1, "high": 1.5}), (*SHARE, "search", "high"), "1.5 is outside the legal range"),
    (with_parameter(search={"low": 0, "high": 1, "log": True}), (*SHARE, "search", "low"), "begins above 0"),
    (with_parameter(search={"choices": [0.5, 2]}), (*SHARE, "search", "choices"), "2 is outside the legal range"),
    (with_parameter(start=-1), (*SHARE, "start"), "-1 is outside the legal range"),
    (with_parameter(defaults={"toys.Toy": 3}), (*SHARE, "defaults", "toys.Toy"), "3 is outside the legal range"),
    (with_parameter(defaults={"toys.Tay": 0.5}), (*SHARE, "defaults"), "no estimator 'toys.Tay'"),
    (with_parameter(estimators=["Tay"]), (*SHARE, "estimators"), "no estimator 'Tay'"),
    (with_parameter(acts_as=0.3), (*SHARE, "acts_as"), "for a default outside the search range"),
    (with_parameter(acts_as=0.95, default=1, default_outside="x"), (*SHARE, "acts_as"), "0.95 is outside the search"),
    (with_parameter(sources=["papper"]), (*SHARE, "sources"), "no source 'papper'"),
    (with_parameter(sources=["judgement"], confidence="high"), (*SHARE, "sources"), "a judgement cannot"),
    (with_parameter(usual="minor"), (*SHARE, "tier"), "the tier is important, usually taught is minor"),
    (with_parameter(aliases=["lr"]), (*SHARE, "aliases"), "'lr' already means 'rate'"),
    (with_parameter(aliases=["depth"]), ("parameters", "depth", "aliases"), "'depth' already means 'share'"),
    (with_parameter(when={"kynd": "fancy"}), (*SHARE, "when"), "no parameter 'kynd'"),
    (with_parameter(when={"kind": "fanzy"}), (*SHARE, "when", "kind"), "'fanzy' is outside the legal range"),
    (with_parameter(when={"share": 0.5}), (*SHARE, "when"), "'share' depends on itself"),
    (
        with_parameter(tunability={"gain": 1, "unit": "AUC", "source": "nowhere"}),
        (*SHARE, "tunability", "source"),
        "no source 'nowhere'",
    ),
    (with_rule(small.effect("promote", "shar")), (*RULE, "then", 0, "parameter"), "no parameter 'shar'"),
    (with_rule(small.effect("fix", value=2)), (*RULE, "then", 0, "value"), "2 is outside the legal range"),
    (with_rule(small.effect("widen", high=2)), (*RULE, "then", 0, "high"), "2 is outside the legal range"),
    (with_rule(small.effect("narrow", low=0.5, high=0.4)), (*RULE, "then", 0, "low"), "low 0.5 is above high 0.4"),
    (with_rule(small.effect("widen", choices=[0.5])), (*RULE, "then", 0, "choices"), "changed by low and high"),
    (with_rule(small.effect("narrow", "kind", low=1)), (*RULE, "then", 0, "low"), "1 is outside the legal range"),
    (with_rule({"effect": "start", "values": {"shar": 1}}), (*RULE, "then", 0, "values", "shar"), "no parameter"),
    (with_rule({"effect": "start", "values": {"share": 7}}), (*RULE, "then", 0, "values", "share"), "7 is outside"),
    (with_rule(small.effect("promote"), when={"regimes": ["tiny"]}), (*RULE, "when"), "no regime 'tiny'"),
    (with_rule(small.effect("promote"), sources=["papper"]), (*RULE, "sources"), "no source 'papper'"),
    (with_rule(small.effect("promote"), confidence="high"), (*RULE, "sources"), "a judgement cannot"),
    (with_rule(small.effect("promote"), overrides=["toy-b"]), (*RULE, "overrides"), "no rule 'toy-b'"),
    (with_rule(small.effect("promote"), overrides=["toy-a"]), (*RULE, "overrides"), "'toy-a' overrides itself"),
    ({"requires": ["data.row"]}, ("requires", 0), "no fact 'data.row'"),
    ({"requires": ["derived.rounds"]}, ("requires", 0), "no fact 'derived.rounds' of a spec"),
    (
        {"sources": {"other": small.SHARED["sources"]["paper"]}},
        ("sources", "other"),
        "the source 'other' is cited by nothing",
    ),
    (
        {"starts": [{"values": {"share": 7}, "because": "x", "sources": ["paper"]}]},
        ("starts", 0, "values", "share"),
        "7 is outside the legal range",
    ),
    (
        {"notes": [{"text": "x", "sources": ["papper"]}]},
        ("notes", 0, "sources"),
        "no source 'papper'",
    ),
    (
        {"fidelity": {"parameter": "count", "unit": "x", "least_share": 1, "because": "x", "sources": ["papper"]}},
        ("fidelity", "sources"),
        "no source 'papper'",
    ),
]


@pytest.mark.parametrize(("changes", "path", "sentence"), CASES, ids=[case[2] for case in CASES])
def test_a_contradiction_is_found_at_its_place(changes, path, sentence):
    matching = [found for found in problems(**changes) if found.path == path]
    assert any(sentence in found.sentence for found in matching), problems(**changes)


def interaction(**changes):
    base = {"parameters": ["rate", "share"], "kind": "joint", "advice": "note", "because": "x", "sources": ["paper"]}
    return {"interactions": [base | changes]}


def test_interactions_name_parameters_that_exist():
    assert problem(**interaction(parameters=["rate", "shar"])).hint == "did you mean 'share'?"
    found = problem(**interaction(advice="constraint", constraint="rate < shar"))
    assert found.path == ("interactions", 0, "constraint")


def test_a_source_from_memory_cannot_carry_high_confidence():
    memory = {"other": small.SHARED["sources"]["paper"] | {"read": "memory"}}
    found = problem(sources=memory, **with_parameter(sources=["other"], confidence="high"))
    assert "was not read" in found.sentence
    assert problems(**with_parameter(sources=["paper"], confidence="high")) == []


def test_a_tier_that_departs_needs_its_reason():
    assert problems(**with_parameter(usual="minor", departs="We measured it.")) == []


def test_true_is_not_the_choice_one():
    choices = {"type": "categorical", "choices": [True, False, 1]}
    found = problem(**with_parameter(valid=choices, search={"choices": [1, False]}, default=True))
    assert found.sentence == "the default True is outside the search range"


def test_circles_of_conditions_and_of_overriding_rules_are_found():
    parameters = small.family()["parameters"]
    parameters["kind"] |= {"when": {"frill": 0.5}}
    assert {found.path[1] for found in problems(parameters=parameters)} == {"kind", "frill"}
    rules = [small.rule(f"toy-{i}", small.effect("promote"), overrides=[f"toy-{(i + 1) % 3}"]) for i in range(3)]
    assert {found.path for found in problems(rules=rules)} == {("rules", i, "overrides") for i in range(3)}


def test_a_rule_that_is_there_twice_is_found_at_the_second():
    rules = [small.rule("toy-a", small.effect("promote")), small.rule("toy-a", small.effect("demote"))]
    assert problem(rules=rules).path == ("rules", 1, "id")


def test_a_list_of_words_is_not_changed_by_bounds():
    found = problem(**with_rule(small.effect("narrow", "kind", high={"of": "data.rows"})))
    assert "changed by choices" in found.sentence


def shared(**changes):
    return [*consistency.shared_problems(Shared.model_validate({**small.SHARED, **changes}))]


def test_the_shared_file_refers_only_to_what_is_there():
    assert shared() == []
    regime = {"when": {"regimes": ["noisy"]}, "because": "x", "sources": ["papper"]}
    sentences = [found.sentence for found in shared(regimes={"mine": regime})]
    assert sentences == ["no source 'papper'", "a regime is made of facts, not of other regimes"]
    (found,) = shared(rules=[small.rule("all", small.effect("promote"))])
    assert found.path == ("rules", 0, "then", 0)
    (found,) = shared(rules=[small.rule("all", {"effect": "note", "text": "x"}, when={"regimes": ["tiny"]})])
    assert found.sentence == "no regime 'tiny'"


def test_a_policy_that_the_engine_needs_is_missed():
    policies = dict(small.SHARED["policies"])
    del policies["starts"]
    (found,) = shared(policies=policies)
    assert found.sentence == "the policy 'starts' is missing"
    policies["starts"] = {"values": {"share": 0.5}, "because": "x", "sources": ["paper"]}
    assert {found.sentence for found in shared(policies=policies)} == {
        f"the number '{name}' is missing" for name in ("most", "tiny_share", "tiny_below")
    }


@pytest.mark.parametrize("name", library.family_names())
def test_every_family_that_is_shipped_is_consistent(name):
    loaded = library.load(name)
    assert list(consistency.problems(loaded.family, loaded.shared)) == []
