"""A program as an objective: what its arguments are, and where its metric is read."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from advisor import commands, objectives
from advisor.objectives import BadObjective

NASTY = [
    "two words",
    "it's",
    'say "no"',
    "a; touch hit",
    "$(touch hit)",
    "`touch hit`",
    "*",
    "one\ntwo",
    "",
    "-n",
    "{x}",
]


def command(template, *parameters, **options):
    return commands.checked(template, parameters, metric=options.pop("metric", "accuracy"), **options)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a Python program as an objective, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def ran(program, line="", config=None, report=lambda *_: False, **options):
        Path("train.py").write_text("import json, os, sys, time\n" + program, encoding="utf-8")
        config = config or {}
        made = command(f"{sys.executable} train.py {line}", *config, **options)
        return objectives.evaluate(made, config, report, number=3, seed=7)

    return ran


@pytest.mark.parametrize("value", NASTY)
def test_a_value_stays_one_argument_whatever_it_contains(run, value):
    program = "open(sys.argv[1], 'w').write('1')\nopen('got', 'w').write(repr(sys.argv[2:]))"
    line = '{result} --name {name} --name={name} "a {name} b"'
    assert run(program, line, {"name": value}).value == 1
    assert Path("got").read_text() == repr(["--name", value, f"--name={value}", f"a {value} b"])
    assert not Path("hit").exists()


def test_a_nasty_value_never_names_a_program(tmp_path):
    made = command("env {name}", "name")
    assert made.arguments({"name": f"touch {tmp_path}/hit"}) == ["env", f"touch {tmp_path}/hit"]
    with pytest.raises(BadObjective, match="takes its program from a configuration"):
        command("{name} train.py", "name")


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (None, "null"), (0, "0"), (1e-05, "1e-05"), (0.1, "0.1"), ("null", "null")],
)
def test_a_value_that_is_no_text_is_written_as_in_json(value, text):
    assert command("env {x}", "x").arguments({"x": value}) == ["env", text]


def test_a_brace_is_written_twice():
    assert command("env '{{\"a\": {x}}}'", "x").arguments({"x": 1}) == ["env", '{"a": 1}']


@pytest.mark.parametrize(
    ("template", "arguments"),
    [
        ("env --momentum {momentum} --lr {lr}", ["env", "--lr", "1"]),
        ("env --momentum={momentum} --lr={lr}", ["env", "--lr=1"]),
        ("env -v -m {momentum} {lr}", ["env", "-v", "1"]),
        ("env --lr={lr} {momentum}", ["env", "--lr=1"]),
        ("env {lr} {momentum}", ["env", "1"]),
        ("env --both {lr},{momentum} last", ["env", "last"]),
        ("env --pair {momentum} {momentum} last", ["env", "last"]),
    ],
)
def test_an_absent_parameter_takes_its_argument_and_its_option_away(template, arguments):
    assert command(template, "lr", "momentum").arguments({"lr": 1}) == arguments


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "the command is empty"),
        ("env 'open", "cannot be split: No closing quotation"),
        ("no-such-program {lr}", "there is no program 'no-such-program'"),
        ("env {learning_rat}", "{learning_rat} is no parameter of the plan; did you mean 'learning_rate'?"),
        ("env {zzz}", "{zzz} is no parameter of the plan; known: config, learning_rate, result, seed, trial"),
        ("env {}", "the brace in '{}' encloses no name; write it twice to mean itself"),
        ("env lr}", "the brace in 'lr}' encloses no name; write it twice to mean itself"),
        ("env {seed}", "{seed} is a parameter too; read that from a file: {config}"),
        ("sh -c 'train {learning_rate}'", "sh would read the values in 'train {learning_rate}' as code"),
        ("env bash -ec 'train {learning_rate}'", "bash would read the values"),
        ("env python3 -c 'print({learning_rate})'", "python3 would read the values"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused_before_the_first_trial(template, message):
    parameters = ("learning_rate", "seed") if "parameter too" in message else ("learning_rate",)
    with pytest.raises(BadObjective) as refused:
        command(template, *parameters)
    assert message in str(refused.value)


def test_code_without_values_in_it_is_the_persons_own_choice():
    assert command("sh -c 'exec train \"$1\"' sh {lr}", "lr").arguments({"lr": 1})[2:] == ['exec train "$1"', "sh", "1"]


def test_parameters_that_the_program_never_learns_are_known():
    assert command("env {lr}", "lr", "depth").unused(["lr", "depth"]) == ("depth",)
    assert command("env {config}", "lr", "depth").unused(["lr", "depth"]) == ()


def test_the_program_gets_configuration_number_and_seed(run):
    program = "config = json.load(open(sys.argv[1]))\nprint(config == {'a': None, 'b': 'x'}, sys.argv[2:])\nprint(1)"
    ended = run(program + "\nassert sys.argv[2:] == ['3', '7']", "{config} {trial} {seed}", {"a": None, "b": "x"})
    assert ended.state == "complete", ended.reason


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("0.93", 0.93),
        ("epoch 1\\n0.93\\n\\n", 0.93),
        ("-1e-3", -0.001),
        ("accuracy=0.93", 0.93),
        ("accuracy : 0.93", 0.93),
        ('{"accuracy": 0.93, "loss": 0.1}', 0.93),
        ('{"step": 1, "value": 0.5}\\n{"step": 2, "accuracy": 0.93}', 0.93),
    ],
)
def test_the_metric_is_in_the_last_line_of_stdout(run, printed, value):
    assert run(f"print('{printed}')").value == value


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("done", "the last line of stdout is 'done'; print the number, or accuracy=NUMBER, last"),
        ("loss: 0.1", "the last line of stdout is 'loss: 0.1'; print the number, or accuracy=NUMBER, last"),
        ("", "no output; print the number, or accuracy=NUMBER, last"),
        ('{"acuracy": 0.93}', "the last line of stdout has no 'accuracy'; did you mean 'acuracy'?"),
        ('{"accuracy": "high"}', "the objective returned str 'high'; it has to be one number, the value of the metric"),
        ("nan", "the objective returned nan; it has to be finite"),
    ],
)
def test_a_last_line_without_the_metric_fails_and_says_so(run, printed, reason):
    ended = run(f"print('{printed}')")
    assert (ended.state, ended.reason) == ("failed", reason)


@pytest.mark.parametrize("written", ["0.93", '{"accuracy": 0.93, "loss": 0.1}', '{"value": 0.93}'])
def test_the_metric_is_in_the_file_where_the_template_names_one(run, written):
    assert run(f"open(sys.argv[1], 'w').write('{written}')\nprint(0.1)", "{result}").value == 0.93


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print(0.93)", "the program wrote no file at {result}"),
        ("open(sys.argv[1], 'w').write('{')", "the file at {result} is not JSON: Expecting property name"),
        ("open(sys.argv[1], 'w').write('{\"loss\": 1}')", "the file at {result} has no 'accuracy'; write it there"),
        ("open(sys.argv[1], 'w').write('NaN')", "the objective returned nan; it has to be finite"),
    ],
)
def test_a_file_without_the_metric_fails_and_says_so(run, program, reason):
    ended = run(program, "{result}")
    assert ended.state == "failed"
    assert ended.reason.startswith(reason)


def test_lines_with_a_step_are_values_on_the_way_as_they_come(run):
    told = []
    program = (
        "for step in (5, 10):\n    print(json.dumps({'step': step, 'value': step / 10}))\nprint('end')\nprint(0.93)"
    )

    def report(step, value):
        told.append((step, value))
        return False

    assert run(program, report=report).value == 0.93
    assert told == [(5, 0.5), (10, 1.0)]


def test_a_pruned_program_is_ended_at_once(run):
    program = "print(json.dumps({'step': 1, 'value': 0.5}), flush=True)\ntime.sleep(60)"
    began = time.monotonic()
    ended = run(program, report=lambda *_: True)
    assert (ended.state, ended.reason) == ("pruned", "pruned at step 1, at 0.5")
    assert time.monotonic() - began < 30


def test_a_value_on_the_way_that_is_none_fails(run):
    ended = run('print(\'{"step": 1, "value": NaN}\', flush=True)\ntime.sleep(60)')
    assert ended.reason == "the objective yielded at step 1 nan; it has to be finite"


def test_a_program_that_fails_tells_its_code_and_its_last_words(run, capsys):
    ended = run("print(0.93)\nprint('one\\ntwo\\nthree\\nfour', file=sys.stderr)\nsys.exit(3)")
    assert (ended.state, ended.value) == ("failed", None)
    assert ended.reason == "exit code 3: two | three | four"
    assert capsys.readouterr().err.replace("0.93\n", "") == "one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL, perhaps for lack of memory"),
        ("os.kill(os.getpid(), 11)", "killed by SIGSEGV"),
        ("os._exit(137)", "killed by SIGKILL, perhaps for lack of memory"),
        ("os._exit(4)", "exit code 4"),
    ],
)
def test_a_program_that_is_killed_says_by_what(run, end, reason):
    assert run(f"print(0.93, flush=True)\n{end}").reason == reason


def test_what_a_program_says_goes_to_stderr_and_never_to_stdout(run, capfd):
    run("print('a word', flush=True)\nprint('a remark', file=sys.stderr, flush=True)\nprint(0.93)")
    out, err = capfd.readouterr()
    assert out == ""
    assert {"a word", "a remark", "0.93"} <= {*err.split("\n")}


def test_what_programs_say_goes_to_a_log_if_there_is_one(run, capfd, tmp_path):
    log = tmp_path / "log.txt"
    for _ in range(2):
        run("print('a remark', file=sys.stderr)\nprint(0.93)", log=log)
    assert capfd.readouterr() == ("", "")
    assert sorted(log.read_text().split()) == sorted(["a", "remark", "0.93"] * 2)


def test_a_program_that_left_another_behind_does_not_hold_the_trial_up(run):
    program = "import subprocess\nsubprocess.Popen(['sleep', '30'], stdout=subprocess.DEVNULL)\nprint(0.93)"
    began = time.monotonic()
    assert run(program).value == 0.93
    assert time.monotonic() - began < 10


def test_no_secret_is_added_to_the_environment_of_a_program(run, monkeypatch):
    monkeypatch.setenv("OF_THE_PERSON", "yes")
    assert run("json.dump(dict(os.environ), open('got', 'w'))\nprint(1)").value == 1
    got = json.loads(Path("got").read_text())
    of_python_itself = {"LC_CTYPE", "COLUMNS", "LINES"}
    assert got.keys() - os.environ.keys() <= of_python_itself
    assert got["OF_THE_PERSON"] == "yes"


def test_nothing_is_left_in_the_folder_for_temporary_files(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run("print(open(sys.argv[1]).read() and 1)", "{config}", {"a": 1}).value == 1
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_a_value_that_no_argument_can_hold_fails_its_trial(run):
    ended = run("print(1)", "{name}", {"name": "a\0b"})
    assert (ended.state, "null byte" in ended.reason) == ("failed", True)
