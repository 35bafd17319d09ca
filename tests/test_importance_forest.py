"""The exact decomposition of a forest, beside sums over all cells and beside Optuna's evaluator."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.importance.forest import forest_shares, leaves, switched_off, tree_shares
from advisor.importance.table import tabulate
from advisor.space import Choice, Numeric

UNIT = Numeric(0.0, 1.0)


def names(count):
    return [f"x{i}" for i in range(count)]


def trials(count, parameters, seed=0):
    generator = np.random.default_rng(seed)
    units = generator.uniform(size=(count, parameters))
    scores = np.sin(6 * units[:, 0]) + 4 * units[:, 1] * units[:, -1]
    return units, scores


def test_shares_of_trees_are_those_of_a_sum_over_a_fine_grid():
    from sklearn.ensemble import RandomForestRegressor

    units, scores = trials(40, 2)
    units = np.round(units, 1)  # so that no threshold lies inside a cell of the grid
    forest = RandomForestRegressor(5, random_state=0).fit(units, scores)
    middles = (np.arange(100) + 0.5) / 100
    grid = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1).reshape(-1, 2)
    expected = []
    for tree in forest.estimators_:
        surface = tree.predict(grid).reshape(100, 100)
        expected.append([surface.mean(axis=1).var() / surface.var(), surface.mean(axis=0).var() / surface.var()])
    found = tree_shares(leaves(forest, [lambda cut: np.clip(cut, 0, 1)] * 2))
    assert found == pytest.approx(np.mean(expected, axis=0), abs=1e-6)


def test_shares_of_trees_are_optunas():
    optuna = pytest.importorskip("optuna")
    from optuna.importance import FanovaImportanceEvaluator

    units, scores = trials(60, 4)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    space = dict.fromkeys(names(4), optuna.distributions.FloatDistribution(0, 1))
    for row, score in zip(units.tolist(), scores.tolist(), strict=True):
        params = dict(zip(space, row, strict=True))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=score))
    evaluator = FanovaImportanceEvaluator(n_trees=16, seed=1)
    theirs = evaluator.evaluate(study)
    ours = tree_shares(leaves(evaluator._evaluator._forest, [lambda cut: np.clip(cut, 0, 1)] * 4))
    assert ours == pytest.approx([theirs[name] for name in space], abs=1e-5)


def test_a_forest_finds_effects_and_a_pair():
    units, scores = trials(800, 4)
    table = tabulate([dict(zip(names(4), row, strict=True)) for row in units.tolist()], dict.fromkeys(names(4), UNIT))
    found = forest_shares(table, scores)
    assert found.main[2] < 0.01
    assert found.pairs[1, 3] > 3 * found.pairs[0, 2]
    assert np.all(found.total >= found.main - 0.02)
    assert found.main[0] == found.main.max()


def test_categories_are_measured_without_an_order():
    generator = np.random.default_rng(0)
    kinds = generator.integers(4, size=300)
    noise = generator.uniform(size=300)
    table = tabulate(
        [{"kind": "abcd"[kind], "x": x} for kind, x in zip(kinds, noise.tolist(), strict=True)],
        {"kind": Choice(("a", "b", "c", "d")), "x": UNIT},
    )
    found = forest_shares(table, np.array([0.0, 1.0, 0.0, 1.0])[kinds])
    assert found.main[0] == pytest.approx(1, abs=0.03)


def test_a_parameter_below_a_condition_has_a_main_and_a_larger_total_share():
    generator = np.random.default_rng(0)
    domains = {"kind": Choice(("a", "b")), "below": UNIT, "inert": UNIT}
    configs = [
        {"kind": "ab"[generator.integers(2)], "below": generator.uniform(), "inert": generator.uniform()}
        for _ in range(600)
    ]
    scores = np.array([4 * each["below"] * (each["kind"] == "a") for each in configs])
    found = forest_shares(tabulate(configs, domains, {"below": {"kind": "a"}}), scores)
    whole = 4**2 * (1 / 6 - 1 / 16)
    assert found.main[1] == pytest.approx(4**2 / 48 / whole, abs=0.06)
    assert found.total[1] == pytest.approx(4**2 / 24 / whole, abs=0.06)


def test_what_a_condition_switches_off_is_absent_down_the_chain():
    domains = {"a": Choice(("x", "y")), "b": Choice(("u", "v")), "c": UNIT}
    configs = [{"a": "xy"[i % 2], "b": "uv"[i % 3 % 2], "c": i / 12} for i in range(12)]
    table = tabulate(configs, domains, {"b": {"a": "x"}, "c": {"b": "v"}})
    off = switched_off(table.axes, np.array([[0.0, 1.0, 0.5], [0.0, 0.0, 0.5], [1.0, 1.0, 0.5]]))
    assert np.isnan(off).tolist() == [[False, False, False], [False, False, True], [False, True, True]]


def test_a_constant_score_has_no_shares():
    units, _ = trials(20, 2)
    table = tabulate([dict(zip(names(2), row, strict=True)) for row in units.tolist()], dict.fromkeys(names(2), UNIT))
    assert forest_shares(table, np.ones(20)).main.tolist() == [0, 0]
