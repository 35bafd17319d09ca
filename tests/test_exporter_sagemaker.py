"""Tuning jobs for SageMaker: by botocore's model of the service, and by what a trial gets."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from one_stage import EXAMPLES, plan
from random_plans import plans

from advisor import exporters
from advisor.errors import CannotExport
from advisor.exporters._services import held, searched
from advisor.space import Choice, contains, same

RATE = {"rate": {"type": "float", "low": 1e-07, "high": 0.1, "log": True}}


def request(made, stage=None):
    return json.loads(exporters.export(made, "sagemaker", stage, allow_loss=True))


def ranges(made, stage=None):
    """Each searched parameter by its name, with its kind."""
    found = request(made, stage)["HyperParameterTuningJobConfig"]["ParameterRanges"]
    return {one["Name"]: {"kind": kind, **one} for kind, entries in found.items() for one in entries}


def losses(made):
    return [str(loss) for loss in exporters.losses(made, "sagemaker")]


def read(word):
    """What a trial makes of a text: SageMaker's training toolkit reads JSON where it can."""
    try:
        return json.loads(word)
    except ValueError:
        return word


def is_it(value, word):
    return same(read(word), value) and type(read(word)) is type(value)


def check(made, stage=None):
    """Every value that can reach a trial is one of the plan's, of the plan's type."""
    of = made.stages[(stage or 0) - 1]
    found = ranges(made, stage)
    assert set(found) == set(searched(of))
    for name, entry in searched(of).items():
        one = found[name]
        if isinstance(entry.domain, Choice):
            assert all(is_it(*pair) for pair in zip(entry.domain.choices, one["Values"], strict=True))
        elif "Values" in one:
            assert all(contains(entry.domain, read(word)) for word in one["Values"])
        else:
            ends = (read(one["MinValue"]), read(one["MaxValue"]))
            assert ends == (entry.domain.low, entry.domain.high)
            assert (one["ScalingType"] == "Logarithmic") == entry.domain.log
            assert one["kind"].startswith("Integer") == entry.domain.integer
    passed = request(made, stage)["TrainingJobDefinition"]["StaticHyperParameters"]
    assert list(passed) == list(held(of))
    assert all(is_it(entry.value, passed[name]) for name, entry in held(of).items())


def check_each_stage(made, checked):
    for stage in (None, *range(1, len(made.stages) + 1)):
        checked(made, stage)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_trial_gets_what_the_example_says(name):
    check_each_stage(EXAMPLES[name], check)


@settings(max_examples=60)
@given(made=plans())
def test_a_trial_gets_what_any_plan_says(made):
    check_each_stage(made, check)


def test_a_grid_is_written_as_its_values_from_its_low_end():
    made = plan(
        {
            "odd": {"type": "int", "low": 1, "high": 10, "step": 2},
            "share": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
        }
    )
    assert ranges(made)["odd"]["Values"] == ["1", "3", "5", "7", "9"]
    assert ranges(made)["share"]["Values"] == ["0.1", "0.2", "0.3"]


def test_more_values_than_sagemaker_takes_are_refused():
    grid = {"k": {"type": "int", "low": 1, "high": 63, "step": 2}}
    assert ranges(plan({"k": {**grid["k"], "high": 59}}))["k"]["kind"] == "CategoricalParameterRanges"
    with pytest.raises(CannotExport, match="the step of k"):
        exporters.export(plan(grid), "sagemaker")
    with pytest.raises(CannotExport, match="the choices of k"):
        exporters.export(plan({"k": {"type": "categorical", "choices": [*map(str, range(31))]}}), "sagemaker")
    with pytest.raises(CannotExport, match="31 searched parameters"):
        exporters.export(plan({f"k{index}": RATE["rate"] for index in range(31)}), "sagemaker")


def test_the_scale_is_always_said_because_auto_may_choose_another():
    made = plan({**RATE, "units": {"type": "int", "low": 1, "high": 64}})
    assert {one["ScalingType"] for one in ranges(made).values()} == {"Logarithmic", "Linear"}


def test_words_that_look_like_something_else_stay_words():
    words = ["1", "true", "null", "NaN", '"x"', "two\nlines", "plain", ""]
    made = plan({"word": {"type": "categorical", "choices": words}})
    assert ranges(made)["word"]["Values"] == [
        '"1"', '"true"', '"null"', '"NaN"', '"\\"x\\""', '"two\\nlines"', "plain", "",
    ]  # fmt: skip


