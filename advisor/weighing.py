"""Several objectives of the same trials: each in turn, and their weighted sum."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from advisor import analysing, measuring, readers
from advisor.analysing import Analysis
from advisor.errors import InvalidFile, Problem
from advisor.readers import Loaded
from advisor.trials import State, Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.terminal import Style

_WORST_FIRST: Final[tuple[State, ...]] = ("failed", "pruned", "complete")


def read(path: Path | str, metrics: Sequence[str], weights: Mapping[str, float], **named: Any) -> tuple[Loaded, ...]:
    """The trials of a file by each metric in turn, and last by the weighted sum, where there are weights.

    Args:
        path: As for ``load_trials``.
        metrics: What to read one after the other; what the file says where there is none.
        weights: By metric; those of a sum.
        named: What else ``load_trials`` takes.

    Raises:
        InvalidFile: As ``load_trials``; or trials cannot be weighed.
    """
    names = dict.fromkeys((*metrics, *weights))
    by_name = {name: readers.load_trials(path, metric=name, results=names.keys() - {name}, **named) for name in names}
    if not by_name:
        return (readers.load_trials(path, **named),)
    turns = [by_name[name] for name in dict.fromkeys(metrics)]
    return (*turns, weighed([by_name[name] for name in weights], list(weights.values()))) if weights else tuple(turns)


def parsed(text: str) -> dict[str, float]:
    """Weights by metric, of text such as ``error=0.7,size=0.3``.

    Raises:
        InvalidFile: It is no such text.
    """
    found: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, weight = part.rpartition("=")
        try:
            found[name.strip()] = float(weight)
        except ValueError:
            found[""] = math.nan
    if "" in found or not found or not all(map(math.isfinite, found.values())) or not any(found.values()):
        raise InvalidFile([Problem(f"weights are written as error=0.7,size=0.3, not as {text!r}")])
    return found


def weighed(objectives: Sequence[Loaded], weights: Sequence[float]) -> Loaded:
    """The trials with the weighted sum of their objectives; less is better.

    Each objective is turned so that less is better, and divided by its standard deviation over the trials, so that
    weights of different units compare. A value that diverged counts as the worst of the others, as in ``measure``. A
    trial counts as failed or pruned if it did by one of the objectives.

    Args:
        objectives: The same trials by one metric after another.
        weights: One an objective; less than 0 turns its direction.

    Raises:
        InvalidFile: The objectives are of different trials.
    """
    first = objectives[0]
    for other in objectives[1:]:
        if [trial.config for trial in other.trials] != [trial.config for trial in first.trials]:
            sentence = f"{first.metric} and {other.metric} are not of the same trials"
            raise InvalidFile([Problem(sentence=sentence)], f"{first.path}: error: {sentence}")
    costs = np.array(list(starmap(_weighted, zip(objectives, weights, strict=True)))).sum(axis=0)
    together = zip(*(one.trials for one in objectives), strict=True)
    trials = tuple(_with_sum(same, float(cost)) for same, cost in zip(together, costs, strict=True))
    states = Counter(trial.state for trial in trials)
    said = dict.fromkeys(remark for one in objectives for remark in one.remarks)
    return replace(
        first,
        metric=" + ".join(f"{weight:g} {one.metric}" for one, weight in zip(objectives, weights, strict=True)),
        direction="minimize",
        trials=trials,
        outside=(),
        counts=replace(first.counts, **{state: states[state] for state in _WORST_FIRST}),
        remarks=tuple(said),
    )


def _weighted(loaded: Loaded, weight: float) -> NDArray[np.float64]:
    """The costs of an objective in standard deviations, times its weight; NaN where a trial has none."""
    values = np.array([math.nan if trial.value is None else trial.value for trial in loaded.trials], dtype=float)
    known = ~np.isnan(values)
    costs, _ = measuring.as_costs(values[known], loaded.direction)
    values[known] = weight * costs / (costs.std() or 1.0) if costs.size else costs
    return values


def _with_sum(same: Sequence[Trial], cost: float) -> Trial:
    """One trial of several with the same configuration."""
    worst = min(same, key=lambda trial: _WORST_FIRST.index(trial.state))
    value = cost if worst.state == "complete" else None
    return Trial(config=worst.config, value=value, state=worst.state, stage=worst.stage, reason=worst.reason)


def rendered(analyses: Sequence[Analysis], form: str, style: Style | None = None) -> str:
    """What was found by each objective, under its name; of a single one without."""
    if len(analyses) == 1:
        return analysing.rendered(analyses[0], form, style)
    if form == "json":
        found = {analysis.metric: analysing.data(analysis) for analysis in analyses}
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(f"# {one.metric}\n\n{analysing.rendered(one, form, style)}" for one in analyses)


def draw(analyses: Sequence[Analysis], objectives: Sequence[Loaded], folder: Path) -> Iterator[Path]:
    """Write the pictures of each objective, of several each into a folder of its own, and say where."""
    for analysis, loaded in zip(analyses, objectives, strict=True):
        own = folder / loaded.metric.replace("/", "_") if len(analyses) > 1 else folder
        yield from analysing.draw(analysis, loaded, own)
