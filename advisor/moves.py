"""Where values are moved to so that a configuration keeps its constraints.

What stands for "no limit" (``-1``, ``scale``) is no number to compute with: a bound of that parameter alone reads it as
the number that it acts as; in all else it is absent, as ``None`` is, unless the constraint speaks of it itself.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final, TypeAlias

from advisor.constraints import Statement
from advisor.space import Choice, Numeric, Value, clip, contains, same, tidy
from advisor.staging import Candidate, active_in, parents_first

NoLimits: TypeAlias = Mapping[str, tuple[tuple[Value, Value], ...]]
"""For each parameter the values that stand for no limit, each with the number that it acts as, or None."""
Moves: TypeAlias = Mapping[str, Value]

_POINTS: Final = 256
"""Into how many parts a range is divided for values to try in place of one that breaks a constraint."""
_MOST_TOGETHER: Final = 3
_POINTS_TOGETHER: Final = 8
"""How many values are moved together where moving one is not enough, and how finely their ranges are divided then."""
_DRAWS: Final = 300
_POINTS_DRAWN: Final = 32
"""How often all values that constraints join are drawn anew where moving a few is not enough, and out of how many."""


def keeps(statement: Statement, config: Mapping[str, Value], no_limits: NoLimits) -> bool:
    """Whether a configuration keeps the constraint, values that stand for no limit being read as such."""
    return statement.holds({name: as_read(name, config.get(name), statement, no_limits) for name in statement.names})


def as_read(name: str, value: Value, statement: Statement, no_limits: NoLimits) -> Value:
    """What a constraint takes a value for: the number that it acts as, None, or itself."""
    for odd, acts_as in no_limits.get(name, ()):
        if same(value, odd) and not statement.speaks_of(name, odd):
            return acts_as if len(statement.names) == 1 else None
    return value


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What decides which values may be moved, and which of them have an effect.

    Attributes:
        candidates: Every parameter.
        absent: What the library does about parameters that are not part of the plan.
        no_limits: What values that stand for no limit act as.
    """

    candidates: tuple[Candidate, ...]
    absent: Mapping[str, Value]
    no_limits: NoLimits

    @cached_property
    def by_name(self) -> Mapping[str, Candidate]:
        """The candidates by name."""
        return {candidate.name: candidate for candidate in self.candidates}

    @cached_property
    def ordered(self) -> tuple[Candidate, ...]:
        """The candidates, parents first."""
        return parents_first(self.candidates)[0]

    @cached_property
    def parents(self) -> frozenset[str]:
        """The parameters on which others depend."""
        return frozenset(parent for candidate in self.candidates for parent in candidate.when)

    def free(self, names: Iterable[str]) -> list[Candidate]:
        """Those of the parameters that may be moved, least important first."""
        found = (self.by_name[name] for name in names if name in self.by_name)
        return sorted((c for c in found if _is_free(c)), key=lambda c: (c.priority, c.name))

    def active(self, point: Mapping[str, Value]) -> frozenset[str]:
        """The parameters that have an effect in a configuration."""
        return active_in(self.ordered, self.absent, point)

    def keeps(self, statement: Statement, point: Mapping[str, Value], moves: Moves, active: frozenset[str]) -> bool:
        """Whether a configuration with some values moved keeps the constraint."""
        config = {n: moves[n] if n in moves else point.get(n) for n in statement.names if n in active}
        return keeps(statement, config, self.no_limits)


def _is_free(candidate: Candidate) -> bool:
    return not candidate.settled and candidate.domain is not None


def solved(
    ground: Ground, point: Mapping[str, Value], wanted: Sequence[Statement], last: Statement
) -> dict[str, Value] | None:
    """Values to move so that the last constraint holds too, beside the others that hold already, or None.

    Near values come first, and one value alone before several together.
    """
    active = ground.active(point)
    if ground.keeps(last, point, {}, active):
        return {}
    for names, values in _ways(ground, point, wanted, last):
        moves_parents = bool(ground.parents & set(names))
        concerned = [last, *(s for s in wanted if moves_parents or s.names & set(names))]
        for chosen in values:
            moves = dict(zip(names, chosen, strict=True))
            now = ground.active({**point, **moves}) if moves_parents else active
            if all(ground.keeps(statement, point, moves, now) for statement in concerned):
                return {name: value for name, value in moves.items() if not same(value, point[name])}
    return None


