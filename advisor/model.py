"""What every stored value is made of: a frozen, strict pydantic model."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

MOST_DIGITS = 40
"""Digits of the longest whole number that is read; no hyperparameter has more."""
GREATEST = 10**MOST_DIGITS


class Frozen(BaseModel):
    """A value that cannot be changed, made from data in which every key is known."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        populate_by_name=True,
        defer_build=True,
        protected_namespaces=(),  # before 2.10 it would hold the facts of the model, such as model__family
    )

    def having(self, **changes: object) -> Self:
        """The same value with some fields changed, validated anew.

        Raises:
            pydantic.ValidationError: A change breaks the model (``model_copy`` would not notice).
        """
        given = {name: value for name, value in self if name in self.model_fields_set}
        return type(self).model_validate({**given, **changes})

    def to_data(self) -> dict[str, Any]:
        """Plain data as a file holds it: names as written there, absent values left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def whole(value: object) -> object:
    """Let ``1e6`` and ``48000.0`` count as whole numbers; leave all else to the type."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(value: int) -> int:
    """Refuse a whole number that no float can stand for."""
    if abs(value) > GREATEST:
        raise ValueError(f"a number of more than {MOST_DIGITS} digits")
    return value


def misplaced(sentence: str, *path: str | int) -> PydanticCustomError:
    """What a validator of a whole model raises to say which part of the value is wrong."""
    return PydanticCustomError("misplaced", "{sentence}", {"sentence": sentence, "path": path})


def _in_one_line(name: str) -> str:
    """Refuse a name that constraints and messages could not show."""
    if "`" in name or any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in name):
        raise ValueError("a name cannot contain backquotes or control characters")
    return name


def _no_flag(value: object) -> object:
    """Refuse ``true``, which Python takes for 1."""
    if isinstance(value, bool):
        raise PydanticCustomError("literal_error", "Input should be 1", {"expected": "1"})
    return value


def _written_day(value: object) -> object:
    """Leave the day to its type, unless it is a number: that would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "Input should be a valid date")
    return value


Number: TypeAlias = Annotated[float, Strict()]
"""A finite real number; text and booleans are refused."""
_Int: TypeAlias = Annotated[int, Strict(), AfterValidator(_short)]
WholeOrReal: TypeAlias = _Int | Annotated[float, Strict()]
"""A finite number that remembers whether it was written whole."""
Whole: TypeAlias = Annotated[int, Strict(), BeforeValidator(whole)]
"""A whole number, also written ``1e6``; text and booleans are refused."""
Count: TypeAlias = Annotated[int, Strict(), Field(ge=1, le=10**15), BeforeValidator(whole)]
"""A whole number of things, at least one."""
NotNegative: TypeAlias = Annotated[int, Strict(), Field(ge=0, le=10**15), BeforeValidator(whole)]
"""A whole number of things, perhaps none."""
Day: TypeAlias = Annotated[date, BeforeValidator(_written_day)]
"""A day, written 2027-01-31."""
Version: TypeAlias = Annotated[Literal[1], BeforeValidator(_no_flag)]
"""The version of a format; there is one."""
Text: TypeAlias = Annotated[str, Strict(), Field(min_length=1)]
"""Text that is not empty."""
Flag: TypeAlias = Annotated[bool, Strict()]
Share: TypeAlias = Annotated[Number, Field(ge=0, le=1)]
"""A part of a whole, from 0 to 1."""
Scalar: TypeAlias = Annotated[bool, Strict()] | _Int | Annotated[float, Strict()] | Annotated[str, Strict()] | None
"""One value of a hyperparameter."""
Name: TypeAlias = Annotated[str, Strict(), Field(min_length=1, max_length=100), AfterValidator(_in_one_line)]
"""What a person calls a hyperparameter: short, in one line, without backquotes."""
Values: TypeAlias = Mapping[Text, Scalar]
"""Values of several hyperparameters, by name."""
