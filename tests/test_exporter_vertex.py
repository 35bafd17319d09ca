"""Studies for Vertex AI: what they may draw, and that Google's own library reads them."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from one_stage import EXAMPLES, plan
from random_plans import plans

from advisor import exporters
from advisor.errors import CannotExport
from advisor.exporters._services import held, searched, text
from advisor.exporters._writing import needs
from advisor.space import contains, same

RATE = {"rate": {"type": "float", "low": 1e-07, "high": 0.1, "log": True}}
KERNEL = {"kernel": {"type": "categorical", "choices": ["rbf", "poly"]}}


def study(made, stage=None):
    return json.loads(exporters.export(made, "vertex", stage, allow_loss=True))


def parameters(made):
    return {one["parameterId"]: one for one in study(made)["parameters"]}


def losses(made):
    return [str(loss) for loss in exporters.losses(made, "vertex")]


def domain(parameter):
    """The kind of a parameter and what it says of its values."""
    ((kind, space),) = [(key, value) for key, value in parameter.items() if key.endswith("ValueSpec")]
    return kind.removesuffix("ValueSpec"), space


def drawn(parameter, generator):
    """A configuration of a parameter and of those below it, drawn as the format means it."""
    kind, space = domain(parameter)
    if "values" in space:
        value = generator.choice(space["values"])
    elif kind == "integer":
        value = generator.randint(space["minValue"], space["maxValue"])
    else:
        value = generator.choice([space["minValue"], generator.uniform(*space.values()), space["maxValue"]])
    config = {parameter["parameterId"]: value}
    for below in parameter.get("conditionalParameterSpecs", ()):
        ((condition, wanted),) = [(key, one["values"]) for key, one in below.items() if key.startswith("parent")]
        assert condition == {
            "integer": "parentIntValues",
            "discrete": "parentDiscreteValues",
            "categorical": "parentCategoricalValues",
        }.get(kind)
        if value in wanted:
            config |= drawn(below["parameterSpec"], generator)
    return config


def is_one(entry, value):
    """Whether a drawn value is one that a parameter can have, as text or as a number."""
    choices = getattr(entry.domain, "choices", ())
    return value in map(text, choices) if isinstance(value, str) else contains(entry.domain, value)


def check(made, stage=None):
    """Every configuration that a study can draw is one of the stage, but for losses that are said."""
    of = made.stages[(stage or 0) - 1]
    lost = {str(loss.what) for loss in exporters.losses(made, "vertex", stage) if loss.changes_meaning}
    generator = random.Random(0)  # noqa: S311 - nothing secret
    names = {"_".join(name.split()): name for name in of.entries}
    for _ in range(15):
        config = {}
        for parameter in study(made, stage)["parameters"]:
            config |= drawn(parameter, generator)
        config = {names[name]: value for name, value in config.items()}
        for name, entry in searched(of).items():
            if name in config and f"the step of {name}" not in lost:
                assert is_one(entry, config[name]), name
        assert all(config[name] == text(entry.value) for name, entry in held(of).items() if name in config)
        for name in of.entries:
            if not any(line.startswith(("the condition", "equal choices")) for line in lost):
                assert (name in config) == is_active(of, name, config), name


def is_active(stage, name, config):
    wanted = needs(stage, name)
    return wanted is not None and all(
        parent in config
        and any(
            config[parent] == text(v) if isinstance(config[parent], str) else same(config[parent], v) for v in values
        )
        for parent, values in wanted.items()
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_study_draws_what_the_example_says(name):
    for stage in (None, *range(1, len(EXAMPLES[name].stages) + 1)):
        check(EXAMPLES[name], stage)


@pytest.mark.slow
@settings(max_examples=60)
@given(made=plans())
def test_a_study_draws_what_any_plan_says(made):
    for stage in (None, *range(1, len(made.stages) + 1)):
        check(made, stage)


def test_a_range_keeps_its_ends_its_scale_and_its_type():
    made = plan({**RATE, "units": {"type": "int", "low": 0, "high": 64}})
    assert parameters(made)["rate"] == {
        "parameterId": "rate",
        "doubleValueSpec": {"minValue": 1e-07, "maxValue": 0.1},
        "scaleType": "UNIT_LOG_SCALE",
    }
    assert parameters(made)["units"] == {
        "parameterId": "units",
        "integerValueSpec": {"minValue": 0, "maxValue": 64},
        "scaleType": "UNIT_LINEAR_SCALE",
    }


def test_a_step_of_which_a_range_has_billions_is_not_listed():
    made = plan({"rate": {"type": "float", "low": 0.0, "high": 1.0, "step": 1e-12}})
    kind, space = domain(parameters(made)["rate"])
    assert (kind, space) == ("double", {"minValue": 0.0, "maxValue": 1.0})
    assert any("step of rate" in loss for loss in losses(made))


def test_a_grid_is_written_as_its_values_and_on_its_scale():
    made = plan({"odd": {"type": "int", "low": 1, "high": 10, "step": 2, "log": True}})
    assert parameters(made)["odd"] == {
        "parameterId": "odd",
        "discreteValueSpec": {"values": [1, 3, 5, 7, 9]},
        "scaleType": "UNIT_LOG_SCALE",
    }
    assert losses(made)[0] == "the whole numbers of odd: Vertex lists floats; a trial rounds them"


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "int", "low": 1, "high": 2001, "step": 2},
        {"type": "float", "low": 0.0, "high": 1e-09, "step": 1e-11},
    ],
)
def test_a_grid_that_vertex_cannot_list_is_refused(entry):
    with pytest.raises(CannotExport, match="the step of k"):
        exporters.export(plan({"k": entry}), "vertex")


def test_numbers_in_order_are_numbers_and_others_are_words():
    sizes = {"type": "categorical", "choices": [0.5, 2, 8], "ordered": True}
    made = plan({"ordered": sizes, "any": {**sizes, "ordered": False}})
    assert domain(parameters(made)["ordered"]) == ("discrete", {"values": [0.5, 2, 8]})
    assert domain(parameters(made)["any"]) == ("categorical", {"values": ["0.5", "2", "8"]})


def test_a_condition_on_a_condition_is_kept():
    degree = {"type": "int", "low": 2, "high": 5, "when": {"kernel": "poly"}}
    made = plan(
        {**KERNEL, "degree": degree, "shift": {**RATE["rate"], "when": {"degree": [2, 3]}}},
        {"grade": {"value": 3, "when": {"kernel": "poly"}}},
    )
    assert not any(loss.changes_meaning for loss in exporters.losses(made, "vertex"))
    (kernel,) = study(made)["parameters"]
    below = {one["parameterSpec"]["parameterId"]: one for one in kernel["conditionalParameterSpecs"]}
    assert {name: one["parentCategoricalValues"]["values"] for name, one in below.items()} == {
        "degree": ["poly"],
        "grade": ["poly"],
    }
    (shift,) = below["degree"]["parameterSpec"]["conditionalParameterSpecs"]
    assert shift["parentIntValues"] == {"values": [2, 3]}


def test_a_condition_on_two_parents_or_on_a_real_number_is_refused():
    two = {**KERNEL, "mode": KERNEL["kernel"], "k": {**RATE["rate"], "when": {"kernel": "poly", "mode": "poly"}}}
    real = {"share": {"type": "float", "low": 0.0, "high": 1.0}, "k": {**RATE["rate"], "when": {"share": 0.0}}}
    for search in (two, real):
        with pytest.raises(CannotExport, match="the condition of k"):
            exporters.export(plan(search), "vertex")


def test_what_is_held_is_a_parameter_of_one_value():
    fixed = {"zero": {"value": 0}, "off": {"value": False}, "none": {"value": None}, "gone": {"active": False}}
    found = parameters(plan(RATE, fixed))
    assert [domain(found[name])[1] for name in ("zero", "off", "none")] == [
        {"values": ["0"]}, {"values": ["false"]}, {"values": ["null"]},
    ]  # fmt: skip
    assert "gone" not in found


def test_names_with_spaces_are_said_and_written_without():
    made = plan({"two words": RATE["rate"]})
    assert list(parameters(made)) == ["two_words"]
    assert "the name two words: two_words; Vertex takes no spaces" in losses(made)


def test_the_count_the_goal_and_the_search_are_those_of_the_stage():
    assert study(plan(RATE, sampler="random")) | {"parameters": []} == {
        "metrics": [{"metricId": "auc", "goal": "MAXIMIZE"}],
        "parameters": [],
        "algorithm": "RANDOM_SEARCH",
        "studyStoppingConfig": {"maxNumTrials": 10},
    }


def test_a_median_rule_is_written_and_its_step_is_said():
    rule = {"advised": True, "on": "epochs", "method": "median", "from_step": 3, "why": "Cheap."}
    made = plan(RATE, pruning=rule)
    assert study(made)["medianAutomatedStoppingSpec"] == {"useElapsedDuration": False}
    assert any(line.startswith("pruning by median from step 3") for line in losses(made))
    assert "medianAutomatedStoppingSpec" not in study(plan(RATE, pruning={**rule, "method": "asha"}))


# Google's library


@pytest.fixture(scope="module")
def types():
    pytest.importorskip("google.cloud.aiplatform_v1", reason="Vertex AI's own library")
    from google.cloud.aiplatform_v1 import types

    return types


def accept(types, made, stage):
    """Google's library reads a study, and writes it again as it was."""
    read = types.StudySpec.from_json(exporters.export(made, "vertex", stage, allow_loss=True))
    again = json.loads(types.StudySpec.to_json(read, use_integers_for_enums=False))
    assert same_study(study(made, stage), again)


def same_study(left, right):
    """Whether two texts say the same; the format leaves out what is zero, and writes whole numbers as text."""
    if isinstance(left, dict):
        return all(same_study(value, right.get(key, type(value)())) for key, value in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same_study, left, right))
    return left == (type(left)(right) if isinstance(left, int | float) and not isinstance(left, bool) else right)


@pytest.mark.truth
@pytest.mark.parametrize("name", EXAMPLES)
def test_google_reads_every_example(types, name):
    for stage in (None, *range(1, len(EXAMPLES[name].stages) + 1)):
        accept(types, EXAMPLES[name], stage)


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
def test_google_reads_any_plan(types, made):
    for stage in (None, *range(1, len(made.stages) + 1)):
        accept(types, made, stage)


@pytest.mark.truth
def test_google_refuses_a_word_that_it_does_not_know(types):
    from google.protobuf.json_format import ParseError

    with pytest.raises(ParseError):
        types.StudySpec.from_json(json.dumps({**study(plan(RATE)), "maxTrials": 3}))
