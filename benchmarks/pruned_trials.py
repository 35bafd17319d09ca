"""How far measured importance is from known shares where most trials were ended early.

    python benchmarks/pruned_trials.py [--quick] [--trials 60]

The responses are those of ``known_functions.py``; a trial reports a learning curve of 27 steps that ends there. Curves
fall alike; or faster for some settings; or cross, so that settings that are bad in the end look good at first; or their
spread grows; or half of what is seen early is of another function. Trials are ended by successive halving (the best
third goes on after 1, 3 and 9 steps) or by the median of the others. Printed is the error of shares (total variation,
0 best) where pruned trials are dropped, where their last score counts as it is, and where they count as ``measure``
counts them; and, of all trials run to the end, what could be had at best.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from known_functions import PROBLEMS, Problem, true_indices

from advisor.budgets import at_the_end
from advisor.importance import tabulate
from advisor.importance.gaussian_process import fit
from advisor.importance.sobol import decompose
from advisor.trials import Trial

Floats = np.ndarray[Any, np.dtype[np.float64]]
STEPS: Final = 27
RUNGS: Final = (1, 3, 9)
NOISE: Final = 0.1
NAMES: Final = ("nn", "mixed", "cond", "cliff")
TIMES: Final = np.arange(1, STEPS + 1)
CURVES: Final[Mapping[str, Callable[[Floats, Floats], Floats]]] = {
    "alike": lambda end, _: end + 2 * np.exp(-TIMES / 6),
    "faster for some": lambda end, place: end + 3 * TIMES ** -(0.3 + place),
    "crossing": lambda end, place: end + 2 * np.exp(-TIMES / 6) - 2 * (place - 0.5) * (1 - TIMES / STEPS),
    "growing spread": lambda end, _: end * (1 - 0.7 * np.exp(-TIMES / 8)) + 2 * np.exp(-TIMES / 6),
    "half of another": lambda end, place: np.where(TIMES == STEPS, end, 0.5 * end + 2 * (place - 0.5)),
}
"""Scores on the way, by the score at the end in standard deviations and the place of the first parameter."""


def ended(curves: Floats, pruner: str) -> list[int]:
    """After how many steps each trial ended."""
    found: list[int] = []
    for row, curve in enumerate(curves):
        others = [(one, curves[index]) for index, one in enumerate(found)]
        found.append(next((step for step in range(1, STEPS) if _is_bad(curve, step, others, pruner)), STEPS))
        assert len(found) == row + 1  # noqa: S101 - one each
    return found


def _is_bad(curve: Floats, step: int, others: list[tuple[int, Floats]], pruner: str) -> bool:
    seen = [other[step - 1] for end, other in others if end >= step]
    if pruner == "halving":
        return step in RUNGS and len(seen) > 1 and curve[step - 1] > np.quantile([*seen, curve[step - 1]], 1 / 3)
    return sum(end == STEPS for end, _ in others) >= 5 and step > 2 and curve[:step].min() > np.median(seen)


def errors(of: Problem, kind: str, pruner: str, count: int, seed: int) -> Iterator[tuple[str, float]]:
    """The error of each way to count pruned trials."""
    main, _, deviation = true_indices(of, 2048)
    generator = np.random.default_rng([seed, count])
    configs = of.drawn(count, 5000 + seed)
    ends = (of.scores(configs) - of.scores(of.drawn(2048, 1)).mean()) / deviation
    places = tabulate(configs, of.domains).units[:, 0]
    curves = np.array(
        [CURVES[kind](end, place) for end, place in zip(ends, places / max(places.max(), 1), strict=True)]
    )
    curves += NOISE * generator.normal(size=curves.shape)
    active = [{n: v for n, v in c.items() if _has_effect(of, n, c)} for c in configs]
    lengths = ended(curves, pruner)
    trials = [_trial(*one) for one in zip(active, curves, lengths, strict=True)]
    whole = [trial for trial in trials if trial.state == "complete"]
    last = [trial.having(state="complete", value=trial.reported[-1]) for trial in trials]
    run_on = [_trial(config, curve, STEPS) for config, curve in zip(active, curves, strict=True)]
    counted = [trial for trial in at_the_end(trials, of.domains, of.conditions).trials if trial.state == "complete"]
    ways = {"dropped": whole, "last score": last, "as measured": counted, "all run to the end": run_on}
    for way, used in ways.items():
        yield way, _error(of, used, main)
    yield "share complete", len(whole) / count


def _has_effect(of: Problem, name: str, config: Mapping[str, Any]) -> bool:
    return all(config[parent] == wanted for parent, wanted in of.conditions.get(name, {}).items())


def _trial(config: Mapping[str, Any], curve: Floats, steps: int) -> Trial:
    reported = tuple(curve[:steps].tolist())
    if steps < STEPS:
        return Trial(config=config, state="pruned", reported=reported)
    return Trial(config=config, state="complete", value=reported[-1], reported=reported)


def _error(of: Problem, trials: list[Trial], true: Floats) -> float:
    table = tabulate([trial.config for trial in trials], of.domains, of.conditions)
    shares = dict.fromkeys(of.domains, 0.0)
    if len(trials) > 2 and table.axes:
        found = decompose(fit(table, np.array([trial.value for trial in trials])))
        shares |= dict(zip(table.names, np.maximum(found.main, 0).tolist(), strict=True))
    values = np.array(list(shares.values()))
    values = values / values.sum() if values.sum() > 0 else np.full(len(values), 1 / len(values))
    return float(np.abs(values - true / true.sum()).sum() / 2)


def main() -> None:
    """Measure and print a line for each kind of curves and pruner."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one response and one seed")
    parser.add_argument("--trials", type=int, default=60)
    given = parser.parse_args()
    problems = [each.padded(6) for each in PROBLEMS if each.name in NAMES[: 1 if given.quick else None]]
    rows = []
    for kind, pruner in product(CURVES, ("halving", "median")):
        cases = [(of, seed) for of in problems for seed in range(1 if given.quick else 2)]
        found = [dict(errors(of, kind, pruner, given.trials, seed)) for of, seed in cases]
        mean = {way: float(np.mean([one[way] for one in found])) for way in found[0]}
        rows.append(mean)
        print(f"{kind:16}{pruner:9}" + "".join(f"  {way} {value:.3f}" for way, value in mean.items()), flush=True)
    print(f"{'mean':25}" + "".join(f"  {way} {np.mean([row[way] for row in rows]):.3f}" for way in rows[0]))


if __name__ == "__main__":
    main()