def test_what_is_held_is_passed_also_where_it_is_zero_false_or_null():
    fixed = {"zero": {"value": 0}, "off": {"value": False}, "none": {"value": None}, "gone": {"active": False}}
    assert request(plan(RATE, fixed))["TrainingJobDefinition"] == {
        "StaticHyperParameters": {"zero": "0", "off": "false", "none": "null"}
    }


def test_a_condition_is_refused():
    kernel = {"kernel": {"type": "categorical", "choices": ["rbf", "poly"]}}
    made = plan({**kernel, "degree": {"type": "int", "low": 2, "high": 5, "when": {"kernel": "poly"}}})
    with pytest.raises(CannotExport, match="the condition of degree"):
        exporters.export(made, "sagemaker")


def test_seed_strategy_and_counts_are_those_of_the_stage():
    config = request(plan(RATE))["HyperParameterTuningJobConfig"]
    assert (config["Strategy"], config["RandomSeed"]) == ("Bayesian", 7)
    assert config["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2}
    assert config["TrainingJobEarlyStoppingType"] == "Off"
    assert request(plan(RATE, sampler="random"))["HyperParameterTuningJobConfig"]["Strategy"] == "Random"
    assert losses(plan(RATE, sampler="random")) == []


# botocore


@pytest.fixture(scope="module")
def service():
    pytest.importorskip("botocore", reason="the model of SageMaker's API")
    from botocore.session import Session

    return Session().get_service_model("sagemaker")


def whole(part):
    """A request with what only the person knows."""
    return {
        **part,
        "HyperParameterTuningJobName": "made",
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "RoleArn": "arn:aws:iam::012345678901:role/made",
            "OutputDataConfig": {"S3OutputPath": "s3://made"},
            "StoppingCondition": {},
            **part["TrainingJobDefinition"],
        },
    }


def accept(service, made, stage):
    from botocore.validate import ParamValidator

    shape = service.operation_model("CreateHyperParameterTuningJob").input_shape
    sent = whole(request(made, stage))
    assert ParamValidator().validate(sent, shape).generate_report() == ""
    assert [*beyond(sent, shape)] == []


def beyond(value, shape, path="request"):
    """What of a value lies beyond the limits of its shape that botocore leaves to the service."""
    limits = shape.metadata
    if "enum" in limits and value not in limits["enum"]:
        yield f"{path}: {value!r} is none of {limits['enum']}"
    if "max" in limits and (value if shape.type_name == "integer" else len(value)) > limits["max"]:
        yield f"{path}: {value!r} is over {limits['max']}"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"{path}: {value!r} is not like {limits['pattern']}"
    if shape.type_name == "structure":
        for name, part in value.items():
            yield from beyond(part, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for index, part in enumerate(value):
            yield from beyond(part, shape.member, f"{path}.{index}")
    elif shape.type_name == "map":
        for name, part in value.items():
            yield from beyond(name, shape.key, path)
            yield from beyond(part, shape.value, f"{path}.{name}")


@pytest.mark.truth
@pytest.mark.parametrize("name", EXAMPLES)
def test_botocore_accepts_every_example(service, name):
    check_each_stage(EXAMPLES[name], lambda made, stage: accept(service, made, stage))


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
def test_botocore_accepts_any_plan(service, made):
    check_each_stage(made, lambda each, stage: accept(service, each, stage))


@pytest.mark.truth
def test_limits_are_those_of_the_service(service):
    from advisor.exporters import sagemaker

    shapes = service.shape_for("ParameterRanges").members
    assert shapes["CategoricalParameterRanges"].member.members["Values"].metadata["max"] == sagemaker._MOST_CHOICES
    assert shapes["IntegerParameterRanges"].metadata["max"] == sagemaker._MOST_SEARCHED


@pytest.mark.truth
def test_limits_that_botocore_does_not_check_are_checked_here(service):
    shape = service.shape_for("ParameterRanges")
    odd = {"CategoricalParameterRanges": [{"Name": "a\nb", "Values": ["x"] * 31}]}
    odd["IntegerParameterRanges"] = [{"Name": "a", "MinValue": "1", "MaxValue": "2", "ScalingType": "Log"}]
    assert len([*beyond(odd, shape)]) == 3
