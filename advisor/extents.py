"""Where a measured parameter is searched next: narrower, wider or on another scale, each by a figure beyond luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from advisor import handover, narrowing
from advisor.importance import Importance, tabulate
from advisor.importance.gaussian_process import fit
from advisor.measuring import Gathered
from advisor.plan import Narrowing, Searched, Stage
from advisor.space import Numeric, contains, is_single, trimmed

OPENS: Final = 0.35
"""Share of its width by which a range opens at an end where the scores still fall; that which narrowing keeps."""
_LEAST_RATIO: Final = 100
"""High over low of a linear range below which a logarithmic scale is much the same."""
_STRONG: Final = 3.0
"""Logarithm of the Bayes factor that is strong evidence: 20 to 1 (Kass and Raftery, Bayes factors, 1995)."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A range as it becomes, and what decided."""

    low: float
    high: float
    log: bool
    why: str


def moved(
    name: str, searched: Searched, stage: Stage, one: Importance, gathered: Gathered, luck: float
) -> Moved | None:
    """Where a parameter that matters is searched next; None where luck explains all that would change it.

    Args:
        name: Of the parameter.
        searched: Its range until now.
        stage: The stage that searches it.
        one: What was measured of it.
        gathered: The trials.
        luck: The chance of a trend by luck above which the range stays.
    """
    if not isinstance(searched.domain, Numeric):
        return None
    domain = trimmed(searched.domain)
    seen = _seen(name, domain, gathered)
    if is_single(domain) or len(seen) < narrowing.LEAST:
        return None
    scaled = np.log if domain.log else np.asarray
    bottom, top = float(scaled(float(domain.low))), float(scaled(float(domain.high)))
    places = (scaled(np.array([value for value, _ in seen])) - bottom) / (top - bottom)
    chance, edge = narrowing.trend(places.tolist(), [cost for _, cost in seen])
    if chance > luck:
        return None
    if (ratio := _logarithm_explains(name, domain, gathered)) > _STRONG:
        why = f"on a logarithmic scale, which explains the scores {_times(ratio)} better than the linear one"
        return Moved(low=float(domain.low), high=float(domain.high), log=True, why=why)
    low, high = _may_be_best(domain, one)
    least, most = handover.reach(stage.having(narrow=Narrowing(extend_at_edge=True)), searched)
    unscaled = math.exp if domain.log else float
    if edge < 0:
        low = max(unscaled(bottom - OPENS * (top - bottom)), -math.inf if least is None else least)
    if edge > 0:
        high = min(unscaled(top + OPENS * (top - bottom)), math.inf if most is None else most)
    return _on_grid(domain, low, high, (least, most), chance)


def _seen(name: str, domain: Numeric, gathered: Gathered) -> Sequence[tuple[float, float]]:
    """The values within the range that complete trials had, each with its cost."""
    complete = [trial for trial in gathered.kept if trial.state == "complete"]
    known = zip(complete, gathered.costs.tolist(), strict=True)
    values = [(trial.config[name], cost) for trial, cost in known if name in trial.config]
    return [(float(value or 0), cost) for value, cost in values if contains(domain, value)]


def _may_be_best(domain: Numeric, one: Importance) -> tuple[float, float]:
    """The values between which the mean score may be the best, by its 95 % band, and a node further on either side."""
    values = np.array(one.curve.values, dtype=float)
    may_be_best = np.flatnonzero(one.curve.low <= one.curve.high.min())
    low = max(values[max(may_be_best[0] - 1, 0)], float(domain.low))
    high = min(values[min(may_be_best[-1] + 1, len(values) - 1)], float(domain.high))
    return low, high


def _logarithm_explains(name: str, domain: Numeric, gathered: Gathered) -> float:
    """Logarithm of how many times likelier a model has the scores with the parameter on a logarithmic scale."""
    tried = gathered.domains[name]  # the range, and what was tried beyond it
    assert isinstance(tried, Numeric)  # noqa: S101 - as the range is
    if domain.log or tried.low <= 0 or domain.high / domain.low < _LEAST_RATIO:
        return 0.0
    complete = [trial.config for trial in gathered.kept if trial.state == "complete"]
    domains = {**gathered.domains, name: tried._replace(log=True)}
    other = tabulate(complete, domains, gathered.conditions)
    return fit(other, gathered.costs).density - fit(gathered.table, gathered.costs).density


def _times(ratio: float) -> str:
    return f"{math.exp(min(ratio, 20)):.2g} times"


def _on_grid(
    domain: Numeric, low: float, high: float, reach: tuple[float | None, float | None], chance: float
) -> Moved | None:
    """The range in values that the parameter can have; None where it is as it was, or has a single value."""
    step = domain.step or (1 if domain.integer else None)
    low, high = float(f"{low:.6g}"), float(f"{high:.6g}")
    if step is not None:
        low = domain.low + step * math.floor((low - domain.low) / step)
        high = domain.low + step * math.ceil((high - domain.low) / step)
    least, most = reach
    low = low if least is None else max(low, least)
    high = high if most is None else min(high, most)
    if low >= high or (low, high) == (domain.low, domain.high):
        return None
    what = "open where the score still falls" if low < domain.low or high > domain.high else "where it may be best"
    return Moved(low=low, high=high, log=domain.log, why=f"{what} (95 % band; by luck {chance:.2g})")
