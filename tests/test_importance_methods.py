"""Ablation, what tuning is worth, importance around the best and for the good, and permutation: on known answers."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.importance.ablation import ablation, completed
from advisor.importance.gaussian_process import fit
from advisor.importance.impurity import impurity
from advisor.importance.local import local_importance
from advisor.importance.optuna_fanova import optuna_fanova
from advisor.importance.permutation import permutation_importance
from advisor.importance.region import good_region, reaching
from advisor.importance.sensitivity import sensitivity
from advisor.importance.table import tabulate
from advisor.importance.worth import worth, worth_interval
from advisor.space import Choice, Numeric

UNIT = Numeric(0.0, 1.0)
DOMAINS = {"kind": Choice(("a", "b")), "below": UNIT, "x": UNIT, "inert": UNIT}
CONDITIONS = {"below": {"kind": "b"}}


def drawn(count, seed=0):
    generator = np.random.default_rng(seed)
    return [
        {"kind": "ab"[generator.integers(2)]} | {name: float(generator.uniform()) for name in ("below", "x", "inert")}
        for _ in range(count)
    ]


TABLE = tabulate(drawn(60), DOMAINS, CONDITIONS)
AXES = TABLE.axes


def loss(units):
    """0.5 for the first kind; for the second 1 that its own parameter takes away; and a valley along x."""
    kind, below, x, _ = units.T
    return np.where(kind == 0, 0.5, 1 - np.nan_to_num(below)) + 4 * (x - 0.25) ** 2


def test_the_path_to_the_best_takes_the_greatest_gain_first():
    path = ablation(AXES, loss, np.array([0, 0.5, 0.75, 0.5]), np.array([1, 1, 0.25, 0.5]), maximize=False)
    assert [step.name for step in path] == ["x", "kind", "below"]
    assert [step.gain for step in path] == pytest.approx([1.0, 0.0, 0.5])
    assert path[-1].score == pytest.approx(0.0)


def test_a_change_that_has_an_effect_only_after_another_gains_nothing_alone():
    path = ablation(AXES, loss, np.array([0, 0.5, 0.25, 0.5]), np.array([1, 1, 0.25, 0.5]), maximize=False)
    assert {step.name: step.alone for step in path} == pytest.approx({"kind": 0.0, "below": 0.0})


def test_the_gains_of_a_path_add_up_to_the_whole_in_either_direction():
    start, end = np.array([0, 0.1, 0.9, 0.5]), np.array([1, 0.8, 0.3, 0.1])
    down = ablation(AXES, loss, start, end, maximize=False)
    up = ablation(AXES, lambda units: -loss(units), start, end, maximize=True)
    whole = 0.5 + 4 * 0.65**2 - (0.2 + 4 * 0.05**2)
    assert sum(step.gain for step in down) == pytest.approx(whole)
    assert [step.gain for step in up] == pytest.approx([step.gain for step in down])


def test_what_is_not_given_is_in_the_middle():
    assert completed(AXES, {"x": 0.1}).tolist() == [0, 0.5, 0.1, 0.5]


def test_tuning_is_worth_what_the_default_loses_while_the_others_are_tuned():
    found = worth(AXES, loss, np.array([0, 0.5, 0.75, 0.5]), maximize=False)
    assert found.gains == pytest.approx([0.5, 0.5, 1.0, 0.0], abs=0.03)


def test_a_default_that_is_the_best_leaves_nothing_to_gain():
    found = worth(AXES, loss, np.array([1, 1.0, 0.25, 0.5]), maximize=False)
    assert found.gains == pytest.approx(np.zeros(4), abs=1e-9)


def test_around_the_best_only_what_is_active_there_matters():
    found = local_importance(AXES, loss, np.array([0, 0.5, 0.25, 0.5]))
    assert found[[1, 3]] == pytest.approx([0, 0])
    assert found.sum() == pytest.approx(1)


def test_around_the_best_shares_are_of_the_variance_along_each_axis():
    found = local_importance(AXES, loss, np.array([1, 1.0, 0.25, 0.5]))
    fourth, second = (0.75**5 + 0.25**5) / 5, (0.75**3 + 0.25**3) / 3  # moments of u - 1/4
    variances = np.array([0.25**2, 1 / 12, 16 * (fourth - second**2), 0])
    assert found == pytest.approx(variances / variances.sum())


def test_a_flat_response_has_no_local_importance():
    assert local_importance(AXES, lambda units: np.zeros(len(units)), np.zeros(4)).tolist() == [0, 0, 0, 0]


def test_only_what_must_be_right_decides_who_is_among_the_good():
    found = good_region(AXES, lambda units: units[:, 2], maximize=True)
    assert found.reaching == pytest.approx([0, 0, 1, 0], abs=0.01)
    assert found.cutoff == pytest.approx(0.9, abs=0.01)
    assert found.within[2] > 0.5
    assert max(found.within[[0, 1, 3]]) < 0.01


def test_what_matters_among_the_bad_alone_does_not_matter_among_the_good():
    def cliff(units):
        return np.where(units[:, 3] > 0.5, 10.0 + 5 * units[:, 2], units[:, 2])

    found = good_region(AXES, cliff, maximize=False, top=0.2)
    assert found.within[2] > found.within[3]


def test_good_trials_that_lie_as_all_lie_decide_nothing():
    units = TABLE.units
    assert reaching(AXES, units, np.zeros(len(units))).tolist() == [0, 0, 0, 0]


def test_shuffling_what_has_no_effect_costs_nothing():
    table = tabulate(drawn(150, 2), DOMAINS, CONDITIONS)
    found = permutation_importance(table, loss(table.units))
    assert found[2] > 0.3
    assert abs(found[3]) < 0.1
    assert found[2] == max(found)


def test_shuffling_is_repeatable_and_a_constant_score_has_no_importance():
    scores = loss(TABLE.units)
    assert permutation_importance(TABLE, scores).tolist() == permutation_importance(TABLE, scores).tolist()
    assert permutation_importance(TABLE, np.ones(60)).tolist() == [0, 0, 0, 0]


def test_a_response_is_as_steep_as_its_slope():
    found = sensitivity(AXES, lambda units: 3 * units[:, 2] + 2 * (units[:, 0] == 1))
    assert found == pytest.approx([2, 0, 3, 0])


def test_effects_that_cancel_over_the_space_are_seen():
    found = sensitivity(AXES, lambda units: (units[:, 2] - 0.5) * (units[:, 3] - 0.5))
    assert found[2:] == pytest.approx([0.25, 0.25], abs=0.01)


def test_a_parameter_that_is_seldom_active_is_less_steep():
    found = sensitivity(AXES, lambda units: np.nan_to_num(units[:, 1]))
    assert found[1] == pytest.approx(0.5, abs=0.03)


def test_impurity_is_shared_by_what_splits():
    found = impurity(TABLE, loss(TABLE.units))
    assert found.sum() == pytest.approx(1)
    assert found[2] == max(found)
    assert impurity(TABLE, np.ones(60)).tolist() == [0, 0, 0, 0]


def test_what_tuning_is_worth_is_sure_where_trials_are_many_and_not_where_they_are_few():
    def wide(count):
        table = tabulate(drawn(count, 3), DOMAINS, CONDITIONS)
        process = fit(table, loss(table.units) + np.random.default_rng(0).normal(scale=0.05, size=count))
        found = worth(table.axes, process.predict, np.array([0, 0.5, 0.75, 0.5]), maximize=False)
        low, high = worth_interval(process, found)
        assert np.all(low <= found.gains)
        assert np.all(found.gains <= high)
        return low, high

    few, many = wide(10), wide(120)
    assert np.all(many[0] <= np.array([0.6, 0.6, 1.1, 0.1]))
    assert many[1][2] == pytest.approx(1.0, abs=0.2)
    assert np.mean(few[1] - few[0]) > np.mean(many[1] - many[0])


@pytest.mark.slow
def test_intervals_of_what_tuning_is_worth_hold_the_truth():
    """On responses with kinks, bumps and steps, unlike those on which their width was fitted."""
    held = []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        centre, weights = generator.random(5), generator.permutation([3, 1.5, 0.7, 0.2, 0])
        response = rough(centre, weights, generator.integers(5, size=2))
        units, default = generator.random((40, 5)), generator.random(5)
        scores = response(units)
        scores = scores + generator.normal(scale=0.1 * scores.std(), size=40)
        names = [f"p{column}" for column in range(5)]
        configs = [dict(zip(names, map(float, row), strict=True)) for row in units]
        table = tabulate(configs, dict.fromkeys(names, UNIT))
        process = fit(table, scores)
        truth = worth(table.axes, response, default, maximize=False, seed=7).gains
        low, high = worth_interval(process, worth(table.axes, process.predict, default, maximize=False))
        held.append((low - 1e-3 * scores.std() <= truth) & (truth <= high + 1e-3 * scores.std()))
    assert np.mean(held) >= 0.9


def rough(centre, weights, bump):
    def response(units):
        squares = (units[:, bump[0]] - centre[0]) ** 2 + (units[:, bump[1]] - centre[1]) ** 2
        steps = 0.2 * np.tanh(6 * (units - centre)) @ weights
        return np.abs(units - centre) @ weights + 0.3 * weights.sum() * np.exp(-8 * squares) + steps

    return response


OPTUNA_SPACE = {
    "rate": Numeric(1e-4, 1.0, log=True),
    "depth": Numeric(1, 20, integer=True),
    "kind": Choice(("a", "b", "c")),
    "share": Numeric(0.0, 1.0, step=0.25),
}


def suggested(trial):
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    value = np.log10(rate) ** 2 + 0.1 * trial.suggest_int("depth", 1, 20)
    if kind == "b":
        value += trial.suggest_float("below", 0.0, 1.0)
    return value + trial.suggest_float("share", 0.0, 1.0, step=0.25)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optunas_own_shares_are_those_that_it_gives():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(suggested, n_trials=30)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    scores = np.array([trial.value for trial in study.trials])
    found = optuna_fanova([trial.params for trial in study.trials], OPTUNA_SPACE | {"below": UNIT}, scores)
    assert found == pytest.approx(dict(optuna.importance.get_param_importances(study, evaluator=evaluator)), abs=1e-9)


def test_optunas_own_shares_are_none_where_nothing_differs():
    assert optuna_fanova([{"rate": 0.1}, {"rate": 0.2}], OPTUNA_SPACE, np.zeros(2)) == {}
    assert optuna_fanova([{"rate": 0.1}, {"depth": 2}], OPTUNA_SPACE, np.arange(2.0)) == {}
