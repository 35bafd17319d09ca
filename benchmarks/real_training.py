"""A plan of 30 trials against flat Optuna's 100 and the library's default, on real models and real tables.

    python benchmarks/real_training.py --trials DIR                      the tables, from trials that are there
    python benchmarks/real_training.py --trials DIR --record flat,plan   trains what is missing first
    python benchmarks/real_training.py --trials DIR --record teach       trains the pool that starts are learnt from
    python benchmarks/real_training.py --trials DIR --learn              what is learnt from the pool

``--family`` and ``--tables`` say less of it, ``--side teach`` compares on the tables that teach, where policies are
chosen, and ``--skip`` leaves the first of them out. Needs real tables and ``realtraining.py`` in the folder
``ADVISOR_BENCH_DATA``; hours of training, so that every trial is kept in DIR and none is trained twice.
Nothing was learnt from a table that judges: tables of one source stand on one side (``real_tables.py``).
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import real_learning
import real_pools
import real_searches
import real_tables
from numpy.typing import NDArray
from real_tables import Row


def main() -> None:
    """Record what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=Path, required=True)
    parser.add_argument("--record", default="")
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--family", choices=real_tables.TAUGHT, action="append")
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--label", default="plan")
    parser.add_argument("--side", choices=("teach", "judge"), default="judge")
    given = parser.parse_args()
    if not real_tables.is_here():
        print(f"skipped: {real_tables.DATA} has no realtraining.py; set ADVISOR_BENCH_DATA")
        return
    families = given.family or real_tables.FAMILIES
    if (others := set(families) - set(real_tables.FAMILIES)) and {"flat", "plan"} & set(given.record.split(",")):
        parser.error(
            f"{', '.join(sorted(others))}: realtraining.py has no space to search, so only --record teach trains it"
        )
    names = {family: real_tables.names(given.side, family)[given.skip :][: given.tables] for family in families}
    for what in filter(None, given.record.split(",")):
        for family in families:
            if what == "teach":
                teach(given.trials, family, given.tables)
            else:
                judge(given.trials, family, names[family], given.label if what == "plan" else what)
    if given.learn:
        for family in families:
            real_learning.show(given.trials, family)
    else:
        show({family: judged(given.trials, family, names[family], given.label) for family in families}, given.label)


# Recording


def teach(folder: Path, family: str, tables: int) -> None:
    """Train the pool of a family on the tables that teach."""
    path = folder / f"pool_{family}.csv"
    seen = {(row.table, row.kind, row.number) for row in real_tables.read(path)}
    for name in real_tables.names("teach", family)[:tables]:
        here = real_tables.table(name)
        for recipe in real_pools.recipes(family):
            if (name, recipe.kind, recipe.number) not in seen:
                config = real_pools.on(recipe.values, here)
                found = real_tables.score(family, config, here)
                real_tables.append(path, Row(family, name, recipe.kind, recipe.number, config, found))


def judge(folder: Path, family: str, names: Sequence[str], search: str) -> None:
    """Run a search on tables, and measure what it chose, and the default, on held-back rows."""
    path = folder / f"judged_{family}.csv"
    seen = {(row.table, row.kind) for row in real_tables.read(path)}
    for name in names:
        here = real_tables.table(name)
        if (name, "default") not in seen:
            config = real_pools.library_default(family)
            found = real_tables.score(family, config, here)
            real_tables.append(path, Row(family, name, "default", 0, config, found))
        if (name, f"{search} winner") not in seen:
            _run(folder, family, here, search)


def _run(folder: Path, family: str, here: real_tables.Table, search: str) -> None:
    trainer = real_searches.Trainer(family, here, folder / f"trained_{family}.csv")
    if search == "flat":
        best = real_searches.flat(trainer, family)
    else:
        best = real_searches.searched(family, real_searches.plan(trainer, family, here))
    path = folder / f"judged_{family}.csv"
    for number, (config, found) in enumerate(trainer.asked):
        real_tables.append(path, Row(family, here.name, search, number, dict(config), found))
    validated = next(found for config, found in trainer.asked if config == best)
    found = validated._replace(held_back=real_tables.held_back_error(family, best, here))
    real_tables.append(path, Row(family, here.name, f"{search} winner", 0, dict(best), found))


