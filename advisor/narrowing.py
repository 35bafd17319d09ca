"""A range that follows from earlier trials: narrower where what was good is more than luck, wider at an edge.

Pure functions of numbers; exported code holds their very lines, so they stand by themselves.

The test of luck is the F test of a regression of the scores' ranks on a parabola (Draper and Smith, Applied Regression
Analysis, 1998, chapter 6), which has a closed form for two columns: unrelated scores reach a coefficient of
determination R² with probability (1 - R²) ** ((n - 3) / 2). That the best value lies near an edge is no evidence: with
six parameters it does in half of all searches of pure noise.
"""

from __future__ import annotations

import bisect
import math
import statistics
from typing import Final

LUCK: Final = 0.1
"""The chance with which a stage in which nothing matters may narrow any range; divided among its ranges."""
LEAST: Final = 5
"""Trials without which nothing is said of a trend."""


def narrowed(
    values: list[float],
    scores: list[float],
    ends: tuple[float, float],
    limits: tuple[float | None, float | None],
    *,
    keep: float,
    luck: float,
    log: bool = False,
    step: float | None = None,
) -> tuple[float, float, str]:
    """The range around the best quarter of the values, and what decided.

    Args:
        values: What was tried within the range.
        scores: What came of it; less is better.
        ends: The least and the greatest value of the range until now.
        limits: How far it may open below and above, where the scores still fall at that end; None is any length.
        keep: Width of the new range as a share of the old one, on the range's own scale.
        luck: The chance of a trend by luck above which the range stays as it is.
        log: Whether the scale is logarithmic.
        step: Distance of neighbouring values, counted from the low end.
    """
    low, high = (math.log(end) if log else end for end in ends)

    def place(value: float) -> float:
        """Where a value lies: 0 at the low end of the range, 1 at the high one."""
        if log and value <= 0:
            return -math.inf
        return ((math.log(value) if log else value) - low) / (high - low)

    chance, edge = trend([place(value) for value in values], scores)
    if chance > luck:
        return (*ends, f"stays: its {len(values)} trials may differ by luck ({chance:.2g}, above {luck:.2g})")
    least = ends[0] if edge >= 0 else -math.inf if limits[0] is None else limits[0]
    most = ends[1] if edge <= 0 else math.inf if limits[1] is None else limits[1]
    best = sorted(range(len(values)), key=scores.__getitem__)[: math.ceil(len(values) / 4)]
    centre = statistics.median(place(values[index]) for index in best)
    middle = max(min(centre, place(most) - keep / 2), place(least) + keep / 2)
    new = [low + share * (high - low) for share in (middle - keep / 2, middle + keep / 2)]
    if log:
        new = [math.exp(end) for end in new]
    if step is not None:
        new = [ends[0] + step * round((end - ends[0]) / step) for end in new]
    fine = max(map(abs, new)) / (new[1] - new[0] or 1)
    digits = 15 if step is not None else 6 + max(0, int(math.log10(fine)))
    new = [min(max(float(f"{end:.{digits}g}") if isinstance(end, float) else end, least), most) for end in new]
    way = "opens below" if new[0] < ends[0] else "opens above" if new[1] > ends[1] else "narrows"
    return new[0], new[1], f"{way} around the best quarter of {len(values)} trials (by luck: {chance:.2g})"


def opened(
    best: list[float], ends: tuple[float, float], whole: tuple[float, float], *, edge: float, log: bool = False
) -> tuple[float, float]:
    """The range until now, open to a wider one at either end near which one of the best lies.

    Args:
        best: What the best trials had; none where it had no effect in them, which opens nothing.
        ends: The least and the greatest value of the range until now.
        whole: Those of the wider range.
        edge: How near an end is, as a share of the range on its own scale.
        log: Whether the scale is logarithmic.
    """
    low, high, *values = (math.log(value) if log else value for value in (*ends, *best))
    near = edge * (high - low)
    return (
        whole[0] if any(value <= low + near for value in values) else max(whole[0], ends[0]),
        whole[1] if any(value >= high - near for value in values) else min(whole[1], ends[1]),
    )


def trend(places: list[float], scores: list[float]) -> tuple[float, int]:
    """How likely unrelated scores are to follow a parabola as closely, and where that is lowest: -1, 0 or 1.

    -1 is the low end (place 0) with the parabola still falling there, 1 the high end, 0 anywhere between.
    """
    n = len(places)
    order = sorted(scores)
    ranks = [(bisect.bisect_left(order, score) + bisect.bisect_right(order, score) - n) / 2 for score in scores]
    mean, mean_square = statistics.fmean(places), statistics.fmean(x * x for x in places)
    line = [x - mean for x in places]
    width = sum(x * x for x in line)
    slant = sum(a * b * b for a, b in zip(line, places, strict=True)) / (width or 1)
    bow = [x * x - mean_square - slant * a for a, x in zip(line, places, strict=True)]
    depth, spread = sum(x * x for x in bow), sum(rank * rank for rank in ranks)
    if n < LEAST or min(width, depth, spread) < 1e-12:
        return 1.0, 0
    slope = sum(a * rank for a, rank in zip(line, ranks, strict=True))
    bend = sum(a * rank for a, rank in zip(bow, ranks, strict=True))
    unexplained = max(0.0, 1 - (slope * slope / width + bend * bend / depth) / spread)
    at_low = slope / width - slant * bend / depth
    rise, at_high = at_low + bend / depth, at_low + 2 * bend / depth
    edge = -1 if at_low > 0 and rise > 0 else 1 if at_high < 0 and rise < 0 else 0
    return unexplained ** ((n - 3) / 2), edge
