"""Searches of others over the person's whole space, from one configuration to the next, without stages or knowledge."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from public_tasks import Config, Task

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial


class Rival(NamedTuple):
    """A search.

    Attributes:
        search: From a task, the number of trials, a seed and a configuration to begin with, the error of each trial.
        needs: Packages that it needs.
        first: Whether it begins with the library's default.
        slow: Whether a hundred trials take more than some seconds.
    """

    search: Callable[[Task, int, int, Config | None], list[float]]
    needs: tuple[str, ...] = ("optuna",)
    first: bool = False
    slow: bool = False

    @property
    def is_there(self) -> bool:
        """Whether its packages are installed."""
        return all(find_spec(name) is not None for name in self.needs)


def _random(task: Task, trials: int, seed: int, first: Config | None) -> list[float]:  # noqa: ARG001
    return [float(error) for error in task.batch(task.random(trials, seed=seed))]


def _with_optuna(make: Callable[[int], BaseSampler]) -> Callable[[Task, int, int, Config | None], list[float]]:
    def search(task: Task, trials: int, seed: int, first: Config | None) -> list[float]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(sampler=make(seed))
            if first is not None:
                study.enqueue_trial(first)
            study.optimize(lambda trial: task(suggested(trial, task.space)), n_trials=trials)
        return [float(trial.value or 0.0) for trial in study.trials]

    return search


def suggested(trial: Trial, space: Mapping[str, Mapping[str, Any]]) -> Config:
    """The configuration that a trial of Optuna proposes; parameters after those that they depend on."""
    config: Config = {}
    for name in sorted(space, key=lambda name: len(space[name].get("when") or {})):
        entry = space[name]
        if any(config.get(parent) not in values for parent, values in (entry.get("when") or {}).items()):
            continue
        if entry["type"] == "categorical":
            config[name] = trial.suggest_categorical(name, entry["choices"])
        elif entry["type"] == "int":
            config[name] = trial.suggest_int(name, entry["low"], entry["high"], log=bool(entry.get("log")))
        else:
            config[name] = trial.suggest_float(name, entry["low"], entry["high"], log=bool(entry.get("log")))
    return config


def _tpe(seed: int) -> BaseSampler:
    import optuna

    return optuna.samplers.TPESampler(seed=seed)


def _gp(seed: int) -> BaseSampler:
    import optuna

    return optuna.samplers.GPSampler(seed=seed)


def _hyperopt(task: Task, trials: int, seed: int, first: Config | None) -> list[float]:  # noqa: ARG001
    import hyperopt
    import numpy as np

    space = _hyperopt_space(task.space)
    errors: list[float] = []

    def objective(config: Mapping[str, Any]) -> float:
        errors.append(task(_active({name: config[name] for name in task.space}, task.space)))
        return errors[-1]

    hyperopt.fmin(
        objective,
        space,
        algo=hyperopt.tpe.suggest,
        max_evals=trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return errors


def _hyperopt_space(space: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Every parameter beside the others; what has no effect in a configuration is left out afterwards."""
    import math

    from hyperopt import hp
    from hyperopt.pyll import scope

    found: dict[str, Any] = {}
    for name, entry in space.items():
        if entry["type"] == "categorical":
            found[name] = hp.choice(name, entry["choices"])
        elif entry["type"] == "int":
            kind = hp.qloguniform if entry.get("log") else hp.quniform
            ends = (
                (math.log(entry["low"]), math.log(entry["high"])) if entry.get("log") else (entry["low"], entry["high"])
            )
            found[name] = scope.int(kind(name, *ends, 1))
        elif entry.get("log"):
            found[name] = hp.loguniform(name, math.log(entry["low"]), math.log(entry["high"]))
        else:
            found[name] = hp.uniform(name, entry["low"], entry["high"])
    return found


def _active(config: Config, space: Mapping[str, Mapping[str, Any]]) -> Config:
    """The configuration without parameters that have no effect in it."""
    return {
        name: value
        for name, value in config.items()
        if all(config.get(parent) in values for parent, values in (space[name].get("when") or {}).items())
    }


def _cfo(task: Task, trials: int, seed: int, first: Config | None) -> list[float]:
    from flaml import tune

    errors: list[float] = []

    def objective(config: Mapping[str, Any]) -> dict[str, float]:
        whole = {name: config[name] for name in task.space}
        errors.append(task(_active(whole, task.space)))
        return {"error": errors[-1]}

    space: dict[str, Any] = {}
    for name, entry in task.space.items():
        if entry["type"] == "categorical":
            space[name] = tune.choice(entry["choices"])
        else:
            kind = ("lograndint" if entry.get("log") else "randint") if entry["type"] == "int" else None
            kind = kind or ("loguniform" if entry.get("log") else "uniform")
            space[name] = getattr(tune, kind)(entry["low"], entry["high"] + (entry["type"] == "int"))
    middle = task.random(1, seed=seed)[0]
    start = {**middle, **(first or {})}
    points = [{name: start[name] for name in space if name in start}]
    flow = tune.searcher.blendsearch.CFO(metric="error", mode="min", space=space, points_to_evaluate=points, seed=seed)
    tune.run(objective, search_alg=flow, num_samples=trials, verbose=0)
    return errors


def _smac(task: Task, trials: int, seed: int, first: Config | None) -> list[float]:  # noqa: ARG001
    import tempfile

    from smac import HyperparameterOptimizationFacade, Scenario

    errors: list[float] = []
    space = _configspace(task.space, seed)

    def objective(config: Mapping[str, Any], seed: int = 0) -> float:  # noqa: ARG001
        errors.append(task({name: _plain(config[name]) for name in task.space if name in config}))
        return errors[-1]

    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(space, n_trials=trials, seed=seed, deterministic=True, output_directory=folder)
        HyperparameterOptimizationFacade(scenario, objective, overwrite=True, logging_level=40).optimize()
    return errors[:trials] + [errors[-1]] * (trials - len(errors))


def _plain(value: Any) -> Any:
    """A value without the types of numpy."""
    return value.item() if hasattr(value, "item") else value


def _configspace(space: Mapping[str, Mapping[str, Any]], seed: int) -> ConfigurationSpace:
    """The space, with parameters that exist only beside certain values of others."""
    from ConfigSpace import AndConjunction, Categorical, ConfigurationSpace, Float, InCondition, Integer

    found = ConfigurationSpace(seed=seed)
    for name, entry in space.items():
        if entry["type"] == "categorical":
            found.add(Categorical(name, entry["choices"]))
        else:
            kind = Integer if entry["type"] == "int" else Float
            found.add(kind(name, (entry["low"], entry["high"]), log=bool(entry.get("log"))))
    for name, entry in space.items():
        parents = (entry.get("when") or {}).items()
        conditions = [InCondition(found[name], found[parent], list(values)) for parent, values in parents]
        if conditions:
            found.add(conditions[0] if len(conditions) == 1 else AndConjunction(*conditions))
    return found


RIVALS: Final[Mapping[str, Rival]] = {
    "random": Rival(_random, needs=()),
    "tpe": Rival(_with_optuna(_tpe)),
    "tpe default first": Rival(_with_optuna(_tpe), first=True),
    "gp": Rival(_with_optuna(_gp), needs=("optuna", "torch"), slow=True),
    "hyperopt": Rival(_hyperopt, needs=("hyperopt",), slow=True),
    "flaml cfo": Rival(_cfo, needs=("flaml",), first=True, slow=True),
    "smac": Rival(_smac, needs=("smac",), slow=True),
}
"""By name; ``tpe`` is Optuna's default."""
