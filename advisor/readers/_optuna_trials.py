"""Trials of Optuna as records, and their distributions as ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from advisor.readers._log import Parameter, Record
from advisor.readers._space import joined
from advisor.readers._values import Outcome, number, parameter
from advisor.space import Choice, Domain, Numeric

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

_OUTCOMES: Final[Mapping[str, Outcome]] = {"COMPLETE": "complete", "FAIL": "failed", "PRUNED": "pruned"}


def record_of(trial: FrozenTrial, names: Sequence[str]) -> Record:
    """A trial of Optuna with its figures under these names."""
    began, ended = trial.datetime_start, trial.datetime_complete
    state = _OUTCOMES.get(trial.state.name, "running")
    on_the_way = _numbers(sorted(trial.intermediate_values.items()))
    reason = trial.user_attrs.get("reason") or trial.system_attrs.get("fail_reason")
    return Record(
        place=f"trial {trial.number}",
        config={str(name): parameter(value) for name, value in trial.params.items() if name},
        metrics=_numbers(zip(names, trial.values or (), strict=False)) if state == "complete" else {},
        state=state,
        identity=trial.number,
        seconds=max((ended - began).total_seconds(), 0.0) if began is not None and ended is not None else 0.0,
        reason=str(reason) if reason else None,
        reported={names[0]: tuple(on_the_way.values())} if names else {},
        steps={names[0]: tuple(map(float, on_the_way))} if names else {},
    )


_Key = TypeVar("_Key")


def _numbers(pairs: Iterable[tuple[_Key, object]]) -> dict[_Key, float]:
    """The pairs whose values are numbers: a journal may hold anything."""
    return {key: found for key, value in pairs if (found := number(value)) is not None}


def space_of(trials: Iterable[FrozenTrial]) -> dict[str, Parameter]:
    """Where the trials were searched; ranges that changed on the way are joined."""
    found: dict[str, Domain] = {}
    seen: set[tuple[str, int]] = set()
    for trial in trials:
        for name, distribution in trial.distributions.items():
            if (name, hash(distribution)) not in seen:
                seen.add((name, hash(distribution)))
                domain = _domain(distribution)
                found[name] = joined(found[name], domain) if name in found else domain
    return {str(name): Parameter(domain=domain) for name, domain in found.items() if name}


def _domain(distribution: BaseDistribution) -> Domain:
    given: Any = distribution
    if hasattr(distribution, "choices"):
        return Choice(choices=tuple(dict.fromkeys(parameter(choice) for choice in given.choices)))
    is_integer = type(distribution).__name__.startswith("Int")
    step = None if is_integer and given.step == 1 else given.step
    return Numeric(low=given.low, high=given.high, log=given.log, step=step, integer=is_integer)
