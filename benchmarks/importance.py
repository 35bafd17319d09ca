"""How far measured importance is from known Sobol indices, beside other libraries; and what is said of noise.

    python benchmarks/importance.py [--quick] [--folder DIR] [--only PART] [--methods NAME ...] [--seeds N]

Prints, for trials drawn at random and trials made by Optuna's TPE: the mean error of shares (total-variation distance
of normalised first-order shares, 0 best, 1 worst) of every method that is installed, and the share that each gives to
parameters without effect, with 95 % intervals over data sets; our error beside that of the best of the others in every
cell, and the data sets that are lost; how often nominal 95 % intervals hold the true share; how many parameters of pure
noise are said to matter; and seconds. ``--quick`` is a small form that fails where a bar is not met.

In the folder, trials, true shares and the figures of other methods are kept from one run to the next, so that a table
may be made in parts, also with several environments that have different libraries.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from importance_accuracy import Floats, accuracy, cases, compare, failures
from importance_methods import study
from known_functions import NOISE, PROBLEMS, Problem, Trials, problem, random_problem, trials, true_indices

from advisor.importance import Table, measure, tabulate
from advisor.importance.optuna_fanova import optuna_fanova
from advisor.space import Numeric

LEAST_COVERAGE = {"random": 0.9, "tpe": 0.8}
HELD_OUT = range(500, 520)
"""Random responses by which intervals are judged; none of those on which they were calibrated."""
LEAST_SPEED = 50


def coverage(folder: Path, *, quick: bool) -> dict[str, float]:
    """How many of the true shares above 0.02 lie in their interval, by sampler.

    Of the known functions, and of random responses on which intervals were not calibrated.
    """
    rows = {}
    for sampler in ("random", "tpe"):
        inside: list[list[bool]] = []
        for count in (50,) if quick else (15, 25, 50, 100):
            known = [
                _inside(case.table, case.made, case.main, case.total)
                for case in cases(sampler, count, folder, sizes=(6,) if quick else (6, 15, 30), seeds=1)
            ]
            rest = [] if quick else [_of_random(sampler, count, seed, folder) for seed in HELD_OUT]
            for name, found in (("known functions", known), ("random responses", rest)):
                main, total = ([one for each in found for one in each[kind]] for kind in (0, 1))
                inside += [main, total]
                if found:
                    print(
                        f"{sampler:7}{count:4} {name:17} main {np.mean(main):.3f} of {len(main)}, "
                        f"total {np.mean(total):.3f} of {len(total)}",
                        flush=True,
                    )
        rows[sampler] = float(np.mean([one for each in inside for one in each]))
        print(f"{sampler}: {rows[sampler]:.3f} of the true shares lie in their intervals")
    return rows


def _inside(table: Table, made: Trials, main: Floats, total: Floats) -> tuple[list[bool], list[bool]]:
    """Whether main and total shares lie in their intervals, of those that are above 0.02."""
    found = measure(table, made.scores).parameters.values()
    mains = [each.main.low <= true <= each.main.high for each, true in zip(found, main, strict=True) if true > 0.02]
    totals = [each.total.low <= true <= each.total.high for each, true in zip(found, total, strict=True) if true > 0.02]
    return mains, totals


def _of_random(sampler: str, count: int, seed: int, folder: Path) -> tuple[list[bool], list[bool]]:
    of = random_problem(seed, (6, 10, 15, 20)[seed % 4])
    main, total, deviation = true_indices(of, 2048)
    made = trials(of, sampler, count, seed, deviation, folder)
    table = tabulate(made.configs, of.domains)
    kept = [list(of.domains).index(name) for name in table.names]
    return _inside(table, made, main[kept], total[kept])


def false_alarms(folder: Path, *, quick: bool) -> float:
    """How many parameters of pure noise are said to matter."""
    said: list[bool] = []
    for sampler in ("random", "tpe"):
        for count in (15, 25) if quick else (15, 25, 50, 100):
            for seed in range(4 if quick else 25):
                of = problem(PROBLEMS[2 + seed % 2].name, (6, 10, 15)[seed % 3])
                made = trials(of, sampler, count, seed, 0.0, folder)
                table = tabulate(made.configs, of.domains, of.conditions)
                said += [each.matters is True for each in measure(table, made.scores).parameters.values()]
    print(f"noise: {np.mean(said):.3f} of {len(said)} parameters are said to matter")
    return float(np.mean(said))


def forest_speed(count: int = 1000, parameters: int = 20, pairs: int = 3) -> float:
    """How many times faster our decomposition of Optuna's forest is than Optuna's, both from trials to shares.

    Runs are made in pairs, one after the other, so that what else the machine does meets both.
    """
    import optuna
    from sklearn.ensemble import RandomForestRegressor

    of = Problem("linear", {f"x{i:02}": Numeric(0.0, 1.0) for i in range(parameters)}, _smooth)
    made = trials(of, "random", count, 0, 1.0)
    theirs, units = study(of, made), np.array([list(config.values()) for config in made.configs])
    runs: list[tuple[Floats, Floats, Floats]] = []
    for _ in range(pairs):
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        slow, expected = _timed(lambda one=evaluator: optuna.importance.get_param_importances(theirs, evaluator=one))
        fast, found = _timed(lambda: optuna_fanova(made.configs, of.domains, made.scores))
        fit, _ = _timed(
            lambda: RandomForestRegressor(64, max_depth=64, random_state=0, n_jobs=-1).fit(units, made.scores)
        )
        runs.append((slow, fast, fit))
        apart = max(abs(share - found[name]) for name, share in expected.items())
        print(
            f"forest, {count} x {parameters}: Optuna {slow[0]:.2f} s, ours {fast[0]:.3f} s, the fit {fit[0]:.3f} s; "
            f"processor time {slow[1]:.2f}, {fast[1]:.3f} and {fit[1]:.3f} s; largest difference {apart:.1e}",
            flush=True,
        )
    elapsed, spent = ([slow[kind] / fast[kind] for slow, fast, _ in runs] for kind in (0, 1))
    alone = [(slow[1] - fit[1]) / (fast[1] - fit[1]) for slow, fast, fit in runs]
    for name, times in (("elapsed", elapsed), ("processor time", spent), ("processor time without the fit", alone)):
        print(f"{name}: {np.median(times):.0f} times faster ({min(times):.0f} to {max(times):.0f})")
    return float(np.median(elapsed))


def _smooth(x: Any) -> Floats:
    return np.sin(6 * x["x00"]) + 3 * x["x01"] ** 2 + x["x02"] * x["x03"]


def _timed(work: Callable[[], Any]) -> tuple[Floats, Any]:
    """Seconds, elapsed and of processors, and the answer."""
    start = np.array([time.perf_counter(), time.process_time()])
    answer = work()
    return np.array([time.perf_counter(), time.process_time()]) - start, answer


def cold_start(count: int = 200, parameters: int = 20) -> None:
    """Seconds of ``advisor importance`` in a process of its own."""
    of = Problem("linear", {f"x{i:02}": Numeric(0.0, 1.0) for i in range(parameters)}, _smooth)
    made = trials(of, "random", count, 0, 1.0)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "trials.csv"
        rows = [[*config.values(), score] for config, score in zip(made.configs, made.scores.tolist(), strict=True)]
        lines = [",".join([*of.domains, "score"]), *(",".join(map(str, row)) for row in rows)]
        file.write_text("\n".join(lines))
        options = ["--metric", "score", "--direction", "minimize"]
        command = [Path(sys.executable).with_name("advisor"), "importance", file, *options]
        before = getrusage(RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        elapsed, after = time.perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"advisor importance, {count} x {parameters}, from a cold start: {elapsed:.2f} s, processor "
        f"time {spent:.2f} s, at most {after.ru_maxrss / 1024:.0f} MB"
    )


def _unmet(chosen: argparse.Namespace, folder: Path) -> list[str]:
    """What is below its bar, of the parts that are wanted."""

    def wanted(part: str) -> bool:
        return chosen.only in (None, part)

    said: list[str] = []
    if wanted("accuracy"):
        figures = accuracy(folder, chosen.methods, quick=chosen.quick, seeds=1 if chosen.quick else chosen.seeds)
        compare(figures)
        said += failures(figures)
    if wanted("coverage"):
        rows = coverage(folder, quick=chosen.quick)
        said += [f"coverage, {kind}: {share:.2f}" for kind, share in rows.items() if share < LEAST_COVERAGE[kind]]
    if wanted("noise") and false_alarms(folder, quick=chosen.quick) > 0.05:
        said.append("noise is said to matter")
    if wanted("speed") and not (chosen.quick and chosen.only is None):
        if (times := forest_speed()) < LEAST_SPEED:
            said.append(f"the forest is {times:.0f} times faster, not {LEAST_SPEED}")
        cold_start()
    return said


def main() -> None:
    """Measure, print, and compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", type=Path, help="what is kept from one run to the next")
    parser.add_argument("--only", choices=["accuracy", "coverage", "noise", "speed"], help="one part of it")
    parser.add_argument("--methods", nargs="*", default=[], help="only some of the methods, for accuracy")
    parser.add_argument("--seeds", type=int, default=3, help="data sets of each problem and number of parameters")
    chosen = parser.parse_args()
    print(f"noise of scores: {NOISE:.0%} of their standard deviation")
    with tempfile.TemporaryDirectory() as scratch:
        unmet = _unmet(chosen, chosen.folder or Path(scratch))
    if unmet:
        sys.exit("not met: " + "; ".join(unmet))


if __name__ == "__main__":
    main()
