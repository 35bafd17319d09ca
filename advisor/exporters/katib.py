"""Katib: an Experiment for Kubernetes, as YAML.

https://www.kubeflow.org/docs/components/katib/user-guides/hp-tuning/configure-experiment/. Numbers are text there, and
a trial gets what is searched as text in the arguments of its command. One algorithm counts steps from ``min``, another
from 0, so a grid that they would read otherwise is written as its values. ``bayesianoptimization`` and ``sobol`` do not
read ``distribution`` and are never written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from advisor import yamlio
from advisor.exporters._services import (
    counts_from_zero,
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
from advisor.exporters._writing import Loss, block, comment, is_plain, last_of_grid, lost_grid, short_grid, why
from advisor.plan import Plan, Stage
from advisor.space import Choice, Numeric, is_number, written

SUFFIX = ".yaml"
STAGES = False
COMMENTS = True
ALIASES = ("kubeflow", "kubeflow-katib")

_LEAST_LOG = 1e-10
"""Below this ``multivariate-tpe`` cuts off a logarithmic range, and tells nobody."""
_LONGEST_NAME = 40
"""Letters of a name to which Katib appends those of the algorithm and of a trial; a service has 63 at most."""
_CONTAINER = "training-container"


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What an Experiment cannot express of the stages."""
    (stage,) = stages
    yield from lost_conditions(stage)
    for name, entry in searched(stage).items():
        if isinstance(entry.domain, Numeric):
            yield from _of_range(name, entry.domain, _algorithm(stage))
    yield from lost_choices(stage)
    yield from lost_types(stage)
    yield from lost_advice(plan, stage, "Katib")
    if stage.sampler.name == "gp":
        yield Loss(what="the sampler gp", instead="multivariate-tpe; Katib's Gaussian process does not read scales")
    if stage.sampler.name == "quasi-random":
        yield Loss(what="quasi-random points", instead="random ones; Katib's sobol does not read scales")
    if plan.pruning.advised and not stops_early(plan):
        instead = "every trial runs to its end; medianstop is all that Katib has"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)
    if not re.fullmatch(r"[\w-]+", plan.objective.metric, re.ASCII):
        instead = "Katib reads names of letters, digits, - and _; give metricsCollectorSpec a filter"
        yield Loss(what=f"reading the metric {plan.objective.metric} from what a trial prints", instead=instead)


def _of_range(name: str, domain: Numeric, algorithm: str) -> Iterator[Loss]:
    if not _is_stepped(domain):
        yield from lost_grid(name, domain)
    if is_plain(domain) and domain.log and domain.low < _LEAST_LOG and algorithm == "multivariate-tpe":
        instead = f"{algorithm} does not go below {_LEAST_LOG:g}"
        yield Loss(what=f"the values of {name} from {domain.low:g}", instead=instead, changes_meaning=True)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """An Experiment, in which the image and the command of a trial are left to fill in."""
    (stage,) = stages
    parts = [comment(plan, stages, losses), yamlio.dump(_head(plan, stage)), "  parameters:\n"]
    for name, entry in searched(stage).items():
        parts.append(block([{"name": name, **_parameter(entry.domain)}], 2, why(entry)))
    template = {"trialTemplate": _template(stage)}
    parts.append(block(template, 2, f"Give it your own image and command, which prints {plan.objective.metric}=0.5"))
    return "".join(parts)


def _head(plan: Plan, stage: Stage) -> dict[str, Any]:
    name = re.sub(r"[^a-z0-9]+", "-", plan.spec.name.lower()).strip("-")
    name = name if name[:1].isalpha() else f"search-{name}".strip("-")
    spec: dict[str, Any] = {
        "objective": {"type": plan.objective.direction, "objectiveMetricName": plan.objective.metric},
        "algorithm": {"algorithmName": _algorithm(stage), "algorithmSettings": _settings(stage)},
    }
    if stops_early(plan):
        steps = {"name": "start_step", "value": str(plan.pruning.from_step)}
        spec["earlyStopping"] = {"algorithmName": "medianstop", "algorithmSettings": [steps]}
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Experiment",
        "metadata": {"name": f"{name[:_LONGEST_NAME].strip('-')}-{stage.id}"},
        "spec": {
            **spec,
            "parallelTrialCount": min(plan.budget.parallel, stage.trials),
            "maxTrialCount": stage.trials,
        },
    }


def _algorithm(stage: Stage) -> str:
    return "random" if is_random(stage) else "multivariate-tpe"


def _settings(stage: Stage) -> list[dict[str, str]]:
    settings = {"random_state": stage.sampler.seed}
    if _algorithm(stage) == "multivariate-tpe":
        settings["n_startup_trials"] = stage.sampler.startup
    return [{"name": name, "value": str(value)} for name, value in settings.items()]


def _parameter(domain: Choice | Numeric) -> dict[str, Any]:
    if isinstance(domain, Choice):
        kind = "discrete" if all(map(is_number, domain.choices)) else "categorical"
        words = dict.fromkeys(_inserted(text(choice)) for choice in domain.choices)
        return {"parameterType": kind, "feasibleSpace": {"list": [*words]}}
    if (listed := short_grid(domain)) is not None and not _is_stepped(domain):
        return {"parameterType": "discrete", "feasibleSpace": {"list": [text(value) for value in listed]}}
    high = _number(domain, domain.high) if is_plain(domain) else text(last_of_grid(domain))
    space = {"min": _number(domain, domain.low), "max": high}
    if _is_stepped(domain):
        space["step"] = _number(domain, domain.step or 1)
    if domain.log and is_plain(domain):
        space["distribution"] = "logUniform"
    return {"parameterType": "int" if domain.integer else "double", "feasibleSpace": space}


def _is_stepped(domain: Numeric) -> bool:
    """Whether ``step`` says what the plan says, whatever the algorithm."""
    return not is_plain(domain) and not domain.log and counts_from_zero(domain)


def _number(domain: Numeric, value: float) -> str:
    return text(written(value, integer=domain.integer))


def _inserted(word: str) -> str:
    """A choice as Katib is to insert it: into the JSON of a job, in which Kubernetes reads ``$$`` as ``$``."""
    return json.dumps(word.replace("$", "$$"), ensure_ascii=False)[1:-1]


def _template(stage: Stage) -> dict[str, Any]:
    words = {name: _placeholder(index, name) for index, name in enumerate(searched(stage))}
    options = {name: f"${{trialParameters.{word}}}" for name, word in words.items()}
    options |= {name: text(entry.value).replace("$", "$$") for name, entry in held(stage).items()}
    container = {
        "name": _CONTAINER,
        "image": "registry.example.com/training:latest",
        "command": ["python", "train.py"],
        "args": [f"--{name.replace('$', '$$')}={value}" for name, value in options.items()],
    }
    pod = {"containers": [container], "restartPolicy": "Never"}
    return {
        "primaryContainerName": _CONTAINER,
        "trialParameters": [{"name": word, "reference": name} for name, word in words.items()],
        "trialSpec": {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": pod}}},
    }


def _placeholder(index: int, name: str) -> str:
    """A name that can stand between braces in JSON as Go writes it."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else f"parameter{index}"
