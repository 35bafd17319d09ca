"""The contract of exporters, over whatever lies in their folder, and what each really means to its engine."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import fitting
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from random_plans import plans

import advisor
from advisor import exporters
from advisor.cli import main
from advisor.errors import CannotExport, InvalidFile, UnknownName
from advisor.plan import Held, Plan
from advisor.space import contains

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*/plan.yaml"))
PLANS = {path.parent.name: advisor.load_plan(path) for path in EXAMPLES}


def plan(**search):
    """A plan of one stage that searches what is given."""
    entries = {name: {"tier": "important", **domain} for name, domain in search.items()}
    return Plan.model_validate(
        {
            "version": 1,
            "spec": {"name": "made", "sha256": "0" * 12, "family": "toy"},
            "knowledge": {"version": "1", "sha256": "0" * 12},
            "objective": {"metric": "auc", "direction": "maximize"},
            "budget": {"trials": 10},
            "bar": {"note": "None."},
            "stages": [
                {
                    "id": 1, "name": "all", "trials": 10, "sampler": {"name": "tpe", "seed": 0, "startup": 4},
                    "search": entries, "fixed": {"held": {"value": 0}, "off": {"value": False}},
                }
            ],
            "pruning": {"advised": False, "why": "No."},
        }
    )  # fmt: skip


@pytest.mark.parametrize("target", exporters.targets())
class TestContract:
    @pytest.mark.parametrize("name", PLANS)
    def test_every_example_is_written_and_always_the_same(self, target, name):
        text = exporters.export(PLANS[name], target, allow_loss=True)
        assert text == exporters.export(PLANS[name], target, allow_loss=True)
        assert text.endswith("\n")
        for parameter, searched in PLANS[name].stages[-1].search.items():
            assert parameter in text or (searched.argument or "") in text

    def test_held_values_are_kept_zero_and_false_too(self, target):
        text = exporters.export(plan(rate={"type": "float", "low": 0.1, "high": 1.0}), target, allow_loss=True)
        assert "held" in text
        assert "off" in text

    def test_every_loss_stands_at_the_top_where_the_format_has_comments(self, target):
        for made in PLANS.values():
            text = exporters.export(made, target, allow_loss=True)
            assert says_losses(text, made, target) or not exporters.exporter_for(target).COMMENTS

    def test_what_would_change_the_meaning_is_refused(self, target):
        for made in PLANS.values():
            if any(loss.changes_meaning for loss in exporters.losses(made, target)):
                with pytest.raises(CannotExport, match="--allow-loss"):
                    exporters.export(made, target)

    @settings(max_examples=25)
    @given(made=plans())
    def test_any_plan_is_written_or_refused_and_always_the_same(self, target, made):
        for stage in (None, *range(1, len(made.stages) + 1)):
            text = exporters.export(made, target, stage, allow_loss=True)
            assert text == exporters.export(made, target, stage, allow_loss=True)
            assert says_losses(text, made, target, stage) or not exporters.exporter_for(target).COMMENTS
            if any(loss.changes_meaning for loss in exporters.losses(made, target, stage)):
                with pytest.raises(CannotExport):
                    exporters.export(made, target, stage)
            else:
                assert exporters.export(made, target, stage) == text

    @pytest.mark.parametrize("name", PLANS)
    def test_python_text_is_formatted_and_sound(self, target, name):
        if exporters.exporter_for(target).SUFFIX == ".py":
            text = exporters.export(PLANS[name], target, allow_loss=True)
            assert ruff("check", "--select", "F,E9", text=text) == text
            assert ruff("format", "--line-length", "120", text=text) == text

    @settings(max_examples=15)
    @given(made=plans())
    def test_python_text_of_any_plan_is_formatted(self, target, made):
        if exporters.exporter_for(target).SUFFIX == ".py":
            text = exporters.export(made, target, allow_loss=True)
            assert ruff("format", "--line-length", "120", text=text) == text

    def test_an_alias_is_another_spelling_and_of_one_target_only(self, target):
        module = exporters.exporter_for(target)
        for alias in getattr(module, "ALIASES", ()):
            assert alias == alias.casefold().replace("_", "-")
            assert alias not in exporters.targets()
            assert exporters.exporter_for(alias) is module


def ruff(*command, text):
    """The text after a command of ruff, which leaves it alone where there is nothing to say."""
    arguments = [sys.executable, "-m", "ruff", *command, "--isolated", *(["--fix"] if command[0] == "check" else [])]
    options = {"input": text, "capture_output": True, "text": True, "encoding": "utf-8"}
    done = subprocess.run([*arguments, "--stdin-filename", "exported.py", "-"], check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def says_losses(text, made, target, stage=None):
    """Whether each loss stands in the text, which may break lines."""
    marked = " ".join(word for word in text.split() if word not in {"#", "//"})
    lost = [" ".join(str(loss).split()) for loss in exporters.losses(made, target, stage)]
    return all(" ".join(word for word in line.split() if word != "#") in marked for line in lost)


@pytest.mark.parametrize("spelling", ["scikit_learn", "SKLEARN", "Scikit-Learn"])
def test_case_underscores_and_other_spellings_do_not_matter(spelling):
    assert exporters.exporter_for(spelling) is exporters.exporter_for("scikit-learn")


def test_help_of_the_command_names_each_target():
    text = CliRunner().invoke(main, ["export", "--help"]).stdout
    assert all(target in text for target in exporters.targets())


def test_a_target_that_nobody_knows_is_named_with_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'wandb'"):
        exporters.export(PLANS["svm-digits"], "wandbb")


def test_a_stage_that_is_not_there_is_refused():
    with pytest.raises(InvalidFile, match="the plan has no stage 9"):
        exporters.export(PLANS["svm-digits"], "wandb", 9, allow_loss=True)


def test_command_says_losses_and_refuses_with_exit_code_4(tmp_path):
    path = str(EXAMPLES[0])
    written = CliRunner().invoke(main, ["export", path, "--to", "wandb", "-o", str(tmp_path / "sweep.yaml")])
    assert written.exit_code == 0
    assert "not expressed: the seed" in written.stderr
    svm = str(next(example for example in EXAMPLES if example.parent.name == "svm-digits"))
    kernels = CliRunner().invoke(main, ["export", svm, "--to", "wandb"])
    assert (kernels.exit_code, kernels.stdout) == (4, "")
    assert "the condition of gamma" in kernels.stderr


def test_one_stage_has_its_own_trials_and_the_whole_the_budget():
    made = PLANS["boosted-trees"]
    assert yaml.safe_load(exporters.export(made, "wandb", 1))["run_cap"] == made.stages[0].trials
    assert yaml.safe_load(exporters.export(made, "wandb"))["run_cap"] == made.budget.trials


# scikit-learn


def drawn(made, count=200, stage=None):
    from sklearn.model_selection import ParameterSampler

    names = {}
    exec(exporters.export(made, "scikit-learn", stage, allow_loss=True), names)  # noqa: S102 - our own text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a small grid has fewer configurations
        return list(ParameterSampler(names["param_distributions"], count, random_state=0))


@pytest.mark.parametrize("name", PLANS)
def test_scikit_learn_draws_from_the_plan_and_only_what_has_an_effect(name):
    stage = PLANS[name].stages[-1]
    for config in drawn(PLANS[name], 60):
        for parameter, searched in stage.search.items():
            key = searched.argument or parameter
            wanted = {p: v if isinstance(v, tuple) else (v,) for p, v in (searched.when or {}).items()}
            active = all(config[stage.search[p].argument or p] in values for p, values in wanted.items())
            assert (key in config) == active
            assert not active or contains(searched.domain, config[key])


def test_scikit_learn_reaches_both_ends_of_whole_numbers_and_grids():
    made = plan(
        log={"type": "int", "low": 1, "high": 4, "log": True},
        even={"type": "int", "low": 1, "high": 4},
        step={"type": "int", "low": 1, "high": 9, "step": 4},
    )
    configs = drawn(made)
    assert {config["log"] for config in configs} == {1, 2, 3, 4}
    assert {config["even"] for config in configs} == {1, 2, 3, 4}
    assert {config["step"] for config in configs} == {1, 5, 9}
    assert all(type(config["log"]) is int for config in configs)


@settings(max_examples=60)
@given(made=plans())
def test_scikit_learn_draws_from_any_plan_and_only_what_has_an_effect(made):
    for stage in made.stages:
        if any(loss.changes_meaning for loss in exporters.losses(made, "scikit-learn", stage.id)):
            continue
        names = {entry.argument or name: name for name, entry in stage.entries.items()}
        for config in drawn(made, 5, stage.id):
            plain = {names[key]: value.item() if hasattr(value, "item") else value for key, value in config.items()}
            assert fitting.misfits(stage, plain) == []


def test_scikit_learn_searches_the_svm_of_the_example():
    from sklearn.datasets import load_iris
    from sklearn.model_selection import RandomizedSearchCV
    from sklearn.svm import SVC

    names = {}
    exec(exporters.export(PLANS["svm-digits"], "scikit-learn"), names)  # noqa: S102 - our own text
    search = RandomizedSearchCV(SVC(), names["param_distributions"], n_iter=8, random_state=0, cv=3)
    search.fit(*load_iris(return_X_y=True))
    assert search.best_score_ > 0.9


# W&B


def sweep(**search):
    return yaml.safe_load(exporters.export(plan(**search), "wandb", allow_loss=True))["parameters"]


def test_wandb_gets_a_step_grid_as_values_because_its_own_counts_from_zero():
    assert sweep(k={"type": "int", "low": 1, "high": 9, "step": 2})["k"] == {"values": [1, 3, 5, 7, 9]}
    assert sweep(k={"type": "float", "low": 0.1, "high": 0.35, "step": 0.1})["k"] == {"values": [0.1, 0.2, 0.3]}


def test_wandb_gets_values_and_never_exponents():
    assert sweep(rate={"type": "float", "low": 1e-5, "high": 0.1, "log": True})["rate"] == {
        "distribution": "log_uniform_values", "min": 1e-5, "max": 0.1,
    }  # fmt: skip
    assert sweep(k={"type": "int", "low": 1, "high": 64, "log": True})["k"]["q"] == 1


def test_wandb_gets_what_is_held_as_one_value():
    assert sweep(rate={"type": "float", "low": 0.1, "high": 1.0})["held"] == {"value": 0}
    assert sweep(rate={"type": "float", "low": 0.1, "high": 1.0})["off"] == {"value": False}


def drawn_by_wandb(made, stage=None, count=20):
    """Configurations by W&B's own sweeps, which first accepts the sweep."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sweeps = pytest.importorskip("sweeps", reason="W&B's own validator of sweeps")
        from sweeps.config import schema_violations_from_proposed_config

        config = yaml.safe_load(exporters.export(made, "wandb", stage, allow_loss=True))
        assert schema_violations_from_proposed_config(config) == []
        runs = [sweeps.next_run({**config, "method": "random"}, []) for _ in range(count)]
    values = ({name: one["value"] for name, one in run.config.items()} for run in runs)
    return [{name: v.item() if hasattr(v, "item") else v for name, v in config.items()} for config in values]


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_wandb_itself_accepts_the_sweep_and_draws_from_the_plan(name):
    for config in drawn_by_wandb(PLANS[name]):
        for parameter, searched in PLANS[name].stages[-1].search.items():
            assert contains(searched.domain, config[parameter]), parameter


