"""The ways in which other tools write a range, understood on reading.

W&B, Ray Tune, Ax, ConfigSpace and Katib each have words of their own for ``low high log step choices default``. An
entry in one of them becomes an entry in ours; anything else is returned as it came, for the spec's own checks to
judge. What ours cannot say (exponents, normal distributions, weights, grids on a logarithmic scale) is refused, since
a near miss would go unnoticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

from advisor import yamlio
from advisor.errors import did_you_mean
from advisor.model import GREATEST

Entry: TypeAlias = Mapping[str, Any]

# Names of distributions in W&B and in Ray Tune, with the kind of value and the scale that they mean.
# https://docs.wandb.ai/models/sweeps/sweep-config-keys and https://docs.ray.io/en/latest/tune/api/search_space.html
_DISTRIBUTIONS: Final[dict[str, dict[str, Any]]] = {
    "uniform": {"type": "float"},
    "quniform": {"type": "float"},
    "q_uniform": {"type": "float"},
    "int_uniform": {"type": "int"},
    "log_uniform_values": {"type": "float", "log": True},
    "inv_log_uniform_values": {"type": "float", "log": True},  # log(1/X) is uniform where log(X) is
    "q_log_uniform_values": {"type": "float", "log": True},
    "loguniform": {"type": "float", "log": True},
    "qloguniform": {"type": "float", "log": True},
    "randint": {"type": "int"},
    "qrandint": {"type": "int"},
    "lograndint": {"type": "int", "log": True},
    "qlograndint": {"type": "int", "log": True},
    "choice": {},
    "grid_search": {},
    "categorical": {},
    "constant": {},
}
_QUANTISED: Final = frozenset(
    {"quniform", "q_uniform", "q_log_uniform_values", "qloguniform", "qrandint", "qlograndint"}
)
_UPPER_EXCLUSIVE: Final = frozenset({"randint", "lograndint"})  # and not qrandint: "Quantization makes it inclusive"
_EXPONENTS: Final = frozenset({"log_uniform", "q_log_uniform", "inv_log_uniform"})
_LISTS: Final = frozenset({"choice", "grid_search"})
_RAY: Final = _LISTS | {
    "uniform", "quniform", "loguniform", "qloguniform", "randint", "qrandint", "lograndint", "qlograndint"
}  # fmt: skip
_RAY_ENDLESS: Final = frozenset({"randn", "qrandn", "sample_from"})
_WANDB: Final = frozenset({"distribution", "values", "min", "max", "q", "probabilities", "mu", "sigma"})
_AX: Final = frozenset({"bounds", "value_type", "parameter_type", "is_ordered", "log_scale", "scaling", "step_size"})
_AX_TYPES: Final = frozenset({"range", "choice", "fixed"})
_CONFIGSPACE: Final = frozenset({"lower", "upper", "sequence", "default_value", "weights", "meta"})
_CONFIGSPACE_TYPES: Final[dict[str, dict[str, Any]]] = {
    "uniform_float": {"type": "float"},
    "uniform_int": {"type": "int"},
    "categorical": {},
    "ordinal": {"ordered": True},
    "constant": {},
    "unparametrized": {},
}
_CONFIGSPACE_ENDLESS: Final = frozenset({"normal_float", "normal_int", "beta_float", "beta_int"})
_KATIB: Final = {"double": "float", "int": "int", "categorical": None, "discrete": None}
_KATIB_SPACE: Final = ("min", "max", "step", "list", "distribution")


def normalised(entry: object) -> object:
    """The entry in our own words.

    A list stands for its choices, a plain value for the value to hold, nothing for the name alone.

    Raises:
        ValueError: The entry means what ours cannot say, lacks a part, or says something twice.
    """
    if isinstance(entry, list | tuple):
        return {"choices": list(entry)}
    if entry is None:
        return {}
    if isinstance(entry, bool | int | float | str):
        return {"value": entry}
    if not isinstance(entry, Mapping):
        return entry
    for is_theirs, translate in _TOOLS:
        if is_theirs(entry):
            return translate(entry)
    return entry


def _renamed(entry: Entry, names: Mapping[str, str], dropped: Collection[str] = ()) -> dict[str, Any]:
    """The entry under our names; what neither they nor we know stays, to be refused by name."""
    ours: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for key, value in entry.items():
        new = names.get(key, key)
        if key in dropped or (value is None and new not in {"value", "default"}):
            continue
        if new in ours:
            raise ValueError(f"{said_by[new]} and {key} mean the same; keep one of them")
        ours[new], said_by[new] = value, key
    return ours


def _need(ours: Entry, what: Mapping[str, str], tool: str) -> None:
    """Refuse an entry that lacks a part; ``what`` maps our words to theirs."""
    missing = [theirs for our, theirs in what.items() if our not in ours]
    if missing:
        raise ValueError(f"{tool} needs {' and '.join(missing)}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < GREATEST


def _is_whole(value: object) -> bool:
    return _is_number(value) and isinstance(value, int | float) and value == math.floor(value)


def _word(entry: Entry, key: str) -> str | None:
    word = entry.get(key)
    if word is not None and not isinstance(word, str):
        raise ValueError(f"{key} is a word, not {'a list or mapping' if isinstance(word, list | dict) else word}")
    return word


def _with_multiples(ours: dict[str, Any], step: Any, word: str) -> dict[str, Any]:
    """The range on a grid of multiples of ``step``: theirs count from 0, ours count from low."""
    ends = [ours.get("low"), ours.get("high")]
    if not all(_is_number(number) for number in (*ends, step)) or step <= 0:
        return {**ours, "step": step}
    for end in ends:
        ratio = end / step
        if abs(ratio - math.floor(ratio + 0.5)) > 1e-9 * max(1, abs(ratio)):
            raise ValueError(f"{word} takes multiples of {step:g}, and {end:g} is none; give ends that are")
    if all(_is_whole(number) for number in (*ends, step)):
        ours = {**ours, "type": "int"}
    if not ours.get("log"):
        return {**ours, "step": step}
    if step != 1:
        raise ValueError(f"{word} in steps of {step:g} is a grid on a logarithmic scale; list its values as choices")
    return ours


def _exclusive(ours: dict[str, Any], word: str) -> dict[str, Any]:
    """The range without its upper end, which the tool never proposes."""
    low, high = ours.get("low"), ours.get("high")
    if not (isinstance(high, int | float) and _is_whole(high)):
        return ours
    if isinstance(low, int | float) and _is_number(low) and low >= high:
        raise ValueError(f"{word} leaves out its upper end, so that {low:g} to {high:g} is empty")
    return {**ours, "high": int(high) - 1}


# W&B


def _is_wandb(entry: Entry) -> bool:
    return not _WANDB.isdisjoint(entry)


def _wandb(entry: Entry) -> dict[str, Any]:
    name = _word(entry, "distribution")
    if name in _EXPONENTS:
        raise ValueError(f"distribution {name} takes exponents; write low and high as values, with log: true")
    if name is not None and name not in _DISTRIBUTIONS:
        endless = "normal" in name or "beta" in name
        hint = ("" if endless else did_you_mean(name, _DISTRIBUTIONS)) or "write low and high, or choices"
        raise ValueError(f"distribution {name} is no range that is known here; {hint}")
    if entry.get("probabilities") is not None:
        raise ValueError("probabilities are not kept; leave them out if every choice may be as likely")
    names = {"min": "low", "max": "high", "lower": "low", "upper": "high", "values": "choices"}
    ours = {**_DISTRIBUTIONS.get(name or "", {}), **_renamed(entry, names, {"distribution", "q"})}
    if "low" in ours or "high" in ours or "log" in _DISTRIBUTIONS.get(name or "", {}):
        _need(ours, {"low": "min", "high": "max"}, name or "a range")
    if name is None and "low" in ours and all(_is_number(ours[end]) for end in ("low", "high")):
        whole = all(isinstance(ours[end], int) for end in ("low", "high"))
        ours.setdefault("type", "int" if whole and "q" not in entry else "float")
    if name in _UPPER_EXCLUSIVE:
        ours = _exclusive(ours, name or "")
    if name in _QUANTISED or entry.get("q") is not None:
        return _with_multiples(ours, entry.get("q", 1), name or "q")
    return ours


# Ray Tune: its functions, written as a mapping, {loguniform: [1e-4, 1e-1]}


def _is_ray(entry: Entry) -> bool:
    return not (_RAY | _RAY_ENDLESS).isdisjoint(entry)


def _ray(entry: Entry) -> dict[str, Any]:
    word, *others = [key for key in entry if key in _RAY | _RAY_ENDLESS]
    if others:
        raise ValueError(f"{word} and {others[0]} exclude each other; keep one of them")
    if word in _RAY_ENDLESS:
        raise ValueError(f"{word} is no range; write low and high")
    arguments = entry[word]
    if word in _LISTS:
        return _renamed(entry, {word: "choices"})
    takes = {"quniform": (3, 3), "qloguniform": (3, 3), "qrandint": (2, 3), "qlograndint": (3, 3)}.get(word, (2, 2))
    if not isinstance(arguments, list | tuple) or not takes[0] <= len(arguments) <= takes[1]:
        form = "[low, high, q]" if takes[1] == 3 else "[low, high]"
        raise ValueError(f"{word} takes {form}, not {arguments if not isinstance(arguments, dict) else 'a mapping'}")
    low, high, *step = arguments
    given = {key: value for key, value in entry.items() if key != word}
    for end in ("low", "high", "step", "choices", "value"):
        if end in given:
            raise ValueError(f"{word} and {end} exclude each other; keep one of them")
    ours = {**_DISTRIBUTIONS[word], **given, "low": low, "high": high}
    if word in _UPPER_EXCLUSIVE:
        return _exclusive(ours, word)
    return _with_multiples(ours, step[0] if step else 1, word) if word in _QUANTISED else ours


# Ax


def _is_ax(entry: Entry) -> bool:
    kind = entry.get("type")
    return (isinstance(kind, str) and kind in _AX_TYPES) or not _AX.isdisjoint(entry)


def _ax(entry: Entry) -> dict[str, Any]:
    kind, scaling = _word(entry, "type"), _word(entry, "scaling")
    value_type = _word(entry, "value_type") or _word(entry, "parameter_type")
    names = {"values": "choices", "is_ordered": "ordered", "step_size": "step", "log_scale": "log"}
    dropped = {"name", "bounds", "value_type", "parameter_type", "scaling", "sort_values"}
    ours = _renamed(entry, names, dropped | ({"type"} if kind in _AX_TYPES else set()))
    if scaling not in {None, "linear", "log"}:
        raise ValueError(f"scaling is linear or log, not {scaling}")
    if scaling == "log":
        ours["log"] = True
    if kind == "range" and "bounds" not in entry:
        raise ValueError("range needs bounds: [low, high]")
    if "bounds" in entry:
        bounds = entry["bounds"]
        if not isinstance(bounds, list | tuple) or len(bounds) != 2:
            raise ValueError("bounds takes two values: [low, high]")
        if "low" in ours or "high" in ours:
            raise ValueError("bounds and low or high mean the same; keep one of them")
        whole = value_type == "int" or (value_type is None and all(isinstance(end, int) for end in bounds))
        ours |= {"low": bounds[0], "high": bounds[1]}
        ours.setdefault("type", "int" if whole else "float")
    elif kind in {"choice", "fixed"}:
        _need(ours, {"choices": "values"} if kind == "choice" else {"value": "value"}, f"type: {kind}")
    return ours


# ConfigSpace, in the form of its JSON files


def _is_configspace(entry: Entry) -> bool:
    kind = entry.get("type")
    theirs = {*_CONFIGSPACE_TYPES, *_CONFIGSPACE_ENDLESS} - {"categorical"}
    return (isinstance(kind, str) and kind in theirs) or not ("distribution" in entry or _CONFIGSPACE.isdisjoint(entry))


def _configspace(entry: Entry) -> dict[str, Any]:
    kind = _word(entry, "type")
    if kind in _CONFIGSPACE_ENDLESS:
        raise ValueError(f"type: {kind} is no range; write low and high")
    if entry.get("weights") is not None:
        raise ValueError("weights are not kept; leave them out if every choice may be as likely")
    names = {"lower": "low", "upper": "high", "default_value": "default", "sequence": "choices"}
    dropped = {"name", "meta", "weights", "q", *({"type"} if kind in _CONFIGSPACE_TYPES else ())}
    ours = {**_CONFIGSPACE_TYPES.get(kind or "", {}), **_renamed(entry, names, dropped)}
    if kind in {"uniform_float", "uniform_int"} or "lower" in entry or "upper" in entry:
        _need(ours, {"low": "lower", "high": "upper"}, f"type: {kind}" if kind else "a range")
    elif kind in {"constant", "unparametrized"}:
        _need(ours, {"value": "value"}, f"type: {kind}")
    elif kind in {"categorical", "ordinal"}:
        _need(ours, {"choices": "sequence" if kind == "ordinal" else "choices"}, f"type: {kind}")
    return ours if entry.get("q") is None else _with_multiples(ours, entry["q"], "q")


# Katib, whose numbers are text


def _is_katib(entry: Entry) -> bool:
    return "feasibleSpace" in entry or "parameterType" in entry


def _katib(entry: Entry) -> dict[str, Any]:
    space, kind = entry.get("feasibleSpace"), _word(entry, "parameterType")
    if not isinstance(space, Mapping):
        raise ValueError("feasibleSpace takes min and max, or a list")
    if kind not in _KATIB:
        raise ValueError(f"parameterType is one of {', '.join(_KATIB)}")
    for key in space:
        if key not in _KATIB_SPACE:
            raise ValueError(f"feasibleSpace has no {key!r}; {did_you_mean(str(key), _KATIB_SPACE) or 'remove it'}")
    scale = _word(space, "distribution")
    if scale not in {None, "uniform", "logUniform"}:
        raise ValueError(f"distribution {scale} is no range; write uniform or logUniform")
    ours = _renamed(entry, {}, {"name", "parameterType", "feasibleSpace"})
    if "list" in space:
        words = space["list"]
        if not isinstance(words, list | tuple):
            raise ValueError("feasibleSpace takes a list of values as list")
        choices = list(words) if kind == "categorical" else [_number(word) for word in words]
        return {**ours, "choices": choices, **({"ordered": True} if kind == "discrete" else {})}
    ends = {our: _number(space[theirs]) for theirs, our in _KATIB_ENDS.items() if space.get(theirs) is not None}
    _need(ends, {"low": "min", "high": "max"}, "feasibleSpace")
    scaled = {"log": True} if scale == "logUniform" else {}
    return {**ours, "type": _KATIB[kind] or "float", **ends, **scaled}


_KATIB_ENDS: Final = {"min": "low", "max": "high", "step": "step"}


def _number(word: object) -> object:
    """The number that a text stands for; other text is left for the spec to refuse."""
    value = yamlio.typed_word(word) if isinstance(word, str) else word
    return value if _is_number(value) else word


_TOOLS: Final[tuple[tuple[Callable[[Entry], bool], Callable[[Entry], dict[str, Any]]], ...]] = (
    (_is_katib, _katib),
    (_is_ray, _ray),
    (_is_configspace, _configspace),
    (_is_ax, _ax),
    (_is_wandb, _wandb),
)
