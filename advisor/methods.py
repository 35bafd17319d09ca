"""The methods of importance, each with the question that it answers, asked of the same trials and the same model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import numpy as np

from advisor.importance import Table
from advisor.importance.forest import forest_shares
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.impurity import impurity
from advisor.importance.local import local_importance
from advisor.importance.optuna_fanova import optuna_fanova
from advisor.importance.permutation import permutation_importance
from advisor.importance.region import good_region, reaching
from advisor.importance.sensitivity import sensitivity
from advisor.importance.worth import worth, worth_interval
from advisor.measuring import Gathered, Importances, Pair
from advisor.space import contains
from advisor.trials import Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Kind: TypeAlias = Literal["variance", "share", "metric"]

MOST: Final = 2000
"""Trials that forests see; each of several hundred trees is fitted to as many."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """What one method says.

    Attributes:
        name: As in JSON.
        heading: In a table, one line each.
        question: What its figures answer.
        kind: ``variance``: shares of the variance over the space; ``share``: other shares; ``metric``: in its units.
        values: By parameter; one that is missing cannot be measured so.
        intervals: Ends of 95 % intervals, where the method has them.
    """

    name: str
    heading: tuple[str, str]
    question: str
    kind: Kind
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


class Model(NamedTuple):
    """The process with scores as people know them, and the two configurations between which it is asked."""

    process: GaussianProcess
    maximize: bool
    start: Floats
    end: Floats

    def predict(self, units: Floats) -> Floats:
        """The scores that are expected of rows of units."""
        costs = self.process.predict(units)
        return -costs if self.maximize else costs


def asked(
    found: Importances, trials: Iterable[Trial | Pair], gathered: Gathered, model: Model, *, seed: int = 0
) -> tuple[Method, ...]:
    """What every method says, the main engine first.

    Args:
        found: The measurement.
        trials: What it was made from, as they were given.
        gathered: The same as numbers.
        model: The process of the measurement, and between which configurations it is asked.
        seed: Of subsamples and points.
    """
    rows = _some(len(gathered.costs), seed)
    table, costs = gathered.table.rows(rows), gathered.costs[rows]
    return (
        *_main(found),
        *_of_forest(table, costs, seed),
        _of_optuna(trials, gathered, seed),
        *_of_trials(table, costs, seed),
        *_of_model(found, model, seed),
    )


def _some(count: int, seed: int) -> NDArray[np.int64]:
    """The positions of so many trials, or of as many as a forest sees."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:MOST])


def _main(found: Importances) -> list[Method]:
    main = {name: one.main for name, one in found.parameters.items()}
    total = {name: one.total for name, one in found.parameters.items()}
    said = (
        ("alone", ("", "alone"), "What does it explain by itself? By the Gaussian process.", main),
        ("with_others", ("with", "others"), "What is left to explain while all others are known? Likewise.", total),
    )
    return [
        Method(
            name=name,
            heading=heading,
            question=question,
            kind="variance",
            values={parameter: one.value for parameter, one in estimates.items()},
            intervals={parameter: (one.low, one.high) for parameter, one in estimates.items()},
        )
        for name, heading, question, estimates in said
    ]


def _of_forest(table: Table, costs: Floats, seed: int) -> list[Method]:
    names = table.names
    forest = forest_shares(table, costs, seed=seed, pairs=False)
    return [
        _method(
            "forest_alone", ("forest", "alone"), "As alone, by the exact fANOVA of a random forest.", forest.main, names
        ),
        _method("forest_with_others", ("forest", "others"), "As with others, by that forest.", forest.total, names),
    ]


def _of_optuna(trials: Iterable[Trial | Pair], gathered: Gathered, seed: int) -> Method:
    """Optuna's own shares, of the trials that it would use: complete ones, with their scores as they are."""
    domains = {name: gathered.domains[name] for name in gathered.table.names}
    pairs = [(t.config, t.value) if isinstance(t, Trial) else t for t in trials if not _was_ended(t)]
    used = [
        (config, float(value))
        for config, value in pairs
        if value is not None
        and np.isfinite(value)
        and all(contains(domains[n], config[n]) for n in domains if n in config)
    ]
    some = [used[row] for row in _some(len(used), seed)]
    scores = np.array([value for _, value in some])
    return Method(
        name="optuna_fanova",
        heading=("Optuna's", "fANOVA"),
        question="As Optuna has it: log scales count as linear, the sum is 1.",
        kind="variance",
        values=optuna_fanova([config for config, _ in some], domains, scores, seed=seed) if some else {},
        intervals={},
    )


