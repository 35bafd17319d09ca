"""The laws of ranges and choices."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.space import (
    Choice,
    Numeric,
    clip,
    contains,
    grid_size,
    is_single,
    middle,
    narrowed,
    same,
    shown_value,
    tidy,
    type_name,
    widened,
    written,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
bounds = finite | st.integers(-(10**40), 10**40)
scalars = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=3)


@st.composite
def numerics(draw, *, steps: bool = True):
    integer = draw(st.booleans())
    numbers = st.integers(-(10**40), 10**40) if integer else bounds
    low, high = sorted([draw(numbers), draw(numbers)])
    log = draw(st.booleans()) and low > 0
    kinds = st.integers(1, 10**6) if integer else st.floats(1e-300, 1e300)
    step = draw(st.none() | kinds) if steps and not log and low < high else None
    return Numeric(low=low, high=high, log=log, step=step, integer=integer)


whole_grids = st.builds(
    lambda low, width, step, integer: Numeric(low=low, high=low + width, step=step, integer=integer),
    st.integers(-1000, 1000), st.integers(1, 1000), st.integers(1, 50), st.booleans(),
)  # fmt: skip
choices = st.builds(
    lambda values, ordered: Choice(choices=tuple(values), ordered=ordered),
    st.lists(scalars.filter(lambda value: value == value), min_size=1, max_size=6),  # noqa: PLR0124 - no NaN
    st.booleans(),
)
domains = numerics() | whole_grids | choices
values = scalars | bounds


@given(domains, values)
def test_clip_lands_inside_and_stays(domain, value):
    once = clip(domain, value)
    assert contains(domain, once)
    assert same(clip(domain, once), once)


@given(domains)
def test_middle_is_inside(domain):
    assert contains(domain, middle(domain))


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(-1e9, 1e9))
def test_clip_moves_a_number_outside_to_the_nearer_end(low, width, value):
    domain = Numeric(low=low, high=low + width)
    assert clip(domain, value) == min(max(value, domain.low), domain.high)


@given(domains, bounds, bounds)
def test_narrowing_stays_inside(domain, a, b):
    low, high = sorted([a, b])
    inner = narrowed(domain, low=low, high=high)
    if isinstance(inner, Numeric):
        assert domain.low <= inner.low <= inner.high <= domain.high
        assert contains(domain, middle(inner)) or domain.step is not None
    elif isinstance(inner, Choice):
        assert all(contains(domain, choice) for choice in inner.choices)
        assert inner.choices


@given(whole_grids, st.integers(-1200, 1200), st.integers(-1200, 1200))
def test_narrowing_a_grid_keeps_exactly_its_numbers_between_the_bounds(domain, low, high):
    inner = narrowed(domain, low=low, high=high)
    before = [v for v in range(int(domain.low), int(domain.high) + 1) if contains(domain, v) and low <= v <= high]
    after = [v for v in range(-1200, 2200) if inner is not None and contains(inner, v)]
    assert after == before


@given(numerics(steps=False) | whole_grids | choices, *[st.none() | bounds] * 4)
def test_narrowing_commutes(domain, a, b, c, d):
    def through(*steps):
        here = domain
        for low, high in steps:
            here = here and narrowed(here, low=low, high=high)
        return here

    assert through((a, b), (c, d)) == through((c, d), (a, b))


@given(choices, st.lists(scalars, max_size=4), st.lists(scalars, max_size=4))
def test_narrowing_choices_commutes(domain, first, second):
    def through(*lists):
        here = domain
        for allowed in lists:
            here = here and narrowed(here, choices=tuple(allowed))
        return here

    assert through(first, second) == through(second, first)


@given(numerics(steps=False) | whole_grids | choices, st.none() | bounds, st.none() | bounds)
def test_narrowing_twice_alike_changes_nothing(domain, low, high):
    once = narrowed(domain, low=low, high=high)
    assert once is None or narrowed(once, low=low, high=high) == once


def test_choices_narrow_a_range_to_what_they_span_in_any_order():
    domain = Numeric(low=0, high=10, integer=True)
    for listed in [(5, 1, 3), (1, 3, 5), (3, 5, 1, True, "x")]:
        assert narrowed(domain, choices=listed) == Numeric(low=1, high=5, integer=True)
    assert narrowed(domain, choices=("x", True)) is None
    assert narrowed(domain, choices=(5, 1), low=2, high=4) == Numeric(low=2, high=4, integer=True)


@given(domains, st.none() | bounds, st.none() | bounds, st.lists(scalars, max_size=3), values)
def test_widening_loses_no_value(domain, low, high, more, value):
    inside = clip(domain, value)
    wider = widened(domain, low=low, high=high, choices=tuple(more))
    near = clip(wider, inside)
    if isinstance(domain, Numeric) and domain.step is not None and not isinstance(domain.low, int):
        assert near == pytest.approx(inside, rel=1e-6, abs=domain.step)  # a grid of floats, continued far away
    else:
        assert contains(wider, inside)


@given(whole_grids, st.integers(-1200, 1200), st.integers(-1200, 1200))
def test_widening_a_grid_continues_it(domain, low, high):
    wider = widened(domain, low=low, high=high)
    for value in range(-1300, 2300):
        if contains(domain, value):
            assert contains(wider, value)
        elif contains(wider, value):
            assert min(low, domain.low) <= value <= max(high, domain.high)
            assert (value - domain.low) % domain.step == 0


@given(choices, st.lists(scalars.filter(lambda value: value == value), max_size=4))  # noqa: PLR0124 - no NaN
def test_widened_choices_have_the_new_ones(domain, more):
    wider = widened(domain, choices=tuple(more))
    assert all(contains(wider, value) for value in (*domain.choices, *more))


@pytest.mark.parametrize(
    ("domain", "value", "landed"),
    [
        (Numeric(low=0.0, high=1.0, step=0.1), 0.34, 0.3),
        (Numeric(low=0.0, high=1.0, step=0.1), 0.3, 0.3),
        (Numeric(low=0.0, high=1.0, step=0.3), 1.0, 0.9),
        (Numeric(low=1.0000001, high=2, step=0.1), 1.12, 1.1000001),
        (Numeric(low=1, high=9, step=2, integer=True), 9.9, 9),
        (Numeric(low=1, high=8, step=2, integer=True), 8, 7),
        (Numeric(low=1, high=1000, log=True, integer=True), 2.6, 3),
        (Numeric(low=1.2, high=3.9, integer=True), 1, 2),
        (Numeric(low=0.0, high=1.0), math.inf, 1.0),
        (Numeric(low=0.0, high=1.0), math.nan, 0.5),
        (Numeric(low=0.0, high=1.0), "x", 0.5),
        (Numeric(low=0.0, high=1.0), True, 0.5),
        (Numeric(low=-1.7e308, high=1.7e308), None, 0.0),
        (Choice(choices=(16, 32, 64), ordered=True), 40, 32),
        (Choice(choices=(16, 32, 64), ordered=True), "x", 32),
        (Choice(choices=(16, 32, 64)), 40, 16),
        (Choice(choices=(1, True)), True, True),
        (Choice(choices=("a", None)), None, None),
    ],
)
def test_clip_lands_where_a_person_expects(domain, value, landed):
    assert same(clip(domain, value), landed)


def test_middle_is_on_the_own_scale():
    assert middle(Numeric(low=1e-4, high=1e-2, log=True)) == 1e-3
    assert middle(Numeric(low=1, high=1024, log=True, integer=True)) == 32
    assert middle(Numeric(low=5e-324, high=1.7e308, log=True)) > 0


def test_truth_is_no_number():
    assert same(1, 1.0)
    for truth in (True, False):
        assert not same(truth, int(truth))
        assert not contains(Numeric(low=0, high=1), truth)
        assert not contains(Choice(choices=(0, 1)), truth)


@pytest.mark.parametrize(
    ("domain", "single"),
    [
        (Choice(choices=("a",)), True),
        (Choice(choices=("a", "b")), False),
        (Numeric(low=1, high=1), True),
        (Numeric(low=1, high=2, integer=True), False),
        (Numeric(low=1.2, high=2.9, integer=True), True),
        (Numeric(low=1, high=2, step=3, integer=True), True),
        (Numeric(low=0.0, high=1.0, step=1.5), True),
        (Numeric(low=0.0, high=0.3, step=0.1), False),
        (Numeric(low=0.0, high=0.1, step=0.1), False),
    ],
)
def test_range_is_single_where_one_number_belongs(domain, single):
    assert is_single(domain) is single


@pytest.mark.parametrize(
    ("domain", "size"),
    [
        (Numeric(low=0.0, high=0.3, step=0.1), 4),
        (Numeric(low=0.0, high=0.95, step=0.3), 4),
        (Numeric(low=1, high=9, step=4, integer=True), 3),
        (Numeric(low=1, high=9, integer=True), 9),
        (Numeric(low=0, high=10**20, step=1, integer=True), 10**20 + 1),
    ],
)
def test_a_grid_is_counted(domain, size):
    assert grid_size(domain) == size


def test_a_step_too_small_to_count_is_no_error():
    assert grid_size(Numeric(low=0.0, high=1e10, step=1e-300)) > 10**299


def test_words_of_files():
    domains = (Choice(choices=(1,)), Numeric(low=0, high=1), Numeric(low=0, high=1, integer=True))
    assert [type_name(domain) for domain in domains] == ["categorical", "float", "int"]
    assert [shown_value(v) for v in (None, True, False, 0.1 + 0.2, 3, "x")] == [
        "null",
        "true",
        "false",
        "0.3",
        "3",
        "x",
    ]
    assert repr(written(3.0, integer=True)) == "3"
    assert repr(written(3, integer=False)) == "3.0"
    assert tidy(0.123456789) == 0.123457
