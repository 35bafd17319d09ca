"""Vizier and Vertex AI: trials as JSON in the form of their API, with ``study_spec.json`` where it lies beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from advisor.readers._log import Condition, Log, Parameter, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._space import chosen_from, ranged
from advisor.readers._values import listed, mapping, number, outcome, parameter, seconds_between
from advisor.space import Domain, Value
from advisor.spec import Direction

TITLE: Final = "trials of Vizier or Vertex AI"

_SPECS: Final = ("study_spec.json", "study_config.json", "study.json")
_DIRECTIONS: Final[Mapping[str, Direction]] = {"MINIMIZE": "minimize", "MAXIMIZE": "maximize"}


def recognises(source: Source) -> bool:
    """Whether the first entry has parameters by their ids."""
    first = mapping(next(iter(_trials(source)), None))
    return "parameterId" in mapping(next(iter(listed(first.get("parameters"))), None))


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each entry as a trial."""
    spec = _spec(source)
    records = [_record(index, mapping(entry)) for index, entry in enumerate(_trials(source), start=1)]
    figures = dict.fromkeys(name for record in records for name in record.metrics)
    said = {
        str(one.get("metricId")): _DIRECTIONS.get(str(one.get("goal")))
        for one in map(mapping, listed(spec.get("metrics")))
    }
    return Log(
        records=tuple(records),
        directions={**dict.fromkeys(figures), **said},
        space=dict(_space(listed(spec.get("parameters")), {})),
    )


def _trials(source: Source) -> Sequence[Any]:
    return listed(source.json) or listed(mapping(source.json).get("trials"))


def _spec(source: Source) -> Mapping[str, Any]:
    """The study's spec: in the file itself or beside it."""
    own = mapping(source.json, "studySpec") or mapping(source.json, "study_spec")
    if own or source.kind != "json":
        return own
    file = next(filter(None, map(source.beside, _SPECS)), None)
    data = mapping(file.json if file is not None else None)
    return mapping(data, "studySpec") or data


def _record(index: int, trial: Mapping[str, Any]) -> Record:
    given = map(mapping, listed(trial.get("parameters")))
    measured = [mapping(trial, "finalMeasurement"), *map(mapping, listed(trial.get("measurements")))]
    return Record(
        place=f"trial {trial.get('id', index)}" if isinstance(trial.get("id"), str | int) else f"entry {index}",
        config={str(one.get("parameterId")): _whole(parameter(one.get("value"))) for one in given},
        metrics=_figures(measured[0]),
        state=outcome(trial.get("state")) or "failed",
        seconds=seconds_between(trial.get("startTime"), trial.get("endTime")),
        reason=str(trial["infeasibleReason"])[:500] if trial.get("infeasibleReason") else None,
        reported={
            name: tuple(figures[name] for one in measured[1:] if name in (figures := _figures(one)))
            for name in dict.fromkeys(name for one in measured[1:] for name in _figures(one))
        },
    )


def _whole(value: Value) -> Value:
    """A value of a parameter; whole numbers, which its protocol has as floats, as such."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _figures(measurement: Mapping[str, Any]) -> dict[str, float]:
    entries = map(mapping, listed(measurement.get("metrics")))
    found = {str(one.get("metricId")): number(one.get("value")) for one in entries}
    return {name: value for name, value in found.items() if value is not None}


# The space


def _space(entries: Sequence[Any], when: Condition, depth: int = 0) -> Iterator[tuple[str, Parameter]]:
    for entry in map(mapping, entries):
        name, domain = str(entry.get("parameterId")), _domain(entry)
        if domain is not None:
            yield name, Parameter(domain=domain, when=when)
        for child in map(mapping, listed(entry.get("conditionalParameterSpecs"))):
            values = tuple(
                _whole(parameter(value))
                for kind in ("parentCategoricalValues", "parentIntValues", "parentDiscreteValues")
                for value in listed(mapping(child, kind).get("values"))
            )
            condition = {name: values[0] if len(values) == 1 else values} if values else {}
            if depth < 10:
                yield from _space([child.get("parameterSpec")], condition, depth + 1)


def _domain(entry: Mapping[str, Any]) -> Domain | None:
    is_log = entry.get("scaleType") == "UNIT_LOG_SCALE"
    for kind in ("doubleValueSpec", "integerValueSpec"):
        if kind in entry:
            given = mapping(entry, kind)  # an end of 0 is left out of the protocol's JSON
            ends = given.get("minValue", 0), given.get("maxValue", 0)
            return ranged(*ends, log=is_log, integer=kind == "integerValueSpec")
    for kind in ("discreteValueSpec", "categoricalValueSpec"):
        if kind in entry:
            values = (_whole(parameter(value)) for value in listed(mapping(entry, kind).get("values")))
            return chosen_from(values, ordered=kind == "discreteValueSpec")
    return None
