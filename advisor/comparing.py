"""All methods side by side: what each says of every parameter, in shares and in units of the metric.

They answer different questions, so that a parameter may be first by one and last by another; the questions are said
beside the figures. Methods that ask a model ask the Gaussian process whose shares ``measuring.measure`` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from advisor import methods
from advisor.errors import InvalidFile, Problem, UnknownName
from advisor.importance import Axis, tabulate
from advisor.importance.ablation import ablation, completed
from advisor.importance.gaussian_process import GaussianProcess
from advisor.importance.sobol import interaction
from advisor.measuring import Gathered, Importances, Pair, Space, gather, measured
from advisor.methods import Method, Model
from advisor.model import Values
from advisor.plan import Plan, Stage
from advisor.space import Numeric, Value, clip, same, shown_value
from advisor.trials import Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.spec import Direction

    Floats: TypeAlias = NDArray[np.float64]

_CANDIDATES: Final = 100
"""Of the trials the best, among which the one is looked for of which the model expects most."""
_NEGLIGIBLE: Final = 0.01
"""Steps that change less than this share of the greatest step are counted, not listed."""


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
        InvalidFile: No score differs; and what ``measure`` raises.
        UnknownName: One of ``together`` was not measured.
    """
    known = tuple(trials)
    gathered = gather(known, space, direction=direction)
    found = measured(gathered, direction=direction, seed=seed)
    if found.process is None:
        raise InvalidFile([Problem("no score differs, or no parameter varied: there is nothing to compare")])
    what, config = _default(gathered, space, default)
    start, remarks = _start(found.process.axes, config)
    model = Model(found.process, direction == "maximize", start, _end(gathered, found.process, start))
    return Comparison(
        found=found,
        methods=methods.asked(found, known, gathered, model, seed=seed),
        start=_point(what, model, start),
        path=_path(model),
        end=_point("the best trial by the model", model, model.end),
        together={tuple(names): _together(found.process, names) for names in together},
        remarks=(*remarks, *_left_out(len(gathered.costs))),
    )


def _left_out(count: int) -> list[str]:
    left = f"forests were fitted to {methods.MOST:,} of {count:,} trials, drawn at random"
    return [left] if count > methods.MOST else []


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
    entries = [item for stage in reversed(stages) for item in stage.search.items()]
    searched = {name: entry.default for name, entry in entries if "default" in entry.model_fields_set}
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


def _point(what: str, model: Model, units: Floats) -> Point:
    axes = model.process.axes
    config = {axis.name: axis.value(float(unit)) for axis, unit in zip(axes, units, strict=True)}
    return Point(what=what, config=config, score=float(model.predict(units[None, :])[0]))


def _path(model: Model) -> tuple[Change, ...]:
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


def worth_a_line(path: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """The steps that change something, beside the greatest of them, and all others."""
    sizes = [max(abs(step.gain), abs(step.alone)) for step in path]
    least = _NEGLIGIBLE * max(sizes, default=0.0)
    listed = [step for step, size in zip(path, sizes, strict=True) if size > least]
    return listed, [step for step in path if step not in listed]
