"""What no single field of a family's file can know: that names exist, defaults lie inside ranges, sources are cited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from advisor import constraints, facts, policies
from advisor.bounds import Bound, FactBound
from advisor.conditions import Condition, regimes_named
from advisor.effects import (
    Effect,
    Fix,
    Narrow,
    SameStage,
    SetDefault,
    Start,
    Widen,
    parameters_of,
)
from advisor.errors import Path, Problem, did_you_mean
from advisor.knowledge import (
    JUDGEMENT,
    Family,
    Legal,
    NoHyperparameter,
    Parameter,
    Policy,
    Regime,
    Rule,
    SearchRange,
    Shared,
    Source,
)
from advisor.space import Value, is_number, same


def problems(family: Family, shared: Shared) -> Iterator[Problem]:
    """Everything in a family's file that contradicts the rest of it, or what it shares."""
    sources = {**shared.sources, **family.sources}
    yield from _names(family)
    yield from _repeated(family.rules, shared.rules)
    yield from _circles(family)
    for fact in family.requires:
        if fact not in facts.names() or fact.startswith("derived."):
            hint = did_you_mean(fact, (known for known in facts.names() if not known.startswith("derived.")))
            yield Problem(
                sentence=f"no fact {fact!r} of a spec", path=("requires", family.requires.index(fact)), hint=hint
            )
    for name, parameter in family.parameters.items():
        place = ("parameters", name)
        yield from _parameter(family, name, parameter)
        yield from _cited(parameter.sources, (*place, "sources"), sources, parameter.confidence)
        for index, dispute in enumerate(parameter.disputed):
            yield from _cited(dispute.sources, (*place, "disputed", index, "sources"), sources)
            yield from _cited((dispute.follows,), (*place, "disputed", index, "follows"), sources)
        if parameter.tunability is not None:
            yield from _cited((parameter.tunability.source,), (*place, "tunability", "source"), sources)
        if parameter.variance is not None:
            yield from _cited((parameter.variance.source,), (*place, "variance", "source"), sources)
    yield from _collections(family, shared, sources)
    yield from _orphans(family.sources, cited(family))


def _collections(family: Family, shared: Shared, sources: Mapping[str, Source]) -> Iterator[Problem]:
    for index, start in enumerate(family.starts):
        place: Path = ("starts", index)
        yield from _values(family, start.values, (*place, "values"))
        yield from _cited(start.sources, (*place, "sources"), sources)
        if start.when is not None:
            yield from _regimes(start.when, (*place, "when"), shared)
    for index, interaction in enumerate(family.interactions):
        place = ("interactions", index)
        yield from _known(family, interaction.parameters, (*place, "parameters"))
        yield from _cited(interaction.sources, (*place, "sources"), sources, interaction.confidence)
        if interaction.constraint is not None:
            names = sorted(constraints.names(interaction.constraint))
            yield from _known(family, names, (*place, "constraint"))
    if family.fidelity is not None:
        yield from _cited(family.fidelity.sources, ("fidelity", "sources"), sources)
    for index, note in enumerate(family.notes):
        yield from _cited(note.sources, ("notes", index, "sources"), sources)
    yield from _rules(family, shared, sources)


def shared_problems(shared: Shared) -> Iterator[Problem]:
    """Everything in the shared file that refers to something that is not there."""
    for name, regime in shared.regimes.items():
        yield from _cited(regime.sources, ("regimes", name, "sources"), shared.sources)
        if regimes_named(regime.when):
            yield Problem(
                sentence="a regime is made of facts, not of other regimes",
                path=("regimes", name, "when"),
            )
    for index, entry in enumerate(shared.no_hyperparameters):
        yield from _cited(entry.sources, ("no_hyperparameters", index, "sources"), shared.sources)
    for name, policy in shared.policies.items():
        yield from _cited(policy.sources, ("policies", name, "sources"), shared.sources)
        yield from policies.problems(name, policy)
    for name in sorted(policies.POLICIES.keys() - shared.policies.keys()):
        yield Problem(sentence=f"the policy {name!r} is missing", path=("policies",))
    yield from _repeated(shared.rules, ())
    for index, rule in enumerate(shared.rules):
        place = ("rules", index)
        yield from _cited(rule.sources, (*place, "sources"), shared.sources, rule.confidence)
        yield from _regimes(rule.when, (*place, "when"), shared)
        for number, effect in enumerate(rule.then):
            if parameters_of(effect):
                yield Problem(
                    sentence="a shared rule knows no parameters; only notes are possible",
                    path=(*place, "then", number),
                )


