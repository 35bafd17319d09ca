"""From knowledge and spec to the parameters of a plan: what is advised, within what person and library allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from advisor.binding import Bound, nearest
from advisor.effects import TIERS, Advice, FactBound, resolved, shown, tier
from advisor.errors import Path, Problem
from advisor.facts import Facts
from advisor.knowledge import Estimator, Family, Legal, Parameter, domain_of
from advisor.model import Scalar
from advisor.plan import Limits
from advisor.space import Choice, Domain, Numeric, Value, clip, contains, is_number, middle, narrowed, written
from advisor.spec import SpaceEntry, Spec
from advisor.staging import Candidate

_IMPORTANT = TIERS.index("important")


@dataclass(frozen=True, kw_only=True)
class Collected:
    """Candidates, and what was noticed on the way."""

    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def initial_advice(parameter: Parameter, estimator: Estimator | None, facts: Facts) -> Advice:
    """What the family says of a parameter before any rule."""
    default = library_default(parameter, estimator)
    open_facts: tuple[str, ...] = ()
    domain: Domain | None = None
    if parameter.search is not None:
        low, high = resolved(parameter.search.low, facts), resolved(parameter.search.high, facts)
        open_facts = tuple(
            bound.of
            for bound in (parameter.search.low, parameter.search.high)
            if isinstance(bound, FactBound) and resolved(bound, facts) is None
        )
        low = low if low is not None else parameter.valid.low
        high = high if high is not None else parameter.valid.high
        if parameter.search.choices is not None or (low is not None and high is not None):
            domain = domain_of(parameter.search, parameter.valid, low, max(low or 0, high or 0))
    hold: Value = default
    if parameter.has_start:
        start = parameter.start
        number = resolved(start, facts) if isinstance(start, FactBound) else None
        hold = (number if number is not None else default) if isinstance(start, FactBound) else start
    return Advice(
        domain=domain,
        priority=TIERS.index(parameter.tier),
        hold=_whole(hold, parameter),
        why=(parameter.because,),
        sources=parameter.sources,
        open_facts=open_facts,
    )


def _whole(value: Value, parameter: Parameter) -> Value:
    if parameter.valid.type == "int" and isinstance(value, float):
        return round(value)
    return value


def library_default(parameter: Parameter, estimator: Estimator | None) -> Value:
    """The default of the class that is tuned."""
    if estimator is not None:
        for name in (estimator.name, estimator.name.rpartition(".")[2]):
            if name in parameter.defaults:
                return parameter.defaults[name]
    return parameter.default


def collect(
    spec: Spec,
    family: Family,
    estimator: Estimator | None,
    bound: tuple[Bound, ...],
    advice: Mapping[str, Advice],
    facts: Facts,
) -> Collected:
    """Every parameter of the plan, with the person's ranges, roles and values laid over the advice."""
    maker = _Maker(spec, family, estimator, facts, {b.canonical or b.name: b.name for b in bound})
    candidates = [
        maker.stranger(b) if b.parameter is None else maker.known(b, b.parameter, advice[b.canonical or b.name])
        for b in bound
    ]
    kept = [candidate for candidate in candidates if candidate is not None]
    maker.check_parents(kept)
    return Collected(candidates=tuple(kept), problems=tuple(maker.problems), notes=tuple(maker.notes))


