"""Plans of searches that had none: what was varied is searched, and what the family is known for stands in it."""

from __future__ import annotations

import math
import random

import pytest
from click.testing import CliRunner
from trial_files import SAMPLES

import advisor
from advisor.adopting import adopt
from advisor.cli import main
from advisor.errors import UnknownName
from advisor.importance import TooFewTrials
from advisor.readers import load_trials

GENUINE = [
    ("optuna/optuna.db", {"study": "mlp_digits"}, "mlp-adam"),
    ("optuna/trials_dataframe.csv", {"direction": "minimize"}, "mlp-adam"),
    ("sklearn/randomized_cv_results.csv", {"metric": "accuracy"}, "svm"),
]


@pytest.fixture
def study(tmp_path):
    """An export of runs as a page of W&B writes it: a learning rate that matters, and a share that does not."""
    chance = random.Random(0)  # noqa: S311 - no secret
    rows = ["Name,State,ID,model/learning_rate,model/colsample_bytree,seed,val_loss"]
    for index in range(60):
        rate, share = 10 ** chance.uniform(-3, 0), chance.uniform(0.5, 1.0)
        rows.append(f"run{index},finished,id{index},{rate},{share},7,{(math.log10(rate) + 1) ** 2}")
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(study):
    return load_trials(study, metric="val_loss", direction="minimize")


def test_a_plan_of_trials_alone_searches_what_varied_where_it_did(study):
    loaded = read(study)
    plan = adopt(loaded, "lightgbm")
    stage = plan.stages[-1]
    assert set(stage.search) == {"model/learning_rate", "model/colsample_bytree"}
    rate, domain = stage.search["model/learning_rate"], loaded.domains["model/learning_rate"]
    assert (rate.low, rate.high, rate.log) == (domain.low, domain.high, True)
    assert (plan.objective.metric, plan.objective.direction) == ("val_loss", "minimize")
    assert plan.budget.trials == 60


def test_a_prefix_does_not_hide_what_the_family_knows(study):
    stage = adopt(read(study), "lightgbm").stages[-1]
    assert stage.search["model/learning_rate"].is_ == "learning_rate"
    assert adopt(read(study), "lightgbm").evidence["model/learning_rate"].variance is not None


def test_what_never_varied_is_held(tmp_path):
    path = tmp_path / "trials.csv"
    lines = [f"{10.0 ** -(index % 5)},{index % 7},3,{index}" for index in range(30)]
    path.write_text("\n".join(["learning_rate,num_leaves,max_depth,loss", *lines]), encoding="utf-8")
    plan = adopt(load_trials(path, metric="loss", direction="minimize"), "lightgbm")
    assert plan.stages[-1].fixed["max_depth"].value == 3
    assert set(plan.stages[-1].search) == {"learning_rate", "num_leaves"}


def test_the_plan_can_be_refined_with_the_same_trials(study):
    loaded = read(study)
    refined = advisor.refine(adopt(loaded, "lightgbm"), loaded.trials, budget=20)
    rate = refined.stages[-1].search["model/learning_rate"]
    assert rate.high < loaded.domains["model/learning_rate"].high
    assert rate.low < 0.1 < rate.high
    assert refined.budget.trials == 20


def test_what_the_library_ignored_is_held_and_counts_as_noise(study):
    study.write_text(study.read_text(encoding="utf-8").replace("colsample_bytree", "subsample"), encoding="utf-8")
    loaded = read(study)
    plan = adopt(loaded, "lightgbm")
    assert any("model/subsample never has an effect in this plan" in note.text for note in plan.notes)
    refined = advisor.refine(plan, loaded.trials, budget=20)
    assert set(refined.stages[-1].search) == {"model/learning_rate"}
    assert any("model/subsample varied and is not in the space" in note.text for note in refined.notes)


def test_a_family_that_nobody_describes_is_refused(study):
    with pytest.raises(UnknownName, match="did you mean 'lightgbm'"):
        adopt(read(study), "lightgmb")


def test_the_command_refines_trials_that_had_no_plan(study, tmp_path):
    said = ["--metric", "val_loss", "--direction", "minimize", "--budget", "20", "-o", str(tmp_path / "next.yaml")]
    given = ["refine", "--from-trials", str(study), "--family", "lightgbm", *said]
    asked = CliRunner().invoke(main, given)
    assert asked.exit_code == 0, asked.output
    assert "the file has no ranges for" in asked.stderr
    entries = advisor.load_plan(tmp_path / "next.yaml").stages[-1].entries
    assert set(entries) == {"model/learning_rate", "model/colsample_bytree"}


@pytest.mark.parametrize(
    "given", [[], ["plan.yaml"], ["--from-trials", "x.csv"], ["plan.yaml", "--trials", "x.db", "--family", "svm"]]
)
def test_half_a_question_is_refused_with_both_forms(given):
    asked = CliRunner().invoke(main, ["refine", *given])
    assert asked.exit_code == 2
    assert "give PLAN and --trials, or --from-trials and --family" in asked.stderr


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
@pytest.mark.parametrize(("path", "said", "family"), GENUINE)
def test_a_genuine_study_is_refined(path, said, family):
    loaded = load_trials(SAMPLES / path, **said)
    plan = adopt(loaded, family)
    assert set(plan.stages[-1].search) == set(loaded.parameters)
    refined = advisor.refine(plan, [*loaded.trials, *loaded.outside], budget=20)
    assert set(refined.stages[-1].entries) == set(loaded.parameters)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
def test_a_genuine_study_that_is_too_short_says_how_many_trials_are_missing():
    loaded = load_trials(SAMPLES / "wandb/runs_ui_style.csv", metric="val_loss", direction="minimize")
    with pytest.raises(TooFewTrials, match="run 6 more"):
        advisor.refine(adopt(loaded, "mlp-adam"), loaded.trials, budget=20)
