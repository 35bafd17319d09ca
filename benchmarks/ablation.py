"""What each part of a plan brings: plans with one part switched off beside the whole, on public trials.

    python benchmarks/ablation.py [--trials 30] [--tasks 4] [--seeds 1] [--scenarios lcbench] [--cache DIR]

A figure is the mean regret (see ``plan_quality.py``) without the part less that with it, over tasks, with its 95 %
interval; above 0 the part helps. Rules that ask for facts of the data are not judged here: these tasks come without.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import curves
import plan_quality
import public_tasks
from public_tasks import Task

import advisor
from advisor import yamlio

Numbers = Mapping[str, Mapping[str, float]]
Change = Callable[[advisor.Plan], advisor.Plan]


def _whole(plan: advisor.Plan) -> advisor.Plan:
    return plan


def _without_starts(plan: advisor.Plan) -> advisor.Plan:
    """Only the library's default is known."""
    first, *rest = plan.stages
    return plan.having(stages=[first.having(start=first.start[:1], start_why=first.start_why[:1]), *rest])


def _without_ranges(plan: advisor.Plan) -> advisor.Plan:
    """Every range is the person's whole one."""
    return plan.having(stages=[stage.having(search=_wide(stage)) for stage in plan.stages])


def _wide(stage: advisor.Stage) -> dict[str, object]:
    return {
        name: searched.having(low=searched.limits.low, high=searched.limits.high)
        if searched.choices is None
        and searched.limits is not None
        and None not in {*searched.limits.to_data().values()}
        else searched
        for name, searched in stage.search.items()
    }


def _without_zoom(plan: advisor.Plan) -> advisor.Plan:
    """No range follows from the results of an earlier stage."""
    return plan.having(stages=[stage.having(narrow={}) for stage in plan.stages])


PARTS: Final[Mapping[str, tuple[Numbers, Change]]] = {
    "starts but the default": ({}, _without_starts),
    "advised ranges": ({}, _without_ranges),
    "stages (all at once)": ({"stages": {"two_from": 1e9, "three_from": 1e9}}, _whole),
    "zoom between stages": ({}, _without_zoom),
    "the Gaussian process (TPE)": ({"sampler": {"gp_parameters_most": 0}}, _whole),
    "two trials a parameter (eight)": ({"what-a-budget-carries": {"trials_per_parameter": 8}}, _whole),
}
"""What is switched off: numbers of policies, and a change of the plan."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--scenarios")
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    if why := public_tasks.missing():
        print(f"skipped: {why}")
        return
    chosen = given.scenarios.split(",") if given.scenarios else public_tasks.scenarios()
    found = [
        _regrets(public_tasks.opened(scenario, name), given.trials, given.seeds, given.cache)
        for scenario in chosen
        for name in public_tasks.names(scenario, most=given.tasks)
    ]
    print(f"{given.trials} trials, {len(found)} tasks, {given.seeds} seeds; mean regret of the whole plan: "
          f"{statistics.fmean(one['whole'] for one in found):.3f}\n")  # fmt: skip
    print("| without | regret more: mean (95 %) | worse, equal, better by task |")
    print("| --- | --- | --- |")
    for part in PARTS:
        print(f"| {part} | {_shown([one[part] - one['whole'] for one in found])} |")


def _regrets(task: Task, trials: int, seeds: int, cache: Path | None) -> dict[str, float]:
    """The mean regret over seeds of the whole plan, and of the plan without each part."""
    scale = plan_quality.scale_of(task, cache)
    return {
        part: statistics.fmean(
            scale.regret(min(plan_quality.run_errors(task, change(_plan(task, trials, seed, numbers)), seed)))
            for seed in range(seeds)
        )
        for part, (numbers, change) in {"whole": ({}, _whole), **PARTS}.items()
    }


def _plan(task: Task, trials: int, seed: int, numbers: Numbers) -> advisor.Plan:
    """The plan with other numbers of policies."""
    if not numbers:
        return advisor.advise(public_tasks.spec_of(task, trials), seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        overlay = {"policies": {name: {"values": {**values}} for name, values in numbers.items()}}
        Path(folder, "_shared.yaml").write_text(yamlio.dump(overlay))
        return advisor.advise(public_tasks.spec_of(task, trials, knowledge=[folder]), seed=seed)


def _shown(more: Sequence[float]) -> str:
    mean = curves.interval(more)
    tie = plan_quality.TIE
    worse, better = sum(gap > tie for gap in more), sum(gap < -tie for gap in more)
    return f"{mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f}) | {worse}-{len(more) - worse - better}-{better}"


if __name__ == "__main__":
    main()
