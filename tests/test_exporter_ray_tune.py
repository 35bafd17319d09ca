"""The two modules for Ray Tune: what stands in them, what Ray and Optuna draw from them, and one search each."""

from __future__ import annotations

import subprocess
import sys

import fitting
import pytest
from hypothesis import given, settings
from one_stage import EXAMPLES, plan
from random_plans import plans

from advisor import exporters
from advisor.errors import CannotExport
from advisor.plan import Plan

TARGETS = ("ray-tune", "ray-tune-optuna")
KERNELS = {
    "kernel": {"type": "categorical", "choices": ["rbf", "poly", "linear"]},
    "gamma": {"type": "float", "low": 0.1, "high": 1.0, "when": {"kernel": ["rbf", "poly"]}},
    "max-depth": {"type": "int", "low": 2, "high": 3, "when": {"kernel": "poly"}},
    "class": {"type": "float", "low": 0.5, "high": 2.0, "when": {"max-depth": 2}},
}
HELD = {"zero": {"value": 0}, "off": {"value": False}, "none": {"value": None}, "empty": {"value": ""}}
HELD |= {
    "tiny": {"value": 1e-07},
    "no": {"value": 1, "active": False},
    "grade": {"value": 3, "when": {"kernel": "poly"}},
}
SPACES = {
    "log": {"type": "int", "low": 1, "high": 4, "log": True},
    "even": {"type": "int", "low": 1, "high": 4},
    "odd": {"type": "int", "low": 1, "high": 10, "step": 2},
    "grid": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
    "mixed": {"type": "categorical", "choices": [None, 'say "it\'s"', 2, 0.5, False]},
}
RATE = {"rate": {"type": "float", "low": 0.1, "high": 1.0}}


def text(made, target, stage=None):
    return exporters.export(made, target, stage, allow_loss=True)


def with_starts(made, *starts):
    return made.having(stages=[made.stages[0].having(start=starts), *made.stages[1:]])


def pruned(method, from_step):
    return {"advised": True, "on": "epochs", "method": method, "from_step": from_step, "why": "It is so."}


def loss_of(made, target, words):
    return next(loss for loss in exporters.losses(made, target) if words in str(loss))


@settings(max_examples=40)
@given(made=plans())
def test_any_plan_is_python_whatever_its_names_and_values(made):
    for target in TARGETS:
        compile(text(made, target), "exported.py", "exec")


def test_what_a_sampler_of_ours_does_beside_optunas_is_said():
    made = plan({"rate": {"type": "float", "low": 0.1, "high": 1.0}})
    sampler = made.stages[0].sampler.having(name="gp", joint=None, winsorized=True, tpe_every=3)
    cut = made.having(stages=[made.stages[0].having(sampler=sampler), *made.stages[1:]])
    assert loss_of(cut, "ray-tune-optuna", "the cut of values at the median")
    assert loss_of(cut, "ray-tune-optuna", "TPE's turns (one trial of 3)")
    assert "Winsorized" not in text(cut, "ray-tune-optuna")


def test_upper_ends_of_whole_numbers_are_exclusive_in_ray():
    written = text(plan(SPACES), "ray-tune")
    assert '"even": tune.randint(1, 5)' in written
    assert '"log": tune.lograndint(1, 5)' in written


def test_grids_are_values_because_those_of_ray_count_from_zero():
    written = text(plan(SPACES), "ray-tune")
    assert '"odd": tune.choice(range(1, 11, 2))' in written
    assert '"grid": tune.choice([0.1, 0.2, 0.3])' in written
    assert "qrandint" not in written
    fine = plan({"rate": {"type": "float", "low": 0, "high": 1000, "step": 0.1}})
    with pytest.raises(CannotExport, match="the step of rate"):
        exporters.export(fine, "ray-tune")


def test_what_has_no_effect_is_dropped_before_training_and_that_is_said():
    names = {}
    made = plan(KERNELS, HELD)
    written = text(made, "ray-tune")
    exec(written[written.index("CONDITIONS = {") : written.index("def main")], names)  # noqa: S102 - our own text
    config = {"kernel": "linear", "gamma": 0.5, "max-depth": 2, "class": 1.0, "grade": 3, "zero": 0}
    assert names["effective"](config) == {"kernel": "linear", "zero": 0}
    assert names["effective"](config | {"kernel": "rbf"}).keys() == {"kernel", "gamma", "zero"}
    assert names["effective"](config | {"kernel": "poly"}) == config | {"kernel": "poly"}
    assert names["effective"](config | {"kernel": "poly", "max-depth": 3}).keys() == config.keys() - {"class"}
    assert "dropped by effective" in str(loss_of(made, "ray-tune", "conditions of gamma, max-depth, class, grade"))


