"""Katib: trials as ``kubectl get trials -o json`` has them, with the experiment among them or beside them.

All values are text. Of each metric Katib keeps the least, the greatest and the last value; the objective's own strategy
is to take the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from advisor import yamlio
from advisor.readers._log import Log, Parameter, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._space import chosen_from, ranged
from advisor.readers._values import Outcome, listed, mapping, number, outcome, parameter, seconds_between, value_of
from advisor.space import Domain, Value
from advisor.spec import Direction

TITLE: Final = "trials of Katib"

_EXPERIMENTS: Final = ("experiment.yaml", "experiment.yml", "experiment.json")


def recognises(source: Source) -> bool:
    """Whether the first entry is a Trial or an Experiment with Katib's keys."""
    first = mapping(next(iter(_objects(source)), None))
    return str(first.get("kind")) in {"Trial", "Experiment"} and "kubeflow.org" in str(first.get("apiVersion"))


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each Trial."""
    objects = [mapping(one) for one in _objects(source)]
    trials = [one for one in objects if one.get("kind") == "Trial"]
    experiment = next((one for one in objects if one.get("kind") == "Experiment"), None) or _beside(source)
    objective = mapping(trials[0] if trials else experiment, "spec", "objective")
    name, kind = str(objective.get("objectiveMetricName")), str(objective.get("type"))
    directions: dict[str, Direction | None] = {}
    if kind in {"minimize", "maximize"}:
        directions[name] = "minimize" if kind == "minimize" else "maximize"
    records = [_record(index, trial, directions) for index, trial in enumerate(trials)]
    figures = dict.fromkeys(figure for record in records for figure in record.metrics)
    return Log(
        records=tuple(records),
        directions={**dict.fromkeys(figures), **directions},
        space=_space(listed(mapping(experiment, "spec").get("parameters"))),
        metric=name if name in figures or name in directions else None,
    )


def _objects(source: Source) -> Sequence[Any]:
    data = source.json
    return listed(data) or listed(mapping(data).get("items")) or ([data] if mapping(data).get("kind") else ())


def _beside(source: Source) -> Mapping[str, Any]:
    file = next(filter(None, map(source.beside, _EXPERIMENTS)), None)
    return mapping(yamlio.read(file.path).value if file is not None else None)


def _record(index: int, trial: Mapping[str, Any], directions: Mapping[str, Direction | None]) -> Record:
    name = mapping(trial, "metadata").get("name")
    status = mapping(trial, "status")
    given = map(mapping, listed(mapping(trial, "spec").get("parameterAssignments")))
    return Record(
        place=f"trial {name}" if isinstance(name, str) else f"entry {index}",
        config={str(one.get("name")): _value(one.get("value")) for one in given},
        metrics=_figures(listed(mapping(status, "observation").get("metrics")), directions),
        state=_state(listed(status.get("conditions"))),
        identity=name if isinstance(name, str) else None,
        seconds=seconds_between(status.get("startTime"), status.get("completionTime")),
    )


def _value(value: object) -> Value:
    return parameter(value_of(value)) if isinstance(value, str) else parameter(value)


def _figures(entries: Sequence[Any], directions: Mapping[str, Direction | None]) -> dict[str, float]:
    found = {}
    for entry in map(mapping, entries):
        name = str(entry.get("name"))
        best = {"minimize": "min", "maximize": "max"}.get(directions.get(name) or "", "latest")
        value = number(entry.get(best))
        value = number(entry.get("latest")) if value is None else value
        if value is not None:
            found[name] = value
    return found


def _state(conditions: Sequence[Any]) -> Outcome:
    """The last condition that is true."""
    true = [mapping(one) for one in conditions if str(mapping(one).get("status")) == "True"]
    return (outcome(true[-1].get("type")) or "failed") if true else "running"


def _space(entries: Sequence[Any]) -> dict[str, Parameter]:
    found = {str(mapping(one).get("name")): _domain(mapping(one)) for one in entries}
    return {name: Parameter(domain=domain) for name, domain in found.items() if domain is not None}


def _domain(entry: Mapping[str, Any]) -> Domain | None:
    space = mapping(entry, "feasibleSpace")
    kind = str(entry.get("parameterType"))
    if kind in {"double", "int"}:
        ends = space.get("min"), space.get("max")
        is_log = space.get("distribution") == "logUniform"
        return ranged(*ends, log=is_log, integer=kind == "int", step=space.get("step"))
    return chosen_from(map(_value, listed(space.get("list"))), ordered=kind == "discrete")
