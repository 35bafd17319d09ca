"""Syne Tune: a configuration space and a scheduler, as a Python module.

https://syne-tune.readthedocs.io/en/latest/search_space.html. Its ranges include both ends, and a finite range counts
its values from the lower one. The values of a list have one type, and there are no conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.exporters._python import bracketed, element, listed, literal, mapping, quoted, remark, table
from advisor.exporters._writing import (
    Loss,
    after_the_search,
    comment,
    default,
    effective,
    idle,
    lost_grid,
    needs,
    of_gaussian_process,
    short_grid,
    starts,
    unkept_constraints,
    why,
)
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, is_single, middle, same

SUFFIX = ".py"
COMMENTS = True
STAGES = False

_FUNCTIONS = ("choice", "finrange", "lograndint", "loguniform", "ordinal", "randint", "uniform")
_SCHEDULERS = {"gp": "BOTorch", "tpe": "TPE", "random": "RandomSearch", "quasi-random": "RandomSearch"}


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What Syne Tune cannot express of the stage."""
    (stage,) = stages
    yield from idle(stage)
    for name, entry in effective(stage).items():
        if needs(stage, name):
            instead = "it is passed always, also where it has no effect"
            yield Loss(what=f"the condition of {name}", instead=instead, changes_meaning=name in stage.search)
        yield from _of_values(name, entry)
    yield from unkept_constraints(plan, stage, "Syne Tune has none; report a bad value where it does not hold")
    yield from starts(plan, stage)[1]
    if stage.sampler.name == "quasi-random":
        yield Loss(what="the sampler quasi-random", instead="random points")
    yield from of_gaussian_process(stage)
    if plan.pruning.advised:
        instead = "every trial runs to its end; its ASHA schedulers stop early"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A module with ``config_space``, ``points_to_evaluate`` and a function for the scheduler."""
    (stage,) = stages
    space = "".join(_entry(name, entry) for name, entry in effective(stage).items())
    names = [name for name in _FUNCTIONS if f": {name}(" in space]
    scheduler = _SCHEDULERS[stage.sampler.name]
    imports = f"from syne_tune.config_space import {', '.join(names)}\n" if names else ""
    points = table("points_to_evaluate = [", _points(plan, stage), "]")
    return (
        f"{comment(plan, stages, losses)}\n{imports}from syne_tune.optimizer.baselines import {scheduler}\n\n"
        f"{bracketed('config_space = {', space, '}')}\n{points}\n\n{_scheduler(plan, stage)}"
    )


def _of_values(name: str, entry: Searched | Held) -> Iterator[Loss]:
    values = [entry.value] if isinstance(entry, Held) else entry.choices or ()
    if len(set(map(type, values))) > 1:
        instead = "written as words, as Syne Tune has values of one type"
        yield Loss(what=f"the types of the choices of {name}", instead=instead, changes_meaning=True)
    elif any(value is None or isinstance(value, bool) for value in values):
        instead = "a script started from a command line gets words"
        yield Loss(what=f"the type of {name}, which may be None, True or False", instead=instead)
    if isinstance(entry, Searched):
        yield from lost_grid(name, entry.domain)


# The space


def _entry(name: str, entry: Searched | Held) -> str:
    if isinstance(entry, Held):
        return f"    {quoted(name)}: {literal(entry.value)},\n"
    opening, *arguments = _domain(entry.domain)
    return remark(why(entry), "    ") + element(f"{quoted(name)}: {opening}", arguments, ")" if arguments else "")


def _domain(domain: Choice | Numeric) -> Sequence[str]:
    """A call by its opening and its arguments, or a value alone."""
    if is_single(domain):
        return (literal(middle(domain)),)
    if isinstance(domain, Choice):
        written = listed(_written(domain))
        return ("ordinal(", written, 'kind="equal"') if domain.ordered else ("choice(", written)
    kind = int if domain.integer else float
    if values := short_grid(domain):
        whole = ["cast_int=True"] if domain.integer else []
        return "finrange(", literal(values[0]), literal(values[-1]), str(len(values)), *whole
    name = {int: "randint(", float: "uniform("}[kind]
    return f"log{name}" if domain.log else name, literal(kind(domain.low)), literal(kind(domain.high))


def _written(domain: Choice) -> list[Value]:
    is_mixed = len(set(map(type, domain.choices))) > 1
    return [one if isinstance(one, str) or not is_mixed else literal(one) for one in domain.choices]


def _points(plan: Plan, stage: Stage) -> list[str]:
    """Known configurations; Syne Tune wants each parameter in each, so what has no effect is at its default."""
    entries = effective(stage).items()
    searched = {name: one for name, one in entries if isinstance(one, Searched) and not is_single(one.domain)}
    lines = []
    for point in starts(plan, stage)[0]:
        full = {name: _one(one, point.get(name, default(one))) for name, one in searched.items()}
        lines.append(f"{mapping(full)},")
    return list(dict.fromkeys(lines))


def _one(searched: Searched, value: Value) -> Value:
    """A value as the space has it."""
    domain = searched.domain
    if isinstance(domain, Choice):
        return next(one for one, choice in zip(_written(domain), domain.choices, strict=True) if same(choice, value))
    return int(value or 0) if domain.integer else float(value or 0)


# The scheduler


def _scheduler(plan: Plan, stage: Stage) -> str:
    metric = quoted(plan.objective.metric)
    name = _SCHEDULERS[stage.sampler.name]
    lines = [
        "config_space,",
        f"metrics=[{metric}]," if name == "RandomSearch" else f"metric={metric},",
        f"do_minimize={plan.objective.direction == 'minimize'},",
        f"random_seed={stage.sampler.seed},",
        "points_to_evaluate=points_to_evaluate,",
    ]
    inside = "".join(f"        {line}\n" for line in lines)
    trials = f"max_num_trials_started={stage.trials}"
    return (
        'def scheduler():\n    """What proposes configurations to a Tuner."""\n'
        f"    return {name}(\n{inside}    )\n\n\n"
        f"# Tuner(backend, scheduler(), StoppingCriterion({trials}), n_workers={plan.budget.parallel})\n"
    )
