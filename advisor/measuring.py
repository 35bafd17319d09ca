"""What mattered in trials: which of them can be used, in which space, and what each parameter was worth.

The mathematics is that of ``advisor.importance``; here stands what it is applied to, and what a person has to be told.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from advisor import budgets, importance
from advisor.errors import InvalidFile, Problem
from advisor.importance import Importance, Measurement, Table, TooFewTrials, Trust
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.measurement import FEWEST
from advisor.plan import Plan, Searched, Stage
from advisor.space import Choice, Domain, Numeric, Value, contains, is_number, same
from advisor.spec import SpaceEntry
from advisor.trials import Trial
from advisor.words import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.spec import Direction

Pair: TypeAlias = tuple[Mapping[str, Value], float | None]
"""A configuration and its value; None where it failed."""
Space: TypeAlias = Plan | Stage | Mapping[str, Any]
Condition: TypeAlias = Mapping[str, Value | tuple[Value, ...]]

_DIVERGED: Final = 1000.0
"""So many times as far from the best as three quarters of the trials are: a score that says no more than failed."""
VERDICTS: Final = {True: "matters", False: "does not matter", None: "cannot tell"}
"""What can be told of a parameter, in words."""
_FEWEST_FAILED: Final = 5
"""Failed trials without which nothing is said of where trials fail."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Importances:
    """What mattered, and how sure that is.

    Attributes:
        parameters: By name; ``main`` and ``total`` are shares of the variance over the space, with 95 % intervals.
        pairs: Share of the variance of two together, beyond what each does by itself.
        explained: Share of the variance of the scores that the model predicts of trials that it did not see.
        trust: How far all this can be believed.
        aside: Why a parameter was not measured, by its name.
        failures: The same for whether a trial fails; None where too few failed, or all did.
        remarks: What was left out or changed, in sentences.
        direction: Whether less or more of the scores is better. Curves are of costs: scores with the sign turned where
            more is better.
        process: The model of costs that the shares are of; None where no score differs.
    """

    parameters: Mapping[str, Importance]
    pairs: Mapping[tuple[str, str], float]
    explained: float
    trust: Trust
    aside: Mapping[str, str]
    failures: Measurement | None = None
    remarks: tuple[str, ...] = ()
    direction: Direction = "minimize"
    process: GaussianProcess | None = None

    def __repr__(self) -> str:
        lines = [f"Importances of {counted(self.trust.trials, 'trial')}, trust {self.trust.verdict}:"]
        for name, one in strongest_first(self.parameters):
            total = one.total
            figures = f"{total.value:.2f} ({total.low:.2f} to {total.high:.2f})"
            lines.append(f"  {name}: {figures}, {VERDICTS[one.matters]}")
        return "\n".join(lines)


def measure(
    trials: Iterable[Trial | Pair], space: Space, *, direction: Direction = "minimize", seed: int = 0
) -> Importances:
    """What each parameter explains of the scores of trials.

    The reference is the space itself: every value as likely as any other on the scale on which it is searched, however
    the trials were chosen. A parameter without effect beside others counts as one that does nothing there.

    Args:
        trials: Trials, or pairs of a configuration and its value.
        space: A plan, a stage, or what a spec has as ``space``.
        direction: Whether less or more is better; it decides which scores are bad.
        seed: Of subsamples.

    Raises:
        TooFewTrials: It says how many more would do.
        InvalidFile: The space is none, or no trial has a parameter of it.
    """
    return measured(gather(trials, space, direction=direction), direction=direction, seed=seed)


