"""Why a plan says what it says."""

from __future__ import annotations

import pytest
import small

from advisor import explain
from advisor.errors import UnknownName
from advisor.explanation import citation
from advisor.knowledge import Source
from advisor.plan import Held

pytestmark = pytest.mark.usefixtures("toy")

FEW = {"data.rows": {"lt": 1000}}


@pytest.fixture
def made(toy):
    parameters = small.family()["parameters"]
    parameters["share"] |= {
        "usual": "minor",
        "departs": "We measured it.",
        "tunability": {"gain": 0.0044, "unit": "AUC", "datasets": 38, "source": "paper"},
        "variance": {"share": 0.26, "source": "paper"},
        "disputed": [{"about": "the high end", "sources": ["paper"], "follows": "paper", "because": "It is newer."}],
        "arguments": {"toys.Toy": "part"},
    }
    toy(
        parameters=parameters,
        rules=[
            small.rule("toy-few", small.effect("narrow", high=0.4), when=FEW, unless="Rows repeat."),
            small.rule("toy-many", small.effect("promote"), when={"not": FEW}),
            small.rule("toy-tokens", small.effect("promote"), when={"data.tokens": {"gt": 1}}),
        ],
        interactions=[
            {
                "parameters": ["rate", "share"], "kind": "bound", "advice": "constraint",
                "constraint": "rate <= share", "because": "They meet.", "sources": ["paper"],
            }
        ],
    )  # fmt: skip
    return small.plan(data={"rows": 9}, space={"shar": {"is": "share"}, "mine": {"low": 0, "high": 1}})


@pytest.mark.parametrize("name", ["shar", "share", "part"])
def test_a_parameter_is_explained_under_any_name_that_the_plan_knows(made, name):
    text = explain(made, name)
    assert text.splitlines()[0] == "shar (is share, argument part)"
    for part in (
        "searched from stage 2: 0.1 .. 0.4, starting at 0.4",
        "toy-few: toy-few says so. Applies because data.rows < 1000 (it is 9).",
        "tier: important; usually taught: minor (confidence: low)",
        "departs because: We measured it.",
        "the library's default: 0.5",
        "worth tuning alone, from a good default: 0.0044 AUC over 38 data sets [paper]",
        "share of the spread over a wide space: 0.26 [paper]",
        "disputed: the high end (paper)",
        "toy-many: not (data.rows < 1000 (it is 9))",
        "data.tokens: toy-tokens",
        "rate <= shar: They meet.",
        "paper: A. Author (2020). On Trees. [read: full text]",
        "judgement: our own reasoning; nobody measured it",
    ):
        assert part in text


def test_what_is_kept_with_a_constraint_is_told_by_name_not_by_letters(made):
    assert "They meet." in explain(made, "rate")
    assert "They meet." not in explain(made, "mine")
    assert "They meet." not in explain(made, "frill")


def test_a_parameter_that_is_held_says_at_what_and_whether_it_has_an_effect(made):
    assert "held at 100 in every stage\n" in explain(made, "count")
    plain = small.plan(fixed={"kind": "plain"})
    assert "held at 0.5 in every stage, without effect\n" in explain(plain, "frill")


def test_an_own_parameter_has_no_evidence_and_says_why(made):
    text = explain(made, "mine")
    assert "Your own parameter: the knowledge base does not know it" in text
    assert "library's default" not in text


def test_a_condition_is_told():
    made = small.plan(space={"kind": {"role": "tune"}}, budget={"trials": 400})
    assert "only where kind is fancy" in explain(made, "frill")


def test_a_rule_is_explained_whether_it_applies_waits_or_is_silent(made):
    assert "toy-few applies" in explain(made, "toy-few")
    assert "Rows repeat." in explain(made, "toy-few")
    assert "toy-many does not apply" in explain(made, "toy-many")
    assert "toy-tokens waits for data.tokens" in explain(made, "toy-tokens")


def test_a_source_tells_what_it_is_cited_for(made):
    text = explain(made, "paper")
    assert "On Trees" in text
    assert "rate" in text


def test_everything_is_explained_in_order(made):
    lines = explain(made).splitlines()
    assert lines[0] == "toy: 60 trials, 3 stages"
    assert any("shar: important, usually minor; stage 2" in line for line in lines)
    assert any("count: fixed; held at 100" in line for line in lines)
    assert "Say a name to hear more" in lines[-1]


def test_an_unknown_name_is_refused_with_a_suggestion(made):
    with pytest.raises(UnknownName, match="did you mean 'toy-few'"):
        explain(made, "toy-fwe")
    for name in ("", " ", "__class__", "stages"):
        with pytest.raises(UnknownName):
            explain(made, name)


def test_a_citation_leaves_out_what_is_not_known():
    source = Source(authors="A", title="T", read="memory")
    assert citation(source) == "A. T. [read: memory]"


def test_a_parameter_that_only_a_later_stage_holds_is_explained(made):
    first, second, *rest = made.stages
    later = second.having(fixed={**second.fixed, "extra": Held(value=3)})
    longer = made.model_copy(update={"stages": (first, later, *rest)})
    assert "held at 3 from stage 2" in explain(longer, "extra")
    assert "extra: given; held at 3" in explain(longer)


# What interacts


PAIR = {
    "parameters": ["rate", "share"],
    "kind": "trade-off",
    "advice": "note",
    "share": 0.028,
    "because": "Half the rate needs twice the share.",
    "sources": ["pair"],
}
SOURCES = {"pair": {"authors": "B. Author", "title": "On Pairs", "read": "abstract"}}


def test_what_a_parameter_interacts_with_is_explained_with_its_source(toy):
    toy(interactions=[PAIR], sources=SOURCES)
    made = small.plan(space={"shar": {"is": "share"}})
    for name, other in (("rate", "shar"), ("shar", "rate")):
        text = explain(made, name)
        assert "interacts with:" in text
        assert f"{other}: Half the rate needs twice the share. (trade-off, 2.8 % of the variance, note" in text
        assert "pair: B. Author. On Pairs. [read: abstract]" in text
    assert "interacts" not in explain(made, "depth")
    assert "cited for the interactions:\n    - rate, shar" in explain(made, "pair")


def test_what_is_searched_and_why_are_two_lists(made):
    text = explain(made)
    assert "  stage 1, critical, searches:\n    - rate\n  stage 1, critical, because:\n    - stages: " in text
