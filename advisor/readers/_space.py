"""Where hyperparameters were searched: fitting values to ranges, and finding ranges that no file says.

What trials alone tell is little, and is called inferred: a few numbers again and again are steps or choices, many are a
range from the least to the greatest, on the scale that makes them likelier.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from advisor.readers._log import Condition
from advisor.readers._values import number, parameter
from advisor.space import Choice, Domain, Numeric, Value, is_number, same, shown_value, written

Config = Mapping[str, Value]

_MOST_STEPS: Final = 12
_LEAST_REPEATS: Final = 3
"""Up to so many different numbers are steps or choices, if each occurs so often on average."""
_LEAST_RATIO: Final = 10
"""A range narrower than this factor has no scale to speak of."""
_TOLERANCE: Final = 1e-6
"""Share of a number by which it may miss a range: files hold six or more digits."""
_MOST_PARENTS: Final = 20
_MOST_PARENT_VALUES: Final = 20


# Ranges as files have them


def ranged(
    low: object, high: object, *, log: bool = False, integer: bool = False, step: object = None
) -> Numeric | None:
    """The range between two ends; None where the file has no two numbers in order.

    What a range cannot have beside the rest is dropped: a scale without a logarithm, a step that is none.
    """
    least, most, distance = number(low), number(high), number(step)
    if least is None or most is None or not -math.inf < least <= most < math.inf:
        return None
    is_log = log and least > 0
    grid = None if is_log or distance is None or not 0 < distance < math.inf else written(distance, integer=integer)
    return Numeric(
        low=written(least, integer=integer),
        high=written(most, integer=integer),
        log=is_log,
        step=None if grid == 0 or (integer and grid == 1) else grid,
        integer=integer,
    )


def chosen_from(values: Iterable[object], *, ordered: bool = False) -> Choice | None:
    """The choices, each once; None where there are none."""
    choices = _each_once(parameter(value) for value in values)
    return Choice(choices=tuple(choices), ordered=ordered) if choices else None


# Fitting


def fitted(domain: Domain, value: Value) -> tuple[Value] | None:
    """The value as one of the domain, in a tuple; None where it is outside.

    A file may hold ``32.0`` or ``"32"`` for 32, and an end of a range in fewer digits.
    """
    if isinstance(domain, Choice):
        return _chosen(domain.choices, value)
    if isinstance(value, float) and not domain.integer and domain.low <= value <= domain.high:
        return (value,)  # by far the most, and the rest takes its time
    found = number(value)
    if found is None or not math.isfinite(found):
        return None
    room = _TOLERANCE * max(abs(found), abs(domain.low) if found else 0.0)
    if not domain.low - room <= found <= domain.high + room:
        return None
    if domain.integer:
        whole = round(found)
        return (min(max(whole, math.ceil(domain.low)), math.floor(domain.high)),) if found == whole else None
    return (min(max(found, float(domain.low)), float(domain.high)),)


def _chosen(choices: Sequence[Value], value: Value) -> tuple[Value] | None:
    for choice in choices:
        if same(choice, value):
            return (choice,)
    found = number(value)
    for choice in choices:
        if found is not None and is_number(choice) and math.isclose(found, float(choice or 0), rel_tol=_TOLERANCE):
            return (choice,)
        if isinstance(value, str) != isinstance(choice, str) and shown_value(choice) == _word(value):
            return (choice,)
    return None


def _word(value: Value) -> str:
    """The value as text in which True is true and None is null."""
    text = value if isinstance(value, str) else shown_value(value)
    return {"True": "true", "False": "false", "None": "null"}.get(text, text)


def opened(domain: Domain, values: Iterable[Value], low: float | None, high: float | None) -> Domain:
    """The range, as far open as these values reach within limits; None is any length."""
    if isinstance(domain, Choice):
        return domain
    floor = -math.inf if low is None else low
    if domain.log:
        floor = max(floor, math.ulp(0.0))
    seen = [
        value
        for value in values
        if isinstance(value, int | float)
        and is_number(value)
        and floor <= value <= (math.inf if high is None else high)
        and (not domain.integer or value == int(value))
    ]
    return domain._replace(low=min([domain.low, *seen]), high=max([domain.high, *seen]))


def joined(one: Domain, other: Domain) -> Domain:
    """The least domain that has all values of both."""
    if isinstance(one, Numeric) and isinstance(other, Numeric):
        return Numeric(
            low=min(one.low, other.low),
            high=max(one.high, other.high),
            log=one.log and other.log,
            step=one.step if one.step == other.step and _on_one_grid(one, other) else None,
            integer=one.integer and other.integer,
        )
    if isinstance(one, Choice) and isinstance(other, Choice):
        new = tuple(value for value in other.choices if not any(same(value, old) for old in one.choices))
        return Choice(choices=one.choices + new, ordered=one.ordered and not new)
    return one


def _on_one_grid(one: Numeric, other: Numeric) -> bool:
    steps = (other.low - one.low) / (one.step or 1)
    return math.isclose(steps, round(steps), abs_tol=_TOLERANCE)


# Inferring


def inferred(values: Sequence[Value]) -> Domain:
    """The domain that explains these values, one a trial.

    Numbers none of which has a fraction are whole numbers: beside a gap, tables have ``32.0`` for 32.
    """
    numbers = [value for value in values if isinstance(value, int | float) and is_number(value)]
    grid = sorted(set(numbers))
    others = _each_once(value for value in values if not is_number(value)) if len(numbers) < len(values) else []
    if not numbers or (others and not _are_gaps(others, grid)):
        return Choice(choices=tuple(_each_once(values)))
    if len(grid) == 1:
        return Choice(choices=(grid[0],))
    is_integer = all(isinstance(value, int) or value.is_integer() for value in grid)
    if is_integer:
        grid = [int(value) for value in grid]
    if len(grid) > _MOST_STEPS or len(numbers) < _LEAST_REPEATS * len(grid):
        return Numeric(low=grid[0], high=grid[-1], log=_is_logarithmic(numbers), integer=is_integer)
    step = _step(grid)
    if step is None:
        return Choice(choices=tuple(grid), ordered=True)
    return Numeric(low=grid[0], high=grid[-1], step=None if is_integer and step == 1 else step, integer=is_integer)


def _each_once(values: Iterable[Value]) -> list[Value]:
    found: dict[tuple[bool, Value], Value] = {}
    for value in values:
        found.setdefault((isinstance(value, bool), value), value)
    return list(found.values())


def _are_gaps(others: Sequence[Value], grid: Sequence[float]) -> bool:
    """Whether what is no number is a gap in a range: None beside at least as many numbers as choices would have."""
    return others == [None] and len(grid) >= _MOST_STEPS


def _step(grid: Sequence[float]) -> float | None:
    """The distance of neighbours, if it is the same for all."""
    steps = [high - low for low, high in pairwise(grid)]
    if len(steps) < 2 or max(steps) - min(steps) > _TOLERANCE * max(steps):
        return None
    return steps[0] if isinstance(steps[0], int) else float(f"{steps[0]:.9g}")


def _is_logarithmic(values: Sequence[float]) -> bool:
    """Whether positive values are likelier if equal ratios, rather than equal differences, are equally likely.

    They are where their geometric mean is less than the logarithmic mean of their ends.
    """
    low, high = min(values), max(values)
    if low <= 0 or high / low < _LEAST_RATIO:
        return False
    geometric = sum(math.log(value) for value in values) / len(values)
    return geometric < math.log(high - low) - math.log(math.log(high) - math.log(low))


def conditions(configs: Sequence[Config], space: Collection[str]) -> dict[str, Condition]:
    """For parameters that some trials lack, the values of another that explain exactly which, beyond coincidence."""
    found: dict[str, Condition] = {}
    parents = _parents(configs, space)
    for name in space:
        has = [name in config for config in configs]
        if min(sum(has), len(has) - sum(has)) >= _LEAST_REPEATS:
            parent = next((p for p in parents if p != name and _explains(p, has, configs)), None)
            if parent is not None:
                found[name] = {parent: _with(parent, has, configs)}
    return found


def _parents(configs: Sequence[Config], space: Collection[str]) -> list[str]:
    """Parameters that all trials have, with a few values that each occur several times; first those without order."""
    found = []
    for name in space:
        values = {config[name] for config in configs if name in config}
        if 1 < len(values) <= min(_MOST_PARENT_VALUES, len(configs) / _LEAST_REPEATS):
            found += [name] if all(name in config for config in configs) else []
    found.sort(key=lambda name: any(is_number(config[name]) for config in configs))
    return found[:_MOST_PARENTS]


def _with(parent: str, has: Sequence[bool], configs: Sequence[Config]) -> Value | tuple[Value, ...]:
    wanted = _each_once(config[parent] for config, present in zip(configs, has, strict=True) if present)
    return wanted[0] if len(wanted) == 1 else tuple(wanted)


def _explains(parent: str, has: Sequence[bool], configs: Sequence[Config]) -> bool:
    seen: dict[tuple[bool, Value], bool] = {}
    for config, present in zip(configs, has, strict=True):
        value = config[parent]
        if seen.setdefault((isinstance(value, bool), value), present) != present:
            return False
    return True
