"""The JSON Schemas of spec, plan and family: generated from the models, shipped, and used on files of others."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel

from advisor.errors import Problem, UnknownName
from advisor.knowledge import Family
from advisor.plan import Plan
from advisor.schemas import spelt
from advisor.spec import Spec

Kind: TypeAlias = Literal["spec", "plan", "family"]
KINDS: Final[dict[Kind, type[BaseModel]]] = {"spec": Spec, "plan": Plan, "family": Family}
_FOLDER: Final = FilePath(__file__).resolve().parent


def kind_named(name: str) -> Kind:
    """The kind of file that a name means.

    Raises:
        UnknownName: There is no such kind.
    """
    for kind in KINDS:
        if kind == name:
            return kind
    raise UnknownName("kind of file", name, KINDS)


def generated(kind: Kind) -> str:
    """The schema as the models have it now, as text."""
    schema = KINDS[kind].model_json_schema(by_alias=True)
    _correct(schema)
    if kind == "spec":
        entries = schema["properties"]["space"]
        own = entries["additionalProperties"]
        entries["additionalProperties"] = {"anyOf": [own, *spelt.forms(schema["$defs"]["SpaceEntry"])]}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"advisor {kind}",
    }
    return json.dumps({**head, **schema, "title": head["title"]}, indent=1, sort_keys=True) + "\n"


# What pydantic writes of a limit that it checks outside the type, and what JSON Schema calls it.
_LIMITS: Final = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _correct(node: Any) -> None:
    """Call limits by the names that JSON Schema knows; a property may be called ``ge`` too."""
    if isinstance(node, dict):
        for theirs in _LIMITS.keys() & node.keys():
            if isinstance(node[theirs], int | float):
                node[_LIMITS[theirs]] = node.pop(theirs)
        for part in node.values():
            _correct(part)
    elif isinstance(node, list):
        for part in node:
            _correct(part)


def shipped(kind: Kind) -> str:
    """The schema as it is shipped; a test keeps it equal to the generated one."""
    return (_FOLDER / f"{kind}.schema.json").read_text("utf-8")


@cache
def _validator(kind: Kind) -> Any:
    import jsonschema  # noqa: PLC0415 - only files of others need it

    return jsonschema.Draft202012Validator(json.loads(shipped(kind)))


def problems(kind: Kind, data: Any) -> list[Problem]:
    """Where the data departs from the shipped schema."""
    return [
        Problem(sentence=f"breaks the published schema: {error.message[:200]}", path=tuple(error.absolute_path))
        for error in _validator(kind).iter_errors(data)
    ]
