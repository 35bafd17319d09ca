"""From knowledge and spec to the parameters of a plan: what is advised, within what person and library allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from advisor import binding, parents, ranges, space
from advisor.binding import Bound
from advisor.bounds import FactBound, resolved
from advisor.effects import TIERS, Advice, shown, tier
from advisor.errors import Path, Problem, did_you_mean
from advisor.facts import Facts
from advisor.knowledge import Estimator, Legal, NoHyperparameter, Parameter, domain_of
from advisor.library import Knowledge
from advisor.model import Scalar
from advisor.ranges import legal_text
from advisor.space import Domain, Numeric, Value, clip, contains, is_number, is_single, narrowed, same
from advisor.spec import SpaceEntry, Spec
from advisor.staging import Candidate

_IMPORTANT = TIERS.index("important")
_MINOR = TIERS.index("minor")


class Collected(NamedTuple):
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
        low = low if low is not None else _widest(parameter.search.low, "at_least", parameter.valid.low)
        high = high if high is not None else _widest(parameter.search.high, "at_most", parameter.valid.high)
        if parameter.search.choices is not None or (low is not None and high is not None):
            domain = domain_of(parameter.search, parameter.valid, low, max(low or 0, high or 0))
            domain = ranges.legal_part(domain, parameter.valid)
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


def _widest(bound: FactBound | float | None, end: str, legal: float | None) -> float | None:
    """The furthest that a bound can reach whose fact is unknown."""
    furthest = getattr(bound, end) if isinstance(bound, FactBound) else None
    return furthest if furthest is not None else legal


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
    knowledge: Knowledge,
    estimator: Estimator | None,
    bound: tuple[Bound, ...],
    advice: Mapping[str, Advice],
    facts: Facts,
) -> Collected:
    """Every parameter of the plan, with the person's ranges, roles and values laid over the advice."""
    maker = _Maker(spec, knowledge, estimator, facts, {b.canonical or b.name: b.name for b in bound})
    maker.check_entries()
    candidates = [
        maker.stranger(b) if b.parameter is None else maker.known(b, b.parameter, advice[b.canonical or b.name])
        for b in bound
    ]
    kept = [candidate for candidate in candidates if candidate is not None]
    problems = (*maker.problems, *parents.problems(kept, spec, knowledge.family, maker.plan_names))
    return Collected(candidates=tuple(kept), problems=problems, notes=tuple(maker.notes))


