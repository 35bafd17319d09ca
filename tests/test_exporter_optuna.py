"""The module for Optuna is run, with objectives that cost nothing."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
from pathlib import Path

import fitting
import pytest
from hypothesis import given, settings
from random_plans import plans

import advisor
from advisor import constraints, exporters
from advisor.exporters import _define_by_run
from advisor.plan import Plan
from advisor.space import Numeric, contains, same

pytest.importorskip("optuna")
EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*/plan.yaml"))
PLANS = {path.parent.name: advisor.load_plan(path) for path in EXAMPLES}


def stage(number, trials, search, **more):
    entries = {name: {"tier": "important", **domain} for name, domain in search.items()}
    sampler = {"name": "tpe", "seed": number, "startup": 4}
    return {"id": number, "name": f"s{number}", "trials": trials, "sampler": sampler, "search": entries, **more}


def made(*stages, **more):
    return Plan.model_validate(
        {
            "version": 1,
            "spec": {"name": "made", "sha256": "0" * 12, "family": "toy"},
            "knowledge": {"version": "1", "sha256": "0" * 12},
            "objective": {"metric": "auc", "direction": "maximize"},
            "budget": {"trials": sum(one["trials"] for one in stages)},
            "bar": {"note": "None."},
            "stages": stages,
            "pruning": {"advised": False, "why": "No."},
            **more,
        }
    )


KINDS = {
    "rate": {"type": "float", "low": 0.1, "high": 1.0},
    "units": {"type": "int", "low": 1, "high": 64, "log": True},
    "odd": {"type": "int", "low": 1, "high": 10, "step": 2},
    "grid": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
    "mixed": {"type": "categorical", "choices": [None, 'say "it\'s"', 2, 0.5, False]},
    "kernel": {"type": "categorical", "choices": ["rbf", "poly"]},
    "max-depth\n": {"type": "int", "low": 2, "high": 5, "when": {"kernel": "poly"}},
    "class": {"type": "float", "low": 0.5, "high": 2.0, "when": {"max-depth\n": [2, 3]}},
}
HELD = {"zero": {"value": 0}, "off": {"value": False}, "none": {"value": None}, "no": {"value": 1, "active": False}}
HELD["grade"] = {"value": 3, "when": {"kernel": "poly"}}
START = {"rate": 0.5, "units": 8, "odd": 3, "grid": 0.2, "mixed": None, "kernel": "rbf", "zero": 0, "off": False}
START["none"] = None
FOLLOW = {"from": 1, "keep": 0.35, "at_least": 5, "extend_at_edge": True, "open": ["odd"]}
WIDE = {**KINDS, "rate": {**KINDS["rate"], "limits": {"low": 0.05, "high": 3}}}
STAGED = made(
    stage(1, 24, KINDS, fixed=HELD, start=[START]),
    stage(2, 20, WIDE, fixed=HELD, narrow=FOLLOW),
    constraints=[{"expression": "odd < units and 2 ** 3 >= odd or mixed == 'x'", "why": "It is so."}],
)
LONG = made(
    stage(1, 5, {"a" * 90: KINDS["rate"], "é 'q": {"type": "categorical", "choices": ["x" * 70, "y" * 70]}}),
    constraints=[{"expression": f"{'a' * 90} * 2 > 0.1 and {'a' * 90} / 2 < 3", "why": "It is so."}],
)
ALL = {**PLANS, "staged": STAGED, "long": LONG}


def wave(config):
    return sum(math.sin(value) for value in config.values() if isinstance(value, int | float))


def ran(plan, score=wave, number=None):
    """The configurations that were evaluated and the trials of all stages, by the exported module."""
    text = exporters.export(plan, "optuna", number, allow_loss=True)
    space = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), space)  # noqa: S102 - what was written is to be run
    seen = []

    def objective(config):
        seen.append(config)
        return score(config)

    trials = space["run"](objective)
    return space, seen, trials


@pytest.fixture(autouse=True)
def _quiet():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)


def _inside(searched, value):
    limits = searched.limits
    if searched.choices is not None or limits is None:
        return contains(searched.domain, value)
    return (limits.low is None or value >= limits.low) and (limits.high is None or value <= limits.high)


@pytest.mark.parametrize("name", ALL)
def test_every_stage_runs_inside_its_ranges_with_what_it_holds(name):
    plan = ALL[name]
    _, seen, trials = ran(plan)
    assert len(trials) == plan.budget.trials
    rest = list(trials)
    for one in plan.stages:
        here, rest = rest[: one.trials], rest[one.trials :]
        for trial in here:
            config = trial.user_attrs["config"]
            for key, searched in one.search.items():
                assert bool(searched.when) or key in config
                assert key not in config or _inside(searched, config[key]), key
            for key, held in one.fixed.items():
                assert (key in config) or held.active is False or held.when
                wanted = trial.user_attrs.get("held", {}).get(key, held.value)
                assert key not in config or same(config[key], wanted)
    assert all(constraints.holds(c.expression, config) for c in plan.constraints for config in seen)
    start = plan.stages[0].start[0] if plan.stages[0].start else {}
    assert {key: seen[0].get(key, "absent") for key in start} == start


@settings(max_examples=40)
@given(plan=plans())
def test_any_plan_runs_and_every_configuration_is_of_its_stage(plan):
    needs_torch = any(one.sampler.name == "gp" for one in plan.stages)
    if needs_torch or any(loss.changes_meaning for loss in exporters.losses(plan, "optuna")):
        return
    rest = ran(plan)[2]
    assert len(rest) == plan.budget.trials
    for one in plan.stages:
        here, rest = rest[: one.trials], rest[one.trials :]
        drawn = [trial for trial in here if one.narrow.keep is None and not trial.user_attrs.get("held")]
        assert [misfit for trial in drawn for misfit in fitting.misfits(one, trial.user_attrs["config"])] == []


@pytest.mark.parametrize("name", ["staged", "svm-digits"])
def test_seeds_make_it_the_same_again(name):
    assert ran(ALL[name])[1] == ran(ALL[name])[1]


@pytest.mark.parametrize("name", ALL)
def test_one_stage_runs_alone(name):
    number = len(ALL[name].stages)
    assert len(ran(ALL[name], number=number)[2]) == ALL[name].stages[-1].trials


@pytest.mark.parametrize("name", ALL)
def test_text_is_formatted_and_sound(name, tmp_path):
    path = tmp_path / "exported.py"
    path.write_text(exporters.export(ALL[name], "optuna", allow_loss=True), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select", "F,E9"], ["format", "--diff", "--line-length", "120"]):
        done = subprocess.run([*ruff, *command, "--isolated", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    imports = re.findall(r"^import (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(imports) <= {"bisect", "functools", "math", "statistics", "warnings", "optuna"}


def test_conditions_leave_out_what_has_no_effect():
    seen = ran(STAGED)[1]
    assert {"rbf", "poly"} == {config["kernel"] for config in seen}
    for config in seen:
        assert ("max-depth\n" in config) == ("grade" in config) == (config["kernel"] == "poly")
        assert ("class" in config) == (config.get("max-depth\n") in (2, 3))


def test_ranges_narrow_around_the_best_and_earlier_trials_are_carried_over(capsys):
    space, _, trials = ran(STAGED, lambda config: -((config["rate"] - 0.4) ** 2))
    assert "rate 0.1 .. 1 -> " in capsys.readouterr().out
    drawn = [trial.distributions["rate"] for trial in trials[24:]]
    assert {round(one.high - one.low, 5) for one in drawn} == {0.315}
    assert all(one.low < 0.4 < one.high for one in drawn)
    assert {(trial.distributions["odd"].low, trial.distributions["odd"].high) for trial in trials} == {(1, 9)}
    suggest = space["suggest_2"]
    carried = [space["carried"](trial, suggest) for trial in trials[:24] if trial.value is not None]
    assert len(carried) > 5
    assert all(one is not None for one in carried)


def test_noise_narrows_nothing(capsys):
    chance = random.Random(0)  # noqa: S311 - no secret
    ran(STAGED, lambda _: chance.random())
    assert "rate 0.1 .. 1 -> 0.1 .. 1, stays: its" in capsys.readouterr().out


def test_earlier_trials_outside_the_ranges_are_not_carried_over():
    space, _, trials = ran(STAGED)
    ranges = {**space["RANGES_2"], "rate": (2.0, 3.0)}
    assert all(space["carried"](one, lambda t: space["suggest_2"](t, ranges)) is None for one in trials)


def test_few_trials_narrow_nothing(capsys):
    few = made(stage(1, 3, KINDS, fixed=HELD), stage(2, 5, WIDE, fixed=HELD, narrow=FOLLOW))
    trials = ran(few)[2]
    assert "rate stays: 3 complete trials, 5 are needed" in capsys.readouterr().out
    assert trials[-1].distributions["rate"].high == 1.0


def test_a_start_outside_is_left_out_and_said():
    narrow = {"rate": {"type": "float", "low": 0.6, "high": 1.0}}
    first = stage(1, 4, {"rate": KINDS["rate"]}, start=[{"rate": 0.5}, {"rate": 0.7}])
    plan = made(first, stage(2, 4, narrow))
    assert any("start 0 with rate 0.5" in str(loss) for loss in exporters.losses(plan, "optuna", 2))
    assert ran(plan, number=2)[1][0] == {"rate": 0.7}


def test_an_objective_that_is_missing_is_said():
    space = ran(STAGED)[0]
    with pytest.raises(NotImplementedError, match="train with config and return auc"):
        space["main"]()
    assert space["main"](lambda config: config["rate"]).value > 0.5


def test_a_value_that_stands_for_no_limit_breaks_no_constraint():
    count = {"type": "int", "low": 10, "high": 1000, "log": True}
    odd = [{"parameter": "depth", "value": -1}]
    relation = {"expression": "count <= 2 ** depth", "why": "It is so.", "no_limits": odd}
    plan = made(stage(1, 8, {"count": count}, fixed={"depth": {"value": -1}}), constraints=[relation])
    assert len(ran(plan)[1]) == 8


def test_the_module_finds_what_advisor_finds_by_itself():
    plan = STAGED.having(constraints=())
    trials = ran(plan)[2]
    result = advisor.run(plan, wave)
    assert [trial.user_attrs["config"] for trial in trials] == [trial.config for trial in result.trials]
    assert max(trial.value for trial in trials) == result.best.value


GAUSSIAN = [{}, {"winsorized": True}, {"winsorized": True, "tpe_every": 3}]


@pytest.mark.parametrize(
    "later",
    [
        *GAUSSIAN,
        {"name": "tpe", "joint": True},
        # Again where torch is there, without which TPE takes its place in both.
        *(pytest.param(later, marks=pytest.mark.truth) for later in GAUSSIAN),
    ],
)
def test_the_module_finds_what_advisor_finds_where_all_is_proposed(later):
    search = {"rate": {**KINDS["rate"], "limits": {"low": 0.05, "high": 3}}, "kernel": KINDS["kernel"]}
    search["width"] = {"type": "float", "low": 0.0, "high": 4.0, "when": {"kernel": "rbf"}}
    search["idle"] = {"type": "float", "low": 0.0, "high": 1.0, "when": {"none": 1}}
    sampler = {"name": "gp", "seed": 0, "startup": 4}
    held = {"none": {"value": 0}}
    first = stage(1, 16, search, fixed=held, start=[{"rate": 0.5, "kernel": "poly", "none": 0}])
    first |= {"sampler": sampler | ({"winsorized": True} if "winsorized" in later else {})}
    follow = {"from": 1, "keep": 0.35, "at_least": 5, "extend_at_edge": True}
    plan = made(first, stage(2, 10, search, fixed=held, narrow=follow) | {"sampler": sampler | {"seed": 1} | later})

    def score(config):
        return -abs(config["rate"] - 0.3) - (0.1 * config["width"] if "width" in config else 0.2)

    trials = ran(plan, score)[2]
    result = advisor.run(plan, score)
    assert [trial.user_attrs["config"] for trial in trials] == [trial.config for trial in result.trials]
    assert all({"rate", "kernel", "width", "idle"} == trial.params.keys() for trial in trials)
    assert any("width" not in trial.config for trial in result.trials)
    assert "carried" in result.stages[1].log[-1]


@pytest.mark.parametrize("trials", [12, 20])
def test_the_module_evaluates_again_what_advisor_evaluates_again(trials):
    """Eighteen configurations: with 12 and 4 trials none is evaluated twice, with 20 and 4 some have to be."""
    search = {
        "count": {"type": "int", "low": 1, "high": 6},
        "kind": {"type": "categorical", "choices": ["a", "b", "c"]},
    }
    plan = made(stage(1, trials, search, start=[{"count": 3, "kind": "a"}]), stage(2, 4, search))
    seen = ran(plan)[1]
    result = advisor.run(plan, wave)
    assert seen == [trial.config for trial in result.trials]
    distinct = {tuple(config.values()) for config in seen}
    assert len(distinct) == min(trials + 4, 18)


def test_a_stage_of_known_configurations_alone_evaluates_them():
    plan = made(stage(1, 2, {"rate": KINDS["rate"]}, start=[{"rate": 0.5}, {"rate": 0.6}]))
    assert [config["rate"] for config in ran(plan)[1]] == [0.5, 0.6]


OPENS = {
    "rate": ({"type": "float", "low": 0.1, "high": 1.0, "log": True}, {"low": 0.01, "high": 10.0}),
    "width": ({**KINDS["rate"], "log": None}, {}),
    "count": ({"type": "int", "low": 2, "high": 8}, {"high": 20}),
    "grid": ({"type": "int", "low": 1, "high": 101, "step": 10, "log": True}, {"high": 201}),
    "moved": ({"type": "int", "low": 2, "high": 22, "step": 4}, {"low": 1, "high": 41}),
}


@pytest.mark.parametrize("keep", [None, 0.35])
@pytest.mark.parametrize(("best", "high"), [(0.45, 1.0), (0.9, 10.0)])
def test_the_module_opens_where_advisor_does(keep, best, high):
    search = {name: entry for name, (entry, _) in OPENS.items()}
    wide = {name: entry | more for name, (entry, more) in OPENS.items()}
    kept = [name for name, (_, more) in OPENS.items() if more]
    follow = {"from": 1, "edge": 0.15, "open": kept} | ({"keep": keep, "at_least": 5} if keep else {})
    plan = made(stage(1, 24, search), stage(2, 8, wide, narrow=follow))

    def score(config):
        return -abs(math.log(config["rate"] / best)) - config["count"] / 100

    trials = ran(plan, score)[2]
    result = advisor.run(plan, score)
    assert [trial.user_attrs["config"] for trial in trials] == [trial.config for trial in result.trials]
    assert trials[-1].distributions["rate"].high == high
    assert trials[-1].distributions["count"].high == 8


def test_the_module_narrows_and_opens_over_three_stages_as_advisor_does():
    rate, share = {**KINDS["rate"], "log": None}, {"type": "float", "low": 0.0, "high": 1.0}
    both = {"rate": rate, "share": share}
    narrow = {"keep": 0.35, "at_least": 5, "extend_at_edge": True}
    last = {**both, "odd": {"type": "float", "low": 0.0, "high": 4.0}, "share": share | {"high": 2.0}}
    plan = made(
        stage(1, 30, both, fixed={"odd": {"value": None}}),
        stage(2, 12, {**both, "odd": share}, narrow={"from": 1, **narrow}),
        stage(3, 8, last, narrow={"from": 2, **narrow, "open": ["share", "odd"], "edge": 0.15}),
    )

    def score(config):
        return -abs(config["rate"] - 0.4) - 0.001 * (config["odd"] or 0)

    configs = [trial.user_attrs["config"] for trial in ran(plan, score)[2]]
    assert configs == [trial.config for trial in advisor.run(plan, score).trials]


def test_the_module_narrows_by_what_was_searched_and_not_by_what_was_held():
    first = stage(1, 12, {"rate": KINDS["rate"]}, fixed={"share": {"value": 0.5}})
    both = {"rate": KINDS["rate"], "share": {"type": "float", "low": 0.0, "high": 1.0}}
    follow = {"from": 2, "keep": 0.5, "at_least": 5, "extend_at_edge": True}
    plan = made(first, stage(2, 15, both), stage(3, 6, both, narrow=follow))

    def score(config):
        return -abs(config["share"] - 0.2)

    configs = [trial.user_attrs["config"] for trial in ran(plan, score)[2]]
    assert configs == [trial.config for trial in advisor.run(plan, score).trials]


@pytest.mark.parametrize(
    ("domain", "last"),
    [
        (Numeric(low=0, high=10**15, step=3, integer=True), 10**15 - 1),
        (Numeric(low=0.0, high=1.0, step=0.3), 0.9),
        (Numeric(low=0.0, high=1.0, step=1e-300), 1.0),
    ],
)
def test_a_grid_ends_at_its_last_value(domain, last):
    assert _define_by_run.ends(domain) == (0, last)
