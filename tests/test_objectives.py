"""One configuration, evaluated: how an objective is found, what it may return, and how that can end."""

from __future__ import annotations

import sys
from decimal import Decimal

import numpy as np
import pytest

from advisor import objectives
from advisor.objectives import BadObjective, Outcome


def outcome(objective, config=None, report=lambda *_: False, **told) -> Outcome:
    return objectives.evaluate(objective, config or {}, report, **told)


def returning(value):
    return outcome(lambda _: value)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def write(folder):
    def written(text: str, name: str = "train.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), Decimal(2)])
def test_anything_that_is_one_real_number_is_a_value(value):
    ended = returning(value)
    assert (ended.value, ended.state, ended.reason) == (2.0, "complete", None)
    assert type(ended.value) is float


def test_a_loss_of_pytorch_is_a_value_with_and_without_gradient():
    torch = pytest.importorskip("torch")
    assert returning(torch.tensor(0.5)).value == 0.5
    assert returning(torch.tensor(0.5, requires_grad=True)).value == 0.5
    assert returning(torch.tensor([0.5, 0.6])).state == "failed"
    assert returning(torch.tensor(0.5) > 0).state == "failed"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the objective returned None; it has to be one number, the value of the metric"),
        (True, "the objective returned bool True; it has to be one number, the value of the metric"),
        (np.True_, "the objective returned bool np.True_; it has to be one number, the value of the metric"),
        ("0.5", "the objective returned str '0.5'; it has to be one number, the value of the metric"),
        (1 + 2j, "the objective returned complex (1+2j); it has to be one number, the value of the metric"),
        ((0.5, 0.6), "the objective returned tuple (0.5, 0.6); it has to be one number, the value of the metric"),
        (
            np.array([0.5]),
            "the objective returned float64 array([0.5]); it has to be one number, the value of the metric",
        ),
        (float("nan"), "the objective returned nan; it has to be finite"),
        (-np.inf, "the objective returned -inf; it has to be finite"),
        (Decimal("NaN"), "the objective returned nan; it has to be finite"),
    ],
)
def test_anything_else_fails_and_says_what_came(value, reason):
    ended = returning(value)
    assert (ended.value, ended.state, ended.reason) == (None, "failed", reason)


def test_numpy_complex_fails_without_a_warning():
    assert returning(np.complex128(1)).state == "failed"


def test_a_whole_number_too_large_for_a_real_one_fails():
    ended = returning(10**400)
    assert ended.state == "failed"
    assert "OverflowError" in ended.reason


def test_an_objective_gets_a_dict_of_its_own():
    config = {"rate": 0.1}

    def objective(config):
        return config.pop("rate")

    assert outcome(objective, config).value == 0.1
    assert config == {"rate": 0.1}


def test_seed_and_number_are_given_to_those_who_ask_for_them():
    assert outcome(lambda _, seed: seed, seed=7).value == 7
    assert outcome(lambda _, *, number, seed=0: 10 * number + seed, number=3, seed=7).value == 37
    assert outcome(lambda _, other=1: other, seed=7).value == 1


def test_an_exception_is_a_failure_with_its_type_message_and_place():
    def objective(config):
        return config["rate"] / 0

    ended = outcome(objective, {"rate": 1.0})
    line = objective.__code__.co_firstlineno + 1
    assert ended.reason == f"ZeroDivisionError: float division by zero ({__file__}:{line})"
    assert (ended.value, ended.state) == (None, "failed")


def test_the_place_of_a_failure_is_in_the_persons_code_and_not_in_a_library():
    def objective(_):
        return np.linalg.inv(np.zeros((2, 2)))

    assert f"{__file__}:{objective.__code__.co_firstlineno + 1}" in outcome(objective).reason


@pytest.mark.parametrize(
    "error", [MemoryError("64 GB"), SystemExit(3), RecursionError("deep"), type("Panic", (BaseException,), {})("rust")]
)
def test_whatever_an_objective_raises_ends_the_trial_alone(error):
    def objective(_):
        raise error

    ended = outcome(objective)
    assert ended.state == "failed"
    assert f"{type(error).__name__}: {error} ({__file__}:" in ended.reason


