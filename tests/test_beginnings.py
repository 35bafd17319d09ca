"""What a model proposes for a stage lies in the stage."""

from __future__ import annotations

import numpy as np
import one_stage
import pytest

from advisor import beginnings, measuring
from advisor.plan import Stage
from advisor.space import contains

SEARCH = {
    "rate": {"type": "float", "low": 0.001, "high": 1.0, "log": True},
    "depth": {"type": "int", "low": 1, "high": 9, "step": 2},
    "kind": {"type": "categorical", "choices": ["plain", "fancy"]},
    "frill": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "fancy"}},
}
NEW = {"extra": {"type": "float", "low": 0.0, "high": 8.0, "tier": "minor"}}
USUAL = {"rate": 0.1, "depth": 5, "kind": "plain", "frill": 0.5, "extra": 3.0}


def stage(**changes):
    search = {name: {"tier": "important", **entry, **changes.get(name, {})} for name, entry in SEARCH.items()}
    plan = one_stage.plan(search | NEW)
    return plan.stages[0].having(trials=60)


@pytest.fixture(scope="module")
def process():
    generator = np.random.default_rng(0)
    pairs = []
    for _ in range(40):
        kind = ["plain", "fancy"][generator.integers(2)]
        config = {"rate": float(10 ** generator.uniform(-3, 0)), "depth": int(generator.choice([1, 3, 5, 7, 9]))}
        config |= {"kind": kind} | ({"frill": float(generator.random())} if kind == "fancy" else {})
        pairs.append((config, (np.log10(config["rate"]) + 2) ** 2 + 0.1 * config["depth"] + 0.2 * (kind == "plain")))
    return measuring.measure(pairs, one_stage.plan(SEARCH)).process


def proposed(process, stage, constraints=(), seed=0):
    return beginnings.proposed(stage, process, USUAL, constraints, seed)


def test_what_is_proposed_can_be_evaluated_in_the_stage(process):
    found = proposed(process, stage())
    assert len(found) == beginnings.MOST
    again = stage().having(start=tuple(found))
    assert isinstance(again, Stage)
    assert all(("frill" in config) == (config["kind"] == "fancy") for config in found)


def test_what_is_proposed_lies_in_narrower_ranges(process):
    narrow = stage(rate={"low": 0.02, "high": 0.5}, kind={"choices": ["fancy"]})
    found = proposed(process, narrow)
    assert found
    assert all(contains(narrow.search["rate"].domain, config["rate"]) for config in found)
    assert {config["kind"] for config in found} == {"fancy"}


def test_nothing_is_proposed_where_the_model_knows_nothing(process):
    assert proposed(process, stage(rate={"low": 5.0, "high": 9.0})) == []


def test_what_is_proposed_keeps_the_constraints(process):
    plan = one_stage.plan(
        SEARCH | NEW, constraints=[{"expression": "depth >= 7", "why": "So.", "sources": ["judgement"]}]
    )
    found = proposed(process, stage(), plan.constraints)
    assert found
    assert min(config["depth"] for config in found) >= 7


def test_what_no_trial_varied_is_spread_over_its_range(process):
    values = sorted(config["extra"] for config in proposed(process, stage()))
    assert values == pytest.approx([8 * (number + 0.5) / len(values) for number in range(len(values))])


def test_the_seed_decides(process):
    assert proposed(process, stage(), seed=1) == proposed(process, stage(), seed=1)
    assert proposed(process, stage(), seed=1) != proposed(process, stage(), seed=2)
