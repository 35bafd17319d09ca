"""Values of a model from data that was validated before: the shipped knowledge base, as a release was checked.

Validating means building a validator first, which takes longer than all that a plan does with the knowledge. Here the
models' own annotations say what each part of the data is; nothing is checked, and only lists become tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
_Make: TypeAlias = Callable[[Any], Any]


def constructed(model: type[Model], data: Mapping[str, Any]) -> Model:
    """The data as a value of the model, unchecked."""
    made: Model = _Maker().of(model)(data)
    return made


class _Maker:
    """Makes functions that make values, one for each annotation."""

    def __init__(self) -> None:
        self._known: dict[Any, _Make] = {}

    def of(self, kind: Any) -> _Make:
        key = kind if isinstance(kind, type) else repr(kind)
        if key not in self._known:
            self._known[key] = lambda value: self._known[key](value)  # noqa: PLW0108 - kinds may contain themselves
            self._known[key] = self._made(kind)
        return self._known[key]

    def _made(self, kind: Any) -> _Make:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self.of(arguments[0])
        if origin in {Union, UnionType}:
            return self._one_of(arguments)
        if origin is tuple:
            each = self.of(arguments[0])
            return lambda value: tuple(map(each, value)) if isinstance(value, list) else value
        if isinstance(origin, type) and issubclass(origin, Mapping):
            each = self.of(arguments[1])
            return lambda value: {name: each(part) for name, part in value.items()}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self._model(kind)
        return lambda value: value

    def _model(self, kind: type[BaseModel]) -> _Make:
        fields = {field.alias or name: (name, self.of(field.annotation)) for name, field in kind.model_fields.items()}

        def make(value: Any) -> Any:
            parts = {fields[key][0]: fields[key][1](part) for key, part in value.items()}
            return kind.model_construct(**parts)

        return make

    def _one_of(self, kinds: tuple[Any, ...]) -> _Make:
        members = [member for kind in kinds for member in _members(kind)]
        models = [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
        lists = [member for member in members if get_origin(member) is tuple]
        mappings = [m for m in members if isinstance(origin := get_origin(m), type) and issubclass(origin, Mapping)]
        by_effect = {_effect(model): self.of(model) for model in models}

        def make(value: Any) -> Any:
            if isinstance(value, dict) and models:
                return by_effect[value.get("effect") if len(models) > 1 else _effect(models[0])](value)
            if isinstance(value, dict) and mappings:
                return self.of(mappings[0])(value)
            return self.of(lists[0])(value) if isinstance(value, list) and lists else value

        return make


def _members(kind: Any) -> list[Any]:
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
