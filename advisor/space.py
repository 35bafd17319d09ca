"""Where a hyperparameter may lie: ranges of numbers and lists of choices, and how they are narrowed and widened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Value: TypeAlias = bool | int | float | str | None


class Numeric(NamedTuple):
    """The numbers from ``low`` to ``high``, both included.

    Attributes:
        low: Least value, in natural units.
        high: Greatest value, in natural units.
        log: Whether equal ratios, rather than equal differences, are equally likely.
        step: Distance of neighbouring values, counted from ``low``; none for all values between.
        integer: Whether only whole numbers belong.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    integer: bool = False


class Choice(NamedTuple):
    """A list of values, with or without an order."""

    choices: tuple[Value, ...]
    ordered: bool = False


Domain: TypeAlias = Numeric | Choice


def same(left: Value, right: Value) -> bool:
    """Whether two values are equal; ``True`` is not ``1``, and ``1`` is ``1.0``."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def is_number(value: object) -> bool:
    """Whether the value is a number; a truth value is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def contains(domain: Domain, value: Value) -> bool:
    """Whether ``value`` is one that a search of ``domain`` can propose."""
    match domain:
        case Choice(choices=choices):
            return any(same(value, choice) for choice in choices)
        case Numeric():
            if not isinstance(value, int | float) or isinstance(value, bool):
                return False
            if not domain.low <= value <= domain.high:
                return False
            if domain.integer and value != int(value):
                return False
            return domain.step is None or _on_grid(domain, value)


_TOLERANCE = 1e-9
"""Share of a step by which a number may miss the grid: what adding steps up in floating point costs."""


def _steps(domain: Numeric, value: float) -> float:
    """How many steps ``value`` lies above the low end, kept within what can be counted."""
    low, step = domain.low, domain.step or 1
    if isinstance(value, int) and isinstance(low, int) and isinstance(step, int):
        whole, rest = divmod(value - low, step)
        steps = whole + rest / step
    else:
        steps = (float(value) - float(low)) / step
    return min(max(steps, -_MOST_STEPS), _MOST_STEPS)


_MOST_STEPS = 1e300


def grid_size(domain: Numeric) -> int:
    """How many values a range with a step has, counted from ``low``; a step of one where none is named."""
    return math.floor(_steps(domain, domain.high) + _TOLERANCE) + 1


def _on_grid(domain: Numeric, value: float) -> bool:
    steps = _steps(domain, value)
    return math.isclose(steps, round(steps), rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def clip(domain: Domain, value: Value) -> Value:
    """The value of ``domain`` nearest to ``value``; its middle where nothing is near."""
    if contains(domain, value):
        return value
    if isinstance(value, float) and math.isnan(value):
        return middle(domain)
    if isinstance(domain, Numeric) and isinstance(value, int | float) and not isinstance(value, bool):
        return _onto_grid(domain, min(max(value, domain.low), domain.high))
    if isinstance(domain, Choice) and domain.ordered and is_number(value):
        numbers = [choice for choice in domain.choices if is_number(choice)]
        if numbers:
            return min(numbers, key=lambda choice: abs(float(choice or 0) - float(value or 0)))
    return middle(domain)


def middle(domain: Domain) -> Value:
    """The middle of a range on its own scale; the first of choices without order."""
    if isinstance(domain, Choice):
        index = len(domain.choices) // 2 if domain.ordered else 0
        return domain.choices[index]
    if domain.log and domain.low > 0:
        return _onto_grid(domain, math.sqrt(domain.low) * math.sqrt(domain.high))
    return _onto_grid(domain, domain.low / 2 + domain.high / 2)


def _onto_grid(domain: Numeric, value: float) -> Value:
    if domain.step is not None:
        value = _grid_point(domain, min(max(round(_steps(domain, value)), 0), grid_size(domain) - 1))
        if not domain.integer:
            return value
    if domain.integer:
        return min(max(round(value), math.ceil(domain.low)), math.floor(domain.high))
    if value in {domain.low, domain.high}:
        return value
    return min(max(tidy(value), domain.low), domain.high)


def _grid_point(domain: Numeric, steps: int) -> float:
    """The number so many steps above the low end, in few digits where that is the same number."""
    exact = domain.low + steps * (domain.step or 1)
    short = float(f"{exact:.12g}") if isinstance(exact, float) else exact
    near = short if _on_grid(domain, short) else exact
    return min(max(near, domain.low), domain.high)


def tidy(value: float) -> float:
    """The value to six significant digits, as people would write it."""
    return float(f"{value:.6g}")


def narrowed(
    domain: Domain,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Value, ...] | None = None,
) -> Domain | None:
    """What of ``domain`` lies within the bounds, or None where nothing does.

    Bounds on a list of choices keep the numbers within them; a list of choices given for a range
    keeps the part of the range that they span.
    """
    if isinstance(domain, Choice):
        kept = tuple(
            choice
            for choice in domain.choices
            if (choices is None or any(same(choice, allowed) for allowed in choices)) and _within(choice, low, high)
        )
        return domain._replace(choices=kept) if kept else None
    if choices is not None:
        numbers = [choice for choice in choices if isinstance(choice, int | float) and is_number(choice)]
        if not numbers:
            return None
        low = min(numbers) if low is None else max(low, min(numbers))
        high = max(numbers) if high is None else min(high, max(numbers))
    return _between(
        domain,
        domain.low if low is None else max(low, domain.low),
        domain.high if high is None else min(high, domain.high),
    )


