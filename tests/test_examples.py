"""The examples: their recorded plans, which show in a diff whose advice a change of knowledge changes."""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from pathlib import Path

import pytest

import advisor
from advisor import yamlio

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/spec.yaml"))
TRAINED = [
    pytest.param(folder, marks=[pytest.mark.truth] if folder.name == "ppo" else [], id=folder.name)
    for folder in EXAMPLES
    if (folder / "objective.py").is_file()
]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_recorded_plan_is_current(folder):
    plan = yamlio.dump(advisor.advise(advisor.load_spec(folder / "spec.yaml")).to_data())
    recorded = folder / "plan.yaml"
    if os.environ.get("ADVISOR_RENEW_GOLDEN"):
        recorded.write_text(plan, encoding="utf-8")
    assert recorded.read_text(encoding="utf-8") == plan, "renew with ADVISOR_RENEW_GOLDEN=1 and read the diff"


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_recorded_plan_loads_as_the_plan_it_records(folder):
    assert advisor.load_plan(folder / "plan.yaml") == advisor.advise(advisor.load_spec(folder / "spec.yaml"))


@pytest.mark.parametrize("folder", TRAINED)
def test_first_configurations_train_a_model(folder):
    if folder.name == "ppo":
        pytest.importorskip("stable_baselines3", reason="the example needs stable-baselines3")
    objective = _objective(folder)
    stage = advisor.load_plan(folder / "plan.yaml").stages[0]
    for config in stage.start[:2]:
        assert math.isfinite(objective(config))


def _objective(folder):
    name = f"objective_of_{folder.name.replace('-', '_')}"
    specification = importlib.util.spec_from_file_location(name, folder / "objective.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module.objective
