"""Plans of one stage, written as briefly as a test needs them, and the plans of the examples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import advisor
from advisor.plan import Plan

EXAMPLES = {
    path.parent.name: advisor.load_plan(path)
    for path in sorted((Path(__file__).resolve().parent.parent / "examples").glob("*/plan.yaml"))
}

Entries = Mapping[str, Mapping[str, Any]]


def plan(search: Entries, fixed: Entries | None = None, *, sampler: str = "tpe", **more: Any) -> Plan:
    """A plan of ten trials that searches and holds what is given."""
    stage = {
        "id": 1,
        "name": "all",
        "trials": 10,
        "sampler": {"name": sampler, "seed": 7, "startup": 4},
        "search": {name: {"tier": "important", **entry} for name, entry in search.items()},
        "fixed": fixed or {},
    }
    return Plan.model_validate(
        {
            "version": 1,
            "spec": {"name": "made", "sha256": "0" * 12, "family": "toy"},
            "knowledge": {"version": "1", "sha256": "0" * 12},
            "objective": {"metric": "auc", "direction": "maximize"},
            "budget": {"trials": 10, "parallel": 2},
            "bar": {"note": "None."},
            "stages": [stage],
            "pruning": {"advised": False, "why": "No."},
            **more,
        }
    )
