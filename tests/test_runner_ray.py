"""Runs on a Ray cluster: what is found is what is found without one, whatever happens to nodes, places and the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import one_stage
import pytest
import small

import advisor
from advisor import commands, yamlio
from advisor.errors import InvalidFile, MissingPackage
from advisor.objectives import BadObjective
from advisor.progress import Silent

ON_A_CLUSTER = [
    pytest.mark.slow,
    pytest.mark.truth,
    pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed"),
]
X = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
TRAIN = """\
import os, pathlib, sys, time

def objective(config, number):
    with open("account", "a") as file:
        print("begun", number, os.getpid(), file=file)
    while number > 3 and pathlib.Path("gate").exists():
        time.sleep(0.05)
    with open("account", "a") as file:
        print("ended", config["x"], file=file)
    return config["x"]

if __name__ == "__main__":
    print(float(sys.argv[1]) ** 2)
"""


class Remarks(Silent):
    """Keeps what is remarked."""

    def __init__(self):
        self.remarks = []

    def remark(self, text):
        self.remarks.append(text)


@pytest.fixture(scope="module")
def cluster():
    """A cluster of one node with two CPUs, to which this process is connected."""
    import ray
    from ray.cluster_utils import Cluster

    running = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    ray.init(running.address, logging_level="ERROR", log_to_driver=False)
    yield running
    assert ray.is_initialized(), "a run ended a connection that it found"
    ray.shutdown()
    running.shutdown()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with an objective and a plan of ten trials."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "plan.yaml").write_text(yamlio.dump(one_stage.plan(X).to_data()))
    return tmp_path


def on_ray(plan, objective, **options):
    return advisor.run(plan, objective, engine="ray", **options)


def lines(path):
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def until(holds, seconds=60):
    """Whether it holds at last."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


def command(*options):
    """The command line that runs the plan, in a process of its own."""
    code = "from advisor.entry import run; run()"
    run = ["run", "plan.yaml", "--engine", "ray", "--workers", "2", *map(str, options)]
    return [sys.executable, "-c", code, *run]


def evaluating(account):
    """The processes that have begun trials, and live."""
    return {line[2] for line in lines(account) if line[0] == "begun" and Path("/proc", line[2]).exists()}


