"""Sweep jobs for Azure Machine Learning: what they draw, what a trial gets, and that Azure's own library reads them."""

from __future__ import annotations

import io
import json
import math
import random
import subprocess
import sys
import warnings

import pytest
import yaml
from hypothesis import given, settings
from one_stage import EXAMPLES, plan
from random_plans import plans

from advisor import exporters
from advisor.errors import CannotExport
from advisor.exporters._services import held, searched, text
from advisor.space import Choice, contains

RATE = {"rate": {"type": "float", "low": 1e-07, "high": 0.1, "log": True}}
SHARE = {"share": {"type": "float", "low": 0.0, "high": 1.0}}
RULE = {"advised": True, "on": "epochs", "method": "median", "from_step": 3, "why": "Cheap."}


def job(made, stage=None):
    return yaml.safe_load(exporters.export(made, "azure-ml", stage, allow_loss=True))


def spaces(made):
    return job(made)["search_space"]


def losses(made):
    return [str(loss) for loss in exporters.losses(made, "azure-ml")]


def drawn(space, share):
    """The value at a share of the width of a distribution, by Azure's formula for each."""
    kind = space["type"]
    if kind == "choice":
        return space["values"][min(int(share * len(space["values"])), len(space["values"]) - 1)]
    low, high = space["min_value"], space["max_value"]
    value = min(low + share * (high - low), high)
    value = math.exp(value) if "log" in kind else value
    return round(value / space["q"]) * space["q"] if kind.startswith("q") else value


def check(made, stage=None):
    """Every value that can be drawn is one of the plan's, of its type, and so are both ends."""
    of = made.stages[(stage or 0) - 1]
    lost = {loss.what for loss in exporters.losses(made, "azure-ml", stage)}
    generator = random.Random(0)  # noqa: S311 - nothing secret
    found = job(made, stage)["search_space"]
    assert len(found) == len(searched(of))
    for space, (name, entry) in zip(found.values(), searched(of).items(), strict=True):
        values = [drawn(space, share) for share in (0, *(generator.random() for _ in range(20)), 1)]
        if isinstance(entry.domain, Choice):
            assert {text(value) for value in space["values"]} == set(map(text, entry.domain.choices)), name
        elif f"the step of {name}" not in lost:
            assert all(contains(entry.domain, value) for value in values), name
            assert all(isinstance(value, int) == entry.domain.integer for value in values), name
            ends = (entry.domain.low, entry.domain.high)
            assert entry.domain.step or (values[0], values[-1]) == pytest.approx(ends, rel=1e-12)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_job_draws_what_the_example_says(name):
    for stage in (None, *range(1, len(EXAMPLES[name].stages) + 1)):
        check(EXAMPLES[name], stage)


@settings(max_examples=60)
@given(made=plans())
def test_a_job_draws_what_any_plan_says(made):
    for stage in (None, *range(1, len(made.stages) + 1)):
        check(made, stage)


@pytest.mark.parametrize(("low", "high"), [(1e-07, 0.1), (3e-05, 8.0), (0.03, 30000.0), (1e-12, 1e12), (0.3, 0.3)])
def test_bounds_of_a_logarithmic_range_are_exponents_that_do_not_lead_outside(low, high):
    space = spaces(plan({"rate": {"type": "float", "low": low, "high": high, "log": True}}))["rate"]
    assert space["type"] == "loguniform"
    assert (math.exp(space["min_value"]), math.exp(space["max_value"])) == pytest.approx((low, high), rel=1e-14)
    assert math.exp(space["min_value"]) >= low
    assert low == high or math.exp(space["max_value"]) <= high


def test_a_logarithmic_range_says_its_natural_units():
    assert "# From 1e-07 to 0.1, as exponents of e." in exporters.export(plan(RATE), "azure-ml")


