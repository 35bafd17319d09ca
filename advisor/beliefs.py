"""What was believed of each parameter's importance before any trial, and what is believed after.

Shares of parameters by themselves (first-order Sobol indices, the marginals of fANOVA). Two normal opinions are joined
by their precisions. What other data sets say has a wide spread: over 34 published mean shares of 0.02 and more, of 47
to 95 data sets each (van Rijn and Hutter, Hyperparameter Importance Across Datasets, 2018; the fANOVA files of arXiv
2108.13066), the standard deviation between data sets is 0.51 times sqrt(m (1 - m)) in the median, where m is the mean;
for smaller shares it is less. So a mean of however many data sets is worth three data sets, as in a Beta distribution.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

from advisor.effects import Tier
from advisor.importance import Estimate
from advisor.measuring import Importances
from advisor.plan import Plan
from advisor.words import counted

BETWEEN_DATA_SETS: Final = 0.5
"""Standard deviation between data sets of a share with mean m, divided by sqrt(m (1 - m)); see above."""
TIERS: Final[Mapping[Tier, tuple[float, float]]] = {
    "critical": (0.28, 0.16),
    "important": (0.15, 0.20),
    "minor": (0.05, 0.10),
    "fixed": (0.01, 0.01),
}
"""Mean of the shares that the shipped knowledge has in each tier, and their standard deviation between parameters.

They are 12, 13, 12 and 3 figures, each counted once for all families that cite it; a test compares them to the files.
"""
LUCK: Final = 0.05
"""The chance with which any parameter may be said to disagree where all do as is believed; divided among them."""
_WIDTH: Final = 2 * NormalDist().inv_cdf(0.975)
"""Standard deviations in a 95 % interval."""
_SUREST: Final = 0.005
"""No share is measured with a smaller standard deviation."""


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What is known of a parameter's share of the variance, without a trial.

    Attributes:
        mean: The share on average over data sets.
        spread: Standard deviation of the share of one more data set.
        basis: Where that comes from, in words.
    """

    mean: float
    spread: float
    basis: str


@dataclass(frozen=True, kw_only=True)
class Revised:
    """What is believed of a parameter's share after a measurement.

    Attributes:
        prior: What was believed before.
        measured: The share by itself in these trials, with its 95 % interval; None where it was not measured.
        share: Both together, with the 95 % interval.
        weight: How much of ``share`` is the prior's, from 0 to 1.
        disagrees: Whether the measurement differs from the prior beyond chance.
    """

    prior: Belief
    measured: Estimate | None
    share: Estimate
    weight: float
    disagrees: bool


def believed(plan: Plan) -> dict[str, Belief]:
    """What the plan's evidence says of each of its parameters; means that sum to more than 1 are scaled to 1."""
    beliefs = {name: _belief(plan, name) for name in plan.parameters}
    scale = 1 / max(1.0, sum(belief.mean for belief in beliefs.values()))
    return {name: replace(belief, mean=belief.mean * scale) for name, belief in beliefs.items()}


def _belief(plan: Plan, name: str) -> Belief:
    evidence = plan.evidence.get(name)
    if evidence is not None and evidence.variance is not None:
        share, sets = evidence.variance.share, evidence.variance.datasets
        spread = _between(share) * math.sqrt(1 + 1 / (sets or 1))
        basis = f"{share:.2g} on {counted(sets, 'data set')}" if sets else f"{share:.2g} on other data sets"
        return Belief(mean=share, spread=max(spread, _SUREST), basis=basis)
    tier: Tier = plan.stages[0].entries[name].tier or "minor"
    mean, between_parameters = TIERS[tier]
    spread = math.hypot(between_parameters, _between(mean))
    return Belief(mean=mean, spread=spread, basis=f"no figure of its own; {tier} parameters have {mean:.2g}")


def _between(share: float) -> float:
    return BETWEEN_DATA_SETS * math.sqrt(share * (1 - share))


def revised(plan: Plan, found: Importances) -> dict[str, Revised]:
    """What is believed of each parameter of a plan once its trials were measured."""
    beliefs = believed(plan)
    compared = sum(name in found.parameters for name in beliefs)
    sure = NormalDist().inv_cdf(1 - LUCK / (2 * max(compared, 1)))
    return {
        name: _joined(belief, found.parameters[name].main, sure) if name in found.parameters else _unmeasured(belief)
        for name, belief in beliefs.items()
    }


def _joined(prior: Belief, measured: Estimate, sure: float) -> Revised:
    """Both by their precisions; ``sure`` is how many standard deviations are beyond chance."""
    spread = max((measured.high - measured.low) / _WIDTH, _SUREST)
    weight = spread**2 / (spread**2 + prior.spread**2)
    value = weight * prior.mean + (1 - weight) * measured.value
    return Revised(
        prior=prior,
        measured=measured,
        share=_interval(value, math.sqrt(weight) * prior.spread),
        weight=weight,
        disagrees=abs(measured.value - prior.mean) > sure * math.hypot(spread, prior.spread),
    )


def _unmeasured(prior: Belief) -> Revised:
    return Revised(prior=prior, measured=None, share=_interval(prior.mean, prior.spread), weight=1.0, disagrees=False)


def _interval(value: float, spread: float) -> Estimate:
    half = _WIDTH / 2 * spread
    return Estimate(value=value, low=max(value - half, 0.0), high=min(value + half, 1.0))
