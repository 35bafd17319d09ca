"""Candidates for rules: figures that change with a fact of the task, beyond luck, and the cases that a rule needs.

Such a rule only tells: over the tasks of one source, what goes with the rows may go with something else. Whoever judges
it on other tasks may give it an effect on the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from advisor.learning._learnt import Learnt
from advisor.learning._trends import Trend


def rules(found: Learnt, key: str) -> list[dict[str, Any]]:
    """The rules, as plain data."""
    return [_rule(found, one, key) for one in _candidates(found)]


def cases(found: Learnt) -> dict[str, Any] | None:
    """The file of cases that see each rule fire and stay silent at its border; None where there are no rules."""
    told = [case for one in _candidates(found) for case in _cases(found, one)]
    if not told:
        return None
    return {
        "family": found.family.family,
        "base": {
            "model": {"family": found.family.family},
            "objective": {"metric": "error", "direction": "minimize"},
            "budget": {"trials": 60},
        },
        "cases": told,
    }


def _candidates(found: Learnt) -> Iterator[Trend]:
    """What stands and has a border; none for a family that requires facts, which cases would have to make up."""
    for one in found.trends:
        if one.stands and one.middle > 1 and not found.family.requires:
            yield one


def _rule(found: Learnt, one: Trend, key: str) -> dict[str, Any]:
    what = "good values are" if one.figure == "value" else "the gain by tuning it is"
    way = "greater" if one.correlation > 0 else "smaller"
    interval = f"rank correlation {one.correlation:.2f}, {one.low:.2f} to {one.high:.2f}, over {one.tasks} tasks"
    text = f"{one.parameter}: {what} {way} where there are more {one.fact} ({interval})."
    return {
        "id": _id(found, one),
        "when": {f"data.{one.fact}": {"ge": one.middle}},
        "then": [{"effect": "note", "text": text}],
        "because": f"Of {one.tasks} tasks, half have {one.middle} {one.fact} or more.",
        "unless": f"It goes with something else that tasks of many {one.fact} had in common; one source says so.",
        "sources": [key],
        "confidence": "low",
    }


def _id(found: Learnt, one: Trend) -> str:
    words = f"{found.family.family} learnt {one.parameter} {one.figure} {one.fact}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _cases(found: Learnt, one: Trend) -> Iterator[dict[str, Any]]:
    name = _id(found, one)
    yield {"name": f"{name}, at its border", "given": {"data": {one.fact: one.middle}}, "fires": [name]}
    yield {"name": f"{name}, below", "given": {"data": {one.fact: one.middle - 1}}, "silent": [name]}
