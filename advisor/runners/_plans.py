"""Whether a run that is there was begun with the plan at hand, and if not, what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from advisor.errors import InvalidFile, Problem
from advisor.plan import Plan
from advisor.trials import Trial

_MOST_SHOWN: Final = 5
_DECIDES: Final = {
    "objective": ("metric", "direction", "noise"),
    "pruning": ("advised", "on", "method", "least_share", "from_step"),
    "confirm": ("finalists", "repeats"),
    "stage": ("trials", "sampler", "start", "narrow"),
    "parameter": ("type", "low", "high", "log", "step", "choices", "when", "limits", "value", "active", "measured"),
}
"""What of each part of a plan decides which configurations are evaluated, and for how long; its reasons do not."""


def essentials(plan: Plan, seed: int, earlier: Sequence[Trial] = ()) -> dict[str, Any]:
    """All that decides which configurations a run evaluates: what a plan says, the seed, and earlier trials."""
    data = plan.to_data()
    return {
        "seed": seed,
        **({"earlier": _digest(earlier)} if earlier else {}),
        **{part: _deciding(part, data.get(part) or {}) for part in ("objective", "pruning", "confirm")},
        "constraints": [constraint.expression for constraint in plan.constraints],
        "stages": {str(stage["id"]): _of_stage(stage) for stage in data["stages"]},
    }


def _digest(trials: Sequence[Trial]) -> str:
    text = json.dumps([[trial.config, trial.value] for trial in trials], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _of_stage(stage: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {
        section: {name: _deciding("parameter", entry) for name, entry in stage.get(section, {}).items()}
        for section in ("search", "fixed")
    }
    return _deciding("stage", stage) | parameters


def _deciding(part: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in _DECIDES[part] if key in data}


def check(begun: Mapping[str, Any], now: Mapping[str, Any], place: str) -> None:
    """Refuse to go on with a run that was begun with another plan; both are what ``essentials`` says of one.

    Raises:
        InvalidFile: The plans differ; it says in what.
    """
    differences = list(_differences(begun, now, ""))
    if not differences:
        return
    shown = [f"  {line}" for line in differences[:_MOST_SHOWN]]
    if len(differences) > _MOST_SHOWN:
        shown.append(f"  and {len(differences) - _MOST_SHOWN} more")
    lines = "\n".join(shown)
    remedy = "begin a new run beside it with --fresh (resume=False), or under another --name"
    if begun.get("earlier") != now.get("earlier"):
        remedy = f"give it the same earlier trials; else {remedy}"
    raise InvalidFile([Problem(sentence=f"the run in {place} was begun with another plan:\n{lines}\n{remedy}")])


def _differences(before: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}" if path else str(key))
    elif before != now or isinstance(before, bool) != isinstance(now, bool):
        yield f"{path}: {_short(before)} before, {_short(now)} now"


def _short(value: Any, most: int = 60) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
