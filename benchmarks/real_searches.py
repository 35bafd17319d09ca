"""The two searches that are compared on a table: flat Optuna over the wide space, and a plan of this project.

Each trial is written as soon as it has ended, and a configuration that was trained before is not trained again, so that
a search that was interrupted goes on and a plan under a changed policy costs only what is new in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import real_tables
from real_pools import library_default
from real_tables import Config, Row, Score, Table
from rivals import suggested

import advisor

FLAT_TRIALS: Final = 100
PLAN_TRIALS: Final = 30
_ESTIMATORS: Final[Mapping[str, Mapping[str, str]]] = {
    "svm": {"estimator": "sklearn.svm.SVC"},
    "lightgbm": {"estimator": "lightgbm.LGBMClassifier"},
    "xgboost": {"estimator": "xgboost.XGBClassifier"},
    "mlp-adam": {"family": "mlp-adam", "estimator": "sklearn.neural_network.MLPClassifier"},
    "random-forest": {"estimator": "sklearn.ensemble.RandomForestClassifier"},
}
# What the names of a space mean where they are not those of the library.
_MEANINGS: Final = {"units": "hidden_units", "layers": "num_layers", "alpha": "weight_decay", "beta_1": "beta1"}
# What ``realtraining.py`` sets beside the configuration.
_SET: Final[Mapping[str, Config]] = {"lightgbm": {"subsample_freq": 1}}


def spec(family: str, here: Table, trials: int, knowledge: tuple[str, ...] = ()) -> advisor.Spec:
    """What a person would write: the model, the wide space, the table's facts, and a budget."""
    task = "binary" if here.facts["classes"] == 2 else "multiclass"
    return advisor.Spec.model_validate(
        {
            "version": 1,
            "model": {**_ESTIMATORS[family], "task": task},
            "objective": {"metric": "error", "direction": "minimize", "split": "cross-validation"},
            "budget": {"trials": trials},
            "data": here.facts,
            "space": {name: _written(family, name, entry) for name, entry in real_tables.space(family).items()},
            "fixed": _SET.get(family, {}),
            "scope": "closed",
            "knowledge": list(knowledge),
        }
    )


def _written(family: str, name: str, entry: Config) -> dict[str, Any]:
    meaning = {"is": _MEANINGS[name]} if family == "mlp-adam" and name in _MEANINGS else {}
    return {key: value for key, value in entry.items() if key != "log" or value} | meaning


def searched(family: str, config: Config) -> dict[str, Any]:
    """The configuration without what ``realtraining.py`` sets by itself."""
    return {name: value for name, value in config.items() if name not in _SET.get(family, {})}


class Trainer:
    """Trains configurations of a family on a table, each once, and remembers in which order they were asked."""

    def __init__(self, family: str, here: Table, known: Path) -> None:
        self.asked: list[tuple[Config, Score]] = []
        self._family, self._here, self._file = family, here, known
        self._known = {_key(row.config): row.score for row in real_tables.read(known) if row.table == here.name}

    def __call__(self, config: Config) -> float:
        """The cross-validated error of a configuration."""
        own = searched(self._family, config)
        if _key(own) not in self._known:
            self._known[_key(own)] = real_tables.score(self._family, own, self._here, held_back=False)
            row = Row(self._family, self._here.name, "trained", 0, own, self._known[_key(own)])
            real_tables.append(self._file, row)
        self.asked.append((own, self._known[_key(own)]))
        return self.asked[-1][1].error


def _key(config: Config) -> str:
    return json.dumps(config, sort_keys=True)


def plan(objective: Callable[[Config], float], family: str, here: Table, knowledge: tuple[str, ...] = ()) -> Config:
    """Run this project's plan; the configuration that it advises in the end."""
    advised = advisor.advise(spec(family, here, PLAN_TRIALS, knowledge))
    best = advisor.run(advised, objective, storage=None, seed=0).best
    assert best is not None  # noqa: S101 - what fails has an error of 1
    return best.config


def flat(objective: Callable[[Config], float], family: str) -> Config:
    """Run Optuna's default sampler over the whole space; the configuration with the least error."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: objective(suggested(trial, real_tables.space(family))), n_trials=FLAT_TRIALS)
    return suggested(study.best_trial, real_tables.space(family))


def default(family: str, here: Table) -> Score:
    """What the library's default is worth."""
    return real_tables.score(family, library_default(family), here)
