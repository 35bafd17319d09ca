"""Ray Tune with Optuna: a module whose search asks Optuna, which knows conditions, and trains where Ray does.

https://docs.ray.io/en/latest/tune/api/suggestion.html. It is one search, of one stage or of everything: OptunaSearch
takes earlier results only for spaces without conditions, so a later stage could learn nothing from an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.exporters import _define_by_run, _ray_tune
from advisor.exporters._python import call, mapping, quoted
from advisor.exporters._writing import Loss, after_the_search, comment, starts, unkept_constraints
from advisor.plan import Plan, Stage

SUFFIX = ".py"
STAGES = False
COMMENTS = True
ALIASES = ("ray-optuna", "raytune-optuna", "optunasearch")

_IMPORTS = ("import optuna", "from ray import tune", "from ray.tune.search.optuna import OptunaSearch")


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What OptunaSearch cannot express of the stages."""
    (stage,) = stages
    for name, searched in stage.search.items():
        yield from _define_by_run.losses(name, searched.domain)
    for name in stage.entries:
        if "/" in name:
            instead = "Ray makes a dict of what stands before the slash"
            yield Loss(what=f"the name {name}", instead=instead, changes_meaning=True)
    if stage.sampler.name == "quasi-random":
        yield Loss(what="quasi-random points", instead="random ones, which need no scipy")
    yield from _define_by_run.losses_of_gaussian_process(stage, "Ray")
    yield from starts(plan, stage)[1]
    yield from unkept_constraints(plan, stage, _ray_tune.UNKEPT)
    yield from _ray_tune.losses(plan)
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module that runs the search."""
    stage = _define_by_run.of_what_acts(stages[0])
    quiet = "group=True" in _define_by_run.sampler(stage, "")
    sampler = _define_by_run.sampler(stage, " " * 8 if quiet else " " * 4)
    extra = [*(["import warnings"] if quiet else []), *([_define_by_run.FIND_SPEC] if "find_spec" in sampler else [])]
    points = [mapping(point) for point in starts(plan, stage)[0][: stage.trials]]
    main = _ray_tune.main(
        plan,
        stage,
        search=_search(plan, sampler, quiet=quiet),
        tuner=["train"],
        best="best.config",
        limit=f"max_concurrent_trials={plan.budget.parallel}",
    )
    blocks = [
        comment(plan, stages, losses) + _ray_tune.head(plan, [*_IMPORTS, *extra]),
        _define_by_run.function("suggest", stage),
        _ray_tune.start_list(points),
        main,
    ]
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


def _search(plan: Plan, sampler: str, *, quiet: bool) -> str:
    mode = f"mode={quoted(plan.objective.direction[:3])}"
    arguments = ["suggest", "metric=METRIC", mode, "points_to_evaluate=STARTS", "sampler=sampler"]
    search = call("search = OptunaSearch(", arguments, ")", "    ")
    if not quiet:
        return f"{sampler}{search}"
    return (
        "    with warnings.catch_warnings():\n"
        '        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)\n'
        f"{sampler}{search}"
    )