def cited(family: Family) -> frozenset[str]:
    """Every source that the file cites."""
    lists: list[Iterable[str]] = [
        *(p.sources for p in family.parameters.values()),
        *(d.sources for p in family.parameters.values() for d in p.disputed),
        *((t.source,) for p in family.parameters.values() for t in (p.tunability, p.variance) if t),
        *(start.sources for start in family.starts),
        *(interaction.sources for interaction in family.interactions),
        *(rule.sources for rule in family.rules),
        *(note.sources for note in family.notes),
        family.fidelity.sources if family.fidelity else (),
    ]
    return frozenset(source for group in lists for source in group)


def cited_by_shared(shared: Shared) -> frozenset[str]:
    """Every source that the shared file itself cites."""
    groups: list[Regime | Policy | Rule | NoHyperparameter] = [
        *shared.regimes.values(),
        *shared.policies.values(),
        *shared.rules,
        *shared.no_hyperparameters,
    ]
    return frozenset(source for group in groups for source in group.sources)


def _orphans(sources: Mapping[str, Source], used: frozenset[str]) -> Iterator[Problem]:
    for name in sources:
        if name not in used:
            yield Problem(
                sentence=f"the source {name!r} is cited by nothing",
                path=("sources", name),
                hint="cite it or remove it",
                at_key=True,
            )


def orphans(shared: Shared, families: Iterable[Family]) -> Iterator[Problem]:
    """Sources of the shared file that neither it nor any family cites."""
    used = cited_by_shared(shared).union(*(cited(family) for family in families))
    yield from _orphans(shared.sources, used)


def _names(family: Family) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for name, parameter in family.parameters.items():
        for alias in dict.fromkeys((name, *parameter.aliases)):
            if alias in owner and owner[alias] != name:
                yield Problem(
                    sentence=f"{alias!r} already means {owner[alias]!r}",
                    path=("parameters", name, "aliases"),
                    hint="let each name mean one parameter",
                )
            owner.setdefault(alias, name)


def _parameter(family: Family, name: str, parameter: Parameter) -> Iterator[Problem]:
    place: Path = ("parameters", name)
    estimators = {e.name for e in family.models} | {e.name.rpartition(".")[2] for e in family.models}
    for field, named in (("estimators", parameter.estimators or ()), ("defaults", tuple(parameter.defaults))):
        for estimator in named:
            if estimator not in estimators:
                yield Problem(
                    sentence=f"no estimator {estimator!r} in this family",
                    path=(*place, field),
                    hint=did_you_mean(estimator, estimators),
                )
    yield from _legal(parameter.valid, parameter.default, (*place, "default"))
    for estimator, default in parameter.defaults.items():
        yield from _legal(parameter.valid, default, (*place, "defaults", estimator))
    if parameter.has_start and not isinstance(parameter.start, FactBound):
        yield from _legal(parameter.valid, parameter.start, (*place, "start"))
    yield from _search(parameter, place)
    yield from _words(parameter, place)
    if parameter.usual is not None and parameter.usual != parameter.tier and not parameter.departs:
        yield Problem(
            sentence=f"the tier is {parameter.tier}, usually taught is {parameter.usual}",
            path=(*place, "tier"),
            hint="say why in departs",
        )
    for parent, wanted in (parameter.when or {}).items():
        if parent not in family.parameters:
            yield from _known(family, [parent], (*place, "when"))
            continue
        for value in wanted if isinstance(wanted, tuple) else (wanted,):
            yield from _legal(family.parameters[parent].valid, value, (*place, "when", parent))


def _words(parameter: Parameter, place: Path) -> Iterator[Problem]:
    """Each word of another library stands for one of ours, and is none of ours itself."""
    for word, ours in parameter.words.items():
        yield from _legal(parameter.valid, ours, (*place, "words", word))
        if parameter.valid.accepts(word):
            yield Problem(sentence=f"{word!r} is legal here and needs no other word", path=(*place, "words", word))


