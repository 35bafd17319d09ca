"""What a rule does to the advice, and how the effects of many rules are joined so that their order never matters.

Effects apply by phase: widen (least range that holds all), narrow (intersection), set_default and fix (one value, or a
conflict), promote and demote (a sum that is clamped once, at the end). Start, same_stage and note only collect.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final, Literal, NamedTuple, Self, TypeAlias

from pydantic import Field, model_validator

from advisor.bounds import Bound, FactBound, resolved
from advisor.errors import RuleConflict
from advisor.facts import Facts
from advisor.model import Count, Frozen, Scalar, Text, Values
from advisor.space import Choice, Domain, Numeric, Value, narrowed, same, shown_value, type_name, widened

Tier: TypeAlias = Literal["critical", "important", "minor", "fixed"]
TIERS: Final[tuple[Tier, ...]] = ("fixed", "minor", "important", "critical")
"""From least to most important; the place in the list is what promotions add to."""


class Promote(Frozen):
    """The parameter matters more here; one step of the tiers for each ``by``."""

    effect: Literal["promote"]
    parameter: Text
    by: Count = 1


class Demote(Frozen):
    """The parameter matters less here; one step of the tiers for each ``by``."""

    effect: Literal["demote"]
    parameter: Text
    by: Count = 1


class Widen(Frozen):
    """Look further out."""

    effect: Literal["widen"]
    parameter: Text
    low: Bound | None = None
    high: Bound | None = None
    choices: tuple[Scalar, ...] = ()

    @model_validator(mode="after")
    def _says_how_far(self) -> Self:
        if self.low is None and self.high is None and not self.choices:
            raise ValueError("widen needs low, high or choices")
        return self


class Narrow(Frozen):
    """Look only within these bounds."""

    effect: Literal["narrow"]
    parameter: Text
    low: Bound | None = None
    high: Bound | None = None
    choices: tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def _says_how_far(self) -> Self:
        if self.low is None and self.high is None and self.choices is None:
            raise ValueError("narrow needs low, high or choices")
        return self


class SetDefault(Frozen):
    """Hold the parameter at this value while others are searched, and start its own search there."""

    effect: Literal["set_default"]
    parameter: Text
    value: FactBound | Scalar


class Fix(Frozen):
    """Do not search the parameter; set it to this value."""

    effect: Literal["fix"]
    parameter: Text
    value: FactBound | Scalar


class Start(Frozen):
    """Evaluate this configuration early."""

    effect: Literal["start"]
    values: Values


class SameStage(Frozen):
    """Search these parameters together."""

    effect: Literal["same_stage"]
    parameters: Annotated[tuple[Text, ...], Field(min_length=2)]


class Note(Frozen):
    """Tell the person something that no number of the plan can say."""

    effect: Literal["note"]
    text: Text


Effect: TypeAlias = Annotated[
    Promote | Demote | Widen | Narrow | SetDefault | Fix | Start | SameStage | Note,
    Field(discriminator="effect"),
]


def parameters_of(effect: Effect) -> tuple[str, ...]:
    """The parameters that an effect speaks of."""
    match effect:
        case Note():
            return ()
        case Start(values=values):
            return tuple(values)
        case SameStage(parameters=parameters):
            return parameters
        case _:
            return (effect.parameter,)


class Firing(NamedTuple):
    """A rule that applies: what it does, and the sentence that says why."""

    rule: str
    effects: tuple[Effect, ...]
    because: str
    applies: str
    sources: tuple[str, ...]
    confidence: str
    overrides: frozenset[str] = frozenset()

    @property
    def why(self) -> str:
        """The reason as a plan prints it."""
        applies = f" Applies because {self.applies}." if self.applies else ""
        return f"{self.rule}: {self.because}{applies}"


class Advice(NamedTuple):
    """What is advised for one parameter, so far.

    Attributes:
        domain: Where to look; None for a parameter that is never searched.
        priority: Place in the tiers, not clamped.
        hold: Its value while it is not searched.
        fixed: Whether a rule took it out of the search.
        why: Reasons, in the order of the phases.
        sources: Keys of sources, in order, each once.
        open_facts: Facts that a bound would need and that are unknown.
    """

    domain: Domain | None
    priority: int
    hold: Value
    fixed: bool = False
    why: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    open_facts: tuple[str, ...] = ()

    def explained(self, firing: Firing, **changes: object) -> Self:
        """The same advice, changed, with the rule's reason and sources added."""
        why = self.why if firing.why in self.why else (*self.why, firing.why)
        sources = tuple(dict.fromkeys((*self.sources, *firing.sources)))
        return self._replace(why=why, sources=sources, **changes)  # type: ignore[arg-type]


