"""A run as it is logged through MLflow and W&B, read back from their own stores."""

from __future__ import annotations

import json
import struct
import sys

import pytest

from advisor import callbacks
from advisor.callbacks.mlflow import Tracked, keys
from advisor.callbacks.wandb import Logged
from advisor.errors import MissingPackage, UnknownName
from advisor.plan import Plan
from advisor.trials import Result, StageResult, Trial

PLAN = Plan.model_validate(
    {
        "version": 1,
        "spec": {"name": "churn", "sha256": "ab" * 6, "family": "toy"},
        "knowledge": {"version": "1", "sha256": "0" * 12},
        "objective": {"metric": "val@loss", "direction": "minimize"},
        "budget": {"trials": 4},
        "bar": {"note": "None."},
        "stages": [
            {
                "id": 1, "name": "all", "trials": 4, "sampler": {"name": "tpe", "seed": 0, "startup": 2},
                "start": [{"rate": 0.1, "a:b": "plain", "a_b": None}],
                "search": {
                    "rate": {"type": "float", "low": 0.0, "high": 1.0, "tier": "critical"},
                    "a:b": {"type": "categorical", "choices": ["plain", "größe"], "tier": "minor"},
                    "a_b": {"type": "categorical", "choices": [None, 3], "tier": "minor"},
                },
            }
        ],
        "pruning": {"advised": False, "why": "No."},
    }
)  # fmt: skip
BEST = {"rate": 1e-07, "a:b": "größe", "a_b": 3}
TRIALS = (
    Trial(config=PLAN.stages[0].start[0], value=0.5, state="complete", seconds=2.5),
    Trial(config=BEST, value=0.25, state="complete", reported=(0.75, 0.5)),
    Trial(config={**BEST, "rate": 0.9}, state="failed", reason="ValueError: no"),
    Trial(config={**BEST, "rate": 0.8}, state="pruned", reason="behind", reported=(0.9,)),
)
RESULT = Result(
    name="churn", metric="val@loss", direction="minimize", finished=True, best=TRIALS[1], default=0.5, gain=0.25,
    stages=(StageResult(id=1, name="all", trials=4, failed=1, pruned=1, best=0.25),), trials=TRIALS,
)  # fmt: skip


def tell(observer, *, resumed=0, result=RESULT):
    """Tell of the whole run."""
    observer.run_began(PLAN, resumed)
    observer.stage_began(PLAN.stages[0], (), resumed)
    for number, trial in enumerate(TRIALS):
        observer.trial_ended(number, trial)
    observer.remark("trial 2 is tried again")
    observer.stage_ended(RESULT.stages[0])
    observer.run_ended(result)


@pytest.mark.parametrize("name", callbacks.names())
def test_a_library_that_is_missing_is_named_with_its_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackage, match=rf"pip install 'hpo-advisor\[{name}\]'"):
        callbacks.observer(name)


def test_a_callback_that_nobody_knows_is_named_with_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'mlflow'"):
        callbacks.observer("mlflo")


def test_names_that_mlflow_accepts_are_kept():
    names = ("learning_rate", "My-Knob", "a.b", "größe", "eval/loss", "with space")
    assert keys(names) == {name: name for name in names}


def test_names_that_mlflow_refuses_get_keys_and_no_two_the_same():
    long = ["x" * 300 + end for end in "abc"]
    names = ["a:b", "a_b", "a@b", "..", "/a", "a//b", "../x", *long, "`"]
    assert list(keys(names).values())[:7] == ["a_b", "a_b 2", "a_b 3", "__", "_a", "a__b", "___x"]
    assert len(set(keys(names).values())) == len(names)
    assert all(len(key) <= 250 for key in keys(names).values())


# MLflow

OF_OTHERS = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
"""What these libraries warn of in each other is not ours."""


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """MLflow with a store of its own, and its experiments by name."""
    library = pytest.importorskip("mlflow", reason="the real library")
    monkeypatch.chdir(tmp_path)
    library.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    yield library
    library.set_tracking_uri(None)