# Tables


class Judged(NamedTuple):
    """What became of one table: errors of each trial in order, and held-back errors of what was chosen."""

    table: str
    default: float
    flat: NDArray[np.float64]
    plan: NDArray[np.float64]
    held_back: Mapping[str, float]


def judged(folder: Path, family: str, names: Collection[str], label: str) -> list[Judged]:
    """Those of the tables on which both searches have ended."""
    errors: dict[str, dict[str, list[float]]] = {}
    held_back: dict[str, dict[str, float]] = {}
    for row in real_tables.read(folder / f"judged_{family}.csv"):
        errors.setdefault(row.table, {}).setdefault(row.kind, []).append(row.score.error)
        if row.score.held_back is not None:
            held_back.setdefault(row.table, {})[row.kind] = row.score.held_back
    searches = {"flat winner", f"{label} winner"}
    both = (name for name, kinds in errors.items() if name in names and searches <= set(kinds))
    return [
        Judged(
            name,
            errors[name]["default"][0],
            np.asarray(errors[name]["flat"]),
            np.asarray(errors[name][label]),
            {kind.removesuffix(" winner"): value for kind, value in held_back[name].items()},
        )
        for name in both
    ]


def show(given: Mapping[str, Sequence[Judged]], label: str) -> None:
    """Print both tables: by validation, and on held-back rows."""
    found = {family: tables for family, tables in given.items() if tables}
    if not found:
        print("nothing to show: on no table have both searches ended; --record flat,plan trains them")
        return
    print("| validation | tables | plan of 30 as good as flat 100 | gain over the default: plan @10 | flat @60 |")
    print("| --- | --- | --- | --- | --- |")
    for family, tables in found.items():
        print(f"| {family} | {len(tables)} | {_validation(tables)} |")
    print(f"| mean | | {_means(found.values())} |")
    print("\n| held-back rows | plan as good as flat | error less the default's: plan | flat | plan less flat |")
    print("| --- | --- | --- | --- | --- |")
    for family, tables in found.items():
        print(f"| {family} | {_held_back(tables, label)} |")
    every = [one for tables in found.values() for one in tables]
    print(f"| all | {_held_back(every, label)} |")


def _validation(tables: Sequence[Judged]) -> str:
    return f"{100 * _as_good(tables):.0f} % | {' | '.join(f'{100 * gain:.2f}' for gain in _gains(tables))}"


def _as_good(tables: Sequence[Judged]) -> float:
    return float(np.mean([one.plan.min() <= one.flat.min() + 1e-9 for one in tables]))


def _gains(tables: Sequence[Judged]) -> tuple[float, float]:
    """Mean gain over the default, at least none, of a plan after 10 trials and of flat search after 60."""
    ours = [max(one.default - one.plan[:10].min(), 0.0) for one in tables]
    flat = [max(one.default - one.flat[:60].min(), 0.0) for one in tables]
    return float(np.mean(ours)), float(np.mean(flat))


def _means(families: Collection[Sequence[Judged]]) -> str:
    share = np.mean([_as_good(tables) for tables in families])
    gains = np.mean([_gains(tables) for tables in families], axis=0)
    return f"{100 * share:.0f} % | {100 * gains[0]:.2f} | {100 * gains[1]:.2f}"


def _held_back(tables: Sequence[Judged], label: str) -> str:
    """A line of the second table; errors in percent, with an interval over tables."""
    ours, flat, default = (np.asarray([one.held_back[kind] for one in tables]) for kind in (label, "flat", "default"))
    names = [one.table for one in tables]
    parts = (_interval(names, difference) for difference in (ours - default, flat - default, ours - flat))
    return f"{100 * np.mean(ours <= flat + 1e-9):.0f} % | {' | '.join(parts)}"


def _interval(names: Sequence[str], differences: NDArray[np.float64]) -> str:
    """The mean over tables and its 95 % interval by bootstrap, in percent; families on one table count as one."""
    means = [differences[np.array(names) == name].mean() for name in sorted(set(names))]
    drawn = np.random.default_rng(0).choice(means, (5000, len(means))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{100 * np.mean(means):+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"


if __name__ == "__main__":
    main()