class Outcome(NamedTuple):
    """All advice after all rules."""

    advice: Mapping[str, Advice]
    starts: tuple[tuple[Values, Firing], ...] = ()
    together: tuple[tuple[tuple[str, ...], Firing], ...] = ()
    notes: tuple[tuple[str, Firing], ...] = ()
    overridden: Mapping[str, str] = {}


def tier(priority: int) -> Tier:
    """The tier that a priority amounts to."""
    return TIERS[min(max(priority, 0), len(TIERS) - 1)]


def apply(advice: Mapping[str, Advice], firings: Iterable[Firing], facts: Facts, held: Collection[str] = ()) -> Outcome:
    """Join the effects of all rules that fire.

    Args:
        advice: What the family says, by canonical name.
        firings: The rules that fire, in any order.
        facts: What is known, for bounds that depend on it.
        held: Parameters that the person holds at a value; no rule has a say in it, so none can contradict another.

    Raises:
        RuleConflict: Two rules set different values, or leave a parameter no range.
    """
    ordered = sorted(firings, key=lambda firing: firing.rule)
    kept, overridden = _without_overridden(ordered)
    concerning: dict[str, list[tuple[Firing, Effect]]] = {name: [] for name in advice}
    for firing, effect in kept:
        for name in set(parameters_of(effect)) & advice.keys():
            if name in held and isinstance(effect, Widen | Narrow | SetDefault | Fix):
                continue
            concerning[name].append((firing, effect))
    result = {name: _advised(name, start, concerning[name], facts) for name, start in advice.items()}
    return Outcome(
        advice=result,
        starts=tuple((e.values, f) for f, e in kept if isinstance(e, Start)),
        together=tuple((e.parameters, f) for f, e in kept if isinstance(e, SameStage)),
        notes=tuple((e.text, f) for f, e in kept if isinstance(e, Note)),
        overridden=overridden,
    )


def _without_overridden(
    firings: list[Firing],
) -> tuple[list[tuple[Firing, Effect]], dict[str, str]]:
    """Drop what a firing rule overrides, where both speak of the same parameter."""
    kept, overridden = [], {}
    overriding = [firing for firing in firings if firing.overrides]
    for firing in firings:
        winners = [other for other in overriding if firing.rule in other.overrides]
        for effect in firing.effects:
            about = set(parameters_of(effect))
            winner = next((w for w in winners if about & {p for e in w.effects for p in parameters_of(e)}), None)
            if winner is None:
                kept.append((firing, effect))
            else:
                overridden[firing.rule] = winner.rule
    return kept, overridden


def _advised(name: str, advice: Advice, effects: list[tuple[Firing, Effect]], facts: Facts) -> Advice:
    for phase in (_widened, _narrowed, _defaulted, _prioritised, _fixed):
        advice = phase(name, advice, effects, facts)
    return advice


def _bounds(advice: Advice, effect: Widen | Narrow, facts: Facts) -> tuple[float | None, float | None, Advice]:
    low, high = resolved(effect.low, facts), resolved(effect.high, facts)
    unknown = tuple(
        bound.of
        for bound, number in ((effect.low, low), (effect.high, high))
        if isinstance(bound, FactBound) and number is None
    )
    return low, high, advice._replace(open_facts=(*advice.open_facts, *unknown))


def _widened(
    _name: str,
    advice: Advice,
    effects: list[tuple[Firing, Effect]],
    facts: Facts,
) -> Advice:
    for firing, effect in effects:
        if not isinstance(effect, Widen) or (here := advice.domain) is None:
            continue
        low, high, advice = _bounds(advice, effect, facts)
        low, high = _whole_ends(here, low, high)
        domain = widened(here, low=low, high=high, choices=effect.choices)
        if domain != here:
            advice = advice.explained(firing, domain=domain)
    return advice


