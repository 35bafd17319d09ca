"""Finding, reading and joining the files of the knowledge base."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from advisor import consistency, reading, trusted, yamlio
from advisor.conditions import Outcome, evaluate
from advisor.errors import InvalidFile, Path, Problem, UnknownName
from advisor.facts import Facts
from advisor.knowledge import Family, Rule, Shared, Source
from advisor.yamlio import Document

Model = TypeVar("Model", bound=BaseModel)

_INSIDE: Final = "_knowledge"
"""The folder of an installed package."""
SHARED_FILE: Final = "_shared.yaml"
RELEASED: Final = ".json"
"""The ending of a file of an installed package that was checked, and written anew to be read fast."""


class Overlay(NamedTuple):
    """One folder that was laid over the knowledge base."""

    name: str
    sha256: str


class Knowledge(NamedTuple):
    """One family together with what all families share."""

    family: Family
    shared: Shared
    overlays: tuple[Overlay, ...]
    sha256: str

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every source that the family may cite."""
        return {**self.shared.sources, **self.family.sources}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The family's rules and the shared ones, by id."""
        return tuple(sorted((*self.shared.rules, *self.family.rules), key=lambda rule: rule.id))

    def regimes(self, facts: Facts) -> dict[str, Outcome]:
        """Whether each regime holds."""
        return {name: evaluate(regime.when, facts, {}) for name, regime in sorted(self.shared.regimes.items())}


def shipped_folder() -> FilePath:
    """Where the knowledge base lies: inside the installed package, or beside it in a checkout."""
    package = FilePath(__file__).resolve().parent
    inside = package / _INSIDE
    return inside if inside.is_dir() else package.parent / "knowledge"


def family_files(folder: FilePath) -> dict[str, FilePath]:
    """The files of a folder that describe a family, by the family's name."""
    return {
        path.stem: path
        for path in sorted(folder.glob("*.yaml"))
        if not path.name.startswith("_") and not path.name.endswith(".test.yaml")
    }


def family_names(folders: Sequence[FilePath] = ()) -> tuple[str, ...]:
    """The families of the shipped knowledge base and of the overlays."""
    names = {name for folder in (shipped_folder(), *folders) for name in family_files(folder)}
    return tuple(sorted(names))


class KnowledgeBase(NamedTuple):
    """Every family, and what all share."""

    shared: Shared
    families: Mapping[str, Family]


def load_knowledge(path: FilePath | str | None = None) -> KnowledgeBase:
    """Read the shipped knowledge base whole, with the folder at ``path`` laid over it.

    Raises:
        InvalidFile: A file breaks its format, or refers to something that is not there.
    """
    overlays = [] if path is None else [FilePath(path)]
    loaded = {name: load(name, overlays) for name in family_names(overlays)}
    return KnowledgeBase(
        shared=next(iter(loaded.values())).shared,
        families={name: knowledge.family for name, knowledge in loaded.items()},
    )


def load(family: str, overlays: Sequence[FilePath] = ()) -> Knowledge:
    """Read one family, with overlays laid over it; later ones win.

    Raises:
        UnknownName: Nobody describes the family.
        InvalidFile: A file breaks its format, or refers to something that is not there.
    """
    folders = [shipped_folder(), *overlays]
    refuse_missing(overlays)
    files = [folder / f"{family}.yaml" for folder in folders if family in family_files(folder)]
    if not files:
        raise UnknownName("family", family, family_names(overlays), ("model", "family"))
    if not overlays and files[0].with_suffix(RELEASED).is_file():
        return _released(files[0])
    shared_layers = layers([f / SHARED_FILE for f in folders if (f / SHARED_FILE).is_file()])
    family_layers = layers(files)
    shared, described = validated(Shared, shared_layers), validated(Family, family_layers)
    if overlays:
        _refuse_contradictions(shared, shared_layers, described, family_layers)
    return Knowledge(
        family=described,
        shared=shared,
        overlays=tuple(_overlay(folder, family) for folder in overlays),
        sha256=_hash([_canonical(family_layers.data), _canonical(shared_layers.data)]),
    )


def _released(file: FilePath) -> Knowledge:
    """A family as a release has it, which ``hatch_build.py`` wrote: neither read as YAML nor validated again."""
    family, shared = (
        json.loads(path.with_suffix(RELEASED).read_text("utf-8")) for path in (file, file.with_name(SHARED_FILE))
    )
    return Knowledge(
        family=trusted.constructed(Family, family),
        shared=trusted.constructed(Shared, shared),
        overlays=(),
        sha256=_hash([_canonical(family), _canonical(shared)]),
    )


def refuse_missing(overlays: Sequence[FilePath]) -> None:
    """Stop where a folder of overlays is not there, or is a file.

    Raises:
        InvalidFile: With the place of each in a spec.
    """
    missing = [
        Problem(
            sentence=f"{str(folder)!r} is {'a file' if folder.exists() else 'not there'}, not a folder of knowledge",
            path=("knowledge", index),
        )
        for index, folder in enumerate(overlays)
        if not folder.is_dir()
    ]
    if missing:
        raise InvalidFile(missing)


def _refuse_contradictions(shared: Shared, shared_layers: Layers, family: Family, family_layers: Layers) -> None:
    """What is shipped was checked before it was shipped; what is laid over it is checked when it is read."""
    if found := list(consistency.shared_problems(shared)):
        raise shared_layers.error(found)
    if found := [*consistency.problems(family, shared), *unsourced(family_layers)]:
        raise family_layers.error(found)


