"""How the score depends on two parameters together, for the pairs that explain most beyond what each does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from advisor.importance import Axis
from advisor.importance.sobol import surfaces
from advisor.measuring import Pair
from advisor.pictures._canvas import (
    INK,
    Found,
    borders,
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
from advisor.pictures.curves import Scored, scores_of
from advisor.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE: Final = (3.8, 3.0)
_COLUMNS: Final = 2
_LEAST: Final = 0.01
"""The share of the variance from which two together are worth a picture."""


@drawn
def plot_pairs(found: Found, trials: Iterable[Trial | Pair] = (), *, metric: str = "score", most: int = 6) -> Figure:
    """The mean score over two parameters as heat maps, brighter where it is better; trials as dots.

    Args:
        found: What ``measure`` or ``compare`` returned.
        trials: What it was measured from; none are drawn if it is left out.
        metric: What the scores are called.
        most: How many pairs are drawn, those that explain most together first.

    Raises:
        MissingPackage: There is no matplotlib.
    """
    what = measured(found)
    ranked = sorted(what.pairs.items(), key=lambda item: (-item[1], item[0]))
    strong = [(names, share) for names, share in ranked if share >= _LEAST][:most]
    if what.process is None or not strong:
        return sentence(f"No two parameters explain {_LEAST:.0%} of the variance beyond what each does by itself.")
    column = {axis.name: position for position, axis in enumerate(what.process.axes)}
    chosen = [(column[left], column[right]) for (left, right), _ in strong]
    values = [in_scores(surface, what) for surface in surfaces(what.process, chosen)]
    ends = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    colours = "cividis" if what.direction == "maximize" else "cividis_r"
    figure, places = panels(len(strong), _COLUMNS, _SIZE)
    scored = scores_of(trials)
    for axes, pair, surface, (_, share) in zip(places, chosen, values, strong, strict=True):
        left, right = (what.process.axes[position] for position in pair)
        mesh = axes.pcolormesh(
            borders(left), borders(right), surface.T, cmap=colours, vmin=ends[0], vmax=ends[1], rasterized=True
        )
        _dots(axes, left, right, scored)
        scaled(axes, left, "x")
        scaled(axes, right, "y")
        axes.set_xlabel(plain(left.name, 30))
        axes.set_ylabel(plain(right.name, 30))
        axes.set_title(f"{share:.2f} together")
    figure.colorbar(mesh, ax=places, label=f"{with_direction(metric, what)}: brighter", shrink=0.9)
    return figure


def _dots(axes: Axes, left: Axis, right: Axis, scored: Scored) -> None:
    both = [config for config, _ in scored if left.name in config and right.name in config]
    across, along = ([place(axis, config[axis.name]) for config in both] for axis in (left, right))
    axes.scatter(across, along, s=9, color="white", edgecolors=INK, linewidths=0.5, alpha=0.8)
