"""Which family, estimator and parameters a spec means, by whatever names it calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from advisor import library
from advisor.errors import InvalidFile, Problem, UnknownName, did_you_mean
from advisor.knowledge import Estimator, Family, Parameter
from advisor.library import Knowledge
from advisor.space import same
from advisor.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A parameter under the name by which the plan will call it.

    Attributes:
        name: The spec's own name, or the canonical one where the spec has none.
        canonical: The name in the knowledge base, or None for the person's own parameter.
        parameter: What is known of it, if anything.
    """

    name: str
    canonical: str | None
    parameter: Parameter | None


def knowledge_for(spec: Spec) -> Knowledge:
    """The family that the spec means, with its overlays.

    Raises:
        UnknownName: No family has that name, or describes that estimator.
        InvalidFile: Several families describe the estimator.
    """
    overlays = [FilePath(folder) for folder in spec.knowledge]
    if spec.model.family is not None:
        return library.load(spec.model.family, overlays)
    wanted = spec.model.estimator or ""
    found = _families_with(wanted, overlays)
    matching = [k for k in found if (e := _estimator(k.family, wanted)) and _is_given(e, spec)]
    if len(matching) == 1:
        return matching[0]
    if not found:
        known = [estimator.name for name in library.family_names(overlays) for estimator in _models(name, overlays)]
        raise UnknownName("family that describes the estimator", wanted, known, ("model", "estimator"))
    names = ", ".join(sorted(k.family.family for k in matching or found))
    raise InvalidFile(
        [
            Problem(
                sentence=f"{wanted} belongs to several families",
                path=("model", "estimator"),
                hint=f"say which with family: one of {names}",
            )
        ]
    )


def _families_with(wanted: str, overlays: Sequence[FilePath]) -> list[Knowledge]:
    """Families that name the class; only files whose text has it are read in full."""
    short = wanted.rpartition(".")[2]
    names = sorted(
        {
            name
            for folder in (library.shipped_folder(), *overlays)
            for name, path in library.family_files(folder).items()
            if short in path.read_text("utf-8", "replace")
        }
    )
    loaded = [library.load(name, overlays) for name in names]
    return [k for k in loaded if _estimator(k.family, wanted) is not None]


def _models(name: str, overlays: Sequence[FilePath]) -> tuple[Estimator, ...]:
    return library.load(name, overlays).family.models


def _estimator(family: Family, wanted: str) -> Estimator | None:
    for estimator in family.models:
        if wanted in {estimator.name, estimator.name.rpartition(".")[2]}:
            return estimator
    return None


def _is_given(estimator: Estimator, spec: Spec) -> bool:
    return all(same(spec.fixed[name], value) for name, value in estimator.given.items() if name in spec.fixed)


def estimator_for(spec: Spec, family: Family) -> Estimator | None:
    """The class that is tuned: the one named, or the family's first for the task.

    Raises:
        InvalidFile: The family has no such estimator, or a fact that it requires is missing.
    """
    for fact in family.requires:
        section, _, name = fact.partition(".")
        if getattr(getattr(spec, section), name) is None:
            raise InvalidFile(
                [Problem(sentence=f"{family.title} needs to know {fact}", path=(section,), hint=f"add {name}")]
            )
    if spec.model.estimator is not None:
        found = _estimator(family, spec.model.estimator)
        if found is None:
            names = [e.name for e in family.models]
            raise InvalidFile(
                [
                    Problem(
                        sentence=f"the family {family.family} has no estimator {spec.model.estimator!r}",
                        path=("model", "estimator"),
                        hint=did_you_mean(spec.model.estimator, names) or f"it has {', '.join(names)}",
                    )
                ]
            )
        return found
    task = spec.model.task
    fitting = [e for e in family.models if task is None or not e.tasks or task in e.tasks]
    return next(iter(fitting or family.models), None)


def parameters(spec: Spec, family: Family, estimator: Estimator | None) -> tuple[Bound, ...]:
    """Every parameter of the plan to be: the family's, in its order, and then the person's own.

    Raises:
        InvalidFile: Two names of the spec mean the same parameter, or ``is`` names none.
    """
    known = {n: p for n, p in family.parameters.items() if _belongs(p, estimator)}
    meaning = _meaning(known)
    own: dict[str, str] = {}
    strangers: list[str] = []
    problems: list[Problem] = []
    for section, name, meant in _spoken(spec):
        canonical = meaning.get(meant)
        if canonical is None and name != meant:
            problems.append(
                Problem(
                    sentence=f"no parameter {meant!r} in the family {family.family}",
                    path=(section, name, "is"),
                    hint=did_you_mean(meant, meaning),
                )
            )
        elif canonical is None:
            strangers.append(name)
        elif canonical in own:
            problems.append(
                Problem(
                    sentence=f"{name} and {own[canonical]} both mean {canonical}",
                    path=(section, name),
                    hint="keep one of them",
                    at_key=True,
                )
            )
        else:
            own[canonical] = name
    if problems:
        raise InvalidFile(problems)
    listed = known if spec.scope == "open" else {n: p for n, p in known.items() if n in own}
    return (
        *(Bound(name=own.get(n, n), canonical=n, parameter=p) for n, p in listed.items()),
        *(Bound(name=n, canonical=None, parameter=None) for n in strangers),
    )


def _spoken(spec: Spec) -> list[tuple[str, str, str]]:
    """Section, name, and the name meant, of everything that the spec lists."""
    return [
        *(("fixed", name, name) for name in spec.fixed),
        *(("space", name, entry.is_ or name) for name, entry in spec.space.items()),
    ]


def _belongs(parameter: Parameter, estimator: Estimator | None) -> bool:
    if parameter.estimators is None or estimator is None:
        return True
    return bool({estimator.name, estimator.name.rpartition(".")[2]} & set(parameter.estimators))


def _meaning(known: Mapping[str, Parameter]) -> dict[str, str]:
    """Canonical names by every name they go by; a canonical name is never shadowed by an alias."""
    meaning: dict[str, str] = {}
    for canonical, parameter in known.items():
        for alias in (*parameter.aliases, *parameter.arguments.values()):
            meaning.setdefault(alias, canonical)
    return {**meaning, **{canonical: canonical for canonical in known}}


def nearest(name: str, family: Family) -> str:
    """The hint for a name that the family does not know, where one of its names is near."""
    return did_you_mean(name, _meaning(family.parameters))
