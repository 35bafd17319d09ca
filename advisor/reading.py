"""From a document to a model: every problem at once, at its line, with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from advisor.errors import InvalidFile, Path, Problem, did_you_mean
from advisor.yamlio import Document

Model = TypeVar("Model", bound=BaseModel)

_QUOTED: Final = re.compile(r"'([^']*)'")
_SHOWN: Final = 60


def validated(model: type[Model], document: Document) -> Model:
    """The document as a value of the model.

    Raises:
        InvalidFile: With every problem, each at its line and column.
    """
    result = problems(model, document.value)
    if isinstance(result, list):
        raise document.error(result)
    return result


def problems(model: type[Model], data: Any) -> Model | list[Problem]:
    """The data as a value of the model, or all that is wrong with it."""
    if data is None:
        return [Problem(sentence="nothing is written here; a mapping is expected")]
    if not isinstance(data, Mapping):
        return [Problem(sentence=f"a mapping is expected here, not {_kind(data)}")]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return _of_errors(model, data, error)
    except RecursionError:
        return [Problem(sentence="nested too deep")]


def _of_errors(model: type[BaseModel], data: Any, error: ValidationError) -> list[Problem]:
    found: dict[tuple[Path, str], Problem] = {}
    errors = error.errors(include_url=False)
    deepest = {_in_data(data, item["loc"]) for item in errors}
    for item in errors:
        path = _in_data(data, item["loc"])
        if item["type"] in _UNION_NOISE and _is_explained(path, deepest):
            continue
        problem = _problem(model, data, path, item)
        found.setdefault((problem.path, problem.sentence), problem)
    return _without_union_repeats(list(found.values()))


_UNION_NOISE: Final = frozenset({"model_type", "model_attributes_type"})


def _is_explained(path: Path, paths: Iterable[Path]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in paths)


def _without_union_repeats(found: list[Problem]) -> list[Problem]:
    """A value that fits no member of a union is one problem, not one for each member."""
    by_path: dict[tuple[Path, bool], list[Problem]] = {}
    for problem in found:
        by_path.setdefault((problem.path, problem.at_key), []).append(problem)
    result = []
    for (path, at_key), group in by_path.items():
        wanted = [p.sentence.removeprefix(_EXPECTED) for p in group if p.sentence.startswith(_EXPECTED)]
        if len(wanted) > 1:
            nouns = list(dict.fromkeys(sentence.partition(", not ")[0] for sentence in wanted))
            came = wanted[0].partition(", not ")[2]
            sentence = f"{_EXPECTED}{' or '.join(nouns)}, not {came}"
            result.append(Problem(sentence=sentence, path=path, at_key=at_key))
            group = [p for p in group if not p.sentence.startswith(_EXPECTED)]  # noqa: PLW2901 - the rest of it
        result.extend(group)
    return result


def _in_data(data: Any, location: tuple[int | str, ...]) -> Path:
    """The part of pydantic's location that is keys of the data; names of union members fall away."""
    path: list[str | int] = []
    here = data
    for index, part in enumerate(location):
        if _has(here, part):
            here = here[part]
        elif index == len(location) - 1 and isinstance(here, Mapping) and isinstance(part, str):
            path.append(part)
            break
        else:
            continue
        path.append(part)
    return tuple(path)


_EXPECTED: Final = "expected "
_NOUNS: Final = {
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "float_parsing": "a number",
    "int_parsing": "a whole number",
    "none_required": "nothing",
    "date_from_datetime_parsing": "a date",
    "date_type": "a date",
    "date_parsing": "a date such as 2027-01-31",
}


def _problem(model: type[BaseModel], data: Any, path: Path, item: Any) -> Problem:
    kind, context = item["type"], item.get("ctx", {})
    value = _at(data, path)
    match kind:
        case "extra_forbidden":
            name = str(path[-1]) if path else ""
            hint = did_you_mean(name, _fields_at(model, path[:-1])) or "remove it"
            return Problem(sentence=f"unknown key {name!r}", path=path, hint=hint, at_key=True)
        case "missing":
            return Problem(
                sentence=f"{path[-1]!r} is missing",
                path=path[:-1] if path else (),
                hint=_description(model, path),
            )
        case "literal_error" | "union_tag_invalid":
            words = _QUOTED.findall(str(context.get("expected", context.get("expected_tags", ""))))
            hint = did_you_mean(str(value), words) if kind == "literal_error" else ""
            given = context.get("tag", value)
            sentence = f"{_text(given)} is none of {', '.join(words)}" if words else item["msg"]
            return Problem(sentence=sentence, path=path, hint=hint or did_you_mean(str(given), words))
        case "value_error":
            return Problem(sentence=str(context.get("error", item["msg"])), path=path)
        case "finite_number":
            return Problem(sentence=f"{_text(value)} is no finite number", path=path)
        case _ if kind in _NOUNS:
            return Problem(sentence=f"{_EXPECTED}{_NOUNS[kind]}, not {_text(value)}", path=path)
        case _:
            message = item["msg"].replace("Input should be", "must be")
            return Problem(sentence=f"{message[:1].lower()}{message[1:]}, not {_text(value)}", path=path)


def _at(data: Any, path: Path) -> Any:
    for part in path:
        if not _has(data, part):
            return None
        data = data[part]
    return data


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "a list"
    return "a mapping" if isinstance(value, Mapping) else repr(value)


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        return _kind(value)
    words = {None: "nothing", True: "true", False: "false"} if value is None or isinstance(value, bool) else {}
    text = words.get(value, repr(value))
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a place, over all members of unions there."""
    return [field.alias or name for found in _models_at(model, path) for name, field in found.model_fields.items()]


def _description(model: type[BaseModel], path: Path) -> str:
    for found in _models_at(model, path[:-1]):
        for name, field in found.model_fields.items():
            if path and path[-1] in {name, field.alias} and field.description:
                return field.description.rstrip(".")
    return ""


def _models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    types: list[Any] = [model]
    for part in path:
        types = [inner for kind in types for inner in _step(kind, part)]
    return [kind for kind in types if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _step(kind: Any, part: str | int) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields.items()
        return [t for name, f in fields if part in {name, f.alias} for t in _members(f.annotation)]
    if get_origin(kind) is not None and issubclass(get_origin(kind), Mapping | tuple | list):
        arguments = [a for a in get_args(kind) if a is not Ellipsis]
        return _members(arguments[-1])
    return []


def _members(annotation: Any) -> list[Any]:
    """The types that an annotation stands for, unions and metadata taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return [member for argument in get_args(annotation) for member in _members(argument)]
    return [annotation]


def raise_if_any(found: list[Problem]) -> None:
    """Stop with all problems, where there are any.

    Raises:
        InvalidFile: There is at least one.
    """
    if found:
        raise InvalidFile(found)