def test_equal_choices_are_refused_where_python_would_confuse_them():
    equal = {"k": {"type": "categorical", "choices": [1, True]}}
    assert "tune.choice([1, True])" in exporters.export(plan(equal), "ray-tune")
    with pytest.raises(CannotExport, match="equal choices of k"):
        exporters.export(plan(equal | {"r": {**RATE["rate"], "when": {"k": 1}}}), "ray-tune")
    with pytest.raises(CannotExport, match="equal choices of k"):
        exporters.export(plan(equal), "ray-tune-optuna")


def test_a_slash_in_a_name_is_refused_where_ray_makes_a_dict_of_it():
    with pytest.raises(CannotExport, match="the name opt/rate"):
        exporters.export(plan({"opt/rate": RATE["rate"]}), "ray-tune-optuna")
    assert '"opt/rate": tune.uniform' in exporters.export(plan({"opt/rate": RATE["rate"]}), "ray-tune")


def test_trials_are_stopped_as_the_plan_advises():
    median = text(plan(RATE, pruning=pruned("median", 20)), "ray-tune")
    assert 'scheduler = MedianStoppingRule(time_attr="training_iteration", grace_period=20)' in median
    asha = text(plan(RATE, pruning=pruned("asha", 5)), "ray-tune-optuna")
    assert 'scheduler = ASHAScheduler(time_attr="training_iteration", grace_period=5, max_t=1000000)' in asha
    assert "scheduler" not in text(plan(RATE), "ray-tune")
    assert loss_of(plan(RATE, pruning=pruned("median", None)), "ray-tune", "pruning by median: no trial is stopped")


def test_starts_that_a_target_cannot_hold_are_left_out_and_said():
    kept = {"kernel": {"value": "rbf"}, "zero": {"value": 0}}
    gamma = {"gamma": KERNELS["gamma"]}
    made = with_starts(
        plan(gamma, kept),
        {"kernel": "rbf", "zero": 0, "gamma": 0.5},
        {"kernel": "rbf", "zero": 1, "gamma": 0.6},
        {"kernel": "linear", "zero": 0},
    )
    assert '{"gamma": 0.6, "zero": 1}' in text(made, "ray-tune")
    assert loss_of(made, "ray-tune", "start 2 with kernel")
    assert "0.6" not in text(made, "ray-tune-optuna")
    assert loss_of(made, "ray-tune-optuna", "start 1 with zero 1")
    assert loss_of(made, "ray-tune-optuna", "start 2 with kernel linear")


@pytest.mark.parametrize("target", TARGETS)
def test_a_start_that_says_0_for_a_real_number_is_written_as_one(target):
    made = with_starts(plan({"rate": {"type": "float", "low": 0, "high": 1}}), {"rate": 0})
    assert '{"rate": 0.0},' in text(made, target)


# By Ray itself


def module(made, target, stage=None):
    names = {"__name__": "exported"}
    exec(compile(text(made, target, stage), "exported.py", "exec"), names)  # noqa: S102 - our own text
    return names


def drawn_by_ray(made, count, stage=None):
    """Configurations as a trial of Ray's own search is trained with them."""
    pytest.importorskip("ray.tune", reason="Ray Tune")
    from ray.tune.experiment import Experiment
    from ray.tune.search.basic_variant import BasicVariantGenerator

    names = module(made, "ray-tune", stage)
    search = BasicVariantGenerator(points_to_evaluate=names["STARTS"], random_state=0)
    search.add_configurations([Experiment("x", run=print, config=names["param_space"], num_samples=count)])
    trials = [search.next_trial() for _ in range(count)]
    return [names.get("effective", dict)(trial.config) for trial in trials]


def drawn_by_optuna(made, count, stage=None):
    """Configurations as OptunaSearch suggests them."""
    pytest.importorskip("ray.tune", reason="Ray Tune")
    import optuna
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names = module(made, "ray-tune-optuna", stage)
    sampler = optuna.samplers.RandomSampler(seed=0)
    known = {"points_to_evaluate": names["STARTS"], "sampler": sampler}
    search = OptunaSearch(names["suggest"], metric="auc", mode="max", **known)
    return [search.suggest(str(number)) for number in range(count)]