def test_whole_numbers_are_multiples_of_one_and_reach_both_ends():
    made = plan(
        {
            "layers": {"type": "int", "low": 1, "high": 4},
            "units": {"type": "int", "low": 1, "high": 4, "log": True},
        }
    )
    assert spaces(made)["layers"] == {"type": "quniform", "min_value": 1, "max_value": 4, "q": 1}
    for name in ("layers", "units"):
        assert {drawn(spaces(made)[name], share / 50) for share in range(51)} == {1, 2, 3, 4}
    assert losses(made)[0] == "the whole numbers of layers: a trial may get 3.0 for 3, and rounds it"


def test_a_grid_is_written_as_its_values_because_azures_counts_multiples():
    made = plan(
        {
            "odd": {"type": "int", "low": 1, "high": 10, "step": 2},
            "share": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
        }
    )
    assert spaces(made)["odd"] == {"type": "choice", "values": [1, 3, 5, 7, 9]}
    assert spaces(made)["share"] == {"type": "choice", "values": [0.1, 0.2, 0.3]}
    with pytest.raises(CannotExport, match="the step of k"):
        exporters.export(plan({"k": {"type": "int", "low": 1, "high": 9999, "step": 3}}), "azure-ml")


def test_choices_keep_what_azure_can_hold_and_become_words_where_it_cannot():
    made = plan({"mixed": {"type": "categorical", "choices": [1, 2.0, "x", None, True, 1e-07]}})
    values = spaces(made)["mixed"]["values"]
    assert values == [1, 2.0, "x", "null", "true", 1e-07]
    assert [type(value) for value in values] == [int, float, str, str, str, float]
    assert "the types of the choices of mixed: a trial gets text, as JSON writes it" in losses(made)


@pytest.mark.parametrize("choices", [["a", 'say "hi"'], ["a", "$HOME"], ["a", "`ls`"], ["a", "a\\b"], [1, "1"]])
def test_choices_that_a_trial_would_get_as_others_are_refused(choices):
    with pytest.raises(CannotExport, match="choices of word"):
        exporters.export(plan({"word": {"type": "categorical", "choices": choices}}), "azure-ml")


def test_a_condition_is_refused():
    kernel = {"kernel": {"type": "categorical", "choices": ["rbf", "poly"]}}
    made = plan({**kernel, "degree": {"type": "int", "low": 2, "high": 5, "when": {"kernel": "poly"}}})
    with pytest.raises(CannotExport, match="the condition of degree"):
        exporters.export(made, "azure-ml")


def test_sampling_is_bayesian_only_where_azures_takes_every_range():
    assert job(plan(SHARE))["sampling_algorithm"] == {"type": "bayesian"}
    assert "the seed: Bayesian sampling draws its own" in losses(plan(SHARE))
    seeded = {"type": "random", "rule": "random", "seed": 7, "logbase": "e"}
    assert job(plan(RATE))["sampling_algorithm"] == seeded
    assert any(line.startswith("the sampler tpe: random points") for line in losses(plan(RATE)))
    assert job(plan(RATE, sampler="quasi-random"))["sampling_algorithm"] == {**seeded, "rule": "sobol"}
    assert losses(plan(RATE, sampler="random")) == []


def test_a_median_rule_is_written_where_azure_takes_one_and_said_where_not():
    assert job(plan(RATE, pruning=RULE))["early_termination"] == {
        "type": "median_stopping",
        "evaluation_interval": 1,
        "delay_evaluation": 3,
    }
    for search, rule in ((SHARE, RULE), (RATE, {**RULE, "method": "asha"})):
        made = plan(search, pruning=rule)
        assert "early_termination" not in job(made)
        assert any(line.startswith("pruning by ") for line in losses(made))


def test_goal_and_counts_are_those_of_the_stage():
    assert job(plan(RATE))["objective"] == {"goal": "maximize", "primary_metric": "auc"}
    assert job(plan(RATE))["limits"] == {"max_total_trials": 10, "max_concurrent_trials": 2}


# What a trial gets


