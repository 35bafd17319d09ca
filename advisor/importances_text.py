"""Importance as a person reads it in a terminal, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from advisor.importance import Estimate, Importance
from advisor.measuring import Importances, strongest_first
from advisor.plan import Plan
from advisor.terminal import Style
from advisor.words import counted

_BAR: Final = 24
"""Columns of a bar for a share of 1."""
_MOST_PAIRS: Final = 5
_LEAST_PAIR: Final = 0.02
"""The share of the variance from which two together are worth a line."""
_SAID: Final = {True: "matters", False: "does not matter", None: "cannot tell"}
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
    share = f"{found.explained:.0%} of the variance of unseen scores explained"
    yield from style.wrapped(f"{counted(trust.trials, 'trial')}, {share}, {trust.coverage:.0%} of the space's covered")
    yield from style.wrapped(f"Trust: {trust.verdict}. {_TRUST.get(trust.verdict, '')}")
    yield ""
    yield "Share of the variance over the space, alone and with others (95 % interval)"
    yield from _bars(found.parameters, style)
    if len(strongest_first(found.parameters)) > 1 and not _are_ordered(found.parameters):
        yield from style.wrapped("The first two overlap: which of them comes first cannot be told.", "  ")
    yield from _pairs(found)
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
    if plan is not None:
        yield from _beliefs(found, plan, style)
    if found.remarks:
        yield ""
        for remark in found.remarks:
            yield from style.wrapped(remark, "  ", "    ")


def _bars(parameters: Mapping[str, Importance], style: Style) -> Iterator[str]:
    width = max(map(len, parameters), default=0)
    for name, one in strongest_first(parameters):
        bar = "█" * round(one.total.value * _BAR) or "▏"
        line = f"  {name.ljust(width)}  {bar.ljust(_BAR)}  {_interval(one.total)}  {_SAID[one.matters]}"
        yield style.paint(line, "dim") if one.matters is False else line


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _are_ordered(parameters: Mapping[str, Importance]) -> bool:
    """Whether the first has more than the second, beyond their intervals."""
    first, second = (one for _, one in strongest_first(parameters)[:2])
    return first.total.low > second.total.high


def _pairs(found: Importances) -> Iterator[str]:
    strong = sorted(found.pairs.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PAIRS]
    for (one, other), share in strong:
        if share >= _LEAST_PAIR:
            yield f"  {one} with {other}: {share:.2f} beyond what each does alone"


def _beliefs(found: Importances, plan: Plan, style: Style) -> Iterator[str]:
    """Where the measured share and the one that is known from other data sets part beyond the interval."""
    lines = []
    for name, one in strongest_first(found.parameters):
        evidence = plan.evidence.get(name)
        if evidence is None or evidence.variance is None:
            continue
        known = evidence.variance.share
        lines.append(f"{name}: {one.main.value:.2f} alone here, {_beside(one.main, known)} ({known:.2f})")
    if lines:
        yield ""
        yield "Beside what was known"
        for line in lines:
            yield from style.wrapped(line, "  ", "    ")


def _beside(measured: Estimate, known: float) -> str:
    if measured.low <= known <= measured.high:
        return "as on other data sets"
    return f"{'more' if known < measured.low else 'less'} than on other data sets"


def data(found: Importances) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "parameters": {name: _of_parameter(one) for name, one in strongest_first(found.parameters)},
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
        else {name: _of_parameter(one) for name, one in strongest_first(found.failures.parameters)},
        "remarks": list(found.remarks),
    }


def _of_parameter(one: Importance) -> dict[str, Any]:
    return {
        "main": {"value": one.main.value, "low": one.main.low, "high": one.main.high},
        "total": {"value": one.total.value, "low": one.total.low, "high": one.total.high},
        "noise_floor": one.noise_floor,
        "matters": one.matters,
        "curve": {
            "values": list(one.curve.values),
            "mean": [float(value) for value in one.curve.mean],
            "low": [float(value) for value in one.curve.low],
            "high": [float(value) for value in one.curve.high],
        },
    }
