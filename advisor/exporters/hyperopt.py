"""Hyperopt: a Python module that needs nothing but Hyperopt.

https://hyperopt.github.io/hyperopt/. Its ``q`` distributions count multiples of q from 0 and give floats, its
``randint`` ends before its upper bound, and its logarithmic ones take exponents; small functions in the text take the
plan's own ends. A condition is a switch on the choice of the parent, so that a configuration stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from advisor.exporters import _hyperopt_text as text
from advisor.exporters._python import bracketed, element, listed, literal, quoted, remark, stub, table
from advisor.exporters._writing import (
    MOST_VALUES,
    Loss,
    after_the_search,
    comment,
    idle,
    is_plain,
    needs,
    short_grid,
    starts,
    unkept_constraints,
    why,
)
from advisor.plan import Plan, Stage
from advisor.space import Choice, Numeric, Value, grid_size, is_single, middle, same

SUFFIX = ".py"
COMMENTS = True
STAGES = False


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What the module does not do of the stage."""
    (stage,) = stages
    yield from idle(stage)
    for name, searched in stage.search.items():
        if needs(stage, name) is not None:
            yield from _of_domain(stage, name, searched.domain)
    yield from unkept_constraints(plan, stage, 'Hyperopt has none; return {"status": "fail"} where it does not hold')
    points, lost = starts(plan, stage)
    yield from lost
    if len(points) >= stage.trials:
        what = f"known configurations beyond the first {stage.trials - 1}"
        yield Loss(what=what, instead="left out; Hyperopt runs them beside one trial of its own or more")
    if stage.sampler.name in {"gp", "quasi-random"}:
        instead = "TPE" if stage.sampler.name == "gp" else "random points"
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="every trial runs to its end")
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module that searches the stage."""
    (stage,) = stages
    space, parents = _space(stage), _choices(stage)
    functions = {"when(": text.WHEN, "whole(": text.WHOLE, "whole_log(": text.WHOLE_LOG, "ordered(": text.ORDERED}
    used = [function for opening, function in functions.items() if f" {opening}" in space]
    tables = f"{parents}{bracketed('space = {', space, '}')}\n{_starts(plan, stage)}"
    blocks = [_head(plan, stage, losses, space), *used, tables, _run(plan, stage)]
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


# Losses


def _of_domain(stage: Stage, name: str, domain: Choice | Numeric) -> Iterator[Loss]:
    is_parent = any(name in (needs(stage, child) or {}) for child in stage.entries)
    has_order = isinstance(domain, Numeric) or domain.ordered
    if is_parent and _values(stage, name) is None:
        instead = "what depends on it is searched always, and no known configuration is run"
        yield Loss(what=f"conditions on {name}", instead=instead, changes_meaning=True)
    elif is_parent and has_order and not is_single(domain):
        yield Loss(what=f"the order of {name}, on which others depend", instead="its values are drawn evenly")
    elif isinstance(domain, Numeric) and domain.log and not is_plain(domain):
        yield Loss(what=f"the log scale of {name}", instead="the values of its grid are drawn evenly")


# The head and the run


def _head(plan: Plan, stage: Stage, losses: tuple[Loss, ...], space: str) -> str:
    title = '"""A search. Replace objective below, then run this file."""'
    return f"{comment(plan, [stage], losses)}{title}\n\n{_imports(plan, stage, space)}\n\n{stub(plan.objective.metric)}"


def _imports(plan: Plan, stage: Stage, space: str) -> str:
    uses_scope = " when(" in space or " whole_log(" in space
    pyll = [*(["as_apply"] if " ordered(" in space else []), *(["scope"] if uses_scope else [])]
    standard = ["import math"] if "math.log(" in space or " whole_log(" in space else []
    standard += [] if _is_random(stage) else ["from functools import partial"]
    lines = [*standard, *([""] if standard else []), "import numpy as np"]
    lines += [f"from hyperopt import Trials, fmin, hp, {'rand' if _is_random(stage) else 'tpe'}"]
    lines += ["from hyperopt.fmin import generate_trial"] if _points(plan, stage) else []
    lines += [f"from hyperopt.pyll import {', '.join(pyll)}"] if pyll else []
    return "".join(f"{line}\n" for line in lines)


def _is_random(stage: Stage) -> bool:
    return stage.sampler.name in {"random", "quasi-random"}


def _run(plan: Plan, stage: Stage) -> str:
    algorithm = "rand.suggest" if _is_random(stage) else f"partial(tpe.suggest, n_startup_jobs={stage.sampler.startup})"
    sign = "-" if plan.objective.direction == "maximize" else ""
    starts_there = bool(_points(plan, stage))
    return text.RUN.format(
        known="known()" if starts_there else "Trials()",
        trials=f"{stage.trials} - len(STARTS)" if starts_there else stage.trials,
        sign=sign,
        algorithm=algorithm,
        seed=stage.sampler.seed,
    )


# The space


def _parents(stage: Stage) -> list[str]:
    """What others depend on and can be written as a choice, each after those that it depends on itself."""
    found = dict.fromkeys(parent for name in stage.entries for parent in needs(stage, name) or {})
    return [name for name in found if _values(stage, name) is not None]


def _values(stage: Stage, name: str) -> Sequence[Value] | None:
    """The values of a parameter one by one; None where they are too many."""
    domain = stage.search[name].domain
    if isinstance(domain, Choice):
        return domain.choices
    if is_plain(domain) and not domain.integer:
        return (domain.low,) if is_single(domain) else None
    if not is_plain(domain):
        return short_grid(domain)
    values = range(int(domain.low), int(domain.high) + 1)
    return values if len(values) <= MOST_VALUES else None


def _choices(stage: Stage) -> str:
    lines = "".join(_entry(name, _choice(name, _values(stage, name) or ())) for name in _parents(stage))
    return f"# What others depend on.\n{bracketed('PARENTS = {', lines, '}')}\n" if lines else ""


def _space(stage: Stage) -> str:
    parents = _parents(stage)
    lines = []
    for name in stage.entries:
        needed = needs(stage, name)
        if needed is None:
            continue
        if name in stage.search:
            lines.append(remark(why(stage.search[name]), "    "))
            node = (f"PARENTS[{quoted(name)}]",) if name in parents else _node(name, stage.search[name].domain)
        else:
            node = (literal(stage.fixed[name].value),)
        lines.append(_entry(name, _beside(stage, {p: needed[p] for p in parents if p in needed}, node)))
    return "".join(lines)


def _beside(stage: Stage, needed: Mapping[str, Sequence[Value]], node: Sequence[str]) -> Sequence[str]:
    """The node beside values of its parents, spelled as the parents' own choices.

    All nodes have their parents in the same order: Hyperopt refuses switches that enclose each other both ways round.
    """
    if not needed:
        return node
    wanted = {
        p: [one for one in _values(stage, p) or () if any(_equal(one, v) for v in v_)] for p, v_ in needed.items()
    }
    inner = f"{node[0]}{', '.join(node[1:-1])}{node[-1]}" if len(node) > 1 else node[0]
    return "when(", f"{{{', '.join(f'{quoted(p)}: {listed(values)}' for p, values in wanted.items())}}}", inner, ")"


def _equal(one: Value, other: Value) -> bool:
    """Whether two values are the same; numbers of a grid may differ in their last digits."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other))
    return same(one, other)


