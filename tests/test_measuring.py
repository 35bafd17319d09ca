"""What mattered, as people ask for it: from trials, pairs, plans and files."""

from __future__ import annotations

import json
import math
import random

import pytest
import small
from click.testing import CliRunner

import advisor
from advisor import importances_text, measuring
from advisor.cli import main
from advisor.errors import InvalidFile
from advisor.importance import TooFewTrials
from advisor.trials import Trial

SPACE = {
    "rate": {"low": 1e-4, "high": 1.0, "log": True},
    "units": {"low": 8, "high": 256, "log": True, "type": "int"},
    "kind": {"choices": ["a", "b", "c"]},
    "inert": {"low": 0.0, "high": 1.0},
}


def drawn(count, seed=0):
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [
        {
            "rate": 10 ** chance.uniform(-4, 0),
            "units": round(2 ** chance.uniform(3, 8)),
            "kind": chance.choice("abc"),
            "inert": chance.random(),
        }
        for _ in range(count)
    ]


def loss(config):
    return (math.log10(config["rate"]) + 2) ** 2 + (0.5 if config["kind"] == "b" else 0.0)


def trial(config, value=0.0, state="complete"):
    return Trial(config=config, value=value if state == "complete" else None, state=state)


@pytest.fixture(scope="module")
def found():
    return advisor.measure([(config, loss(config)) for config in drawn(60)], SPACE)


def test_what_decides_has_most_and_what_does_nothing_is_below_the_noise(found):
    rate, inert = found.parameters["rate"], found.parameters["inert"]
    assert rate.matters is True
    assert rate.main.low <= rate.main.value <= rate.main.high
    assert rate.main.value > 0.6
    assert inert.matters is not True
    assert inert.total.value < inert.noise_floor + 0.05
    assert measuring.strongest_first(found.parameters)[0][0] == "rate"


def test_direction_does_not_change_what_mattered():
    configs = drawn(40)
    less = advisor.measure([(config, loss(config)) for config in configs], SPACE)
    more = advisor.measure([(config, -loss(config)) for config in configs], SPACE, direction="maximize")
    assert {n: one.main for n, one in less.parameters.items()} == {n: one.main for n, one in more.parameters.items()}


def test_failures_are_measured_apart():
    configs = drawn(60)
    pairs = [(config, math.nan if config["rate"] > 0.1 else loss(config)) for config in configs]
    found = advisor.measure(pairs, SPACE)
    assert found.failures is not None
    assert found.failures.parameters["rate"].matters is True
    assert found.failures.parameters["inert"].matters is not True


def test_what_is_not_used_is_said():
    configs = drawn(40)
    trials = [trial(config | {"held": 1}, loss(config)) for config in configs]
    trials += [trial(configs[0] | {"held": 2}, 0.0), trial(configs[1] | {"held": 1}, state="pruned")]
    trials += [trial(configs[2] | {"held": 1}, 1e12)]
    remarks = " ".join(advisor.measure(trials, SPACE).remarks)
    assert "1 trials are not used" in remarks
    assert "1 pruned trials are not used" in remarks
    assert "1 trials diverged" in remarks


def test_what_varied_outside_of_the_space_is_noise_and_what_few_set_otherwise_is_left_out():
    chance = random.Random(3)  # noqa: S311 - no secret
    trials = [trial(config | {"other": chance.random(), "held": 1}, loss(config)) for config in drawn(40)]
    trials += [trial(config | {"other": 0.5, "held": 2}, 100.0) for config in drawn(5, 1)]
    found = advisor.measure(trials, SPACE)
    assert found.trust.trials == 40
    assert found.parameters["rate"].matters is True
    assert "other varied and is not in the space: what it did counts as noise" in found.remarks
    assert any("5 trials are not used" in remark for remark in found.remarks)