def measured(gathered: Gathered, *, direction: Direction, seed: int = 0) -> Importances:
    """The same of trials that are gathered already."""
    found = importance.measure(gathered.table, gathered.costs, seed=seed)
    return Importances(
        parameters=found.parameters,
        pairs=found.pairs,
        explained=found.explained,
        trust=found.trust,
        aside=found.aside,
        failures=_failures(gathered, seed),
        remarks=gathered.remarks,
        direction=direction,
        process=found.process,
    )


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Trials as they are measured.

    Attributes:
        table: What the complete ones set.
        costs: Their scores, less is better; shape (n,).
        kept: All trials that are used, those that were ended early with what they would have come to.
        domains: Where each parameter was searched, in any of them.
        conditions: Values of others for which a parameter has an effect.
        remarks: What was left out or changed, in sentences.
    """

    table: Table
    costs: NDArray[np.float64]
    kept: tuple[Trial, ...]
    domains: Mapping[str, Domain]
    conditions: Mapping[str, Condition]
    remarks: tuple[str, ...]


def gather(trials: Iterable[Trial | Pair], space: Space, *, direction: Direction = "minimize") -> Gathered:
    """The trials that can be compared, as numbers; arguments and errors are those of ``measure``."""
    domains, conditions = _space(space)
    known = [one if isinstance(one, Trial) else _trial(*one) for one in trials]
    comparable, remarks = _comparable(known, domains)
    narrow, domains = domains, {name: _widened(domain, name, comparable) for name, domain in domains.items()}
    kept, said = budgets.at_the_end(comparable, domains, conditions)
    remarks += _said_of_ranges(narrow, domains)
    complete = [trial for trial in kept if trial.state == "complete"]
    values = np.array([trial.value for trial in complete], dtype=float)
    costs, diverged = as_costs(values, direction)
    if diverged:
        remarks.append(f"{diverged} trials diverged: they count as bad as the worst of the others")
    return Gathered(
        table=importance.tabulate([trial.config for trial in complete], domains, conditions),
        costs=costs,
        kept=kept,
        domains=domains,
        conditions=conditions,
        remarks=(*remarks, *said),
    )


def _trial(config: Mapping[str, Value], value: float | None) -> Trial:
    is_complete = value is not None and bool(np.isfinite(value))
    if not is_complete:
        return Trial.model_construct(config=config, state="failed")
    return Trial.model_construct(config=config, value=value, state="complete")


# The space


def _space(space: Space) -> tuple[dict[str, Domain], dict[str, Condition]]:
    if isinstance(space, Stage):
        return _of_search(space.search)
    if isinstance(space, Plan):
        domains: dict[str, Domain] = {}
        conditions: dict[str, Condition] = {}
        for stage in space.stages:
            more, when = _of_search(stage.search)
            domains |= {name: _union(domains.get(name), domain) for name, domain in more.items()}
            conditions |= when
        return domains, conditions
    entries = {name: SpaceEntry.model_validate(entry) for name, entry in space.items()}
    found = {name: domain for name, entry in entries.items() if (domain := _of_entry(name, entry)) is not None}
    return found, {name: entry.when for name, entry in entries.items() if entry.when and name in found}


def _of_search(search: Mapping[str, Searched]) -> tuple[dict[str, Domain], dict[str, Condition]]:
    conditions = {name: searched.when for name, searched in search.items() if searched.when}
    return {name: searched.domain for name, searched in search.items()}, conditions


def _of_entry(name: str, entry: SpaceEntry) -> Domain | None:
    if entry.choices is not None:
        return Choice(choices=entry.choices, ordered=bool(entry.ordered))
    if "value" in entry.model_fields_set:
        return None
    if entry.low is None or entry.high is None:
        raise InvalidFile([Problem(sentence=f"{name} has no low and high, and no choices", path=(name,))])
    whole = isinstance(entry.low, int) and isinstance(entry.high, int) and not entry.log
    integer = entry.type == "int" or (entry.type is None and whole)
    return Numeric(low=entry.low, high=entry.high, log=bool(entry.log), step=entry.step, integer=integer)


def _union(one: Domain | None, other: Domain) -> Domain:
    if isinstance(one, Numeric) and isinstance(other, Numeric):
        return one._replace(low=min(one.low, other.low), high=max(one.high, other.high))
    if isinstance(one, Choice) and isinstance(other, Choice):
        new = tuple(value for value in other.choices if not contains(one, value))
        return one._replace(choices=one.choices + new)
    return other


def _widened(domain: Domain, name: str, trials: Iterable[Trial]) -> Domain:
    """The range with what was tried outside it: a stage that opened a range, another study with another one."""
    if isinstance(domain, Choice):
        return domain
    tried = [float(v) for t in trials if is_number(v := t.config.get(name)) and v is not None]
    tried = [value for value in tried if value > 0 or not domain.log]
    return domain._replace(low=min([domain.low, *tried]), high=max([domain.high, *tried]), step=None)


def _said_of_ranges(before: Mapping[str, Domain], after: Mapping[str, Domain]) -> Iterator[str]:
    for name, domain in after.items():
        old = before[name]
        if (
            isinstance(domain, Numeric)
            and isinstance(old, Numeric)
            and (old.low, old.high) != (domain.low, domain.high)
        ):
            yield (
                f"{name} was tried beyond {old.low:g} .. {old.high:g}: "
                f"it is measured over {domain.low:g} .. {domain.high:g}, where any trial was"
            )


# The trials


def _comparable(trials: Sequence[Trial], domains: Mapping[str, Domain]) -> tuple[list[Trial], list[str]]:
    """The trials that set what is not searched as most others do, and what is said of the rest."""
    if not any(name in trial.config for trial in trials for name in domains):
        raise InvalidFile([Problem(sentence="no trial has a parameter of the space; are the names the same?")])
    others = dict.fromkeys(name for trial in trials for name in trial.config if name not in domains)
    usual = {name: value for name in others for value in _usual(name, trials)}
    kept = [t for t in trials if all(same(t.config.get(n, value), value) for n, value in usual.items())]
    kept = [t for t in kept if all(_fits(domain, t.config[n]) for n, domain in domains.items() if n in t.config)]
    left = len(trials) - len(kept)
    remarks = [
        f"{name} varied and is not in the space: what it did counts as noise" for name in others if name not in usual
    ]
    if left:
        unlike = "they set what is not searched, or values of another kind, unlike the others"
        remarks.append(f"{left} trials are not used: {unlike}")
    return kept, remarks


def _usual(name: str, trials: Iterable[Trial]) -> tuple[Value] | tuple[()]:
    """The commonest value of a parameter that is not searched; nothing where too few have it to be measured alone."""
    counts = Counter((type(t.config[name]) is bool, t.config[name]) for t in trials if name in t.config)
    [((_, value), count)] = counts.most_common(1)
    return (value,) if count >= min(FEWEST, counts.total()) else ()


def _fits(domain: Domain, value: Value) -> bool:
    if isinstance(domain, Choice):
        return contains(domain, value)
    if not isinstance(value, int | float) or not is_number(value):
        return False
    return math.isfinite(value) and (value > 0 or not domain.log)


def as_costs(values: NDArray[np.float64], direction: Direction) -> tuple[NDArray[np.float64], int]:
    """Scores as costs, those that diverged counted as bad as the worst that did not; and how many these are."""
    costs = -values if direction == "maximize" else values
    if not costs.size:
        return costs, 0
    best = costs.min()
    diverged = costs - best > _DIVERGED * (np.quantile(costs, 0.75) - best)
    if diverged.all() or np.quantile(costs, 0.75) == best:
        return costs, 0
    return np.where(diverged, costs[~diverged].max(), costs), int(diverged.sum())


def _failures(gathered: Gathered, seed: int) -> Measurement | None:
    """What decides whether a trial fails."""
    ended = [trial for trial in gathered.kept if trial.state != "pruned"]
    failed = np.array([trial.state == "failed" for trial in ended], dtype=float)
    if failed.sum() < _FEWEST_FAILED or len(ended) - failed.sum() < _FEWEST_FAILED:
        return None
    table = importance.tabulate([trial.config for trial in ended], gathered.domains, gathered.conditions)
    try:
        return importance.measure(table, failed, seed=seed)
    except TooFewTrials:
        return None


def strongest_first(found: Mapping[str, Importance]) -> list[tuple[str, Importance]]:
    """Parameters by total share; those that do not matter surely come last."""
    return sorted(found.items(), key=lambda item: (item[1].matters is False, -item[1].total.value, item[0]))


def with_remarks(found: Importances, remarks: Iterable[str]) -> Importances:
    """The same with more to tell."""
    return replace(found, remarks=(*remarks, *found.remarks))
