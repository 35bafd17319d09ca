"""What a run costs beside the same Optuna study without it, and whether that stays so over ten thousand trials.

    python benchmarks/running.py [--pairs 9] [--trials 300] [--long 10000]

The study without us has the same sampler, the same storage with the same hooks and the same suggestions, and asks and
tells in a loop. Figures are CPU seconds of the process that coordinates; pairs are measured in turn, each in processes
of their own, and an interval is that of the median (95 %, by sign test). Memory is the resident set.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

import advisor
from advisor.progress import Silent

RANGES = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "depth": {"type": "int", "low": 1, "high": 16},
    "leaves": {"type": "int", "low": 2, "high": 256, "log": True},
    "rows": {"type": "float", "low": 0.1, "high": 1.0},
    "columns": {"type": "float", "low": 0.1, "high": 1.0},
    "penalty": {"type": "float", "low": 1e-8, "high": 10.0, "log": True},
    "weight": {"type": "float", "low": 0.0, "high": 20.0},
    "kind": {"type": "categorical", "choices": ["plain", "fancy"]},
}


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--long", type=int, default=10_000)
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        how, sampler, storage, trials, workers = given.one
        print(json.dumps(_one(how, sampler, None if storage == "memory" else storage, int(trials), int(workers))))
    elif find_spec("optuna") is None:
        print("skipped: optuna is not installed; pip install '.[test]'")
    else:
        _print_overhead(given.pairs, given.trials)
        _print_long("random", given.long)
        _print_long("tpe", given.long // 10)


# One process


class Point(NamedTuple):
    """Where a process was after so many trials: CPU seconds, and MB of memory."""

    trials: int
    cpu: float
    memory: float


class Marks(Silent):
    """An observer that marks each so many trials."""

    def __init__(self, every: int) -> None:
        self.points: list[Point] = []
        self._every = every

    def trial_ended(self, number: int, trial: object) -> None:  # noqa: ARG002
        """Mark a trial."""
        self.mark(number + 1)

    def mark(self, trials: int) -> None:
        """Mark, if it is time to."""
        if trials % self._every == 0:
            self.points.append(Point(trials, time.process_time(), _memory()))


def _one(how: str, sampler: str, storage: str | None, trials: int, workers: int) -> list[Point]:
    plan, marks = _plan(sampler, trials), Marks(trials // 10)
    marks.points.append(Point(0, time.process_time(), _memory()))
    if how == "advisor":
        advisor.run(plan, objective, storage=storage, workers=workers, observer=marks)
    else:
        _with_optuna_alone(plan, storage, marks, workers)
    return marks.points


def objective(config: dict[str, Any]) -> float:
    """Something cheap."""
    return float(config["rows"] * config["learning_rate"])


def _with_optuna_alone(plan: advisor.Plan, storage: str | None, marks: Marks, workers: int) -> None:
    import optuna

    from advisor.runners import _samplers, _storage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    [stage] = plan.stages
    sampler = _samplers.sampler_of(stage, seed=0, parallel=storage is not None or workers > 1)
    study = optuna.create_study(storage=_storage.opened(storage), sampler=sampler, direction="minimize")
    for number in range(stage.trials):
        trial = study.ask()
        study.tell(trial, objective(advisor.suggest(trial, stage)))
        marks.mark(number + 1)


def _plan(sampler: str, trials: int) -> advisor.Plan:
    search = {name: {"tier": "important", **entry} for name, entry in RANGES.items()}
    stage = {"id": 1, "name": "all", "trials": trials, "search": search}
    return advisor.Plan.model_validate(
        {
            "version": 1,
            "spec": {"name": "benchmark", "sha256": "0" * 12, "family": "none"},
            "knowledge": {"version": "1", "sha256": "0" * 12},
            "objective": {"metric": "loss", "direction": "minimize"},
            "budget": {"trials": trials},
            "bar": {"note": "None."},
            "stages": [stage | {"sampler": {"name": sampler, "seed": 1, "startup": 10}}],
            "pruning": {"advised": False, "why": "There is nothing to prune."},
        }
    )


def _memory() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


# Tables


def _measured(how: str, sampler: str, storage: str, trials: int, workers: int = 1) -> list[Point]:
    with tempfile.TemporaryDirectory() as folder:
        place = storage if storage == "memory" else str(Path(folder, "run.db"))
        command = [sys.executable, __file__, "--one", how, sampler, place, str(trials), str(workers)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Point(*point) for point in json.loads(printed.splitlines()[-1])]


def _print_overhead(pairs: int, trials: int) -> None:
    print(f"| {trials} trials, {pairs} pairs | Optuna alone, CPU ms a trial | advisor.run, more a trial | share |")
    print("| --- | --- | --- | --- |")
    for sampler in ("random", "tpe"):
        for storage in ("memory", "sqlite"):
            costs = [[_cost(how, sampler, storage, trials) for how in ("optuna", "advisor")] for _ in range(pairs)]
            more = [ours - theirs for theirs, ours in costs]
            shares = [100 * (ours / theirs - 1) for theirs, ours in costs]
            alone = f"{statistics.median(theirs for theirs, _ in costs):.2f}"
            print(f"| {sampler}, {storage} | {alone} | {_shown(more, '.2f', ' ms')} | {_shown(shares, '.1f', ' %')} |")


def _cost(how: str, sampler: str, storage: str, trials: int) -> float:
    points = _measured(how, sampler, storage, trials)
    return 1000 * (points[-1].cpu - points[1].cpu) / (points[-1].trials - points[1].trials)


def _shown(values: list[float], form: str, unit: str) -> str:
    ordered = sorted(values)
    rank = _rank(len(ordered))
    interval = f"{ordered[rank]:{form}} to {ordered[-1 - rank]:{form}}"
    return f"{statistics.median(ordered):{form}}{unit} ({interval})"


def _rank(n: int) -> int:
    """How many values lie outside a 95 % interval of the median on either side, by sign test."""
    below: Callable[[int], float] = lambda k: sum(comb(n, i) for i in range(k + 1)) / 2**n  # noqa: E731
    return max((k + 1 for k in range(n // 2) if below(k) <= 0.025), default=0)


def _print_long(sampler: str, trials: int) -> None:
    print(
        f"\n| {trials:,} trials, {sampler}, memory | CPU ms a trial: second tenth, last tenth | MB at 20 %, at 100 % |"
    )
    print("| --- | --- | --- |")
    for how, workers, name in (("optuna", 1, "Optuna alone"), ("advisor", 4, "advisor.run, four workers")):
        points = _measured(how, sampler, "memory", trials, workers)
        early, late = (1000 * (b.cpu - a.cpu) / (b.trials - a.trials) for a, b in (points[1:3], points[-2:]))
        print(f"| {name} | {early:.2f}, {late:.2f} | {points[2].memory:.0f}, {points[-1].memory:.0f} |")


if __name__ == "__main__":
    main()
