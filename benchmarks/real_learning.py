"""What the pool teaches: starts that together suit most tables, where good values lie, whether that holds elsewhere.

The error of a configuration on a table is that of all rows, validated and held back (of these at most twice as many),
so that the luck of three folds counts less. Its regret is how far it is above the pool's best on that table, in units
of how far the middle configuration is, at most ``MOST_REGRET``. Starts are chosen greedily: each is the one that lowers
the mean regret of the best start most. Tables of one source share the weight of the square root of their number. What
is kept is decided by leaving groups of tables out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import real_pools
import real_tables
from numpy.typing import NDArray
from real_pools import Recipe

MOST_REGRET: Final = 3.0
LEAST_SCALE: Final = 0.005
"""Errors that the middle configuration is above the best at least; below it there is nothing to be told apart."""
FOLDS: Final = 6
GOOD: Final = 0.1
"""The share of a pool that counts as good on a table."""


@dataclass(frozen=True)
class Pool:
    """A family's pool on the tables that teach.

    Attributes:
        tables: The tables on which all of the pool was trained.
        recipes: The configurations, the library's default first.
        validated: Cross-validated errors; shape (tables, recipes).
        held_back: Errors on held-back rows; the same shape.
        regret: See the module; the same shape.
        weights: Of the tables.
    """

    tables: tuple[str, ...]
    recipes: tuple[Recipe, ...]
    validated: NDArray[np.float64]
    held_back: NDArray[np.float64]
    regret: NDArray[np.float64]
    weights: NDArray[np.float64]


def pool(folder: Path, family: str) -> Pool:
    """What was trained of a family's pool; tables that it was not finished on are left out."""
    recipes = tuple(real_pools.recipes(family))
    found: dict[str, dict[tuple[str, int], real_tables.Score]] = {}
    for row in real_tables.read(folder / f"pool_{family}.csv"):
        found.setdefault(row.table, {})[row.kind, row.number] = row.score
    keys = [(recipe.kind, recipe.number) for recipe in recipes]
    tables = tuple(name for name, scores in found.items() if all(key in scores for key in keys))
    scores = [[found[name][key] for key in keys] for name in tables]
    validated = np.array([[one.error for one in line] for line in scores])
    held_back = np.array([[one.held_back for one in line] for line in scores], dtype=float)
    groups = [real_tables.group_of(name) for name in tables]
    weights = np.array([groups.count(group) ** -0.5 for group in groups])
    return Pool(tables, recipes, validated, held_back, _regret(tables, validated, held_back), weights)


def _regret(
    tables: Sequence[str], validated: NDArray[np.float64], held_back: NDArray[np.float64]
) -> NDArray[np.float64]:
    rows = np.array([len(real_tables.table(name).rows) for name in tables])
    more = np.minimum([len(real_tables.table(name).held_back_rows) for name in tables], 2 * rows)
    errors = (validated.T * rows + held_back.T * more) / (rows + more)
    best = errors.min(axis=0)
    scale = np.maximum(np.median(errors, axis=0) - best, LEAST_SCALE)
    return np.minimum((errors - best) / scale, MOST_REGRET).T


def portfolio(regret: NDArray[np.float64], weights: NDArray[np.float64], n: int) -> list[int]:
    """The configurations that together have the least mean regret, each chosen after the ones before it."""
    chosen: list[int] = []
    least = np.full(len(regret), np.inf)
    for _ in range(n):
        means = np.average(np.minimum(least[:, None], regret), axis=0, weights=weights)
        chosen.append(int(means.argmin()))
        least = np.minimum(least, regret[:, chosen[-1]])
    return chosen


def elsewhere(found: Pool, n: int) -> tuple[float, float, float]:
    """The mean gain over the default on tables left out of learning: by validation, on held-back rows, by luck.

    The default and so many starts are evaluated, and the best by validation is chosen; by luck is what as many of the
    pool at random gain by validation.
    """
    groups = sorted({real_tables.group_of(name) for name in found.tables})
    order = np.random.default_rng(0).permutation(len(groups))
    fold_of = {groups[place]: number % FOLDS for number, place in enumerate(order)}
    folds = np.array([fold_of[real_tables.group_of(name)] for name in found.tables])
    gains: list[tuple[float, float]] = []
    for table, fold in enumerate(folds):
        learnt = portfolio(found.regret[folds != fold], found.weights[folds != fold], n)
        gains.append(_gain(found, table, [0, *learnt]))
    random = np.random.default_rng(0)
    drawn = [
        _gain(found, table, [0, *random.permutation(len(found.recipes))[:n]])[0]
        for table in range(len(folds))
        for _ in range(20)
    ]
    validated, held_back = np.mean(gains, axis=0)
    return float(validated), float(held_back), float(np.mean(drawn))


