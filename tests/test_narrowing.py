"""How a range follows from earlier trials: what narrows and opens it, and that luck does neither."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.narrowing import LEAST, LUCK, narrowed, trend

GRID = [number / 24 for number in range(25)]


def around(best, values=GRID):
    """Scores that are least at one value."""
    return [(value - best) ** 2 for value in values]


# Known answers


def test_a_parabola_narrows_around_its_lowest_point():
    low, high, why = narrowed(GRID, around(0.5), (0.0, 1.0), (0.0, 1.0), keep=0.4, luck=LUCK)
    assert (low, high) == (0.3, 0.7)
    assert why.startswith("narrows around the best quarter of 25 trials (by luck: ")


def test_a_lowest_point_near_an_edge_keeps_the_width_inside_the_range():
    assert narrowed(GRID, around(0.1), (0.0, 1.0), (0.0, 1.0), keep=0.4, luck=LUCK)[:2] == (0.0, 0.4)
    assert narrowed(GRID, around(0.95), (0.0, 1.0), (0.0, 1.0), keep=0.4, luck=LUCK)[:2] == (0.6, 1.0)


def test_a_logarithmic_range_narrows_on_its_own_scale():
    values = [10 ** (-4 + 4 * place) for place in GRID]
    low, high, _ = narrowed(values, around(0.5), (1e-4, 1.0), (1e-4, 1.0), keep=0.5, luck=LUCK, log=True)
    assert (low, high) == (pytest.approx(1e-3), pytest.approx(1e-1))


def test_whole_numbers_stay_whole():
    values = list(range(1, 26))
    low, high, _ = narrowed(values, around(13, values), (1, 25), (1, 25), keep=0.5, luck=LUCK, step=1)
    assert (low, high) == (7, 19)
    assert isinstance(low, int)
    assert isinstance(high, int)


def test_a_grid_is_kept():
    values = [4 + 8 * number for number in range(25)]
    low, high, _ = narrowed(values, around(100, values), (4, 196), (4, 196), keep=0.5, luck=LUCK, step=8)
    assert (low, high) == (52, 148)


@pytest.mark.parametrize(
    ("limits", "expected"), [((None, None), (-0.05, 0.3)), ((-0.02, None), (-0.02, 0.33)), ((0.0, 1.0), (0.0, 0.35))]
)
def test_a_range_opens_below_as_far_as_it_may_where_scores_still_fall_there(limits, expected):
    low, high, why = narrowed(GRID, GRID, (0.0, 1.0), limits, keep=0.35, luck=LUCK)
    assert (low, high) == pytest.approx(expected)
    assert why.startswith("opens below" if expected[0] < 0 else "narrows")


def test_a_range_opens_above_where_scores_still_fall_there():
    low, high, why = narrowed(GRID, [-value for value in GRID], (0.0, 1.0), (None, None), keep=0.35, luck=LUCK)
    assert (low, high) == pytest.approx((0.7, 1.05))
    assert why.startswith("opens above")


def test_a_range_does_not_open_where_scores_rise_at_both_ends():
    low, high, _ = narrowed(GRID, around(0.3), (0.0, 1.0), (None, None), keep=0.7, luck=LUCK)
    assert (low, high) == (0.0, 0.7)


def test_a_logarithmic_range_whose_limit_is_zero_stays_above_it():
    values = [10 ** (-4 + 4 * place) for place in GRID]
    low, high, _ = narrowed(values, GRID, (1e-4, 1.0), (0, None), keep=0.35, luck=LUCK, log=True)
    assert 0 < low < 1e-4 < high


def test_a_narrow_range_far_from_zero_is_told_in_digits_that_keep_it_apart():
    values = [123456.0 + place for place in GRID]
    assert narrowed(values, around(0.5), (123456.0, 123457.0), (None, None), keep=0.5, luck=LUCK)[:2] == (
        123456.25,
        123456.75,
    )


# Luck


def test_equal_scores_narrow_nothing():
    low, high, why = narrowed(GRID, [1.0] * 25, (0.0, 1.0), (None, None), keep=0.3, luck=LUCK)
    assert (low, high) == (0.0, 1.0)
    assert why == "stays: its 25 trials may differ by luck (1, above 0.1)"


def test_equal_values_narrow_nothing():
    assert trend([0.5] * 20, [float(number) for number in range(20)]) == (1.0, 0)


def test_a_best_value_at_the_edge_alone_is_no_trend():
    rng = random.Random(2)  # noqa: S311 - no secret
    scores = [rng.gauss(0, 1) for _ in GRID]
    scores[0] = min(scores) - 0.01
    chance, _ = trend(GRID, scores)
    assert chance > LUCK


@pytest.mark.parametrize("n", [6, 12, 24, 48])
def test_unrelated_scores_follow_a_parabola_as_often_as_is_said(n):
    rng = random.Random(n)  # noqa: S311 - no secret
    chances = [trend([rng.random() for _ in range(n)], [rng.random() for _ in range(n)])[0] for _ in range(2000)]
    for level in (0.02, 0.1, 0.5):
        share = sum(chance <= level for chance in chances) / len(chances)
        assert share == pytest.approx(level, abs=3.5 * math.sqrt(level * (1 - level) / len(chances)) + 0.004)


def test_less_trials_than_tell_a_trend_tell_none():
    few = GRID[: LEAST - 1]
    assert trend(few, few) == (1.0, 0)


def test_a_trend_is_found_in_any_unit_of_the_scores():
    assert trend(GRID, around(0.3)) == trend(GRID, [1e6 * score - 3 for score in around(0.3)])


# Laws


@st.composite
def searches(draw):
    """Arguments of ``narrowed``: a range, what was tried within, and what came of it."""
    kind = draw(st.sampled_from(["float", "log", "int", "log int", "grid", "whole grid"]))
    whole = kind in {"int", "log int", "whole grid"}
    log = kind in {"log", "log int"}
    step = draw(st.sampled_from([2, 5, 64])) if kind == "whole grid" else 1 if kind in {"int", "log int"} else None
    step = draw(st.sampled_from([0.1, 0.125, 0.3])) if kind == "grid" else step
    steps = draw(st.integers(1, 40))
    low = draw(st.integers(1 if log else -1000, 30000)) if whole else draw(st.floats(1e-6 if log else -1e5, 1e5))
    high = low + steps * step if step else low + draw(st.floats(1e-3, 1e5))
    assume(high > low)
    shares = draw(st.lists(st.floats(0, 1), min_size=5, max_size=40))
    values = [low + step * round(steps * share) if step else min(low + share * (high - low), high) for share in shares]
    scores = [draw(st.floats(-1e6, 1e6)) if draw(st.booleans()) else share for share in shares]
    margin = st.none() | (st.integers(0, 100) if step else st.floats(0, 100))
    below, above = draw(margin), draw(margin)
    limits = (
        None if below is None else max(low - below * (step or 1), 1 if log and whole else 0 if log else -math.inf),
        None if above is None else high + above * (step or 1),
    )
    if log and limits[0] is None:
        limits = (1 if whole else 0, limits[1])
    keep = draw(st.floats(0.05, 1))
    return values, scores, (low, high), limits, {"keep": keep, "luck": 0.9, "log": log, "step": step}


@given(searches())
def test_a_new_range_lies_within_its_limits_on_its_grid_and_is_not_empty(search):
    values, scores, ends, limits, options = search
    low, high, why = narrowed(values, scores, ends, limits, **options)
    least = -math.inf if limits[0] is None else limits[0]
    most = math.inf if limits[1] is None else limits[1]
    assert least <= low <= high <= most
    step = options["step"]
    if step is None:
        assert low < high
        assert not options["log"] or low > 0
    else:
        for end in (low, high):
            steps = (end - ends[0]) / step
            assert math.isclose(steps, round(steps), abs_tol=1e-9, rel_tol=1e-9), why


@given(searches())
def test_a_range_keeps_trials_that_are_among_the_best_quarter(search):
    values, scores, ends, limits, options = search
    low, high, _ = narrowed(values, scores, ends, limits, **options)
    best = sorted(range(len(values)), key=scores.__getitem__)[: math.ceil(len(values) / 4)]
    middle = sorted(values[index] for index in best)
    width = options["step"] or 1e-5 * max(1.0, abs(ends[0]), abs(ends[1]))
    assert low - width <= middle[len(best) // 2]
    assert middle[(len(best) - 1) // 2] <= high + width
