"""Experiments for Katib: by a strict schema, by its SDK, and by what a trial gets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from one_stage import EXAMPLES, plan
from random_plans import plans

from advisor import exporters
from advisor.errors import CannotExport
from advisor.exporters._services import held, searched, text
from advisor.space import Choice, contains

SCHEMA = json.loads((Path(__file__).parent / "data" / "katib-experiment.schema.json").read_text(encoding="utf-8"))
RATE = {"rate": {"type": "float", "low": 1e-07, "high": 0.1, "log": True}}


def experiment(made, stage=None):
    return yaml.safe_load(exporters.export(made, "katib", stage, allow_loss=True))


def spaces(made):
    return {one["name"]: one for one in experiment(made)["spec"]["parameters"]}


def losses(made):
    return [str(loss) for loss in exporters.losses(made, "katib")]


def arguments(written, assigned):
    """The arguments of a trial: Katib puts text into the job's JSON, and Kubernetes reads ``$$`` as ``$``."""
    template = written["spec"]["trialTemplate"]
    job = json.dumps(template["trialSpec"], ensure_ascii=False)
    for parameter in template["trialParameters"]:
        place = f"${{trialParameters.{parameter['name']}}}"
        assert job.count(place) == 1
        job = job.replace(place, assigned[parameter["reference"]])
    assert "{trialParameters." not in job
    container = json.loads(job)["spec"]["template"]["spec"]["containers"][0]
    return [argument.replace("$$", "$") for argument in container["args"]]


def check(made, stage=None):
    """An experiment is valid, and a trial gets every choice and everything that is held as it is in the plan."""
    written = experiment(made, stage)
    jsonschema.validate(written, SCHEMA)
    of = made.stages[(stage or 0) - 1]
    parameters = written["spec"]["parameters"]
    assert [one["name"] for one in parameters] == [*searched(of)]
    most = max(len(one["feasibleSpace"].get("list", "x")) for one in parameters)
    for index in range(min(most, 20)):
        assigned = {}
        for one in parameters:
            values = one["feasibleSpace"].get("list", [one["feasibleSpace"].get("min")])
            assigned[one["name"]] = values[index % len(values)]
        got = arguments(written, assigned)
        for name, entry in searched(of).items():
            choices = entry.domain.choices if isinstance(entry.domain, Choice) else ()
            assert not choices or any(f"--{name}={text(choice)}" in got for choice in choices)
        assert [f"--{name}={text(entry.value)}" for name, entry in held(of).items()] == got[len(parameters) :]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_an_experiment(name):
    for stage in (None, *range(1, len(EXAMPLES[name].stages) + 1)):
        check(EXAMPLES[name], stage)


@pytest.mark.slow
@settings(max_examples=60)
@given(made=plans())
def test_any_plan_is_an_experiment(made):
    for stage in (None, *range(1, len(made.stages) + 1)):
        check(made, stage)


def test_the_schema_refuses_what_katib_would_not_read():
    for path, value in [
        (("spec", "maxTrials"), 3),
        (("spec", "algorithm", "algorithmName"), "tpe2"),
        (("spec", "parameters", 0, "parameterType"), "float"),
        (("spec", "parameters", 0, "feasibleSpace", "min"), 0.5),
        (("spec", "parameters", 0, "feasibleSpace", "list"), ["1"]),
    ]:
        broken = experiment(plan(RATE))
        *above, last = path
        place = broken
        for step in above:
            place = place[step]
        place[last] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)


def test_a_range_is_text_in_natural_units():
    assert spaces(plan(RATE))["rate"] == {
        "name": "rate",
        "parameterType": "double",
        "feasibleSpace": {"min": "1e-07", "max": "0.1", "distribution": "logUniform"},
    }
    units = spaces(plan({"units": {"type": "int", "low": 1, "high": 64, "log": True}}))["units"]
    assert units["feasibleSpace"] == {"min": "1", "max": "64", "distribution": "logUniform"}


def test_a_grid_that_would_be_counted_from_zero_is_written_as_its_values():
    made = plan(
        {
            "odd": {"type": "int", "low": 1, "high": 10, "step": 2},
            "even": {"type": "int", "low": 2, "high": 9, "step": 2},
            "share": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
            "fine": {"type": "float", "low": 0.0, "high": 1.0, "step": 1e-12},
            "half": {"type": "float", "low": 0.25, "high": 1.0, "step": 0.5},
        }
    )
    found = {name: one["feasibleSpace"] for name, one in spaces(made).items()}
    assert found["odd"] == {"list": ["1", "3", "5", "7", "9"]}
    assert found["even"] == {"min": "2", "max": "8", "step": "2"}
    assert found["share"] == {"min": "0.1", "max": "0.3", "step": "0.1"}
    assert found["fine"] == {"min": "0.0", "max": "1.0", "step": "1e-12"}
    assert found["half"] == {"list": ["0.25", "0.75"]}
    assert losses(made) == []


def test_a_grid_too_long_to_list_is_refused():
    made = plan({"k": {"type": "int", "low": 1, "high": 9999, "step": 3}})
    with pytest.raises(CannotExport, match="the step of k"):
        exporters.export(made, "katib")


def test_what_is_held_is_passed_also_where_it_is_zero_false_null_or_empty():
    fixed = {
        "zero": {"value": 0},
        "off": {"value": False},
        "none": {"value": None},
        "empty": {"value": ""},
        "price": {"value": "$(HOME)"},
        "gone": {"value": 1, "active": False},
    }
    got = arguments(experiment(plan(RATE, fixed)), {"rate": "0.05"})
    assert got == ["--rate=0.05", "--zero=0", "--off=false", "--none=null", "--empty=", "--price=$(HOME)"]


