"""Evaluating the finalists again: what wins by it, what it is compared with, and what becomes of an interrupted one."""

from __future__ import annotations

import signal

import one_stage
import pytest

from advisor import runners
from advisor.progress import Silent

optuna = pytest.importorskip("optuna")

RATE = {"rate": {"type": "float", "low": 0.0, "high": 1.0}}
CONFIRM = {"finalists": 2, "repeats": 3, "why": "Luck."}
TRIALS = 10


def plan(*rates, metric="auc"):
    """A plan that evaluates these rates first, and confirms two finalists three times."""
    made = one_stage.plan(RATE, confirm=CONFIRM, objective={"metric": metric, "direction": "maximize"})
    [stage] = made.stages
    return made.having(stages=[stage.having(start=tuple({"rate": rate} for rate in rates))])


def run(made, objective, storage=None, observer=None):
    """Run it with its confirmation."""
    return runners.run(made, objective, storage=storage, observer=observer, confirm=True)


class Counts(Silent):
    """An observer that keeps how many trials were there when a run began."""

    def __init__(self):
        self.resumed = []

    def run_began(self, _, resumed):
        self.resumed.append(resumed)


def test_the_best_mean_wins_and_is_what_the_best_is_worth():
    worth = {0.25: (1.0, 0.5), 0.75: (0.9, 0.8)}

    def objective(config, seed):
        first, again = worth.get(config["rate"], (0.0, 0.0))
        return again if seed else first

    found = run(plan(0.25, 0.75), objective)
    assert found.best.config == {"rate": 0.75}
    assert (found.best.value, found.value) == (0.9, pytest.approx(0.8))
    assert found.winner.startswith("the best mean of 2 finalists, each evaluated again 3 times")


def test_a_default_that_is_confirmed_is_the_bar_with_its_mean():
    def objective(config, seed):
        return (0.7 if seed else 1.0) if config["rate"] == 0.25 else 0.0

    found = run(plan(0.25), objective)
    assert found.best.config == {"rate": 0.25}
    assert (found.default, found.gain) == (pytest.approx(0.7), 0.0)


def test_a_finalist_that_fails_with_another_seed_does_not_beat_one_that_never_does():
    def objective(config, seed):
        if config["rate"] not in {0.25, 0.75}:
            return 0.0
        if config["rate"] == 0.25 and seed == 1:
            raise ValueError("diverged")
        return 1.0 - config["rate"]

    found = run(plan(0.25, 0.75), objective)
    assert found.best.config == {"rate": 0.75}
    assert found.winner.startswith(
        "the best mean of 1 finalist, each evaluated again 3 times, without 1 of which an evaluation failed"
    )


def test_a_configuration_that_failed_at_first_and_was_complete_later_is_the_best_as_complete():
    called = []

    def objective(config):
        called.append(config)
        if len(called) == 1:
            raise MemoryError
        return 1.0 if config["rate"] == 0.25 else 0.0

    found = run(plan(0.25, 0.25), objective)
    assert (found.best.state, found.best.value) == ("complete", 1.0)


def test_an_interrupted_confirmation_chooses_nothing_and_goes_on_later():
    storage = optuna.storages.InMemoryStorage()
    called = []

    def objective(config):
        called.append(config)
        if len(called) == TRIALS + 2:
            signal.raise_signal(signal.SIGINT)
        return config["rate"]

    stopped = run(plan(), objective, storage)
    assert (stopped.finished, stopped.confirmed, stopped.winner) == (False, (), "the best value")
    resumed = run(plan(), objective, storage)
    assert (resumed.finished, len(resumed.confirmed), len(called)) == (True, 2, TRIALS + 6)


def test_trials_of_a_confirmation_are_no_part_of_the_budget_when_a_run_is_resumed():
    storage = optuna.storages.InMemoryStorage()
    counts = Counts()
    for _ in range(2):
        run(plan(), lambda config: config["rate"], storage, counts)
    assert counts.resumed == [0, TRIALS]
