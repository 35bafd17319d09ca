"""The command line as a person uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli import main

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
