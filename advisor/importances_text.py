"""Importance as a person reads it in a terminal, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from advisor import beliefs
from advisor.beliefs import Revised
from advisor.importance import Axis, Curve, Estimate, Importance
from advisor.measuring import VERDICTS, Importances, strongest_first
from advisor.plan import Plan
from advisor.space import Choice, shown_value
from advisor.terminal import Style, figure, shortened
from advisor.words import counted

_BAR: Final = 24
"""Columns of a bar for a share of 1, where there is room."""
_BESIDE: Final = 42
"""Columns beside a name and its bar: an interval, what can be told, and spaces."""
_LONGEST: Final = 28
"""Of a longer name the middle is left out."""
_MOST_PAIRS: Final = 5
_LEAST_PAIR: Final = 0.02
"""The share of the variance from which two together are worth a line."""
_MOST_CURVES: Final = 12
_BARS: Final = 16
"""Bars along the range of a number."""
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_TRUST: Final = {
    "good": "The model predicts unseen trials well, and the trials speak of most of the space.",
    "fair": "Take the order of the first as likely, the figures as rough.",
    "poor": "These trials cannot say much: run more, spread over the whole space.",
}


def rendered(found: Importances, plan: Plan | None = None, style: Style | None = None) -> str:
    """The shares as bars, with intervals, what can be told, and how far it can be believed."""
    return "\n".join(_lines(found, plan, style or Style())) + "\n"


def _lines(found: Importances, plan: Plan | None, style: Style) -> Iterator[str]:
    trust = found.trust
    told = f"the model explains {found.explained:.0%} of the variance of scores that it did not see"
    known = f"the trials speak of {trust.coverage:.0%} of the variance over the space"
    yield from style.wrapped(f"{counted(trust.trials, 'trial')}; {told}, and {known}.")
    yield from style.wrapped(f"Trust: {trust.verdict}. {_TRUST.get(trust.verdict, '')}")
    yield ""
    yield "Share of the variance over the space, alone and with others (95 % interval)"
    yield from _bars(found.parameters, style)
    if len(strongest_first(found.parameters)) > 1 and not _are_ordered(found.parameters):
        yield from style.wrapped("The first two overlap: which of them comes first cannot be told.", "  ")
    yield from _pairs(found, style)
    constant = [name for name, why in found.aside.items() if why.startswith("it was always")]
    if constant:
        yield from style.wrapped(f"not measured, as they never varied: {', '.join(constant)}", "  ", "    ")
    for name, why in found.aside.items():
        if name not in constant:
            yield from style.wrapped(f"not measured: {name}: {why}", "  ", "    ")
    if found.failures is not None:
        yield ""
        yield "Share of the variance of whether a trial fails"
        yield from _bars(found.failures.parameters, style)
    yield from _where_good(found, style)
    if plan is not None:
        yield from _beliefs(found, plan, style)
    if found.remarks:
        yield ""
        for remark in found.remarks:
            yield from style.wrapped(remark, "  ", "    ")


def _bars(parameters: Mapping[str, Importance], style: Style) -> Iterator[str]:
    width = min(max(map(len, parameters), default=0), _LONGEST)
    longest = min(max(style.width - width - _BESIDE, 8), _BAR)
    ranked = strongest_first(parameters)
    labels = shortened([name for name, _ in ranked], width)
    for label, (_, one) in zip(labels, ranked, strict=True):
        bar = "█" * round(one.total.value * longest) or "▏"
        line = f"  {label.ljust(width)}  {bar.ljust(longest)}  {_interval(one.total)}  {VERDICTS[one.matters]}"
        yield style.paint(line, "dim") if one.matters is False else line


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _are_ordered(parameters: Mapping[str, Importance]) -> bool:
    """Whether the first has more than the second, beyond their intervals."""
    first, second = (one for _, one in strongest_first(parameters)[:2])
    return first.total.low > second.total.high


def _pairs(found: Importances, style: Style) -> Iterator[str]:
    strong = sorted(found.pairs.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PAIRS]
    for (one, other), share in strong:
        if share >= _LEAST_PAIR:
            yield from style.wrapped(f"{one} with {other}: {share:.2f} beyond what each does alone", "  ", "    ")


def _where_good(found: Importances, style: Style) -> Iterator[str]:
    """For what matters, the mean score along its range as small bars, and where it may be best."""
    axes = {axis.name: axis for axis in found.process.axes} if found.process else {}
    curves = {n: one.curve for n, one in strongest_first(found.parameters) if one.matters and n in axes}
    if not curves:
        return
    scale = min(c.mean.min() for c in curves.values()), max(c.mean.max() for c in curves.values())
    shown = list(curves)[:_MOST_CURVES]
    yield ""
    yield "Where scores are good on the average (the higher the better)"
    width = min(max(map(len, shown)), _LONGEST)
    drawn = [_drawn(axes[name], curves[name], scale) for name in shown]
    room = max(map(len, drawn))
    for name, label, bars in zip(shown, shortened(shown, width), drawn, strict=True):
        best = f"best at {_best(axes[name], curves[name])}"
        line = f"  {label.ljust(width)}  {bars.ljust(room)}  {best}"
        if len(line) <= style.width:
            yield line
        else:
            yield from (*style.wrapped(f"  {label.ljust(width)}  {bars}"), *style.wrapped(best, " " * (width + 4)))
    if len(curves) > len(shown):
        yield f"  and {len(curves) - len(shown)} more"


def _drawn(axis: Axis, curve: Curve, costs: tuple[float, float]) -> str:
    """The curve in small bars between the ends of its range; a bar for each category."""
    heights = (costs[1] - curve.mean) / ((costs[1] - costs[0]) or 1.0)
    if isinstance(axis.domain, Choice):
        pairs = zip(curve.values, heights, strict=True)
        return " ".join(f"{shown_value(value)} {_bar(height)}" for value, height in pairs)
    count = _BARS if axis.continuous else min(_BARS, len(axis.nodes))
    places = np.interp((np.arange(count) + 0.5) / count, axis.nodes, heights)
    low, high = (figure(axis.value(end)) for end in (0.0, 1.0))
    return f"{low} {''.join(map(_bar, places))} {high}"


def _bar(height: float) -> str:
    return _LEVELS[min(int(height * len(_LEVELS)), len(_LEVELS) - 1)]


def _best(axis: Axis, curve: Curve) -> str:
    """The value with the best mean score, and those that may be best as well, by the band."""
    best = int(curve.mean.argmin())
    may_be = [position for position, low in enumerate(curve.low) if low <= curve.high.min()]
    if axis.categorical:
        others = [shown_value(curve.values[position]) for position in may_be if position != best]
        return shown_value(curve.values[best]) + (f", or {' or '.join(others)}" if others else "")
    values = [axis.value(0.0), *curve.values[1:-1], axis.value(1.0)] if axis.continuous else curve.values
    low, high, middle = (figure(values[position]) for position in (may_be[0], may_be[-1], best))
    return middle if low == high else f"{middle} ({low} to {high})"


def _beliefs(found: Importances, plan: Plan, style: Style) -> Iterator[str]:
    """What was believed of each share before the trials, beside the measurement, and where both part beyond chance."""
    revised = beliefs.revised(plan, found)
    names = [name for name, _ in strongest_first(found.parameters) if name in revised]
    if not names:
        return
    yield ""
    yield "Share alone: what was believed before, what these trials say, and both together"
    width = min(max(map(len, names)), 26)
    yield f"  {''.ljust(width)}  {'tier':9}  {'before':>6}  {'these trials'.ljust(19)}  {'both':>4}"
    for name, label in zip(names, shortened(names, width), strict=True):
        one = revised[name]
        figures = f"{one.prior.mean:6.2f}  {_interval(found.parameters[name].main)}  {one.share.value:.2f}"
        yield f"  {label.ljust(width)}  {_tier(plan, name):9}  {figures}"
    for name in (name for name in names if revised[name].disagrees):
        side = "more" if found.parameters[name].main.value > revised[name].prior.mean else "less"
        sentence = f"{name} explains {side} here than believed, beyond chance: {revised[name].prior.basis}."
        yield from style.wrapped(sentence, "  ", "    ")


def _tier(plan: Plan, name: str) -> str:
    return next((e.tier for s in plan.stages for n, e in s.entries.items() if n == name and e.tier), "unknown")


def data(found: Importances, plan: Plan | None = None) -> dict[str, Any]:
    """The same as plain data."""
    sign = -1 if found.direction == "maximize" else 1
    return {
        "parameters": {name: _of_parameter(one, sign) for name, one in strongest_first(found.parameters)},
        "pairs": [{"parameters": list(pair), "share": share} for pair, share in found.pairs.items()],
        "explained": found.explained,
        "trust": {
            "verdict": found.trust.verdict,
            "trials": found.trust.trials,
            "left_out": found.trust.left_out,
            "coverage": found.trust.coverage,
            "disagreement": found.trust.disagreement,
        },
        "not_measured": dict(found.aside),
        "failures": None
        if found.failures is None
        else {name: _of_parameter(one, 1) for name, one in strongest_first(found.failures.parameters)},
        "believed": None if plan is None else {n: _of_belief(one) for n, one in beliefs.revised(plan, found).items()},
        "remarks": list(found.remarks),
    }


def _of_belief(one: Revised) -> dict[str, Any]:
    return {
        "before": {"mean": one.prior.mean, "spread": one.prior.spread, "basis": one.prior.basis},
        "both": {"value": one.share.value, "low": one.share.low, "high": one.share.high},
        "weight_of_before": one.weight,
        "disagrees": one.disagrees,
    }


def _of_parameter(one: Importance, sign: int) -> dict[str, Any]:
    """The figures of a parameter; its curve in the direction of the scores, which is that of costs times ``sign``."""
    low, high = (one.curve.low, one.curve.high) if sign > 0 else (-one.curve.high, -one.curve.low)
    return {
        "main": {"value": one.main.value, "low": one.main.low, "high": one.main.high},
        "total": {"value": one.total.value, "low": one.total.low, "high": one.total.high},
        "noise_floor": one.noise_floor,
        "matters": one.matters,
        "curve": {
            "values": list(one.curve.values),
            "mean": (sign * one.curve.mean).tolist(),
            "low": low.tolist(),
            "high": high.tolist(),
        },
    }
