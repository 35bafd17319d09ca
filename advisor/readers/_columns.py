"""Which of a file's figures is the metric and which are hyperparameters, where the file does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from advisor.errors import InvalidFile, Problem, did_you_mean
from advisor.plan import Plan
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.space import Value, is_number
from advisor.spec import Direction

_USUAL_METRICS: Final = ("value", "objective", "objective_value", "objective_to_minimize", "target", "metric", "loss")
"""What the metric is called in a table of which nothing else is known; the first that is there."""
_OF_RESULTS: Final = re.compile(
    r"loss|score|acc|accuracy|auc|auroc|auprc|f1|rmse|mse|mae|mape|error|err|precision|recall|r2|logloss|perplexity|reward|"
    r"return|val|valid|validation|test|train|rank|cost|objective|value|metric|fitness"
)
_OF_PARAMETERS: Final = frozenset({"size", "fraction", "split", "type", "name", "function", "fn", "kind", "weight"})
"""Words beside which one of those is a setting: ``validation_fraction``, ``loss_type``."""
_OF_RECORDS: Final = re.compile(
    r"index|number|name|seed|start|end|created|updated|elapsed|seconds|hostname|host|user|pid|node|path|notes|tags|state|"
    r"status|iteration|step|epoch|trial|run|sweep|study|worker|(?:trial|run|experiment|study|arm|group)_(?:name|number|index)|"
    r"(?:trial|run|job)_?(?:state|status)|"
    r"(?:.*[_.\s])?(?:id|uuid|hash|date|datetime|time|timestamp|duration|runtime|url|uri|logdir)|"
    r"(?:datetime|time|system_attrs|user_attrs)_.*|unnamed: ?\d*|_.*",
    re.IGNORECASE,
)
"""Names of columns that describe a trial rather than set it up."""
_Anything = TypeVar("_Anything")
_MOST_SHOWN: Final = 20
_LEAST_NAMES: Final = 10
"""Trials from which a text that is different in each is taken for its name."""


def metric_and_direction(log: Log, wanted: Wanted, source: Source) -> tuple[str, Direction]:
    """The metric and whether less or more of it is better.

    Raises:
        InvalidFile: Neither the person nor the plan nor the file says; with the figures that it may be.
    """
    candidates = list(log.directions)
    metric = _metric(log, wanted, candidates)
    problems = []
    if metric is None:
        named = wanted.metric
        shown = ", ".join(candidates[:_MOST_SHOWN]) + (", ..." if len(candidates) > _MOST_SHOWN else "")
        if not candidates:
            problems.append(Problem("no figure in it can be the metric"))
        elif named is None:
            problems.append(
                Problem("the file does not say which figure is the metric", hint=f"give metric, one of: {shown}")
            )
        else:
            hint = did_you_mean(named, candidates) or f"there is: {shown}"
            problems.append(Problem(f"no figure {named!r} in it", hint=hint))
    direction = wanted.direction or _direction(log.directions.get(metric or ""), metric, wanted.plan)
    if direction is None and (metric is not None or not any(log.directions.values())):
        hint = "give direction, minimize or maximize"
        problems.append(Problem("the file does not say whether less or more of the metric is better", hint=hint))
    if metric is None or direction is None:
        raise InvalidFile(problems, "\n".join(f"{source.name}: error: {problem}" for problem in problems))
    return metric, direction


def _metric(log: Log, wanted: Wanted, candidates: Sequence[str]) -> str | None:
    if wanted.metric is not None:
        return wanted.metric if wanted.metric in candidates else None
    if wanted.plan is not None and wanted.plan.objective.metric in candidates:
        return wanted.plan.objective.metric
    if log.metric is not None:
        return log.metric
    if log.columns_are_mixed:
        usual = [name for name in candidates if name.lower() in _USUAL_METRICS]
        return usual[0] if usual else None
    return candidates[0] if len(candidates) == 1 else None


def _direction(of_file: Direction | None, metric: str | None, plan: Plan | None) -> Direction | None:
    """The plan's, unless the file says that of another figure."""
    if plan is None or (of_file is not None and metric != plan.objective.metric):
        return of_file
    return plan.objective.direction


