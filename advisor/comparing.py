"""All methods side by side: what each says of every parameter, in shares and in units of the metric.

They answer different questions, so that a parameter may be first by one and last by another; the questions are said
beside the figures. Methods that ask a model ask the Gaussian process whose shares ``measuring.measure`` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import numpy as np

from advisor.errors import InvalidFile, Problem, UnknownName
from advisor.importance import Axis, Table, tabulate
from advisor.importance.ablation import ablation, completed
from advisor.importance.forest import forest_shares
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.impurity import impurity
from advisor.importance.local import local_importance
from advisor.importance.optuna_fanova import optuna_fanova
from advisor.importance.permutation import permutation_importance
from advisor.importance.region import good_region, reaching
from advisor.importance.sensitivity import sensitivity
from advisor.importance.sobol import interaction
from advisor.importance.worth import worth, worth_interval
from advisor.measuring import Gathered, Importances, Pair, Space, gather, measure
from advisor.model import Values
from advisor.plan import Plan, Stage
from advisor.space import Numeric, Value, clip, same, shown_value
from advisor.trials import Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.spec import Direction

    Floats: TypeAlias = NDArray[np.float64]

Kind: TypeAlias = Literal["variance", "share", "metric"]

_MOST: Final = 2000
"""Trials that forests see; each of several hundred trees is fitted to as many."""
_CANDIDATES: Final = 100
"""Of the trials the best, among which the one is looked for of which the model expects most."""


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


@dataclass(frozen=True, kw_only=True)
class Change:
    """One step on the way from the default to the best.

    Attributes:
        name: The parameter that changes.
        before: Its value before.
        after: Its value after.
        score: What the model expects after it.
        gain: How much better that is than before; less than 0 is worse.
        alone: How much better it is at the default, where nothing else changed.
    """

    name: str
    before: Value
    after: Value
    score: float
    gain: float
    alone: float


@dataclass(frozen=True, kw_only=True)
class Point:
    """A configuration, and what it is.

    Attributes:
        what: Such as ``the first trial``.
        config: What it sets of the parameters that were measured.
        score: What the model expects of it.
    """

    what: str
    config: Mapping[str, Value]
    score: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All methods side by side.

    Attributes:
        found: What the main engine says, with how far that can be believed.
        methods: All methods, the main engine's first.
        start: Where the path begins, the default.
        path: The steps to ``end``, each the one that gains most.
        end: The trial of which the model expects most.
        together: Share of the variance that some explain only together, beyond what any fewer of them do.
        remarks: What was changed for the comparison, in sentences.
    """

    found: Importances
    methods: tuple[Method, ...]
    start: Point
    path: tuple[Change, ...]
    end: Point
    together: Mapping[tuple[str, ...], float]
    remarks: tuple[str, ...] = ()


class _Model(NamedTuple):
    """The process with scores as people know them, and the two configurations between which it is asked."""

    process: GaussianProcess
    maximize: bool
    start: Floats
    end: Floats

    def predict(self, units: Floats) -> Floats:
        """The scores that are expected of rows of units."""
        costs = self.process.predict(units)
        return -costs if self.maximize else costs


def compare(
    trials: Iterable[Trial | Pair],
    space: Space,
    *,
    direction: Direction = "minimize",
    default: Mapping[str, Value] | None = None,
    together: Iterable[Sequence[str]] = (),
    seed: int = 0,
) -> Comparison:
    """What every method says of every parameter.

    Args:
        trials: Trials, or pairs of a configuration and its value.
        space: A plan, a stage, or what a spec has as ``space``.
        direction: Whether less or more is better.
        default: Where tuning begins; if it is not given, the plan's first configuration, else the first trial.
        together: Parameters, mostly three, of which is asked what they explain only together.
        seed: Of subsamples and of the points at which models are asked.

    Raises:
        TooFewTrials: It says how many more would do.
        InvalidFile: The space is none, no trial has a parameter of it, or no score differs.
        UnknownName: One of ``together`` was not measured.
    """
    known = tuple(trials)
    found = measure(known, space, direction=direction, seed=seed)
    gathered = gather(known, space, direction=direction)
    if found.process is None:
        raise InvalidFile([Problem("no score differs, or no parameter varied: there is nothing to compare")])
    what, config = _default(gathered, space, default)
    start, remarks = _start(found.process.axes, config)
    model = _Model(found.process, direction == "maximize", start, _end(gathered, found.process, start))
    forests, remark = _few(gathered, seed)
    return Comparison(
        found=found,
        methods=(*_main(found), *_of_trials(forests, seed), *_of_model(model, seed)),
        start=_point(what, model, start),
        path=_path(model),
        end=_point("the best trial by the model", model, model.end),
        together={tuple(names): _together(found.process, names) for names in together},
        remarks=(*remarks, *remark),
    )


def _together(process: GaussianProcess, names: Sequence[str]) -> float:
    known = [axis.name for axis in process.axes]
    for name in names:
        if name not in known:
            raise UnknownName("parameter that was measured", name, known)
    return interaction(process, names)


# Where it begins and ends


