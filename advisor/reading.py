"""From a document to a model: every problem at once, at its line, with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from advisor.errors import InvalidFile, Path, Problem, did_you_mean
from advisor.yamlio import Document

Model = TypeVar("Model", bound=BaseModel)

_QUOTED: Final = re.compile(r"'([^']*)'")
_NUMBER: Final = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?")
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
    """The problems that pydantic reports, those of one place together."""
    by_path: dict[Path, list[Any]] = {}
    for item in error.errors(include_url=False):
        by_path.setdefault(_in_data(model, data, item), []).append(item)
    around = {path[:end] for path in by_path for end in range(len(path))}
    found: dict[tuple[Path, str], Problem] = {}
    for path, items in by_path.items():
        if path in around:  # a part of the value is wrong: that it is no text either is noise
            items = [item for item in items if item["type"] not in _NOISE_AROUND]  # noqa: PLW2901 - the rest of it
        unions = [item for item in items if item["type"] in _OF_NUMBER or item["type"] in _NOUNS]
        others = [item for item in items if item not in unions]
        problems_here = [_problem(model, data, path, item) for item in others]
        if unions and not any(item["type"] == "value_error" for item in others):
            problems_here.append(_wrong_kind(path, unions))
        for problem in problems_here:
            found.setdefault((problem.path, problem.sentence), problem)
    return list(found.values())


def _in_data(model: type[BaseModel], data: Any, item: Any) -> Path:
    """The part of pydantic's location that is keys of the data; names of union members fall away."""
    path: list[str | int] = []
    here = data
    for part in item["loc"]:
        if _has(here, part):
            here = here[part]
        elif item["type"] == "missing" or part in _fields_at(model, tuple(path)) or _is_inside(part, here):
            here = None
        else:
            continue
        path.append(part)
    return tuple(path)


def _is_inside(part: str | int, here: Any) -> bool:
    """Whether the part is a place in a list that the data has under another name."""
    return here is None and isinstance(part, int)


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
    "date_from_datetime_parsing": "a date such as 2027-01-31",
    "date_type": "a date such as 2027-01-31",
    "date_parsing": "a date such as 2027-01-31",
}
_OF_NUMBER: Final = frozenset({"finite_number"})
_NOISE_AROUND: Final = frozenset({*_NOUNS, "too_short"})
_OF_SCALAR: Final = frozenset({"text", "a number", "true or false"})
_LIKE_TRUE: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def _wrong_kind(path: Path, items: list[Any]) -> Problem:
    """A value that fits no member of a union is one problem, not one for each member."""
    value = items[0]["input"]
    if any(item["type"] in _OF_NUMBER for item in items):
        return Problem(sentence=f"{_text(value)} is no finite number", path=path)
    nouns = list(dict.fromkeys(_NOUNS[item["type"]] for item in items))
    if set(nouns) >= _OF_SCALAR:
        nouns = ["one value", *(noun for noun in nouns if noun in {"a list", "a mapping"})]
    elif "a number" in nouns:
        nouns = [noun for noun in nouns if noun != "a whole number"]
    return Problem(
        sentence=f"expected {' or '.join(nouns)}, not {_text(value)}", path=path, hint=_kind_hint(nouns, value)
    )


def _kind_hint(nouns: list[str], value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if "true or false" in nouns and value.lower() in _LIKE_TRUE:
        return f"did you mean {_LIKE_TRUE[value.lower()]}?"
    if {"a number", "a whole number"} & set(nouns) and _NUMBER.fullmatch(value):
        return "take the quotes away"
    return "write it as a list, [...]" if nouns == ["a list"] else ""


def _problem(model: type[BaseModel], data: Any, path: Path, item: Any) -> Problem:
    kind, context = item["type"], item.get("ctx", {})
    value = item["input"]
    match kind:
        case _ if item["loc"][-1:] == ("[key]",):
            return _bad_name(path, kind)
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
            return _none_of(path, value, item)
        case "value_error":
            return Problem(sentence=str(context.get("error", item["msg"])), path=path)
        case "misplaced":
            inner = (*path, *context["path"])
            return Problem(sentence=item["msg"], path=inner, at_key=_at(data, inner) is None)
        case "too_short":
            return Problem(sentence=f"is empty; {context['min_length']} or more are needed", path=path)
        case "too_long":
            return Problem(sentence=f"has more than {context['max_length']:,} parts", path=path)
        case "string_too_short":
            return Problem(sentence="is empty", path=path)
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            bound = next(iter(context.values()))
            shown = f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"
            return Problem(sentence=f"must be {_BOUNDS[kind]} {shown}, not {_text(value)}", path=path)
        case _:
            message = item["msg"].replace("Input should be", "must be")
            return Problem(sentence=f"{message[:1].lower()}{message[1:]}, not {_text(value)}", path=path)


def _bad_name(path: Path, kind: str) -> Problem:
    """A key that names something, and cannot."""
    reasons = {"string_too_short": "be empty", "string_too_long": "have more than 100 characters"}
    reason = reasons.get(kind, "contain backquotes or control characters")
    return Problem(sentence=f"a name cannot {reason}", path=path, at_key=True)


_BOUNDS: Final = {
    "greater_than_equal": "at least",
    "less_than_equal": "at most",
    "greater_than": "above",
    "less_than": "below",
}


def _none_of(path: Path, value: Any, item: Any) -> Problem:
    """A word that is none of those expected."""
    context = item.get("ctx", {})
    expected = str(context.get("expected", context.get("expected_tags", "")))
    words = _QUOTED.findall(expected)
    given = context.get("tag", value)
    if not words:
        return Problem(sentence=f"must be {expected}, not {_text(given)}", path=path)
    return Problem(
        sentence=f"{_text(given)} is none of {', '.join(words)}",
        path=path,
        hint=did_you_mean(given, words) if isinstance(given, str) else "",
    )


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
