"""Whether a refined plan finds more than the plan as it was, on public trials; and whether noise is left alone.

    python benchmarks/refinement.py [--quick] [--only tasks,noise] [--part judge] [--tasks 6] [--seeds 2] [--cache DIR]

A run of 30 trials is followed by 30 more: with the plan that ``advisor.refine`` makes, which knows the trials before
it; with the last stage going on; with the last stage begun anew; and with Optuna's default sampler over the person's
whole space, which is told the trials too. In the place of both runs there are a plan that was made for 60 trials, and
Optuna alone for 60. Regret is the error above the best that is known of the task, as a share of
what the median random configuration has. Intervals (95 %) are over tasks. Of noise 200 data sets of 15 to 100 trials
are refined, random and by TPE, and it is counted how often any range narrows or any parameter is held.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import curves
import public_tasks
from public_tasks import Config, Scale, Task
from rivals import RIVALS, suggested

import advisor
from advisor.importance import TooFewTrials
from advisor.plan import Narrowing
from advisor.refining import NothingLeft

SCENARIOS: Final = ("rbv2_xgboost", "rbv2_svm", "rbv2_ranger", "rbv2_rpart", "lcbench", "hpobench_mlp")
HALF: Final = 30
TIE: Final = 0.005
"""Regrets that differ by no more are equal."""
OURS: Final = "refined"
WHOLE: Final = ("plan of 60", "flat Optuna")
"""What begins from nothing, with 60 trials of its own."""
NOISY: Final = (15, 25, 50, 100)
DATA_SETS: Final = 200


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two tasks a scenario, one seed, 24 data sets of noise")
    parser.add_argument("--only", default="tasks,noise", help="parts, with commas between")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="names, with commas between")
    parser.add_argument("--part", choices=("judge", "choose"), default="judge")
    parser.add_argument("--tasks", type=int, default=6, help="so many a scenario at most")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="a folder that keeps the runs that refining does not change")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if "noise" in given.only:
        print_noise(24 if given.quick else DATA_SETS)
    if "tasks" not in given.only:
        return
    if why := public_tasks.missing():
        print(f"skipped: {why}")
        return
    seeds = range(1 if given.quick else given.seeds)
    found = []
    for scenario in given.scenarios.split(","):
        names = public_tasks.names(scenario, given.part, 2 if given.quick else given.tasks)
        here = [_continued(scenario, name, seeds, given.cache) for name in names]
        print_table(scenario, here)
        found += here
    print_table("all", found)


# Runs


class Continued(NamedTuple):
    """One task: the regret after 30 trials, and after 60 by each way of going on, each the mean over seeds."""

    name: str
    begun: float
    ways: Mapping[str, float]
    stopped: int


def _continued(scenario: str, name: str, seeds: Sequence[int], cache: Path | None) -> Continued:
    task = public_tasks.opened(scenario, name)
    folder = cache / scenario / name if cache is not None else None
    scale = Scale(*public_tasks.kept(folder, "scale", lambda: list(public_tasks.scale(task))))
    begun, ways, stopped = [], [], 0
    for seed in seeds:
        plan, trials, rivals = _first_half(task, seed, folder)
        best = min(trial.value for trial in trials if trial.value is not None)
        errors = _refined(task, plan, trials, seed)
        stopped += not errors
        begun.append(scale.regret(best))
        ends = {OURS: errors, **rivals}
        ways.append({n: scale.regret(min(more if n in WHOLE else [best, *more])) for n, more in ends.items()})
    means = {name: statistics.fmean(each[name] for each in ways) for name in ways[0]}
    return Continued(f"{scenario}/{name}", statistics.fmean(begun), means, stopped)


def _first_half(
    task: Task, seed: int, folder: Path | None
) -> tuple[advisor.Plan, list[advisor.Trial], dict[str, list[float]]]:
    """The plan, its 30 trials, and what the rivals find."""
    plan = advisor.advise(public_tasks.spec_of(task, HALF), seed=seed)
    trials = public_tasks.kept(folder, f"trials-{seed}", lambda: [one.to_data() for one in _trials(task, plan, seed)])
    ways: Mapping[str, Callable[[], list[float]]] = {
        "goes on": lambda: _errors(_trials(task, _going_on(plan), seed)),
        "begun anew": lambda: _errors(_trials(task, _begun_anew(plan), seed)),
        "Optuna goes on flat": lambda: _flat(task, known, seed),
        "plan of 60": lambda: _errors(_trials(task, advisor.advise(public_tasks.spec_of(task, 2 * HALF)), seed)),
        "flat Optuna": lambda: RIVALS["tpe"].search(task, 2 * HALF, seed, None),
    }
    known = [advisor.Trial.model_validate(one) for one in trials]
    found = {name: public_tasks.kept(folder, f"{name.replace(' ', '-')}-{seed}", run) for name, run in ways.items()}
    return plan, known, found


def _trials(
    task: Task, plan: advisor.Plan, seed: int, earlier: Sequence[advisor.Trial] = ()
) -> Sequence[advisor.Trial]:
    def objective(config: Config) -> float:
        return task(public_tasks.completed(task, config))

    return advisor.run(plan, objective, seed=seed, earlier=earlier).trials


def _errors(trials: Iterable[advisor.Trial]) -> list[float]:
    return [trial.value if trial.value is not None else float("inf") for trial in trials]


def _flat(task: Task, known: Sequence[advisor.Trial], seed: int) -> list[float]:
    """What Optuna's default sampler finds in 30 trials over the whole space once it is told those that were made."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for trial in known:
        fixed = optuna.trial.FixedTrial(public_tasks.completed(task, trial.config))
        suggested(fixed, task.space)
        study.add_trial(
            optuna.trial.create_trial(params=fixed.params, distributions=fixed.distributions, value=trial.value)
        )
    study.optimize(lambda trial: task(suggested(trial, task.space)), n_trials=HALF)
    return [float(trial.value or 0.0) for trial in study.trials[len(known) :]]