def _was_ended(trial: Trial | Pair) -> bool:
    return isinstance(trial, Trial) and trial.state != "complete"


def _of_trials(table: Table, costs: Floats, seed: int) -> list[Method]:
    """Methods that fit a forest of their own, or none."""
    names = table.names
    return [
        _method(
            "impurity",
            ("impurity", "of forest"),
            "Which splits fitted the trials, by heart or not?",
            impurity(table, costs, seed=seed),
            names,
            kind="share",
        ),
        _method(
            "permutation",
            ("column", "shuffled"),
            "How much worse does a forest predict unseen trials then?",
            permutation_importance(table, costs, seed=seed),
            names,
            kind="share",
        ),
        _method(
            "ped_anova",
            ("PED-", "ANOVA"),
            "Where lie the best tenth of the trials, beside all trials?",
            reaching(table.axes, table.units, costs),
            names,
            kind="share",
        ),
    ]


def _of_model(found: Importances, model: Model, seed: int) -> list[Method]:
    """Methods that ask the Gaussian process."""
    axes, names = model.process.axes, [axis.name for axis in model.process.axes]
    good = good_region(axes, model.predict, maximize=model.maximize, seed=seed)
    return [
        _method(
            "reach_best",
            ("to reach", "the best"),
            "What must be right to be in the best tenth of the space?",
            good.reaching,
            names,
            kind="share",
        ),
        _method(
            "among_best",
            ("among", "the best"),
            "What explains the score within that tenth?",
            good.within,
            names,
            kind="share",
        ),
        _method(
            "around_best",
            ("around", "the best"),
            "What moves the score if only it leaves the best trial?",
            local_importance(axes, model.predict, model.end),
            names,
            kind="share",
        ),
        _worth(found, model, seed),
        _method(
            "steepness",
            ("", "steepness"),
            "How far does the score move along its whole scale?",
            sensitivity(axes, model.predict, seed=seed),
            names,
            kind="metric",
        ),
    ]


def _worth(found: Importances, model: Model, seed: int) -> Method:
    """What tuning is worth; its interval begins at 0 where the trials do not show that the parameter matters at all."""
    axes = model.process.axes
    gains = worth(axes, model.predict, model.start, maximize=model.maximize, seed=seed)
    low, high = worth_interval(model.process, gains, seed=seed)
    names = [axis.name for axis in axes]
    surely = [float(end) if found.parameters[name].matters else 0.0 for name, end in zip(names, low, strict=True)]
    return Method(
        name="worth",
        heading=("worth", "tuning"),
        question="What is lost with it at its default, all others tuned?",
        kind="metric",
        values=dict(zip(names, gains.gains.tolist(), strict=True)),
        intervals=dict(zip(names, zip(surely, high.tolist(), strict=True), strict=True)),
    )


def _method(
    name: str, heading: tuple[str, str], question: str, values: Floats, names: Sequence[str], kind: Kind = "variance"
) -> Method:
    by_name = dict(zip(names, values.tolist(), strict=True))
    return Method(name=name, heading=heading, question=question, kind=kind, values=by_name, intervals={})


def parted(methods: Iterable[Method]) -> dict[str, tuple[list[Method], list[Method]]]:
    """Parameters that are first by some methods and last by others, with these; none where there are fewer than 3.

    A method that cannot tell its first from nothing is not asked.
    """
    first: dict[str, list[Method]] = {}
    last: dict[str, list[Method]] = {}
    for method in methods:
        values = method.values
        if len(values) < 3 or max(values.values()) <= min(values.values()):
            continue
        most, least = max(values, key=lambda name: values[name]), min(values.values())
        if method.intervals and method.intervals[most][0] <= 0:
            continue
        first.setdefault(most, []).append(method)
        for name in (name for name, value in values.items() if value <= least):
            last.setdefault(name, []).append(method)
    return {name: (first[name], last[name]) for name in first if name in last}
