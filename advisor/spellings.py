"""The ways in which other tools write a range, understood on reading.

W&B, Ray Tune, Ax, ConfigSpace and Katib each have words of their own for ``low high log step choices default``. An
entry in one of them becomes an entry in ours; anything else is returned as it came, for the spec's own checks to
judge. Words whose values are exponents (W&B's ``log_uniform``) are refused, since a near miss would go unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

_OWN: Final = frozenset(
    ["is", "type", "low", "high", "log", "step", "choices", "ordered", "default", "value", "role", "when"]
)
_KEPT: Final = ("is", "role", "when", "ordered")

# Ray Tune's and W&B's names of distributions, with the scale and the kind of value that they mean.
_DISTRIBUTIONS: Final[dict[str, dict[str, Any]]] = {
    "uniform": {"type": "float"},
    "quniform": {"type": "float"},
    "q_uniform": {"type": "float"},
    "int_uniform": {"type": "int"},
    "log_uniform_values": {"type": "float", "log": True},
    "q_log_uniform_values": {"type": "float", "log": True},
    "loguniform": {"type": "float", "log": True},
    "randint": {"type": "int"},
    "qrandint": {"type": "int"},
    "lograndint": {"type": "int", "log": True},
    "choice": {"type": "categorical"},
    "categorical": {"type": "categorical"},
    "constant": {},
}
_EXPONENTS: Final = frozenset({"log_uniform", "q_log_uniform", "inv_log_uniform", "log_normal"})
_UPPER_EXCLUSIVE: Final = frozenset({"randint", "qrandint", "lograndint"})
_CONFIGSPACE: Final[dict[str, dict[str, Any]]] = {
    "uniform_float": {"type": "float"},
    "uniform_int": {"type": "int"},
    "categorical": {"type": "categorical"},
    "ordinal": {"type": "categorical", "ordered": True},
    "constant": {},
}
_KATIB: Final = {"double": "float", "int": "int", "categorical": "categorical", "discrete": "categorical"}


def normalised(entry: object) -> object:
    """The entry in our own words.

    A list stands for its choices, a plain value for the value to hold.

    Raises:
        ValueError: The entry means exponents, or mixes the words of several tools.
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


def _take(entry: Mapping[str, Any], names: Mapping[str, str], known: set[str]) -> dict[str, Any]:
    """Rename what is known and keep what is ours; what neither knows stays, to be refused by name."""
    ours = {name: entry[name] for name in _KEPT if name in entry}
    ours |= {new: entry[old] for old, new in names.items() if old in entry}
    ours |= {key: entry[key] for key in entry if key not in known | set(names) | set(_KEPT)}
    return ours


def _is_wandb(entry: Mapping[str, Any]) -> bool:
    return "values" in entry or "distribution" in entry or ("min" in entry and "max" in entry)


def _wandb(entry: Mapping[str, Any]) -> dict[str, Any]:
    name = entry.get("distribution")
    if name in _EXPONENTS:
        raise ValueError(f"distribution {name} takes exponents; write low and high as values, with log: true")
    if name is not None and name not in _DISTRIBUTIONS:
        raise ValueError(f"distribution {name!r} is not known; write low, high, log, step or choices")
    names = {"min": "low", "max": "high", "lower": "low", "upper": "high", "q": "step", "values": "choices"}
    ours = {**_DISTRIBUTIONS.get(str(name), {}), **_take(entry, names, {"distribution", "probabilities"})}
    if name in _UPPER_EXCLUSIVE and isinstance(ours.get("high"), int):
        ours["high"] -= 1
    if name is None and "choices" not in ours:
        whole = all(isinstance(ours.get(end), int) for end in ("low", "high"))
        ours.setdefault("type", "int" if whole else "float")
    if ours.get("log") and ours.get("step") == 1:
        ours |= {"type": "int"}
        del ours["step"]
    if "choices" in ours:
        ours.pop("type", None)
    return ours


