"""Trials that were ended early count with what they would have come to, and importance is nearer to the truth."""

from __future__ import annotations

import random
import statistics
import time

import pytest
from pydantic import ValidationError

import advisor
from advisor.budgets import at_the_end
from advisor.space import Numeric
from advisor.trials import Trial

SPACE = {name: {"low": 0.0, "high": 1.0} for name in ("first", "second", "third", "inert")}
WEIGHTS = {"first": 3.0, "second": 2.0, "third": 1.0}
TRUTH = {"first": 9 / 14, "second": 4 / 14, "third": 1 / 14, "inert": 0.0}
"""Shares of the variance of a weighted sum of uniform variables: the squares of the weights."""
RUNGS = (1, 3, 9)
END = 27


def score(config, step, chance=None):
    """A learning curve that falls as fast for all, to a level that the configuration decides."""
    level = sum(weight * config[name] for name, weight in WEIGHTS.items())
    return level + 8 * 0.8**step + (chance.gauss(0, 0.1) if chance else 0.0)


def trial(config, steps, *, whole, values=None):
    values = values or [score(config, step) for step in steps]
    if whole:
        return Trial(config=config, value=values[-1], state="complete", reported=tuple(values), steps=tuple(steps))
    return Trial(config=config, state="pruned", reported=tuple(values), steps=tuple(steps))


def halved(count, chance):
    """Trials of successive halving: at each rung those go on that are in the best third until then."""
    seen = {rung: [] for rung in RUNGS}
    for _ in range(count):
        config = {name: chance.random() for name in SPACE}
        values = [score(config, rung, chance) for rung in (*RUNGS, END)]
        for position, rung in enumerate(RUNGS, start=1):
            seen[rung].append(values[position - 1])
            if len(seen[rung]) > 3 and values[position - 1] > statistics.quantiles(seen[rung], n=3)[0]:
                yield trial(config, RUNGS[:position], whole=False, values=values[:position])
                break
        else:
            yield trial(config, (*RUNGS, END), whole=True, values=values)


def expected(trials):
    return at_the_end(trials, dict.fromkeys(SPACE, Numeric(0.0, 1.0)), {})


def configs(count, seed=0):
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [{name: chance.random() for name in SPACE} for _ in range(count)]


def error(found):
    """How far shares are from the truth, from 0 to 1."""
    return sum(abs(found.parameters[name].main.value - share) for name, share in TRUTH.items()) / 2


def test_importance_is_nearer_to_the_truth_with_trials_that_were_ended_early():
    trials = list(halved(200, random.Random(1)))  # noqa: S311 - no secret
    complete = [trial for trial in trials if trial.state == "complete"]
    assert len(complete) < len(trials) / 4
    with_all, without = advisor.measure(trials, SPACE), advisor.measure(complete, SPACE)
    assert error(with_all) < 0.1
    assert error(without) > 3 * error(with_all)
    assert f"{len(trials) - len(complete)} pruned trials count with what is expected of them" in with_all.remarks[0]


def test_where_curves_fall_alike_the_expected_score_is_the_one_at_the_end():
    early = [trial(config, RUNGS[:2], whole=False) for config in configs(10, 1)]
    found = expected([*(trial(c, (*RUNGS, END), whole=True) for c in configs(30)), *early])
    assert [one.value for one in found.trials[30:]] == pytest.approx([score(one.config, END) for one in early], abs=0.3)
    assert all(one.state == "complete" for one in found.trials)


def test_what_a_setting_gains_late_is_expected_of_those_that_were_ended_before():
    """Where ``first`` decides only how much is gained late, early scores alone say nothing of it."""

    def values(config):
        return [0.1 * config["second"], 0.1 * config["second"], 0.1 * config["second"] - config["first"]]

    whole = [trial(config, (1, 3, 9), whole=True, values=values(config)) for config in configs(20)]
    early = [trial(config, (1, 3), whole=False, values=values(config)[:2]) for config in configs(40, 1)]
    found = expected([*whole, *early])
    errors = [abs((one.value or 0.0) - values(one.config)[-1]) for one in found.trials[20:]]
    assert statistics.fmean(errors) < 0.05


def test_without_values_on_the_way_of_whole_trials_nothing_is_expected():
    whole = [Trial(config=config, value=1.0, state="complete") for config in configs(20)]
    early = [Trial(config=config, state="pruned", reported=(2.0,)) for config in configs(12, 1)]
    found = expected([*whole, *early])
    assert found.trials == (*whole, *early)
    assert "12 pruned trials are not used" in found.remarks[0]


def test_where_fewer_than_three_went_on_from_there_a_trial_stays_pruned():
    whole = [trial(config, (*RUNGS, END), whole=True) for config in configs(10)]
    strange = trial(configs(1, 2)[0], (2,), whole=False)
    early = trial(configs(1, 3)[0], (1,), whole=False)
    found = expected([*whole, strange, early])
    assert found.trials[-2] == strange
    assert found.trials[-1].state == "complete"
    assert "1 pruned trials count" in found.remarks[0]
    assert "1 pruned trials are not used" in found.remarks[1]


def test_a_curve_that_diverged_does_not_move_the_others():
    whole = [trial(config, (*RUNGS, END), whole=True) for config in configs(20)]
    wild = trial(configs(1, 5)[0], (1, END), whole=True, values=[1e9, 3e9])
    early = trial(configs(1, 6)[0], (1,), whole=False)
    assert expected([*whole, wild, early]).trials[-1].value == pytest.approx(score(early.config, END), abs=1.0)


def test_trials_that_failed_or_reported_nothing_stay_as_they_are():
    whole = [trial(config, (*RUNGS, END), whole=True) for config in configs(10)]
    failed = Trial(config=configs(1, 7)[0], state="failed", reported=(1.0, 2.0))
    silent = Trial(config=configs(1, 8)[0], state="pruned")
    found = expected([*whole, failed, silent])
    assert found.trials[-2:] == (failed, silent)
    assert "1 pruned trials are not used" in found.remarks[0]


def test_a_thousand_trials_are_expected_in_the_time_of_a_few():
    chance = random.Random(2)  # noqa: S311 - no secret
    trials = list(halved(1000, chance))
    started = time.process_time()
    found = expected(trials)
    assert time.process_time() - started < 5
    errors = [abs((one.value or 0.0) - score(one.config, END)) for one in found.trials if one.state == "complete"]
    assert statistics.median(errors) < 0.2


def test_steps_are_as_many_as_values():
    with pytest.raises(ValidationError, match="2 values on the way have 1 steps"):
        Trial(config={}, state="pruned", reported=(1.0, 2.0), steps=(1,))


def test_a_trial_without_steps_is_written_as_before():
    assert "steps" not in Trial(config={}, value=1.0, state="complete").to_data()
