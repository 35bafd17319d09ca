"""What stands out at first sight, and that a process which begins there finds what it would have missed."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.importance._screening import standing_out
from advisor.importance.gaussian_process import fit
from advisor.importance.sobol import decompose
from advisor.importance.table import tabulate
from advisor.space import Choice, Numeric


def drawn(count, parameters, seed=0):
    units = np.random.default_rng(seed).uniform(-1, 1, size=(count, parameters))
    names = [f"x{i}" for i in range(parameters)]
    configs = [dict(zip(names, row, strict=True)) for row in units.tolist()]
    return tabulate(configs, dict.fromkeys(names, Numeric(-1.0, 1.0))), units


def test_a_product_stands_out_though_neither_has_an_effect_by_itself():
    table, units = drawn(200, 30)
    assert np.flatnonzero(standing_out(table, units[:, 3] * units[:, 17])).tolist() == [3, 17]


def test_in_noise_nothing_stands_out():
    for seed in range(5):
        table, _ = drawn(200, 10, seed)
        assert not standing_out(table, np.random.default_rng([seed, 1]).normal(size=200)).any()


def test_a_curve_of_high_degree_stands_out():
    table, units = drawn(300, 10)
    assert standing_out(table, np.cos(9 * units[:, 4])).tolist() == [column == 4 for column in range(10)]


def test_what_has_an_effect_in_some_trials_only_stands_out_and_a_perfect_fit_leaves_nothing():
    generator = np.random.default_rng(0)
    domains = {"kind": Choice(("a", "b", "never")), "below": Numeric(0.0, 1.0), "inert": Numeric(0.0, 1.0)}
    configs = [
        {"kind": "ab"[generator.integers(2)], "below": generator.uniform(), "inert": generator.uniform()}
        for _ in range(150)
    ]
    table = tabulate(configs, domains, {"below": {"kind": "b"}})
    scores = np.array([(each["kind"] == "b") * (each["below"] - 0.5) for each in configs])
    assert standing_out(table, scores).tolist() == [False, True, False]


def test_products_among_many_parameters_are_found():
    table, units = drawn(200, 30)
    scores = units[:, 0] * units[:, 1] + np.cos(6 * units[:, 2]) * units[:, 3]
    found = decompose(fit(table, scores))
    parts = np.array([1 / 9, (1 / 2 + np.sin(12) / 24) / 3])
    shares = np.repeat(parts / parts.sum(), 2)
    assert found.total[:4] / found.variance == pytest.approx(shares, abs=0.05)
    assert found.total[4:].max() / found.variance < 0.02
