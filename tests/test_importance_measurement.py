"""What is said of parameters: shares with intervals, a noise floor, and whether the trials can tell."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.importance import TooFewTrials, measure, tabulate
from advisor.importance._subsets import subset
from advisor.importance.evidence import evidence
from advisor.importance.gaussian_process import fit
from advisor.space import Choice, Numeric

DOMAINS = {"rate": Numeric(1e-5, 1e-1, log=True), "width": Numeric(0.0, 1.0), "kind": Choice(("a", "b"))} | {
    f"inert{i}": Numeric(0.0, 1.0) for i in range(3)
}


def drawn(count, seed=0):
    generator = np.random.default_rng(seed)
    configs = [
        {name: float(generator.uniform()) for name in DOMAINS}
        | {"rate": float(10 ** generator.uniform(-5, -1)), "kind": "ab"[generator.integers(2)]}
        for _ in range(count)
    ]
    return configs, generator


def response(configs):
    return np.array([(np.log10(each["rate"]) + 3) ** 2 + (each["kind"] == "a") + each["width"] for each in configs])


VARIANCES = np.array([16 * 4 / 45, 1 / 12, 1 / 4])
"""Of the terms of ``response``: of (4u - 2)^2, u, and a coin."""


@pytest.fixture(scope="module")
def measured():
    configs, generator = drawn(60)
    return measure(tabulate(configs, DOMAINS), response(configs) + 0.1 * generator.normal(size=60))


def test_shares_are_found(measured):
    true = VARIANCES / VARIANCES.sum()
    found = [measured.parameters[name].main.value for name in ("rate", "width", "kind")]
    assert found == pytest.approx(true, abs=0.05)


def test_the_true_share_lies_in_the_interval(measured):
    for name, true in zip(("rate", "width", "kind"), VARIANCES / VARIANCES.sum(), strict=True):
        assert measured.parameters[name].main.low <= true <= measured.parameters[name].main.high
        assert measured.parameters[name].total.low <= true <= measured.parameters[name].total.high


def test_what_has_an_effect_matters_and_what_has_none_does_not(measured):
    assert [each.matters for each in measured.parameters.values()] == [True, True, True, False, False, False]


def test_curves_show_the_mean_at_values_in_natural_units(measured):
    curve = measured.parameters["kind"].curve
    assert curve.values == ("a", "b")
    assert curve.mean[0] - curve.mean[1] == pytest.approx(1, abs=0.15)
    assert np.all(curve.low < curve.mean)
    assert measured.parameters["rate"].curve.values[0] == pytest.approx(1e-5, rel=0.05)


def test_the_model_is_trusted_where_it_predicts(measured):
    assert measured.trust.verdict == "good"
    assert measured.explained > 0.9


def test_a_sum_has_no_pairs(measured):
    assert max(measured.pairs.values()) < 0.05


def test_noise_is_not_trusted_and_nothing_in_it_matters_or_is_denied():
    configs, generator = drawn(40)
    found = measure(tabulate(configs, DOMAINS), generator.normal(size=40))
    assert [each.matters for each in found.parameters.values()] == [None] * 6
    assert found.trust.verdict == "poor"


def test_what_the_model_may_have_missed_lies_in_every_interval():
    configs, generator = drawn(40)
    found = measure(tabulate(configs, DOMAINS), generator.normal(size=40))
    assert found.explained < 0.2
    assert min(each.main.high for each in found.parameters.values()) > 0.15


def test_the_same_seed_gives_the_same_answer():
    configs, _ = drawn(25)
    table = tabulate(configs, DOMAINS)
    first, second = (measure(table, response(configs), seed=3) for _ in range(2))
    assert [each.main for each in first.parameters.values()] == [each.main for each in second.parameters.values()]


def test_the_direction_of_the_scores_does_not_matter():
    configs, _ = drawn(25)
    table = tabulate(configs, DOMAINS)
    up, down = measure(table, response(configs)), measure(table, -response(configs))
    for name in DOMAINS:
        assert up.parameters[name].total.value == pytest.approx(down.parameters[name].total.value, abs=1e-6)


def test_the_order_of_the_parameters_does_not_matter():
    configs, _ = drawn(25)
    turned = dict(reversed(DOMAINS.items()))
    first, second = (measure(tabulate(configs, domains), response(configs)) for domains in (DOMAINS, turned))
    for name in DOMAINS:
        assert first.parameters[name].main.value == pytest.approx(second.parameters[name].main.value, abs=1e-3)


def test_what_is_set_aside_is_told():
    configs, _ = drawn(25)
    configs = [{**each, "width": 0.5} for each in configs]
    found = measure(tabulate(configs, DOMAINS), response(configs))
    assert found.aside == {"width": "it was always 0.5"}
    assert "width" not in found.parameters


def test_of_very_many_trials_a_part_is_seen():
    configs, generator = drawn(1500)
    found = measure(tabulate(configs, DOMAINS), response(configs) + 0.1 * generator.normal(size=1500))
    assert found.trust.trials == 1500
    assert 1000 <= found.trust.seen <= 1002
    assert found.parameters["rate"].main.value == pytest.approx(VARIANCES[0] / VARIANCES.sum(), abs=0.03)


def test_too_few_trials_are_refused_with_how_many_are_missing():
    configs, _ = drawn(5)
    with pytest.raises(TooFewTrials, match="there are 5: run 3 more"):
        measure(tabulate(configs, DOMAINS), response(configs))


def test_scores_that_are_all_the_same_tell_nothing():
    configs, _ = drawn(20)
    found = measure(tabulate(configs, DOMAINS), np.ones(20))
    assert {each.matters for each in found.parameters.values()} == {None}
    assert {each.main.value for each in found.parameters.values()} == {0.0}


def test_evidence_is_strong_for_what_has_an_effect_and_weak_for_what_has_none():
    configs, generator = drawn(60)
    scores = response(configs) + 0.1 * generator.normal(size=60)
    found = evidence(fit(tabulate(configs, DOMAINS), scores), scores)
    assert found[:3].min() > 2 * np.log(60)
    assert found[3:].max() < 2 * np.log(60)


def test_half_of_a_subset_lies_where_few_trials_are():
    configs = [{"x": 0.5 + 0.001 * i, "y": 0.5} for i in range(100)] + [{"x": 0.01, "y": 0.02}, {"x": 0.99, "y": 0.97}]
    table = tabulate(configs, {"x": Numeric(0.0, 1.0), "y": Numeric(0.0, 1.0)})
    chosen = subset(table, 10, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == 10
    assert {100, 101} <= set(chosen.tolist())


def test_a_rare_failure_among_many_trials_is_seen():
    configs, _ = drawn(1500)
    failed = np.array([each["rate"] == max(other["rate"] for other in configs) for each in configs])
    found = measure(tabulate(configs, DOMAINS), failed.astype(np.float64))
    assert np.isfinite(found.trust.left_out)
