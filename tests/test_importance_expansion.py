"""Polynomial chaos: known indices, categories, grids and conditions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.importance.polynomial_chaos import divide, expand
from advisor.importance.table import tabulate
from advisor.space import Choice, Numeric

UNIT = Numeric(0.0, 1.0)


def unit_table(count, parameters, seed=0):
    units = np.random.default_rng(seed).uniform(size=(count, parameters))
    names = [f"x{i}" for i in range(parameters)]
    return tabulate([dict(zip(names, row, strict=True)) for row in units.tolist()], dict.fromkeys(names, UNIT)), units


def test_ishigamis_indices_are_found_in_few_trials():
    table, units = unit_table(90, 6)
    x1, x2, x3 = (2 * math.pi * (units[:, i] - 0.5) for i in range(3))
    scores = np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)
    found = divide(expand(table, scores))
    assert found.main / found.variance == pytest.approx([0.3139, 0.4424, 0, 0, 0, 0], abs=0.05)
    assert found.total / found.variance == pytest.approx([0.5576, 0.4424, 0.2437, 0, 0, 0], abs=0.05)


def test_a_sum_of_squares_is_found_exactly():
    table, units = unit_table(40, 4)
    found = divide(expand(table, (units[:, 1] - 0.5) ** 2 + 3.0))
    assert found.variance == pytest.approx(1 / 180)
    assert found.main == pytest.approx([0, 1 / 180, 0, 0], abs=1e-9)


def test_categories_grids_and_conditions_have_their_own_measure():
    generator = np.random.default_rng(1)
    domains = {"kind": Choice(("a", "b", "c")), "depth": Numeric(1, 4, integer=True), "below": UNIT}
    configs = [
        {"kind": "abc"[generator.integers(3)], "depth": int(generator.integers(1, 5)), "below": generator.uniform()}
        for _ in range(60)
    ]
    scores = np.array([each["depth"] + (each["kind"] == "a") * each["below"] for each in configs])
    found = divide(expand(tabulate(configs, domains, {"below": {"kind": "a"}}), scores))
    below_main, below_total = (1 / 3) ** 2 / 12, (1 / 3) / 12
    kind_main = 0.25 * (1 / 3) * (2 / 3)
    assert found.main == pytest.approx([kind_main, 1.25, below_main], rel=1e-6)
    assert found.total[2] == pytest.approx(below_total, rel=1e-6)
    assert found.variance == pytest.approx(kind_main + 1.25 + below_total, rel=1e-6)


def test_a_score_that_is_always_the_same_has_no_terms():
    table, _ = unit_table(20, 3)
    found = expand(table, np.full(20, 2.0))
    assert found.terms == ()
    assert divide(found).main.tolist() == [0, 0, 0]
