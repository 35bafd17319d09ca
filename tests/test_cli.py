"""The command line as a person uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
import small
from click.testing import CliRunner, Result

from advisor import engine, yamlio
from advisor.cli import MOST_SEED, main

SIX_LINES = """\
version: 1
model: {family: lightgbm, task: binary}
objective: {metric: auc, direction: maximize}
budget: {trials: 80}
data: {rows: 48000, features: 120}
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SIX_LINES)
    return path


def test_six_lines_make_a_plan(spec):
    result = run("plan", spec)
    assert result.exit_code == 0
    assert "Stage 1: critical" in result.stdout
    assert "learning_rate" in result.stdout


def test_a_written_plan_is_explained(spec, tmp_path):
    plan = tmp_path / "plan.yaml"
    assert run("plan", spec, "-o", plan).exit_code == 0
    result = run("explain", plan, "learning_rate")
    assert result.exit_code == 0
    assert "according to" in result.stdout


def test_a_misspelt_family_is_shown_at_its_place(tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text(SIX_LINES.replace("lightgbm", "lihgtgbm"))
    result = run("plan", path)
    assert result.exit_code == 2
    assert f"{path}:2:17: error" in result.stderr
    assert "did you mean 'lightgbm'?" in result.stderr
    assert result.stdout == ""


def test_a_misspelt_command_is_suggested():
    result = run("plam")
    assert result.exit_code == 2
    assert "Did you mean 'plan'?" in result.stderr


def test_explanations_are_wrapped_at_the_width_of_the_terminal(spec, tmp_path):
    plan = tmp_path / "plan.yaml"
    run("plan", spec, "-o", plan)
    for name in ([], ["learning_rate"], ["num_leaves"]):
        lines = run("explain", plan, *name).stdout.splitlines()
        assert all(len(line) <= 80 or " " not in line.strip() for line in lines)
        items = [i for i, line in enumerate(lines) if line.startswith("    - ")]
        assert any(lines[i + 1].startswith("      ") and lines[i + 1][6] != " " for i in items[:-1])


def test_a_seed_that_no_sampler_takes_is_refused_as_an_option(spec):
    result = run("plan", spec, "--seed", 99999999999)
    assert result.exit_code == 2
    assert "Invalid value for '--seed'" in result.stderr
    assert MOST_SEED == engine.MOST_SEED


def test_knowledge_of_a_parameter_is_shown_by_any_of_its_names():
    asked = run("knowledge", "show", "lightgbm", "--parameter", "eta")
    assert asked.exit_code == 0
    assert asked.stdout == run("knowledge", "show", "lightgbm", "--parameter", "learning_rate").stdout
    assert asked.stdout.startswith("learning_rate:\n")
    wrong = run("knowledge", "show", "lightgbm", "--parameter", "lerning_rate")
    assert wrong.exit_code == 2
    assert "did you mean 'learning_rate'?" in wrong.stderr


def test_a_check_counts_what_stands_in_the_folder(tmp_path, toy):
    note = small.rule("all-few", {"effect": "note", "text": "x"}, when={"regimes": ["small-data"]})
    toy(shared={"rules": [note]}, rules=[small.rule("toy-all", small.effect("promote"))])
    folder = small.write(tmp_path / "over", toy={"title": "Ours"})
    assert run("knowledge", "check", folder).stdout == "1 family, 0 rules, 0 cases\n"
    small.write(folder, toy={"rules": [small.rule("toy-new", small.effect("promote", "depth"))]})
    assert run("knowledge", "check", folder).stdout == "1 family, 1 rule, 0 cases\n"


def test_one_of_a_thing_is_not_many(tmp_path, toy):
    assert run("knowledge", "check", toy()).stdout == "1 family, 0 rules, 0 cases\n"
    path = tmp_path / "spec.yaml"
    path.write_text(yamlio.dump(small.spec(budget={"trials": 1}).to_data()), "utf-8")
    plan = tmp_path / "plan.yaml"
    assert run("plan", path, "-o", plan).stderr == f"wrote {plan}: 1 trial, 1 stage\n"
    assert "toy: 1 trial, 1 stage\n" in run("explain", plan).stdout
