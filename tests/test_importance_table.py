"""Trials as a matrix: scales, measures, conditions, and what is set aside."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.importance.table import tabulate
from advisor.space import Choice, Numeric

RATE = Numeric(1e-4, 1e-2, log=True)


def test_a_logarithmic_range_is_spaced_by_ratios():
    table = tabulate([{"rate": 1e-4}, {"rate": 1e-3}, {"rate": 1e-2}], {"rate": RATE})
    assert table.units[:, 0] == pytest.approx([0, 0.5, 1])


def test_every_value_of_a_grid_weighs_the_same():
    table = tabulate([{"depth": 2}, {"depth": 8}], {"depth": Numeric(2, 8, integer=True, step=2)})
    (axis,) = table.axes
    assert axis.weights == pytest.approx([0.25] * 4)
    assert table.units[:, 0] == pytest.approx([0.125, 0.875])


def test_a_whole_number_on_a_logarithmic_scale_weighs_as_it_is_drawn():
    table = tabulate([{"count": 1}, {"count": 3}], {"count": Numeric(1, 3, integer=True, log=True)})
    total = np.log(3.5 / 0.5)
    assert table.axes[0].weights == pytest.approx([np.log(3) / total, np.log(5 / 3) / total, np.log(1.4) / total])


@pytest.mark.parametrize(
    "domain",
    [
        RATE,
        Numeric(0.0, 1.0),
        Numeric(0.1, 0.9, step=0.2),
        Numeric(1, 40, integer=True),
        Numeric(1, 5000, integer=True, log=True),
        Choice((16, 32, 64), ordered=True),
        Choice((True, False, None)),
    ],
    ids=str,
)
def test_every_point_of_a_quadrature_stands_for_a_value_that_is_encoded_there(domain):
    ends = domain.choices if isinstance(domain, Choice) else (domain.low, domain.high)
    (axis,) = tabulate([{"x": end} for end in ends], {"x": domain}).axes
    values = [axis.value(node) for node in axis.nodes]
    again = tabulate([{"x": value} for value in values], {"x": domain})
    longest = 1e-2 if isinstance(domain, Numeric) and domain.high == 5000 else 1e-5
    assert again.units[:, 0] == pytest.approx(axis.nodes, abs=longest * 20)
    assert axis.weights.sum() == pytest.approx(1)


def test_true_is_not_one():
    table = tabulate([{"x": True}, {"x": 1}], {"x": Choice((1, True))})
    assert table.units[:, 0].tolist() == [1, 0]


def test_a_value_that_is_no_choice_is_refused_by_name():
    with pytest.raises(ValueError, match="kind: 'c' is not one of its choices"):
        tabulate([{"kind": "c"}], {"kind": Choice(("a", "b"))})


def test_text_in_a_range_is_refused_by_name():
    with pytest.raises(ValueError, match="rate: not all of its values are numbers"):
        tabulate([{"rate": "high"}], {"rate": RATE})


def test_a_negative_value_on_a_logarithmic_scale_is_refused():
    with pytest.raises(ValueError, match="rate: a value on a logarithmic scale"):
        tabulate([{"rate": -1.0}, {"rate": 1e-3}], {"rate": RATE})


DOMAINS = {"kind": Choice(("sgd", "adam")), "momentum": Numeric(0.0, 1.0), "inner": Numeric(0.0, 1.0)}
CONDITIONS = {"momentum": {"kind": "sgd"}, "inner": {"momentum": (0.25, 0.5)}}


def test_a_parameter_is_absent_where_its_condition_fails_even_if_it_has_a_value():
    configs = [{"kind": "sgd", "momentum": 0.1}, {"kind": "adam", "momentum": 0.2}, {"kind": "sgd", "momentum": 0.3}]
    table = tabulate(configs, DOMAINS, CONDITIONS)
    assert np.isnan(table.units[:, 1]).tolist() == [False, True, False]
    assert table.axes[1].conditions[0][0] == 0
    assert table.axes[1].conditions[0][1].tolist() == [True, False]


def test_a_parameter_below_an_absent_one_is_absent():
    configs = [
        {"kind": "adam", "momentum": 0.25, "inner": 0.1},
        {"kind": "sgd", "momentum": 0.25, "inner": 0.2},
        {"kind": "sgd", "momentum": 0.5, "inner": 0.3},
        {"kind": "sgd", "momentum": 0.5, "inner": 0.1},
    ]
    table = tabulate(configs, DOMAINS, CONDITIONS)
    assert np.isnan(table.units[:, 2]).tolist() == [True, False, False, False]


def test_what_never_varied_is_set_aside_with_the_reason():
    configs = [{"kind": "adam", "a": 1.0, "b": 0.1}, {"kind": "adam", "a": 1.0, "b": 0.2}]
    unit = Numeric(0.0, 1.0)
    table = tabulate(configs, {"kind": DOMAINS["kind"], "momentum": unit, "a": unit, "b": unit}, CONDITIONS)
    assert table.names == ("b",)
    assert table.aside == {
        "kind": "it was always adam",
        "momentum": "it had an effect in no trial",
        "a": "it was always 1",
    }


def test_a_condition_on_what_never_varied_is_forgotten():
    configs = [{"kind": "sgd", "momentum": 0.1}, {"kind": "sgd", "momentum": 0.4}]
    table = tabulate(configs, DOMAINS, CONDITIONS)
    assert table.axes[0].conditions == ()


def test_what_no_trial_tells_apart_is_measured_once():
    configs = [{"a": 0.1, "b": 1e-2, "k": "x", "l": "v"}, {"a": 0.5, "b": 1e-3, "k": "y", "l": "u"}]
    configs += [{"a": 0.9, "b": 1e-4, "k": "x", "l": "v"}]
    domains = {"a": Numeric(0.0, 1.0), "b": RATE, "k": Choice(("x", "y")), "l": Choice(("u", "v"))}
    table = tabulate(configs, domains)
    assert table.names == ("a", "k")
    assert table.aside == {"b": "it changed only together with a", "l": "it changed only together with k"}
