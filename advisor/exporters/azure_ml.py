"""Azure Machine Learning: a sweep job, as YAML.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-sweep. ``loguniform`` draws exp(uniform(min,
max)), so its bounds are exponents of e. Steps are multiples of q, so a grid is written as its values. Bayesian sampling
takes neither logarithmic ranges nor early termination. Nothing says how a command would get a nested choice, and none
is written for a condition. A trial gets text through a shell.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator
from typing import Any

from advisor import yamlio
from advisor.exporters._services import (
    held,
    is_random,
    lost_advice,
    lost_choices,
    lost_conditions,
    lost_types,
    searched,
    stops_early,
    text,
)
from advisor.exporters._writing import Loss, block, comment, is_plain, lost_grid, short_grid, why
from advisor.plan import Plan, Searched, Stage
from advisor.space import Choice, Numeric, is_number, shown_value, written

SUFFIX = ".yaml"
STAGES = False
COMMENTS = True
ALIASES = ("azure", "azureml")

_READ_BY_SHELLS = frozenset('"$`\\')
"""What means something to a shell between double quotes."""


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What a sweep job cannot express of the stages."""
    (stage,) = stages
    yield from lost_conditions(stage)
    for name, entry in searched(stage).items():
        yield from (
            _of_choices(name, entry.domain) if isinstance(entry.domain, Choice) else _of_range(name, entry.domain)
        )
    yield from lost_choices(stage)
    yield from lost_types(stage)
    yield from lost_advice(plan, stage, "Azure")
    if not is_random(stage):
        random = "random points, as Azure's Bayesian sampling takes no logarithmic range"
        instead = "Azure's own Bayesian sampling" if _is_bayesian(stage) else random
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    if _is_bayesian(stage):
        yield Loss(what="the seed", instead="Bayesian sampling draws its own")
    if plan.pruning.advised and not _stops(plan, stage):
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="every trial runs to its end")


def _of_choices(name: str, domain: Choice) -> Iterator[Loss]:
    if any(_READ_BY_SHELLS & set(text(choice)) for choice in domain.choices):
        what = f'the choices of {name} with ", $, ` or \\'
        yield Loss(what=what, instead="the shell of a trial reads them otherwise", changes_meaning=True)


def _of_range(name: str, domain: Numeric) -> Iterator[Loss]:
    yield from lost_grid(name, domain)
    if domain.integer and is_plain(domain):
        yield Loss(what=f"the whole numbers of {name}", instead="a trial may get 3.0 for 3, and rounds it")


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A sweep job, in which code, environment and compute are left to fill in."""
    (stage,) = stages
    head = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json",
        "type": "sweep",
        "display_name": plan.spec.name,
    }
    parts = [comment(plan, stages, losses), yamlio.dump(head)]
    parts += ["# Give it your own code, environment and compute.\n", "trial:\n", _command(stage)]
    parts += [block({"environment": "azureml:your-environment@latest"}, 2), "compute: azureml:your-compute\n"]
    parts += [yamlio.dump(_search(plan, stage)), "search_space:\n"]
    for index, (name, entry) in enumerate(searched(stage).items()):
        parts.append(block({_key(index, name): _distribution(entry.domain)}, 2, _remark(entry)))
    return "".join(parts)


def _remark(entry: Searched) -> str:
    """Why it is searched, and in natural units where."""
    if not isinstance(entry.domain, Numeric) or not _is_log(entry.domain):
        return why(entry)
    return f"From {shown_value(entry.low)} to {shown_value(entry.high)}, as exponents of e. {why(entry)}".strip()


def _command(stage: Stage) -> str:
    words = ["python train.py"]
    for index, name in enumerate(searched(stage)):
        words.append(f'{shlex.quote(f"--{name}=")}"${{{{search_space.{_key(index, name)}}}}}"')
    words += [shlex.quote(f"--{name}={text(entry.value)}") for name, entry in held(stage).items()]
    if all(word.isprintable() for word in words):
        return "  command: >-\n" + "".join(f"    {word}\n" for word in words)
    return block({"command": " ".join(words)}, 2)


def _key(index: int, name: str) -> str:
    """A name that Azure takes."""
    return name if re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) else f"parameter{index}"


def _search(plan: Plan, stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = {
        "objective": {"goal": plan.objective.direction, "primary_metric": plan.objective.metric},
        "limits": {
            "max_total_trials": stage.trials,
            "max_concurrent_trials": min(plan.budget.parallel, stage.trials),
        },
        "sampling_algorithm": {"type": "bayesian"},
    }
    if not _is_bayesian(stage):
        rule = "sobol" if stage.sampler.name == "quasi-random" else "random"
        found["sampling_algorithm"] = {"type": "random", "rule": rule, "seed": stage.sampler.seed, "logbase": "e"}
    if _stops(plan, stage):
        policy = {"type": "median_stopping", "evaluation_interval": 1, "delay_evaluation": plan.pruning.from_step}
        found["early_termination"] = policy
    return found


def _is_bayesian(stage: Stage) -> bool:
    domains = [entry.domain for entry in searched(stage).values()]
    return not is_random(stage) and not any(isinstance(one, Numeric) and _is_log(one) for one in domains)


def _is_log(domain: Numeric) -> bool:
    """Whether a range is written on a logarithmic scale: one that is no grid, which is a list."""
    return domain.log and short_grid(domain) is None


def _stops(plan: Plan, stage: Stage) -> bool:
    return stops_early(plan) and not _is_bayesian(stage)


def _distribution(domain: Choice | Numeric) -> dict[str, Any]:
    if isinstance(domain, Choice):
        chosen = {text(choice): choice if is_number(choice) else text(choice) for choice in domain.choices}
        return {"type": "choice", "values": [*chosen.values()]}
    values = short_grid(domain)
    if values is not None:
        return {"type": "choice", "values": [*values]}
    low, high = (written(end, integer=domain.integer) for end in (domain.low, domain.high))
    if domain.log:
        low, high = _exponents(low, high)
    kind = {"type": f"{'q' if domain.integer else ''}{'log' if domain.log else ''}uniform"}
    return {**kind, "min_value": low, "max_value": high, **({"q": 1} if domain.integer else {})}


def _exponents(low: float, high: float) -> tuple[float, float]:
    """The exponents of e that lead to the ends of a range, or so little inside that no digit tells."""
    least, most = math.log(low), math.log(high)
    while math.exp(least) < low:
        least = math.nextafter(least, math.inf)
    while math.exp(most) > high:
        most = math.nextafter(most, -math.inf)
    return least, max(least, most)
