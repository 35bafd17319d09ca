"""Going on with a run: a plan that would decide otherwise than the one with which it began is refused."""

from __future__ import annotations

import one_stage
import pytest

from advisor import runners
from advisor.errors import InvalidFile
from advisor.plan import Plan

optuna = pytest.importorskip("optuna")


def plan(*, noise=0.01, most=2.0, finalists=2, repeats=2, from_step=1, why="Because."):
    """A plan of one range, which could open, and with whatever else decides what a run evaluates."""
    rate = {"type": "float", "low": 0.0, "high": 1.0, "limits": {"low": 0.0, "high": most}, "why": [why]}
    return one_stage.plan(
        {"rate": rate},
        objective={"metric": "auc", "direction": "maximize", "noise": noise},
        pruning={"advised": True, "method": "median", "from_step": from_step, "why": why},
        confirm={"finalists": finalists, "repeats": repeats, "why": why},
    )


def run(made: Plan, storage):
    """Run it with its confirmation."""
    return runners.run(made, lambda config: config["rate"], storage=storage, confirm=True)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"noise": 0.02}, "objective.noise: 0.01 before, 0.02 now"),
        ({"noise": None}, "objective.noise: 0.01 before, absent now"),
        ({"most": 3.0}, "stages.1.search.rate.limits.high: 2.0 before, 3.0 now"),
        ({"finalists": 3}, "confirm.finalists: 2 before, 3 now"),
        ({"repeats": 3}, "confirm.repeats: 2 before, 3 now"),
        ({"from_step": 2}, "pruning.from_step: 1 before, 2 now"),
    ],
)
def test_a_plan_that_would_hand_over_prune_or_confirm_otherwise_is_refused(changed, told):
    storage = optuna.storages.InMemoryStorage()
    run(plan(), storage)
    with pytest.raises(InvalidFile, match=r"was begun with another plan") as raised:
        run(plan(**changed), storage)
    assert told in str(raised.value)


def test_a_plan_with_other_reasons_goes_on():
    storage = optuna.storages.InMemoryStorage()
    began = run(plan(), storage)
    assert run(plan(why="For another reason."), storage).trials == began.trials