DRAWN = {"ray-tune": drawn_by_ray, "ray-tune-optuna": drawn_by_optuna}


@pytest.mark.truth
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_draws_of_the_examples_are_of_the_plan_and_begin_with_its_starts(target, name):
    made = EXAMPLES[name]
    for stage in made.stages:
        configs = DRAWN[target](made, 30, stage.id)
        starts = module(made, target, stage.id)["STARTS"]
        assert [{key: config[key] for key in start} for config, start in zip(configs, starts, strict=False)] == starts
        moved = len(starts) if target == "ray-tune" else 0
        assert [misfit for config in configs[moved:] for misfit in fitting.misfits(stage, config)] == []


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
@pytest.mark.parametrize("target", TARGETS)
def test_draws_of_any_plan_are_of_the_plan(target, made):
    without = Plan.model_validate(
        {**dict(made), "stages": [stage.having(start=(), start_why=()) for stage in made.stages]}
    )
    for stage in without.stages:
        if any(loss.changes_meaning for loss in exporters.losses(without, target, stage.id)):
            continue
        configs = DRAWN[target](without, 6, stage.id)
        assert [misfit for config in configs for misfit in fitting.misfits(stage, config)] == []


@pytest.mark.truth
@pytest.mark.parametrize("target", TARGETS)
def test_both_ends_of_whole_numbers_and_grids_are_reached_and_types_kept(target):
    configs = DRAWN[target](plan(SPACES), 200)
    assert {config["log"] for config in configs} == {config["even"] for config in configs} == {1, 2, 3, 4}
    assert {config["odd"] for config in configs} == {1, 3, 5, 7, 9}
    assert {round(config["grid"], 9) for config in configs} == {0.1, 0.2, 0.3}
    choices = SPACES["mixed"]["choices"]
    assert {repr(config["mixed"]) for config in configs} == {repr(choice) for choice in choices}


@pytest.mark.truth
@pytest.mark.parametrize("target", TARGETS)
def test_conditions_leave_out_what_has_no_effect_and_held_values_arrive(target):
    made = plan(KERNELS, HELD)
    configs = DRAWN[target](made, 60)
    assert {config["kernel"] for config in configs} == {"rbf", "poly", "linear"}
    assert [misfit for config in configs for misfit in fitting.misfits(made.stages[0], config)] == []
    assert any("class" in config for config in configs)


@pytest.mark.truth
def test_ray_converts_its_own_space_for_optuna_to_the_same_one():
    pytest.importorskip("ray.tune", reason="Ray Tune")
    from ray.tune.search.optuna import OptunaSearch

    converted = OptunaSearch.convert_search_space(module(plan(SPACES), "ray-tune")["param_space"])
    assert {(converted[name].low, converted[name].high) for name in ("log", "even")} == {(1, 4)}
    assert converted["log"].log
    assert converted["odd"].choices == (1, 3, 5, 7, 9)


@pytest.mark.truth
@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_a_search_runs_on_two_processors(target, tmp_path, monkeypatch):
    """In a process of its own, as a person would run it: Ray leaves threads and warnings behind."""
    pytest.importorskip("ray.tune", reason="Ray Tune")
    made = with_starts(
        plan(KERNELS, HELD, pruning=pruned("asha", 1)),
        {"kernel": "rbf", "gamma": 0.5, "zero": 0, "off": False, "none": None, "empty": "", "tiny": 1e-07},
    )
    (tmp_path / "search.py").write_text(text(made, target), encoding="utf-8")
    (tmp_path / "run.py").write_text(RUN, encoding="utf-8")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "10 trials, first with gamma 0.5 and kernel rbf" in done.stdout
    assert "best auc " in done.stdout


RUN = """
import ray, search
from ray import tune

def train(config):
    assert config["zero"] == 0 and config["off"] is False and config["none"] is None and config["tiny"] == 1e-07
    assert ("gamma" in config) == (config["kernel"] != "linear")
    for step in range(3):
        tune.report({"auc": config.get("gamma", 0) + step})

if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=80_000_000)
    results = search.main(train)
    assert not results.errors
    first = results[0].config
    print(f"{len(results)} trials, first with gamma {first['gamma']} and kernel {first['kernel']}")
"""
