"""SageMaker: what a plan says in a request for a tuning job, as JSON.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html. What is searched
stands in its ``HyperParameterTuningJobConfig``, what is held in its ``TrainingJobDefinition``. A trial gets text, which
Amazon's own containers read as JSON where it is JSON, and as it stands where it is not. Grids are written as values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from advisor.exporters._services import (
    held,
    is_random,
    lost_advice,
    lost_conditions,
    lost_types,
    searched,
)
from advisor.exporters._writing import Loss, lost_grid, short_grid
from advisor.plan import Plan, Searched, Stage
from advisor.space import Choice, Value, written

SUFFIX = ".json"
STAGES = False
COMMENTS = False
ALIASES = ("aws", "aws-sagemaker", "amazon-sagemaker")

_MOST_CHOICES = 30
"""How many values a categorical parameter may have."""
_MOST_SEARCHED = 30


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What a tuning job cannot express of the stages."""
    (stage,) = stages
    yield from lost_conditions(stage)
    for name, entry in searched(stage).items():
        yield from _of_parameter(name, entry)
    if len(searched(stage)) > _MOST_SEARCHED:
        instead = f"SageMaker refuses more than {_MOST_SEARCHED}; hold some"
        yield Loss(what=f"{len(searched(stage))} searched parameters", instead=instead, changes_meaning=True)
    yield from lost_types(stage)
    yield from lost_advice(plan, stage, "SageMaker")
    if stage.sampler.name != "random":
        instead = "random points" if is_random(stage) else "SageMaker's own Bayesian search"
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    if plan.pruning.advised:
        instead = "SageMaker's own rule, which needs scores on the way and chooses the step itself"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)


def _of_parameter(name: str, entry: Searched) -> Iterator[Loss]:
    domain = entry.domain
    if isinstance(domain, Choice) and len(domain.choices) > _MOST_CHOICES:
        instead = f"the first {_MOST_CHOICES} are searched, as many as SageMaker takes"
        yield Loss(what=f"the choices of {name}", instead=instead, changes_meaning=True)
    yield from lost_grid(name, domain, _MOST_CHOICES)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:  # noqa: ARG001 - JSON has no comments
    """The parts of a request for a tuning job that a plan knows."""
    (stage,) = stages
    config: dict[str, Any] = {
        "Strategy": "Random" if is_random(stage) else "Bayesian",
        "HyperParameterTuningJobObjective": {
            "Type": plan.objective.direction.capitalize(),
            "MetricName": plan.objective.metric,
        },
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": stage.trials,
            "MaxParallelTrainingJobs": min(plan.budget.parallel, stage.trials),
        },
        "ParameterRanges": _ranges(stage),
        "TrainingJobEarlyStoppingType": "Auto" if plan.pruning.advised else "Off",
        "RandomSeed": stage.sampler.seed,
    }
    passed = {name: _text(entry.value) for name, entry in held(stage).items()}
    request = {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": {"StaticHyperParameters": passed}}
    return json.dumps(request, indent=2, ensure_ascii=False) + "\n"


def _ranges(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    ranges: dict[str, list[dict[str, Any]]] = {
        "ContinuousParameterRanges": [],
        "IntegerParameterRanges": [],
        "CategoricalParameterRanges": [],
    }
    for name, entry in searched(stage).items():
        kind, space = _range(entry)
        ranges[f"{kind}ParameterRanges"].append({"Name": name, **space})
    return {kind: entries for kind, entries in ranges.items() if entries}


def _range(entry: Searched) -> tuple[str, dict[str, Any]]:
    domain = entry.domain
    if isinstance(domain, Choice):
        return "Categorical", {"Values": [_text(choice) for choice in domain.choices[:_MOST_CHOICES]]}
    if (values := short_grid(domain, _MOST_CHOICES)) is not None:
        return "Categorical", {"Values": [_text(value) for value in values]}
    low, high = (_text(written(end, integer=domain.integer)) for end in (domain.low, domain.high))
    scale = "Logarithmic" if domain.log else "Linear"
    return "Integer" if domain.integer else "Continuous", {"MinValue": low, "MaxValue": high, "ScalingType": scale}


def _text(value: Value) -> str:
    """The value as JSON; a word as it stands where it cannot be taken for JSON and is one line, as it has to be."""
    if not isinstance(value, str) or _is_json(value) or value.splitlines() not in ([], [value]):
        return json.dumps(value)
    return value


def _is_json(word: str) -> bool:
    try:
        json.loads(word)
    except ValueError:
        return False
    return True