def test_an_interrupt_is_for_whoever_called():
    def objective(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(objective)


def test_a_reason_is_one_short_line_that_can_be_written():
    def objective(_):
        raise ValueError("one\ntwo \ud800" + "x" * 5000)

    reason = outcome(objective).reason
    assert reason.startswith("ValueError: one two ?xxx")
    assert len(reason) < 1000
    assert reason.encode("utf-8")


def test_an_exception_that_cannot_be_shown_is_a_failure_too():
    class Unspeakable(Exception):
        def __str__(self):
            raise RuntimeError

    def objective(_):
        raise Unspeakable

    assert "Unspeakable" in outcome(objective).reason


def test_the_value_of_a_generator_is_the_last_it_yielded_or_what_it_returned():
    def yielding(_):
        yield 0.1
        yield 0.3

    def returning(_):
        yield 0.1
        return 0.9

    told = []
    assert outcome(yielding, report=lambda step, value: told.append((step, value))).value == 0.3
    assert told == [(1, 0.1), (2, 0.3)]
    assert outcome(returning).value == 0.9


def test_a_generator_may_count_its_own_steps():
    def objective(_):
        yield 5, 0.1
        yield 10, 0.2

    told = []
    assert outcome(objective, report=lambda step, value: told.append((step, value))).value == 0.2
    assert told == [(5, 0.1), (10, 0.2)]


@pytest.mark.parametrize("item", [(0.5, 0.6), (1, 2, 3), (-1, 0.5), ("a", 0.5)])
def test_a_pair_that_is_no_step_and_value_fails(item):
    def objective(_):
        yield item

    assert "yield a number, or a step from 0 and a number" in outcome(objective).reason


def test_a_pruned_generator_is_closed():
    closed = []

    def objective(_):
        try:
            yield 0.1
            yield 0.2
            yield 0.3
        finally:
            closed.append(True)

    ended = outcome(objective, report=lambda step, _: step == 2)
    assert (ended.state, ended.value, ended.reason) == ("pruned", None, "pruned at step 2, at 0.2")
    assert closed == [True]


def test_a_generator_is_closed_where_the_report_fails():
    closed = []

    def objective(_):
        try:
            yield 0.1
        finally:
            closed.append(True)

    def report(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(objective, report=report)
    assert closed == [True]


def test_a_generator_that_yields_nothing_or_no_number_fails_and_is_closed():
    closed = []

    def objective(config):
        try:
            yield from config["values"]
        finally:
            closed.append(True)

    assert outcome(objective, {"values": []}).reason == "the objective yielded nothing; yield a number, or return one"
    ended = outcome(objective, {"values": [0.1, float("nan"), 0.2]})
    assert ended.reason == "the objective yielded at step 2 nan; it has to be finite"
    assert closed == [True, True]


def test_what_optuna_raises_to_prune_prunes():
    optuna = pytest.importorskip("optuna")

    def objective(_):
        raise optuna.TrialPruned("not good")

    ended = outcome(objective)
    assert ended.state == "pruned"
    assert ended.reason.startswith("optuna.exceptions.TrialPruned: not good")


def test_the_time_of_an_evaluation_is_told():
    import time

    assert 0.02 <= outcome(lambda _: time.sleep(0.02) or 1.0).seconds < 1


def test_an_objective_is_found_in_a_module_of_the_current_folder(write):
    write("def objective(config):\n    return 2 * config['rate']\n")
    assert objectives.load("train:objective")({"rate": 2}) == 4


def test_an_objective_is_found_in_a_file_with_what_lies_beside_it(write):
    write("FACTOR = 3\n", "deep/er/beside.py")
    write(
        "import beside\nclass Made:\n    @staticmethod\n    def at(config):\n        return beside.FACTOR\n",
        "deep/er/own.py",
    )
    assert objectives.load("deep/er/own.py:Made.at")({}) == 3


def test_a_file_with_the_name_of_a_module_does_not_replace_it(write):
    import json

    write("def objective(config):\n    return 1\n", "json.py")
    assert objectives.load("json.py:objective")({}) == 1
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("train", "'train' has no function after a colon; name it as module:function or path/to/file.py:function"),
        ("train:", "'train:' has no function after a colon"),
        (":objective", "':objective' has no function after a colon"),
        ("trian:objective", "no module 'trian'; did you mean 'train'?"),
        ("qqq.zzz:objective", "no module 'qqq'; name one that is installed or lies in the current folder"),
        ("trian.py:objective", "no file 'trian.py'; did you mean 'train.py'?"),
        ("train:objectiv", "train has no 'objectiv'; did you mean 'objective'?"),
        ("train:zzz", "train has no 'zzz'; it has objective, other"),
        ("train:RATE", "'train:RATE' is of type float; name a function that takes a configuration"),
        ("train:Model", "'train:Model' is a class; name a function that takes a configuration"),
    ],
)
def test_a_reference_to_nothing_is_refused_with_a_remedy(write, reference, message):
    write(
        "RATE = 0.1\nclass Model: ...\ndef objective(config): ...\ndef other(config): ...\ndef _hidden(config): ...\n"
    )
    with pytest.raises(BadObjective) as refused:
        objectives.load(reference)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nimport nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all' ({path}:2)"),
        ("def f(:\n", "({path}:1)"),
        ("import sys\n\nsys.exit(1)\n", "SystemExit: 1 ({path}:3)"),
    ],
)
@pytest.mark.parametrize("reference", ["train:objective", "train.py:objective"])
def test_an_error_inside_a_module_is_shown_with_its_place(write, text, message, reference):
    path = write(text)
    with pytest.raises(BadObjective) as refused:
        objectives.load(reference)
    assert "cannot be imported" in str(refused.value)
    shown = str(refused.value).replace("(train.py:", f"({path}:")
    assert message.format(path=path) in shown
