"""What was learnt, in the format of the knowledge base: a file that is laid over a family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from advisor.knowledge import Parameter
from advisor.learning._figures import Interval
from advisor.learning._learnt import Learnt, LearntParameter, LearntStart
from advisor.learning._rules import rules
from advisor.learning._shrinking import ENOUGH, adapts, short, weight
from advisor.words import counted

_PAIRS: Final = 0.05
"""Share of the variance from which two parameters are searched in the same stage; judgement."""
_UNKNOWN: Final = "The family does not know it; what it is held at stands for a default that nobody gave."
_METHOD: Final = "greedy portfolio over tasks"


def overlay(found: Learnt) -> dict[str, Any]:
    """The file that is laid over the family's, as plain data."""
    key = source_key(found)
    parameters = {name: _parameter(found, name, one, key) for name, one in found.parameters.items()}
    for known in filter(None, found.own.values()):
        parameters.setdefault(known, {})["aliases"] = list(found.family.parameters[known].aliases)
    return {
        "family": found.family.family,
        "title": found.family.title,
        "parameters": parameters,
        "starts": [_start(found, number, start, key) for number, start in enumerate(found.starts, 1)],
        "interactions": list(_interactions(found, key)),
        "rules": rules(found, key),
        "notes": [{"text": _note(found), "sources": [key]}],
        "sources": {key: {"authors": "who ran the trials", "title": found.source, "read": "data computed"}},
    }


def source_key(found: Learnt) -> str:
    """The key under which the trials are cited."""
    words = re.sub(r"[^a-z0-9]+", "-", found.source.lower()).strip("-")[:40].rstrip("-")
    return f"learnt-{words or 'trials'}"


def _parameter(found: Learnt, name: str, one: LearntParameter, key: str) -> dict[str, Any]:
    known = found.family.parameters[name]
    data: dict[str, Any] = _described(known, one) if name in found.own else {}
    if one.search is not None:
        data["search"] = one.search.model_dump(mode="json", exclude_defaults=True)
    if not adapts(known):
        data["start"] = one.start
    if found.tasks >= ENOUGH or known.tunability is None:
        data["tunability"] = {
            "gain": short(max(one.gain.value, 0.0)),
            "unit": found.metric,
            "datasets": found.tasks,
            "source": key,
        }
    if found.tasks >= ENOUGH or known.variance is None:
        data["variance"] = {"share": short(one.share.value), "datasets": found.tasks, "source": key}
    before = known.because if known.default is not None or name not in found.own else _UNKNOWN
    data["because"] = f"{before} {_because(found, known, one)}"
    data["sources"] = [key] if name in found.own else [key, *(source for source in known.sources if source != key)]
    data["confidence"] = found.confidence
    return data


def _described(own: Parameter, one: LearntParameter) -> dict[str, Any]:
    """What a file has to say of a parameter that the family does not know."""
    data = own.model_dump(mode="json", include={"valid", "when", "search"}, exclude_defaults=True)
    return {**data, "default": one.start if own.default is None else own.default, "tier": own.tier}


def _because(found: Learnt, known: Parameter, one: LearntParameter) -> str:
    joined = "" if found.tasks >= ENOUGH else f", joined with what was known ({weight(one.tasks):.0%} learnt)"
    where = " and ".join(_written(known, one)) or "figures only"
    return (
        f"Learnt from {counted(found.tasks, 'task')} and {counted(found.trials, 'trial')}: {where}{joined}; tuning it "
        f"alone gains {shown(one.gain)} {found.metric} in the mean over tasks, and it explains "
        f"{shown(one.share)} of the variance."
    )


def _written(known: Parameter, one: LearntParameter) -> Iterator[str]:
    if one.search is not None:
        yield "range"
    if not adapts(known):
        yield "held value"


def shown(interval: Interval) -> str:
    """The mean and its interval, in few digits."""
    if interval.low is None or interval.high is None:
        return f"{interval.value:.2g}"
    return f"{interval.value:.2g} ({interval.low:.2g} to {interval.high:.2g})"


def _start(found: Learnt, number: int, start: LearntStart, key: str) -> dict[str, Any]:
    first = f"The best single configuration over {counted(found.tasks, 'task')}"
    later = f"The best to try beside the {number - 1} before it, over {counted(found.tasks, 'task')}"
    error = f"normalised error {start.alone:.2f} alone and {start.reached:.2f} with those before it"
    return {
        "values": dict(start.values),
        "because": f"{first if number == 1 else later}: {error} (0 is the best trial of a task, 1 its median).",
        "sources": [key],
        "learnt_from": {"tasks": found.tasks, "method": f"{_METHOD}, {found.trials} trials"},
    }


def _interactions(found: Learnt, key: str) -> Iterator[dict[str, Any]]:
    for pair, share in sorted(found.pairs.items(), key=lambda item: (-item[1].value, item[0])):
        if share.value >= _PAIRS:
            yield {
                "parameters": list(pair),
                "kind": "joint",
                "advice": "same-stage",
                "share": short(share.value),
                "because": f"Together they explain {shown(share)} of the variance beyond what each does by itself, "
                f"in the mean over {counted(found.tasks, 'task')}.",
                "sources": [key],
                "confidence": found.confidence,
            }


def _note(found: Learnt) -> str:
    few = f"; fewer than {ENOUGH}, so that they say little" if found.tasks < ENOUGH else ""
    judged = ""
    if found.judged is not None and found.judged.learnt is not None:
        judged = (
            f" On tasks left out while learning, the best of the starts had the normalised error "
            f"{shown(found.judged.learnt)}, as many random trials {shown(found.judged.random)}."
        )
    return (
        f"Ranges, starts and held values were learnt from {counted(found.tasks, 'task')} with "
        f"{counted(found.trials, 'trial')}{few}.{judged}"
    )
