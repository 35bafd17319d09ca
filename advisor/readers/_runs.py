"""Runs of plans in a storage of Optuna: a study for the plan, and one for each stage.

They are named ``<plan>, run 1`` and ``<plan>, run 1, stage 2``; a stage that was set up anew has ``, attempt 2`` at its
end. What a trial is besides stands in its attributes: ``config`` a known configuration, ``carried`` the copy of a
trial whose value was known, ``void`` one that does not count, ``retry`` the second try of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from advisor import handover, suggesting
from advisor.plan import Plan, Stage
from advisor.readers._log import Log, Parameter, Record
from advisor.readers._optuna_trials import record_of, space_of
from advisor.readers._source import Source
from advisor.readers._space import joined
from advisor.readers._values import mapping, parameter
from advisor.record import PlanObjective
from advisor.space import Domain
from advisor.trials import Trial

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

_NAME: Final = re.compile(r"(?P<run>(?P<plan>.+), run \d+)(?:, stage (?P<stage>\d+)(?:, attempt \d+)?)?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Run:
    """The studies of one run.

    Attributes:
        name: Of the run.
        plan: The plan's name.
        stages: The study of each stage, by its number; of several attempts the last.
        studies: All of them.
    """

    name: str
    plan: str
    stages: Mapping[int, str] = field(default_factory=dict)
    studies: frozenset[str] = frozenset()


def runs_in(studies: Mapping[str, Study]) -> dict[str, Run]:
    """The runs of plans among the studies, by name, in the order in which they began."""
    found: dict[str, Run] = {}
    for name, study in studies.items():
        if (match := _NAME.fullmatch(name)) and match["stage"] is None and mapping(study.user_attrs.get("plan")):
            found[name] = Run(name=name, plan=match["plan"], studies=frozenset({name}))
    for name in studies:
        match = _NAME.fullmatch(name)
        if match and match["stage"] is not None and (run := found.get(match["run"])) is not None:
            stages = {**run.stages, int(match["stage"]): name}
            found[run.name] = replace(run, stages=stages, studies=run.studies | {name})
    return found


def log_of(source: Source, run: Run, studies: Mapping[str, Study], remarks: tuple[str, ...]) -> Log:
    """The trials of a run that ended and count, in the order in which they did, by the plan that the storage keeps.

    A plan that is at hand may be another, such as one that was refined from this run.

    Args:
        source: The storage, for messages.
        run: One of its runs.
        studies: All studies of the storage, by name.
        remarks: What is said already.

    Raises:
        InvalidFile: What the storage keeps of the plan is no plan.
    """
    try:
        plan = _kept(studies[run.name].user_attrs["plan"])
        records: list[Record] = []
        trials: list[Trial] = []
        searched: dict[int, Stage] = {}
        for planned in plan.stages:
            if planned.id in run.stages:
                stage = handover.following(plan, planned, searched, trials).stage
                searched[stage.id] = stage
                new = list(_records(stage, studies[run.stages[stage.id]], plan.objective.metric))
                records += new
                trials += [_trial(record, plan.objective.metric) for record in new if record.state != "running"]
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise source.error(f"the run {run.name!r} cannot be read: what is kept of its plan is no plan") from error
    return Log(
        records=tuple(records),
        directions={plan.objective.metric: plan.objective.direction},
        space=_space(plan, [one for name in run.stages.values() for one in studies[name].get_trials(deepcopy=False)]),
        remarks=(*remarks, *_confirmation(plan, run, studies)),
    )


def _kept(essentials: object) -> Plan:
    """What a run needs of its plan, as the storage keeps it."""
    stages = []
    for number, entry in mapping(essentials, "stages").items():
        search = {name: {**mapping(one), "tier": "important"} for name, one in mapping(entry, "search").items()}
        given = {**mapping(entry), "id": int(number), "name": f"stage {number}", "search": search}
        stages.append(Stage.model_validate(given))
    objective = PlanObjective.model_validate(mapping(essentials, "objective"))
    kept: Any = {"objective": objective, "stages": tuple(stages)}  # all that a run looks at
    return Plan.model_construct(**kept)


def _records(stage: Stage, study: Study, metric: str) -> Iterator[Record]:
    trials = study.get_trials(deepcopy=False)
    uncounted = _uncounted(trials)
    counted = [trial for trial in trials if trial.number not in uncounted]
    counted.sort(key=lambda t: (t.datetime_complete is None, t.datetime_complete or t.datetime_start, t.number))
    for trial in counted:
        known = trial.user_attrs.get("config")
        config: Mapping[str, Any] = known or suggesting.configuration(stage, trial.params)
        yield replace(
            record_of(trial, [metric]),
            place=f"stage {stage.id}, trial {trial.number}",
            config={name: parameter(value) for name, value in mapping(config).items()},
            identity=(stage.id, trial.number),
            stage=stage.id,
        )


def _uncounted(trials: Sequence[FrozenTrial]) -> set[int]:
    """The numbers of trials that are copies, do not count, or try again what ended all the same."""
    found: set[int] = set()
    tried: set[int] = set()
    for trial in trials:
        first = trial.user_attrs.get("retry")
        if isinstance(first, int) and (first in tried or not any(map(_is_void, trials[first : first + 1]))):
            found.add(trial.number)
        if _is_void(trial) or "carried" in trial.user_attrs:
            found.add(trial.number)
        if isinstance(first, int) and not _is_void(trial):
            tried.add(first)
    return found


def _is_void(trial: FrozenTrial) -> bool:
    return "void" in trial.user_attrs and trial.state.name != "COMPLETE"


def _trial(record: Record, metric: str) -> Trial:
    """The record as the run had it when it decided what the next stage holds."""
    state = "failed" if record.state == "running" else record.state
    return Trial(config=record.config, value=record.metrics.get(metric), state=state, stage=record.stage)


def _space(plan: Plan, trials: Sequence[FrozenTrial]) -> dict[str, Parameter]:
    """What the stages search, all together, as far open as the trials had it."""
    found: dict[str, Domain] = {name: parameter.domain for name, parameter in space_of(trials).items()}
    conditions: dict[str, Any] = {}
    for stage in plan.stages:
        for name, entry in stage.search.items():
            found[name] = joined(entry.domain, found[name]) if name in found else entry.domain
            conditions.setdefault(name, entry.when or {})
    return {name: Parameter(domain=found[name], when=conditions.get(name, {})) for name in found}


def _confirmation(plan: Plan, run: Run, studies: Mapping[str, Study]) -> Iterator[str]:
    beyond = [name for number, name in run.stages.items() if number > len(plan.stages)]
    again = sum(len(studies[name].trials) for name in beyond)
    if again:
        yield f"{again} evaluations that confirm the finalists with other seeds are left out"