class _Maker:
    """Makes candidates, and gathers what is wrong and what is worth saying."""

    def __init__(
        self, spec: Spec, family: Family, estimator: Estimator | None, facts: Facts,
        own_names: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.spec = spec
        self.family = family
        self.estimator = estimator
        self.facts = facts
        self.own_names = own_names
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def known(self, bound: Bound, parameter: Parameter, advice: Advice) -> Candidate | None:
        name = bound.name
        default = library_default(parameter, self.estimator)
        candidate = Candidate(
            name=name,
            canonical=bound.canonical or name,
            tier=tier(advice.priority),
            priority=advice.priority,
            hold=advice.hold,
            default=default,
            domain=advice.domain,
            settled=advice.fixed,
            gain=parameter.tunability.gain if parameter.tunability else 0.0,
            when=self._when(parameter.when),
            limits=_legal_limits(parameter.valid, advice.domain),
            argument=self._argument(parameter, name),
            why=advice.why,
            sources=advice.sources,
            confidence=parameter.confidence,
        )
        if name in self.spec.fixed:
            return self._fixed(candidate, parameter.valid)
        entry = self.spec.space.get(name)
        if entry is not None:
            candidate = self._with_entry(candidate, entry, parameter)
        return self._starting_inside(candidate, parameter)

    def stranger(self, bound: Bound) -> Candidate | None:
        name = bound.name
        hint = nearest(name, self.family)
        why = "Your own parameter: the knowledge base does not know it" + (f"; {hint}" if hint else ".")
        candidate = Candidate(
            name=name,
            canonical=name,
            tier="important",
            priority=_IMPORTANT,
            hold=None,
            default=None,
            why=(why,),
            known=False,
        )
        self.notes.append(f"{name} is unknown to the knowledge base and kept as your own{'; ' + hint if hint else ''}.")
        if name in self.spec.fixed:
            return self._fixed(candidate, None)
        entry = self.spec.space[name]
        if entry.is_held and "value" in entry.model_fields_set:
            return replace(candidate, hold=entry.value, default=entry.value, settled=True)
        domain = _own_domain(entry)
        if domain is None:
            self._wrong(("space", name), "has no low and high, no choices and no value", hint or "add low and high")
            return None
        start = entry.default if "default" in entry.model_fields_set else middle(domain)
        if not contains(domain, start):
            self.notes.append(f"{name}: its default {start!r} lies outside its range and was moved inside.")
            start = clip(domain, start)
        return replace(
            candidate,
            domain=domain,
            hold=start,
            default=start,
            role=entry.role,
            settled=entry.is_held,
            when=self._when(entry.when),
            limits=_limits_of(domain),
        )

    def _fixed(self, candidate: Candidate, valid: Legal | None) -> Candidate:
        value = self.spec.fixed[candidate.name]
        if valid is not None and not valid.accepts(value):
            self.notes.append(
                f"{candidate.name}: {value!r} is outside what the library is known to accept ({_legal_text(valid)})."
            )
        return replace(
            candidate,
            hold=value,
            default=value,
            settled=True,
            why=("You fixed it in the spec.", *candidate.why),
        )

    def _with_entry(self, candidate: Candidate, entry: SpaceEntry, parameter: Parameter) -> Candidate:
        when = {**candidate.when, **self._when(entry.when)}
        candidate = replace(candidate, role=entry.role, when=when)
        if "value" in entry.model_fields_set:
            return replace(
                candidate,
                hold=entry.value,
                default=entry.value,
                settled=True,
                why=("You hold it at this value in the spec.", *candidate.why),
            )
        if entry.role in {"tune", "nuisance"}:
            reason = {
                "tune": "You asked for it to be tuned.",
                "nuisance": "A nuisance parameter: searched again in every stage.",
            }
            priority = max(candidate.priority, _IMPORTANT)
            candidate = replace(
                candidate,
                priority=priority,
                tier=tier(priority),
                settled=False,
                why=(*candidate.why, reason[entry.role or "tune"]),
            )
        if entry.has_range:
            candidate = self._within(candidate, entry, parameter)
        if "default" in entry.model_fields_set:
            candidate = replace(candidate, hold=entry.default)
        if entry.is_held:
            candidate = replace(candidate, settled=True, why=("You gave it the role fixed.", *candidate.why))
        return candidate

    def _within(self, candidate: Candidate, entry: SpaceEntry, parameter: Parameter) -> Candidate:
        """The advised range inside the person's; where they do not meet, the person's."""
        place: Path = ("space", candidate.name)
        allowed = self._allowed(entry, candidate.domain, parameter.valid, place)
        if allowed is None:
            return candidate
        both = _intersection(candidate.domain, allowed)
        if both is None:
            advised = shown(candidate.domain) if candidate.domain else "none"
            domain, remark = allowed, f"Your range {shown(allowed)} lies outside the advised one ({advised})."
        elif both == allowed:
            domain, remark = both, f"Your range {shown(allowed)} is searched as it is."
        elif both == candidate.domain:
            domain, remark = both, f"The advised range lies within yours ({shown(allowed)})."
        else:
            domain, remark = both, f"Your range {shown(allowed)} limits the advised one."
        return replace(candidate, domain=domain, limits=_limits_of(allowed), why=(*candidate.why, remark))

    def _allowed(self, entry: SpaceEntry, advised: Domain | None, valid: Legal, place: Path) -> Domain | None:
        """The person's range, without what the library refuses."""
        if entry.choices is not None:
            legal = tuple(choice for choice in entry.choices if valid.accepts(choice))
            if not legal:
                self._wrong((*place, "choices"), f"none of the choices is legal: {_legal_text(valid)}", "")
                return None
            if len(legal) < len(entry.choices):
                self.notes.append(f"{place[1]}: choices that the library refuses were left out ({_legal_text(valid)}).")
            numeric = all(is_number(choice) for choice in legal)
            ordered = entry.ordered if entry.ordered is not None else numeric
            return Choice(choices=tuple(dict.fromkeys(legal)), ordered=ordered)
        inside = advised if isinstance(advised, Numeric) else None
        low = entry.low if entry.low is not None else (inside.low if inside else valid.low)
        high = entry.high if entry.high is not None else (inside.high if inside else valid.high)
        if low is None or high is None or valid.type == "categorical":
            self._wrong(place, "takes choices, or both low and high", f"legal: {_legal_text(valid)}")
            return None
        if low > high:
            self._wrong(place, f"low {low:g} is above high {high:g}", "give both ends")
            return None
        log = entry.log if entry.log is not None else bool(inside and inside.log and low > 0 and entry.step is None)
        if log and low <= 0:
            self._wrong(place, f"a logarithmic scale needs low above 0, not {low:g}", "give low")
            return None
        domain = Numeric(
            low=low,
            high=high,
            log=log,
            step=entry.step,
            integer=valid.type == "int" or entry.type == "int",
        )
        legal_part = narrowed(domain, low=_legal_end(valid, "low"), high=_legal_end(valid, "high"))
        if legal_part is None:
            self._wrong(place, f"nothing of {shown(domain)} is legal: {_legal_text(valid)}", "")
            return None
        if legal_part != domain:
            self.notes.append(
                f"{place[1]}: {shown(domain)} reaches outside what the library accepts ({_legal_text(valid)}) "
                f"and was cut to {shown(legal_part)}."
            )
        return legal_part

    def _starting_inside(self, candidate: Candidate, parameter: Parameter) -> Candidate:
        """Held value and default within the range, so that the search can start there."""
        if candidate.domain is None or candidate.settled:
            return candidate
        number = resolved(parameter.acts_as, self.facts)
        default = candidate.default if number is None or contains(candidate.domain, candidate.default) else number
        if number is None and not is_number(default) and isinstance(candidate.domain, Numeric):
            default = candidate.hold if is_number(candidate.hold) else default
        entry = self.spec.space.get(candidate.name)
        if candidate.is_searchable:
            hold = candidate.hold if is_number(candidate.hold) or isinstance(candidate.domain, Choice) else default
            return replace(candidate, hold=clip(candidate.domain, hold), default=clip(candidate.domain, default))
        if entry is not None and entry.has_range:
            return replace(candidate, hold=clip(candidate.domain, candidate.hold))
        return candidate

    def _when(self, when: Mapping[str, Scalar | tuple[Scalar, ...]] | None) -> dict[str, tuple[Value, ...]]:
        return {
            self.own_names.get(parent, parent): value if isinstance(value, tuple) else (value,)
            for parent, value in (when or {}).items()
        }

    def _argument(self, parameter: Parameter, name: str) -> str | None:
        classes = [self.estimator.name] if self.estimator is not None else []
        classes += [known for known in parameter.arguments if known not in classes]
        found = next((parameter.arguments[c] for c in classes if c in parameter.arguments), None)
        if found is None and parameter.in_library and parameter.arguments == {}:
            found = next((n for n, own in self.own_names.items() if own == name), name)
        return found if found != name else None

    def check_parents(self, candidates: list[Candidate]) -> None:
        """Every parent in ``when`` exists, and no parameter depends on itself."""
        by_name = {candidate.name: candidate for candidate in candidates}
        for candidate in candidates:
            for parent in candidate.when:
                if parent not in by_name and parent not in self.family.parameters:
                    self._wrong(
                        ("space", candidate.name, "when", parent),
                        f"no parameter {parent!r}",
                        nearest(parent, self.family),
                    )
            if _depends_on_itself(candidate.name, by_name):
                self._wrong(("space", candidate.name, "when"), "depends on itself", "break the circle")

    def _wrong(self, path: Path, sentence: str, hint: str) -> None:
        self.problems.append(Problem(sentence=sentence, path=path, hint=hint))


def _depends_on_itself(name: str, by_name: Mapping[str, Candidate]) -> bool:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        here = by_name.get(waiting.pop())
        for parent in here.when if here else ():
            if parent == name:
                return True
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return False


def _intersection(advised: Domain | None, allowed: Domain) -> Domain | None:
    match advised, allowed:
        case None, _:
            return allowed
        case Choice(), Choice():
            return narrowed(advised, choices=allowed.choices)
        case Choice(), Numeric():
            kept = narrowed(advised, low=allowed.low, high=allowed.high)
            return kept if isinstance(kept, Choice) and len(kept.choices) > 1 else None
        case Numeric(), Choice():
            return narrowed(allowed, low=advised.low, high=advised.high)
        case Numeric(), Numeric():
            return narrowed(allowed, low=advised.low, high=advised.high)
    return None


def _own_domain(entry: SpaceEntry) -> Domain | None:
    if entry.choices is not None:
        return Choice(choices=tuple(dict.fromkeys(entry.choices)), ordered=bool(entry.ordered))
    if entry.low is None or entry.high is None:
        return None
    whole = isinstance(entry.low, int) and isinstance(entry.high, int) and isinstance(entry.step or 1, int)
    integer = entry.type == "int" or (entry.type is None and whole)
    return Numeric(low=entry.low, high=entry.high, log=bool(entry.log), step=entry.step, integer=integer)


def _limits_of(domain: Domain) -> Limits:
    if isinstance(domain, Choice):
        return Limits(choices=domain.choices)
    return Limits(low=written(domain.low, integer=domain.integer), high=written(domain.high, integer=domain.integer))


def _legal_limits(valid: Legal, domain: Domain | None) -> Limits | None:
    if domain is None:
        return None
    if isinstance(domain, Choice):
        return Limits(choices=domain.choices)
    return Limits(low=valid.low, high=valid.high)


def _legal_end(valid: Legal, end: str) -> float | None:
    """The outermost legal number; next to an open bound, the nearest one that can be told from it."""
    bound = valid.low if end == "low" else valid.high
    if bound is None:
        return None
    if not (valid.low_open if end == "low" else valid.high_open):
        return bound
    if valid.type == "int":
        return bound + 1 if end == "low" else bound - 1
    distance = max(abs(bound) * 1e-9, 1e-12)
    return bound + distance if end == "low" else bound - distance


def _legal_text(valid: Legal) -> str:
    if valid.choices is not None:
        return "one of " + ", ".join(str(choice) for choice in valid.choices)
    low = "" if valid.low is None else f"{'above' if valid.low_open else 'from'} {valid.low:g}"
    high = "" if valid.high is None else f"{'below' if valid.high_open else 'to'} {valid.high:g}"
    return " ".join(part for part in (f"{valid.type}", low, high) if part)