def _whole_ends(domain: Domain, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """Bounds that came from facts, rounded inwards where only whole numbers belong."""
    if isinstance(domain, Numeric) and domain.integer:
        return None if low is None else math.ceil(low), None if high is None else math.floor(high)
    return low, high


def _narrowed(name: str, advice: Advice, effects: list[tuple[Firing, Effect]], facts: Facts) -> Advice:
    narrowing: list[Firing] = []
    for firing, effect in effects:
        if not isinstance(effect, Narrow) or (here := advice.domain) is None:
            continue
        low, high, advice = _bounds(advice, effect, facts)
        domain = narrowed(here, low=low, high=high, choices=effect.choices)
        if domain is None:
            raise _nothing_left(name, here, firing, narrowing)
        if domain != here:
            narrowing.append(firing)
            advice = advice.explained(firing, domain=domain)
    return advice


def _nothing_left(name: str, domain: Domain, firing: Firing, earlier: list[Firing]) -> RuleConflict:
    others = " and ".join(repr(other.rule) for other in earlier) or "the family's own range"
    return RuleConflict(
        f"{name}: the rule {firing.rule!r} and {others} leave nothing to search "
        f"(what is left before it: {shown(domain)}); let one say overrides: [...]"
    )


def _one_value(
    name: str, kind: type[SetDefault | Fix], effects: list[tuple[Firing, Effect]], facts: Facts
) -> tuple[Firing, Value] | None:
    chosen: tuple[Firing, Value] | None = None
    for firing, effect in effects:
        if not isinstance(effect, kind):
            continue
        value = resolved(effect.value, facts) if isinstance(effect.value, FactBound) else effect.value
        if value is None and isinstance(effect.value, FactBound):
            continue
        if chosen is not None and not same(chosen[1], value):
            raise RuleConflict(
                f"{name}: the rules {chosen[0].rule!r} and {firing.rule!r} set different values, "
                f"{chosen[1]!r} and {value!r}; let one say overrides: [...]"
            )
        chosen = chosen or (firing, value)
    return chosen


def _defaulted(name: str, advice: Advice, effects: list[tuple[Firing, Effect]], facts: Facts) -> Advice:
    chosen = _one_value(name, SetDefault, effects, facts)
    if chosen is None:
        return advice
    return advice.explained(chosen[0], hold=_typed(chosen[1], advice.domain))


def _fixed(name: str, advice: Advice, effects: list[tuple[Firing, Effect]], facts: Facts) -> Advice:
    chosen = _one_value(name, Fix, effects, facts)
    if chosen is None:
        return advice
    return advice.explained(chosen[0], hold=_typed(chosen[1], advice.domain), fixed=True)


def _typed(value: Value, domain: Domain | None) -> Value:
    """A number that came from a fact, whole where the parameter is."""
    if isinstance(value, float) and isinstance(domain, Numeric) and domain.integer:
        return round(value)
    return value


def _prioritised(
    _name: str,
    advice: Advice,
    effects: list[tuple[Firing, Effect]],
    facts: Facts,  # noqa: ARG001 - phases share a signature
) -> Advice:
    for firing, effect in effects:
        if isinstance(effect, Promote):
            advice = advice.explained(firing, priority=advice.priority + effect.by)
        elif isinstance(effect, Demote):
            advice = advice.explained(firing, priority=advice.priority - effect.by)
    return advice


def shown(domain: Domain) -> str:
    """The domain in a few words: ``0.005 .. 0.3 log``."""
    if isinstance(domain, Choice):
        return "{" + ", ".join(shown_value(choice) for choice in domain.choices) + "}"
    parts = [f"{domain.low:g} .. {domain.high:g}"]
    parts += ["log"] if domain.log else []
    parts += [f"step {domain.step:g}"] if domain.step is not None else []
    parts += ["int"] if type_name(domain) == "int" else []
    return " ".join(parts)