def _default(gathered: Gathered, space: Space, given: Mapping[str, Value] | None) -> tuple[str, Mapping[str, Value]]:
    """The configuration that tuning begins with, and what it is."""
    if given is not None:
        return "the configuration that was given", given
    stages = space.stages if isinstance(space, Plan) else (space,) if isinstance(space, Stage) else ()
    searched = {name: entry.default for stage in stages for name, entry in stage.search.items()}
    starts: tuple[Values, ...] = stages[0].start if stages else ()
    if not starts:
        return "the first trial", {**searched, **gathered.kept[0].config}
    is_library = isinstance(space, Plan) and space.bar.library_default
    return "the library's default" if is_library else "the plan's first configuration", {**searched, **starts[0]}


def _start(axes: Sequence[Axis], config: Mapping[str, Value]) -> tuple[Floats, list[str]]:
    """Units of the default, and what had to change for it to lie in the space."""
    units, remarks = {}, []
    for axis in axes:
        if (value := config.get(axis.name)) is None and axis.name not in config:
            continue
        nearest = clip(axis.domain, value)
        if not same(nearest, value):
            shown = f"{shown_value(value)} is not searched: {shown_value(nearest)} stands for it"
            remarks.append(f"{axis.name}: the default {shown}")
        units[axis.name] = _unit(axis, nearest)
    return completed(axes, units), remarks


def _unit(axis: Axis, value: Value) -> float:
    """Where a value lies in its column; the ends beside it let the column vary."""
    domain = axis.domain
    ends = (domain.low, domain.high) if isinstance(domain, Numeric) else domain.choices
    return float(tabulate([{axis.name: each} for each in (value, *ends)], {axis.name: domain}).units[0, 0])


def _end(gathered: Gathered, process: GaussianProcess, start: Floats) -> Floats:
    """Units of the trial of which the model expects most; what has no effect there is as at the start."""
    candidates = gathered.table.units[np.argsort(gathered.costs, kind="stable")[:_CANDIDATES]]
    best = candidates[int(process.predict(candidates).argmin())]
    return np.where(np.isnan(best), start, best)


def _point(what: str, model: _Model, units: Floats) -> Point:
    axes = model.process.axes
    config = {axis.name: axis.value(float(unit)) for axis, unit in zip(axes, units, strict=True)}
    return Point(what=what, config=config, score=float(model.predict(units[None, :])[0]))


def _path(model: _Model) -> tuple[Change, ...]:
    axes = model.process.axes
    steps = ablation(axes, model.predict, model.start, model.end, maximize=model.maximize)
    column = {axis.name: position for position, axis in enumerate(axes)}
    return tuple(
        Change(
            name=step.name,
            before=axes[column[step.name]].value(float(model.start[column[step.name]])),
            after=axes[column[step.name]].value(float(model.end[column[step.name]])),
            score=step.score,
            gain=step.gain,
            alone=step.alone,
        )
        for step in steps
    )


# The methods


class _Trials(NamedTuple):
    """Trials for the methods that fit forests to them."""

    gathered: Gathered
    table: Table
    costs: Floats
    configs: tuple[Mapping[str, Value], ...]


def _few(gathered: Gathered, seed: int) -> tuple[_Trials, list[str]]:
    configs = [trial.config for trial in gathered.kept if trial.state == "complete"]
    count = len(configs)
    rows = np.sort(np.random.default_rng(seed).permutation(count)[:_MOST])
    few = _Trials(gathered, gathered.table.rows(rows), gathered.costs[rows], tuple(configs[row] for row in rows))
    return few, [f"forests were fitted to {_MOST:,} of {count:,} trials, drawn at random"] if count > _MOST else []


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


def _of_trials(few: _Trials, seed: int) -> list[Method]:
    """Methods that fit a forest of their own, or none."""
    table, costs, names = few.table, few.costs, few.table.names
    forest = forest_shares(table, costs, seed=seed, pairs=False)
    optuna = optuna_fanova(few.configs, {name: few.gathered.domains[name] for name in names}, costs, seed=seed)
    return [
        _method(
            "forest_alone", ("forest", "alone"), "As alone, by the exact fANOVA of a random forest.", forest.main, names
        ),
        _method("forest_with_others", ("forest", "others"), "As with others, by that forest.", forest.total, names),
        Method(
            name="optuna_fanova",
            heading=("Optuna's", "fANOVA"),
            question="As Optuna has it: log scales count as linear, the sum is 1.",
            kind="variance",
            values=optuna,
            intervals={},
        ),
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


def _of_model(model: _Model, seed: int) -> list[Method]:
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
        _worth(model, names, seed),
        _method(
            "steepness",
            ("", "steepness"),
            "How far does the score move along its whole scale?",
            sensitivity(axes, model.predict, seed=seed),
            names,
            kind="metric",
        ),
    ]


def _worth(model: _Model, names: Sequence[str], seed: int) -> Method:
    axes = model.process.axes
    gains = worth(axes, model.predict, model.start, maximize=model.maximize, seed=seed)
    low, high = worth_interval(model.process, gains, seed=seed)
    ends = zip(low.tolist(), high.tolist(), strict=True)
    return Method(
        name="worth",
        heading=("worth", "tuning"),
        question="What is lost with it at its default, all others tuned?",
        kind="metric",
        values=dict(zip(names, gains.gains.tolist(), strict=True)),
        intervals=dict(zip(names, ends, strict=True)),
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