@pytest.mark.truth
@settings(max_examples=60)
@given(made=plans())
def test_wandb_itself_draws_from_any_plan_that_is_not_refused(made):
    for stage in made.stages:
        if any(loss.changes_meaning for loss in exporters.losses(made, "wandb", stage.id)):
            continue
        for config in drawn_by_wandb(made, stage.id, 4):
            known = fitting.active(stage, config)
            assert fitting.misfits(stage, {name: config[name] for name in config if name in known}) == []


def test_wandb_keeps_what_is_held_beside_some_values_only_and_says_so():
    kind = {"kind": {"type": "categorical", "choices": ["a", "b"], "tier": "minor"}}
    made = plan(**kind)
    held = {"value": 3, "when": {"kind": "a"}}
    made = made.having(stages=[made.stages[0].having(fixed={"grade": Held.model_validate(held)})])
    assert "the condition of grade" in str(exporters.losses(made, "wandb")[0])
    assert yaml.safe_load(exporters.export(made, "wandb"))["parameters"]["grade"] == {"value": 3}


def test_wandb_refuses_names_that_it_would_not_take():
    with pytest.raises(CannotExport, match="the name opt/rate"):
        exporters.export(plan(**{"opt/rate": {"type": "int", "low": 1, "high": 3}}), "wandb")
