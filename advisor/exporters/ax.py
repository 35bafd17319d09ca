"""Ax: a Python module that needs nothing but Ax.

https://ax.dev/docs/api/client. Ax has values of one type only and no None, so other choices get words that stand for
them. Its ``step_size`` must divide the range and adds steps up inexactly, so a grid is written as its values. Its
``dependent_parameters`` allow a parameter below one value of one parent only, so Ax draws everything and the module
leaves out what has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.exporters._flat import CONFIG, drawn, tables, word, written
from advisor.exporters._python import bracketed, element, listed, literal, mapping, quoted, remark, several, stub, table
from advisor.exporters._writing import (
    Loss,
    after_the_search,
    comment,
    default,
    idle,
    lost_grid,
    needs,
    starts,
    unkept_constraints,
    why,
)
from advisor.plan import Plan, Searched, Stage
from advisor.space import Numeric, Value

SUFFIX = ".py"
COMMENTS = True
STAGES = False

_CONFIGS = ("ChoiceParameterConfig", "RangeParameterConfig")
_TYPES = {bool: "bool", int: "int", float: "float", str: "str"}
_IMPORTS = """from ax.api.client import Client
from ax.api.configs import {names}
"""
_RUN = '''
def run(objective):
    """Search and return the client."""
    client = Client(random_seed={seed})
    client.configure_experiment(parameters=PARAMETERS)
    client.configure_optimization(objective="{sign}score")
    client.configure_generation_strategy(
{strategy}    )
    for number in range({trials}):
        if number < len(STARTS):
            index, drawn = client.attach_trial(STARTS[number]), STARTS[number]
        else:
            ((index, drawn),) = client.get_next_trials(max_trials=1).items()
        client.complete_trial(index, raw_data={{"score": objective(config(drawn))}})
    return client

{config}

if __name__ == "__main__":
    run(objective)
'''


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What the module does not do of the stage."""
    (stage,) = stages
    yield from idle(stage)
    for name, searched in stage.search.items():
        needed = needs(stage, name)
        if needed:
            yield Loss(what=f"the condition of {name} in what Ax draws", instead="config leaves it out afterwards")
        if needed is not None and isinstance(searched.domain, Numeric):
            yield from lost_grid(name, searched.domain)
    if not drawn(stage):
        yield Loss(what="a search of single values", instead="Ax has nothing to search", changes_meaning=True)
    yield from unkept_constraints(plan, stage, "not expressed; return a bad score where it does not hold")
    yield from starts(plan, stage)[1]
    if stage.sampler.name in {"tpe", "random"}:
        instead = "Ax's Bayesian optimization" if stage.sampler.name == "tpe" else "quasi-random points"
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="every trial runs to its end")
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module that searches the stage."""
    (stage,) = stages
    parameters = "".join(
        remark(why(searched), "    ") + _parameter(n, searched) for n, searched in drawn(stage).items()
    )
    names = [name for name in _CONFIGS if f" {name}(" in parameters]
    title = '"""A search. Replace objective below, then run this file."""'
    head = f"{comment(plan, stages, losses)}{title}\n\n{_IMPORTS.format(names=', '.join(names or _CONFIGS))}"
    data = "\n".join([bracketed("PARAMETERS = [", parameters, "]"), *tables(stage), _starts(plan, stage)])
    blocks = (head, stub(plan.objective.metric), data, _run(plan, stage))
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


# Parameters


def _parameter(name: str, searched: Searched) -> str:
    domain = searched.domain
    values = written(domain)
    if values is None:
        assert isinstance(domain, Numeric)  # noqa: S101 - choices have values
        kind = int if domain.integer else float
        ends = [f"bounds={several((kind(domain.low), kind(domain.high)))}", f'parameter_type="{kind.__name__}"']
        scale = ['scaling="log"'] if domain.log else []
        return element("RangeParameterConfig(", [f"name={quoted(name)}", *ends, *scale], ")")
    words = [word(domain, value) for value in values]
    arguments = [f"name={quoted(name)}", f"values={listed(words)}", f'parameter_type="{_TYPES[type(words[0])]}"']
    ordered = isinstance(domain, Numeric) or domain.ordered
    return element("ChoiceParameterConfig(", [*arguments, f"is_ordered={ordered}"], ")")


def _starts(plan: Plan, stage: Stage) -> str:
    """Known configurations; Ax wants each parameter in each, so what has no effect is at its default."""
    lines = []
    for point in starts(plan, stage)[0]:
        full = {name: word(one.domain, point.get(name, default(one))) for name, one in drawn(stage).items()}
        lines.append(f"{mapping(full)},")
    return table("STARTS = [", list(dict.fromkeys(lines)), "]")


def _run(plan: Plan, stage: Stage) -> str:
    arguments: dict[str, Value] = {"initialization_random_seed": stage.sampler.seed, "initialize_with_center": False}
    if stage.sampler.name in {"random", "quasi-random"}:
        arguments = {"method": "random_search", **arguments}
    else:
        arguments = {"initialization_budget": max(stage.sampler.startup, 1), **arguments}
    strategy = "".join(f"        {name}={literal(value)},\n" for name, value in arguments.items())
    sign = "-" if plan.objective.direction == "minimize" else ""
    return _RUN.format(seed=stage.sampler.seed, sign=sign, strategy=strategy, trials=stage.trials, config=CONFIG)
