"""What was believed of importance, and what a measurement makes of it."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest
import small

import advisor
from advisor import beliefs
from advisor.beliefs import believed, revised
from advisor.importance import Estimate


@pytest.fixture
def plan(toy):  # noqa: ARG001 - the family that is planned
    return small.plan()


def measured(plan, **shares):
    """A measurement in which some parameters have other shares by themselves, as (value, low, high)."""
    chance = random.Random(0)  # noqa: S311 - no secret
    configs = [
        {"rate": 10 ** chance.uniform(-3, 0), "share": chance.uniform(0.1, 0.9), "depth": chance.randint(2, 12)}
        for _ in range(20)
    ]
    found = advisor.measure([(config, config["rate"]) for config in configs], plan)
    changed = {
        name: replace(found.parameters[name], main=Estimate(value=share[0], low=share[1], high=share[2]))
        for name, share in shares.items()
    }
    return replace(found, parameters=changed)


def with_share(plan, name, share, datasets=None):
    evidence = plan.evidence[name]
    figure = {"share": share, "datasets": datasets, "source": "paper"}
    changed = evidence.having(variance={key: value for key, value in figure.items() if value is not None})
    return plan.having(evidence={**plan.evidence, name: changed})


def test_a_published_share_is_the_mean_that_is_believed(plan):
    belief = believed(with_share(plan, "rate", 0.2, 50))["rate"]
    assert belief.mean == pytest.approx(0.2)
    assert belief.spread == pytest.approx(0.5 * 0.4 * (1 + 1 / 50) ** 0.5)
    assert belief.basis == "0.2 on 50 data sets"


def test_a_parameter_without_a_figure_has_that_of_its_tier(plan):
    assert believed(plan)["rate"].mean == beliefs.TIERS["critical"][0]
    assert "critical" in believed(plan)["rate"].basis


def test_a_share_of_one_data_set_is_less_sure_than_one_of_many(plan):
    few, many = (believed(with_share(plan, "rate", 0.3, sets))["rate"] for sets in (1, 100))
    assert few.spread > many.spread
    assert few.mean == many.mean


def test_shares_never_sum_to_more_than_one(plan):
    for name in ("rate", "share", "depth"):
        plan = with_share(plan, name, 0.9)
    assert sum(belief.mean for belief in believed(plan).values()) == pytest.approx(1)


def test_a_sure_measurement_outweighs_what_was_believed(plan):
    sure = revised(plan, measured(plan, rate=(0.6, 0.58, 0.62)))["rate"]
    unsure = revised(plan, measured(plan, rate=(0.6, 0.0, 1.0)))["rate"]
    assert sure.weight < 0.01
    assert 0.4 < unsure.weight < 1
    assert sure.share.value == pytest.approx(0.6, abs=0.01)
    assert unsure.prior.mean < unsure.share.value < 0.6
    assert unsure.share.low < unsure.share.value < unsure.share.high


def test_two_opinions_are_surer_than_either(plan):
    one = revised(plan, measured(plan, rate=(0.3, 0.1, 0.5)))["rate"]
    assert one.share.high - one.share.low < 0.4
    assert one.share.high - one.share.low < 4 * one.prior.spread


def test_what_was_not_measured_is_believed_as_before(plan):
    one = revised(plan, measured(plan, rate=(0.3, 0.1, 0.5)))["count"]
    assert (one.measured, one.weight, one.share.value) == (None, 1, one.prior.mean)


def test_only_what_chance_does_not_explain_disagrees(plan):
    plan = with_share(plan, "depth", 0.01, 50)
    found = revised(plan, measured(plan, rate=(0.3, 0.1, 0.5), depth=(0.6, 0.5, 0.7)))
    assert found["depth"].disagrees
    assert not found["rate"].disagrees
    assert not revised(plan, measured(plan, depth=(0.08, 0.0, 0.3)))["depth"].disagrees


def test_shares_of_tiers_are_those_of_the_shipped_knowledge():
    shares: dict[str, set[tuple[str, float, str]]] = {}
    for family in advisor.load_knowledge().families.values():
        for name, parameter in family.parameters.items():
            if parameter.variance is not None:
                figure = (name, parameter.variance.share, parameter.variance.source)
                shares.setdefault(parameter.tier, set()).add(figure)
    for tier, (mean, spread) in beliefs.TIERS.items():
        known = [share for _, share, _ in shares[tier]]
        assert mean == pytest.approx(statistics.mean(known), abs=0.02)
        assert spread == pytest.approx(statistics.stdev(known), abs=0.02)
