"""Parameters that the trials set and the family does not know: the knobs of a house, or of another library."""

from __future__ import annotations

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
_MOST_WORDS: Final = 12
"""Different words up to which a parameter is a list of choices, and no label of the trial."""


def extended(family: Family, trials: Mapping[str, Sequence[Trial]], settled: Iterable[NoHyperparameter]) -> Family:
    """The family with what these trials tuned beside it.

    A name that the family knows counts as another where many of its values are words that the family refuses: the
    ``splitrule`` of one library is ``criterion`` in another, and has a rule that the other lacks.

    Args:
        family: As it is known.
        trials: Of each task, by its name.
        settled: What is no hyperparameter, such as ``seed``.
    """
    every = [trial.config for each in trials.values() for trial in each]
    none = {name for entry in settled for name in entry.names}
    names = [name for name in _unknown(family, every) if name.casefold() not in none and _varies(name, trials)]
    domains = {name: inferred([config[name] for config in every if name in config]) for name in names}
    domains = {name: domain for name, domain in domains.items() if _is_searchable(domain)}
    own = {name: _parameter(domain, {}) for name, domain in domains.items()}
    meaning = binding.meanings(family, None)
    renamed = [{n if n in own else meaning.get(n, n): value for n, value in config.items()} for config in every]
    for name, when in conditions(renamed, [*family.parameters, *own]).items() if own else ():
        if name in own:
            own[name] = _parameter(domains[name], when)
    known = {name: _without_aliases(parameter, own) for name, parameter in family.parameters.items()}
    return family.model_copy(update={"parameters": {**known, **own}})


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
        yield f"{name} is no parameter of the family, and was learnt as one of your own{f'; {hint}' if hint else ''}"


def _unknown(family: Family, configs: Iterable[Mapping[str, Value]]) -> Iterator[str]:
    """Names that the family does not know, or whose words it refuses."""
    meaning = binding.meanings(family, None)
    seen: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for config in configs:
        seen.update(config.keys())
        refused.update(name for name, value in config.items() if _is_refused(family, meaning.get(name), value))
    for name in sorted(seen):
        if name not in meaning or (name not in family.parameters and refused[name] >= _REFUSED * seen[name]):
            yield name


def _is_refused(family: Family, canonical: str | None, value: Value) -> bool:
    if canonical is None or not isinstance(value, str):
        return False
    parameter = family.parameters[canonical]
    return not parameter.valid.accepts(parameter.words.get(value, value))


def _varies(name: str, trials: Mapping[str, Sequence[Trial]]) -> bool:
    """Whether most tasks tried several values."""
    varied = [len({repr(one.config[name]) for one in each if name in one.config}) > 1 for each in trials.values()]
    return sum(varied) > _TASKS * len(varied)


def _is_searchable(domain: Domain) -> bool:
    if not isinstance(domain, Choice):
        return True
    words = [choice for choice in domain.choices if not is_number(choice)]
    return len(domain.choices) > 1 and len(words) <= _MOST_WORDS


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