def arguments(written, assigned):
    """The arguments of a trial, with its command run by a real shell."""
    command = written["trial"]["command"]
    for key, value in assigned.items():
        place = f"${{{{search_space.{key}}}}}"
        assert command.count(place) == 1
        command = command.replace(place, text(value))
    echo = f'{sys.executable} -c "import json, sys; print(json.dumps(sys.argv[1:]))"'
    shown = subprocess.run(
        ["bash", "-c", command.replace("python train.py", echo, 1)], capture_output=True, text=True, check=True
    )
    return json.loads(shown.stdout)


@settings(max_examples=25)
@given(made=plans())
def test_a_trial_gets_what_is_drawn_and_what_is_held(made):
    of = made.stages[-1]
    lost = {loss.what for loss in exporters.losses(made, "azure-ml")}
    assigned = {key: drawn(space, 0.99) for key, space in job(made)["search_space"].items()}
    if not any("choices of" in what and '"' in what for what in lost):
        wanted = dict(zip(searched(of), map(text, assigned.values()), strict=True))
        wanted |= {name: text(entry.value) for name, entry in held(of).items()}
        assert arguments(job(made), assigned) == [f"--{name}={value}" for name, value in wanted.items()]


def test_what_is_held_is_passed_also_where_it_is_zero_false_null_or_hard_to_quote():
    fixed = {"zero": {"value": 0}, "off": {"value": False}, "none": {"value": None}, "gone": {"active": False}}
    fixed["word"] = {"value": "it's $5"}
    got = arguments(job(plan(RATE, fixed)), {"rate": 0.01})
    assert got == ["--rate=0.01", "--zero=0", "--off=false", "--none=null", "--word=it's $5"]


def test_a_name_that_azure_does_not_take_is_kept_in_the_command():
    made = plan({"max-depth": {"type": "int", "low": 1, "high": 4}})
    assert list(spaces(made)) == ["parameter0"]
    assert arguments(job(made), {"parameter0": 3}) == ["--max-depth=3"]


# Azure's library


@pytest.fixture(scope="module")
def load():
    """Read a sweep job as Azure's library does, and give what it would send; it refuses what it does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that it uses, about a later version of that
        ml = pytest.importorskip("azure.ai.ml", reason="Azure's own library")

    def loaded(written):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ml.load_job(io.StringIO(written))._to_rest_object().as_dict()["properties"]

    return loaded


def accept(load, made, stage):
    written = job(made, stage)
    sent = load(exporters.export(made, "azure-ml", stage, allow_loss=True))
    own = {
        key: [one["type"], [one["values"]] if "values" in one else [one[k] for k in one if k != "type"]]
        for key, one in written["search_space"].items()
    }
    assert repr(sent["searchSpace"]) == repr(own)  # which tells 1, 1.0 and "1" apart
    assert sent["trial"]["command"] == written["trial"]["command"]
    assert sent["limits"]["maxTotalTrials"] == written["limits"]["max_total_trials"]
    assert sent["objective"]["primaryMetric"] == made.objective.metric
    assert ("earlyTermination" in sent) == ("early_termination" in written)


@pytest.mark.truth
@pytest.mark.parametrize("name", EXAMPLES)
def test_azure_reads_every_example(load, name):
    for stage in (None, *range(1, len(EXAMPLES[name].stages) + 1)):
        accept(load, EXAMPLES[name], stage)


@pytest.mark.truth
@settings(max_examples=30)
@given(made=plans())
def test_azure_reads_any_plan(load, made):
    for stage in (None, *range(1, len(made.stages) + 1)):
        accept(load, made, stage)


@pytest.mark.truth
def test_azure_refuses_what_it_does_not_know(load):
    written = exporters.export(plan(RATE), "azure-ml")
    for old, new in (("loguniform", "log_uniform"), ("max_total_trials", "max_trials"), ("seed: 7", "seed: x")):
        with pytest.raises(Exception, match="Validation for SweepJobSchema failed"):
            load(written.replace(old, new))


@pytest.mark.truth
def test_azure_says_itself_that_bounds_are_logarithms(load):  # noqa: ARG001 - there only where the library is
    from azure.ai.ml.sweep import LogUniform

    assert "Minimum value of the log of the distribution" in LogUniform.__doc__