def _within(choice: Value, low: float | None, high: float | None) -> bool:
    if not isinstance(choice, int | float) or isinstance(choice, bool):
        return True
    return (low is None or choice >= low) and (high is None or choice <= high)


def _between(domain: Numeric, low: float, high: float) -> Numeric | None:
    if domain.step is not None and low != domain.low:
        low = max(domain.low, domain.low + math.ceil(_steps(domain, low) - _TOLERANCE) * domain.step)
    if domain.integer:
        low, high = math.ceil(low), math.floor(high)
    return domain._replace(low=low, high=high) if low <= high else None


def widened(
    domain: Domain,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Value, ...] = (),
) -> Domain:
    """The domain that reaches as far as the bounds, or has the choices too; no value of ``domain`` is lost.

    A grid is continued, not moved: a bound between two of its numbers is not reached.
    """
    if isinstance(domain, Choice):
        new = tuple(c for c in choices if not any(same(c, old) for old in domain.choices))
        return domain._replace(choices=_sorted_if(domain.ordered, domain.choices + new))
    lowest = domain.low if low is None else min(low, domain.low)
    highest = domain.high if high is None else max(high, domain.high)
    if domain.step is not None and lowest < domain.low:
        lowest = domain.low - math.floor(-_steps(domain, lowest) + _TOLERANCE) * domain.step
    if domain.integer:
        lowest, highest = math.ceil(lowest), math.floor(highest)
    return domain._replace(low=lowest, high=highest)


def _sorted_if(ordered: bool, choices: tuple[Value, ...]) -> tuple[Value, ...]:  # noqa: FBT001 - private
    if ordered and all(is_number(choice) for choice in choices):
        return tuple(sorted(choices, key=lambda choice: float(choice or 0)))
    return choices


def is_single(domain: Domain) -> bool:
    """Whether only one value belongs, so that there is nothing to search."""
    if isinstance(domain, Choice):
        return len(domain.choices) == 1
    if domain.integer:
        return math.floor(domain.high) - math.ceil(domain.low) < (domain.step or 1)
    return domain.low == domain.high or (domain.step is not None and _steps(domain, domain.high) < 1 - _TOLERANCE)


def trimmed(domain: Numeric) -> Numeric:
    """The same values, with the greatest of them as its high end; without a log scale where its step forbids one.

    No engine draws a grid on a logarithmic scale, except for all whole numbers.
    """
    log = domain.log and (domain.step is None or (domain.integer and domain.step == 1))
    high = domain.high
    if domain.step is not None:
        high = _grid_point(domain, grid_size(domain) - 1)
    ends = (written(domain.low, integer=domain.integer), written(high, integer=domain.integer))
    return domain._replace(low=ends[0], high=ends[1], log=log, step=None if log else domain.step)


def type_name(domain: Domain) -> Literal["float", "int", "categorical"]:
    """The word for the domain in files: ``float``, ``int`` or ``categorical``."""
    if isinstance(domain, Choice):
        return "categorical"
    return "int" if domain.integer else "float"


def written(value: float, *, integer: bool) -> int | float:
    """A bound as it is written in a plan: whole numbers without a point."""
    return int(value) if integer else float(value)


def shown_value(value: Value) -> str:
    """The value as YAML writes it, in six digits at most."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def shown_condition(condition: Mapping[str, Value | tuple[Value, ...]]) -> str:
    """The values of other parameters for which one has an effect, in words."""
    return " and ".join(
        f"{name} is {' or '.join(map(shown_value, wanted if isinstance(wanted, tuple) else (wanted,)))}"
        for name, wanted in condition.items()
    )
