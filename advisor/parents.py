"""Whether the parameters that others depend on exist, can take the values that are asked for, and lead back to none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from advisor.effects import shown
from advisor.errors import Path, Problem, did_you_mean
from advisor.knowledge import Family
from advisor.ranges import legal_text, misread
from advisor.space import Value, contains, same
from advisor.spec import Spec
from advisor.staging import Candidate, parents_first

_MOST_LEVELS = 100
"""Every parameter of a plan lists all that it depends on, so the length of a chain counts twice."""


def problems(
    candidates: Sequence[Candidate], spec: Spec, family: Family, names: Mapping[str, str]
) -> Iterator[Problem]:
    """What is wrong with the conditions of candidates.

    Args:
        candidates: All of them.
        spec: Whose conditions they are, where the knowledge base does not have them.
        family: What is known.
        names: The plan's names of parameters, by every name that they go by.
    """
    by_name = {candidate.name: candidate for candidate in candidates}
    ordered, circular = parents_first(candidates)
    for candidate in ordered:
        if candidate.name not in spec.space or not spec.space[candidate.name].when:
            continue
        for parent, wanted in candidate.when.items():
            place: Path = ("space", candidate.name, "when", parent)
            if parent not in names:
                hint = did_you_mean(parent, names)
                yield Problem(sentence=f"no parameter {parent!r}", path=place, hint=hint, at_key=True)
                continue
            for value in wanted:
                if (why := _why_never(value, parent, by_name.get(parent), family)) is not None:
                    yield Problem(sentence=f"{parent} never is {value!r}", path=place, hint=why)
    for name in circular:
        yield Problem(sentence="depends on itself", path=("space", name, "when"), hint="break the circle")
    for name in _too_deep(ordered)[:1]:
        yield Problem(
            sentence=f"depends on a chain of more than {_MOST_LEVELS} parameters", path=("space", name, "when")
        )


def _why_never(value: Value, parent: str, here: Candidate | None, family: Family) -> str | None:
    """What a parent can be instead, or None where it can have the value."""
    if here is not None and not here.known:
        takes = here.domain is None or contains(here.domain, value) or same(here.hold, value)
        return None if takes or here.domain is None else f"it is one of {shown(here.domain)}"
    known = family.parameters.get(here.canonical if here is not None else parent)
    if known is None or known.valid.accepts(value):  # a parent without a range of its own is a problem of its own
        return None
    valid = known.valid
    words = [choice for choice in valid.choices or () if isinstance(choice, str)]
    return misread(value, valid) or did_you_mean(str(value), words) or f"legal: {legal_text(valid)}"


def _too_deep(ordered: Iterable[Candidate]) -> list[str]:
    """The parameters that stand too deep in a chain of conditions, parents coming before children."""
    levels: dict[str, int] = {}
    for candidate in ordered:
        levels[candidate.name] = 1 + max((levels.get(parent, 0) for parent in candidate.when), default=0)
    return [name for name, level in levels.items() if level > _MOST_LEVELS]
