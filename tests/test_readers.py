"""Reading trials: every tool's files, what is found in them, and what is said of what cannot be used."""

from __future__ import annotations

import gzip
import json
import math
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
import small
from trial_files import DATA, GENUINE, SAMPLES, SYNE_TUNE

import advisor
from advisor.errors import AdvisorError, InvalidFile, UnknownName
from advisor.readers import formats, load_trials
from advisor.readers._source import Source
from advisor.space import Choice, Numeric

CSV = """\
lr,units,opt,momentum,loss,state
0.1,8.0,sgd,0.9,0.5,COMPLETE
0.01,16.0,adam,,0.25,COMPLETE
0.001,32.0,adam,,inf,COMPLETE
0.0001,64.0,sgd,0.5,,FAIL
0.03,24.0,adam,,0.75,PRUNED
0.5,24.0,adam,,,RUNNING
"""


def written(folder, text, name="trials.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said_of(trial):
    return trial.config, trial.value, trial.state, trial.stage


def counts(loaded):
    return {name: number for name, number in vars(loaded.counts).items() if number}


# Tables of any origin


def test_a_table_tells_settings_from_the_metric_and_the_state(tmp_path):
    loaded = load_trials(written(tmp_path, CSV), metric="loss", direction="minimize")
    assert loaded.format == "table"
    assert counts(loaded) == {"complete": 2, "failed": 2, "pruned": 1, "running": 1}
    first, second, infinite, _, pruned = loaded.trials
    assert first.config == {"lr": 0.1, "units": 8, "opt": "sgd", "momentum": 0.9}
    assert second.config == {"lr": 0.01, "units": 16, "opt": "adam"}
    assert (first.value, second.value) == (0.5, 0.25)
    assert infinite.state == "failed"
    assert infinite.reason == "its loss is inf"
    assert (pruned.value, pruned.reported) == (None, (0.75,))


def test_the_metric_and_the_direction_are_asked_for_together(tmp_path):
    path = written(tmp_path, "a,b,c\n1,2,3\n")
    with pytest.raises(InvalidFile) as raised:
        load_trials(path)
    assert "give metric, one of: a, b, c" in str(raised.value)
    assert "give direction, minimize or maximize" in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_metric_that_is_not_there_is_refused_with_what_is_near(tmp_path):
    with pytest.raises(InvalidFile, match="did you mean 'loss'"):
        load_trials(written(tmp_path, CSV), metric="los", direction="minimize")


def test_a_direction_that_is_none_is_refused(tmp_path):
    with pytest.raises(InvalidFile, match="minimize or maximize, not 'down'"):
        load_trials(written(tmp_path, CSV), direction="down")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_is_found(tmp_path, separator):
    loaded = load_trials(written(tmp_path, CSV.replace(",", separator)), metric="loss", direction="minimize")
    assert loaded.trials[0].config["lr"] == 0.1


def test_decimal_commas_marks_comments_and_empty_lines_are_understood(tmp_path):
    text = "\ufeff# exported\n\n" + CSV.replace(",", ";").replace(".", ",")
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize")
    assert loaded.trials[0].config == {"lr": 0.1, "units": 8, "opt": "sgd", "momentum": 0.9}


def test_a_file_in_utf_16_is_read(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_bytes(CSV.encode("utf-16"))
    assert len(load_trials(path, metric="loss", direction="minimize").trials) == 5


def test_rows_that_cannot_be_read_are_counted_with_their_lines(tmp_path):
    text = CSV + "0.1,8\n0.2,8.0,sgd,0.9,0.5,STRANGE\n"
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize")
    assert loaded.counts.unreadable == 2
    assert "line 8: 2 cells, not 6" in " ".join(loaded.remarks)
    assert "line 9: 'STRANGE' is no state that is known" in " ".join(loaded.remarks)


def test_equal_rows_are_one_trial_and_equal_settings_with_another_result_are_two(tmp_path):
    text = CSV + CSV.splitlines()[1] + "\n" + "0.1,8.0,sgd,0.9,0.6,COMPLETE\n"
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize")
    assert loaded.counts.duplicate == 1
    assert loaded.counts.complete == 3


def test_other_results_and_labels_are_no_settings(tmp_path):
    rows = [f"run-{i:02},{i / 100},{0.3 - i / 100},{i},{i}" for i in range(12)]
    text = "\n".join(["name,lr,val_acc,seconds,loss", *rows])
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize")
    assert set(loaded.parameters) == {"lr"}
    assert set(loaded.ignored) == {"name", "val_acc", "seconds"}
    assert loaded.trials[3].seconds == 3.0


def test_the_person_says_which_columns_are_settings(tmp_path):
    text = "lr,loss_weight,val_loss,loss\n0.1,1,2,3\n0.2,2,3,4\n"
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize", parameters=["lr", "loss_weight"])
    assert loaded.trials[0].config == {"lr": 0.1, "loss_weight": 1}


def test_prefixes_say_which_columns_are_settings(tmp_path):
    text = "config/lr,config/depth,loss,epoch\n0.1,3,2,1\n0.2,4,3,1\n"
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize")
    assert loaded.trials[0].config == {"lr": 0.1, "depth": 3}


@pytest.mark.parametrize(
    "value",
    [
        [{"config": {"lr": 0.1, "opt": {"name": "adam"}}, "loss": 1.0}],
        {"trials": [{"config": {"lr": 0.1, "opt": {"name": "adam"}}, "loss": 1.0}]},
        {"a7": {"config": {"lr": 0.1, "opt": {"name": "adam"}}, "loss": 1.0}},
        {"config.lr": [0.1], "config.opt.name": ["adam"], "loss": [1.0]},
        {"columns": ["config.lr", "config.opt.name", "loss"], "index": [0], "data": [[0.1, "adam", 1.0]]},
        {"config.lr": {"0": 0.1}, "config.opt.name": {"0": "adam"}, "loss": {"0": 1.0}},
    ],
)
def test_json_holds_a_table_in_many_shapes(tmp_path, value):
    loaded = load_trials(written(tmp_path, json.dumps(value), "trials.json"), metric="loss", direction="minimize")
    assert loaded.trials[0].config == {"lr": 0.1, "opt.name": "adam"}
    assert loaded.trials[0].value == 1.0


def test_lines_of_json_are_read_and_torn_ones_counted(tmp_path):
    lines = [json.dumps({"lr": 10.0**-index, "loss": index}) for index in range(4)]
    loaded = load_trials(
        written(tmp_path, "\n".join([*lines, '{"lr": 0.']), "log.jsonl"), metric="loss", direction="minimize"
    )
    assert len(loaded.trials) == 4
    assert loaded.counts.unreadable == 1
    assert "line 5: not JSON" in " ".join(loaded.remarks)


def test_json_that_breaks_is_refused_at_its_line(tmp_path):
    path = written(tmp_path, '[\n {"a": 1},\n {"a" 2}\n]', "trials.json")
    with pytest.raises(InvalidFile, match=r"trials\.json:3: error: not JSON"):
        load_trials(path)


def test_parquet_is_read(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = arrow.table({"lr": [0.1, 0.01, None], "opt": ["a", "b", "b"], "loss": [1.0, math.nan, 3.0]})
    parquet.write_table(table, tmp_path / "trials.parquet")
    loaded = load_trials(tmp_path / "trials.parquet", metric="loss", direction="minimize")
    assert [trial.state for trial in loaded.trials] == ["complete", "failed", "complete"]
    assert loaded.trials[2].config == {"opt": "b"}


# Ranges


def ranges(tmp_path, **columns):
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    text = "\n".join([",".join([*names, "loss"]), *(",".join(map(str, [*row, i])) for i, row in enumerate(rows))])
    return load_trials(written(tmp_path, text), metric="loss", direction="minimize")


def test_many_numbers_are_a_range_on_the_likelier_scale(tmp_path):
    linear = [0.05 + 0.9 * i / 29 for i in range(30)]
    logarithmic = [10 ** (-5 + 4 * i / 29) for i in range(30)]
    loaded = ranges(tmp_path, dropout=linear, lr=logarithmic)
    assert loaded.domains["dropout"] == Numeric(low=linear[0], high=linear[-1])
    assert loaded.domains["lr"] == Numeric(low=logarithmic[0], high=logarithmic[-1], log=True)
    assert {one.origin for one in loaded.parameters.values()} == {"inferred"}
    assert "the file has no ranges for dropout, lr: they are inferred from the trials" in loaded.remarks


def test_few_numbers_again_and_again_are_steps_or_choices_in_order(tmp_path):
    loaded = ranges(
        tmp_path,
        depth=[3, 4, 5, 6] * 5,
        alpha=[0.1, 0.2, 0.3, 0.4] * 5,
        batch=[16, 32, 128, 512] * 5,
        on=["True", "False"] * 10,
    )
    assert loaded.domains["depth"] == Numeric(low=3, high=6, integer=True)
    assert loaded.domains["alpha"] == Numeric(low=0.1, high=0.4, step=0.1)
    assert loaded.domains["batch"] == Choice(choices=(16, 32, 128, 512), ordered=True)
    assert loaded.domains["on"] == Choice(choices=(True, False))


def test_a_parameter_that_others_lack_exactly_where_one_says_so_depends_on_it(tmp_path):
    loaded = ranges(tmp_path, opt=["sgd", "adam"] * 8, momentum=[i / 16 if i % 2 == 0 else "" for i in range(16)])
    assert loaded.conditions == {"momentum": {"opt": "sgd"}}
    assert "that momentum has an effect only where opt is sgd is inferred from the trials" in loaded.remarks


def test_gaps_without_a_pattern_are_no_condition(tmp_path):
    loaded = ranges(tmp_path, opt=["sgd", "adam"] * 8, momentum=[i / 16 if i % 3 else "" for i in range(16)])
    assert loaded.conditions == {}


def test_the_space_is_one_that_a_spec_takes():
    loaded = load_trials(DATA / "optuna.db.gz", study="net")
    space = {name: dict(entry) for name, entry in loaded.space.items()}
    spec = small.spec(space=space)
    assert set(spec.space) == set(loaded.parameters)


def test_values_on_the_way_stand_at_the_budgets_of_the_file_and_at_no_infinite_one(tmp_path):
    rows = [f"\"{{'C': {c}}}\",{score},{budget}" for c, score, budget in [(1, 0.5, 9), (1, 0.6, 27), (2, 0.4, 9)]]
    text = "\n".join(["params,mean_test_score,n_resources", *rows])
    whole, early = load_trials(written(tmp_path, text)).trials
    assert (whole.state, whole.reported, whole.steps) == ("complete", (0.5, 0.6), (9, 27))
    assert (early.state, early.reported, early.steps) == ("pruned", (0.4,), (9,))
    endless = load_trials(written(tmp_path, text.replace("27", "inf"))).trials[0]
    assert (endless.reported, endless.steps) == ((0.5,), (9,))


def test_a_setting_without_a_name_is_ignored_with_the_reason(tmp_path):
    trials = [{"config": {"lr": 0.1 / (i + 1), "": 9}, "loss": i} for i in range(4)]
    loaded = load_trials(written(tmp_path, json.dumps(trials), "trials.json"), metric="loss", direction="minimize")
    assert loaded.ignored[""] == "it has no name"
    assert all("" not in trial.config for trial in loaded.trials)


# Optuna


@pytest.mark.parametrize("name", ["optuna.db.gz", "optuna.journal.gz"])
def test_a_storage_of_optuna_has_states_ranges_and_reports(name):
    pytest.importorskip("optuna")
    loaded = load_trials(DATA / name, study="net")
    assert (loaded.format, loaded.metric, loaded.direction) == ("optuna", "value", "minimize")
    assert counts(loaded) == {"complete": 20, "failed": 1, "pruned": 2, "running": 2, "out_of_range": 1}
    assert loaded.domains["lr"] == Numeric(low=1e-4, high=0.1, log=True)
    assert loaded.domains["units"] == Numeric(low=8, high=64, log=True, integer=True)
    assert loaded.domains["opt"] == Choice(choices=("sgd", "adam", None))
    assert loaded.conditions == {"momentum": {"opt": "sgd"}}
    pruned = next(trial for trial in loaded.trials if trial.state == "pruned")
    assert len(pruned.reported) == 2
    assert "1 lie outside of lr (0.0001 to 0.1) and stand apart; the first (trial 0) has 0.5" in loaded.remarks


def test_of_several_studies_one_is_asked_for():
    pytest.importorskip("optuna")
    with pytest.raises(InvalidFile, match="give study, one of: 'net', 'two'"):
        load_trials(DATA / "optuna.db.gz")
    with pytest.raises(InvalidFile, match="no study 'nets'"):
        load_trials(DATA / "optuna.db.gz", study="nets")


def test_of_several_objectives_one_is_asked_for():
    pytest.importorskip("optuna")
    with pytest.raises(InvalidFile, match="give metric, one of: error, speed"):
        load_trials(DATA / "optuna.db.gz", study="two")
    loaded = load_trials(DATA / "optuna.db.gz", study="two", metric="speed")
    assert loaded.direction == "maximize"


def test_a_storage_is_read_from_a_copy(tmp_path):
    pytest.importorskip("optuna")
    path = tmp_path / "study.db"
    raw = gzip.decompress((DATA / "optuna.db.gz").read_bytes())
    path.write_bytes(raw)
    path.chmod(0o400)
    load_trials(path, study="net")
    load_trials(f"sqlite:///{path}", study="net")
    assert path.read_bytes() == raw
    assert [one.name for one in tmp_path.iterdir()] == ["study.db"]


def test_a_journal_that_was_torn_is_read_up_to_the_tear(tmp_path):
    pytest.importorskip("optuna")
    path = tmp_path / "study.journal"
    path.write_bytes(gzip.decompress((DATA / "optuna.journal.gz").read_bytes()) + b'{"op_code": 4, "wor')
    assert load_trials(path).counts.complete == 20


def test_a_server_that_cannot_be_reached_is_said_without_its_password():
    pytest.importorskip("optuna")
    with pytest.raises(AdvisorError) as raised:
        load_trials("nosuch://me:secret@localhost/db")
    assert "secret" not in str(raised.value)
    assert "nosuch://me:***@localhost/db" in str(raised.value)


@pytest.mark.parametrize("name", ["optuna_flat.csv", "optuna_two_rows.csv"])
def test_a_data_frame_of_optuna_is_read_in_either_layout(name):
    loaded = load_trials(DATA / name, direction="minimize")
    assert (loaded.format, loaded.metric) == ("optuna-dataframe", "value")
    assert counts(loaded) == {"complete": 21, "failed": 1, "pruned": 2, "running": 2}
    assert set(loaded.parameters) == {"lr", "units", "opt", "momentum"}
    assert all(isinstance(trial.config["units"], int) for trial in loaded.trials if "units" in trial.config)


def test_a_data_frame_of_several_objectives_has_their_names():
    loaded = load_trials(DATA / "optuna_two_metrics.csv", metric="error", direction="minimize")
    assert len(loaded.trials) == 5


# Runs of plans


@pytest.fixture
def run(tmp_path, toy):  # noqa: ARG001 - the small family is laid where the shipped ones lie
    pytest.importorskip("optuna")
    plan = advisor.advise(small.spec(budget={"trials": 24}))
    storage = tmp_path / "plan.db"

    def objective(config):
        numbers = [value for value in config.values() if isinstance(value, int | float)]
        if len(numbers) % 7 == 6:
            raise ValueError("as planned")
        return sum(math.log1p(abs(value)) for value in numbers)

    return SimpleNamespace(plan=plan, storage=storage, result=advisor.run(plan, objective, storage=str(storage)))


def test_a_run_is_read_back_as_it_was_with_the_plan_and_without(run):
    for plan in (run.plan, None):
        loaded = load_trials(run.storage, plan=plan)
        assert (loaded.metric, loaded.direction) == (run.result.metric, run.result.direction)
        default = run.plan.stages[0].start[0]
        assert [trial.config for trial in loaded.outside] == [default]
        expected = [said_of(trial) for trial in run.result.trials if trial.config != default]
        assert [said_of(trial) for trial in loaded.trials] == expected
        assert len({trial.stage for trial in loaded.trials}) > 1


def test_a_result_is_read_as_the_run_that_it_tells_of(run, tmp_path):
    path = written(tmp_path, json.dumps(run.result.to_data()), "result.json")
    loaded = load_trials(path, plan=run.plan)
    assert [*loaded.outside, *loaded.trials] == [*run.result.trials]


# A plan


@pytest.mark.usefixtures("toy")
def test_a_plan_gives_names_ranges_and_direction(tmp_path):
    plan = advisor.advise(small.spec())
    stage = plan.stages[-1]
    name, searched = next((name, one) for name, one in stage.search.items() if isinstance(one.domain, Numeric))
    low, high = searched.domain.low, searched.domain.high
    text = f"{name},unknown,{plan.objective.metric}\n{low},1,0.5\n{high},1,0.6\n-1,1,0.7\n"
    loaded = load_trials(written(tmp_path, text), plan=plan)
    assert loaded.direction == plan.objective.direction
    assert loaded.parameters[name].origin == "plan"
    assert loaded.ignored["unknown"] == "it is no parameter of the plan"
    assert counts(loaded) == {"complete": 2, "out_of_range": 1}


@pytest.mark.usefixtures("toy")
def test_the_direction_of_a_plan_is_not_that_of_another_figure():
    pytest.importorskip("optuna")
    plan = advisor.advise(small.spec(objective={"metric": "error", "direction": "minimize"}))
    assert load_trials(DATA / "optuna.db.gz", study="two", metric="speed", plan=plan).direction == "maximize"
    assert load_trials(DATA / "optuna.db.gz", study="two", plan=plan).direction == "minimize"


def test_ranges_that_changed_on_the_way_of_a_study_are_joined():
    optuna = pytest.importorskip("optuna")
    from advisor.readers._optuna_trials import space_of

    first, second = optuna.distributions.FloatDistribution(1, 10), optuna.distributions.FloatDistribution(5, 50)
    trials = [
        optuna.trial.create_trial(params={"rate": 6.0}, distributions={"rate": one}, value=0.0)
        for one in (first, second)
    ]
    assert space_of(trials)["rate"].domain == Numeric(low=1, high=50)


# Other tools


@pytest.mark.parametrize("name", ["sklearn_random.csv", "sklearn_random.json"])
def test_cv_results_have_settings_scores_and_fits_that_failed(name):
    loaded = load_trials(DATA / name, metric="accuracy")
    assert (loaded.format, loaded.direction) == ("scikit-learn", "maximize")
    assert loaded.counts.complete + loaded.counts.failed + loaded.counts.out_of_range == 16
    assert loaded.conditions == {"gamma": {"kernel": "rbf"}, "class_weight": {"kernel": "linear"}}
    assert any(trial.config.get("class_weight", "") is None for trial in loaded.trials)
    domain = loaded.domains["C"]
    assert isinstance(domain, Numeric)
    assert domain.log


def test_several_scores_are_asked_for():
    with pytest.raises(InvalidFile, match="give metric, one of: accuracy, f1_macro"):
        load_trials(DATA / "sklearn_random.csv")


def test_successive_halving_prunes_what_it_does_not_promote():
    loaded = load_trials(DATA / "sklearn_halving.csv")
    assert counts(loaded) == {"complete": 1, "pruned": 8}
    assert next(trial for trial in loaded.trials if trial.state == "complete").reported


def test_a_folder_of_ray_is_read_from_its_text_alone(tmp_path):
    for index, reports in enumerate([3, 3, 1, 0]):
        folder = tmp_path / f"train_{index:08x}_{index}"
        folder.mkdir()
        (folder / "params.json").write_text(json.dumps({"lr": 10.0**-index, "opt": "sgd"}))
        (folder / "params.pkl").write_bytes(BOMB)
        lines = [
            json.dumps({"loss": index + step, "training_iteration": step + 1, "trial_id": f"{index:08x}", "pid": 1})
            for step in range(reports)
        ]
        (folder / "result.json").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "train_00000003_3" / "error.txt").write_text("Traceback\nRuntimeError: out of memory\n")
    (tmp_path / "tuner.pkl").write_bytes(BOMB)
    loaded = load_trials(tmp_path, direction="minimize")
    assert (loaded.format, loaded.metric) == ("ray-tune", "loss")
    assert counts(loaded) == {"complete": 2, "pruned": 1, "failed": 1}
    assert loaded.trials[0].reported == (0.0, 1.0, 2.0)
    assert loaded.trials[3].reason == "RuntimeError: out of memory"


def test_offline_runs_of_wandb_are_read_without_wandb(tmp_path):
    for name in ("run-run0.wandb", "run-run1.wandb"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    loaded = load_trials(tmp_path, metric="val_loss", direction="minimize")
    assert (loaded.format, counts(loaded)) == ("wandb", {"complete": 1, "failed": 1})
    assert loaded.trials[0].config == {"lr": 0.1, "opt.name": "adam"}
    assert loaded.trials[0].reported == (1.0, 0.5, pytest.approx(1 / 3))


def test_a_frame_of_wandbs_documentation_is_read(tmp_path):
    text = "summary,config,name\n\"{'loss': 0.5, '_step': 3}\",\"{'lr': 0.1, 'opt': {'name': 'sgd'}}\",run0\n"
    loaded = load_trials(written(tmp_path, text), metric="loss", direction="minimize")
    assert loaded.format == "wandb"
    assert loaded.trials[0].config == {"lr": 0.1, "opt.name": "sgd"}


def test_a_store_of_mlflow_is_read_without_mlflow():
    loaded = load_trials(DATA / "mlflow.db.gz", direction="minimize")
    assert (loaded.format, loaded.metric) == ("mlflow", "val_loss")
    assert counts(loaded) == {"complete": 5, "failed": 1}
    assert loaded.trials[0].config == {"lr": 0.1, "opt": "adam"}
    assert "1 runs are frames of others" in loaded.remarks[0]


@pytest.mark.parametrize("name", ["hyperopt.pkl", "hyperopt.json"])
def test_trials_of_hyperopt_are_read_from_json_and_from_a_pickle(name):
    loaded = load_trials(DATA / name)
    assert (loaded.format, loaded.metric, loaded.direction) == ("hyperopt", "loss", "minimize")
    assert counts(loaded) == {"complete": 13, "failed": 2}
    assert loaded.conditions == {"mom": {"opt": 1}}
    assert "position" in loaded.remarks[0]


# Safety


class Explosion:
    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


BOMB = pickle.dumps(Explosion())
HYPEROPT = b"\x80\x04\x8c\x0dhyperopt.base\x8c\x06Trials\x93)R"


@pytest.mark.parametrize(
    "raw",
    [
        BOMB,
        b"cos\nsystem\n(S'touch /tmp/it-ran'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x031+1\x85R.",
        b"\x80\x04\x8c\x05numpy\x8c\x04load\x93\x8c\x01x\x85R.",
        HYPEROPT + b"r\xff\xff\xff\x7f.",  # stores at a place for which memory would not suffice
        HYPEROPT + b"\x82\x01.",
        HYPEROPT + b"}\x94\x8c\x07_trialsj\x00\x00\x00\x00sb.",
        b"\x80\x04",
        b"",
    ],
)
@pytest.mark.parametrize("name", ["trials.pkl", "trials.joblib"])
def test_no_pickle_does_anything(tmp_path, raw, name):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InvalidFile, match=name):
        load_trials(tmp_path / name)
    assert not Path("/tmp/it-ran").exists()  # noqa: S108 - what the pickle would make


def test_a_file_that_no_reader_knows_is_refused_with_what_is_read(tmp_path):
    (tmp_path / "trials.bin").write_bytes(b"\0\1\2\3" * 20)
    with pytest.raises(InvalidFile, match="it reads advisor-result, ax"):
        load_trials(tmp_path / "trials.bin")


@pytest.mark.parametrize("name", ["nowhere.csv", "", "\0"])
def test_a_path_that_is_not_there_is_said(tmp_path, name):
    with pytest.raises(InvalidFile):
        load_trials(tmp_path / name if name != "\0" else name)


def test_an_archive_that_would_fill_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("advisor.readers._source.MOST_BYTES", 10_000)
    (tmp_path / "trials.csv.gz").write_bytes(gzip.compress(b"a,b\n" * 10_000))
    with pytest.raises(InvalidFile, match="larger than 10,000 bytes"):
        load_trials(tmp_path / "trials.csv.gz")


def test_a_format_that_is_none_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'optuna'"):
        load_trials(written(tmp_path, CSV), format="optuan")


def test_a_format_may_be_named():
    loaded = load_trials(DATA / "optuna_flat.csv", format="table", metric="value", direction="minimize")
    assert loaded.format == "table"
    assert set(loaded.parameters) == {"lr", "units", "opt", "momentum"}


# Genuine files of every tool


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
@pytest.mark.parametrize(("path", "said", "form", "expected"), GENUINE, ids=[f"{one[0]}-{one[2]}" for one in GENUINE])
def test_a_genuine_file_is_read_with_its_trials_and_states(path, said, form, expected):
    loaded = load_trials(SAMPLES / path, **said)
    assert loaded.format == form
    assert counts(loaded) == expected


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
@pytest.mark.parametrize("path", sorted({one[0] for one in GENUINE}))
def test_no_two_readers_of_tools_recognise_a_file(path):
    from advisor.readers import _module

    known = [name for name in formats() if name != "table" and _module(name).recognises(Source(SAMPLES / path))]
    assert len(known) <= 1


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
@pytest.mark.parametrize(
    "path", ["sklearn/grid_cv_results.joblib", "ray/optuna_asha/tuner.pkl", f"{SYNE_TUNE}/tuner.dill"]
)
def test_genuine_pickles_of_others_are_refused(path):
    with pytest.raises(InvalidFile, match="pickle"):
        load_trials(SAMPLES / path)


def test_every_reader_says_what_it_reads():
    from advisor.readers import _module

    for name in formats():
        assert isinstance(_module(name).TITLE, str)
