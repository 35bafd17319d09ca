"""Which rule of choosing the winner holds on rows that were never searched on, and how far gains are corrected rightly.

    python benchmarks/optimism.py --record DIR [--family svm] [--tables 24]
    python benchmarks/optimism.py --trials DIR

Recording trains for hours: see ``optimism_recording.py``. Comparing takes a minute: it reads ``optimism_*.csv``, and
``pool_*.csv`` of random configurations on training parts of at most 600 rows, as benchmarks of real training write
them. Rules choose among the same trials; the error on rows held back, minus that of the library's default, is averaged
over tables with a 95 % interval, on half of the tables for choosing a rule and on the other half for the report.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from optimism_recording import DATA, record
from optimism_trials import Search, searches

from advisor import optimism
from advisor.importance.gaussian_process import fit
from advisor.importance.table import Table, tabulate
from advisor.space import Choice, Domain, Numeric

NEIGHBOURS = 5


# Rules

Rule = Callable[[Search], int]


def best(search: Search) -> int:
    """The best value."""
    return search.order[0]


def default_within(errors: float) -> Rule:
    """The default, unless the best is better by so many standard errors of a difference."""
    return lambda search: best(search) if _gain(search, best(search)) > errors * math.sqrt(2) * search.own else 0


def unless_lucky(search: Search) -> int:
    """The default, unless the best is better by more than luck."""
    luck = search.own * optimism.expected_maximum(len(search.errors))
    return best(search) if _gain(search, best(search)) > luck else 0


def nearest_to_default(search: Search) -> int:
    """Of the trials within a standard error of the best, the one nearest to the default."""
    near = _distances(search)[0]
    return min(_tied(search), key=lambda place: float(near[place]))


def best_neighbourhood(search: Search) -> int:
    """Of the trials within a standard error of the best, the one whose nearest trials are best on average."""
    apart = _distances(search)

    def mean(place: int) -> float:
        return float(search.errors[np.argsort(apart[place], kind="stable")[:NEIGHBOURS]].mean())

    return min(_tied(search), key=mean)


def smoothed(search: Search) -> int:
    """The best mean of a Gaussian process, which sees errors worse than the median as the median."""
    table = _table(search)
    scores = np.minimum(search.errors, np.median(search.errors))
    return int(fit(table, scores).predict(table.units).argmin()) if np.ptp(scores) else best(search)


def repeated(finalists: int, repeats: int, *, with_default: bool = False, unless: float = 0.0) -> Rule:
    """The best mean over fresh folds, the default perhaps among them, or preferred by some standard errors."""

    def rule(search: Search) -> int:
        def mean(place: int) -> float:
            return statistics.fmean(search.again[place][:repeats])

        winner = min([*search.order[:finalists], *([0] if with_default else [])], key=mean)
        return winner if not unless or mean(0) - mean(winner) > unless * math.sqrt(2) * search.own else 0

    return rule


RULES: Mapping[str, Rule] = {
    "best value": best,
    "default unless better by 0.5 errors": default_within(0.5),
    "default unless better by 1 error": default_within(1),
    "default unless better than luck": unless_lucky,
}
IN_SPACE: Mapping[str, Rule] = {
    "nearest to the default within 1 error": nearest_to_default,
    "best neighbourhood within 1 error": best_neighbourhood,
    "best smoothed value": smoothed,
}
AGAIN: Mapping[str, Rule] = {
    "3 finalists, 3 fresh": repeated(3, 3),
    "3 finalists, 5 fresh": repeated(3, 5),
    "5 finalists, 5 fresh": repeated(5, 5),
    "3 finalists and the default, 3 fresh": repeated(3, 3, with_default=True),
    "3 finalists and the default, 5 fresh": repeated(3, 5, with_default=True),
    "3 finalists, 3 fresh, default unless better by 0.5 errors": repeated(3, 3, unless=0.5),
    "3 finalists, 5 fresh, default unless better by 0.5 errors": repeated(3, 5, unless=0.5),
    "3 finalists, 5 fresh, default unless better by 1 error": repeated(3, 5, unless=1),
}


def _gain(search: Search, place: int) -> float:
    return float(search.errors[0] - search.errors[place])


def _tied(search: Search) -> list[int]:
    return [place for place in search.order if search.errors[place] <= search.errors.min() + math.sqrt(2) * search.own]


def _table(search: Search) -> Table:
    names = sorted({name for config in search.configs for name in config})
    columns = {name: [config[name] for config in search.configs if name in config] for name in names}
    return tabulate(search.configs, {name: _domain(values) for name, values in columns.items()})


def _domain(values: Sequence[Any]) -> Domain:
    """Where values lie; a range over more than two powers of ten is taken for logarithmic."""
    if isinstance(values[0], str | bool):
        return Choice(choices=tuple(sorted(set(values))))
    low, high = min(values), max(values)
    return Numeric(low=low, high=high, log=low > 0 and high / low > 100)


def _distances(search: Search) -> NDArray[np.float64]:
    table = _table(search)
    units = np.nan_to_num(table.units, nan=0.5)
    apart = np.abs(units[:, None] - units[None])
    categorical = [axis.categorical for axis in table.axes]
    apart[:, :, categorical] = apart[:, :, categorical] > 0
    distances: NDArray[np.float64] = apart.sum(axis=2)
    return distances


# Tables


def is_for_choosing(search: Search) -> bool:
    """Whether a rule may be chosen by this table."""
    return hashlib.sha256(search.table.encode()).digest()[0] % 2 == 0


def print_rules(title: str, found: Sequence[Search]) -> None:
    """The error on rows held back of each rule, minus that of the default."""
    whole = all(search.again[search.order[0]] for search in found)
    rules = {**RULES, **(IN_SPACE | AGAIN if whole else {})}
    print(f"\n### {title}: {len(found)} tables\n")
    print("| rule | held-back error - default's | share of it | better | worse | held-back error - best value's |")
    print("| --- | --- | --- | --- | --- | --- |")
    first = np.array([search.held[best(search)] for search in found])
    for name, rule in rules.items():
        held = np.array([search.held[rule(search)] for search in found])
        change = held - [search.held[0] for search in found]
        share = change / np.maximum([search.held[0] for search in found], 0.01)
        cells = (f"{change.mean():+.4f} ± {_half(change):.4f}", f"{share.mean():+.3f} ± {_half(share):.3f}")
        signs = f"{np.mean(change < 0):.2f} | {np.mean(change > 0):.2f}"
        print(f"| {name} | {' | '.join(cells)} | {signs} | {(held - first).mean():+.4f} ± {_half(held - first):.4f} |")


def _half(values: NDArray[np.float64]) -> float:
    """Half of a 95 % interval of a mean."""
    return 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf


class Gain(NamedTuple):
    """What a winner seems to gain, what it gains on rows held back, and what of it would be luck."""

    seeming: float
    true: float
    luck: float
    difference: float
    held_error: float

    @property
    def left(self) -> float:
        """The gain without luck."""
        return optimism.corrected(self.seeming, self.luck, self.difference).gain


def gain_of_best(search: Search) -> Gain:
    """That of the best value."""
    place, measured = best(search), optimism.measured(search.own)
    assert measured is not None  # noqa: S101 - an error is known
    return _gain_at(search, place, _gain(search, place), measured, 1)


def gain_of_confirmed(search: Search, repeats: int = 3) -> Gain:
    """That of the best of three finalists and the default by fresh folds."""
    place = repeated(3, repeats, with_default=True)(search)
    again = [search.again[each][:repeats] for each in {0, *search.order[:3]}]
    spread = math.sqrt(statistics.fmean(statistics.variance(values) for values in again))
    measured = optimism.measured(search.own, spread, repeats)
    assert measured is not None  # noqa: S101 - as above
    seeming = statistics.fmean(search.again[0][:repeats]) - statistics.fmean(search.again[place][:repeats])
    return _gain_at(search, place, seeming, measured, len(again))


def _gain_at(search: Search, place: int, seeming: float, measured: optimism.Measurement, finalists: int) -> Gain:
    return Gain(
        seeming=seeming,
        true=float(search.held[0] - search.held[place]),
        luck=measured.luck(len(search.errors), finalists),
        difference=measured.difference,
        held_error=_error_of_held(search),
    )


def print_gains(title: str, gains: Sequence[Gain]) -> None:
    """How far what the winner seems to gain is from what it gains on rows held back."""
    true = np.array([gain.true for gain in gains])
    print(f"\n### {title}: {len(gains)} tables; on rows held back {true.mean():.4f} ± {_half(true):.4f}\n")
    print("| gain | mean | minus the true one, in errors of a difference | root mean square | 95 % interval holds it |")
    print("| --- | --- | --- | --- | --- |")
    error = np.array([gain.difference for gain in gains])
    wide = 1.96 * np.hypot(error, [gain.held_error for gain in gains])
    seeming, left = np.array([gain.seeming for gain in gains]), np.array([gain.left for gain in gains])
    for name, values in {"as measured": seeming, "without luck": left, "none": np.zeros(len(gains))}.items():
        away = (values - true) / error
        print(
            f"| {name} | {values.mean():.4f} | {away.mean():+.2f} ± {_half(away):.2f} "
            f"| {math.sqrt((away**2).mean()):.2f} | {np.mean(np.abs(values - true) <= wide):.2f} |"
        )


def _error_of_held(search: Search) -> float:
    """The standard error of a difference on the rows held back."""
    error = optimism.standard_error("error", float(search.held[0]), search.held_rows)
    return 0.0 if error is None else math.sqrt(2) * optimism.own_part(error)


def print_carried(title: str, found: Sequence[Search]) -> None:
    """What the best of so many trials seems to gain and gains, by how many trials the rows carry."""
    print(f"\n### {title}: gains of the best of so many trials as a share of the default's error: seeming, held back\n")
    print("| rows carry | tables | 10 trials | 30 trials | all |\n| --- | --- | --- | --- | --- |")
    for name, low, high in (("less than 10", 0.0, 10.0), ("10 to 100", 10.0, 100.0), ("100 or more", 100.0, math.inf)):
        part = [search for search in found if low <= _carried(search) < high]
        if part:
            cells = (_shares(part, count) for count in (10, 30, None))
            print(f"| {name} trials | {len(part)} | {' | '.join(cells)} |")


def _carried(search: Search) -> float:
    return optimism.trials_carried(0.1 * float(search.errors[0]), search.own)


def _shares(found: Sequence[Search], count: int | None) -> str:
    """The mean gain of the best of the first trials by cross-validation, and on rows held back."""
    places = [int(search.errors[:count].argmin()) for search in found]
    bars = [(max(search.errors[0], 0.01), max(search.held[0], 0.01)) for search in found]
    seeming = [_gain(s, place) / bar for s, place, (bar, _) in zip(found, places, bars, strict=True)]
    held = [(s.held[0] - s.held[place]) / bar for s, place, (_, bar) in zip(found, places, bars, strict=True)]
    return f"{np.mean(seeming):.2f}, {np.mean(held):.2f} ± {_half(np.array(held)):.2f}"


def compare(folder: Path) -> None:
    """Print all tables."""
    found = searches(folder)
    groups = {"all searches by TPE": [search for search in found if search.family.endswith("TPE")]}
    groups |= {family: [s for s in found if s.family == family] for family in sorted({s.family for s in found})}
    for family, of_family in groups.items():
        print_gains(f"{family}, best value", [gain_of_best(search) for search in of_family])
        again = [search for search in of_family if search.again[0]]
        if again:
            print_gains(f"{family}, confirmed", [gain_of_confirmed(search) for search in again])
        print_carried(family, of_family)
        for title, part in (("choosing", True), ("report", False)):
            half = [search for search in of_family if is_for_choosing(search) == part]
            if half:
                print_rules(f"{family}, {title}", half)


def main() -> None:
    """Record, or compare the rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--trials", type=Path)
    parser.add_argument("--family", choices=["svm", "lightgbm", "decision-tree"], default="svm")
    parser.add_argument("--tables", type=int, default=24)
    given = parser.parse_args()
    if given.record and not (DATA / "realtraining.py").exists():
        print(f"skipped: {DATA} has no realtraining.py; name its folder in ADVISOR_BENCH_DATA")
    elif given.record:
        record(given.record, given.family, given.tables)
    elif given.trials and any(given.trials.glob("optimism_*.csv")):
        compare(given.trials)
    else:
        print("skipped: no trials; record them with --record DIR, then name the folder with --trials DIR")


if __name__ == "__main__":
    main()
