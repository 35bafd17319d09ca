"""Responses whose Sobol indices are known, with trials of them made at random or by Optuna's TPE.

Every problem is filled with parameters that have no effect up to a number of parameters. The measure is uniform over
the scale on which a parameter is searched; a parameter that a condition switches off is a latent input.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.importance.table import tabulate
from advisor.space import Choice, Domain, Numeric

Columns = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
NOISE = 0.1


@dataclass(frozen=True)
class Problem:
    """A response, and the space over which it is searched."""

    name: str
    domains: Mapping[str, Domain]
    response: Callable[[Columns], Floats]
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def padded(self, parameters: int) -> Problem:
        """The problem with parameters without effect, up to so many."""
        kinds = (Numeric(0.0, 1.0), Numeric(1e-4, 1.0, log=True), Numeric(1, 12, integer=True), Choice(("a", "b", "c")))
        inert = {f"inert_{i}": kinds[i % len(kinds)] for i in range(parameters - len(self.domains))}
        return Problem(self.name, {**self.domains, **inert}, self.response, self.conditions)

    def drawn(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Configurations drawn from the measure, latent values included."""
        return self._at(np.random.default_rng(seed).random((count, len(self.domains))))

    def spread(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Configurations of which each parameter takes every part of its measure equally often."""
        generator = np.random.default_rng(seed)
        ranks = np.array([generator.permutation(count) for _ in self.domains]).T
        return self._at((ranks + 0.5) / count)

    def _at(self, places: Floats) -> list[dict[str, Any]]:
        return [
            {name: _value(domain, place) for (name, domain), place in zip(self.domains.items(), row, strict=True)}
            for row in places
        ]

    def scores(self, configs: list[dict[str, Any]]) -> Floats:
        """The response without noise."""
        return self.response({name: np.array([config[name] for config in configs]) for name in self.domains})


def _value(domain: Domain, place: float) -> Any:
    """The value below which so much of the measure lies."""
    if isinstance(domain, Choice):
        return domain.choices[int(place * len(domain.choices))]
    half = 0.5 if domain.integer else 0.0
    low, high = domain.low - half, domain.high + half
    value = low * (high / low) ** place if domain.log else low + place * (high - low)
    return int(np.clip(round(value), domain.low, domain.high)) if domain.integer else float(value)


def _ishigami(x: Columns) -> Floats:
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


def _sobol_g(x: Columns) -> Floats:
    weights = (0, 0.5, 1, 2, 4.5, 9, 20, 50)
    active = [name for name in x if name.startswith("x")]
    factors = [(np.abs(4 * x[name] - 2) + weight) / (1 + weight) for name, weight in zip(active, weights, strict=False)]
    return np.prod(factors, axis=0)


def _network(x: Columns) -> Floats:
    rate, decay, batch = np.log10(x["rate"]) + 3, np.log10(x["decay"]) + 4, np.log2(x["batch"]) - 5.5
    return 0.3 * (rate - 0.15 * batch) ** 2 + 0.08 * decay**2 + 0.6 * (x["dropout"] - 0.2) ** 2 + 0.03 * rate * decay


def _mixed(x: Columns) -> Floats:
    optimiser = np.select([x["optimiser"] == each for each in ("sgd", "adam", "lion")], [0.6, 0.0, 0.25], 0.9)
    activation = np.select([x["activation"] == "relu", x["activation"] == "gelu"], [0.0, 0.1], 0.5)
    rate = np.log10(x["rate"]) + 2.5
    rate = np.where(x["schedule"] == "cosine", rate - 0.6, rate + 0.6)
    return optimiser + activation + 0.02 * (x["layers"] - 4) ** 2 + 0.35 * rate**2 + 0.002 * x["layers"] * x["warmup"]


def _conditional(x: Columns) -> Floats:
    rate = np.log10(x["rate"]) + 2.5
    sgd = 0.4 + 0.5 * (rate - 0.5) ** 2 + 2.5 * (x["momentum"] - 0.85) ** 2
    adam = 0.5 * (rate + 0.5) ** 2 + 1.5 * (x["beta2"] - 0.4) ** 2
    return np.where(x["optimiser"] == "sgd", sgd, adam) + 0.3 * x["dropout"]


def _cliff(x: Columns) -> Floats:
    rate = np.log10(x["rate"]) + 3
    smooth = 0.25 * rate**2 + 0.5 * (x["dropout"] - 0.3) ** 2 + 0.3 * (x["momentum"] - 0.7) ** 2
    return np.where(rate + 0.8 * x["momentum"] > 1.6, 2.5, smooth)


_RATE = Numeric(1e-5, 1e-1, log=True)
_UNIT = Numeric(0.0, 1.0)
_OPTIMISERS = Choice(("sgd", "adam"))

PROBLEMS = (
    Problem("ishigami", {name: Numeric(-np.pi, np.pi) for name in ("x1", "x2", "x3")}, _ishigami),
    Problem("sobolg", {f"x{i}": _UNIT for i in range(6)}, _sobol_g),
    Problem(
        "nn",
        {"rate": _RATE, "decay": Numeric(1e-6, 1e-2, log=True), "dropout": Numeric(0.0, 0.6)}
        | {"batch": Numeric(8, 256, log=True, integer=True)},
        _network,
    ),
    Problem(
        "mixed",
        {"rate": Numeric(1e-4, 1e-1, log=True), "optimiser": Choice(("sgd", "adam", "lion", "rmsprop"))}
        | {"activation": Choice(("relu", "gelu", "tanh")), "schedule": Choice(("cosine", "constant"))}
        | {"layers": Numeric(1, 8, integer=True), "warmup": Numeric(0, 20, integer=True)},
        _mixed,
    ),
    Problem(
        "cond",
        {"optimiser": _OPTIMISERS, "rate": Numeric(1e-4, 1e-1, log=True), "momentum": _UNIT, "beta2": _UNIT}
        | {"dropout": Numeric(0.0, 0.6)},
        _conditional,
        {"momentum": {"optimiser": "sgd"}, "beta2": {"optimiser": "adam"}},
    ),
    Problem("cliff", {"rate": _RATE, "dropout": _UNIT, "momentum": _UNIT}, _cliff),
)


def problem(name: str, parameters: int) -> Problem:
    """The problem of a name, with so many parameters; Sobol's function then has up to eight with an effect."""
    found = next(each for each in PROBLEMS if each.name == name)
    if name == "sobolg":
        found = Problem(name, {f"x{i}": _UNIT for i in range(min(parameters, 8))}, _sobol_g)
    return found.padded(parameters)


def random_problem(seed: int, parameters: int) -> Problem:
    """A response of two to six parameters: curves of random shapes, and products of some of them.

    Intervals are calibrated on these, and judged on the others.
    """
    generator = np.random.default_rng(seed)
    kinds = (Numeric(0.0, 1.0), Numeric(1e-4, 1.0, log=True), Numeric(1, 10, integer=True), Choice(("a", "b", "c")))
    domains = {f"p{i}": kinds[generator.integers(len(kinds))] for i in range(generator.integers(2, 7))}
    curves = [(generator.exponential() + 0.1, name, _shape(domain, generator)) for name, domain in domains.items()]
    pairs = [
        (generator.exponential(), one, other) for one, other in combinations(domains, 2) if generator.uniform() < 0.4
    ]
    shapes = {name: _shape(domain, generator) for name, domain in domains.items()}

    def response(x: Columns) -> Floats:
        alone = sum(weight * shape(x[name]) for weight, name, shape in curves)
        return alone + sum(weight * shapes[one](x[one]) * shapes[other](x[other]) for weight, one, other in pairs)

    return Problem(f"random-{seed}", domains, response).padded(max(parameters, len(domains)))


def _shape(domain: Domain, generator: np.random.Generator) -> Callable[[NDArray[Any]], Floats]:
    """A curve of a random form along a parameter."""
    if isinstance(domain, Choice):
        effects = dict(zip(domain.choices, generator.normal(size=len(domain.choices)), strict=True))
        return lambda values: np.array([effects[value] for value in values.tolist()])
    centre, steepness, phase = generator.uniform(0.1, 0.9), generator.uniform(2, 8), generator.normal()
    forms: tuple[Callable[[Floats], Floats], ...] = (
        lambda place: 4 * (place - centre) ** 2,
        lambda place: np.tanh(steepness * (place - centre)),
        lambda place: np.sin(steepness * place + phase),
        lambda place: 2 * np.abs(place - centre),
        lambda place: np.exp(-steepness * place),
    )
    form = forms[generator.integers(len(forms))]
    low, high = (np.log((domain.low, domain.high))) if domain.log else (domain.low, domain.high)
    return lambda values: form(((np.log(values) if domain.log else values) - low) / (high - low))


def true_indices(of: Problem, samples: int = 8192) -> tuple[Floats, Floats, float]:
    """First-order and total indices, by conditional means over a large sample, and the standard deviation."""
    axes = tabulate(of.drawn(50, 1), of.domains).axes  # without conditions: latent values count
    base, other = of.spread(samples, 2), of.spread(samples, 3)
    few = of.spread(2048, 4)
    scores = of.scores(base)
    main, total = [], []
    for axis in axes:
        if axis.name.startswith("inert"):
            main.append(0.0)
            total.append(0.0)
            continue
        values = [axis.value(float(node)) for node in axis.nodes]
        means = np.array([of.scores([{**config, axis.name: value} for config in few]).mean() for value in values])
        main.append(axis.weights @ (means - axis.weights @ means) ** 2)
        moved = [{**config, axis.name: new[axis.name]} for config, new in zip(base, other, strict=True)]
        total.append(0.5 * np.mean((scores - of.scores(moved)) ** 2))
    variance = scores.var()
    return np.array(main) / variance, np.array(total) / variance, float(scores.std())


@dataclass(frozen=True)
class Trials:
    """Configurations, of which absent parameters have no value, and their scores."""

    configs: list[dict[str, Any]]
    scores: Floats

    def first(self, count: int) -> Trials:
        """The first of them."""
        return Trials(self.configs[:count], self.scores[:count])


def trials(of: Problem, sampler: str, count: int, seed: int, deviation: float, folder: Path | None = None) -> Trials:
    """Trials of a problem with noise, from the folder where they are kept there.

    With a deviation of 0 the scores are noise alone.
    """
    kept = folder / f"{of.name}-{len(of.domains)}-{sampler}-{count}-{seed}-{deviation > 0}.json" if folder else None
    if kept and kept.exists():
        stored = json.loads(kept.read_text())
        return Trials(stored["configs"], np.array(stored["scores"]))
    made = _by_tpe(of, count, seed, deviation) if sampler == "tpe" else _at_random(of, count, seed, deviation)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"configs": made.configs, "scores": made.scores.tolist()}))
    return made