def _search(parameter: Parameter, place: Path) -> Iterator[Problem]:
    search = parameter.search
    if search is None:
        if parameter.tier != "fixed":
            yield Problem(sentence="a tier other than fixed needs a search range", path=place)
        return
    low, high = (_number(bound) for bound in (search.low, search.high))
    for end, number in (("low", low), ("high", high)):
        if number is not None:
            yield from _legal(parameter.valid, number, (*place, "search", end))
    for choice in search.choices or ():
        yield from _legal(parameter.valid, choice, (*place, "search", "choices"))
    if low is not None and high is not None and low > high:
        yield Problem(sentence=f"low {low:g} is above high {high:g}", path=(*place, "search", "low"))
    if search.log and low is not None and low <= 0:
        yield Problem(sentence="a logarithmic range begins above 0", path=(*place, "search", "low"))
    yield from _default_in_search(parameter, low, high, place)


def _default_in_search(parameter: Parameter, low: float | None, high: float | None, place: Path) -> Iterator[Problem]:
    search = parameter.search
    if parameter.acts_as is not None or parameter.default_outside or search is None:
        if parameter.acts_as is not None and not parameter.default_outside:
            yield Problem(
                sentence="acts_as is for a default outside the search range",
                path=(*place, "acts_as"),
                hint="say why in default_outside",
            )
        stands = _number(parameter.acts_as)
        if search is not None and stands is not None and not _is_searched(search, stands, low, high):
            yield Problem(sentence=f"{stands:g} is outside the search range", path=(*place, "acts_as"))
        return
    for default in (parameter.default, *parameter.defaults.values()):
        if not _is_searched(search, default, low, high):
            yield Problem(
                sentence=f"the default {default!r} is outside the search range",
                path=(*place, "default"),
                hint="widen the range, or say why in default_outside",
            )


def _is_searched(search: SearchRange, value: Value, low: float | None, high: float | None) -> bool:
    if search.choices is not None:
        return any(same(value, choice) for choice in search.choices)
    number = float(value or 0)
    return is_number(value) and (low is None or number >= low) and (high is None or number <= high)


def _number(bound: Bound | None) -> float | None:
    return None if isinstance(bound, FactBound) else bound


def _legal(valid: Legal, value: Value, path: Path) -> Iterator[Problem]:
    if not valid.accepts(value):
        yield Problem(sentence=f"{value!r} is outside the legal range", path=path)


def _values(family: Family, values: Mapping[str, Value | FactBound], path: Path) -> Iterator[Problem]:
    for name, value in values.items():
        if name not in family.parameters:
            yield from _known(family, [name], (*path, name))
        elif not isinstance(value, FactBound):
            yield from _legal(family.parameters[name].valid, value, (*path, name))


def _known(family: Family, names: Iterable[str], path: Path) -> Iterator[Problem]:
    for name in names:
        if name not in family.parameters:
            yield Problem(sentence=f"no parameter {name!r}", path=path, hint=did_you_mean(name, family.parameters))


def _cited(
    keys: Iterable[str], path: Path, sources: Mapping[str, Source], confidence: str = "low"
) -> Iterator[Problem]:
    keys = tuple(keys)
    for key in keys:
        if key != JUDGEMENT and key not in sources:
            yield Problem(sentence=f"no source {key!r}", path=path, hint=did_you_mean(key, [*sources, JUDGEMENT]))
    if confidence != "high":
        return
    if JUDGEMENT in keys:
        yield Problem(sentence="a judgement cannot have high confidence", path=path)
    elif all(sources[key].read == "memory" for key in keys if key in sources):
        yield Problem(sentence="a source that was not read cannot carry high confidence", path=path)


