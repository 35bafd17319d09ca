"""What a plan accounts for beside its stages."""

from __future__ import annotations

import pytest
import small

import advisor
from advisor import Spec

NOTE = {
    "parameters": ["rate", "share"],
    "kind": "scaling",
    "advice": "note",
    "because": "They move together.",
    "sources": ["pair"],
    "confidence": "low",
}
SAME = NOTE | {"parameters": ["rate", "kind"], "advice": "same-stage", "because": "They are one.", "share": 0.2}
SOURCES = {"pair": {"authors": "B. Author", "title": "On Pairs", "read": "abstract"}}


def interactions(made):
    return made.to_data()["interactions"]


def test_interactions_stand_in_the_plan_under_its_own_names_with_their_sources(toy):
    toy(interactions=[NOTE, SAME], sources=SOURCES)
    made = small.plan(space={"shar": {"is": "share"}})
    assert interactions(made) == [NOTE | {"parameters": ["rate", "shar"]}, SAME]
    assert "pair" in made.sources


def test_interactions_of_what_is_not_searched_or_not_in_the_plan_are_left_out(toy):
    toy(interactions=[NOTE, SAME], sources=SOURCES)
    fixed = small.plan(fixed={"rate": 0.1, "share": 0.5})
    assert [each["parameters"] for each in interactions(fixed)] == [["rate", "kind"]]
    closed = small.plan(scope="closed", space={"rate": {"low": 0.01, "high": 0.1}})
    assert interactions(closed) == []
    assert "pair" not in closed.sources


def reasons(made):
    return [[why for why in stage.why if why.startswith("searched together")] for stage in made.stages]


def test_a_stage_says_why_a_parameter_joins_before_its_tier(toy):
    toy(interactions=[SAME], sources=SOURCES)
    made = small.plan(budget={"trials": 400})
    assert reasons(made) == [["searched together: rate, kind. They are one."], [], []]


def test_a_stage_says_which_rule_wants_parameters_together(toy):
    effect = {"effect": "same_stage", "parameters": ["rate", "share"]}
    toy(rules=[small.rule("toy-both", effect)])
    first, *later = reasons(small.plan(space={"shar": {"is": "share"}}, budget={"trials": 400}))
    assert len(first) == 1
    assert first[0].startswith("searched together: rate, shar. toy-both: toy-both says so.")
    assert later == [[], []]


def test_parameters_of_one_tier_need_no_reason_to_be_together(toy):
    toy(interactions=[SAME | {"parameters": ["share", "depth"]}], sources=SOURCES)
    assert reasons(small.plan(budget={"trials": 400})) == [[], [], []]


@pytest.mark.parametrize(("family", "exponent"), [("mlp-adam", "0.34"), ("mlp-sgd", "in proportion to the batch")])
def test_the_measured_scaling_of_rate_and_batch_is_told(family, exponent):
    spec = Spec.model_validate(
        {
            "version": 1,
            "model": {"family": family},
            "objective": {"metric": "auc", "direction": "maximize"},
            "budget": {"trials": 80},
        }
    )
    made = advisor.advise(spec)
    for name in ("learning_rate", "batch_size"):
        assert exponent in advisor.explain(made, name)
