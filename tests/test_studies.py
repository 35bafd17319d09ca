"""What processes that share a stage's study do to each other's trials."""

from __future__ import annotations

import one_stage
import pytest

from advisor import runners
from advisor.progress import Silent

optuna = pytest.importorskip("optuna")

RATE = {"rate": {"type": "float", "low": 0.0, "high": 1.0}}


class Remarks(Silent):
    """An observer that keeps the remarks."""

    def __init__(self):
        self.told = []

    def remark(self, text):
        self.told.append(text)


def give_up(storage, stage, number):
    """Take a trial for dead, as another process does."""
    study = optuna.load_study(study_name=f"made, run 1, stage {stage}", storage=storage)
    storage.set_trial_user_attr(study.trials[number]._trial_id, "void", "its process ended")
    study.tell(number, state=optuna.trial.TrialState.FAIL)


def test_a_trial_that_reports_after_it_was_given_up_for_dead_is_ended_and_the_run_goes_on():
    storage = optuna.storages.InMemoryStorage()
    remarks = Remarks()
    reached = []

    def objective(_, number):
        yield 0.1
        if number == 2:
            give_up(storage, 1, number)
        yield 0.2
        reached.append(number)

    result = runners.run(one_stage.plan(RATE), objective, storage=storage, observer=remarks)
    assert remarks.told == ["trial 3 had been given up by another process; its value is dropped"]
    assert 2 not in reached
    assert (result.finished, len(result.trials)) == (True, 10)