def _ways(
    ground: Ground, point: Mapping[str, Value], wanted: Sequence[Statement], last: Statement
) -> Iterator[tuple[tuple[str, ...], Iterable[tuple[Value, ...]]]]:
    """Names to move together, and the values to try.

    First one alone, then a few to near values, then all that constraints join to the same value, then drawn anew.
    """
    free = ground.free(last.names)
    told = (*last.constants(), *(point[name] for name in sorted(last.names) if name in point))
    for candidate in free:
        near = _nearest_first(candidate, _anchor(candidate, point, ground), _POINTS, told)
        yield (candidate.name,), ((value,) for value in near)
    few = free[:_MOST_TOGETHER]
    if len(few) > 1:
        near_few = [_nearest_first(c, _anchor(c, point, ground), _POINTS_TOGETHER, told) for c in few]
        yield tuple(c.name for c in few), product(*near_few)
    joined = ground.free(_joined(ground, wanted, last))
    alike = (tuple(_if_inside(c, value, point[c.name]) for c in joined) for value in told)
    yield tuple(c.name for c in joined), alike
    if len(joined) > len(few):
        some = [_nearest_first(c, _anchor(c, point, ground), _POINTS_DRAWN, told) for c in joined]
        chance = random.Random(0)  # noqa: S311 - no secret, and the same everywhere
        yield tuple(c.name for c in joined), (tuple(map(chance.choice, some)) for _ in range(_DRAWS))


def _joined(ground: Ground, wanted: Sequence[Statement], last: Statement) -> frozenset[str]:
    """The parameters that constraints join with those of the last, through parameters that may be moved."""
    names = last.names
    while True:
        movable = {c.name for c in ground.free(names)}
        more = names.union(*(s.names for s in wanted if s.names & movable))
        if more == names:
            return names
        names = more


def _anchor(candidate: Candidate, point: Mapping[str, Value], ground: Ground) -> Value:
    """The value of the range from which the others are counted."""
    value = point[candidate.name]
    acts_as = next((number for odd, number in ground.no_limits.get(candidate.name, ()) if same(odd, value)), None)
    assert candidate.domain is not None  # noqa: S101 - only what has a range is free
    return clip(candidate.domain, value if acts_as is None else acts_as)


def _nearest_first(candidate: Candidate, anchor: Value, points: int, told: Iterable[Value]) -> list[Value]:
    """Values of the candidate's range, those near to the anchor first; those that a constraint tells are among them."""
    domain = candidate.domain
    assert domain is not None  # noqa: S101 - only what has a range is free
    if isinstance(domain, Choice):
        return _choices(domain, anchor, points)
    values = dict.fromkeys([*_spread(domain, points), *_told(domain, told)])
    return sorted(values, key=lambda value: abs(_scaled(value, domain.log) - _scaled(anchor, domain.log)))


def _if_inside(candidate: Candidate, value: Value, otherwise: Value) -> Value:
    domain = candidate.domain
    return value if domain is not None and contains(domain, value) else otherwise


def _choices(domain: Choice, anchor: Value, points: int) -> list[Value]:
    at = next(i for i, choice in enumerate(domain.choices) if same(choice, anchor))
    near = sorted(enumerate(domain.choices), key=lambda pair: abs(pair[0] - at))
    every = max(1, math.ceil(len(near) / (points + 1)))
    return [choice for _, choice in near[::every]]


def _told(domain: Numeric, values: Iterable[Value]) -> list[Value]:
    return [_short(domain, value) for value in values if isinstance(value, int | float) and contains(domain, value)]


def _scaled(value: Value, log: bool) -> float:  # noqa: FBT001 - private
    number = float(value or 0)
    return math.log(number) if log and number > 0 else number


def _spread(domain: Numeric, points: int) -> list[Value]:
    low, high = _scaled(domain.low, domain.log), _scaled(domain.high, domain.log)
    shares = [index / points for index in range(points + 1)]
    places = [low * (1 - share) + high * share for share in shares]
    return [_short(domain, math.exp(place) if domain.log else place) for place in places]


def _short(domain: Numeric, number: float) -> Value:
    """The number of the range that is near, in few digits, and whole where only such belong."""
    value = clip(domain, number if domain.integer else tidy(number))
    return int(value) if domain.integer and isinstance(value, float) else value