def _entry(name: str, node: Sequence[str]) -> str:
    opening, *arguments, closing = (*node, "") if len(node) == 1 else node
    return element(f"{quoted(name)}: {opening}", arguments, closing)


def _node(name: str, domain: Choice | Numeric) -> Sequence[str]:
    """A call by its opening, its arguments and its closing, or a value alone."""
    label = quoted(name)
    if isinstance(domain, Choice):
        return ("ordered(", label, listed(domain.choices), ")") if domain.ordered else _choice(name, domain.choices)
    if is_single(domain):
        return (literal(middle(domain)),)
    if not is_plain(domain):
        return _grid(label, domain)
    low, high = literal(domain.low), literal(domain.high)
    if domain.integer:
        return "whole_log(" if domain.log else "whole(", label, str(int(domain.low)), str(int(domain.high)), ")"
    if domain.log:
        return "hp.loguniform(", label, f"math.log({low})", f"math.log({high})", ")"
    return "hp.uniform(", label, low, high, ")"


def _choice(name: str, values: Sequence[Value]) -> Sequence[str]:
    return "hp.choice(", quoted(name), listed(values), ")"


def _grid(label: str, domain: Numeric) -> Sequence[str]:
    """The values of real numbers, which steps would miss in their last digits; whole numbers by steps."""
    if not domain.integer and (values := short_grid(domain)) is not None:
        return "ordered(", label, listed(values), ")"
    low, step = (int(domain.low), int(domain.step or 1)) if domain.integer else (domain.low, domain.step)
    return f"{low!r} + {step!r} * whole(", label, "0", str(grid_size(domain) - 1), ")"


# Starts


def _points(plan: Plan, stage: Stage) -> list[dict[str, Value]]:
    """The known configurations that are run; Hyperopt runs them only beside one trial of its own or more."""
    return [] if _loses_conditions(stage) else starts(plan, stage)[0][: stage.trials - 1]


def _starts(plan: Plan, stage: Stage) -> str:
    points = _points(plan, stage)
    if not points:
        return ""
    names = [name for name in stage.search if needs(stage, name) is not None and not _is_settled(stage, name)]
    lines = []
    for point in points:
        drawn = {name: _drawn(stage, name, point[name]) if name in point else "None" for name in names}
        lines.append(f"{{{', '.join(f'{quoted(name)}: {value}' for name, value in drawn.items())}}},")
    note = "# Known configurations; of choices and grids the position, from 0, and None of what has no effect.\n"
    return f"{note}{table('STARTS = [', lines, ']')}\n{text.STARTS}"


def _loses_conditions(stage: Stage) -> bool:
    """Whether something is searched always that is not always active, so that known configurations lack it."""
    return any(_values(stage, parent) is None for name in stage.entries for parent in needs(stage, name) or {})


def _is_settled(stage: Stage, name: str) -> bool:
    """Whether nothing is drawn for a parameter."""
    domain = stage.search[name].domain
    return isinstance(domain, Numeric) and is_single(domain) and name not in _parents(stage)


def _drawn(stage: Stage, name: str, value: Value) -> str:
    """What Hyperopt draws where a parameter has the value."""
    domain = stage.search[name].domain
    if isinstance(domain, Choice) or not is_plain(domain) or name in _parents(stage):
        values = _values(stage, name)
        if values is None:
            assert isinstance(domain, Numeric)  # noqa: S101 - choices have values
            return str(round((float(value or 0) - domain.low) / float(domain.step or 1)))
        return str(next(index for index, one in enumerate(values) if _equal(one, value)))
    return str(int(value or 0)) if domain.integer else literal(value)