def _is_ax(entry: Mapping[str, Any]) -> bool:
    return entry.get("type") in {"range", "choice"} or "bounds" in entry


def _ax(entry: Mapping[str, Any]) -> dict[str, Any]:
    known = {"name", "bounds", "value_type", "parameter_type", "scaling", "log_scale", "type"}
    ours = _take(entry, {"values": "choices", "is_ordered": "ordered", "step_size": "step"}, known)
    if "bounds" in entry:
        bounds = entry["bounds"]
        if not isinstance(bounds, list | tuple) or len(bounds) != 2:
            raise ValueError("bounds takes two values: [low, high]")
        ours["low"], ours["high"] = bounds
        kind = entry.get("value_type", entry.get("parameter_type"))
        whole = kind == "int" or (kind is None and all(isinstance(end, int) for end in bounds))
        ours["type"] = "int" if whole else "float"
    if entry.get("log_scale") or entry.get("scaling") == "log":
        ours["log"] = True
    return ours


def _is_configspace(entry: Mapping[str, Any]) -> bool:
    return entry.get("type") in {"uniform_float", "uniform_int", "ordinal", "constant"} or (
        entry.get("type") == "categorical" and "default_value" in entry
    )


def _configspace(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "lower": "low",
        "upper": "high",
        "default_value": "default",
        "log": "log",
        "choices": "choices",
        "sequence": "choices",
        "value": "value",
    }
    ours = _take(entry, names, {"name", "type", "meta", "weights"})
    return {**_CONFIGSPACE[entry["type"]], **{k: v for k, v in ours.items() if v is not None}}


def _is_katib(entry: Mapping[str, Any]) -> bool:
    return "feasibleSpace" in entry


def _katib(entry: Mapping[str, Any]) -> dict[str, Any]:
    space = entry["feasibleSpace"]
    if not isinstance(space, Mapping):
        raise ValueError("feasibleSpace takes min and max, or a list")
    kind = _KATIB.get(str(entry.get("parameterType")))
    if kind is None:
        raise ValueError("parameterType is one of double, int, categorical, discrete")
    known = {"name", "parameterType", "feasibleSpace"}
    ours = {"type": kind, **_take(entry, {}, known)}
    for theirs, our in {"min": "low", "max": "high", "step": "step"}.items():
        if theirs in space:
            ours[our] = _number(space[theirs])
    if "list" in space:
        words = space["list"]
        ours["choices"] = [
            _number(word) if kind != "categorical" or entry.get("parameterType") == "discrete" else word
            for word in words
        ]
        ours["ordered"] = entry.get("parameterType") == "discrete"
    if space.get("distribution") == "logUniform":
        ours["log"] = True
    return ours


def _number(word: object) -> object:
    """Katib writes numbers as text; other text is left for the spec to refuse."""
    if not isinstance(word, str):
        return word
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _is_short(entry: Mapping[str, Any]) -> bool:
    return len(entry) == 1 and next(iter(entry)) in _RAY


def _short(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Ray's functions, written as a mapping: ``{loguniform: [1e-4, 1e-1]}``."""
    ((name, arguments),) = entry.items()
    if name in {"choice", "grid_search"}:
        return {"choices": arguments}
    if not isinstance(arguments, list | tuple) or not 2 <= len(arguments) <= 3:
        raise ValueError(f"{name} takes [low, high] or [low, high, step]")
    low, high, *step = arguments
    ours = {**_DISTRIBUTIONS[name], "low": low, "high": high}
    if name in _UPPER_EXCLUSIVE and isinstance(high, int):
        ours["high"] = high - 1
    return {**ours, "step": step[0]} if step else ours


_RAY: Final = frozenset(
    ["uniform", "quniform", "loguniform", "randint", "qrandint", "lograndint", "choice", "grid_search"]
)
_TOOLS: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], dict[str, Any]]], ...]] = (
    (_is_katib, _katib),
    (_is_configspace, _configspace),
    (_is_ax, _ax),
    (_is_short, _short),
    (_is_wandb, _wandb),
)
