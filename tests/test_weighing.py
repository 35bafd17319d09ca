"""Several objectives of the same trials: one after the other, and their weighted sum."""

from __future__ import annotations

import json
import random
import statistics
from dataclasses import replace

import pytest
from click.testing import CliRunner
from trial_files import SAMPLES

import advisor
from advisor import weighing
from advisor.cli import main
from advisor.errors import InvalidFile


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """An Optuna data frame of two objectives: ``units`` decides the speed, ``rate`` the error, in far smaller units."""
    chance = random.Random(0)  # noqa: S311 - no secret
    rows = ["number,values_error,values_speed,params_rate,params_units,state"]
    for number in range(60):
        rate, units = chance.random(), chance.random()
        error, speed = (rate - 0.3) ** 2 / 1000, -100 * units
        rows.append(f"{number},{error},{speed},{rate},{units},COMPLETE")
    rows.append("60,,,0.5,0.5,FAIL")
    path = tmp_path_factory.mktemp("study") / "study.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(study, weights, metrics=()):
    return weighing.read(study, metrics, weights, direction="minimize")


def test_each_metric_is_read_in_turn_and_the_sum_comes_last(study):
    every = read(study, {"error": 0.7, "speed": 0.3}, ["speed", "error"])
    assert [loaded.metric for loaded in every] == ["speed", "error", "0.7 error + 0.3 speed"]
    assert every[-1].direction == "minimize"
    assert (every[-1].counts.complete, every[-1].counts.failed) == (60, 1)


@pytest.mark.parametrize(("metrics", "weights"), [(["quality", "flops"], {}), ([], {"quality": 1, "flops": 1})])
def test_a_metric_is_no_hyperparameter_of_another_one(metrics, weights, tmp_path):
    rows = ["rate,units,quality,flops", *(f"{n / 20},{n % 7},{n % 5},{n % 3}" for n in range(20))]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    for loaded in read(path, weights, metrics):
        assert set(loaded.space) == {"rate", "units"}
        assert all(trial.config.keys() == {"rate", "units"} for trial in loaded.trials)


def test_objectives_count_in_standard_deviations_whatever_their_units(study):
    [both] = read(study, {"error": 1, "speed": 1})
    values = [trial.value for trial in both.trials if trial.value is not None]
    parts = [[t.value for t in one.trials if t.value is not None] for one in read(study, {}, ["error", "speed"])]
    scales = [statistics.pstdev(part) for part in parts]
    assert values == pytest.approx([a / scales[0] + b / scales[1] for a, b in zip(*parts, strict=True)])


def test_weights_decide_what_matters(study):
    for weights, first in [({"error": 0.95, "speed": 0.05}, "rate"), ({"error": 0.05, "speed": 0.95}, "units")]:
        [both] = read(study, weights)
        found = advisor.measure(both.trials, both.space)
        assert found.parameters[first].main.value > 0.8


def test_a_weight_below_zero_turns_the_direction(study):
    [less] = read(study, {"speed": 1})
    [more] = read(study, {"speed": -1})
    assert [t.value for t in less.trials[:60]] == pytest.approx([-(t.value or 0) for t in more.trials[:60]])


def test_a_trial_that_failed_by_one_objective_failed(study):
    error, speed = read(study, {}, ["error", "speed"])
    failed = speed.trials[0].having(state="failed", value=None)
    broken = weighing.weighed([error, _with(speed, (failed, *speed.trials[1:]))], [0.5, 0.5])
    assert broken.trials[0].state == "failed"
    assert broken.counts.failed == 2


def test_objectives_of_other_trials_are_refused(study):
    error, speed = read(study, {}, ["error", "speed"])
    with pytest.raises(InvalidFile, match="error and speed are not of the same trials"):
        weighing.weighed([error, _with(speed, speed.trials[1:])], [0.5, 0.5])


def _with(loaded, trials):
    return replace(loaded, trials=trials)


@pytest.mark.parametrize("text", ["error", "error=x", "=1", "error=nan", ",", "error=0", "error=inf,speed=1"])
def test_text_that_gives_no_weights_is_refused(text):
    with pytest.raises(InvalidFile, match="weights are written as error="):
        weighing.parsed(text)


def test_weights_are_read_with_any_name():
    assert weighing.parsed("a=b=0.5, val/loss=-1e-3") == {"a=b": 0.5, "val/loss": -0.001}


def test_the_command_shows_each_objective_under_its_name(study):
    said = ["--metric", "error", "--metric", "speed", "--weights", "error=0.7,speed=0.3", "--direction", "minimize"]
    text = CliRunner().invoke(main, ["importance", str(study), *said])
    assert text.exit_code == 0, text.output
    heads = [line for line in text.stdout.splitlines() if line.startswith("# ")]
    assert heads == ["# error", "# speed", "# 0.7 error + 0.3 speed"]
    data = CliRunner().invoke(main, ["importance", str(study), *said, "--format", "json"])
    found = json.loads(data.stdout)
    assert list(found) == ["error", "speed", "0.7 error + 0.3 speed"]
    assert found["error"]["parameters"]["rate"]["matters"] is True


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
def test_a_genuine_study_of_two_objectives_is_weighed():
    pytest.importorskip("optuna")
    every = weighing.read(SAMPLES / "optuna/optuna.db", ["error", "size"], {"error": 0.5, "size": 0.5}, study="multi")
    assert [loaded.counts.complete for loaded in every] == [8, 8, 8]
