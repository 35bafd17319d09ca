"""What the knowledge base claims about a library: one claim for each class and argument."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from advisor import library
from advisor.knowledge import Family, Parameter, Shared
from advisor.space import Value


@dataclass(frozen=True, kw_only=True)
class Claim:
    """That a class takes an argument, with this default and these legal values."""

    family: str
    name: str
    estimator: str
    argument: str
    default: Value
    parameter: Parameter

    def __str__(self) -> str:
        return f"{self.family}-{self.estimator.rpartition('.')[2]}-{self.argument}"

    @property
    def estimator_class(self) -> Any:
        """The class itself, imported."""
        module, _, name = self.estimator.rpartition(".")
        return getattr(importlib.import_module(module), name)


def families() -> list[Family]:
    """Every family that is shipped."""
    folder = library.shipped_folder()
    return [library.validated(Family, library.layers([path])) for path in library.family_files(folder).values()]


def shared() -> Shared:
    """What families share."""
    return library.validated(Shared, library.layers([library.shipped_folder() / library.SHARED_FILE]))


def claims(prefix: str) -> list[Claim]:
    """Every claim about classes whose dotted name begins with ``prefix``, such as ``xgboost.``."""
    return [
        Claim(
            family=family.family,
            name=name,
            estimator=estimator.name,
            argument=argument,
            default=_default(parameter, estimator.name),
            parameter=parameter,
        )
        for family in families()
        for estimator in family.models
        if estimator.name.startswith(prefix)
        for name, parameter in family.parameters.items()
        if (argument := _argument(name, parameter, estimator.name)) is not None
    ]


def _argument(name: str, parameter: Parameter, estimator: str) -> str | None:
    if not parameter.in_library or not _belongs(parameter, estimator):
        return None
    return parameter.arguments.get(estimator) if parameter.arguments else name


def _belongs(parameter: Parameter, estimator: str) -> bool:
    names = {estimator, estimator.rpartition(".")[2]}
    return parameter.estimators is None or bool(names & set(parameter.estimators))


def _default(parameter: Parameter, estimator: str) -> Value:
    for name in (estimator, estimator.rpartition(".")[2]):
        if name in parameter.defaults:
            return parameter.defaults[name]
    return parameter.default
