"""What the modules for Ray Tune share: their head, how trials are stopped, and how the search is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.exporters._python import call, quoted, table
from advisor.exporters._writing import Loss
from advisor.plan import Plan, Stage

UNKEPT = "Ray Tune has none; report a bad score where it does not hold"

_HEAD = '''"""A search with Ray Tune. Replace train below, then run this file."""

{imports}

METRIC = {metric}


def train(config: dict) -> None:
    """Train with the configuration and tell the score, once or as it grows: tune.report({{METRIC: score}})."""
    raise NotImplementedError("replace train(config): train with config and call tune.report({{METRIC: score}})")


'''
_END = """    return results


if __name__ == "__main__":
    main()
"""


def losses(plan: Plan) -> Iterator[Loss]:
    """What Ray cannot stop as the plan advises."""
    if plan.pruning.advised and plan.pruning.from_step is None:
        instead = "no trial is stopped; the plan does not know from which step"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)


def head(plan: Plan, imports: Sequence[str]) -> str:
    """The beginning of a module: what it imports and what is to be replaced."""
    name = _scheduler(plan)[0]
    lines = sorted([*imports, *([f"from ray.tune.schedulers import {name}"] if name else [])], key=_import_order)
    return _HEAD.format(imports="\n".join(lines), metric=quoted(plan.objective.metric))


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def start_list(points: Sequence[str]) -> str:
    """The known configurations."""
    remark = "# Known configurations, evaluated first.\n" if points else ""
    return remark + table("STARTS = [", [f"{point}," for point in points], "]")


def main(plan: Plan, stage: Stage, *, search: str, tuner: Sequence[str], best: str, limit: str = "") -> str:
    """The function that runs the search, from the lines that make ``search``, Tuner's arguments and the best one."""
    name, arguments = _scheduler(plan)
    mode = quoted(plan.objective.direction[:3])
    tuning = ["metric=METRIC", f"mode={mode}", f"num_samples={stage.trials}", "search_alg=search"]
    tuning += [limit] if limit else []
    tuning += ["scheduler=scheduler"] if name else []
    lines = [
        'def main(train=train):\n    """Run the search and return its results."""\n',
        search,
        f"    # Each call of tune.report is one step.\n    scheduler = {name}({arguments})\n" if name else "",
        call("tuning = tune.TuneConfig(", tuning, ")", "    "),
        call("results = tune.Tuner(", [*tuner, "tune_config=tuning"], ").fit()", "    "),
        "    best = results.get_best_result()\n",
        f'    print(f"best {{METRIC}} {{best.metrics[METRIC]:g}} with {{{best}}}")\n',
    ]
    return "".join(lines) + _END


def _scheduler(plan: Plan) -> tuple[str, str]:
    """What stops trials early, and its arguments; nothing where nothing is stopped."""
    first = plan.pruning.from_step
    if not plan.pruning.advised or first is None:
        return "", ""
    common = f'time_attr="training_iteration", grace_period={first}'
    if plan.pruning.method == "median":
        return "MedianStoppingRule", common
    # ASHA ends a trial at max_t, also one that could go on; the objective says itself how long a trial is.
    return "ASHAScheduler", f"{common}, max_t={max(10**6, 1000 * first)}"
