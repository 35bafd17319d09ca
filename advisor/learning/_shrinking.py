"""What is learnt beside what was known: with few tasks, mostly what was known.

With k tasks the learnt figure weighs k / (k + K). K is a judgement: how many tasks tell as much as what is shipped, if
both are equally uncertain. Ranges and held values are joined on the scale of the search, its logarithm if it has one.
"""

from __future__ import annotations

import math
from typing import Final

from advisor.bounds import FactBound
from advisor.knowledge import Legal, Parameter, SearchRange
from advisor.space import Choice, Domain, Numeric, Value, contains, is_number

WORTH: Final = 5
"""Tasks that tell as much as what is shipped; judgement."""
ENOUGH: Final = 10
"""Tasks from which on what none of them needed is left out; judgement."""


def weight(tasks: int) -> float:
    """How much of the learnt figure enters, in [0, 1)."""
    return tasks / (tasks + WORTH)


def adapts(known: Parameter) -> bool:
    """Whether what it is held at follows from facts about the data, which no value learnt over tasks replaces."""
    if known.has_start:
        return isinstance(known.start, FactBound)
    return isinstance(known.acts_as, FactBound)


def joined_value(learnt: Value, known: object, tasks: int, domain: Domain) -> Value:
    """What to hold a parameter at: between both where they are numbers, else the learnt if it weighs as much."""
    one, other = _number(learnt), _number(known)
    if isinstance(domain, Numeric) and one is not None and other is not None:
        found = short(_between(one, other, weight(tasks), log=domain.log))
        return round(found) if domain.integer else found
    is_same_kind = known is None or isinstance(known, bool | int | float | str)
    return known if is_same_kind and tasks < WORTH else learnt  # type: ignore[return-value]


def joined_range(learnt: Domain, parameter: Parameter, tasks: int) -> SearchRange | None:
    """The range to advise; None where the known one stays, as it depends on facts, or there is none.

    It holds the library's default where the known one does: a search that cannot try the bar cannot be judged by it.
    """
    known = parameter.search
    if known is None:
        return None
    if known.choices is not None or isinstance(learnt, Choice):
        return _joined_choices(learnt, known, parameter, tasks)
    least, most = _number(known.low), _number(known.high)
    if least is None or most is None:
        return None
    share, log = weight(tasks), learnt.log
    low = short(_between(learnt.low, least, share, log=log))
    high = short(_between(learnt.high, most, share, log=log))
    stays = [_number(value) for value in (parameter.default, *parameter.defaults.values(), parameter.acts_as)]
    must = [value for value in stays if value is not None and least <= value <= most and (value > 0 or not log)]
    low, high = min([low, *must]), max([high, *must])
    if parameter.valid.type == "int":
        low, high = math.floor(low), math.ceil(high)
    low = low if _is_legal(parameter.valid, low, log=log) else least
    high = high if parameter.valid.accepts(high) else most
    return SearchRange(low=low, high=high, log=log and low > 0) if low < high else None


def holds(search: SearchRange, value: Value) -> bool:
    """Whether a range of numbers, or a list, has the value."""
    low, high, number = _number(search.low), _number(search.high), _number(value)
    if low is None or high is None:
        return contains(Choice(choices=search.choices or ()), value)
    return number is not None and low <= number <= high


def short(value: float) -> float:
    """The number to three significant digits."""
    return float(f"{value:.3g}")


def _between(learnt: float, known: float, share: float, *, log: bool) -> float:
    if log and learnt > 0 and known > 0:
        return math.exp(share * math.log(learnt) + (1 - share) * math.log(known))
    return share * learnt + (1 - share) * known


def _joined_choices(learnt: Domain, known: SearchRange, parameter: Parameter, tasks: int) -> SearchRange | None:
    """The known choices that are good on some tasks, or that must stay, and then the others that are good."""
    if known.choices is None or not isinstance(learnt, Choice):
        return None
    defaults = Choice(choices=(parameter.default, *parameter.defaults.values()))
    kept = [
        choice for choice in known.choices if tasks < ENOUGH or contains(learnt, choice) or contains(defaults, choice)
    ]
    new = [choice for choice in learnt.choices if not contains(Choice(choices=known.choices), choice)]
    return SearchRange(choices=(*kept, *new), ordered=known.ordered)


def _is_legal(valid: Legal, low: float, *, log: bool) -> bool:
    return valid.accepts(low) and (low > 0 or not log)


def _number(value: object) -> float | None:
    """The value as a number; None for words, truth values and what depends on facts."""
    return value if isinstance(value, int | float) and is_number(value) else None
