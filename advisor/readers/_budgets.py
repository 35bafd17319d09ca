"""One trial of each configuration that was evaluated with several budgets, such as epochs, rows or seeds.

Figures at different budgets do not compare. So a configuration is complete if it reached the greatest budget of the
file, where several evaluations count with their mean; one that was ended before that is pruned, and its figures are
values on the way.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from advisor.readers._log import Record


class Evaluation(NamedTuple):
    """A configuration at one budget; the budget is 0 where there is only one."""

    configuration: Hashable
    budget: float
    record: Record


def merged(evaluations: Iterable[Evaluation], budget: str) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """One record a configuration, in the order in which they began, and what was done, in sentences.

    Args:
        evaluations: In any order of their budgets.
        budget: What the budget is called.
    """
    groups: dict[Hashable, list[Evaluation]] = {}
    for evaluation in evaluations:
        groups.setdefault(evaluation.configuration, []).append(evaluation)
    most = max((one.budget for group in groups.values() for one in group), default=0.0)
    several = len({one.budget for group in groups.values() for one in group}) > 1
    records = tuple(_merged(group, most if several else None, budget) for group in groups.values())
    remarks = []
    if several:
        ended = sum(record.state == "pruned" for record in records)
        remarks.append(
            f"{sum(map(len, groups.values()))} evaluations of {len(groups)} configurations with a growing {budget}: "
            f"values at {budget} {most:g} count" + (f", and the {ended} that ended before are pruned" if ended else "")
        )
    elif any(len(group) > 1 for group in groups.values()):
        remarks.append("of configurations that were evaluated several times the mean counts")
    return records, tuple(remarks)


def _merged(group: Sequence[Evaluation], most: float | None, budget: str) -> Record:
    """One record of a configuration; without the greatest budget, where there is only one."""
    ordered = sorted(group, key=lambda one: one.budget)
    reached = ordered[-1].budget
    last = [one.record for one in ordered if one.budget == reached]
    usable = [record for record in last if record.state == "complete"] or last
    names = dict.fromkeys(name for one in ordered for name in one.record.metrics)
    own = dict(ordered[0].record.reported) if len(ordered) == 1 else {}
    on_the_way = {} if most is None else {name: _on_the_way(name, ordered) for name in names}
    means = {name: _mean([record.metrics[name] for record in usable if name in record.metrics]) for name in names}
    record = replace(
        usable[0],
        metrics={name: mean for name, mean in means.items() if mean is not None},
        reported={name: tuple(way.values()) for name, way in on_the_way.items()} | own,
        steps={name: tuple(way) for name, way in on_the_way.items() if name not in own},
        seconds=sum(one.record.seconds for one in ordered),
    )
    if record.state == "complete" and most is not None and reached < most:
        return replace(record, state="pruned", reason=f"ended at {budget} {reached:g} of {most:g}")
    return record


def _on_the_way(name: str, ordered: Iterable[Evaluation]) -> dict[float, float]:
    """The figure at each budget; of several evaluations with the same one their mean."""
    found: dict[float, list[float]] = {}
    for one in ordered:
        if name in one.record.metrics:
            found.setdefault(one.budget, []).append(one.record.metrics[name])
    return {budget: mean for budget, values in found.items() if (mean := _mean(values)) is not None}


def _mean(values: Sequence[float]) -> float | None:
    if not values:
        return None
    return sum(value / len(values) for value in values) if all(map(math.isfinite, values)) else values[0]