def _score(of: Problem, config: dict[str, Any], deviation: float, generator: np.random.Generator) -> float:
    if deviation == 0:
        return float(generator.normal())
    latent = {name: config.get(name, 0.5) for name in of.domains}
    return float(of.scores([latent])[0] + NOISE * deviation * generator.normal())


def _active(of: Problem, config: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in config.items()
        if all(config[parent] == wanted for parent, wanted in of.conditions.get(name, {}).items())
    }


def _at_random(of: Problem, count: int, seed: int, deviation: float) -> Trials:
    generator = np.random.default_rng([seed, 7])
    configs = [_active(of, config) for config in of.drawn(count, seed + 1000)]
    return Trials(configs, np.array([_score(of, config, deviation, generator) for config in configs]))


def _by_tpe(of: Problem, count: int, seed: int, deviation: float) -> Trials:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    generator = np.random.default_rng([seed, 8])

    def objective(trial: optuna.Trial) -> float:
        config: dict[str, Any] = {}
        for name, domain in of.domains.items():
            if all(config[parent] == wanted for parent, wanted in of.conditions.get(name, {}).items()):
                config[name] = _suggested(trial, name, domain)
        trial.set_user_attr("config", config)
        return _score(of, config, deviation, generator)

    study.optimize(objective, n_trials=count)
    return Trials([each.user_attrs["config"] for each in study.trials], np.array([each.value for each in study.trials]))


def _suggested(trial: Any, name: str, domain: Domain) -> Any:
    if isinstance(domain, Choice):
        return trial.suggest_categorical(name, domain.choices)
    if domain.integer:
        return trial.suggest_int(name, int(domain.low), int(domain.high), log=domain.log)
    return trial.suggest_float(name, domain.low, domain.high, log=domain.log)
