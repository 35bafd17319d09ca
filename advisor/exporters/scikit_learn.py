"""scikit-learn: ``param_distributions`` for its randomised searches, as a Python module.

https://scikit-learn.org/stable/modules/grid_search.html. Conditional parameters become a list of disjoint spaces, and
keys are the estimator's own arguments. Ranges are distributions of ``scipy.stats``, which has no whole numbers on a
logarithmic scale; a class of a few lines has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

from advisor.exporters._python import listed, literal, quoted, remark, table
from advisor.exporters._writing import (
    MOST_VALUES,
    Loss,
    comment,
    grid,
    is_plain,
    lost_grid,
    needs,
    short_grid,
    unkept_constraints,
    why,
)
from advisor.plan import Held, Plan, Stage
from advisor.space import Choice, Numeric, Value, same

SUFFIX = ".py"
STAGES = False
COMMENTS = True
ALIASES = ("sklearn",)

_MOST_BRANCHES = 100
_LOG_INTEGERS = '''

class LogIntegers:
    """Whole numbers from low to high, both included, evenly spread on a logarithmic scale."""

    def __init__(self, low, high):
        self.reals = loguniform(low, high + 1)

    def rvs(self, random_state=None):
        return int(self.reals.rvs(random_state=random_state))
'''


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What scikit-learn's searches cannot express of the stages."""
    (stage,) = stages
    yield from unkept_constraints(plan, stage, "scikit-learn has none; such a fit may fail, which error_score allows")
    if plan.stages[0].start:
        yield Loss(what="known configurations to start from", instead="fit them yourself before the search")
    if stage.sampler.name in {"tpe", "gp"}:
        yield Loss(what=f"the sampler {stage.sampler.name}", instead="RandomizedSearchCV draws at random")
    for name, searched in stage.search.items():
        yield from lost_grid(name, searched.domain, math.inf if searched.type == "int" else MOST_VALUES)
    if not _is_branched(stage):
        yield Loss(
            what=f"conditions on {', '.join(_parents(stage))}",
            instead="all are searched always, also where they have no effect",
            changes_meaning=True,
        )


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A module with ``param_distributions``."""
    (stage,) = stages
    spaces = [_space(stage, dict(branch)) for branch in (_branches(stage) if _is_branched(stage) else [()])]
    body = table("param_distributions = [", [line for space in spaces for line in ("{", *space, "},")], "]")
    log_integers = _LOG_INTEGERS if "LogIntegers(" in body else ""
    names = [
        name for name in ("loguniform", "randint", "uniform") if f": {name}(" in body or f"= {name}(" in log_integers
    ]
    imports = f"from scipy.stats import {', '.join(names)}\n" if names else ""
    gap = "\n\n" if log_integers else "\n"
    return (
        f"{comment(plan, stages, losses)}\n{imports}{log_integers}{gap}{body}\n"
        "# RandomizedSearchCV(estimator, param_distributions, "
        f'n_iter={stage.trials}, random_state={stage.sampler.seed}, error_score=float("nan"))\n'
    )


def _parents(stage: Stage) -> list[str]:
    return list(dict.fromkeys(parent for name in stage.entries for parent in needs(stage, name) or ()))


def _is_branched(stage: Stage) -> bool:
    """Whether a list of disjoint spaces can say on which values others depend."""
    return not any(_is_endless(stage, parent) for parent in _parents(stage)) and len(_branches(stage)) <= _MOST_BRANCHES


def _is_endless(stage: Stage, parent: str) -> bool:
    """Whether a parent has values that no list can hold."""
    domain = stage.search[parent].domain
    return isinstance(domain, Numeric) and domain.step is None and not domain.integer


def _branches(stage: Stage) -> list[tuple[tuple[str, Value], ...]]:
    """Every combination of values of the parents on which others depend; one, empty, where nothing has parents."""
    domains = {parent: stage.search[parent].domain for parent in _parents(stage)}
    choices = [
        [(parent, value) for value in islice(_values(domain), _MOST_BRANCHES + 1)] for parent, domain in domains.items()
    ]
    return list(islice(product(*choices), _MOST_BRANCHES + 1))


def _values(domain: Choice | Numeric) -> Iterable[Value]:
    if isinstance(domain, Choice):
        return domain.choices
    return _whole(domain) if domain.integer else grid(domain)


def _whole(domain: Numeric) -> range:
    return range(int(domain.low), int(domain.high) + 1, int(domain.step or 1))


def _space(stage: Stage, branch: Mapping[str, Value]) -> list[str]:
    """The lines of one space: parents at one value, and what has an effect beside them."""
    lines = []
    for name, entry in stage.entries.items():
        if not _is_active(stage, name, branch):
            continue
        if isinstance(entry, Held):
            found = listed([entry.value])
        else:
            found = listed([branch[name]]) if name in branch else _distribution(entry.domain)
            lines += [line[4:] for line in remark(why(entry), " " * 8).splitlines()]
        lines.append(f"    {quoted(entry.argument or name)}: {found},")
    return lines


def _is_active(stage: Stage, name: str, branch: Mapping[str, Value]) -> bool:
    wanted = needs(stage, name)
    return wanted is not None and all(
        parent not in branch or any(same(branch[parent], value) for value in values)
        for parent, values in wanted.items()
    )


def _distribution(domain: Choice | Numeric) -> str:
    if isinstance(domain, Choice):
        return listed(domain.choices)
    if domain.integer and not is_plain(domain):
        return repr(_whole(domain))
    if (values := short_grid(domain)) is not None:
        return listed(values)
    if domain.integer and domain.log:
        return f"LogIntegers({int(domain.low)}, {int(domain.high)})"
    if domain.integer:
        return f"randint({int(domain.low)}, {int(domain.high) + 1})"
    if domain.log:
        return f"loguniform({literal(float(domain.low))}, {literal(float(domain.high))})"
    return f"uniform({literal(float(domain.low))}, {literal(float(domain.high - domain.low))})"
