"""How many trials a plan saves: plans against flat searches on public trials, family by family.

    python benchmarks/plan_quality.py [--quick] [--cache DIR] [--workers 2] [--rivals tpe,gp] [--scenarios lcbench]

Each task's whole space goes in as a person would write it; plans of 10, 30 and 100 trials are run as ``advisor.run``
runs them, and beside them searches of others over the same space (those whose packages are installed). A target is
what Optuna's default sampler reaches with 100 trials, the mean over seeds; beside each other search stands also what
the plan needs for that one's own value at 100. Regret is the error above the best that is
known of the task, as a share of what the median random configuration has. Intervals (95 %) are over tasks.
Only tasks that no policy was chosen on are judged, unless ``--part`` says otherwise. Runs of others are kept in the
cache, ours never. ``--quick`` runs plans of 30 trials alone, one task a collection, one seed. With ``--learnt DIR``
plans also use what ``advisor learn`` makes of trials of other tasks (``taught.py``), which is kept in DIR.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import curves
import public_tasks
import taught
from public_tasks import Config, Scale, Task
from rivals import RIVALS

import advisor

BUDGETS: Final = (10, 30, 100)
QUICK: Final = (30,)
MARKS: Final = (1, 3, 10, 30, 100)
FLAT: Final = "tpe"
TIE: Final = 0.005
"""Regrets that differ by no more are equal."""


class Setting(NamedTuple):
    """What is measured.

    Attributes:
        rivals: Names of searches of others.
        seeds: Runs of each search.
        cache: Where runs of others are kept.
        learnt: Where what other tasks taught is kept; None for the shipped knowledge alone.
        budgets: Plans are made for these.
    """

    rivals: tuple[str, ...]
    seeds: int
    cache: Path | None
    learnt: Path | None = None
    budgets: tuple[int, ...] = BUDGETS


class Measured(NamedTuple):
    """One task: its scale, and the errors of each search, by its name and seed; a plan's name is its budget's."""

    scenario: str
    task: str
    scale: Scale
    errors: Mapping[str, tuple[list[float], ...]]

    def reached(self, search: str = FLAT) -> float:
        """What a search reaches with all its trials, the mean over seeds."""
        return statistics.fmean(min(errors) for errors in self.errors[search])


def plan_name(trials: int) -> str:
    """The name under which the runs of a plan of so many trials are kept."""
    return f"advisor, {trials}"


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one task a scenario, one seed, plans of 30 trials")
    parser.add_argument("--scenarios", help="names, with commas between; left out, all")
    parser.add_argument("--rivals", help=f"of {', '.join(RIVALS)}; left out, all that are fast and installed")
    parser.add_argument("--tasks", type=int, help="so many a scenario at most")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budgets", default=",".join(map(str, BUDGETS)), help="of plans, with commas between")
    parser.add_argument("--part", choices=("judge", "choose", "all"), default="judge")
    parser.add_argument("--cache", type=Path, help="a folder that keeps the runs of others")
    parser.add_argument("--learnt", type=Path, metavar="DIR", help="plans with what trials of other tasks taught")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if why := public_tasks.missing():
        print(f"skipped: {why}")
        return
    setting = Setting(_rivals(given.rivals), given.seeds, given.cache, given.learnt, _whole(given.budgets))
    if given.quick:
        setting = setting._replace(rivals=(FLAT,), seeds=1, budgets=QUICK)
    most = 1 if given.quick else given.tasks
    chosen = given.scenarios.split(",") if given.scenarios else public_tasks.scenarios()
    wanted = [(name, task) for name in chosen for task in public_tasks.names(name, given.part, most)]
    found = measured(wanted, setting, given.workers)
    for scenario in chosen:
        print_scenario(scenario, [one for one in found if one.scenario == scenario], setting)
    print_scenario("all", found, setting)


def _whole(given: str) -> tuple[int, ...]:
    return tuple(int(each) for each in given.split(","))


def _rivals(given: str | None) -> tuple[str, ...]:
    """The searches asked for, the flat one always among them; those that cannot be had are named."""
    asked = given.split(",") if given else [name for name, rival in RIVALS.items() if not rival.slow]
    absent = [name for name in asked if not RIVALS[name].is_there]
    if absent:
        print(f"not installed: {', '.join(absent)}\n")
    return tuple(dict.fromkeys([FLAT, *(name for name in asked if name not in absent)]))


# Runs


def measured(wanted: Sequence[tuple[str, str]], setting: Setting, workers: int) -> list[Measured]:
    """All tasks, several at a time."""
    measure = partial(_measured, setting=setting, ours=our_runs)
    if workers == 1:
        return [measure(one) for one in wanted]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(measure, wanted))


def _measured(
    place: tuple[str, str], setting: Setting, ours: Callable[[Task, Setting], Mapping[str, tuple[list[float], ...]]]
) -> Measured:
    scenario, name = place
    task = public_tasks.opened(scenario, name)
    folder = setting.cache / scenario / name if setting.cache is not None else None
    scale = scale_of(task, setting.cache)
    found = {rival: _rivals_runs(task, rival, setting, folder) for rival in setting.rivals}
    return Measured(scenario, name, scale, {**found, **ours(task, setting)})


def scale_of(task: Task, cache: Path | None) -> Scale:
    """What a task's errors are measured by, from the cache where it is there."""
    folder = cache / task.scenario / task.task if cache is not None else None
    return Scale(*public_tasks.kept(folder, "scale", lambda: list(public_tasks.scale(task))))


