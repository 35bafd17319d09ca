"""Several coordinators of one run, and the command: interrupts, deaths while a stage is set up, what is printed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from coordinators import STARTS, Account, ended, finished, key_of, staged_plan, started

from advisor import yamlio

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in the way of POSIX")

FILES = pytest.mark.parametrize("file", [pytest.param("run.db", marks=pytest.mark.slow), "run.journal"])
PLAN = staged_plan(8, 6)
OBJECTIVE = """\
import os, pathlib, time

def objective(config):
    with open("begun", "a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(float(os.environ.get("SECONDS", "0")))
    return config["share"]
"""


def wait_for(holds, seconds=30):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path):
    """A folder with a plan and an objective."""
    (tmp_path / "plan.yaml").write_text(yamlio.dump(PLAN.to_data()), "utf-8")
    (tmp_path / "train.py").write_text(OBJECTIVE, "utf-8")
    return tmp_path


def command(folder, *words, seconds=0.0):
    """``advisor run`` in a process of its own."""
    return subprocess.Popen(
        [Path(sys.executable).with_name("advisor"), "run", "plan.yaml", "--objective", "train:objective", *words],
        cwd=folder,
        env={**os.environ, "SECONDS": str(seconds)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(folder, *words):
    """What ``advisor run`` printed, and its exit code."""
    running = command(folder, *words)
    out, err = running.communicate(timeout=60)
    return out, err, running.returncode


def begun(folder):
    file = folder / "begun"
    return len(file.read_text().splitlines()) if file.exists() else 0


# Several coordinators


@FILES
def test_several_coordinators_share_the_trials_of_every_stage(tmp_path, file):
    storage, account = str(tmp_path / file), Account(tmp_path / "account")
    assert ended([started(PLAN, storage, account) for _ in range(3)]) == [0, 0, 0]
    result = finished(PLAN, storage)
    evaluated = Counter(key for (key,) in account.of("begun"))
    assert evaluated == Counter(key_of(trial.config) for trial in result.trials)
    assert set(evaluated.values()) == {1}
    assert len(result.trials) == 14


@FILES
def test_a_coordinator_that_dies_while_it_sets_up_a_stage_is_replaced(tmp_path, file):
    storage, account = str(tmp_path / file), Account(tmp_path / "account")
    _begin_to_set_up(storage)
    assert ended([started(PLAN, storage, account) for _ in range(2)]) == [0, 0]
    trials = finished(PLAN, storage).trials
    assert Counter(trial.stage for trial in trials) == {1: 8, 2: 6}
    assert all(sum(trial.config == start for trial in trials) == 1 for start in STARTS)


def _begin_to_set_up(storage):
    """What a coordinator leaves that is killed after it has enqueued the first of three starts."""
    from advisor.runners import _attributes, _plans, _storage

    opened = _storage.opened(storage)
    root = optuna.create_study(storage=opened, study_name="made, run 1")
    root.set_user_attr("plan", _plans.essentials(PLAN, 0))
    study = optuna.create_study(storage=opened, study_name="made, run 1, stage 1", direction="maximize")
    study.enqueue_trial(STARTS[0], user_attrs={_attributes.CONFIG: STARTS[0]})
    _storage.close(opened)


@pytest.mark.slow
def test_a_coordinator_that_died_before_it_said_with_which_plan_does_not_stop_the_next(tmp_path):
    from advisor.runners import _storage

    storage, account = str(tmp_path / "run.db"), Account(tmp_path / "account")
    opened = _storage.opened(storage)
    optuna.create_study(storage=opened, study_name="made, run 1")
    _storage.close(opened)
    assert ended([started(PLAN, storage, account)]) == [0]
    assert len(finished(PLAN, storage).trials) == 14


def test_the_trial_of_a_killed_coordinator_is_tried_again_by_one_that_lives(tmp_path):
    storage, account = str(tmp_path / "run.db"), Account(tmp_path / "account")
    victim = started(PLAN, storage, account, seconds=60)
    wait_for(lambda: account.of("begun"))
    other = started(PLAN, storage, account)
    wait_for(lambda: len(account.of("begun")) > 1)
    victim.kill()
    assert ended([other]) == [0]
    evaluated = Counter(key for (key,) in account.of("begun"))
    assert evaluated.pop(key_of(STARTS[0])) == 2
    assert set(evaluated.values()) == {1}
    said = [text for (text,) in account.of("remark") if "its process ended" in text]
    assert len(said) == 1
    assert said[0].endswith("was running when its process ended; it is tried again")
    assert len(finished(PLAN, storage).trials) == 14


@pytest.mark.slow
def test_a_coordinator_waits_for_the_trial_of_another_that_lives(tmp_path):
    storage, account = str(tmp_path / "run.db"), Account(tmp_path / "account")
    slow = started(PLAN, storage, account, seconds=2, beat=0.1)
    wait_for(lambda: account.of("begun"))
    assert ended([started(PLAN, storage, account, beat=0.1), slow]) == [0, 0]
    assert set(Counter(key for (key,) in account.of("begun")).values()) == {1}
    assert ["share its trials" in text for (text,) in account.of("remark")] == [True]


# Interrupts


def test_ctrl_c_finishes_what_runs_and_the_same_command_goes_on(folder):
    running = command(folder, seconds=0.3)
    wait_for(lambda: begun(folder) == 2)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=40)
    assert running.returncode == 130, err
    assert "interrupted: running trials are finished, the same again goes on from here; Ctrl-C again" in err
    result = json.loads((folder / "result.json").read_text())
    assert (result["finished"], len(result["trials"])) == (False, begun(folder))
    out, err, code = ran(folder)
    assert (code, begun(folder)) == (0, 14), err
    assert "best" in out
    assert json.loads((folder / "result.json").read_text())["finished"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_ctrl_c_leaves_at_once_and_the_same_command_goes_on(folder, workers):
    running = command(folder, "--workers", workers, seconds=60)
    wait_for(lambda: begun(folder) == int(workers))
    running.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    _, err, code = ran(folder, "--workers", workers)
    assert (code, begun(folder)) == (0, 14 + int(workers)), err


@pytest.mark.slow
def test_a_killed_command_leaves_no_process_behind_and_goes_on(folder):
    running = command(folder, "--workers", "2", seconds=60)
    wait_for(lambda: begun(folder) == 2)
    running.kill()
    running.communicate()
    pids = [int(line) for line in (folder / "begun").read_text().splitlines()]
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 20)
    _, err, code = ran(folder, "--workers", "2")
    assert (code, begun(folder)) == (0, 16), err
    assert err.count("was running when its process ended; it is tried again") == 2


# The command


@pytest.mark.slow
def test_a_changed_plan_is_refused_by_the_command_and_fresh_begins_anew(folder):
    assert ran(folder)[2] == 0
    (folder / "plan.yaml").write_text(yamlio.dump(staged_plan(8, 5).to_data()), "utf-8")
    out, err, code = ran(folder)
    assert (code, out) == (2, "")
    assert "stages.2.trials: 6 before, 5 now" in err
    assert "Traceback" not in err
    assert ran(folder, "--fresh")[2] == 0
    assert ran(folder, "--name", "other")[2] == 0
    assert begun(folder) == 14 + 13 + 13


def test_a_folder_that_cannot_be_written_ends_before_any_trial(folder):
    out, err, code = ran(folder, "--storage", "/proc/run.db")
    assert (code, out, begun(folder)) == (2, "", 0)
    assert err.startswith("error: the storage /proc/run.db cannot be opened: ")
    assert len(err.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.truth
def test_no_password_is_printed_or_written_by_the_command(folder, postgres):
    url = postgres("s3cret-word")
    printed = [ran(folder, "--storage", url), ran(folder, "--storage", url.replace("/run", "/none"))]
    assert [code for *_, code in printed] == [0, 2], printed
    assert "***" in printed[1][1]
    assert "s3cret-word" not in str(printed)
    assert not [file for file in folder.rglob("*") if file.is_file() and b"s3cret-word" in file.read_bytes()]
