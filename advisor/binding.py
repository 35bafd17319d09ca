"""Which family, estimator and parameters a spec means, by whatever names it calls them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path as FilePath
from typing import NamedTuple

from advisor import library
from advisor.errors import InvalidFile, Problem, UnknownName, did_you_mean
from advisor.knowledge import Estimator, Family, Parameter
from advisor.library import Knowledge
from advisor.space import same
from advisor.spec import Spec, Task


class Bound(NamedTuple):
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
    library.refuse_missing(overlays)
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
        if spec.model.task is not None and found.tasks and spec.model.task not in found.tasks:
            sentence = f"{found.name} does not serve the task {spec.model.task}"
            raise InvalidFile(
                [Problem(sentence=sentence, path=("model", "task"), hint=f"its tasks: {', '.join(found.tasks)}")]
            )
        return found
    task = spec.model.task
    fitting = [e for e in family.models if task is None or not e.tasks or task in e.tasks]
    if family.models and not fitting:
        served = ", ".join(dict.fromkeys(task for e in family.models for task in e.tasks))
        sentence = f"{family.title} has nothing for the task {task}"
        raise InvalidFile([Problem(sentence=sentence, path=("model", "task"), hint=f"its tasks: {served}")])
    return next(iter(fitting), None)


def parameters(spec: Spec, family: Family, estimator: Estimator | None) -> tuple[Bound, ...]:
    """Every parameter of the plan to be: the family's, in its order, and then the person's own.

    Raises:
        InvalidFile: Two names of the spec mean the same parameter, or ``is`` names none.
    """
    known = {n: p for n, p in family.parameters.items() if _belongs(p, estimator)}
    meaning = meanings(family, estimator)
    own: dict[str, str] = {}
    strangers: list[str] = []
    problems: list[Problem] = []
    for section, name, meant in _spoken(spec):
        canonical = meaning.get(meant)
        if (problem := _wrong_name(section, name, canonical, meant, family, meaning)) is not None:
            problems.append(problem)
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
    names = {n: own.get(n) or _plan_name(n, family, estimator, {*known, *own.values()}) for n in listed}
    return (
        *(Bound(name=names[n], canonical=n, parameter=p) for n, p in listed.items()),
        *(Bound(name=n, canonical=None, parameter=None) for n in strangers),
    )


def _plan_name(name: str, family: Family, estimator: Estimator | None, taken: Collection[str]) -> str:
    """The canonical name; the estimator's own where another parameter has that name for other estimators.

    A regressor's ``criterion`` is another parameter than a classifier's, and both classes call it ``criterion``.
    """
    argument = family.parameters[name].arguments.get(estimator.name) if estimator else None
    return argument if argument is not None and argument in family.parameters and argument not in taken else name


def only_task(estimator: Estimator) -> Task | None:
    """The task of an estimator that serves one kind of task."""
    if len(estimator.tasks) == 1:
        return estimator.tasks[0]
    kinds: tuple[Task, ...] = ("binary", "multiclass", "classification")
    return "classification" if estimator.tasks and set(estimator.tasks) <= set(kinds) else None


def _wrong_name(
    section: str, name: str, canonical: str | None, meant: str, family: Family, meaning: Mapping[str, str]
) -> Problem | None:
    """What is wrong with calling a parameter by this name, if anything."""
    if not name:
        return Problem(sentence="a parameter needs a name", path=(section, name), at_key=True)
    if canonical is None and name != meant:
        elsewhere = meant in meanings(family, None)
        sentence = f"{meant!r} belongs to other estimators of" if elsewhere else f"no parameter {meant!r} in"
        return Problem(
            sentence=f"{sentence} the family {family.family}",
            path=(section, name, "is"),
            hint="" if elsewhere else did_you_mean(meant, meaning),
        )
    if name != meant and canonical not in {None, name} and meaning.get(name) == name:
        return Problem(
            sentence=f"{name!r} is the name of another parameter, but is: says {meant!r}",
            path=(section, name),
            hint="call it by another name",
            at_key=True,
        )
    return None


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


def meanings(family: Family, estimator: Estimator | None) -> dict[str, str]:
    """Canonical names by every name they go by; a canonical name is never shadowed by an alias.

    Args:
        family: The family.
        estimator: The class that is tuned, whose parameters alone are meant; None for those of all classes.
    """
    known = {n: p for n, p in family.parameters.items() if _belongs(p, estimator)}
    meaning: dict[str, str] = {}
    for canonical, parameter in known.items():
        for alias in (*parameter.aliases, *parameter.arguments.values()):
            meaning.setdefault(alias, canonical)
    return {**meaning, **{canonical: canonical for canonical in known}}