def told_apart(log: Log, metric: str, wanted: Wanted, source: Source) -> Log:
    """The log with hyperparameters alone in its configurations.

    Raises:
        InvalidFile: The person names a column that is not there.
    """
    names = list(dict.fromkeys(name for record in log.records for name in record.config))
    if wanted.parameters is not None:
        if missing := sorted(wanted.parameters - set(names)):
            hints = " ".join(filter(None, (did_you_mean(name, names) for name in missing)))
            raise source.error(f"no column {', '.join(map(repr, missing))} in it", hint=hints)
        why = {
            name: "it is not among the parameters that were named" for name in names if name not in wanted.parameters
        }
    elif log.columns_are_mixed:
        why = dict(_no_settings(names, metric, log.records, wanted))
    else:
        why = {}
    why |= {"": "it has no name"} if "" in {*names, *log.space} else {}
    why.pop(metric, None)
    records = [_without(record, {*why, metric} if log.columns_are_mixed else set(why)) for record in log.records]
    space = {name: parameter for name, parameter in log.space.items() if name not in why}
    return replace(log, records=tuple(records), space=space, ignored={**log.ignored, **why})


def _without(record: Record, names: set[str]) -> Record:
    return replace(record, config={name: value for name, value in record.config.items() if name not in names})


def _no_settings(
    names: Iterable[str], metric: str, records: Sequence[Record], wanted: Wanted
) -> Iterator[tuple[str, str]]:
    known = set(plan_names(wanted.plan)) if wanted.plan is not None else set()
    for name in names:
        if name in wanted.results:
            yield name, "it was named as a result"
        elif name in known or name == metric:
            continue
        elif _OF_RECORDS.fullmatch(name):
            yield name, "its name says that it describes the trial"
        elif _is_result(name):
            yield name, "its name says that it is another result"
        elif _is_label([record.config[name] for record in records if name in record.config]):
            yield name, "it is a text that is different in each trial"


def _is_result(name: str) -> bool:
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    return any(map(_OF_RESULTS.fullmatch, words)) and not words & _OF_PARAMETERS


def _is_label(values: Sequence[Value]) -> bool:
    texts = [value for value in values if not is_number(value)]
    return len(texts) == len(values) >= _LEAST_NAMES and len(set(texts)) == len(texts)


# A plan's names


def plan_names(plan: Plan) -> dict[str, str]:
    """The plan's name of each parameter, by every name under which a file may have it; its own names first."""
    names = {name: name for name in plan.parameters}
    for stage in plan.stages:
        for name, entry in stage.entries.items():
            for other in (entry.argument, entry.is_):
                if other:
                    names.setdefault(other, name)
    for name, evidence in plan.evidence.items():
        for alias in evidence.aliases:
            if name in names:
                names.setdefault(alias, name)
    return names


def in_plan_names(log: Log, plan: Plan) -> Log:
    """The log with the plan's names; what the plan does not have is left out."""
    known = plan_names(plan)
    found: dict[str, str] = {}
    ignored: dict[str, str] = {}
    names = dict.fromkeys(name for record in log.records for name in record.config)
    for name in sorted(names, key=lambda name: name not in plan.parameters):
        own = known.get(name) or known.get(re.split(r"__|[./]", name)[-1])
        if own is None:
            ignored[name] = "it is no parameter of the plan"
        elif own in found.values():
            ignored[name] = f"another column is {own} already"
        else:
            found[name] = own
    return replace(
        log,
        records=tuple(replace(record, config=_renamed(record.config, found)) for record in log.records),
        space=_renamed(log.space, found),
        ignored={**log.ignored, **ignored},
    )


def _renamed(named: Mapping[str, _Anything], names: Mapping[str, str]) -> dict[str, _Anything]:
    return {names[name]: value for name, value in named.items() if name in names}
