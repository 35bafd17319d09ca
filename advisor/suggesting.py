"""A stage of a plan as Optuna searches it: its distributions, and the configuration of a trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from advisor.errors import CannotExport, MissingPackage
from advisor.plan import Held, Searched, Stage
from advisor.space import Choice, Value, clip, middle, same, trimmed

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial

MOST_REPEATED: Final = 10
"""Configurations with a known value that are proposed in a row, after which one is evaluated again.

There may be no other, and a sampler that is told the same once more does not always propose something else.
"""


def suggest(trial: BaseTrial, stage: Stage) -> dict[str, Value]:
    """The configuration of an Optuna trial in a stage: what is searched, and what is held, where it has an effect.

    >>> def objective(trial):
    ...     config = advisor.suggest(trial, plan.stages[0])
    ...     return train(**config)

    Args:
        trial: A trial of Optuna, also a ``FixedTrial`` or a frozen one.
        stage: A stage of a plan.

    Returns:
        Values by the plan's names; a parameter without effect beside the others is absent.
    """
    config: dict[str, Value] = {}
    for name, entry in parents_first(stage):
        is_active = _is_active(entry, config)
        if is_active:
            config[name] = entry.value if isinstance(entry, Held) else suggested(trial, name, entry)
        elif isinstance(entry, Searched) and stage.proposes_all:
            with suppress(ValueError):  # a fixed trial may know a configuration and no more
                suggested(trial, name, entry)
    return {name: config[name] for name in stage.entries if name in config}


def configuration(stage: Stage, searched: Mapping[str, Value]) -> dict[str, Value]:
    """The configuration in which what a stage searches has these values; those that are missing are left out."""
    config: dict[str, Value] = {}
    for name, entry in parents_first(stage):
        if _is_active(entry, config) and (isinstance(entry, Held) or name in searched):
            config[name] = entry.value if isinstance(entry, Held) else searched[name]
    return {name: config[name] for name in stage.entries if name in config}


def unproposed(stage: Stage) -> dict[str, Value]:
    """What a known configuration is taken to have of parameters that have no effect in it, where all are proposed."""
    if not stage.proposes_all:
        return {}
    searched = {name: entry for name, entry in stage.search.items() if entry.when}
    return {n: middle(s.domain) if s.default is None else clip(s.domain, s.default) for n, s in searched.items()}


def distributions(stage: Stage) -> dict[str, BaseDistribution]:
    """Optuna's distribution of each parameter that a stage searches, those with conditions included.

    Raises:
        MissingPackage: Optuna is not installed.
        CannotExport: Two choices of a parameter are one to Python, such as 1 and true.
    """
    return {name: distribution(name, searched) for name, searched in stage.search.items()}


def distribution(name: str, searched: Searched) -> BaseDistribution:
    """Optuna's distribution of a parameter; see ``distributions``."""
    try:
        from optuna.distributions import (  # noqa: PLC0415 - only those who run need it
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )
    except ImportError as error:
        raise MissingPackage("optuna", "optuna", "searching with Optuna") from error
    domain = searched.domain
    if isinstance(domain, Choice):
        if len(set(domain.choices)) < len(domain.choices):
            raise CannotExport("optuna", [f"equal choices of {name}, such as 1 and true: Python takes them for one"])
        return CategoricalDistribution(domain.choices)
    domain = trimmed(domain)
    if domain.integer:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.log, step=int(domain.step or 1))
    return FloatDistribution(domain.low, domain.high, log=domain.log, step=domain.step)


def parents_first(stage: Stage) -> Iterator[tuple[str, Searched | Held]]:
    """The stage's parameters, each after those that it depends on."""
    waiting: dict[str, Searched | Held] = dict(stage.entries)
    while waiting:
        for name in [n for n, entry in waiting.items() if not waiting.keys() & (entry.when or {}).keys()]:
            yield name, waiting.pop(name)


def _is_active(entry: Searched | Held, config: Mapping[str, Value]) -> bool:
    """Whether a parameter has an effect beside those that are decided already."""
    if isinstance(entry, Held) and entry.active is False:
        return False
    return all(
        parent in config and any(same(config[parent], value) for value in _listed(wanted))
        for parent, wanted in (entry.when or {}).items()
    )


def _listed(wanted: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def suggested(trial: BaseTrial, name: str, searched: Searched) -> Value:
    """The value of one parameter in an Optuna trial."""
    domain = searched.domain
    if isinstance(domain, Choice):
        chosen: Any = trial.suggest_categorical(name, domain.choices)
        return chosen  # type: ignore[no-any-return]
    domain = trimmed(domain)
    if domain.integer:
        ends = (int(domain.low), int(domain.high))
        return trial.suggest_int(name, *ends, log=domain.log, step=int(domain.step or 1))
    return trial.suggest_float(name, domain.low, domain.high, log=domain.log, step=domain.step)
