"""The family in the person's words, where these are another library's.

A spec that names a family and no class may be about a model of any library: one says ``radial`` where scikit-learn says
``rbf``. Such words of the spec take the place of ours throughout the family, so that advice, starts and conditions
speak them too, and configurations come back in them. Once a class is named, only its own words are legal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from advisor import binding
from advisor.effects import Effect, Fix, Narrow, SetDefault, Start, Widen
from advisor.errors import did_you_mean
from advisor.knowledge import Family, Parameter
from advisor.space import Value, same, shown_value
from advisor.spec import SpaceEntry, Spec

Words: TypeAlias = Mapping[str, tuple[tuple[Value, Value], ...]]
"""For each parameter the values that go by another word here: ours, and the person's."""


class Worded(NamedTuple):
    """A family in the person's words, and what they should know of it."""

    family: Family
    notes: tuple[str, ...] = ()


def worded(spec: Spec, family: Family) -> Worded:
    """The family with the spec's words for values in place of ours, and with choices that no library here knows.

    Such choices are kept only where the spec takes over an existing space; elsewhere they are mistakes.
    """
    if spec.model.estimator is not None:
        return Worded(family)
    own = _own_names(spec, family)
    words: dict[str, tuple[tuple[Value, Value], ...]] = {}
    strange: dict[str, tuple[Value, ...]] = {}
    for name, values in _spoken(spec, own).items():
        parameter = family.parameters[name]
        if parameter.valid.type == "categorical" and (refused := _refused(parameter, values)):
            words[name] = _translated(parameter, values, refused)
            strange[name] = _strange(parameter, refused) if spec.scope == "closed" else ()
    if not any(words.values()) and not any(strange.values()):
        return Worded(family)
    return Worded(_said_in(family, words, strange), tuple(_notes(family, own, words, strange)))


def _notes(
    family: Family, own: Mapping[str, str], words: Words, strange: Mapping[str, tuple[Value, ...]]
) -> Iterator[str]:
    for shown, name in own.items():
        for ours, theirs in words.get(name, ()):
            yield f"{shown}: {shown_value(theirs)} stands for {shown_value(ours)}."
        for word in strange.get(name, ()):
            yield f"{shown}: {shown_value(word)} is no word of {family.title} known here, and is kept as yours."


def _own_names(spec: Spec, family: Family) -> dict[str, str]:
    """The canonical name of each parameter that the spec lists and the family knows, by the spec's name."""
    meaning = binding.meanings(family, None)
    meant = {name: name for name in spec.fixed} | {name: entry.is_ or name for name, entry in spec.space.items()}
    return {name: meaning[known] for name, known in meant.items() if known in meaning}


def _spoken(spec: Spec, own: Mapping[str, str]) -> dict[str, list[Value]]:
    """For each parameter every value that the spec gives it."""
    found: dict[str, list[Value]] = {name: [] for name in own.values()}
    for name, value in spec.fixed.items():
        if name in own:
            found[own[name]].append(value)
    for name, entry in spec.space.items():
        if name in own:
            found[own[name]] += _values_of(entry)
        for parent, wanted in (entry.when or {}).items():
            if parent in own:
                found[own[parent]] += wanted if isinstance(wanted, tuple) else (wanted,)
    return found


def _values_of(entry: SpaceEntry) -> Iterable[Value]:
    single = [getattr(entry, name) for name in ("value", "default") if name in entry.model_fields_set]
    return (*(entry.choices or ()), *single)


def _refused(parameter: Parameter, values: Iterable[Value]) -> tuple[str, ...]:
    """The words among the values that our library does not take, each once."""
    words = [value for value in values if isinstance(value, str) and not parameter.valid.accepts(value)]
    return tuple(dict.fromkeys(words))


def _translated(
    parameter: Parameter, values: Iterable[Value], refused: Iterable[str]
) -> tuple[tuple[Value, Value], ...]:
    """Our word and the person's, for every word of theirs that means one of ours which they do not use too."""
    meant = [(parameter.words[word], word) for word in refused if word in parameter.words]
    return tuple((ours, word) for ours, word in meant if not any(same(ours, value) for value in values))


def _strange(parameter: Parameter, refused: Iterable[str]) -> tuple[Value, ...]:
    """The words that no library known here takes either, and that are no slip of the pen."""
    legal = [choice for choice in parameter.valid.choices or () if isinstance(choice, str)]
    near = (*legal, "none", "true", "false")
    return tuple(word for word in refused if word not in parameter.words and not did_you_mean(word.casefold(), near))


# The family, said anew


def _said_in(family: Family, words: Words, strange: Mapping[str, tuple[Value, ...]]) -> Family:
    parameters = {
        name: _parameter(name, parameter, words, strange.get(name, ())) for name, parameter in family.parameters.items()
    }
    starts = tuple(start.model_copy(update={"values": _values(start.values, words)}) for start in family.starts)
    rules = tuple(
        rule.model_copy(update={"then": tuple(_effect(e, words) for e in rule.then)}) for rule in family.rules
    )
    return family.model_copy(update={"parameters": parameters, "starts": starts, "rules": rules})


def _parameter(name: str, parameter: Parameter, words: Words, strange: tuple[Value, ...]) -> Parameter:
    changed: dict[str, Any] = {}
    if parameter.when is not None:
        kept = {p: wanted for p, wanted in parameter.when.items() if not (parameter.when_is_ours and words.get(p))}
        changed["when"] = {parent: _said(parent, wanted, words) for parent, wanted in kept.items()} or None
    if words.get(name) or strange:
        choices = (*_said(name, parameter.valid.choices or (), words), *strange)
        changed["valid"] = parameter.valid.model_copy(update={"choices": choices})
        changed["default"] = _said(name, parameter.default, words)
        changed["defaults"] = {model: _said(name, value, words) for model, value in parameter.defaults.items()}
        if parameter.has_start:
            changed["start"] = _said(name, parameter.start, words)
        if parameter.search is not None:
            searched = _said(name, parameter.search.choices, words)
            changed["search"] = parameter.search.model_copy(update={"choices": searched})
    return parameter.model_copy(update=changed) if changed else parameter


def _effect(effect: Effect, words: Words) -> Effect:
    match effect:
        case Widen() | Narrow():
            return effect.model_copy(update={"choices": _said(effect.parameter, effect.choices, words)})
        case SetDefault() | Fix():
            return effect.model_copy(update={"value": _said(effect.parameter, effect.value, words)})
        case Start():
            return effect.model_copy(update={"values": _values(effect.values, words)})
        case _:
            return effect


def _values(values: Mapping[str, Any], words: Words) -> dict[str, Any]:
    return {name: _said(name, value, words) for name, value in values.items()}


def _said(name: str, value: Any, words: Words) -> Any:
    """A value, or several, of a parameter as the person says it."""
    if isinstance(value, tuple):
        return tuple(_said(name, one, words) for one in value)
    return next((theirs for ours, theirs in words.get(name, ()) if same(ours, value)), value)
