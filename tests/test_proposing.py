"""What a model proposes, from known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor import proposing
from advisor.importance import tabulate
from advisor.importance.gaussian_process import conditioned, fit
from advisor.importance.table import Table
from advisor.space import Choice, Numeric

DOMAINS = {
    "rate": Numeric(0.001, 1.0, log=True),
    "depth": Numeric(1, 10, integer=True),
    "kind": Choice(("plain", "fancy")),
    "frill": Numeric(0.0, 3.0),
}


def cost(config):
    """Best at rate 0.03, depth 1, plain."""
    return (math.log10(config["rate"]) + 1.5) ** 2 + 0.05 * config["depth"] + 0.3 * (config["kind"] == "fancy")


CONFIGS = [
    {"rate": float(10**rate), "depth": depth, "kind": kind} | ({"frill": rate + 3} if kind == "fancy" else {})
    for rate, depth, kind in zip(
        np.random.default_rng(0).uniform(-3, -2, 30) + np.tile([0, 1, 1.9], 10),
        np.random.default_rng(1).integers(1, 11, 30).tolist(),
        ["plain", "fancy"] * 15,
        strict=True,
    )
]


@pytest.fixture(scope="module")
def table():
    return tabulate(CONFIGS, DOMAINS, {"frill": {"kind": "fancy"}})


@pytest.fixture(scope="module")
def costs():
    return np.array([cost(config) for config in CONFIGS])


@pytest.fixture(scope="module")
def process(table, costs):
    return fit(table, costs)


def test_expected_improvement_is_that_of_a_normal_variable():
    draws = np.random.default_rng(0).normal(0.3, 2.0, 400_000)
    assert proposing.improvement(np.array([0.3]), np.array([2.0]))[0] == pytest.approx(
        np.maximum(draws, 0).mean(), rel=0.01
    )
    assert proposing.improvement(np.array([-1.0, 1.0]), np.zeros(2)).tolist() == pytest.approx([0.0, 1.0])


def test_candidates_lie_in_the_space_and_leave_out_what_has_no_effect(process):
    units = proposing.candidates(process, 0)
    kind, frill = units[:, 2], units[:, 3]
    assert np.array_equal(np.isnan(frill), kind == 0)
    assert np.nanmin(units) >= 0
    assert np.nanmax(units[:, [0, 1, 3]]) <= 1
    assert np.array_equal(units, proposing.candidates(process, 0), equal_nan=True)


def test_what_is_chosen_is_good_and_differs(process):
    units = proposing.candidates(process, 0)
    rows = proposing.chosen(process, units, 8)
    assert len(set(rows)) == 8
    assert rows[0] == int(proposing.expected_gain(process, units).argmax())
    assert process.predict(units[rows]).max() < np.quantile(process.predict(units), 0.2)


def test_a_point_that_was_chosen_counts_as_evaluated_with_what_is_expected_of_it(process, table, costs):
    units = proposing.candidates(process, 0)
    first, second = proposing.chosen(process, units, 2)
    longer = Table(axes=table.axes, units=np.vstack([table.units, units[[first]]]))
    told = conditioned(process, longer, np.append(costs, process.predict(units[[first]])))
    gains = proposing.expected_gain(told, units)
    gains[first] = 0
    assert second == int(gains.argmax())
    assert gains[second] < proposing.expected_gain(process, units)[second]


def test_where_all_is_known_little_is_to_gain():
    configs = [{"share": share} for share in np.linspace(0, 1, 40).tolist()]
    table = tabulate(configs, {"share": Numeric(0.0, 1.0)})
    known = fit(table, np.array([(config["share"] - 0.5) ** 2 for config in configs]))
    half = np.arange(40)[table.units[:, 0] > 0.7]
    unknown = fit(
        Table(axes=table.axes, units=table.units[half]), np.array([(u - 0.5) ** 2 for u in table.units[half, 0]])
    )
    assert proposing.expected_gain(known, proposing.candidates(known, 0)).max() < 1e-3
    assert proposing.expected_gain(unknown, proposing.candidates(unknown, 0)).max() > 1e-2
