"""Reading specs and plans from files, with every problem at its line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath

from advisor import profile, reading, schemas, yamlio
from advisor.errors import InvalidFile, Problem, UnknownName
from advisor.plan import Plan
from advisor.spec import Spec
from advisor.yamlio import Document


def load_spec(path: FilePath | str) -> Spec:
    """Read a spec, and the facts of the data file that it names.

    Folders of overlays and the data file are looked for beside the spec.

    Raises:
        InvalidFile: Every problem at once, each with line and column.
        MissingPackage: The data file needs pandas or pyarrow.
    """
    return spec_of(yamlio.read(path))


def spec_of(document: Document) -> Spec:
    """The spec that a document holds; see ``load_spec``."""
    if _has(document, "stages", "evidence"):
        raise document.error([Problem(sentence="this is a plan, not a spec; advisor explain says why it is as it is")])
    spec = reading.validated(Spec, document)
    beside = FilePath(document.name).parent
    with placed_in(document):
        data = profile.with_profile(spec.data, spec.model.task, beside)
        return spec.having(data=data, knowledge=tuple(str(beside / folder) for folder in spec.knowledge))


@contextmanager
def placed_in(document: Document) -> Iterator[None]:
    """Show problems that arise inside at their lines of the document."""
    try:
        yield
    except UnknownName as error:
        raise document.error([error.problem]) from error
    except InvalidFile as error:
        if error.is_placed:
            raise
        raise document.error(list(error.problems)) from error


def _has(document: Document, *keys: str) -> bool:
    return isinstance(document.value, dict) and all(key in document.value for key in keys)


def load_plan(path: FilePath | str) -> Plan:
    """Read a plan, whoever wrote it.

    Raises:
        InvalidFile: Every problem at once, each with line and column.
    """
    document = yamlio.read(path)
    if _has(document, "model") and not _has(document, "stages"):
        raise document.error([Problem(sentence="this is a spec, not a plan; make one: advisor plan SPEC -o plan.yaml")])
    plan = reading.validated(Plan, document)
    if problems := schemas.problems("plan", document.value):
        raise document.error(problems)
    return plan
