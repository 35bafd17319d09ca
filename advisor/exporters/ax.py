"""Ax: a Python module that needs nothing but Ax.

https://ax.dev/docs/api/client. Ax has values of one type only and no None, so other choices get words that stand for
them. Its ``step_size`` must divide the range and adds steps up inexactly, so a grid is written as its values. Its
``dependent_parameters`` allow a parameter below one value of one parent only, so Ax draws everything and the module
leaves out what has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.exporters._python import bracketed, element, listed, literal, mapping, quoted, remark, several, stub, table
from advisor.exporters._writing import (
    MOST_VALUES,
    Loss,
    after_the_search,
    comment,
    default,
    grid,
    idle,
    is_plain,
    needs,
    starts,
    unkept_constraints,
    why,
)
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, is_single, middle, same

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


def config(drawn):
    """What has an effect of what was drawn, and what is held."""
    known = {{name: WORDS.get(name, {{}}).get(value, value) for name, value in drawn.items()}} | HELD
    return {{name: value for name, value in known.items() if has_effect(name, known)}}


def has_effect(name, known):
    """Whether others have values beside which a setting has an effect."""
    wanted = CONDITIONS.get(name, {{}}).items()
    return all(repr(known[parent]) in map(repr, values) for parent, values in wanted)


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
            yield from _of_range(name, searched.domain)
    if not _drawn(stage):
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
        remark(why(searched), "    ") + _parameter(n, searched) for n, searched in _drawn(stage).items()
    )
    names = [name for name in _CONFIGS if f" {name}(" in parameters]
    title = '"""A search. Replace objective below, then run this file."""'
    head = f"{comment(plan, stages, losses)}{title}\n\n{_IMPORTS.format(names=', '.join(names or _CONFIGS))}"
    tables = [bracketed("PARAMETERS = [", parameters, "]"), *_tables(stage), _starts(plan, stage)]
    return "\n\n".join(
        block.strip("\n") + "\n" for block in (head, stub(plan.objective.metric), "\n".join(tables), _run(plan, stage))
    )


def _of_range(name: str, domain: Numeric) -> Iterator[Loss]:
    if is_plain(domain):
        return
    if len(grid(domain) or ()) > MOST_VALUES:
        yield Loss(what=f"the step of {name}", instead="all values between are searched", changes_meaning=True)
    elif domain.log:
        yield Loss(what=f"the log scale of {name}", instead="the values of its grid are searched alike")


# Parameters


def _drawn(stage: Stage) -> dict[str, Searched]:
    """What is searched, can have an effect and has more than one value."""
    found = stage.search.items()
    return {name: one for name, one in found if needs(stage, name) is not None and not is_single(one.domain)}


def _parameter(name: str, searched: Searched) -> str:
    domain = searched.domain
    values = _values(domain)
    if values is None:
        assert isinstance(domain, Numeric)  # noqa: S101 - choices have values
        kind = int if domain.integer else float
        ends = [f"bounds={several((kind(domain.low), kind(domain.high)))}", f'parameter_type="{kind.__name__}"']
        scale = ['scaling="log"'] if domain.log else []
        return element("RangeParameterConfig(", [f"name={quoted(name)}", *ends, *scale], ")")
    words = [_word(domain, value) for value in values]
    arguments = [f"name={quoted(name)}", f"values={listed(words)}", f'parameter_type="{_TYPES[type(words[0])]}"']
    ordered = isinstance(domain, Numeric) or domain.ordered
    return element("ChoiceParameterConfig(", [*arguments, f"is_ordered={ordered}"], ")")


def _values(domain: Choice | Numeric) -> Sequence[Value] | None:
    """The values that are written one by one; None for a range."""
    if isinstance(domain, Choice):
        return domain.choices
    values = None if is_plain(domain) else grid(domain)
    return None if values is None or len(values) > MOST_VALUES else values


def _needs_words(domain: Choice | Numeric) -> bool:
    """Whether choices are of several types, or None."""
    return isinstance(domain, Choice) and (None in domain.choices or len(set(map(type, domain.choices))) > 1)


def _word(domain: Choice | Numeric, value: Value) -> Value:
    """What Ax calls a value that is written."""
    if _needs_words(domain):
        return literal(value)
    if isinstance(domain, Choice):
        return value
    values = _values(domain)
    if values is None:
        return int(value or 0) if domain.integer else float(value or 0)
    return min(values, key=lambda one: abs(float(one or 0) - float(value or 0)))


# What is left of the plan


def _tables(stage: Stage) -> Iterator[str]:
    """What words stand for, what is held, and conditions."""
    words = [
        f"{quoted(name)}: {{{', '.join(f'{quoted(literal(one))}: {literal(one)}' for one in searched.choices or ())}}},"
        for name, searched in _drawn(stage).items()
        if _needs_words(searched.domain)
    ]
    yield f"# What a word stands for that Ax has in place of a value.\n{table('WORDS = {', words, '}')}"
    active = {name: entry for name, entry in stage.entries.items() if needs(stage, name) is not None}
    held = {name: _only(entry) for name, entry in active.items() if name not in _drawn(stage)}
    lines = [f"{quoted(name)}: {literal(value)}," for name, value in held.items()]
    yield table("HELD = {", lines, "}")
    conditions = [f"{quoted(name)}: {_condition(stage, name)}," for name in active if needs(stage, name)]
    yield f"# Values of others beside which a setting has an effect.\n{table('CONDITIONS = {', conditions, '}')}"


def _only(entry: Searched | Held) -> Value:
    return entry.value if isinstance(entry, Held) else middle(entry.domain)


def _condition(stage: Stage, name: str) -> str:
    wanted = {parent: _spelled(stage, parent, values) for parent, values in (needs(stage, name) or {}).items()}
    return f"{{{', '.join(f'{quoted(parent)}: {several(values)}' for parent, values in wanted.items())}}}"


def _spelled(stage: Stage, parent: str, values: Sequence[Value]) -> list[Value]:
    """The values as a configuration has them."""
    domain = stage.search[parent].domain
    if isinstance(domain, Choice):
        return [one for one in domain.choices if any(same(one, value) for value in values)]
    return [middle(domain) if is_single(domain) else _word(domain, value) for value in values]


def _starts(plan: Plan, stage: Stage) -> str:
    """Known configurations; Ax wants each parameter in each, so what has no effect is at its default."""
    lines = []
    for point in starts(plan, stage)[0]:
        drawn = {n: _word(one.domain, point.get(n, default(one))) for n, one in _drawn(stage).items()}
        lines.append(f"{mapping(drawn)},")
    return table("STARTS = [", list(dict.fromkeys(lines)), "]")


def _run(plan: Plan, stage: Stage) -> str:
    arguments: dict[str, Value] = {"initialization_random_seed": stage.sampler.seed, "initialize_with_center": False}
    if stage.sampler.name in {"random", "quasi-random"}:
        arguments = {"method": "random_search", **arguments}
    else:
        arguments = {"initialization_budget": max(stage.sampler.startup, 1), **arguments}
    strategy = "".join(f"        {name}={literal(value)},\n" for name, value in arguments.items())
    sign = "-" if plan.objective.direction == "minimize" else ""
    return _RUN.format(seed=stage.sampler.seed, sign=sign, strategy=strategy, trials=stage.trials)