class _Maker:
    """Makes candidates, and gathers what is wrong and what is worth saying."""

    def __init__(
        self, spec: Spec, knowledge: Knowledge, estimator: Estimator | None, facts: Facts,
        own_names: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.spec = spec
        self.family = family = knowledge.family
        self.shared = knowledge.shared
        self.estimator = estimator
        self.facts = facts
        self.own_names = own_names
        self.meanings = binding.meanings(family, estimator)
        self.elsewhere = binding.meanings(family, None)
        self.plan_names = {
            **{name: own_names.get(name, name) for name in family.parameters},
            **{alias: own_names.get(name, name) for alias, name in self.meanings.items()},
            **{name: name for name in own_names.values()},
        }
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def check_entries(self) -> None:
        """Entries that contradict themselves, whoever knows the parameter."""
        for name, entry in self.spec.space.items():
            key, sentence, hint = ranges.complaint(entry)
            if key:
                self._wrong(("space", name, key), sentence, hint)

    def known(self, bound: Bound, parameter: Parameter, advice: Advice) -> Candidate:
        name = bound.name
        domain = ranges.legal_part(advice.domain, parameter.valid)
        candidate = Candidate(
            name=name,
            canonical=bound.canonical or name,
            tier=tier(advice.priority),
            priority=advice.priority,
            hold=advice.hold,
            default=library_default(parameter, self.estimator),
            domain=domain,
            settled=advice.fixed,
            gain=parameter.tunability.gain if parameter.tunability else 0.0,
            when=_when(parameter.when, self.own_names),
            limits=ranges.legal_limits(parameter.valid, domain),
            argument=self._argument(parameter, bound.canonical or name, name),
            why=advice.why,
            sources=advice.sources,
            confidence=parameter.confidence,
        )
        if name in self.spec.fixed:
            self._check_held(self.spec.fixed[name], ("fixed", name), parameter.valid)
            return _held_at(candidate, self.spec.fixed[name], "You fixed it in the spec.")
        entry = self.spec.space.get(name)
        if entry is not None and "value" in entry.model_fields_set:
            candidate = candidate._replace(when={**candidate.when, **_when(entry.when, self.plan_names)})
            reason = "You hold it at this value in the spec."
            self._check_held(entry.value, ("space", name, "value"), parameter.valid)
            return _held_at(candidate._replace(role=entry.role), entry.value, reason)
        if entry is not None:
            candidate = self._with_entry(candidate, entry, parameter)
            if candidate.domain is None and entry.role in {"tune", "nuisance"}:
                fact = f"{' and '.join(advice.open_facts)}, or " if advice.open_facts else ""
                self._wrong(("space", name, "role"), "no range is known to search", f"give {fact}low and high")
        return self._starting_inside(candidate, parameter)

    def stranger(self, bound: Bound) -> Candidate | None:
        name = bound.name
        reason = self._why_strange(name)
        priority = _MINOR if self._no_hyperparameter(name) else _IMPORTANT
        candidate = Candidate(
            name=name,
            canonical=name,
            tier=tier(priority),
            priority=priority,
            hold=None,
            default=None,
            why=(f"Your own parameter: {reason}",),
            known=False,
        )
        self.notes.append(f"{name} is kept as your own: {reason}")
        if name in self.spec.fixed:
            return _held_at(candidate, self.spec.fixed[name], "You fixed it in the spec.")
        entry = self.spec.space[name]
        candidate = candidate._replace(when=_when(entry.when, self.plan_names), role=entry.role)
        if "value" in entry.model_fields_set:
            return _held_at(candidate, entry.value, "You hold it at this value in the spec.")
        domain = ranges.own_domain(entry)
        if domain is None and entry.role == "fixed" and "default" in entry.model_fields_set:
            return _held_at(candidate, entry.default, "You gave it the role fixed.")
        if domain is None:
            hint = did_you_mean(name, self.meanings) or "add low and high"
            self._wrong(("space", name), "has no low and high, no choices and no value", hint)
            return None
        if (whole := narrowed(domain)) is None:
            self._wrong(("space", name), f"no whole number lies in {shown(domain)}", "give both ends")
            return None
        if ranges.is_taken_as_whole(entry):
            self.notes.append(f"{name}: taken as whole numbers; say type: float for all between.")
        start = self._inside_own(name, entry, whole) if "default" in entry.model_fields_set else space.middle(whole)
        limits = ranges.limits_of(whole)
        return candidate._replace(domain=whole, hold=start, default=start, settled=entry.is_held, limits=limits)

    def _no_hyperparameter(self, name: str) -> NoHyperparameter | None:
        return next((entry for entry in self.shared.no_hyperparameters if name.casefold() in entry.names), None)

    def _why_strange(self, name: str) -> str:
        if (known := self._no_hyperparameter(name)) is not None:
            return f"{known.because} [{', '.join(known.sources)}]"
        if name in self.elsewhere:
            model = self.estimator.name if self.estimator else self.family.title
            return f"{model} is not known to take it."
        hint = did_you_mean(name, self.meanings)
        return "the knowledge base does not know it" + (f"; {hint}" if hint else ".")

    def _inside_own(self, name: str, entry: SpaceEntry, domain: Domain) -> Value:
        """The start that the person gave, moved into their own range where it lies outside."""
        if not contains(domain, entry.default):
            self.notes.append(f"{name}: its default {entry.default!r} lies outside its range and was moved inside.")
        return clip(domain, entry.default)

    def _check_held(self, value: Value, place: Path, valid: Legal) -> None:
        """Say that the library refuses a value; a word of Python for what YAML writes otherwise is a mistake."""
        if hint := ranges.misread(value, valid):
            self._wrong(place, f"the word {value!r} is not legal: {legal_text(valid)}", hint)
        elif hint := ranges.mistaken(value, valid):
            self._wrong(place, f"{value!r} is not legal: {legal_text(valid)}", hint)
        elif not valid.accepts(value):
            outside = f"outside what the library is known to accept ({legal_text(valid)})"
            self.notes.append(f"{place[1]}: {value!r} is {outside}.")

    def _with_entry(self, candidate: Candidate, entry: SpaceEntry, parameter: Parameter) -> Candidate:
        when = {**candidate.when, **_when(entry.when, self.plan_names)}
        candidate = candidate._replace(role=entry.role, when=when)
        if entry.role in {"tune", "nuisance"}:
            candidate = _promoted(candidate)
        if ranges.speaks_of_range(entry):
            candidate = _listed(self._within(candidate, entry, parameter), entry)
        if "default" in entry.model_fields_set:
            allowed = candidate.allowed
            default = entry.default if allowed is None else self._inside_own(candidate.name, entry, allowed)
            candidate = candidate._replace(hold=default)
        if entry.is_held:
            candidate = candidate._replace(settled=True, why=("You gave it the role fixed.", *candidate.why))
        return candidate

    def _within(self, candidate: Candidate, entry: SpaceEntry, parameter: Parameter) -> Candidate:
        """The advised range inside the person's; where they do not meet, the person's.

        A list is what the person wrote, and so is a range that they ask to be tuned in a space that they take over.
        """
        found = ranges.allowed(entry, candidate.domain, parameter.valid, ("space", candidate.name))
        self.problems += found.problems
        self.notes += found.notes
        if (allowed := found.domain) is None:
            return candidate
        advised, is_closed = candidate.domain, self.spec.scope == "closed"
        if entry.choices is not None or (is_closed and entry.role == "tune"):
            both: Domain | None = allowed
        else:
            scale_given = is_closed or entry.log is not None or entry.step is not None
            both = ranges.meeting(advised, allowed, scale_given=scale_given)
        limited = candidate._replace(domain=both or allowed, allowed=allowed, limits=ranges.limits_of(allowed))
        return limited._replace(why=(*candidate.why, _limiting(limited, advised, both, entry)))

    def _starting_inside(self, candidate: Candidate, parameter: Parameter) -> Candidate:
        """Held value and default within the range, so that the search can start there."""
        alone = candidate.domain is not None and is_single(candidate.domain)
        domain = candidate.domain if candidate.is_searchable or alone else candidate.allowed
        if domain is None or (candidate.settled and candidate.allowed is None):
            return candidate
        if alone and candidate.tier == "fixed" and candidate.allowed is None:
            return candidate
        number = resolved(parameter.acts_as, self.facts)
        library = candidate.default

        def inside(value: Value) -> Value:
            outside = not contains(domain, value) and same(value, library)
            return clip(domain, number if outside and number is not None else value)

        hold, default = candidate.hold, library
        if isinstance(domain, Numeric) and number is None:
            hold = hold if is_number(hold) else default
            default = default if is_number(default) else hold
        return candidate._replace(hold=inside(hold), default=inside(default))

    def _argument(self, parameter: Parameter, canonical: str, name: str) -> str | None:
        """The name by which the estimator takes it, where the plan calls it otherwise."""
        found: str | None = canonical if parameter.in_library else None
        if parameter.arguments:
            first = next(iter(parameter.arguments.values()))
            found = first if self.estimator is None else parameter.arguments.get(self.estimator.name)
        return found if found != name else None

    def _wrong(self, path: Path, sentence: str, hint: str) -> None:
        self.problems.append(Problem(sentence=sentence, path=path, hint=hint))


def _when(
    when: Mapping[str, Scalar | tuple[Scalar, ...]] | None, names: Mapping[str, str]
) -> dict[str, tuple[Value, ...]]:
    """The condition, each parent by its name in the plan and with a list of values."""
    return {
        names.get(parent, parent): value if isinstance(value, tuple) else (value,)
        for parent, value in (when or {}).items()
    }


def _held_at(candidate: Candidate, value: Value, reason: str) -> Candidate:
    return candidate._replace(hold=value, default=value, settled=True, why=(reason, *candidate.why))


def _limiting(limited: Candidate, advised: Domain | None, both: Domain | None, entry: SpaceEntry) -> str:
    """What a person's range makes of the advised one, ``both`` being what they share."""
    yours = shown(limited.allowed) if limited.allowed is not None else ""
    if limited.domain is not None and is_single(limited.domain):
        return f"Your range {yours} leaves one value, so it is held there."
    if entry.role == "fixed" or limited.settled:
        return f"Your range {yours} limits the value that it is held at."
    if both is None:
        return f"Your range {yours} is searched, not the advised one ({shown(advised) if advised else 'none'})."
    if both == limited.allowed:
        return f"Your {'list' if entry.choices is not None else 'range'} {yours} is searched as it is."
    return (
        f"The advised range lies within yours ({yours})."
        if both == advised
        else f"Your range {yours} limits the advised one."
    )


def _listed(candidate: Candidate, entry: SpaceEntry) -> Candidate:
    """The candidate as one that the person gave a range, even where the knowledge base would hold it."""
    single = candidate.domain is None or is_single(candidate.domain)
    if entry.role is not None or not entry.has_range or single or candidate.settled or candidate.priority >= _MINOR:
        return candidate
    why = f"You gave it a range; the knowledge base would hold it at {space.shown_value(candidate.hold)}."
    return candidate._replace(priority=_MINOR, tier=tier(_MINOR), why=(*candidate.why, why))


def _promoted(candidate: Candidate) -> Candidate:
    """The candidate as one that the person wants searched."""
    reason = {
        "tune": "You asked for it to be tuned.",
        "nuisance": "A nuisance parameter: searched again in every stage.",
    }
    priority = max(candidate.priority, _IMPORTANT)
    why = (*candidate.why, reason[candidate.role or "tune"])
    if candidate.domain is not None and is_single(candidate.domain):
        why = (*why, "Only one value is left of its range, so there is nothing to search.")
    return candidate._replace(priority=priority, tier=tier(priority), settled=False, why=why)