def _rivals_runs(task: Task, rival: str, setting: Setting, folder: Path | None) -> tuple[list[float], ...]:
    """The errors of a rival's trials, for each seed."""
    trials = max(BUDGETS)
    search, first = RIVALS[rival].search, _default(task) if RIVALS[rival].first else None
    return tuple(
        public_tasks.kept(folder, f"{rival}-{trials}-{seed}", lambda seed=seed: search(task, trials, seed, first))
        for seed in range(setting.seeds)
    )


def _default(task: Task) -> Config:
    """The library's default, moved into the person's space: the first trial of any plan."""
    plan = advisor.advise(public_tasks.spec_of(task, max(BUDGETS)))
    return dict(plan.stages[0].start[0])


def our_runs(task: Task, setting: Setting) -> dict[str, tuple[list[float], ...]]:
    """The errors of plans of all budgets, for each seed."""
    changes: dict[str, list[str]] = {}
    if setting.learnt is not None:
        fold = taught.fold_of(task.scenario, task.task)
        changes["knowledge"] = [str(taught.knowledge(task.scenario, fold, setting.learnt))]
    return {
        plan_name(trials): tuple(
            run_errors(task, advisor.advise(public_tasks.spec_of(task, trials, **changes), seed=seed), seed)
            for seed in range(setting.seeds)
        )
        for trials in setting.budgets
    }


def run_errors(task: Task, plan: advisor.Plan, seed: int) -> list[float]:
    """The errors of a plan's trials."""
    result = advisor.run(plan, lambda config: task(public_tasks.completed(task, config)), seed=seed)
    return [float(trial.value) if trial.value is not None else float("inf") for trial in result.trials]


# Tables


def print_scenario(scenario: str, found: Sequence[Measured], setting: Setting) -> None:
    """What each search needed and reached on the tasks."""
    plan = plan_name(max(setting.budgets))
    marks = [mark for mark in MARKS if mark <= max(setting.budgets)]
    shared = [mark for mark in (30, 100) if mark in setting.budgets]
    print(f"\n## {scenario}: {len(found)} tasks, {setting.seeds} seeds\n")
    print(f"| search | trials to flat Optuna's 100: median, 90 % (within {max(BUDGETS)}) "
          f"| the plan's to this search's 100 | regret at {', '.join(map(str, marks))} "
          f"| plan wins, ties, loses at {'; at '.join(map(str, shared))} |")  # fmt: skip
    print("| --- | --- | --- | --- | --- |")
    for name in (plan, *setting.rivals):
        regrets = [_shown(curves.interval([*_regrets(found, name, mark, setting).values()])) for mark in marks]
        is_ours = name == plan
        print(
            f"| {'plan' if is_ours else name} | {_needed(found, name, FLAT)} "
            f"| {'' if is_ours else _needed(found, plan, name)} | {', '.join(regrets)} "
            f"| {'' if is_ours else _records(found, name, shared, setting)} |"
        )


def _needed(found: Iterable[Measured], name: str, rival: str) -> str:
    """The trials that a search needs for what another one reaches with all its own."""
    needed = [curves.first_at_most(errors, one.reached(rival)) for one in found for errors in one.errors[name]]
    reached = curves.reach(needed, max(BUDGETS))
    return f"{reached.median:g}, {reached.late:g} ({reached.share:.2f})"


def _regrets(found: Iterable[Measured], name: str, mark: int, setting: Setting) -> dict[str, float]:
    """The mean regret over seeds after so many trials, by task; a plan's is that of the least budget that has them."""
    if name.startswith("advisor"):
        name = plan_name(min(trials for trials in setting.budgets if trials >= mark))
    return {
        f"{one.scenario}/{one.task}": statistics.fmean(
            one.scale.regret(min(errors[:mark])) for errors in one.errors[name]
        )
        for one in found
    }


def _records(found: Sequence[Measured], rival: str, marks: Iterable[int], setting: Setting) -> str:
    """Wins, ties and losses of plans against a rival that has as many trials."""
    shown = []
    for mark in marks:
        plans = _regrets(found, plan_name(mark), mark, setting)
        shown.append("-".join(map(str, curves.record(plans, _regrets(found, rival, mark, setting), TIE))))
    return "; ".join(shown)


def _shown(figure: curves.Interval) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


if __name__ == "__main__":
    main()