def test_ranges_that_changed_between_studies_are_measured_as_one():
    early = [config | {"rate": 1e-4 * (config["rate"] / 1e-4) ** 0.5} for config in drawn(30)]
    late = [config | {"rate": (config["rate"] / 1e-4) ** 0.5 * 1e-2} for config in drawn(30, 1)]
    narrow = SPACE | {"rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    found = advisor.measure([(config, loss(config)) for config in early + late], narrow)
    assert found.trust.trials == 60
    assert found.parameters["rate"].main.value > 0.8
    assert max(found.parameters["rate"].curve.values) > 0.5
    assert any("rate was tried beyond 0.0001 .. 0.01: it is measured over" in remark for remark in found.remarks)


def test_a_range_that_holds_all_trials_is_as_it_was(found):
    assert not [remark for remark in found.remarks if "beyond" in remark]


def test_what_no_trial_tells_apart_and_what_never_varied_is_set_aside_and_shown():
    space = SPACE | {"twin": {"low": 0.0, "high": 100.0}, "held": {"low": 0.0, "high": 1.0}}
    pairs = [(config | {"twin": 100 * config["inert"], "held": 0.5}, loss(config)) for config in drawn(40)]
    found = advisor.measure(pairs, space)
    assert dict(found.aside) == {"twin": "it changed only together with inert", "held": "it was always 0.5"}
    assert found.parameters["rate"].matters is True
    text = importances_text.rendered(found)
    assert "not measured: twin: it changed only together with inert" in text
    assert "never varied: held" in text


@pytest.mark.parametrize("strange", [math.inf, -math.inf, math.nan, None])
def test_a_score_that_is_no_number_is_a_failure_and_never_a_score(strange):
    pairs = [(config, strange if index < 6 else loss(config)) for index, config in enumerate(drawn(46))]
    found = advisor.measure(pairs, SPACE)
    assert found.trust.trials == 40
    assert found.failures is not None
    assert found.failures.trust.trials == 46
    assert found.parameters["rate"].matters is True


@pytest.mark.parametrize("strange", [math.inf, math.nan, "0.1", None, 0.0])
def test_a_setting_that_has_no_place_on_its_scale_leaves_its_trial_out(strange):
    pairs = [
        (config | {"rate": strange} if index < 6 else config, loss(config)) for index, config in enumerate(drawn(46))
    ]
    found = advisor.measure(pairs, SPACE)
    assert found.trust.trials == 40
    assert any("6 trials are not used" in remark for remark in found.remarks)


def test_too_few_trials_say_how_many_more():
    with pytest.raises(TooFewTrials, match=r"run [0-9]+ more"):
        advisor.measure([(config, loss(config)) for config in drawn(3)], SPACE)


def test_a_space_of_other_names_is_refused():
    with pytest.raises(InvalidFile, match="are the names the same"):
        advisor.measure([({"lr": 0.1}, 1.0)] * 20, SPACE)
    with pytest.raises(InvalidFile, match="rate has no low and high"):
        advisor.measure([({"rate": 0.1}, 1.0)] * 20, {"rate": {"low": 0.1}})


def test_a_plan_and_a_stage_are_spaces(toy):  # noqa: ARG001 - the small knowledge base
    plan = small.plan(budget={"trials": 40})
    result = advisor.run(plan, lambda config: (math.log10(config["rate"]) + 2) ** 2)
    for space in (plan, plan.stages[-1]):
        found = advisor.measure(result.trials, space)
        assert set(found.parameters) | set(found.aside) == set(plan.stages[-1].search)
        assert found.parameters["rate"].matters is True


def test_text_and_data_say_the_same(found):
    text = importances_text.rendered(found)
    assert [line.split()[0] for line in text.splitlines() if "█" in line or "▏" in line][0] == "rate"  # noqa: RUF015
    data = json.loads(json.dumps(importances_text.data(found)))
    assert next(iter(data["parameters"])) == "rate"
    assert data["parameters"]["rate"]["matters"] is True
    assert len(data["parameters"]["kind"]["curve"]["mean"]) == len(data["parameters"]["kind"]["curve"]["values"])


def test_command_reads_the_result_of_a_run(toy, tmp_path):  # noqa: ARG001 - the small knowledge base
    plan = small.plan(budget={"trials": 40})
    result = advisor.run(plan, lambda config: (math.log10(config["rate"]) + 2) ** 2)
    path, plan_path = tmp_path / "result.json", tmp_path / "plan.json"
    path.write_text(json.dumps(result.to_data()), encoding="utf-8")
    plan_path.write_text(json.dumps(plan.to_data()), encoding="utf-8")
    asked = CliRunner().invoke(main, ["importance", str(path), "--plan", str(plan_path), "--format", "json"])
    assert asked.exit_code == 0, asked.output
    assert json.loads(asked.stdout)["parameters"]["rate"]["matters"] is True
    missing = CliRunner().invoke(main, ["importance", str(tmp_path / "none.csv")])
    assert missing.exit_code == 2
