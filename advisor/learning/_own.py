"""Parameters that the trials set and the family does not know: the knobs of a house, or of another library."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from advisor import binding
from advisor.errors import did_you_mean
from advisor.knowledge import Family, Legal, NoHyperparameter, Parameter, SearchRange
from advisor.readers._space import conditions, inferred
from advisor.space import Choice, Domain, Value, is_number, middle
from advisor.trials import Trial

_TASKS: Final = 0.5
"""Share of tasks on more than which a name varies that is a parameter, and no slip; judgement."""
_REFUSED: Final = 0.1
"""Share of a name's values from which on refused words are another library's, and no slip; judgement."""
_MOST_CHOICES: Final = 12
"""Different values up to which a parameter is a list of choices, and no label of the trial."""


def extended(family: Family, trials: Mapping[str, Sequence[Trial]], settled: Iterable[NoHyperparameter]) -> Family:
    """The family with what these trials tuned beside it.

    A name that the family knows counts as another where many of its values are words that the family refuses: the
    ``splitrule`` of one library is ``criterion`` in another, and has a rule that the other lacks.

    Args:
        family: As it is known.
        trials: Of each task, by its name; those that are complete say what was tuned.
        settled: What is no hyperparameter, such as ``seed``.
    """
    tried = {name: [one.config for one in each if one.state == "complete"] for name, each in trials.items()}
    every = [config for each in tried.values() for config in each]
    none = {name for entry in settled for name in entry.names}
    names = [name for name in _unknown(family, every) if name.casefold() not in none and _varies(name, tried)]
    values = {name: [config[name] for config in every if name in config] for name in names}
    domains = {name: domain for name in names if (domain := _searchable(values[name])) is not None}
    own = {name: _parameter(domain, {}) for name, domain in domains.items()}
    meaning = {name: canonical for name, canonical in binding.meanings(family, None).items() if name not in own}
    renamed = [dict(_renamed(family, meaning, config)) for config in every] if own else []
    for name, when in conditions(renamed, [*family.parameters, *own]).items():
        if name in own:
            own[name] = _parameter(domains[name], when)
    known = {name: _without_aliases(parameter, own) for name, parameter in family.parameters.items()}
    return family.model_copy(update={"parameters": {**known, **own}})


def _renamed(family: Family, meaning: Mapping[str, str], config: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """The configuration in the family's names and words, what means nothing to it as it is."""
    for name, value in config.items():
        if name in meaning and isinstance(value, str):
            yield meaning[name], family.parameters[meaning[name]].words.get(value, value)
        else:
            yield meaning.get(name, name), value


def _without_aliases(parameter: Parameter, own: Collection[str]) -> Parameter:
    left = tuple(alias for alias in parameter.aliases if alias not in own)
    return parameter if left == parameter.aliases else parameter.model_copy(update={"aliases": left})


def names(shipped: Family, found: Iterable[str]) -> dict[str, str]:
    """Those of the names that the family does not have, each with what it takes it for; empty if for nothing."""
    meaning = binding.meanings(shipped, None)
    return {name: meaning.get(name, "") for name in found if name not in shipped.parameters}


def remarks(shipped: Family, own: Mapping[str, str]) -> Iterator[str]:
    """What a person should know of the parameters that the family does not have, in sentences."""
    known = binding.meanings(shipped, None)
    for name, meant in own.items():
        hint = f"it would be {meant}, with words that the library refuses" if meant else did_you_mean(name, known)
        said = f"{name} is no parameter of the family, and was learnt as one of your own{f'; {hint}' if hint else ''}"
        yield f"{said}; if it is a result, name the settings alone (--parameters)"


def _unknown(family: Family, configs: Iterable[Mapping[str, Value]]) -> Iterator[str]:
    """Names that the family does not know, or whose words it refuses."""
    meaning = binding.meanings(family, None)
    aliases = {alias for parameter in family.parameters.values() for alias in parameter.aliases}
    seen: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for config in configs:
        seen.update(config.keys())
        refused.update(name for name, value in config.items() if _is_refused(family, meaning.get(name), value))
    for name in sorted(seen):
        is_another = name in aliases - family.parameters.keys() and refused[name] >= _REFUSED * seen[name]
        if name and (name not in meaning or is_another):
            yield name


def _is_refused(family: Family, canonical: str | None, value: Value) -> bool:
    if canonical is None or not isinstance(value, str):
        return False
    parameter = family.parameters[canonical]
    return not parameter.valid.accepts(parameter.words.get(value, value))


def _varies(name: str, tried: Mapping[str, Sequence[Mapping[str, Value]]]) -> bool:
    """Whether most tasks tried several values."""
    varied = [len({repr(config[name]) for config in each if name in config}) > 1 for each in tried.values()]
    return sum(varied) > _TASKS * len(varied)


def _searchable(values: Sequence[Value]) -> Domain | None:
    """Where the values lie; None where that is no range and no short list."""
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        return None
    domain = inferred(values)
    if isinstance(domain, Choice):
        return domain if 1 < len(domain.choices) <= _MOST_CHOICES else None
    return domain if all(map(is_number, values)) else None


def _parameter(domain: Domain, when: Mapping[str, Value | tuple[Value, ...]] | None) -> Parameter:
    """What the trials say before anything is learnt: where it was tried."""
    if isinstance(domain, Choice):
        valid = Legal(type="categorical", choices=domain.choices)
        search = SearchRange(choices=domain.choices, ordered=domain.ordered)
    else:
        valid = Legal(type="int" if domain.integer else "float")
        search = SearchRange(low=domain.low, high=domain.high, log=domain.log, step=domain.step)
    return Parameter(
        valid=valid,
        search=search,
        default=None,
        start=middle(domain),
        when=when,
        tier="important",
        because="The trials tuned it; the family did not know it.",
        sources=("trials",),
        confidence="low",
    )