def runs(mlflow, experiment="churn"):
    """The run of the search, and those of the trials in the order in which they were logged."""
    client = mlflow.MlflowClient()
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    (parent,) = (run for run in found if "mlflow.parentRunId" not in run.data.tags)
    children = [run for run in found if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    return parent, sorted(children, key=lambda run: run.info.run_name)


@OF_OTHERS
@pytest.mark.truth
class TestMlflow:
    def test_every_trial_is_a_run_below_the_search(self, mlflow):
        tell(Tracked())
        _, children = runs(mlflow)
        assert [run.info.run_name for run in children] == ["trial 0", "trial 1", "trial 2", "trial 3"]
        assert [run.info.status for run in children] == ["FINISHED", "FINISHED", "FAILED", "KILLED"]
        assert children[1].data.params == {"rate": "1e-07", "a_b": "größe", "a_b 2": "3"}
        assert children[0].data.params == {"rate": "0.1", "a_b": "plain", "a_b 2": "None"}
        assert children[1].data.metrics == {"val_loss": 0.25, "val_loss reported": 0.5, "advisor.seconds": 0.0}
        assert "val_loss" not in children[2].data.metrics
        assert children[2].data.tags["advisor.reason"] == "ValueError: no"
        assert children[0].info.end_time - children[0].info.start_time == 2500

    def test_what_was_reported_on_the_way_keeps_its_order(self, mlflow):
        tell(Tracked())
        run = runs(mlflow)[1][1].info.run_id
        history = mlflow.MlflowClient().get_metric_history(run, "val_loss reported")
        assert [(metric.step, metric.value) for metric in history] == [(0, 0.75), (1, 0.5)]

    def test_the_search_has_the_best_and_how_it_came_to_be(self, mlflow):
        tell(Tracked())
        parent, _ = runs(mlflow)
        assert parent.info.status == "FINISHED"
        assert parent.data.params == {"rate": "1e-07", "a_b": "größe", "a_b 2": "3"}
        assert parent.data.metrics == {
            "val_loss": 0.25, "advisor.best": 0.25, "advisor.default": 0.5, "advisor.gain": 0.25,
        }  # fmt: skip
        history = mlflow.MlflowClient().get_metric_history(parent.info.run_id, "advisor.best")
        assert [(metric.step, metric.value) for metric in history] == [(0, 0.5), (1, 0.25)]

    def test_trials_that_were_there_are_not_logged_again(self, mlflow):
        tell(Tracked(), resumed=2)
        assert [run.info.run_name for run in runs(mlflow)[1]] == ["trial 2", "trial 3"]

    def test_a_search_that_was_stopped_is_no_finished_run(self, mlflow):
        tell(Tracked("mine"), result=RESULT.having(finished=False, best=None, default=None, gain=None))
        assert runs(mlflow, "mine")[0].info.status == "KILLED"

    def test_the_experiment_of_the_environment_is_used(self, mlflow, monkeypatch):
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "team")
        tell(callbacks.observer("mlflow"))
        assert len(runs(mlflow, "team")[1]) == 4

    def test_the_active_run_stays_that_of_the_objective(self, mlflow):
        with mlflow.start_run() as own:
            tell(Tracked())
            assert mlflow.active_run().info.run_id == own.info.run_id

    def test_more_parameters_and_reports_than_a_request_may_hold_are_all_logged(self, mlflow):
        config = {f"p{number}": number for number in range(250)}
        observer = Tracked()
        observer.run_began(PLAN, 0)
        reported = tuple(float(number) for number in range(2000))
        observer.trial_ended(0, Trial(config=config, value=1.0, state="complete", reported=reported))
        (child,) = runs(mlflow)[1]
        assert len(child.data.params) == 250
        history = mlflow.MlflowClient().get_metric_history(child.info.run_id, "val_loss reported")
        assert len(history) == 2000


# W&B


@pytest.fixture
def wandb(tmp_path, monkeypatch):
    """W&B without a network, in a folder of its own."""
    library = pytest.importorskip("wandb", reason="the real library")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    yield library
    library.teardown()


def records(folder):
    """The records of the only run in a folder; the file is a log of LevelDB after seven bytes."""
    from wandb.proto import wandb_internal_pb2

    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    content, at, part = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        part += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in {1, 4}:
            record = wandb_internal_pb2.Record()
            record.ParseFromString(part)
            yield record
            part = b""


def stored(folder):
    """Config, steps, summary and exit code of the only run in a folder, once W&B's service has ended.

    The service may write the last records after `finish` has returned."""
    import wandb

    wandb.teardown()
    config, steps, last, code = {}, [], {}, None
    for record in records(folder):
        config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
        step = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        steps += [step] if step else []
        items = record.summary.update
        last |= {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
        code = record.exit.exit_code if record.WhichOneof("record_type") == "exit" else code
    return config, steps, last, code


@OF_OTHERS
@pytest.mark.truth
class TestWandb:
    def test_every_trial_is_a_step_with_its_configuration(self, wandb, tmp_path):  # noqa: ARG002 - set up
        tell(callbacks.observer("wandb"))
        _, steps, _, code = stored(tmp_path)
        own = [{k: v for k, v in step.items() if not k.startswith("_")} for step in steps]
        assert own[1] == {
            "config/rate": 1e-07, "config/a:b": "größe", "config/a_b": 3, "advisor/stage": 1, "val@loss": 0.25,
            "advisor/state": "complete", "advisor/seconds": 0, "advisor/best": 0.25,
        }  # fmt: skip
        assert own[2]["advisor/reason"] == "ValueError: no"
        assert "val@loss" not in own[2]
        assert [step["_step"] for step in steps[:4]] == [0, 1, 2, 3]
        assert code == 0

    def test_summary_has_the_best_and_not_the_last(self, wandb, tmp_path):  # noqa: ARG002 - set up
        tell(Logged("mine"))
        config, _, last, _ = stored(tmp_path)
        assert (last["val@loss"], last["config/rate"], last["config/a:b"]) == (0.25, 1e-07, "größe")
        assert (last["advisor/default"], last["advisor/gain"]) == (0.5, 0.25)
        assert config["advisor"]["searched"] == ["a:b", "a_b", "rate"]

    def test_table_has_all_trials_those_that_were_there_too(self, wandb, tmp_path):  # noqa: ARG002 - set up
        tell(Logged(), resumed=2)
        _, steps, _, _ = stored(tmp_path)
        assert [step["_step"] for step in steps if "advisor/state" in step] == [2, 3]
        (path,) = tmp_path.glob("wandb/offline-run-*/files/media/table/advisor/*.json")
        table = json.loads(path.read_text("utf-8"))
        assert table["columns"] == [
            "stage", "state", "value", "seconds", "reason", "config/rate", "config/a:b", "config/a_b",
        ]  # fmt: skip
        assert [row[1] for row in table["data"]] == ["complete", "complete", "failed", "pruned"]
        assert table["data"][1] == [1, "complete", 0.25, 0.0, None, 1e-07, "größe", 3]

    def test_a_search_that_was_stopped_is_no_finished_run(self, wandb, tmp_path):  # noqa: ARG002 - set up
        tell(Logged(), result=RESULT.having(finished=False, best=None, default=None, gain=None))
        assert stored(tmp_path)[3] == 1