def _rules(family: Family, shared: Shared, sources: Mapping[str, Source]) -> Iterator[Problem]:
    ids = {rule.id for rule in (*family.rules, *shared.rules)}
    overrides = {rule.id: rule.overrides for rule in family.rules}
    for index, rule in enumerate(family.rules):
        place: Path = ("rules", index)
        yield from _cited(rule.sources, (*place, "sources"), sources, rule.confidence)
        yield from _regimes(rule.when, (*place, "when"), shared)
        for other in rule.overrides:
            if other not in ids:
                yield Problem(sentence=f"no rule {other!r}", path=(*place, "overrides"), hint=did_you_mean(other, ids))
        if rule.overrides and rule.id in _reached(rule.id, overrides):
            yield Problem(
                sentence=f"{rule.id!r} overrides itself, by way of the rules that it overrides",
                path=(*place, "overrides"),
                hint="let one of two rules win",
            )
        yield from _effects(family, rule, place)


def _effects(family: Family, rule: Rule, place: Path) -> Iterator[Problem]:
    for number, effect in enumerate(rule.then):
        here: Path = (*place, "then", number)
        if isinstance(effect, Start):
            yield from _values(family, effect.values, (*here, "values"))
            continue
        key = "parameters" if isinstance(effect, SameStage) else "parameter"
        yield from _known(family, parameters_of(effect), (*here, key))
        for name in parameters_of(effect):
            if name in family.parameters:
                yield from _effect(family.parameters[name], effect, here)


def _effect(parameter: Parameter, effect: Effect, here: Path) -> Iterator[Problem]:
    match effect:
        case Widen() | Narrow():
            for end in ("low", "high"):
                number = _number(getattr(effect, end))
                if number is not None:
                    yield from _legal(parameter.valid, number, (*here, end))
            for choice in effect.choices or ():
                yield from _legal(parameter.valid, choice, (*here, "choices"))
            yield from _change_of_range(parameter, effect, here)
        case SetDefault(value=value) | Fix(value=value):
            if not isinstance(value, FactBound):
                yield from _legal(parameter.valid, value, (*here, "value"))
        case _:
            return


def _regimes(condition: Condition, path: Path, shared: Shared) -> Iterator[Problem]:
    for name in sorted(regimes_named(condition)):
        if name not in shared.regimes:
            yield Problem(sentence=f"no regime {name!r}", path=path, hint=did_you_mean(name, shared.regimes))


def _change_of_range(parameter: Parameter, effect: Widen | Narrow, here: Path) -> Iterator[Problem]:
    """A range is widened and narrowed by numbers, a list by choices; anything else would change nothing."""
    search, low, high = parameter.search, _number(effect.low), _number(effect.high)
    if search is None:
        yield Problem(sentence="the parameter has no search range to change", path=here)
    elif search.choices is None and effect.choices:
        yield Problem(sentence="a range of numbers is changed by low and high", path=(*here, "choices"))
    elif search.choices is not None and not effect.choices:
        can_be_cut = isinstance(effect, Narrow) and any(is_number(choice) for choice in search.choices)
        if not can_be_cut:
            yield Problem(sentence="a list of choices is changed by choices", path=here)
    if low is not None and high is not None and low > high:
        yield Problem(sentence=f"low {low:g} is above high {high:g}", path=(*here, "low"))


def _repeated(rules: Sequence[Rule], others: Sequence[Rule]) -> Iterator[Problem]:
    """Ids that several rules have."""
    seen = {rule.id: "among those that all families share" for rule in others}
    for index, rule in enumerate(rules):
        if rule.id in seen:
            yield Problem(
                sentence=f"the rule {rule.id!r} is there already, {seen[rule.id]}",
                path=("rules", index, "id"),
                hint="give it an id of its own",
            )
        seen.setdefault(rule.id, f"as rule {index + 1}")


def _circles(family: Family) -> Iterator[Problem]:
    """Parameters that have an effect only where they have one."""
    parents = {name: tuple(parameter.when or ()) for name, parameter in family.parameters.items()}
    for name in family.parameters:
        if name in _reached(name, parents):
            yield Problem(sentence=f"{name!r} depends on itself", path=("parameters", name, "when"))


def _reached(start: str, links: Mapping[str, Sequence[str]]) -> set[str]:
    """What is linked from the start, itself or by way of others; the start too, where the links lead back."""
    found: set[str] = set()
    waiting = list(links.get(start, ()))
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting.extend(links.get(here, ()))
    return found
