"""The way from the default to the best, one change after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from advisor.comparing import Change, Comparison, worth_a_line
from advisor.pictures._canvas import BLUE, INK, VERMILION, drawn, paper, plain, with_direction
from advisor.terminal import figure as value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW: Final = 0.36
"""Inches of a row; labels of several lines have more."""
_LABEL: Final = 40
"""Letters of a line of a label."""


@drawn
def plot_ablation(found: Comparison, *, metric: str = "score") -> Figure:
    """What the model expects after each change, and what the change would give where nothing else changed.

    Args:
        found: What ``compare`` returned.
        metric: What the scores are called.

    Raises:
        MissingPackage: There is no matplotlib.
    """
    listed, rest = worth_a_line(found.path)
    labels = [plain(found.start.what, _LABEL)]
    labels += [_label(step) for step in listed]
    scores = [found.start.score, *(step.score for step in listed)]
    if rest:
        labels.append(f"{len(rest)} more")
        scores.append(found.end.score)
    figure = paper(7.2, 1.3 + _ROW * sum(label.count("\n") + 1 for label in labels))
    axes = figure.add_subplot()
    better = 1 if found.found.direction == "maximize" else -1
    for row, (before, after) in enumerate(pairwise(scores), 1):
        colour = BLUE if better * (after - before) >= 0 else VERMILION
        axes.plot([before, before], [row - 1, row], color=INK, linewidth=0.8, linestyle=":")
        axes.plot([before, after], [row, row], color=colour, linewidth=5, alpha=0.45, solid_capstyle="butt")
    axes.plot(scores, range(len(scores)), "o", color=BLUE, label="by the model, after the change")
    alone = [found.start.score + better * step.alone for step in listed]
    label = "if only this changed"
    axes.plot(alone, range(1, len(alone) + 1), "D", markersize=6, markerfacecolor="none", color=INK, label=label)
    axes.set_yticks(range(len(labels)), labels=labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.margins(x=0.06)
    axes.set_xlabel(with_direction(metric, found.found))
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _label(step: Change) -> str:
    """The parameter and its values, in a line of their own where they do not fit beside it."""
    values = plain(f"{value(step.before)} → {value(step.after)}", _LABEL)
    beside = "  " if len(step.name) + len(values) < _LABEL else "\n"
    return f"{plain(step.name, _LABEL)}{beside}{values}"
