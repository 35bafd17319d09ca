"""The luck of the winner: what it is in simulated searches of which the truth is known, and what is left without it."""

from __future__ import annotations

import json
import math

import numpy as np
import one_stage
import pytest

from advisor import facts, optimism, reading, runners
from advisor.trials import Result

ROWS, ERROR = 1000, 0.2
SEARCHES = 400


def spread_of_areas(positives, negatives, times_as_great):
    """Standard deviation of areas under ROC curves of exponential scores, the case of which the formula is exact."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(1500):
        above = generator.exponential(times_as_great, positives)
        below = np.sort(generator.exponential(1.0, negatives))
        found.append(np.searchsorted(below, above).mean() / negatives)
    return np.mean(found), np.std(found)


def equals(_):
    """Fifty configurations that are all as good as the default."""
    return np.zeros(50)


def searches(truth, lasting, fresh=0.0, repeats=1, finalists=1):
    """Gains over the default, measured and true, of the winners of simulated searches; the default is the first.

    ``truth`` draws the true gains of all configurations of a search; that of the default is 0.
    """
    generator = np.random.default_rng(0)
    measured, true = np.empty(SEARCHES), np.empty(SEARCHES)
    for number in range(SEARCHES):
        worth = truth(generator)
        worth[0] = 0.0
        stays = worth + generator.normal(scale=lasting, size=len(worth)) if lasting else worth
        first = stays + generator.normal(scale=fresh, size=len(worth))
        best = np.argsort(first)[-finalists:]
        again = stays + generator.normal(scale=fresh, size=(repeats, len(worth))).mean(axis=0)
        winner = best[again[best].argmax()] if repeats > 1 else best[-1]
        seen = again if repeats > 1 else first
        measured[number], true[number] = seen[winner] - seen[0], worth[winner]
    return measured, true


# Standard errors


@pytest.mark.parametrize(
    ("metric", "value"), [("error", 0.2), ("val_accuracy", 0.8), ("Accuracy", 0.8), ("error-rate", 0.2)]
)
def test_a_share_of_rows_has_the_error_of_a_binomial_proportion(metric, value):
    shares = np.random.default_rng(0).binomial(ROWS, ERROR, 20_000) / ROWS
    assert optimism.standard_error(metric, value, ROWS) == pytest.approx(shares.std(), rel=0.02)


@pytest.mark.parametrize(("positives", "negatives", "times"), [(30, 120, 3.0), (75, 75, 9.0)])
def test_an_area_under_a_curve_has_the_error_that_it_has_in_simulation(positives, negatives, times):
    area, spread = spread_of_areas(positives, negatives, times)
    rows = positives + negatives
    found = optimism.standard_error("roc_auc", area, rows, rarest=positives / rows)
    assert found == pytest.approx(spread, rel=0.05)


def test_no_wrong_row_in_few_is_no_certainty():
    assert optimism.standard_error("error", 0.0, 100) > optimism.standard_error("error", 0.0, 1000) > 0


@pytest.mark.parametrize(
    ("metric", "value", "rows"),
    [("log_loss", 0.3, 1000), ("rmse", 0.3, 1000), ("accuracy", 80.0, 1000), ("error", 0.2, 0)],
)
def test_what_rows_do_not_tell_is_not_known(metric, value, rows):
    assert optimism.standard_error(metric, value, rows) is None


def test_the_error_of_an_area_is_not_known_without_the_share_of_the_rarer_class():
    assert optimism.standard_error("auc", 0.9, 1000) is None
    assert optimism.standard_error("auc", 0.9, 1000, rarest=0.0001) is None


def test_configurations_that_share_all_luck_differ_by_none():
    assert optimism.own_part(0.02, shared=1.0) == 0
    assert optimism.own_part(0.02, shared=0.0) == 0.02


# Luck


@pytest.mark.parametrize("count", [2, 3, 10, 100, 1000])
def test_the_greatest_of_many_draws_is_what_it_is_in_simulation(count):
    greatest = np.random.default_rng(0).normal(size=(4000, count)).max(axis=1)
    assert optimism.expected_maximum(count) == pytest.approx(greatest.mean(), abs=0.03)


def test_one_trial_has_no_luck_of_being_chosen():
    assert optimism.measured(0.01).luck(1) == 0


@pytest.mark.parametrize("gain", [0.002, 0.01, 0.03])
def test_data_carry_trials_up_to_the_one_at_which_luck_is_the_gain(gain):
    own = 0.01
    carried = optimism.trials_carried(gain, own)
    assert own * optimism.expected_maximum(carried) == pytest.approx(gain)


def test_luckless_data_carry_as_many_trials_as_are_counted():
    assert optimism.trials_carried(0.01, 0.0) == optimism.trials_carried(1.0, 0.001) == optimism.MOST_CARRIED
    assert optimism.trials_carried(0.0, 0.01) == 1


# What is left of a gain


def left(measured, measurement, chosen_from, finalists=1):
    luck = measurement.luck(chosen_from, finalists)
    return np.array([optimism.corrected(gain, luck, measurement.difference) for gain in measured])


def test_of_equally_good_configurations_next_to_nothing_is_left():
    measurement = optimism.measured(0.01)
    measured, true = searches(equals, lasting=0.01)
    gain, low, high = left(measured, measurement, 50).T
    assert measured.mean() > 2 * 0.01
    assert 0 <= gain.mean() < 0.5 * 0.01
    assert np.mean((low <= true) & (true <= high)) > 0.93
    assert np.mean(low > 0) < 0.03


@pytest.mark.parametrize("spread", [0.005, 0.01])
def test_intervals_hold_what_the_winner_is_worth_where_configurations_differ(spread):
    measured, true = searches(lambda draw: draw.normal(scale=spread, size=50), lasting=0.01)
    gain, low, high = left(measured, optimism.measured(0.01), 50).T
    assert np.mean((low <= true) & (true <= high)) > 0.9
    assert abs(np.mean(gain - true)) < abs(np.mean(measured - true))


def test_where_configurations_differ_by_more_than_scores_err_what_is_left_is_too_little_rather_than_too_much():
    measured, true = searches(lambda draw: draw.normal(scale=0.03, size=50), lasting=0.01)
    gain = left(measured, optimism.measured(0.01), 50)[:, 0]
    assert 0.7 * true.mean() < gain.mean() < true.mean() < measured.mean()


def test_fresh_folds_take_away_their_own_luck_and_not_that_of_the_rows():
    measured, true = searches(equals, lasting=0.007, fresh=0.007, repeats=5, finalists=3)
    measurement = optimism.measured(math.hypot(0.007, 0.007), 0.007, 5)
    _, low, high = left(measured, measurement, 50, 3).T
    assert measured.mean() == pytest.approx(measurement.luck(50, 3), rel=0.15)
    assert measured.mean() < 0.7 * optimism.measured(math.hypot(0.007, 0.007)).luck(50)
    assert np.mean((low <= true) & (true <= high)) > 0.93


def test_repeats_alone_tell_how_wrong_a_mean_is_where_nothing_else_is_known():
    assert optimism.measured(None) is None
    assert optimism.measured(None, 0.02, 4).difference == pytest.approx(0.02 * math.sqrt(2 / 4))


# Facts


def known(**changes):
    given = {
        "objective.metric": "error", "objective.split": "cross-validation", "objective.default_value": 0.1,
        "data.rows": 1000, "budget.trials": 120,
    }  # fmt: skip
    return facts.with_derived({**given, **{name.replace("__", "."): value for name, value in changes.items()}})


def test_a_thousand_rows_of_which_a_tenth_is_wrong_carry_eight_trials():
    found = known()
    # own error: 0.0095 / sqrt(2) = 0.0067; to gain: 0.01; the greatest of 8 draws is 1.43, of 9 it is 1.49
    assert found["derived.trials_validation_carries"] == 8
    assert found["derived.budget_over_carried"] == 15


def test_more_rows_and_more_to_gain_carry_more_trials():
    carried = [known(data__rows=rows)["derived.trials_validation_carries"] for rows in (300, 1000, 3000, 10_000)]
    assert carried == sorted(set(carried))
    assert known(objective__attainable=0.08)["derived.trials_validation_carries"] > carried[1]


@pytest.mark.parametrize("change", [{"objective__split": "validation"}, {"objective__metric": "log_loss"}])
def test_where_the_rows_measured_on_are_not_known_nobody_knows_what_they_carry(change):
    assert "derived.trials_validation_carries" not in known(**change)


def test_an_area_waits_for_the_share_of_the_rarer_class():
    assert facts.to_give("derived.trials_validation_carries", known(objective__metric="auc")) == ("data.positive_rate",)
    assert "derived.trials_validation_carries" in known(objective__metric="auc", data__positive_rate=0.2)


# Results


RATE = {"rate": {"type": "float", "low": 0.0, "high": 1.0}}
CONFIRM = {"finalists": 2, "repeats": 3, "why": "Luck."}


def plan(split="cross-validation", rows=1000, **objective):
    made = one_stage.plan(
        RATE, confirm=CONFIRM, objective={"metric": "accuracy", "direction": "maximize", "split": split, **objective}
    )
    [stage] = made.stages
    spec = made.spec.having(facts={} if rows is None else {"data.rows": rows})
    return made.having(stages=[stage.having(start=({"rate": 0.25},))], spec=spec)


def found_with(gain, *, confirm=False, **changes):
    """What a run finds in which one configuration is that much better than the default, and all others are worse."""
    return runners.run(plan(**changes), lambda config: 0.8 + (gain if config["rate"] != 0.25 else 0.0), confirm=confirm)


def test_a_small_gain_on_few_rows_is_nothing_without_luck_and_a_great_one_stands():
    small, great = found_with(0.005).corrected, found_with(0.1).corrected
    assert (small.gain, small.stands, small.chosen_from) == (0.0, False, 10)
    assert great.stands
    assert great.gain == pytest.approx(0.1 - great.luck)


@pytest.mark.parametrize("changes", [{"rows": None}, {"split": "validation"}, {"metric": "f1"}])
def test_a_gain_is_not_corrected_where_nothing_says_how_wrong_a_value_is(changes):
    assert found_with(0.01, **changes).corrected is None


def test_noise_over_seeds_corrects_where_rows_are_not_known():
    found = found_with(0.03, rows=None, noise=0.01).corrected
    assert found.luck == pytest.approx(0.01 * optimism.expected_maximum(10))


def test_a_default_that_was_not_beaten_has_no_gain_to_correct():
    assert found_with(-0.1).corrected is None


def test_the_default_is_evaluated_again_with_the_finalists():
    found = found_with(0.01, confirm=True)
    assert len(found.confirmed) == 3
    assert found.confirmed[-1].config == {"rate": 0.25}
    assert "the library's default among them" in found.winner


def test_results_of_before_gains_were_corrected_are_read():
    written = json.loads(found_with(0.1).model_dump_json())
    assert Result.model_validate(written).corrected.stands
    del written["corrected"]
    assert isinstance(reading.problems(Result, written), Result)
    assert Result.model_validate(written).corrected is None
