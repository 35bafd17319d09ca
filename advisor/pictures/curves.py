"""How the score depends on each parameter, averaged over all others, with bands and trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from advisor.importance import Axis, Importance
from advisor.measuring import Importances, Pair, strongest_first
from advisor.pictures._canvas import (
    BLUE,
    INK,
    Found,
    condition,
    drawn,
    in_scores,
    measured,
    panels,
    place,
    plain,
    scaled,
    sentence,
    with_direction,
)
from advisor.space import Choice, Value
from advisor.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scored: TypeAlias = list[tuple[Mapping[str, Value], float]]

_SIZE: Final = (2.7, 2.3)
_COLUMNS: Final = 3
_FEW: Final = 8
"""Up to so many values each has a mark of its own."""
_MOST_TRIALS: Final = 400
"""Trials that are drawn; of more, some at equal distances."""
_TAIL: Final = 0.05
_REACH: Final = 1.5
"""Scores beyond this quantile, or so many times the middle half's width from it, stand at the border."""


@drawn
def plot_curves(found: Found, trials: Iterable[Trial | Pair] = (), *, metric: str = "score", most: int = 12) -> Figure:
    """The mean score along each parameter with its 95 % band; trials as dots, at the border where they lie outside.

    Args:
        found: What ``measure`` or ``compare`` returned.
        trials: What it was measured from; none are drawn if it is left out.
        metric: What the scores are called.
        most: How many parameters are drawn, those with the greatest shares first.

    Raises:
        MissingPackage: There is no matplotlib.
    """
    what = measured(found)
    if what.process is None:
        return sentence("No score differs, or no parameter varied: there are no curves.")
    axis_of = {axis.name: axis for axis in what.process.axes}
    ranked = strongest_first(what.parameters)
    scored = scores_of(trials)
    limits = _limits(what, [one for _, one in ranked[:most]], scored)
    figure, places = panels(min(most, len(ranked)), _COLUMNS, _SIZE)
    for number, (axes, (name, one)) in enumerate(zip(places, ranked, strict=False)):
        _curve(axes, axis_of[name], one, what)
        _dots(axes, axis_of[name], scored, limits)
        scaled(axes, axis_of[name])
        axes.set_ylim(*limits)
        title = f"{plain(name, 30)}{condition(what.process.axes, axis_of[name])}"
        axes.set_title(f"{title}\n{one.total.value:.2f} of the variance")
        if number % _COLUMNS:
            axes.tick_params(axis="y", labelleft=False)
    figure.supylabel(with_direction(metric, what), fontsize=9)
    if len(ranked) > most:
        figure.supxlabel(f"{most} of {len(ranked)} parameters, those with the greatest shares", fontsize=8)
    return figure


def scores_of(trials: Iterable[Trial | Pair]) -> Scored:
    """Configurations with their scores; of very many trials some."""
    pairs = [(trial.config, trial.value) if isinstance(trial, Trial) else trial for trial in trials]
    scored = [(config, float(value)) for config, value in pairs if value is not None and np.isfinite(value)]
    return scored[:: -(-len(scored) // _MOST_TRIALS)] if scored else []


def _limits(found: Importances, parameters: Iterable[Importance], scored: Scored) -> tuple[float, float]:
    """The ends of the scores, the same in all panels."""
    ends = [in_scores(end, found) for one in parameters for end in (one.curve.low, one.curve.high)]
    if scored:
        low, below, above, high = np.quantile([score for _, score in scored], [_TAIL, 0.25, 0.75, 1 - _TAIL])
        reach = _REACH * (above - below)
        ends.append(np.array([max(low, below - reach), min(high, above + reach)]))
    least, most = min(float(end.min()) for end in ends), max(float(end.max()) for end in ends)
    room = 0.06 * (most - least) or 1.0
    return least - room, most + room


def _curve(axes: Axes, axis: Axis, one: Importance, found: Importances) -> None:
    mean, low, high = (in_scores(each, found) for each in (one.curve.mean, one.curve.low, one.curve.high))
    places = [place(axis, value) for value in one.curve.values]
    if axis.categorical or len(places) <= _FEW:
        sides = np.abs(np.vstack([mean - np.minimum(low, high), np.maximum(low, high) - mean]))
        axes.errorbar(places, mean, yerr=sides, fmt="D", markersize=4.5, color=BLUE, capsize=4, zorder=3)
        return
    axes.fill_between(places, low, high, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(places, mean, color=BLUE, linewidth=1.8, zorder=3)


def _dots(axes: Axes, axis: Axis, scored: Scored, limits: tuple[float, float]) -> None:
    """A dot for each trial that sets the parameter, a triangle at the border for those outside."""
    seen = [(place(axis, config[axis.name]), score) for config, score in scored if axis.name in config]
    if not seen:
        return
    across, along = np.array(seen).T
    if isinstance(axis.domain, Choice):
        across = across + 0.5 * ((np.arange(len(across)) * 0.618) % 1 - 0.5)
    for marker, chosen in (
        ("o", (along >= limits[0]) & (along <= limits[1])),
        ("^", along > limits[1]),
        ("v", along < limits[0]),
    ):
        here = np.clip(along[chosen], *limits)
        axes.scatter(
            across[chosen], here, s=8, marker=marker, color=INK, alpha=0.4, linewidths=0, clip_on=marker == "o"
        )
