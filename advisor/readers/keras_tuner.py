"""Keras Tuner: a project's folder with ``oracle.json`` and ``trial_*/trial.json``.

Each trial has its space, its metrics with their directions, and a score: the objective's best value. Hyperband makes a
trial of its own of each promotion, with the epochs among the values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from advisor.readers._budgets import Evaluation, merged
from advisor.readers._log import Log, Parameter, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._space import chosen_from, ranged
from advisor.readers._values import listed, mapping, number, outcome, parameter, parameters
from advisor.space import Choice, Domain, Value
from advisor.spec import Direction

TITLE: Final = "a project of Keras Tuner"

_EPOCHS: Final = "tuner/epochs"
_OWN: Final = "tuner/"
_DIRECTIONS: Final[Mapping[str, Direction]] = {"min": "minimize", "max": "maximize"}


def recognises(source: Source) -> bool:
    """Whether it is a folder with an oracle or with trials of Keras Tuner."""
    return source.kind == "folder" and ("oracle.json" in source.names or any(_trials(source)))


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each trial, those of Hyperband put together by their settings."""
    trials = list(_trials(source))
    evaluations = [_evaluation(place, trial) for place, trial in trials]
    records, remarks = merged(evaluations, "epochs")
    directions: dict[str, Direction | None] = {}
    space: dict[str, Parameter] = {}
    for _, trial in trials:
        for name, metric in mapping(trial, "metrics", "metrics").items():
            directions[str(name)] = _DIRECTIONS.get(str(mapping(metric).get("direction")))
        space |= dict(_space(trial))
    objective = _objective([trial for _, trial in trials], list(directions))
    return Log(records=records, directions=directions, space=space, remarks=remarks, metric=objective)


def _trials(source: Source) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in source.names:
        folder = source.beside(name) if name.startswith("trial_") else None
        file = folder.beside("trial.json") if folder is not None and folder.kind == "folder" else None
        if file is not None and {"trial_id", "hyperparameters"} <= mapping(file.json).keys():
            yield name, mapping(file.json)


def _observed(trial: Mapping[str, Any], metric: str) -> list[float]:
    """The values of a metric, by step; of several executions their mean."""
    found = []
    for one in map(mapping, listed(mapping(trial, "metrics", "metrics", metric).get("observations"))):
        values = [value for part in listed(one.get("value")) if (value := number(part)) is not None]
        if values:
            found.append((number(one.get("step")) or 0.0, sum(value / len(values) for value in values)))
    return [value for _, value in sorted(found)]


def _objective(trials: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> str | None:
    """The metric whose values the scores are; None where several may be it."""
    scored = [(trial, score) for trial in trials if (score := number(trial.get("score"))) is not None]
    fits = [m for m in metrics if all(any(_is_near(v, s) for v in _observed(t, m)) for t, s in scored)]
    return fits[0] if len(fits) == 1 and scored else None


def _is_near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9)


def _evaluation(place: str, trial: Mapping[str, Any]) -> Evaluation:
    given = mapping(trial, "hyperparameters", "values")
    config = parameters({name: value for name, value in given.items() if not str(name).startswith(_OWN)})
    names = [str(name) for name in mapping(trial, "metrics", "metrics")]
    reported = {name: tuple(_observed(trial, name)) for name in names}
    score = number(trial.get("score"))
    record = Record(
        place=place,
        config=config,
        metrics={name: _final(values, score) for name, values in reported.items() if values},
        state=outcome(trial.get("status")) or "failed",
        reason=_last_line(trial.get("message")),
        reported={name: values for name, values in reported.items() if len(values) > 1},
    )
    is_staged = _EPOCHS in given
    identity: object = repr(sorted(config.items())) if is_staged else place
    return Evaluation(str(identity), number(given.get(_EPOCHS)) or 0.0, record)


def _last_line(message: object) -> str | None:
    lines = message.strip().splitlines() if isinstance(message, str) else []
    return lines[-1][:500] if lines else None


def _final(values: Sequence[float], score: float | None) -> float:
    """The score where it is one of the values, which is the best of them; else the last."""
    return next((value for value in values if score is not None and _is_near(value, score)), values[-1])


# The space


def _space(trial: Mapping[str, Any]) -> Iterator[tuple[str, Parameter]]:
    for entry in map(mapping, listed(mapping(trial, "hyperparameters").get("space"))):
        config = mapping(entry, "config")
        name, domain = str(config.get("name")), _domain(entry.get("class_name"), config)
        if domain is not None and not name.startswith(_OWN):
            yield name, Parameter(domain=domain, when=dict(_conditions(config)))


def _domain(kind: object, config: Mapping[str, Any]) -> Domain | None:
    match kind:
        case "Float" | "Int":
            ends = config.get("min_value"), config.get("max_value")
            is_log = config.get("sampling") == "log"
            return ranged(*ends, log=is_log, integer=kind == "Int", step=config.get("step"))
        case "Choice":
            return chosen_from(listed(config.get("values")), ordered=config.get("ordered") is True)
        case "Boolean":
            return Choice(choices=(False, True))
        case "Fixed":
            return Choice(choices=(parameter(config.get("value")),))
        case _:
            return None


def _conditions(config: Mapping[str, Any]) -> Iterator[tuple[str, Value | tuple[Value, ...]]]:
    for condition in map(mapping, listed(config.get("conditions"))):
        inner = mapping(condition, "config")
        values = tuple(parameter(value) for value in listed(inner.get("values")))
        if values:
            yield str(inner.get("name")), values[0] if len(values) == 1 else values
