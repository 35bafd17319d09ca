"""Linear algebra takes one core where matrices are small, and as many as before afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from advisor import importance, learning
from advisor.importance import gaussian_process
from advisor.importance.cores import on_one_core
from advisor.space import Numeric


def threads():
    """Of each library of linear algebra that is loaded."""
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def _two():
    with threadpool_limits(limits=2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("this build of numpy cannot be told")
        yield


def test_one_within_and_as_before_after_it():
    assert on_one_core(threads)() == {1}
    assert threads() == {2}


def test_as_before_after_an_error():
    with pytest.raises(ZeroDivisionError):
        on_one_core(lambda: 1 / 0)()
    assert threads() == {2}


def test_calls_that_overlap_leave_as_many_as_before():
    first_is_in, second_is_in = Event(), Event()

    @on_one_core
    def first():
        first_is_in.set()
        second_is_in.wait(10)

    @on_one_core
    def second():
        second_is_in.set()
        done.result(10)

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(first)
        first_is_in.wait(10)
        pool.submit(second).result(20)
    assert threads() == {2}


def fits():
    table, scores = trials()
    gaussian_process.fit(table, scores)


def measures():
    importance.measure(*trials())


def learns():
    generator = np.random.default_rng(0)
    tasks = {
        name: [({"learning_rate": rate}, rate + noise) for rate, noise in generator.uniform(0.01, 0.3, (20, 2))]
        for name in ("a", "b")
    }
    learning.learn(tasks, "lightgbm")


def trials():
    rates = np.linspace(0.01, 0.3, 20)
    table = importance.tabulate([{"rate": float(rate)} for rate in rates], {"rate": Numeric(low=0.01, high=0.3)})
    return table, np.sin(20 * rates)


@pytest.mark.parametrize("work", [fits, measures, learns])
def test_what_fits_processes_takes_one(work, monkeypatch):
    seen, before = set(), np.linalg.inv

    def inv(matrix):
        seen.update(threads())
        return before(matrix)

    monkeypatch.setattr(np.linalg, "inv", inv)
    work()
    assert seen == {1}