def _gain(found: Pool, table: int, tried: Sequence[int]) -> tuple[float, float]:
    best = tried[int(found.validated[table, list(tried)].argmin())]
    validated = found.validated[table, 0] - found.validated[table, best]
    return float(validated), float(found.held_back[table, 0] - found.held_back[table, best])


def good_values(found: Pool) -> Mapping[str, tuple[float, ...]]:
    """Where good configurations have each number: the 5, 25, 50, 75 and 95 % quantiles over tables.

    Of the pool's random part, the best tenth on each table, each table with the same weight of its own.
    """
    random = [place for place, recipe in enumerate(found.recipes) if recipe.kind == "random"]
    n = max(2, round(GOOD * len(random)))
    values: dict[str, list[tuple[float, float]]] = {}
    for line, weight in zip(found.regret[:, random], found.weights, strict=True):
        for place in np.argsort(line, kind="stable")[:n]:
            for name, value in _numbers(found.recipes[random[place]].values):
                values.setdefault(name, []).append((value, weight))
    return {name: _quantiles(pairs) for name, pairs in values.items()}


def _numbers(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        number = value["times"] if isinstance(value, dict) else value
        if isinstance(number, int | float) and not isinstance(number, bool):
            yield name, float(number)


def _quantiles(pairs: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    values, weights = (np.array(column) for column in zip(*sorted(pairs), strict=True))
    places = (np.cumsum(weights) - weights / 2) / weights.sum()
    return tuple(float(one) for one in np.interp((0.05, 0.25, 0.5, 0.75, 0.95), places, values))


def show(folder: Path, family: str, n: int = 8) -> None:
    """Print what is learnt of a family, and what it is worth on tables that were left out."""
    found = pool(folder, family)
    if len(found.tables) < FOLDS:
        print(f"{family}: the pool was trained on {len(found.tables)} tables; --record teach trains it")
        return
    trials = found.validated.size
    print(f"\n{family}: {len(found.tables)} tables, {len(found.recipes)} configurations, {trials:,} trials")
    chosen = portfolio(found.regret, found.weights, n)
    for place, at in enumerate(chosen, 1):
        together = np.average(found.regret[:, chosen[:place]].min(axis=1), weights=found.weights)
        better = int(np.sum(found.regret[:, at] < found.regret[:, 0]))
        print(f"  start {place}: mean regret {together:.3f}, {_shown(found.recipes[at].values)}")
        print(f"    better than the default on {better}; error less the default's {_less(found, at)}")
    print(f"  the default alone: {np.average(found.regret[:, 0], weights=found.weights):.3f}")
    for count in (1, 2, 4, 8):
        validated, held_back, luck = (100 * gain for gain in elsewhere(found, count))
        print(f"  left out: {count} learnt gain {validated:.2f} ({luck:.2f} at random), held back {held_back:.2f}")
    for name, quantiles in good_values(found).items():
        print(f"  good {name}: {', '.join(f'{value:.3g}' for value in quantiles)}")


def _less(found: Pool, at: int) -> str:
    shown = []
    for errors in (found.validated, found.held_back):
        less = 100 * (errors[:, at] - errors[:, 0])
        drawn = np.random.default_rng(0).choice(less, (4000, len(less))).mean(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        shown.append(f"{less.mean():+.2f} ({low:+.2f} to {high:+.2f})")
    return f"{shown[0]} validated, {shown[1]} held back"


def _shown(values: Mapping[str, Any]) -> str:
    shown = {n: f"{v['times']:g}/columns" if isinstance(v, dict) else v for n, v in values.items()}
    return ", ".join(f"{name} {value}" for name, value in shown.items()) or "the library's default"
