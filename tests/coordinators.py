"""Coordinators of a run in processes of their own, which can be killed, and the account that they keep of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import one_stage

import advisor
from advisor.progress import Silent
from advisor.runners import _processes, _storage

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "advisor.runners.optuna",
        "advisor.suggesting",
        "alembic.command",
        "optuna.storages._rdb.storage",
        "optuna.storages._rdb.models",
        "psycopg",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.dialects.sqlite",
    ]
)

STARTS = ({"rate": 0.5, "share": 0.25}, {"rate": 0.125, "share": 0.75}, {"rate": 0.25, "share": 0.5})


def staged_plan(*trials, sampler="random", starts=STARTS, **more):
    """A plan of several stages that search two numbers, each narrowing from the one before."""
    rate = {"type": "float", "low": 0.001, "high": 1.0, "log": True, "tier": "critical"}
    share = {"type": "float", "low": 0.0, "high": 1.0, "tier": "important"}
    made = one_stage.plan({"rate": rate, "share": share}, **more).to_data()
    [stage] = made["stages"]
    made["stages"] = [
        {
            **stage,
            "id": number,
            "name": f"part-{number}",
            "trials": count,
            "sampler": {"name": sampler, "seed": number, "startup": 4},
            "start": list(starts) if number == 1 else [],
            "narrow": {"from": number - 1, "keep": 0.5} if number > 1 else {"from": None},
        }
        for number, count in enumerate(trials, 1)
    ]
    made["budget"]["trials"] = sum(trials)
    return advisor.Plan.model_validate(made)


def value_of(config):
    """What the objective returns."""
    return -((config["rate"] - 0.3) ** 2) - (config["share"] - 0.6) ** 2


def key_of(config):
    """A configuration as text."""
    return json.dumps(config, sort_keys=True)


class Account(NamedTuple):
    """A file to which any number of processes add lines, each whole."""

    path: Path

    def add(self, *words):
        with self.path.open("ab", buffering=0) as file:
            file.write("\t".join(map(str, words)).encode() + b"\n")

    def lines(self):
        if not self.path.exists():
            return []
        return [tuple(line.split("\t")) for line in self.path.read_text().splitlines()]

    def of(self, event):
        return [words[1:] for words in self.lines() if words[0] == event]


class Keeper(Silent):
    """An observer that adds what it is told to the account."""

    def __init__(self, account):
        self._account = account

    def run_began(self, plan, resumed):  # noqa: ARG002
        self._account.add("present", os.getpid())

    def trial_ended(self, number, trial):  # noqa: ARG002
        self._account.add("told", key_of(trial.config), trial.state, trial.value)

    def remark(self, text):
        self._account.add("remark", text)


class Evaluating:
    """An objective that adds what it begins to the account."""

    def __init__(self, account, seconds=0.04):
        self._account = account
        self._seconds = seconds

    def __call__(self, config):
        self._account.add("begun", key_of(config))
        time.sleep(self._seconds)
        return value_of(config)


def coordinate(plan, storage, account, *, seconds=0.04, beat=0.3, grace=5, **options):
    """Run a plan in this process, with signs of life that come faster than in earnest."""
    _processes.BEAT = beat
    _storage._GRACE = grace
    try:
        advisor.run(plan, Evaluating(account, seconds), storage=storage, observer=Keeper(account), **options)
    except BaseException as error:
        account.add("error", os.getpid(), type(error).__name__, str(error).replace("\n", " "))
        raise


def started(*args, **options):
    """A process that coordinates."""
    process = PROCESSES.Process(target=coordinate, args=args, kwargs=options, daemon=True)
    process.start()
    return process


def ended(processes, seconds=60):
    """The exit codes of processes, which have so long to end by themselves."""
    until = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
    codes = [process.exitcode for process in processes]
    for process in processes:
        with suppress(OSError):
            process.kill()
        process.join()
    return codes


def finished(plan, storage, **options):
    """The result of a run that has ended; it may not evaluate anything any more."""

    def nothing_more(config):
        raise AssertionError(config)

    result = advisor.run(plan, nothing_more, storage=storage, **options)
    assert all("AssertionError" not in (trial.reason or "") for trial in result.trials)
    return result
