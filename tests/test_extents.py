"""Where a measured parameter is searched next, from known answers."""

from __future__ import annotations

import math

import numpy as np
import one_stage
import pytest

import advisor
from advisor import extents, measuring

LINEAR = {"type": "float", "low": 0.001, "high": 10.0}
LOGARITHMIC = {**LINEAR, "log": True}


def trials(score, count=40, **scale):
    """Random trials of one parameter that matters and one that does not, on the scale that is searched."""
    generator = np.random.default_rng(0)
    shares = generator.random(count)
    rates = 0.001 * (10 / 0.001) ** shares if scale.get("log") else 0.001 + shares * (10 - 0.001)
    return [({"rate": float(rate), "other": float(generator.random())}, score(float(rate))) for rate in rates]


def moved(searched, score, *, luck=0.05):
    plan = one_stage.plan({"rate": searched, "other": {"type": "float", "low": 0.0, "high": 1.0}})
    pairs = trials(score, log=searched.get("log"))
    found = advisor.measure(pairs, plan)
    stage = plan.stages[0]
    gathered = measuring.gather(pairs, plan)
    return extents.moved("rate", stage.search["rate"], stage, found.parameters["rate"], gathered, luck)


def test_a_range_narrows_to_where_the_mean_may_be_best():
    found = moved(LOGARITHMIC, lambda rate: (math.log10(rate) + 1) ** 2)
    assert 0.001 < found.low < 0.1 < found.high < 10
    assert found.log
    assert "where it may be best" in found.why


def test_a_linear_range_becomes_logarithmic_where_the_scores_say_so():
    found = moved(LINEAR, lambda rate: (math.log10(rate) + 0.5) ** 2)
    assert (found.low, found.high, found.log) == (0.001, 10.0, True)
    assert "on a logarithmic scale, which explains the scores" in found.why


def test_a_linear_range_stays_linear_where_the_scores_are():
    found = moved(LINEAR, lambda rate: (rate - 6) ** 2)
    assert not found.log
    assert found.low < 6 < found.high


def test_where_luck_may_explain_the_trend_nothing_moves():
    assert moved(LOGARITHMIC, lambda rate: (math.log10(rate) + 1) ** 2, luck=0.0) is None


@pytest.mark.parametrize(("sign", "end"), [(1, "low"), (-1, "high")])
def test_a_range_opens_where_the_score_still_falls_no_further_than_its_limits(sign, end):
    limits = {"limits": {"low": 0.0005, "high": 1000.0}}
    found = moved({**LOGARITHMIC, **limits}, lambda rate: sign * math.log10(rate))
    assert "open where the score still falls" in found.why
    if end == "low":
        assert found.low == 0.0005
        assert found.high < 10
    else:
        assert 10 < found.high < 1000
        assert found.low > 0.001