def test_choices_that_are_equal_as_text_are_refused():
    made = plan({"mixed": {"type": "categorical", "choices": [1, "1", None, "x"]}})
    assert losses(made)[0] == "equal choices of mixed: as text both are '1'"
    with pytest.raises(CannotExport, match="equal choices of mixed"):
        exporters.export(made, "katib")


def test_a_condition_is_refused_and_what_never_has_an_effect_is_left_out():
    search = {
        "kernel": {"type": "categorical", "choices": ["rbf", "poly"]},
        "degree": {"type": "int", "low": 2, "high": 5, "when": {"kernel": "poly"}},
        "shift": {"type": "float", "low": 0.0, "high": 1.0, "when": {"mode": "b"}},
    }
    fixed = {"mode": {"value": "a"}, "grade": {"value": 3, "when": {"kernel": "poly"}}}
    made = plan(search, fixed)
    assert [line.split(":")[0] for line in losses(made)] == ["the condition of degree", "the condition of grade"]
    assert list(spaces(made)) == ["kernel", "degree"]


def test_a_range_that_the_algorithm_would_cut_off_is_refused():
    tiny = {"tiny": {"type": "float", "low": 1e-12, "high": 1.0, "log": True}}
    with pytest.raises(CannotExport, match="does not go below 1e-10"):
        exporters.export(plan(tiny), "katib")
    assert losses(plan(tiny, sampler="random")) == []


def test_the_seed_and_the_counts_are_those_of_the_stage():
    spec = experiment(plan(RATE))["spec"]
    assert (spec["maxTrialCount"], spec["parallelTrialCount"]) == (10, 2)
    assert {one["name"]: one["value"] for one in spec["algorithm"]["algorithmSettings"]} == {
        "random_state": "7",
        "n_startup_trials": "4",
    }
    assert experiment(plan(RATE, sampler="random"))["spec"]["algorithm"]["algorithmName"] == "random"


def test_a_median_rule_is_written_and_another_is_said():
    rule = {"advised": True, "on": "epochs", "method": "median", "from_step": 3, "why": "Cheap."}
    assert experiment(plan(RATE, pruning=rule))["spec"]["earlyStopping"] == {
        "algorithmName": "medianstop",
        "algorithmSettings": [{"name": "start_step", "value": "3"}],
    }
    other = plan(RATE, pruning={**rule, "method": "asha"})
    assert "earlyStopping" not in experiment(other)["spec"]
    assert any("pruning by asha" in line for line in losses(other))


@pytest.mark.parametrize("name", EXAMPLES)
def test_optuna_behind_multivariate_tpe_draws_from_the_plan(name):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    distributions = {one["name"]: distribution(optuna, one) for one in experiment(EXAMPLES[name])["spec"]["parameters"]}
    domains = {name: entry.domain for name, entry in searched(EXAMPLES[name].stages[-1]).items()}
    for _ in range(30):
        for key, value in study.ask(distributions).params.items():
            assert isinstance(value, str) or contains(domains[key], value)


@pytest.mark.parametrize("low", [2, 0, -4])
def test_optuna_reaches_both_ends_of_a_stepped_range(low):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    one = spaces(plan({"k": {"type": "int", "low": low, "high": low + 5, "step": 2}}))["k"]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = {study.ask({"k": distribution(optuna, one)}).params["k"] for _ in range(60)}
    assert drawn == {low, low + 2, low + 4}


def distribution(optuna, one):
    """How the Optuna service of Katib 0.19 reads a parameter."""
    space = one["feasibleSpace"]
    if "list" in space:
        return optuna.distributions.CategoricalDistribution(space["list"])
    log = space.get("distribution") == "logUniform"
    if one["parameterType"] == "int":
        low, high, step = int(space["min"]), int(space["max"]), int(space.get("step", 1))
        return optuna.distributions.IntDistribution(low, high, log=log, step=step)
    step = float(space["step"]) if "step" in space else None
    return optuna.distributions.FloatDistribution(float(space["min"]), float(space["max"]), log=log, step=step)


@pytest.mark.truth
def test_the_schema_has_the_fields_of_katibs_own_models():
    models = pytest.importorskip("kubeflow.katib.models", reason="Katib's SDK")
    for name, definition in SCHEMA["$defs"].items():
        own = {"Setting": "AlgorithmSetting", "Number": None}.get(name, name)
        if own is not None:
            fields = getattr(models, f"V1beta1{own}").attribute_map.values()
            assert sorted(fields) == sorted(definition["properties"]), name


@pytest.mark.truth
@pytest.mark.parametrize("name", EXAMPLES)
def test_katibs_sdk_reads_every_field_back(name):
    pytest.importorskip("kubeflow.katib", reason="Katib's SDK")
    from kubeflow.katib import ApiClient

    written = experiment(EXAMPLES[name])

    class Response:
        data = json.dumps(written)

    client = ApiClient()
    read = client.sanitize_for_serialization(client.deserialize(Response, "V1beta1Experiment"))
    assert read == written


def test_the_name_is_one_that_kubernetes_takes():
    spec = {"name": "2 Größe, die über vierzig Zeichen hinausgeht, Köln", "sha256": "0" * 12, "family": "toy"}
    name = experiment(plan(RATE, spec=spec))["metadata"]["name"]
    assert re.fullmatch(r"search-2-gr-e-[a-z0-9-]+-1", name)
    assert len(name) <= 46
