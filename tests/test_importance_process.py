"""The Gaussian process and its decomposition: known indices, conditions, gradients, and what may not matter."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.importance._descent import minimum
from advisor.importance.gaussian_process import GaussianProcess, Hyperparameters, _Posterior, filled_in, fit
from advisor.importance.sobol import decompose, interaction
from advisor.importance.table import tabulate
from advisor.space import Choice, Numeric

ANGLE = Numeric(-math.pi, math.pi)
ISHIGAMI = {"x1": ANGLE, "x2": ANGLE, "x3": ANGLE, "inert": ANGLE}
NESTED = {
    "kind": Choice(("sgd", "adam", "lion")),
    "momentum": Numeric(0.0, 1.0),
    "beta": Numeric(0.0, 1.0),
    "free": Numeric(0.0, 1.0),
    "layers": Numeric(1, 3, integer=True),
}
CONDITIONS = {"momentum": {"kind": "sgd"}, "beta": {"kind": ("adam", "lion"), "layers": (1, 2)}}


def drawn(domains, count, seed=0):
    generator = np.random.default_rng(seed)
    return [{name: one(domain, generator) for name, domain in domains.items()} for _ in range(count)]


def one(domain, generator):
    if isinstance(domain, Choice):
        return domain.choices[generator.integers(len(domain.choices))]
    if domain.integer:
        return int(generator.integers(domain.low, domain.high + 1))
    return float(generator.uniform(domain.low, domain.high))


def ishigami(config):
    x1, x2, x3 = config["x1"], config["x2"], config["x3"]
    return math.sin(x1) + 7 * math.sin(x2) ** 2 + 0.1 * x3**4 * math.sin(x1)


def nested(config):
    momentum = 2 * config["momentum"] ** 2 if config["kind"] == "sgd" else 0.0
    beta = math.sin(5 * config["beta"]) if config["kind"] != "sgd" and config["layers"] < 3 else 0.3
    return momentum + beta + 0.3 * config["free"] * config["layers"] + (config["kind"] == "lion")


def fitted(domains, response, count, conditions=None):
    configs = drawn(domains, count)
    return fit(tabulate(configs, domains, conditions or {}), np.array([response(config) for config in configs]))


@pytest.fixture(scope="module")
def process() -> GaussianProcess:
    return fitted(ISHIGAMI, ishigami, 200)


def test_a_length_so_short_that_points_share_nothing_leaves_every_figure_finite(process):
    short = decompose(replace(process, lengths=np.array([*process.lengths[:3], 1e-4])))
    assert np.isfinite(short.total).all()
    assert np.isfinite(short.expected_total).all()
    assert np.isfinite(short.pairs).all()


@pytest.fixture(scope="module")
def conditional() -> GaussianProcess:
    return fitted(NESTED, nested, 100, CONDITIONS)


def test_ishigamis_indices_are_found(process):
    found = decompose(process)
    assert found.main / found.variance == pytest.approx([0.3139, 0.4424, 0, 0], abs=0.02)
    assert found.total / found.variance == pytest.approx([0.5576, 0.4424, 0.2437, 0], abs=0.02)
    assert found.pairs[0, 2] / found.variance == pytest.approx(0.2437, abs=0.02)
    assert found.variance == pytest.approx(13.845, rel=0.05)


def test_curves_are_conditional_means(process):
    found = decompose(process)
    assert found.curves[1] == pytest.approx(7 * np.sin(math.pi * (2 * process.axes[1].nodes - 1)) ** 2, abs=0.6)
    assert found.mean == pytest.approx(3.5, abs=0.2)


def test_what_is_left_of_the_variance_is_interaction(process):
    found = decompose(process)
    assert found.main.sum() + found.pairs.sum() / 2 == pytest.approx(found.variance, rel=0.02)


def test_what_three_parameters_do_only_together_is_told_from_what_two_do():
    domains = dict.fromkeys(["a", "b", "c", "inert"], Numeric(-1.0, 1.0))
    found = fitted(domains, lambda x: 3 * x["a"] * x["b"] * x["c"] + x["a"] + x["b"] * x["c"], 200)
    parts = np.array([9 / 27, 1 / 3, 1 / 9])  # of the product of three, of one alone, of the product of two
    assert interaction(found, ["a", "b", "c"]) == pytest.approx(parts[0] / parts.sum(), abs=0.02)
    assert interaction(found, ["c", "b"]) == pytest.approx(parts[2] / parts.sum(), abs=0.02)
    assert interaction(found, ["a"]) == pytest.approx(parts[1] / parts.sum(), abs=0.02)
    assert interaction(found, ["a", "b", "inert"]) == pytest.approx(0, abs=0.01)


def test_a_condition_is_one_of_three_that_act_together():
    domains = {"kind": Choice(("on", "off")), "b": Numeric(-1.0, 1.0), "c": Numeric(-1.0, 1.0)}
    found = fitted(domains, lambda x: (x["kind"] == "on") * x["b"] * x["c"], 150, {"b": {"kind": "on"}})
    assert interaction(found, ["kind", "b", "c"]) == pytest.approx(1 / 2, abs=0.03)
    assert interaction(found, ["b", "c"]) == pytest.approx(1 / 2, abs=0.03)


def test_interactions_of_two_are_the_pairs_of_the_decomposition(conditional):
    found = decompose(conditional)
    names = list(NESTED)
    for left, right in ((0, 1), (1, 2), (0, 4), (3, 4)):
        share = max(found.pairs[left, right] / found.variance, 0)
        assert interaction(conditional, [names[left], names[right]]) == pytest.approx(share, abs=1e-4)


def test_leaving_out_is_as_fitting_without():
    configs = drawn(ISHIGAMI, 40)
    scores = np.array([ishigami(config) for config in configs])
    table = tabulate(configs, ISHIGAMI)
    process = fit(table, scores)
    rest = np.arange(1, 40)
    kept = np.linalg.inv(np.linalg.inv(process.precision)[1:, 1:])
    residual = (scores[rest] - process.centre) / process.scale
    covariance = (np.linalg.inv(process.precision) @ np.eye(40))[0, 1:]
    expected = process.centre + process.scale * covariance @ kept @ residual - scores[0]
    assert process.left_out()[0] == pytest.approx(expected)


def sampled_indices(process, domains, conditions, count=6000):
    """First-order and total indices of the mean response by Jansen's and Saltelli's estimators."""
    base, other = drawn(domains, count, 1), drawn(domains, count, 2)

    def mean(configs):
        return process.predict(tabulate(configs, domains, conditions).units)

    one_side, other_side = mean(base), mean(other)
    main, total = [], []
    for name in domains:
        shared = [{**config, name: new[name]} for config, new in zip(other, base, strict=True)]
        moved = [{**config, name: new[name]} for config, new in zip(base, other, strict=True)]
        main.append(np.mean(one_side * (mean(shared) - other_side)))
        total.append(np.mean((one_side - mean(moved)) ** 2) / 2)
    return np.array(main), np.array(total), one_side.var()


def test_indices_with_conditions_are_those_of_a_large_sample(conditional):
    found = decompose(conditional)
    main, total, variance = sampled_indices(conditional, NESTED, CONDITIONS)
    assert found.variance == pytest.approx(variance, rel=0.05)
    assert found.main / found.variance == pytest.approx(main / variance, abs=0.04)
    assert found.total / found.variance == pytest.approx(total / variance, abs=0.03)


def test_the_expected_variance_is_that_of_responses_drawn_from_the_posterior(conditional):
    found = decompose(conditional)
    units = tabulate(drawn(NESTED, 400, 3), NESTED, CONDITIONS).units
    assert found.unsure == pytest.approx(np.mean(conditional.deviation(units) ** 2), rel=0.3)
    assert found.expected >= found.variance
    assert np.all(found.expected_main >= found.main - 1e-4 * found.variance)  # of a matrix that is hard to invert


def test_the_covariance_of_a_curve_is_a_covariance_with_conditions_too():
    domains = {"a": Choice(("x", "y")), "b": Numeric(0.0, 1.0)}
    configs = [{"a": "x", "b": 0.1}, {"a": "y", "b": 0.9}, {"a": "x", "b": 0.5}]
    process = fit(tabulate(configs, domains, {"b": {"a": "x"}}), np.array([0.0, 1.0, 0.2]))
    for covariance in decompose(process).covariances:
        assert np.all(np.linalg.eigvalsh(covariance) > -1e-8)


def test_the_unit_of_the_scores_does_not_matter():
    configs = drawn(ISHIGAMI, 60)
    scores = np.array([ishigami(config) for config in configs])
    table = tabulate(configs, ISHIGAMI)
    plain, scaled = decompose(fit(table, scores)), decompose(fit(table, 5 - 1000 * scores))
    assert scaled.main / scaled.variance == pytest.approx(plain.main / plain.variance, abs=1e-6)
    assert scaled.main == pytest.approx(1e6 * plain.main, rel=1e-4)


@pytest.mark.parametrize(("domains", "conditions"), [(ISHIGAMI, {}), (NESTED, CONDITIONS)], ids=["plain", "nested"])
def test_the_gradient_is_that_of_the_density(domains, conditions):
    configs = drawn(domains, 25)
    table = tabulate(configs, domains, conditions)
    scores = np.random.default_rng(1).normal(size=25)
    posterior = _Posterior(filled_in(table.units, table.axes), table.axes, scores)
    point = Hyperparameters(lengths=np.linspace(-1, 1, len(domains)), noise=-2.0, amplitude=0.3).joined()
    _, slope = posterior(point)
    for column, step in enumerate(np.eye(len(point)) * 1e-5):
        difference = (posterior(point + step)[0] - posterior(point - step)[0]) / 2e-5
        assert slope[column] == pytest.approx(difference, rel=1e-4, abs=1e-5)


def test_a_descent_ends_at_the_minimum_of_a_crooked_valley():
    def rosenbrock(point):
        x, y = point
        slope = np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2, slope

    point, value = minimum(rosenbrock, np.array([-1.2, 1.0]), tolerance=1e-14)
    assert point == pytest.approx([1, 1], abs=1e-4)
    assert value == pytest.approx(0, abs=1e-8)
