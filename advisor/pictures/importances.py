"""How much each parameter explains, alone and with others, with intervals and what noise would get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from advisor.importance import Importance
from advisor.measuring import VERDICTS, strongest_first
from advisor.pictures._canvas import BLUE, GREY, INK, VERMILION, Found, drawn, measured, paper, plain, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW: Final = 0.26
_LINE: Final = 0.14
"""Inches of a row, and of each line of a name beyond its first."""
_NAME: Final = 34
"""Letters of a line of a name."""


@drawn
def plot_importances(found: Found) -> Figure:
    """Shares of the variance as bars with 95 % intervals, and the share up to which noise would reach.

    Args:
        found: What ``measure`` or ``compare`` returned.

    Raises:
        MissingPackage: There is no matplotlib.
    """
    parameters = strongest_first(measured(found).parameters)
    if not parameters:
        return sentence("No parameter varied.")
    names = [plain(name, _NAME) for name, _ in parameters]
    lines = sum(name.count("\n") + 1 for name in names)
    figure = paper(7.2, 1.3 + _ROW * len(names) + _LINE * (lines - len(names)))
    axes = figure.add_subplot()
    for row, (_, one) in enumerate(parameters):
        _bar(axes, row, one)
    floor = max(one.noise_floor for _, one in parameters)
    label = "what a parameter without effect may get"
    axes.axvline(floor, color=VERMILION, linestyle="--", linewidth=1.2, zorder=3, label=label)
    axes.set_yticks(range(len(names)), labels=names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, min(1.0, 1.08 * max(floor, *(one.total.high for _, one in parameters))))
    axes.set_xlabel("Share of the variance of the score over the whole space")
    axes.tick_params(axis="y", length=0)
    _legend(figure, axes)
    return figure


def _bar(axes: Axes, row: int, one: Importance) -> None:
    total, main = one.total, one.main
    look = {True: (BLUE, ""), False: (GREY, ""), None: ("white", "////")}[one.matters]
    edge = INK if one.matters is False else BLUE
    axes.barh(row, total.value, height=0.64, color=look[0], hatch=look[1], edgecolor=edge, alpha=0.45, linewidth=0.8)
    axes.barh(row, main.value, height=0.3, color=INK if one.matters is False else BLUE, zorder=2)
    ends = [[max(total.value - total.low, 0)], [max(total.high - total.value, 0)]]
    axes.errorbar(total.value, row, xerr=ends, color=INK, capsize=2.5, linewidth=1, zorder=4)
    axes.text(1.01, row, VERDICTS[one.matters], transform=axes.get_yaxis_transform(), va="center", fontsize=8)


def _legend(figure: Figure, axes: Axes) -> None:
    """One entry for each mark, below the axes, where it covers nothing."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only pictures need it
    from matplotlib.patches import Patch  # noqa: PLC0415 - as above

    handles = [
        Patch(facecolor=BLUE, label="alone"),
        Patch(facecolor=BLUE, edgecolor=BLUE, alpha=0.45, label="with others"),
        Line2D([], [], color=INK, marker="|", markersize=5, linewidth=1, label="95 % interval"),
        *axes.get_legend_handles_labels()[0],
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
