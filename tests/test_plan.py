"""The plan as a value: what it refuses, and that it is complete in itself."""

from __future__ import annotations

import json

import pytest
import small
from pydantic import ValidationError

from advisor import Plan, load_plan, yamlio
from advisor.errors import InvalidFile
from advisor.plan import Held, Searched

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def data():
    """A plan with three stages, as a file holds it."""
    return small.plan(space={"kind": {"role": "nuisance"}}, budget={"trials": 400}).to_data()


def refused(data, tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(yamlio.dump(data), "utf-8")
    with pytest.raises(InvalidFile) as caught:
        load_plan(path)
    return str(caught.value)


def test_a_plan_is_read_back_as_it_was_written(data, tmp_path):
    for name, text in (("p.yaml", yamlio.dump(data)), ("p.json", json.dumps(data))):
        (tmp_path / name).write_text(text, "utf-8")
        assert load_plan(tmp_path / name) == Plan.model_validate(data)
        assert load_plan(tmp_path / name).to_data() == data


def test_nothing_false_and_zero_survive_saving(tmp_path):
    fixed = {"share": 0, "a": None, "b": False, "c": "", "d": 0.0, "e": "null", "f": "1e-4"}
    choices = {"choices": [None, False, 0, "no", "1"]}
    made = small.plan(fixed=fixed, space={"g": choices | {"role": "nuisance"}}, budget={"trials": 400})
    (tmp_path / "plan.yaml").write_text(yamlio.dump(made.to_data()), "utf-8")
    found = load_plan(tmp_path / "plan.yaml")
    assert found == made
    for name, value in fixed.items():
        assert repr(found.stages[0].fixed[name].value) == repr(value)
        assert repr(found.stages[0].start[0][name]) == repr(value)
    assert repr(found.stages[0].search["g"].choices) == repr((None, False, 0, "no", "1"))


def test_a_plan_cannot_be_changed(data):
    plan = Plan.model_validate(data)
    with pytest.raises(ValidationError):
        plan.version = 2
    with pytest.raises(ValidationError):
        plan.stages[0].search["rate"].low = 3


def stage(data, number=0):
    return data["stages"][number]


def set_(data, *path, to):
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = to


@pytest.mark.parametrize(
    ("path", "to", "sentence"),
    [
        (("budget", "trials"), 399, "the stages take 400 trials, the budget has 399"),
        (("stages", 1, "id"), 3, "stages are numbered 1, 2, 3, ... in order"),
        (("stages", 1, "narrow", "from"), 2, "stage 2 cannot follow from stage 2"),
        (("stages", 1, "narrow", "open"), ["shar"], "keeps 'shar' open, which the stage does not search"),
        (("stages", 0, "start", 0, "rate"), 7.0, "rate 7.0 is outside the searched range"),
        (("stages", 0, "fixed", "rate"), {"value": 1}, "rate: both searched and fixed"),
        (("stages", 0, "search", "rate", "low"), 2.0, "low 2 is above high 1"),
        (("stages", 0, "search", "rate", "low"), 0.0, "a logarithmic range begins above 0"),
        (("stages", 0, "search", "rate", "low"), "0.1", "expected a number"),
        (("stages", 0, "search", "rate", "default"), 5.0, "the default 5.0 is outside the range"),
        (("stages", 0, "search", "rate", "choices"), [1], "categorical"),
        (("stages", 0, "search", "rate", "scale"), "log", "unknown key 'scale'"),
        (("stages", 1, "search", "depth", "high"), 7.5, "whole numbers"),
        (("stages", 1, "search", "depth", "step"), 0, "must be above 0"),
        (("stages", 0, "search", "kind", "choices"), [], "is empty"),
        (("stages", 0, "search", "kind", "high"), 3, "choices have no low, high, step or log"),
        (
            ("stages", 2, "search", "frill", "when"),
            {"kynd": "fancy"},
            "depends on 'kynd', which the stage does not have",
        ),
        (("stages", 2, "search", "frill", "when"), {"kind": "fanzy"}, "depends on values that kind cannot have"),
        (("stages", 0, "trials"), 0, "1"),
        (("stages", 1, "fixed", "extra"), {"value": 1}, "stages.1.fixed.extra: stage 1 has no extra, as stage 2 has"),
        (("stages", 0, "fixed", "extra"), {"value": 1}, "stages.1: stage 2 has no extra, as stage 1 has"),
        (("stages", 2, "search", "kind", "when"), {"frill": 0.5}, "kind depends on itself: kind depends on frill"),
        (("stages", 0, "fixed", "depth", "when"), {"depth": 12}, "depth depends on itself: depth depends on depth"),
        (
            ("constraints",),
            [{"expression": "rate <= shar", "why": "x"}],
            "constraints.0.expression: 'shar' is no parameter of the plan; did you mean 'share'?",
        ),
        (
            ("interactions",),
            [{"parameters": ["rate", "shar"], "kind": "joint", "advice": "note", "because": "x"}],
            "interactions.0.parameters: 'shar' is no parameter of the plan",
        ),
        (("stages", 0, "start", 0, "shar"), 0.5, "stages.0.start.0.shar: 'shar' is no parameter of the stage"),
        (("stages", 0, "start", 0), {"kind": "plain"}, "stages.0.start.0: leaves out rate, share, depth, count;"),
        (("stages", 0, "search", "rate", "limits"), {"low": 3, "high": 2}, "rate.limits.low: low 3 is above high 2"),
        (("stages", 0, "search", "rate", "sources"), ["papper"], "search.rate.sources: 'papper' is not among"),
        (("stages", 0, "fixed", "count", "sources"), ["papper"], "fixed.count.sources: 'papper' is not among"),
        (("stages", 0, "start_why", 0, "sources"), ["papper"], "start_why.0.sources: 'papper' is not among"),
        (("notes",), [{"text": "x", "by": "y", "sources": ["papper"]}], "notes.0.sources: 'papper' is not among"),
        (("pruning", "sources"), ["papper"], "pruning.sources: 'papper' is not among"),
        (("evidence", "rate", "sources"), ["papper"], "evidence.rate.sources: 'papper' is not among"),
        (
            ("evidence", "rate", "variance"),
            {"share": 0.1, "source": "papper"},
            "evidence.rate.variance.source: 'papper' is not among",
        ),
        (("constraints",), [{"expression": "__import__('os')", "why": "x"}], "not allowed"),
        (("stages",), [], "is empty"),
    ],
    ids=str,
)
def test_a_plan_that_contradicts_itself_is_refused_with_a_reason(data, tmp_path, path, to, sentence):
    set_(data, *path, to=to)
    message = refused(data, tmp_path)
    assert sentence in message
    assert f"{tmp_path / 'plan.yaml'}:" in message


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("stages", 0, "search", "rate", "sources"), ["judgement"]),
        (("stages", 0, "search", "rate", "limits"), {"low": 0.001, "high": 0.001}),
        (("stages", 0, "start", 0), {"rate": 0.1, "kind": "fancy", "share": 0.5, "frill": 0.5, "count": 9}),
        (("constraints",), [{"expression": "rate <= share", "why": "x", "sources": []}]),
    ],
    ids=str,
)
def test_a_plan_that_differs_from_ours_and_adds_up_is_read(data, path, to):
    set_(data, *path, to=to)
    assert Plan.model_validate(data).to_data() == data


