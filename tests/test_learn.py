"""Knowledge from trials over several tasks: what is written holds together, and what was planted is found."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from click.testing import CliRunner

from advisor import learning, library, validation
from advisor.cli import main

TASKS = 12


def trials(tasks=TASKS, count=80, seed=0):
    """Errors of a forest's parameters: the best leaf size is 8, whatever the task; the rest is a little noise."""
    generator = np.random.default_rng(seed)
    found = {}
    for task in range(tasks):
        scale = 10.0 ** generator.uniform(-2, 1)
        configs = [
            {
                "min_samples_leaf": round(math.exp(generator.uniform(0, math.log(64)))),
                "max_features": float(generator.uniform(0.1, 1)),
            }
            for _ in range(count)
        ]
        found[f"task-{task}"] = [
            (config, scale * (math.log(config["min_samples_leaf"] / 8) ** 2 + 0.01 * generator.normal()))
            for config in configs
        ]
    return found


@pytest.fixture(scope="module")
def learnt():
    return learning.learn(trials(), "random-forest", metric="error", source="planted trials")


def test_what_was_planted_is_where_to_search_and_what_to_hold(learnt):
    leaf = learnt.parameters["min_samples_leaf"]
    assert 4 <= leaf.good.low <= 8 <= leaf.good.high <= 16
    assert 6 <= leaf.best <= 11
    assert leaf.share.value > 0.9
    assert learnt.starts[0].alone < 0.05


def test_what_is_written_passes_the_check_of_knowledge(learnt, tmp_path):
    learning.save(learnt, tmp_path / "house")
    assert validation.check(tmp_path / "house").errors == ()
    described = library.load("random-forest", [tmp_path / "house"]).family
    assert described.starts[0].learnt_from.tasks == TASKS
    assert described.parameters["min_samples_leaf"].tunability.unit == "error"


def test_the_command_reads_a_table_with_a_column_of_tasks(tmp_path):
    path = tmp_path / "trials.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["task", "min_samples_leaf", "max_features", "error"])
        for task, each in trials(tasks=3, count=20).items():
            rows.writerows([task, *config.values(), error] for config, error in each)
    command = ["learn", str(path), "--family", "random-forest", "--metric", "error", "--direction", "minimize"]
    result = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "house")])
    assert result.exit_code == 0, result.output
    assert "3 tasks, 60 trials: trials.csv." in result.output
    assert validation.check(tmp_path / "house").errors == ()
