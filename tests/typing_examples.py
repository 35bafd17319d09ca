"""How users write it; checked by mypy, never run."""

from __future__ import annotations

import advisor
from advisor import Plan, Spec, Stage


def plan_of_a_mapping() -> Plan:
    spec = Spec.model_validate(
        {
            "version": 1,
            "model": {"family": "lightgbm", "task": "binary"},
            "objective": {"metric": "auc", "direction": "maximize"},
        }
    )
    return advisor.advise(spec, seed=0)


def first_stage(path: str) -> Stage:
    return advisor.load_plan(path).stages[0]


def reasons(path: str) -> str:
    plan: Plan = advisor.advise(advisor.load_spec(path))
    return advisor.explain(plan, "learning_rate")


def most_worth_tuning(path: str) -> str:
    loaded = advisor.load_trials(path)
    found = advisor.compare(loaded.trials, loaded.space, direction=loaded.direction)
    advisor.plot_importances(found).savefig("importances.svg")
    advisor.plot_curves(found, loaded.trials, metric=loaded.metric).savefig("curves.svg")
    worth = next(method for method in found.methods if method.name == "worth")
    return max(worth.values, key=lambda name: worth.values[name])
