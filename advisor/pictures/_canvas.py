"""What all pictures share: paper, ink, words on axes, and how a figure becomes a file."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeAlias

import numpy as np

from advisor.comparing import Comparison
from advisor.errors import MissingPackage
from advisor.importance import Axis
from advisor.measuring import Importances
from advisor.space import Choice, Numeric, Value, shown_condition, shown_value
from advisor.terminal import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

P = ParamSpec("P")
Found: TypeAlias = Importances | Comparison

BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
INK: Final = "#222222"
GREY: Final = "#C4C4C4"

_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.facecolor": "white",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.grid": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "path",
    "svg.hashsalt": "advisor",
}
"""Of the person's own settings none is used, so that a picture looks the same for everyone."""
_LONGEST: Final = 20
"""Letters of a category on an axis, and of all of them side by side."""


def drawn(function: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let a function draw in the common style.

    Raises:
        MissingPackage: There is no matplotlib.
    """

    @wraps(function)
    def styled(*args: P.args, **named: P.kwargs) -> Figure:
        try:
            import matplotlib as mpl  # noqa: PLC0415 - only pictures need it
        except ImportError as error:
            raise MissingPackage("matplotlib", "report", "a picture") from error
        with mpl.rc_context(_STYLE):
            return function(*args, **named)

    return styled


def paper(width: float, height: float) -> Figure:
    """An empty figure of so many inches that makes room for its labels."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def panels(count: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """A figure with so many axes, row by row, each of a size in inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = paper(max(size[0] * columns, 4.5), size[1] * rows + 0.3)
    return figure, [figure.add_subplot(rows, columns, number + 1) for number in range(count)]


def sentence(text: str) -> Figure:
    """A figure that says why there is nothing to see."""
    figure = paper(6, 1)
    figure.text(0.5, 0.5, plain(text), ha="center", va="center", wrap=True)
    return figure


def svg(figure: Figure) -> str:
    """The figure as SVG; the same bytes for the same figure."""
    import matplotlib as mpl  # noqa: PLC0415 - as above

    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def measured(found: Found) -> Importances:
    """What the main engine says, of a comparison too."""
    return found.found if isinstance(found, Comparison) else found


def plain(text: str, width: int = 0) -> str:
    """Text that is no formula, in lines of at most the width where that is given."""
    if width and len(text) > width:
        spaced = text.replace("_", "_\0").replace(".", ".\0").replace("\0", " ")
        text = "\n".join(line.replace("_ ", "_").replace(". ", ".") for line in textwrap.wrap(spaced, width))
    return text.replace("$", r"\$")


def with_direction(metric: str, found: Importances) -> str:
    """The metric as it is written on an axis."""
    return plain(f"{metric} ({'more' if found.direction == 'maximize' else 'less'} is better)", 40)


def condition(axes: Sequence[Axis], axis: Axis) -> str:
    """For which values of others a parameter has an effect, as a line of its own; nothing where it always has."""
    wanted = {
        axes[parent].name: tuple(
            axes[parent].value(float(n)) for n, holds in zip(axes[parent].nodes, mask, strict=True) if holds
        )
        for parent, mask in axis.conditions
    }
    return "\n" + plain(f"if {shown_condition(wanted)}", 36) if wanted else ""


def in_scores(costs: NDArray[np.float64], found: Importances) -> NDArray[np.float64]:
    """Costs as the scores that people know."""
    return -costs if found.direction == "maximize" else costs


def place(axis: Axis, value: Value) -> float:
    """Where a value stands on the axis of a picture."""
    if isinstance(axis.domain, Choice):
        matches = [index for index, choice in enumerate(axis.domain.choices) if choice == value]
        return float(matches[0]) if matches else np.nan
    return float(value or 0)


def borders(axis: Axis) -> NDArray[np.float64]:
    """Where the cells around the nodes of a parameter begin and end, on the axis of a picture."""
    if axis.continuous:
        shares = np.append(0.0, np.cumsum(axis.weights))
        return np.array([place(axis, axis.value(min(float(share), 1.0))) for share in shares])
    places = np.array([place(axis, axis.value(float(node))) for node in axis.nodes])
    is_log = isinstance(axis.domain, Numeric) and axis.domain.log
    places = np.log(places) if is_log else places
    middles = (places[1:] + places[:-1]) / 2
    found = np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])
    return np.exp(found) if is_log else found


def scaled(axes: Axes, axis: Axis, side: str = "x") -> None:
    """Give one side of a picture the scale of a parameter: its values, its logarithm, its ends."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator  # noqa: PLC0415 - as above

    own: Any = axes.xaxis if side == "x" else axes.yaxis
    limits = axes.set_xlim if side == "x" else axes.set_ylim
    ends = borders(axis)
    if isinstance(axis.domain, Numeric) and axis.domain.log:
        (axes.set_xscale if side == "x" else axes.set_yscale)("log")
    limits(ends[0], ends[-1])
    if isinstance(axis.domain, Choice):
        values = shortened([shown_value(value) for value in axis.domain.choices], _LONGEST)
        own.set_ticks(range(len(values)), labels=[plain(value) for value in values])
        if side == "x" and sum(map(len, values)) > _LONGEST:
            own.set_tick_params(labelrotation=35)
            for label in own.get_ticklabels():
                label.set(ha="right", rotation_mode="anchor")
        return
    if axis.domain.log:
        few = ends[-1] / ends[0] < 100
        own.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=4))
        own.set_minor_locator(NullLocator())
    else:
        own.set_major_locator(MaxNLocator(5 if axis.domain.integer else 4, integer=axis.domain.integer))
    own.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