def test_every_stage_holds_or_searches_every_parameter(data):
    plan = Plan.model_validate(data)
    assert plan.parameters == ("rate", "kind", *(n for n in plan.parameters if n not in {"rate", "kind"}))
    for each in plan.stages:
        assert {*each.search, *each.fixed} == set(plan.parameters)


def test_a_range_knows_its_domain():
    assert Searched(type="int", low=1, high=9, step=2, tier="minor").domain.integer
    with pytest.raises(ValidationError):
        Searched(type="float", low=1, tier="minor")
    with pytest.raises(ValidationError):
        Searched(type="categorical", tier="minor")
    assert Held().value is None


def test_a_plan_names_its_spec_and_its_knowledge(toy):
    one, other = small.plan(), small.plan(budget={"trials": 61})
    assert one.spec.sha256 == small.spec().sha256 != other.spec.sha256
    assert one.knowledge == other.knowledge
    assert small.plan(name="churn").spec.name == "churn"
    toy(title="Another")
    assert small.plan().knowledge.sha256 != one.knowledge.sha256


def test_waivers_are_carried_over():
    waiver = {"check": "a-check", "reason": "We know.", "until": "2027-01-31"}
    made = small.plan(waive=[waiver])
    assert made.to_data()["waived"] == [waiver]


def test_a_range_that_opens_says_by_which_stage_and_only_tpe_is_asked_to_model_jointly(data, tmp_path):
    narrow = data["stages"][1]["narrow"]
    data["stages"][1]["narrow"] = {"edge": 0.15}
    assert "edge needs from" in refused(data, tmp_path)
    data["stages"][1]["narrow"] = narrow
    data["stages"][0]["sampler"]["joint"] = True
    data["stages"][0]["sampler"]["name"] = "quasi-random"
    assert "joint is for tpe" in refused(data, tmp_path)
    data["stages"][0]["sampler"] |= {"joint": None, "winsorized": True}
    assert "winsorized is for gp" in refused(data, tmp_path)
    data["stages"][0]["sampler"] |= {"winsorized": None, "tpe_every": 3}
    assert "tpe_every is for gp" in refused(data, tmp_path)
    data["stages"][0]["sampler"] |= {"name": "gp", "tpe_every": 1}
    assert "tpe_every" in refused(data, tmp_path)
