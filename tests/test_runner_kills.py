"""A run whose coordinators are killed at random moments: nothing that ended is lost, nothing is evaluated again."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from typing import NamedTuple

import pytest
from coordinators import STARTS, Account, ended, finished, key_of, staged_plan, started

pytest.importorskip("optuna")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in the way of POSIX")

PLAN = staged_plan(14, 12, 10)


class Counts(NamedTuple):
    """What became of the trials of several runs.

    Attributes:
        lost: Trials that a process was told had ended, and that are not there as they ended.
        twice: Configurations of which two trials are complete.
        again: Evaluations that began after the trial's end was stored.
        tries: The most evaluations of a trial.
        given_up: Trials whose processes died twice.
        missing: Trials that the budget has and the run has not, or the other way round.
        starts: Start points that are not there exactly once.
    """

    ended: int = 0
    evaluations: int = 0
    lost: int = 0
    twice: int = 0
    again: int = 0
    tries: int = 0
    given_up: int = 0
    missing: int = 0
    starts: int = 0

    def and_(self, other):
        added = [one + more for one, more in zip(self, other, strict=True)]
        return Counts(*added)._replace(tries=max(self.tries, other.tries))


def killed(storage, folder, *, kills, seed):
    """Begin runs and kill their coordinators, one or all, until there were so many kills; then let the last end."""
    rng, done, runs, counts = random.Random(seed), 0, 0, Counts()  # noqa: S311 - no secret
    while done < kills:
        runs += 1
        account = Account(folder / f"account-{runs}")
        done += _killed_run(rng, storage, account, f"run-{runs}", kills - done)
        counts = counts.and_(_counted(storage, account, f"run-{runs}"))
    assert done == kills
    print(f"\n{kills} kills in {runs} runs: {counts}")  # noqa: T201 - the counts are the point
    return counts


def _killed_run(rng, storage, account, name, most):
    """One run to its end, and how often one of its coordinators was killed."""
    kills, alive = 0, []
    while kills < most and all(process.exitcode is None for process in alive):
        alive += [started(PLAN, storage, account, name=name) for _ in range(rng.randint(1, 4) - len(alive))]
        _wait(rng, account, alive)
        victims = alive if rng.random() < 0.5 else [rng.choice(alive)]
        for victim in victims[: most - kills]:
            kills += victim.is_alive()
            victim.kill()
            victim.join()
        alive = [process for process in alive if process.exitcode in {None, 0}]
        if not alive:
            _note_what_is_stored(storage, account, name)
    assert ended([*alive, started(PLAN, storage, account, name=name)], 120)[-1] == 0
    return kills


def _wait(rng, account, processes):
    """Wait for a random moment: once in five of their start, else of their work."""
    until = time.monotonic() + 30 * (rng.random() < 0.8)
    while time.monotonic() < until and any(process.is_alive() for process in processes):
        if {str(process.pid) for process in processes} <= {pid for (pid,) in account.of("present")}:
            break
        time.sleep(0.02)
    time.sleep(rng.uniform(0, 1.0))


def _note_what_is_stored(storage, account, name):
    """Add what has ended to the account, while no process is there."""
    import optuna

    from advisor.runners import _storage, _studies

    opened = _storage.opened(storage)
    for number, stage in enumerate(PLAN.stages, 1):
        for study in optuna.get_all_study_names(opened):
            if study.startswith(f"{name}, run 1, stage {number}"):
                loaded = _studies.StageStudy(optuna.load_study(study_name=study, storage=opened), PLAN, stage)
                for _, trial in loaded.ended():
                    account.add("stored", key_of(trial.config), trial.state, trial.value)
    _storage.close(opened)


def _counted(storage, account, name):
    trials = finished(PLAN, storage, name=name).trials
    there = {(key_of(t.config), t.state, str(t.value)) for t in trials}
    complete = Counter(key_of(t.config) for t in trials if t.state == "complete")
    known, again, begun = set(), 0, Counter()
    for event, key, *_ in account.lines():
        again += event == "begun" and key in known
        begun.update([key] if event == "begun" else [])
        known |= {key} if event in {"told", "stored"} else set()
    return Counts(
        ended=len(trials),
        evaluations=begun.total(),
        lost=len({*account.of("told"), *account.of("stored")} - there),
        twice=sum(count > 1 for count in complete.values()),
        again=again,
        tries=max(begun.values()),
        given_up=sum(trial.state == "failed" for trial in trials),
        missing=sum(abs(sum(t.stage == s.id for t in trials) - s.trials) for s in PLAN.stages),
        starts=sum(sum(key_of(t.config) == key_of(start) for t in trials) != 1 for start in STARTS),
    )


def assert_nothing_is_lost(counts):
    assert (counts.lost, counts.twice, counts.again, counts.missing, counts.starts) == (0, 0, 0, 0, 0), counts
    assert counts.tries <= 2


def test_a_few_kills_lose_nothing(tmp_path):
    assert_nothing_is_lost(killed(str(tmp_path / "run.db"), tmp_path, kills=3, seed=3))


@pytest.mark.slow
@pytest.mark.parametrize("file", ["run.db", "run.journal"])
def test_fifty_kills_lose_nothing_in_a_file(tmp_path, file):
    assert_nothing_is_lost(killed(str(tmp_path / file), tmp_path, kills=50, seed=50))


@pytest.mark.slow
@pytest.mark.truth
def test_fifty_kills_lose_nothing_on_a_server(tmp_path, postgres):
    assert_nothing_is_lost(killed(postgres(), tmp_path, kills=50, seed=51))
