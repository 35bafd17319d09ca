"""JSON Schemas of a range in the words of other tools, which ``advisor.spellings`` understands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

_NUMBER: Final[Schema] = {"type": "number"}
_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": ["boolean", "null"]}
_NULL: Final[Schema] = {"type": "null"}
_ANY: Final[Schema] = {"type": ["boolean", "number", "string", "null"]}
_LIST: Final[Schema] = {"type": "array", "items": _ANY, "minItems": 1, "maxItems": 10_000}
_PAIR: Final[Schema] = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_TRIPLE: Final[Schema] = {**_PAIR, "minItems": 3, "maxItems": 3}
_PAIR_OR_TRIPLE: Final[Schema] = {**_PAIR, "maxItems": 3}
_NUMBER_OR_NOTHING: Final[Schema] = {"type": ["number", "null"]}
_NUMBER_IN_TEXT: Final[Schema] = {"type": ["number", "string", "null"]}

_RAY: Final[dict[str, Schema]] = {
    "uniform": _PAIR,
    "quniform": _TRIPLE,
    "loguniform": _PAIR,
    "qloguniform": _TRIPLE,
    "randint": _PAIR,
    "qrandint": _PAIR_OR_TRIPLE,
    "lograndint": _PAIR,
    "qlograndint": _TRIPLE,
    "choice": _LIST,
    "grid_search": _LIST,
}
_WANDB_DISTRIBUTIONS: Final = (
    "uniform", "q_uniform", "int_uniform", "log_uniform_values", "inv_log_uniform_values", "q_log_uniform_values",
    "categorical", "constant", *_RAY,
)  # fmt: skip
_AX_VALUES: Final[Schema] = {"enum": ["float", "int", "str", "bool", None]}
_KATIB_SPACE: Final[Schema] = {
    "type": "object",
    "properties": {
        "min": _NUMBER_IN_TEXT,
        "max": _NUMBER_IN_TEXT,
        "step": _NUMBER_IN_TEXT,
        "list": _LIST,
        "distribution": {"enum": ["uniform", "logUniform", None]},
    },
    "anyOf": [{"required": ["list"]}, {"required": ["min", "max"]}],
    "additionalProperties": False,
}


_WANDB: Final[dict[str, Schema]] = {
    "distribution": {"enum": [*dict.fromkeys(_WANDB_DISTRIBUTIONS), None]},
    **dict.fromkeys(["min", "max", "lower", "upper", "q"], _NUMBER_OR_NOTHING),
    "values": _LIST,
    **dict.fromkeys(["probabilities", "mu", "sigma"], _NULL),
}
_AX: Final[dict[str, Schema]] = {
    "name": _TEXT,
    "type": {"enum": ["range", "choice", "fixed", "float", "int", "categorical", None]},
    "bounds": _PAIR,
    "values": _LIST,
    **dict.fromkeys(["value_type", "parameter_type"], _AX_VALUES),
    "scaling": {"enum": ["linear", "log", None]},
    **dict.fromkeys(["log_scale", "is_ordered", "sort_values"], _FLAG),
    "step_size": _NUMBER_OR_NOTHING,
}
_CONFIGSPACE_TYPES: Final = ("uniform_float", "uniform_int", "categorical", "ordinal", "constant", "unparametrized")
_CONFIGSPACE: Final[dict[str, Schema]] = {
    "name": _TEXT,
    "type": {"enum": [*_CONFIGSPACE_TYPES, "float", "int", None]},
    **dict.fromkeys(["lower", "upper", "q"], _NUMBER_OR_NOTHING),
    "default_value": _ANY,
    "sequence": _LIST,
    "meta": {},
    "weights": _NULL,
}
_KATIB: Final[dict[str, Schema]] = {
    "name": _TEXT,
    "parameterType": {"enum": ["double", "int", "categorical", "discrete"]},
    "feasibleSpace": _KATIB_SPACE,
}


def forms(own: Schema) -> list[Schema]:
    """Every form of an entry but ours: short ones, and those of other tools.

    Args:
        own: The schema of an entry in our own words, whose keys may stand beside theirs.
    """
    alone = {"name", "probabilities", "mu", "sigma", "lower", "upper"}
    return [
        {"title": "choices", **_LIST},
        {"title": "value to hold", **_ANY},
        _beside(own, "Ray Tune", _RAY, [[word] for word in _RAY]),
        _beside(own, "W&B", _WANDB, [[word] for word in _WANDB if word not in alone]),
        _beside(own, "Ax", _AX, [[word] for word in _AX if word not in {"name", "sort_values"}]),
        _beside(own, "ConfigSpace", _CONFIGSPACE, [[word] for word in _CONFIGSPACE if word not in {"name", "q"}]),
        _beside(own, "Katib", _KATIB, [["parameterType", "feasibleSpace"]]),
    ]


def _beside(own: Schema, title: str, theirs: dict[str, Schema], needed: Iterable[list[str]]) -> Schema:
    """An entry with a tool's words beside those of ours; of ``needed``, one set of words must be there."""
    return {
        "title": title,
        "type": "object",
        "properties": {**own["properties"], **theirs},
        "anyOf": [{"required": words} for words in needed],
        "additionalProperties": False,
    }
