"""``advisor knowledge check``: formats, references, sources, and the cases beside each family, over a whole folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from advisor import cases, consistency, library, reading, schemas, yamlio
from advisor.cases import CaseFile
from advisor.conditions import regimes_named
from advisor.errors import InvalidFile, Problem
from advisor.knowledge import Family, Rule, Shared
from advisor.library import SHARED_FILE, Layers

CASE_SUFFIX = ".test.yaml"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check of a folder found.

    Attributes:
        families: How many families it holds.
        rules: How many rules stand in its files, the shared file included.
        cases: How many cases were run.
        errors: One for each file that is wrong, rendered with line, column and caret.
    """

    families: int
    rules: int
    cases: int
    errors: tuple[InvalidFile, ...]


def check(folder: FilePath | None = None) -> Report:
    """Check the shipped knowledge base, or a folder that is to be laid over it.

    Raises:
        InvalidFile: There is no such folder, or the shared file cannot be understood.
    """
    shipped = library.shipped_folder()
    overlays = [] if folder is None or folder.resolve() == shipped.resolve() else [folder]
    target = overlays[0] if overlays else shipped
    if not target.is_dir():
        raise InvalidFile([Problem(sentence=f"no knowledge folder {str(target)!r}")])
    if not library.family_files(target) and not (target / SHARED_FILE).is_file():
        hint = "end the names of files in .yaml" if any(target.glob("*.yml")) else "name a family's file FAMILY.yaml"
        raise InvalidFile([Problem(sentence=f"no knowledge in the folder {str(target)!r}", hint=hint)])
    folders = [shipped, *overlays]
    shared_layers = library.layers([f / SHARED_FILE for f in folders if (f / SHARED_FILE).is_file()])
    shared = library.validated(Shared, shared_layers)
    checker = _Checker(folders, shared, tuple(str(overlay) for overlay in overlays))
    for name in library.family_files(target):
        checker.family(name)
    problems = list(consistency.shared_problems(shared))
    checker.cases(target / f"_shared{CASE_SUFFIX}")
    if (target / SHARED_FILE).is_file():
        earlier = _line_owners(shared_layers)
        problems += checker.unseen(shared.rules, earlier)
        checker.rules += len(shared.rules) - len(earlier)
    if not overlays:
        problems += consistency.orphans(shared, checker.families.values())
        problems += _unused(shared, checker.families.values())
    if problems:
        checker.errors.append(shared_layers.error(problems))
    checker.strangers(target)
    return Report(
        families=len(library.family_files(target)),
        rules=checker.rules,
        cases=checker.count,
        errors=tuple(checker.errors),
    )


class _Checker:
    """Goes through families and gathers what is wrong."""

    def __init__(self, folders: list[FilePath], shared: Shared, overlays: tuple[str, ...]) -> None:
        self.folders = folders
        self.shared = shared
        self.overlays = overlays
        self.families: dict[str, Family] = {}
        self.errors: list[InvalidFile] = []
        self.fired: set[str] = set()
        self.silent: set[str] = set()
        self.count = 0
        self.rules = 0

    def family(self, name: str) -> None:
        files = [folder / f"{name}.yaml" for folder in self.folders if name in library.family_files(folder)]
        try:
            layers = library.layers(files)
            family = library.validated(Family, layers)
        except InvalidFile as error:
            self.errors.append(error)
            return
        self.families[name] = family
        earlier = _line_owners(layers)
        self.rules += len(family.rules) - len(earlier)
        problems = list(consistency.problems(family, self.shared))
        if self.overlays:
            problems += [*schemas.problems("family", layers.data), *library.unsourced(layers)]
        if family.family != name:
            problems.append(Problem(sentence=f"the file is named {name!r}", path=("family",), hint="let both agree"))
        if problems:
            self.errors.append(layers.error(problems))
            return
        self.cases(self.folders[-1] / f"{name}{CASE_SUFFIX}", within=name)
        unseen = list(self.unseen(family.rules, earlier))
        if unseen:
            self.errors.append(layers.error(unseen))

    def cases(self, path: FilePath, within: str | None = None) -> None:
        if not path.is_file():
            return
        try:
            document = yamlio.read(path)
            file = reading.validated(CaseFile, document)
            if within is not None and file.family != within:
                raise document.error(
                    [Problem(sentence=f"the cases are of {file.family!r}, the file of {within!r}", path=("family",))]
                )
            seen = cases.run(file, self.overlays)
        except InvalidFile as error:
            self.errors.append(error)
            return
        self.count += len(file.cases)
        self.fired |= seen.fired
        self.silent |= seen.silent
        if seen.problems:
            self.errors.append(document.error(list(seen.problems)))

    def unseen(self, rules: Iterable[Rule], skipped: Iterable[int]) -> Iterator[Problem]:
        """Rules that no case sees fire, or stay silent."""
        for index, rule in enumerate(rules):
            if index in skipped:
                continue
            missing = [word for word, seen in (("fires", self.fired), ("silent", self.silent)) if rule.id not in seen]
            if missing:
                yield Problem(
                    sentence=f"no case sees {rule.id!r} {' or '.join(missing)}",
                    path=("rules", index, "id"),
                    hint=f"add a case with {missing[0]}: [{rule.id}] to the {CASE_SUFFIX} file beside it",
                )

    def strangers(self, target: FilePath) -> None:
        """Files of cases that belong to no family."""
        known = {"_shared", *library.family_files(target)}
        for path in sorted(target.glob(f"*{CASE_SUFFIX}")):
            if path.name.removesuffix(CASE_SUFFIX) not in known:
                self.errors.append(
                    InvalidFile([Problem(sentence=f"{path}:1:1: error: there is no family file beside it")])
                )


def _line_owners(layers: Layers) -> tuple[int, ...]:
    """The rules that stand in an earlier layer, whose cases are that folder's duty."""
    return tuple(
        path[1]
        for path, (document, _) in layers.origins.items()
        if path[0] == "rules" and isinstance(path[1], int) and document is not layers.documents[-1]
    )


def _unused(shared: Shared, families: Iterable[Family]) -> Iterator[Problem]:
    """Regimes that no rule asks for: vocabulary without advice."""
    rules = [*shared.rules, *(rule for family in families for rule in family.rules)]
    starts = [start.when for family in families for start in family.starts if start.when is not None]
    used: set[str] = set()
    for condition in [*(rule.when for rule in rules), *starts]:
        used |= regimes_named(condition)
    policies: Mapping[str, str] = {"noisy": "confirmation"}
    for name in shared.regimes:
        if name not in used and name not in policies:
            yield Problem(sentence=f"no rule asks for the regime {name!r}", path=("regimes", name), at_key=True)
