"""What every stored value is made of: a frozen, strict pydantic model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict


class Frozen(BaseModel):
    """A value that cannot be changed, made from data in which every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    def having(self, **changes: object) -> Self:
        """The same value with some fields changed, validated anew.

        Raises:
            pydantic.ValidationError: A change breaks the model (``model_copy`` would not notice).
        """
        return type(self).model_validate({**dict(self), **changes})

    def to_data(self) -> dict[str, Any]:
        """Plain data as a file holds it: names as written there, absent values left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _whole(value: object) -> object:
    """Let ``1e6`` and ``48000.0`` count as whole numbers; leave all else to the type."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


Number: TypeAlias = Annotated[float, Strict()]
"""A finite real number; text and booleans are refused."""
WholeOrReal: TypeAlias = Annotated[int, Strict()] | Annotated[float, Strict()]
"""A finite number that remembers whether it was written whole."""
Whole: TypeAlias = Annotated[int, BeforeValidator(_whole), Strict()]
"""A whole number, also written ``1e6``; text and booleans are refused."""
Count: TypeAlias = Annotated[Whole, Field(ge=1, le=10**15)]
"""A whole number of things, at least one."""
Text: TypeAlias = Annotated[str, Strict(), Field(min_length=1)]
"""Text that is not empty."""
Flag: TypeAlias = Annotated[bool, Strict()]
Share: TypeAlias = Annotated[Number, Field(ge=0, le=1)]
"""A part of a whole, from 0 to 1."""
Scalar: TypeAlias = (
    Annotated[bool, Strict()] | Annotated[int, Strict()] | Annotated[float, Strict()] | Annotated[str, Strict()] | None
)
"""One value of a hyperparameter."""
Values: TypeAlias = Mapping[str, Scalar]
"""Values of several hyperparameters, by name."""
