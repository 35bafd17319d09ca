"""Which configurations teach: the library's default, published starts, and random ones of a space that advice narrows.

The same for every table of a family, but for values that follow the table: ``{"of": "inverse_features", "times": 3}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from real_tables import Config, Table
from scipy.stats import qmc


class Recipe(NamedTuple):
    """A configuration before it meets a table, and where it is from."""

    kind: str
    number: int
    values: Mapping[str, Any]


def library_default(family: str) -> dict[str, Any]:
    """What the library does by itself; only what ``realtraining.py`` needs to be told is written."""
    return {"units": 100, "layers": 1} if family == "mlp-adam" else {}


def recipes(family: str, *, seed: int = 0) -> list[Recipe]:
    """The pool of a family, in the order in which it is trained."""
    default = Recipe("default", 0, library_default(family))
    known = [Recipe("known", number, values) for number, values in enumerate(KNOWN[family])]
    drawn = _drawn(NARROWED[family], RANDOM[family], seed)
    return [default, *known, *(Recipe("random", number, values) for number, values in enumerate(drawn))]


def on(recipe: Mapping[str, Any], here: Table) -> dict[str, Any]:
    """The configuration that a recipe is on a table."""
    return {
        name: value["times"] / here.features if isinstance(value, dict) else value for name, value in recipe.items()
    }


def _drawn(narrowed: Config, n: int, seed: int) -> list[dict[str, Any]]:
    """A Latin hypercube over the ranges; what depends on a choice is left out where the choice is another."""
    points = qmc.LatinHypercube(len(narrowed), rng=np.random.default_rng(seed)).random(n)
    found = [
        {name: value_at(entry, float(at)) for (name, entry), at in zip(narrowed.items(), point, strict=True)}
        for point in points
    ]
    return [{name: value for name, value in one.items() if _is_active(narrowed[name], one)} for one in found]


def value_at(entry: Mapping[str, Any], at: float) -> Any:
    """The value at a place from 0 to 1 of a range, rounded to what a person would write."""
    if "choices" in entry:
        return entry["choices"][int(at * len(entry["choices"]))]
    low, high = (np.log(entry[end]) if entry.get("log") else entry[end] for end in ("low", "high"))
    value = float(np.exp(low + at * (high - low))) if entry.get("log") else float(low + at * (high - low))
    if entry["type"] == "int":
        return round(value)
    rounded = float(f"{value:.3g}")
    return {"of": entry["of"], "times": rounded} if "of" in entry else rounded


def _is_active(entry: Mapping[str, Any], one: Config) -> bool:
    return all(one[parent] in wanted for parent, wanted in entry.get("when", {}).items())


def _float(low: float, high: float, *, log: bool = False, **more: Any) -> dict[str, Any]:
    return {"type": "float", "low": low, "high": high, "log": log, **more}


def _int(low: int, high: int, *, log: bool = False) -> dict[str, Any]:
    return {"type": "int", "low": low, "high": high, "log": log}


RANDOM: Final = {"svm": 72, "lightgbm": 32, "mlp-adam": 26, "xgboost": 26, "random-forest": 18, "catboost": 28}

# Within the wide spaces, as the knowledge before this study advised and somewhat beyond; what is outside is not seen.
NARROWED: Final[Mapping[str, Mapping[str, Any]]] = {
    "svm": {
        "kernel": {"choices": ["rbf", "rbf", "rbf", "rbf", "linear", "poly"]},
        "C": _float(0.03, 3000.0, log=True),
        "gamma": _float(0.02, 30.0, log=True, of="inverse_features", when={"kernel": ["rbf", "poly"]}),
        "degree": {**_int(2, 3), "when": {"kernel": ["poly"]}},
    },
    "lightgbm": {
        "n_estimators": _int(50, 400, log=True),
        "learning_rate": _float(0.01, 0.3, log=True),
        "num_leaves": _int(2, 64, log=True),
        "min_child_samples": _int(1, 60, log=True),
        "subsample": _float(0.4, 1.0),
        "colsample_bytree": _float(0.3, 1.0),
        "reg_alpha": _float(1e-4, 5.0, log=True),
        "reg_lambda": _float(1e-3, 30.0, log=True),
    },
    "mlp-adam": {
        "units": _int(16, 160, log=True),
        "layers": _int(1, 3),
        "alpha": _float(1e-6, 10.0, log=True),
        "learning_rate_init": _float(5e-4, 5e-2, log=True),
        "batch_size": _int(16, 256, log=True),
        "beta_1": _float(0.7, 0.98),
        "activation": {"choices": ["relu", "tanh"]},
    },
    "xgboost": {
        "n_estimators": _int(50, 400, log=True),
        "learning_rate": _float(0.01, 0.4, log=True),
        "max_depth": _int(1, 10),
        "min_child_weight": _float(0.1, 10.0, log=True),
        "subsample": _float(0.4, 1.0),
        "colsample_bytree": _float(0.3, 1.0),
        "reg_alpha": _float(1e-4, 3.0, log=True),
        "reg_lambda": _float(1e-2, 30.0, log=True),
        "gamma": _float(1e-4, 1.0, log=True),
    },
    "random-forest": {
        "n_estimators": _int(100, 150),
        "max_depth": _int(4, 50),
        "max_features": _float(0.05, 1.0),
        "min_samples_split": _int(2, 20, log=True),
        "min_samples_leaf": _int(1, 10, log=True),
        "bootstrap": {"choices": [True, False]},
        "criterion": {"choices": ["gini", "entropy"]},
    },
    "catboost": {
        "iterations": _int(60, 300, log=True),
        "learning_rate": _float(0.01, 0.3, log=True),
        "depth": _int(2, 7),
        "l2_leaf_reg": _float(0.05, 30.0, log=True),
        "subsample": _float(0.4, 1.0),
        "bootstrap_type": {"choices": ["MVS"]},
        "rsm": _float(0.3, 1.0),
        "random_strength": _float(0.0, 2.0),
        "leaf_estimation_iterations": _int(1, 10, log=True),
    },
}

# The starts that the knowledge shipped before this study, as far as the spaces have their parameters.
KNOWN: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "svm": (
        {"kernel": "rbf", "C": 10.0, "gamma": {"of": "inverse_features", "times": 1.0}},
        {"kernel": "rbf", "C": 480.0, "gamma": 0.005},
        {"kernel": "linear", "C": 1.0},
        {"kernel": "rbf", "C": 8.89, "gamma": 0.012},
        {"kernel": "rbf", "C": 3.0, "gamma": {"of": "inverse_features", "times": 3.0}},
        {"kernel": "rbf", "C": 10.0, "gamma": 0.1},
    ),
    "lightgbm": (
        {"learning_rate": 0.04, "n_estimators": 400, "num_leaves": 50, "min_child_samples": 40, "subsample": 0.75},
        {
            "learning_rate": 0.0121,
            "num_leaves": 53,
            "min_child_samples": 14,
            "colsample_bytree": 0.702,
            "n_estimators": 400,
        },
        {
            "learning_rate": 0.0482,
            "n_estimators": 141,
            "num_leaves": 139,
            "min_child_samples": 8,
            "colsample_bytree": 0.526,
        },
        {"learning_rate": 0.03, "num_leaves": 8, "min_child_samples": 5, "colsample_bytree": 0.7, "n_estimators": 300},
    ),
    "mlp-adam": (
        {"learning_rate_init": 0.00083, "layers": 2, "units": 113, "activation": "tanh"},
        {"learning_rate_init": 0.001, "layers": 3, "units": 128, "batch_size": 128},
        {"learning_rate_init": 0.0005, "layers": 3, "units": 128, "batch_size": 32},
        {"learning_rate_init": 0.005, "layers": 2, "units": 64, "batch_size": 32, "alpha": 0.1},
    ),
    "xgboost": (
        {"learning_rate": 0.08, "n_estimators": 400, "max_depth": 6, "min_child_weight": 5.0e-6, "subsample": 0.65},
        {
            "learning_rate": 0.018,
            "n_estimators": 400,
            "max_depth": 10,
            "min_child_weight": 0.6,
            "colsample_bytree": 0.69,
        },
        {
            "learning_rate": 0.0878,
            "n_estimators": 300,
            "max_depth": 5,
            "min_child_weight": 0.63,
            "colsample_bytree": 0.66,
        },
        {"learning_rate": 0.05, "n_estimators": 300, "max_depth": 3, "subsample": 0.7, "colsample_bytree": 0.7},
    ),
    "random-forest": (
        {"n_estimators": 100, "max_features": 0.4},
        {"n_estimators": 100, "max_features": 1.0, "min_samples_leaf": 2, "criterion": "entropy"},
        {"n_estimators": 100, "max_features": 0.2, "criterion": "entropy"},
        {"n_estimators": 100, "max_features": 0.6, "bootstrap": False},
    ),
    "catboost": (
        {
            "learning_rate": 0.08,
            "iterations": 300,
            "depth": 7,
            "l2_leaf_reg": 1e-5,
            "bootstrap_type": "Bernoulli",
            "subsample": 0.9,
            "random_strength": 0.8,
            "leaf_estimation_iterations": 1,
        },
        {"learning_rate": 0.0686, "iterations": 300, "depth": 6, "l2_leaf_reg": 2.15},
        {"learning_rate": 0.0494, "iterations": 300, "depth": 4, "l2_leaf_reg": 4.56},
        {"learning_rate": 0.0314, "iterations": 300, "depth": 8, "l2_leaf_reg": 2.8, "grow_policy": "Depthwise"},
    ),
}
