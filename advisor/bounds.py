"""Numbers of the knowledge base that depend on a fact: ``{of: data.rows, times: 0.05, at_least: 2, at_most: 500}``."""

import math
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, model_validator

from advisor import conditions
from advisor import facts as fact_names
from advisor.errors import did_you_mean
from advisor.facts import Facts
from advisor.model import Frozen, Number, Text, WholeOrReal
from advisor.space import tidy


def _known_fact(name: str) -> str:
    known = fact_names.names()
    if name not in known:
        raise ValueError(f"no fact {name!r}; {did_you_mean(name, known) or 'see the list of facts'}")
    if not conditions.is_number(name):
        raise ValueError(f"the fact {name!r} is no number, so no bound can follow from it")
    return name


class FactBound(Frozen):
    """A number that depends on a fact: ``{of: data.rows, times: 0.05, at_least: 2, at_most: 500}``."""

    of: Annotated[Text, AfterValidator(_known_fact)]
    times: Number = 1.0
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is above at_most {self.at_most:g}")
        return self


Bound: TypeAlias = FactBound | WholeOrReal


def resolved(bound: Bound | None, facts: Facts) -> float | None:
    """The bound as a number, or None where there is none or its fact is unknown."""
    if not isinstance(bound, FactBound):
        return bound
    fact = facts.get(bound.of)
    if not isinstance(fact, int | float):
        return None
    number = fact * bound.times
    if bound.at_most is not None:
        number = min(number, bound.at_most)
    if bound.at_least is not None:
        number = max(number, bound.at_least)
    return tidy(number) if math.isfinite(number) else None