def marked(mark):
    """The processes that inherited a mark in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += [path.parent.name] if mark in path.read_bytes() else []
        except OSError:
            continue
    return found


class TestAgainstOtherEngines:
    pytestmark = ON_A_CLUSTER

    def test_one_place_finds_what_is_found_here(self, toy, cluster):  # noqa: ARG002
        plan = small.plan().having(pruning={"advised": True, "method": "asha", "from_step": 1, "why": "Yes."})

        def objective(config, number):
            if number % 7 == 3:
                raise ValueError("seven")
            for step in range(1, 5):
                yield config["rate"] / step + config["share"] + config.get("frill", 0.0)

        def seen(result):
            """Its trials without the places in code, which a function that was sent does not know."""
            reasons = [trial.reason and trial.reason.partition(" (")[0] for trial in result.trials]
            return [trial.having(seconds=0, reason=why) for trial, why in zip(result.trials, reasons, strict=True)]

        here, there = (advisor.run(plan, objective, engine=engine) for engine in ("optuna", "ray"))
        assert seen(here) == seen(there)
        assert {trial.state for trial in there.trials} == {"complete", "failed", "pruned"}
        assert here.stages == there.stages
        assert len(there.stages) == 3


class TestPlaces:
    pytestmark = ON_A_CLUSTER

    def test_more_places_than_there_is_room_for_wait_without_a_trial(self, cluster):  # noqa: ARG002
        result = on_ray(one_stage.plan(X), lambda config: config["x"], workers=5)
        assert [trial.state for trial in result.trials] == ["complete"] * 10

    def test_a_trial_holds_what_it_asks_for(self, cluster, tmp_path):  # noqa: ARG002
        account = tmp_path / "account"

        def objective(config):
            with account.open("a") as file:
                print("begun", file=file, flush=True)
                time.sleep(0.1)
                print("ended", file=file, flush=True)
            return config["x"]

        on_ray(one_stage.plan(X), objective, workers=2, resources={"cpu": 2})
        assert lines(account) == [["begun"], ["ended"]] * 10

    def test_a_process_that_dies_is_its_configurations_fault(self, cluster):  # noqa: ARG002
        result = on_ray(one_stage.plan(X), lambda config: os._exit(7) if config["x"] > 0.5 else config["x"], workers=2)
        failed = [trial for trial in result.trials if trial.config["x"] > 0.5]
        assert failed
        assert {trial.reason for trial in failed} == {"its process ended: exit code 7"}
        assert all(trial.state == "complete" for trial in result.trials if trial not in failed)

    def test_a_trial_whose_place_dies_twice_has_failed(self, cluster):  # noqa: ARG002
        def objective(config):
            if config["x"] > 0.9:
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(60)
            return config["x"]

        told = Remarks()
        result = on_ray(one_stage.plan(X), objective, workers=2, observer=told)
        failed = [trial for trial in result.trials if trial.state == "failed"]
        assert len(result.trials) == 10
        assert failed
        assert all(trial.config["x"] > 0.9 and trial.reason.endswith(", twice") for trial in failed)
        assert sum(text.endswith("it is tried again") for text in told.remarks) == len(failed)

    def test_a_trial_that_takes_too_long_ends_with_what_it_started(self, cluster, folder):  # noqa: ARG002
        (folder / "slow.py").write_text(
            "import sys, time\nx = float(sys.argv[1])\ntime.sleep(600 * (x > 0.9))\nprint(x)"
        )
        program = commands.checked("python slow.py {x} mark-of-slow", ["x"], metric="auc")
        result = on_ray(one_stage.plan(X), program, workers=2, timeout=2)
        reasons = {trial.config["x"] > 0.9: trial.reason for trial in result.trials}
        assert reasons == {True: "took longer than 2 s", False: None}
        commandlines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert not any(b"mark-of-slow" in line for line in commandlines)

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("tain:objective", "a node cannot evaluate: no module 'tain'; did you mean 'train'?"),
            ("train:objectiv", "a node cannot evaluate: objective 'train:objectiv': train has no 'objectiv'"),
        ],
    )
    def test_an_objective_that_is_not_on_the_node_is_named(self, cluster, folder, name, message):  # noqa: ARG002
        with pytest.raises(BadObjective) as raised:
            on_ray(one_stage.plan(X), name)
        assert str(raised.value).startswith(message)


class TestDeaths:
    pytestmark = ON_A_CLUSTER

    def test_no_trial_is_lost_or_evaluated_twice_when_a_node_dies(self, cluster, tmp_path):
        node = cluster.add_node(num_cpus=1)
        doomed = str(node.all_processes["raylet"][0].process.pid)
        began, ended = tmp_path / "began", tmp_path / "ended"

        def objective(config):
            if os.environ["RAY_RAYLET_PID"] == doomed:
                began.write_text(str(config["x"]))
                time.sleep(600)
            while not began.exists():
                time.sleep(0.05)
            with ended.open("a") as file:
                print(config["x"], file=file)
            return config["x"]

        class Killing(Remarks):
            def trial_ended(self, number, trial):  # noqa: ARG002
                if number == 3:
                    cluster.remove_node(node, allow_graceful=False)

        told = Killing()
        result = on_ray(one_stage.plan(X), objective, workers=3, observer=told)
        assert [trial.state for trial in result.trials] == ["complete"] * 10
        assert sorted(lines(ended)) == sorted([str(trial.config["x"])] for trial in result.trials)
        assert began.read_text() in {str(trial.config["x"]) for trial in result.trials}
        [remark] = told.remarks
        assert "was running when its place on " in remark
        assert remark.endswith("it is tried again")

    def test_a_run_that_was_killed_goes_on_without_its_cluster_knowing(self, cluster, folder):
        account, gate = folder / "account", folder / "gate"
        gate.touch()
        run = command("--objective", "train:objective", "--address", cluster.address)

        def counts():
            events = [line[0] for line in lines(account)]
            return events.count("begun"), events.count("ended")

        with subprocess.Popen(run) as process:
            assert until(lambda: counts() == (6, 4))
            time.sleep(1)
            process.kill()
        assert until(lambda: not evaluating(account))
        gate.unlink()
        subprocess.run(run, check=True, timeout=120)
        result = json.loads((folder / "result.json").read_text())
        ended = [line[1] for line in lines(account) if line[0] == "ended"]
        assert counts() == (12, 10)
        assert sorted(ended) == sorted(str(trial["config"]["x"]) for trial in result["trials"])
        assert len({*ended}) == 10


class TestClusters:
    pytestmark = ON_A_CLUSTER

    def test_a_cluster_of_its_own_ends_with_the_run(self, folder):
        environment = {**os.environ, "MARK": folder.name}
        run = command("--command", "python train.py {x}", "--storage", ":memory:", "--resource", "cpu", "0.5")
        subprocess.run(run, check=True, timeout=120, env=environment)
        trials = json.loads((folder / "result.json").read_text())["trials"]
        assert [trial["value"] for trial in trials] == [trial["config"]["x"] ** 2 for trial in trials]
        assert len(trials) == 10
        assert until(lambda: not marked(f"MARK={folder.name}".encode()))

    def test_nothing_is_evaluated_for_a_run_that_was_killed(self, folder):
        (folder / "gate").touch()
        with subprocess.Popen(command("--objective", "train:objective")) as process:
            assert until(lambda: len(lines(folder / "account")) >= 10)
            process.kill()
        assert until(lambda: not evaluating(folder / "account"))

    def test_an_address_where_nobody_listens_is_told_at_once(self, folder):  # noqa: ARG002
        run = command("--objective", "train:objective", "--address", "127.0.0.1:1")
        ended = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 2
        assert ended.stderr.strip().endswith("no Ray cluster at 127.0.0.1:1: [Errno 111] Connection refused")
        assert ended.stdout == ""


@pytest.mark.parametrize("option", [{"address": "auto"}, {"resources": {"gpu": 1}}])
def test_an_engine_without_cluster_refuses_what_is_said_of_one(option):
    with pytest.raises(InvalidFile, match="those of a cluster, and the engine optuna has none; name the engine ray"):
        advisor.run(one_stage.plan(X), lambda config: config["x"], **option)


def test_without_ray_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "advisor.runners.ray", raising=False)
    with pytest.raises(MissingPackage, match=r"running on a cluster needs ray: pip install 'hpo-advisor\[ray\]'"):
        on_ray(one_stage.plan(X), lambda config: config["x"])
