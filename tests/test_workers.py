"""The places that evaluate: this process and others, and whatever can happen to them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from advisor import commands, workers
from advisor.objectives import BadObjective, Ended, Report

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in the way of POSIX")

BOTH = pytest.mark.parametrize("count", [1, 2])
TEN = [{"x": number} for number in range(10)]


def square(config):
    return config["x"] ** 2


def outcomes(places, configs, prune=lambda report: False):  # noqa: ARG005
    """Evaluate configurations as a coordinator does; outcomes by number, and what was reported."""
    ended, reports, left = {}, [], list(enumerate(configs))
    while len(ended) < len(configs):
        while left and places.free:
            number, config = left.pop(0)
            places.submit(number, config, seed=100 + number)
        for told in places.wait(30):
            match told:
                case Report():
                    reports.append(told)
                    places.answer(told.number, prune=prune(told))
                case Ended():
                    assert told.number not in ended
                    ended[told.number] = told.outcome
    return ended, reports


def evaluated(objective, *configs, prune=lambda report: False, **options):  # noqa: ARG005
    with closing(workers.opened(objective, **options)) as places:
        return outcomes(places, configs, prune)[0]


def until(holds, seconds=10):
    """Whether it holds at last."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def lives(pid):
    """Whether a process runs, and is no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def script(tmp_path):
    """Run a program that has no guard around its main part."""

    def ran(text, **options):
        path = tmp_path / "script.py"
        path.write_text(text)
        return subprocess.run(
            [sys.executable, path], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, **options
        )

    return ran


@BOTH
def test_every_trial_ends_once_with_its_own_outcome(count):
    ended = evaluated(square, *TEN, count=count)
    assert {number: outcome.value for number, outcome in ended.items()} == {n: n**2 for n in range(10)}


@BOTH
def test_an_objective_gets_seed_and_number(count):
    ended = evaluated(lambda config, seed, number: config["x"] + seed + number, *TEN[:3], count=count)
    assert [ended[number].value for number in range(3)] == [100, 103, 106]


@BOTH
def test_reports_wait_for_answers_and_pruning_ends_a_trial(count):
    def objective(config):
        for step in range(1, 4):
            yield config["x"] + step

    with closing(workers.opened(objective, count=count)) as places:
        ended, reports = outcomes(places, TEN[:2], prune=lambda report: report.number == 1 and report.step == 2)
    assert (ended[0].state, ended[0].value) == ("complete", 3)
    assert (ended[1].state, ended[1].reason) == ("pruned", "pruned at step 2, at 3")
    assert [report.step for report in reports if report.number == 0] == [1, 2, 3]
    assert [report.value for report in reports if report.number == 1] == [2, 3]


@BOTH
def test_nothing_is_waited_for_where_nothing_runs(count):
    with closing(workers.opened(square, count=count)) as places:
        assert places.wait(None) == []
        assert places.free == count


@BOTH
def test_closed_places_may_be_closed_again_and_have_nothing_to_tell(count):
    def objective(config):
        yield config["x"]

    places = workers.opened(objective, count=count)
    places.submit(0, {"x": 1}, seed=0)
    assert isinstance(places.wait(30)[0], Report)
    places.close()
    places.close()
    assert places.wait(None) == []


@BOTH
def test_an_exception_fails_its_trial_alone(count):
    ended = evaluated(lambda config: 1 / config["x"], *TEN[:3], count=count)
    assert ended[0].reason.startswith("ZeroDivisionError")
    assert [ended[1].value, ended[2].value] == [1, 0.5]


def test_one_place_without_a_limit_is_this_process():
    assert evaluated(lambda _: os.getpid(), {})[0].value == os.getpid()
    assert evaluated(lambda _: os.getpid(), {}, timeout=60)[0].value != os.getpid()


def test_an_interrupt_leaves_the_wait_and_frees_the_place():
    def objective(_):
        raise KeyboardInterrupt

    with closing(workers.opened(objective)) as places:
        places.submit(0, {}, seed=0)
        with pytest.raises(KeyboardInterrupt):
            places.wait(None)
        assert places.free == 1


def test_a_wait_ends_after_its_time():
    with closing(workers.opened(lambda _: time.sleep(30), count=2)) as places:
        places.submit(0, {}, seed=0)
        began = time.monotonic()
        assert places.wait(0.2) == []
        assert 0.2 <= time.monotonic() - began < 5
        assert places.wait(0) == []


def test_places_evaluate_at_the_same_time(tmp_path):
    def objective(config):
        """Ends only if the other one runs too."""
        (tmp_path / str(config["x"])).touch()
        while not (tmp_path / str(1 - config["x"])).exists():
            time.sleep(0.01)
        return 1

    assert [outcome.value for outcome in evaluated(objective, *TEN[:2], count=2).values()] == [1, 1]


def test_a_reference_is_imported_where_it_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("far.py").write_text("import os\ndef objective(config):\n    return os.getpid()\n")
    assert evaluated("far:objective", {}, timeout=60)[0].value != os.getpid()
    assert "far" not in sys.modules


def test_an_import_error_is_told_once_before_the_first_trial(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("broken.py").write_text("import nowhere_at_all\n")
    with pytest.raises(BadObjective, match=r"No module named 'nowhere_at_all' .*broken\.py:1"):
        workers.opened("broken:objective", count=2)
    assert capfd.readouterr() == ("", "")


def test_a_process_that_dies_while_it_starts_is_an_error_and_no_endless_loop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("deadly.py").write_text("import os\nos._exit(4)\n")
    with pytest.raises(BadObjective, match="a process that evaluates could not start: exit code 4"):
        workers.opened("deadly:objective", count=2)


def test_a_replacement_that_cannot_start_is_an_error_and_no_endless_loop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "import os\nfrom pathlib import Path\nif Path('dead').exists(): os._exit(4)\n"
    Path("once.py").write_text(text + "def objective(config):\n    Path('dead').touch()\n    os._exit(5)\n")
    with closing(workers.opened("once:objective", timeout=60)) as places:
        places.submit(0, {}, seed=0)
        assert places.wait(30)[0].outcome.reason == "its process ended: exit code 5"
        places.submit(1, {}, seed=0)
        with pytest.raises(BadObjective, match="could not start: exit code 4"):
            places.wait(30)


def test_what_was_told_is_not_lost_where_another_process_cannot_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("late.py").write_text(
        "import os, time\n"
        "from pathlib import Path\n"
        "if Path('dead').exists():\n"
        "    Path('broken').touch()\n"
        "    raise ImportError('gone')\n"
        "def objective(config):\n"
        "    if config['x'] == 0:\n"
        "        Path('dead').touch()\n"
        "        os._exit(5)\n"
        "    while not Path('broken').exists():\n"
        "        time.sleep(0.01)\n"
        "    return 1\n"
    )
    with closing(workers.opened("late:objective", count=2)) as places:
        places.submit(0, {"x": 0}, seed=0)
        places.submit(1, {"x": 1}, seed=0)
        assert [told.number for told in places.wait(30)] == [0]
        places.submit(2, {"x": 1}, seed=0)
        time.sleep(2)
        assert [told.number for told in places.wait(30)] == [1]
        with pytest.raises(BadObjective, match=r"ImportError: gone \(.*late\.py:5\)"):
            places.wait(30)


def test_a_replacement_that_dies_while_it_starts_is_started_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("twice.py").write_text(
        "import os\n"
        "from pathlib import Path\n"
        "if Path('dead').exists():\n"
        "    Path('dead').unlink()\n"
        "    os._exit(4)\n"
        "def objective(config):\n"
        "    if config['x'] == 0:\n"
        "        Path('dead').touch()\n"
        "        os._exit(5)\n"
        "    return 1\n"
    )
    ended = evaluated("twice:objective", *TEN[:2], timeout=60)
    assert [ended[0].reason, ended[1].value] == ["its process ended: exit code 5", 1]


def test_functions_of_a_script_without_a_guard_work_and_the_script_is_not_run_again(script):
    ran = script(
        "from contextlib import closing\n"
        "from advisor import workers\n"
        "print('once')\n"
        "factor = 3\n"
        "class Squared:\n"
        "    def __call__(self, config): return factor * config['x'] ** 2\n"
        "for objective in (Squared(), lambda config: factor * config['x']):\n"
        "    with closing(workers.opened(objective, count=2)) as places:\n"
        "        places.submit(0, {'x': 2}, 0)\n"
        "        print(places.wait(None)[0].outcome.value)\n"
    )
    assert (ran.stdout, ran.stderr) == ("once\n12.0\n6.0\n", "")


def test_what_cannot_be_sent_is_refused_before_the_first_trial():
    lock = threading.Lock()
    with pytest.raises(BadObjective, match=r"cannot be sent to another process \(TypeError: .*lock.*\); open what it"):
        workers.opened(lambda _: lock.locked(), count=2)


def test_what_an_objective_prints_goes_to_stderr(capfd):
    def objective(_):
        print("by Python")  # noqa: T201
        os.write(1, b"by C\n")
        return 1

    evaluated(objective, {}, timeout=60)
    out, err = capfd.readouterr()
    assert out == ""
    assert {"by Python", "by C"} <= {*err.split("\n")}


def test_an_objective_finds_modules_where_this_process_does(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "lies_here.py").write_text("FACTOR = 3\n")

    def objective(_):
        import lies_here

        return lies_here.FACTOR

    assert evaluated(objective, {}, timeout=60)[0].value == 3


@pytest.mark.parametrize("name", ["pickle", "queue", "signal", "multiprocessing", "advisor"])
def test_a_file_of_the_person_does_not_stand_in_the_way_of_a_process(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.py").write_text("raise RuntimeError\n")
    assert evaluated(square, {"x": 3}, timeout=60)[0].value == 9


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda: os._exit(0), "its process ended: exit code 0"),
        (lambda: os._exit(3), "its process ended: exit code 3"),
        (
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            "its process ended: killed by SIGKILL, perhaps for lack of memory",
        ),
        (lambda: ctypes.string_at(0), "its process ended: killed by SIGSEGV"),
        (os.abort, "its process ended: killed by SIGABRT"),
    ],
)
def test_a_process_that_dies_fails_its_trial_alone_and_is_replaced(end, reason):
    def objective(config):
        if config["x"] == 1:
            end()
        return config["x"]

    ended = evaluated(objective, *TEN[:4], count=2)
    assert (ended[1].state, ended[1].reason) == ("failed", reason)
    assert [ended[number].value for number in (0, 2, 3)] == [0, 2, 3]


def test_a_death_is_noticed_though_what_the_objective_forked_lives_on():
    def objective(config):
        if config["x"] == 0:
            if os.fork() == 0:
                time.sleep(60)
            os._exit(3)
        return 1

    began = time.monotonic()
    ended = evaluated(objective, *TEN[:2], timeout=60)
    assert (ended[0].reason, ended[1].value) == ("its process ended: exit code 3", 1)
    assert time.monotonic() - began < 10


def test_no_trial_is_lost_and_none_ends_twice_where_processes_are_killed_as_they_report():
    def objective(_):
        yield os.getpid()
        yield 1

    def kill(report):
        if report.number % 5 == 0 and report.step == 1:
            os.kill(int(report.value), signal.SIGKILL)
        return False

    ended = evaluated(objective, *TEN, *TEN, prune=kill, count=2)
    assert {number for number, outcome in ended.items() if outcome.state == "failed"} == {0, 5, 10, 15}
    assert {outcome.value for outcome in ended.values() if outcome.state == "complete"} == {1}
    assert len(ended) == 20


def test_a_free_process_that_dies_is_replaced_before_the_next_trial():
    with closing(workers.opened(lambda _: os.getpid(), timeout=60)) as places:
        first = int(outcomes(places, [{}])[0][0].value)
        os.kill(first, signal.SIGKILL)
        assert until(places._idle[0].is_dead)
        second = outcomes(places, [{}])[0][0]
        assert second.state == "complete"
        assert second.value != first


def test_a_trial_that_takes_too_long_fails_and_the_next_one_has_a_new_process():
    def objective(config):
        time.sleep(config["x"])
        return os.getpid()

    began = time.monotonic()
    ended = evaluated(objective, {"x": 60}, {"x": 0}, timeout=0.5)
    assert (ended[0].state, ended[0].reason) == ("failed", "took longer than 0.5 s")
    assert ended[0].seconds == pytest.approx(0.5, abs=0.3)
    assert ended[1].state == "complete"
    assert time.monotonic() - began < 10


def test_the_time_of_a_trial_does_not_count_the_start_of_its_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "import os, time\ntime.sleep(0.6)\ndef objective(config):\n    if config['x'] == 0: os._exit(3)\n    return 1\n"
    )
    Path("slow_start.py").write_text(text)
    ended = evaluated("slow_start:objective", *TEN[:2], timeout=0.5)
    assert [ended[0].reason, ended[1].value] == ["its process ended: exit code 3", 1]


def test_code_that_holds_the_interpreter_is_ended_too():
    def objective(_):
        return sum(range(10**12))

    assert evaluated(objective, {}, timeout=0.5)[0].reason == "took longer than 0.5 s"


def test_closing_ends_what_runs_and_what_that_started(tmp_path):
    def objective(_):
        child = subprocess.Popen(["sleep", "60"])
        (tmp_path / "pids").write_text(f"{os.getpid()} {child.pid}")
        child.wait()

    with closing(workers.opened(objective, count=2)) as places:
        places.submit(0, {}, seed=0)
        assert until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text())
    assert not any(lives(pid) for pid in (tmp_path / "pids").read_text().split())


def test_a_free_process_ends_in_order(tmp_path):
    def objective(_):
        import atexit

        atexit.register((tmp_path / "told").touch)
        return 1

    evaluated(objective, {}, timeout=60)
    assert (tmp_path / "told").exists()


def test_a_free_process_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(workers, "_GRACE", 0.3)

    def objective(_):
        threading.Thread(target=time.sleep, args=(60,)).start()
        return os.getpid()

    pid = int(evaluated(objective, {}, timeout=60)[0].value)
    assert not lives(pid)


def test_no_process_outlives_a_run_that_was_killed(tmp_path):
    text = (
        "import os, subprocess\n"
        "from pathlib import Path\n"
        "from advisor import workers\n"
        "def objective(config):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    Path(f'{config[\"x\"]}.pids').write_text(f'{os.getpid()} {child.pid}')\n"
        "    child.wait()\n"
        "places = workers.opened(objective, count=2)\n"
        "places.submit(0, {'x': 0}, 0)\n"
        "places.submit(1, {'x': 1}, 0)\n"
        "places.wait(None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", text], cwd=tmp_path) as run:
        files = [tmp_path / "0.pids", tmp_path / "1.pids"]
        assert until(lambda: all(file.exists() and len(file.read_text().split()) == 2 for file in files), 30)
        pids = [pid for file in files for pid in file.read_text().split()]
        assert all(lives(pid) for pid in pids)
        run.kill()
    assert until(lambda: not any(lives(pid) for pid in pids), 2)


def test_a_process_that_was_told_to_end_does_not_outlive_a_run_that_was_killed(tmp_path):
    text = (
        "import os, threading, time\n"
        "from pathlib import Path\n"
        "from advisor import workers\n"
        "def objective(config):\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    return os.getpid()\n"
        "workers._GRACE = 60\n"
        "places = workers.opened(objective, timeout=60)\n"
        "places.submit(0, {}, 0)\n"
        "Path('pid').write_text(str(int(places.wait(None)[0].outcome.value)))\n"
        "places.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", text], cwd=tmp_path) as run:
        assert until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), 30)
        pid = (tmp_path / "pid").read_text()
        time.sleep(0.3)
        assert lives(pid)
        run.kill()
    assert until(lambda: not lives(pid), 5)


def test_an_interrupt_from_the_terminal_does_not_reach_the_processes():
    def objective(_):
        return os.getsid(0) == os.getpid() == os.getpgrp() and os.getsid(0) + 0.5

    outcome = evaluated(objective, {}, timeout=60)[0]
    assert outcome.state == "complete"
    assert outcome.value - 0.5 != os.getsid(0)


@pytest.mark.parametrize(("count", "given", "threads"), [(2, None, "share"), (2, "7", "7"), (1, None, None)])
def test_processes_share_the_cores_unless_the_person_says_otherwise(monkeypatch, count, given, threads):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    share = str(max(1, len(os.sched_getaffinity(0)) // 2))
    expected = share if threads == "share" else threads

    def objective(_):
        return float(os.environ.get("OMP_NUM_THREADS") == expected)

    assert evaluated(objective, {}, count=count, timeout=60)[0].value == 1


def test_libraries_of_linear_algebra_take_their_share(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    count = 2 * len(os.sched_getaffinity(0))

    def objective(_):
        import numpy as np
        from threadpoolctl import threadpool_info

        np.ones(1)
        return max(pool["num_threads"] for pool in threadpool_info())

    assert evaluated(objective, {}, count=count)[0].value == 1


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """A command of a program that is written to a file."""
    monkeypatch.chdir(tmp_path)

    def made(text):
        Path("train.py").write_text("import json, os, subprocess, sys, time\n" + text)
        return commands.checked(f"{sys.executable} train.py {{x}}", ["x"], metric="loss")

    return made


@BOTH
def test_a_command_is_always_evaluated_in_a_process_that_can_be_ended(trainer, count):
    command = trainer("print(os.getppid())")
    ended = evaluated(command, *TEN[:2], count=count)
    assert all(outcome.state == "complete" and outcome.value != os.getpid() for outcome in ended.values())


@pytest.mark.parametrize("end", ["prune", "timeout", "failure"])
def test_what_a_command_started_ends_with_it_where_it_did_not_complete(trainer, end):
    command = trainer(
        "child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "print(json.dumps({'step': 1, 'loss': 0.5}), flush=True)\n"
        + ("sys.exit(1)" if end == "failure" else "child.wait()")
    )
    states = {"prune": "pruned", "timeout": "failed", "failure": "failed"}
    with closing(workers.opened(command, timeout=0.5 if end == "timeout" else 60)) as places:
        ended = outcomes(places, TEN[:1], prune=lambda _: end == "prune")[0]
        assert ended[0].state == states[end]
        assert until(lambda: not any(lives(pid) for pid in Path("pids").read_text().split()), 2)


def test_a_command_that_completed_may_leave_something_behind(trainer):
    command = trainer(
        "child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "open('pids', 'w').write(f'{child.pid}')\nprint(0.5)"
    )
    assert evaluated(command, *TEN[:1])[0].value == 0.5
    pid = int(Path("pids").read_text())
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_ten_thousand_trials_cost_the_coordinator_little():
    with closing(workers.opened(square, count=4)) as places:
        outcomes(places, TEN)
        began = time.process_time()
        ended = outcomes(places, [{"x": number} for number in range(10_000)])[0]
        each = (time.process_time() - began) / 10_000
    assert sum(outcome.value for outcome in ended.values()) == sum(number**2 for number in range(10_000))
    assert each < 0.001


@pytest.mark.slow
def test_a_trial_in_this_process_costs_little():
    with closing(workers.opened(square)) as places:
        began = time.process_time()
        outcomes(places, [{"x": number} for number in range(10_000)])
        assert (time.process_time() - began) / 10_000 < 0.0001
