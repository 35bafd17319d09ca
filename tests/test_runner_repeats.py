"""A configuration that was evaluated is not evaluated again while there are others."""

from __future__ import annotations

import one_stage
import pytest
from coordinators import key_of

import advisor
from advisor.runners import _attributes, _samplers, _studies

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)

COARSE = {
    "rate": {"type": "int", "low": 1, "high": 6},
    "kind": {"type": "categorical", "choices": ["a", "b", "c"]},
}
# The Gaussian process again where torch is there, without which it is TPE.
GAUSSIAN = ["gp", pytest.param("gp", marks=pytest.mark.truth)]
SAMPLERS = pytest.mark.parametrize("sampler", ["random", "tpe", "quasi-random", *GAUSSIAN])


def plan_of(search, trials, sampler="tpe", **more):
    """A plan of one stage."""
    data = one_stage.plan(search).to_data()
    data["stages"][0] |= {"trials": trials, "sampler": {"name": sampler, "seed": 0, "startup": 5, **more}}
    data["budget"]["trials"] = trials
    return advisor.Plan.model_validate(data)


def score_of(config):
    return -abs(config["rate"] - 3) - ("abc".index(config["kind"]) if "kind" in config else 0)


def run(plan, objective=score_of, **options):
    """The configurations that were evaluated, and the result."""
    seen = []

    def evaluated(config):
        seen.append(key_of(config))
        return objective(config)

    result = advisor.run(plan, evaluated, **options)
    assert len(seen) == len(result.trials)
    return seen, result


@SAMPLERS
@pytest.mark.parametrize("seed", range(3))
def test_a_coarse_space_has_no_repeats_while_others_are_easily_found(sampler, seed):
    seen, result = run(plan_of(COARSE, 12, sampler), seed=seed)
    assert len(set(seen)) == len(seen) == 12
    assert result.finished


@SAMPLERS
def test_a_space_that_is_used_up_still_has_the_plans_trials(sampler):
    seen, result = run(plan_of({"rate": COARSE["rate"]}, 20, sampler))
    assert len(seen) == 20
    assert len(set(seen)) == 6
    assert result.best.value == 0


def test_a_parameter_without_effect_makes_no_other_configuration():
    search = COARSE | {"depth": {"type": "int", "low": 1, "high": 50, "when": {"kind": "c"}}}
    plan = plan_of(search, 15, joint=True)
    seen, _ = run(plan, lambda config: score_of(config) - config.get("depth", 0))
    assert len(set(seen)) == 15


def test_repeats_are_not_taken_for_configurations_that_break_a_constraint():
    search = {name: {"type": "int", "low": 1, "high": 10} for name in ("left", "right")}
    plan = plan_of(search, 12, "random").to_data()
    plan["constraints"] = [{"expression": "left + right <= 4", "why": "It is so."}]
    for seed in range(4):
        seen, _ = run(advisor.Plan.model_validate(plan), lambda config: float(config["left"]), seed=seed)
        assert len(seen) == 12
        assert len(set(seen)) > 3


def test_what_a_run_before_evaluated_is_evaluated_anew():
    plan = plan_of({"rate": COARSE["rate"]}, 12, "random")
    before = [advisor.Trial(config={"rate": 3}, value=-9.0, state="complete", stage=1)]
    seen, result = run(plan, earlier=before)
    assert key_of({"rate": 3}) in seen
    assert result.best.value == 0


def test_processes_that_share_a_run_repeat_nothing_that_has_a_value(tmp_path):
    search = {name: {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25} for name in ("rate", "share")}
    storage = str(tmp_path / "run.db")
    result = advisor.run(plan_of(search, 18, "random"), "coordinators:value_of", storage=storage, workers=2)
    seen = [key_of(trial.config) for trial in result.trials]
    assert len(seen) == 18
    assert len(set(seen)) >= 16, "but for what two evaluate at the same time"


def test_what_failed_has_no_value_and_may_be_tried_again():
    failed = set()

    def objective(config):
        if config["rate"] == 3 and not failed:
            failed.add(config["rate"])
            raise ValueError("the device is busy")
        return score_of(config)

    seen, result = run(plan_of({"rate": COARSE["rate"]}, 12, "random"), objective)
    assert [trial.state for trial in result.trials].count("failed") == 1
    assert seen.count(key_of({"rate": 3})) > 1
    assert result.best.value == 0


def test_a_run_that_goes_on_knows_what_was_evaluated_before(tmp_path):
    storage = str(tmp_path / "run.db")
    plan = plan_of(COARSE, 12)
    before = []

    def interrupted(config):
        if len(before) == 7:
            raise KeyboardInterrupt
        before.append(key_of(config))
        return score_of(config)

    with pytest.raises(KeyboardInterrupt):
        advisor.run(plan, interrupted, storage=storage)
    after = []
    result = advisor.run(plan, lambda config: after.append(key_of(config)) or score_of(config), storage=storage)
    assert len(result.trials) == 12
    assert len({*before, *after}) == len(before) + len(after) == 12


def test_what_an_earlier_stage_evaluated_is_not_evaluated_again():
    data = plan_of(COARSE, 6).to_data()
    data["stages"].append(data["stages"][0] | {"id": 2, "name": "again", "trials": 6})
    data["budget"]["trials"] = 12
    seen, result = run(advisor.Plan.model_validate(data))
    assert len(set(seen)) == len(seen) == 12
    [log] = [line for line in result.stages[1].log if "carried" in line]
    assert log.startswith("6 of 6 ")


def test_a_repeat_that_was_left_by_a_dead_process_is_no_trial():
    """The process had begun to tell the known value, and is dead."""
    plan = plan_of({"rate": COARSE["rate"]}, 3, "random")
    stage = plan.stages[0]
    sampler = _samplers.sampler_of(stage, seed=0, parallel=False)
    known = [({"rate": 2}, None)]
    study = _studies.set_up(
        optuna.storages.InMemoryStorage(),
        "repeats",
        plan,
        stage,
        [],
        known,
        sampler=sampler,
        pruner=optuna.pruners.NopPruner(),
        watch=None,
    )
    asked = study.ask()
    study.running[asked.number].set_user_attr(_attributes.CARRIED, _attributes.HERE)
    assert study.lost(asked.number, "its process ended") == ""
    assert study.ended() == []
    assert [study.ask() is not None for _ in range(4)] == [True, True, True, False]