def _going_on(plan: advisor.Plan) -> advisor.Plan:
    """The plan with 30 trials more in its last stage."""
    *earlier, last = plan.stages
    longer = last.having(trials=last.trials + HALF)
    return plan.having(stages=(*earlier, longer), budget=plan.budget.having(trials=2 * HALF))


def _begun_anew(plan: advisor.Plan) -> advisor.Plan:
    """The last stage by itself, with another seed."""
    last = plan.stages[-1]
    sampler = last.sampler.having(seed=last.sampler.seed + 1000)
    return plan.having(stages=(last.having(id=1, trials=HALF, sampler=sampler, narrow=Narrowing()),))


def _refined(task: Task, plan: advisor.Plan, trials: Sequence[advisor.Trial], seed: int) -> list[float]:
    """The errors of the refined plan; none where it says that nothing is left."""
    try:
        spec = public_tasks.spec_of(task, HALF)
        refined = advisor.refine(plan, trials, budget=HALF, seed=seed, spec=spec)
    except NothingLeft:
        return []
    return _errors(_trials(task, refined, seed, trials))


# Tables


def print_table(scenario: str, found: Sequence[Continued]) -> None:
    """What each way of going on reached, and how much more than refining it regrets."""
    begun = _shown(curves.interval([one.begun for one in found]))
    print(f"\n## {scenario}: {len(found)} tasks; regret at {HALF}: {begun}; {sum(o.stopped for o in found)} stopped\n")
    print(f"| way | regret at {2 * HALF} | more than refined | refined wins, ties, loses |")
    print("| --- | --- | --- | --- |")
    ours = {one.name: one.ways[OURS] for one in found}
    for way in found[0].ways:
        theirs = {one.name: one.ways[way] for one in found}
        gaps = curves.interval([theirs[name] - value for name, value in ours.items()])
        record = "-".join(map(str, curves.record(ours, theirs, TIE)))
        compared = f"{_shown(gaps)} | {record}" if way != OURS else "|"
        print(f"| {way} | {_shown(curves.interval([*theirs.values()]))} | {compared} |", flush=True)


def _shown(figure: curves.Interval) -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"


# Noise


def print_noise(data_sets: int) -> None:
    """In how many data sets of noise something changes."""
    print("| noise | data sets | changed | share |\n| --- | --- | --- | --- |")
    for how in ("random", "tpe"):
        changed = [_is_changed(*each) for each in _noise(how, data_sets // 2)]
        print(f"| {how} | {len(changed)} | {sum(changed)} | {sum(changed) / len(changed):.3f} |", flush=True)


def _noise(how: str, data_sets: int) -> Iterator[tuple[advisor.Plan, Sequence[advisor.Trial], int]]:
    for seed in range(data_sets):
        plan = _of_one_stage(NOISY[seed % len(NOISY)], how)
        chance = Random(seed)  # noqa: S311 - no secret
        yield plan, advisor.run(plan, lambda _, chance=chance: chance.random(), seed=seed, confirm=False).trials, seed


def _of_one_stage(trials: int, how: str) -> advisor.Plan:
    """A plan of one stage, so that its trials are chosen in one way."""
    family, space = NOISE_SPACE
    spec = {
        "version": 1,
        "model": {"family": family},
        "objective": {"metric": "loss", "direction": "minimize"},
        "budget": {"trials": trials},
        "space": space,
        "scope": "closed",
    }
    plan = advisor.advise(advisor.Spec.model_validate(spec))
    sampler = plan.stages[-1].sampler.having(name=how, startup=10)
    last = plan.stages[-1].having(id=1, trials=trials, sampler=sampler, narrow=Narrowing(), start=(), start_why=())
    return plan.having(stages=(last,))


NOISE_SPACE: Final[tuple[str, Mapping[str, Config]]] = (
    "xgboost",
    {
        "learning_rate": {"low": 0.001, "high": 1.0, "log": True, "role": "tune"},
        "max_depth": {"low": 1, "high": 16, "role": "tune"},
        "min_child_weight": {"low": 1, "high": 100, "log": True, "role": "tune"},
        "subsample": {"low": 0.1, "high": 1.0, "role": "tune"},
        "colsample_bytree": {"low": 0.1, "high": 1.0, "role": "tune"},
        "reg_lambda": {"low": 0.001, "high": 1000.0, "log": True, "role": "tune"},
        "grow_policy": {"choices": ["depthwise", "lossguide"], "role": "tune"},
    },
)


def _is_changed(plan: advisor.Plan, trials: Sequence[advisor.Trial], seed: int) -> bool:
    """Whether a plan refined on noise searches anything else, or elsewhere."""
    try:
        refined = advisor.refine(plan, trials, budget=HALF, seed=seed)
    except TooFewTrials:
        return False
    except NothingLeft:
        return True
    old = {name: searched.domain for name, searched in plan.stages[-1].search.items()}
    return any({n: s.domain for n, s in stage.search.items()} != old for stage in refined.stages)


if __name__ == "__main__":
    main()
