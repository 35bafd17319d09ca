"""Optuna's distributions, as JSON: one object with a distribution for each parameter.

https://optuna.readthedocs.io/en/stable/reference/distributions.html. ``json_to_distribution`` reads each as text, and
``study.ask`` draws from all of them. What is held is a list of one choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from advisor.exporters import _define_by_run
from advisor.exporters._define_by_run import ends, is_log, step
from advisor.exporters._writing import Loss, after_the_search, needs, of_gaussian_process, starts, unkept_constraints
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Domain

SUFFIX = ".json"
STAGES = False
COMMENTS = False
ALIASES = ("optuna-json",)


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What distributions cannot express of the stages."""
    (stage,) = stages
    for name in stage.entries:
        if needs(stage, name):
            instead = "it has a value always, also where it has no effect; the target optuna has conditions"
            yield Loss(what=f"the condition of {name}", instead=instead, changes_meaning=name in stage.search)
    for name, searched in stage.search.items():
        yield from _define_by_run.losses(name, searched.domain)
    yield from unkept_constraints(plan, stage, "distributions have none; do not evaluate what breaks it")
    if plan.stages[0].start:
        points, lost = starts(plan, stage)
        yield from lost
        yield from [Loss(what="known configurations to start from", instead="study.enqueue_trial")] if points else []
    sampler = f"{stage.sampler.name} sampler with seed {stage.sampler.seed}"
    what = f"{plan.objective.direction} {plan.objective.metric} in {stage.trials} trials by a {sampler}"
    yield Loss(what=what, instead="optuna.create_study")
    yield from of_gaussian_process(stage)
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="optuna.create_study")
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:  # noqa: ARG001 - no comments
    """A JSON object of distributions."""
    (stage,) = stages
    domains = {name: _domain(entry) for name, entry in stage.entries.items() if needs(stage, name) is not None}
    return json.dumps({name: _written(domain) for name, domain in domains.items()}, indent=2, ensure_ascii=False) + "\n"


def _domain(entry: Searched | Held) -> Domain:
    return Choice(choices=(entry.value,)) if isinstance(entry, Held) else entry.domain


def _written(domain: Domain) -> dict[str, Any]:
    if isinstance(domain, Choice):
        return {"name": "CategoricalDistribution", "attributes": {"choices": list(domain.choices)}}
    low, high = ends(domain)
    spacing = None if is_log(domain) else step(domain)
    attributes = {"step": spacing, "low": low, "high": high, "log": is_log(domain)}
    if domain.integer:
        return {"name": "IntDistribution", "attributes": attributes | {"step": spacing or 1}}
    return {"name": "FloatDistribution", "attributes": attributes | {"low": float(low), "high": float(high)}}
