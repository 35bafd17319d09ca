"""Values of a model from data that was validated before: the shipped knowledge base, as a release was checked.

Validating means building a validator first, which takes longer than all that a plan does with the knowledge. Here the
models' own annotations say what each part of the data is; nothing is checked, and only lists become tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
_Make: TypeAlias = Callable[[Any], Any]


def constructed(model: type[Model], data: Mapping[str, Any]) -> Model:
    """The data as a value of the model, unchecked."""
    made: Model = _Maker().model(model)(data)
    return made


class _Maker:
    """Makes functions that make values, one for each annotation that meets a list or a mapping."""

    def __init__(self) -> None:
        self._models: dict[type[BaseModel], _Make] = {}

    def model(self, kind: type[BaseModel]) -> _Make:
        """Copies of one value that has the defaults: pydantic copies several times as fast as it constructs."""
        if kind in self._models:
            return self._models[kind]
        fields = kind.model_fields
        names = {field.alias or name: name for name, field in fields.items()}
        blank = kind.model_construct(set(), **{name: None for name, field in fields.items() if field.is_required()})
        make = cache(lambda name: self._of(fields[name].annotation))

        def copied(data: Mapping[str, Any]) -> BaseModel:
            parts = {names[key]: part for key, part in data.items()}
            made = {name: make(name)(part) for name, part in parts.items() if isinstance(part, list | dict)}
            return blank.model_copy(update=parts | made)

        self._models[kind] = copied
        return copied

    def _of(self, kind: Any) -> _Make:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self._of(arguments[0])
        if origin in {Union, UnionType}:
            return self._one_of(arguments)
        if origin is tuple:
            each = self._of(arguments[0])
            return lambda value: tuple(map(each, value))
        if _is_mapping(kind):
            part = self._of(arguments[1])
            return lambda value: {name: part(inner) for name, inner in value.items()}
        return self.model(kind) if _is_model(kind) else lambda value: value

    def _one_of(self, kinds: tuple[Any, ...]) -> _Make:
        """What a union makes of a list and of a mapping; it leaves all else as it is."""
        members = [member for kind in kinds for member in _members(kind)]
        models = {_effect(member): member for member in members if _is_model(member)}
        of_list = next((self._of(member) for member in members if get_origin(member) is tuple), None)
        of_mapping = next((self._of(member) for member in members if _is_mapping(member)), None)

        def made(value: Any) -> Any:
            if isinstance(value, list) and of_list:
                return of_list(value)
            if isinstance(value, dict) and models:
                return self.model(models[value.get("effect")])(value)
            return of_mapping(value) if isinstance(value, dict) and of_mapping else value

        return made


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _members(kind: Any) -> list[Any]:
    """The members of a union that may hold unions, or the kind itself."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return [member for part in get_args(kind) for member in _members(part)]
    return [kind]


def _effect(model: type[BaseModel]) -> Any:
    """The word by which a discriminated union tells its members apart."""
    field = model.model_fields.get("effect")
    words: tuple[Any, ...] = get_args(field.annotation) if field is not None else ()
    return words[0] if words else None