_CLAIMS: Final = frozenset({"search", "start", "tier"})


def unsourced(described: Layers) -> Iterator[Problem]:
    """Advice that a layer changes without saying according to whom; the sources below it never said so."""
    for document in described.documents[1:]:
        parameters = document.value.get("parameters")
        for name, changes in parameters.items() if isinstance(parameters, dict) else ():
            if isinstance(changes, dict) and _CLAIMS & changes.keys() and "sources" not in changes:
                yield Problem(
                    sentence=f"changes {', '.join(sorted(_CLAIMS & changes.keys()))} without saying according to whom",
                    path=("parameters", name),
                    hint="add sources: [...], or [judgement]",
                    at_key=True,
                )


def _overlay(folder: FilePath, family: str) -> Overlay:
    texts = [path.read_text("utf-8") for path in (folder / SHARED_FILE, folder / f"{family}.yaml") if path.is_file()]
    return Overlay(name=folder.resolve().name, sha256=_hash(texts))


def _hash(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(described: Mapping[str, Any]) -> dict[str, Any]:
    """Data in which the order of rules is as irrelevant, and that of parameters as relevant, as to plans."""
    canonical = dict(described)
    if "rules" in described:
        canonical["rules"] = sorted(described["rules"], key=lambda rule: str(rule["id"]))
    if "parameters" in described:
        canonical["parameters"] = list(described["parameters"].items())
    return canonical


class Layers(NamedTuple):
    """Several files that describe one thing, joined, and where each part of the whole stands.

    Attributes:
        documents: The files, later ones winning.
        data: What they say together.
        origins: The file and the place there of each item of a joined list.
    """

    documents: tuple[Document, ...]
    data: Any
    origins: Mapping[Path, tuple[Document, Path]]

    def error(self, problems: Sequence[Problem]) -> InvalidFile:
        """The error that shows each problem in the file where it stands."""
        by_document: dict[str, tuple[Document, list[Problem]]] = {}
        for problem in problems:
            document, path = self._origin(problem.path)
            by_document.setdefault(document.name, (document, []))[1].append(problem._replace(path=path))
        errors = [document.error(found) for document, found in by_document.values()]
        return InvalidFile([p for error in errors for p in error.problems], "\n".join(map(str, errors)))

    def _origin(self, path: Path) -> tuple[Document, Path]:
        if path[:2] in self.origins:
            document, there = self.origins[path[:2]]
            return document, (*there, *path[2:])
        for length in range(len(path), 0, -1):
            for document in reversed(self.documents):
                if path[:length] in document.marks or path[:length] in document.key_marks:
                    return document, path
        return self.documents[0], path


def layers(files: Sequence[FilePath]) -> Layers:
    """Read files and lay each over the ones before it.

    Raises:
        InvalidFile: One cannot be read, or holds no mapping.
    """
    documents = [yamlio.read(path) for path in files]
    for document in documents:
        if not isinstance(document.value, dict):
            raise document.error([Problem(sentence="a mapping is expected here")])
    if len(documents) == 1:
        return Layers(documents=tuple(documents), data=documents[0].value, origins={})
    return _join(documents)


def validated(model: type[Model], described: Layers) -> Model:
    """The joined files as a value of the model.

    Raises:
        InvalidFile: With every problem, each in the file where it stands.
    """
    found = reading.problems(model, described.data)
    if isinstance(found, list):
        raise described.error(found)
    return found


def _join(documents: list[Document]) -> Layers:
    """Mappings are joined key by key and a later list of rules replaces by id; other lists are put in front."""
    data: dict[str, Any] = {}
    lists: dict[str, list[tuple[Any, Document, Path]]] = {}
    for document in documents:
        for key, value in document.value.items():
            if isinstance(value, list) and key != "requires":
                data.pop(key, None)
                items: list[tuple[Any, Document, Path]] = [
                    (item, document, (key, index)) for index, item in enumerate(value)
                ]
                lists[key] = _joined_list(key, lists.get(key, []), items)
            else:
                lists.pop(key, None)
                data[key] = _deep(data.get(key), value)
    origins: dict[Path, tuple[Document, Path]] = {
        (key, index): (document, path)
        for key, items in lists.items()
        for index, (_, document, path) in enumerate(items)
    }
    data |= {key: [item for item, _, _ in items] for key, items in lists.items()}
    return Layers(documents=tuple(documents), data=data, origins=origins)


def _joined_list(
    key: str,
    earlier: list[tuple[Any, Document, Path]],
    later: list[tuple[Any, Document, Path]],
) -> list[tuple[Any, Document, Path]]:
    if key != "rules":
        return [*later, *earlier]
    replaced = {item.get("id") for item, _, _ in later if isinstance(item, dict)}
    kept = [entry for entry in earlier if not (isinstance(entry[0], dict) and entry[0].get("id") in replaced)]
    return [*kept, *later]


# A range given anew replaces the old one as a whole: low and high of two files would make a range that nobody wrote.
_WHOLE: Final = frozenset({"search", "valid", "when", "tunability", "variance", "fidelity"})


def _deep(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {
        **old,
        **{key: value if key in _WHOLE else _deep(old.get(key), value) for key, value in new.items()},
    }
