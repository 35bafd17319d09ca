"""How far shares are from known ones: every method on every data set, and what that comes to, cell by cell."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from importance_methods import OURS, Method, methods
from known_functions import PROBLEMS, Problem, Trials, problem, trials, true_indices

from advisor.importance import Table, tabulate

Floats = np.ndarray[Any, np.dtype[np.float64]]
CELLS = [("random", 50), ("random", 200), ("random", 1000), ("tpe", 50), ("tpe", 200)]
BARS = {("random", 50): 0.16, ("random", 200): 0.07, ("random", 1000): 0.02, ("tpe", 50): 0.22, ("tpe", 200): 0.18}
MOST_INERT = 0.05
"""Share that parameters without effect may have together, from 200 trials on."""
MOST_OF_BEST = 0.5
"""Of the error of the best of the others, from 200 trials on."""


@dataclass(frozen=True)
class Case:
    """Trials of a problem, and the true indices of the columns of their table."""

    name: str
    of: Problem
    table: Table
    made: Trials
    main: Floats
    total: Floats


@dataclass(frozen=True)
class Figure:
    """What a method said of a data set: the error of its shares, what it gave to what has no effect, and its time."""

    method: str
    case: str
    sampler: str
    count: int
    parameters: int
    error: float
    inert: float
    seconds: float


def error(found: Floats, true: Floats) -> float:
    """Total-variation distance of normalised shares; of no shares at all, equal ones."""
    positive = np.maximum(np.nan_to_num(found), 0)
    shares = positive / positive.sum() if positive.sum() > 0 else np.full(len(found), 1 / len(found))
    return float(np.abs(shares - true / true.sum()).sum() / 2)


@cache
def _truth(name: str, parameters: int, folder: Path) -> tuple[Floats, Floats, float]:
    kept = folder / f"truth-{name}-{parameters}.json"
    if not kept.exists():
        main, total, deviation = true_indices(problem(name, parameters))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([main.tolist(), total.tolist(), deviation]))
    main, total, deviation = json.loads(kept.read_text())
    return np.array(main), np.array(total), deviation


def cases(sampler: str, count: int, folder: Path, *, sizes: Sequence[int], seeds: int) -> Iterator[Case]:
    """The data sets of a cell."""
    longest = max(number for kind, number in CELLS if kind == sampler)
    for known in PROBLEMS:
        for parameters in sizes:
            of = problem(known.name, parameters)
            main, total, deviation = _truth(known.name, min(parameters, 8), folder)
            main, total = (np.pad(each, (0, max(parameters - len(each), 0)))[:parameters] for each in (main, total))
            for seed in range(seeds):
                made = trials(of, sampler, longest, seed, deviation, folder).first(count)
                table = tabulate(made.configs, of.domains, of.conditions)
                kept = [list(of.domains).index(name) for name in table.names]
                name = f"{of.name} {parameters} {sampler} {count} {seed}"
                yield Case(name, of, table, made, main[kept], total[kept])


def accuracy(folder: Path, wanted: Sequence[str], *, quick: bool, seeds: int) -> list[Figure]:
    """The figures of every method; those of the others are kept in the folder, as they do not change with our code."""
    chosen = {
        name: method for name, method in methods().items() if name in (wanted or (OURS[:1] if quick else methods()))
    }
    store = folder / "figures.jsonl"
    known = {(each.method, each.case): each for each in _kept(store)}
    found = []
    for sampler, count in CELLS[:2] + CELLS[3:4] if quick else CELLS:
        for case in cases(sampler, count, folder, sizes=(6,) if quick else (6, 15, 30), seeds=seeds):
            for name, method in chosen.items():
                figure = known.get((name, case.name)) or _figure(name, method, case, sampler, count)
                found.append(figure)
                if name not in OURS and (name, case.name) not in known:
                    with store.open("a") as file:
                        file.write(json.dumps(asdict(figure)) + "\n")
        for name in chosen:
            _show([each for each in found if (each.method, each.sampler, each.count) == (name, sampler, count)])
    return found


def _kept(store: Path) -> Iterator[Figure]:
    if store.exists():
        yield from (Figure(**json.loads(line)) for line in store.read_text().splitlines())


def _figure(name: str, method: Method, case: Case, sampler: str, count: int) -> Figure:
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = method(case.of, case.table, case.made)
    spent = time.process_time() - start
    positive = np.maximum(np.nan_to_num(shares), 0)
    inert = float(positive[case.total < 1e-6].sum() / max(positive.sum(), 1e-12))
    return Figure(name, case.name, sampler, count, len(case.of.domains), error(shares, case.main), inert, spent)


def _show(figures: Sequence[Figure]) -> None:
    first = figures[0]
    errors, inert = [each.error for each in figures], [each.inert for each in figures]
    seconds = np.mean([each.seconds for each in figures])
    print(
        f"{first.sampler:7}{first.count:5} {first.method:26} error {_with_interval(errors)}"
        f"  inert {_with_interval(inert)}  {seconds:6.2f} s  ({len(figures)})",
        flush=True,
    )


def _with_interval(values: Sequence[float]) -> str:
    low, high = np.quantile(_means(values), [0.025, 0.975])
    return f"{np.mean(values):.3f} [{low:.3f}, {high:.3f}]"


def _means(values: Sequence[float]) -> Floats:
    """Means of data sets drawn with replacement; the same draws for lists of the same length."""
    rows = np.random.default_rng(0).integers(len(values), size=(2000, len(values)))
    return np.array(values)[rows].mean(axis=1)


def compare(figures: Iterable[Figure]) -> None:
    """Our error as a share of that of the best of the others, in each cell, and who is better on which data sets."""
    by_cell: dict[tuple[str, int, int], dict[str, list[Figure]]] = {}
    for each in figures:
        for parameters in (0, each.parameters):
            by_cell.setdefault((each.sampler, each.count, parameters), {}).setdefault(each.method, []).append(each)
    print("\nour error as a share of that of the best of the others")
    for (sampler, count, parameters), cell in sorted(by_cell.items()):
        peers = {name: list_ for name, list_ in cell.items() if name not in OURS}
        if not peers or OURS[0] not in cell:
            continue
        best = min(peers, key=lambda name: float(np.mean([each.error for each in peers[name]])))
        ours, theirs = ([each.error for each in cell[name]] for name in (OURS[0], best))
        low, high = np.quantile(_means(ours) / _means(theirs), [0.025, 0.975])
        size = f"{parameters:3}" if parameters else "all"
        print(
            f"{sampler:7}{count:5} d {size}  {np.mean(ours):.3f} / {np.mean(theirs):.3f} ({best}) = "
            f"{np.mean(ours) / np.mean(theirs):.2f} [{low:.2f}, {high:.2f}]; {_lost(cell[OURS[0]], peers)}"
        )


def _lost(ours: Sequence[Figure], peers: dict[str, list[Figure]]) -> str:
    """On how many data sets, and on which problems, another method is better."""
    better: dict[str, set[str]] = {}
    for mine in ours:
        for name, theirs in peers.items():
            if any(each.case == mine.case and each.error < mine.error for each in theirs):
                better.setdefault(mine.case, set()).add(name)
    if not better:
        return "no data set lost"
    problems = sorted({f"{case.split()[0]} to {name}" for case, names in better.items() for name in names})
    return f"{len(better)} of {len(ours)} data sets lost: {', '.join(problems)}"


def failures(figures: Sequence[Figure]) -> list[str]:
    """The bars that our shares do not meet."""
    said = []
    for sampler, count in CELLS:
        mine = [each for each in figures if (each.method, each.sampler, each.count) == (OURS[0], sampler, count)]
        if mine and (found := np.mean([each.error for each in mine])) > BARS[sampler, count]:
            said.append(f"error, {sampler} {count}: {found:.3f}")
        if mine and count >= 200 and (found := np.mean([each.inert for each in mine])) > MOST_INERT:
            said.append(f"inert, {sampler} {count}: {found:.3f}")
    return said
