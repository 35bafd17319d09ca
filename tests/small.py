"""A small knowledge base of one family, so that tests say themselves what is known."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from advisor import Plan, Spec, advise, library, yamlio

SHIPPED = yamlio.read(library.shipped_folder() / "_shared.yaml").value

# The numbers on which tests count, whatever is shipped.
NUMBERS: Mapping[str, Mapping[str, float]] = {
    "what-a-budget-carries": {"trials_per_parameter": 8},
    "stages": {
        "two_from": 16,
        "three_from": 40,
        "first_of_two": 0.35,
        "short_below": 0,
        "early_most_per_parameter": 10,
        "first_of_three": 0.2,
        "second_of_three": 0.35,
        "tiers_apart": 1,
    },
}

SHARED: Mapping[str, Any] = {
    "version": "1",
    "regimes": {name: SHIPPED["regimes"][name] | {"sources": ["judgement"]} for name in ("small-data", "noisy")},
    "policies": {
        name: policy | {"sources": ["judgement"], "values": policy["values"] | NUMBERS.get(name, {})}
        for name, policy in SHIPPED["policies"].items()
    },
    "sources": {"paper": {"authors": "A. Author", "year": 2020, "title": "On Trees", "read": "full text"}},
}


def parameter(**changes: Any) -> dict[str, Any]:
    """A real number from 0 to 1, advised from 0.1 to 0.9."""
    return {
        "valid": {"type": "float", "low": 0, "high": 1},
        "search": {"low": 0.1, "high": 0.9},
        "default": 0.5,
        "tier": "important",
        "because": "It matters.",
        "sources": ["paper"],
        "confidence": "low",
    } | changes


def family(**changes: Any) -> dict[str, Any]:
    """Five parameters, one of each kind."""
    return {
        "family": "toy",
        "title": "Toy",
        "estimators": ["toys.Toy"],
        "parameters": {
            "rate": parameter(
                aliases=["lr", "eta"],
                valid={"type": "float", "low": 0, "low_open": True},
                search={"low": 0.001, "high": 1.0, "log": True},
                default=0.1,
                tier="critical",
            ),
            "share": parameter(),
            "depth": parameter(
                valid={"type": "int"},
                search={"low": 2, "high": 12},
                default=-1,
                acts_as=12,
                default_outside="No limit is written as -1.",
            ),
            "kind": parameter(
                valid={"type": "categorical", "choices": ["plain", "fancy", "odd"]},
                search={"choices": ["plain", "fancy"]},
                default="plain",
                tier="minor",
            ),
            "frill": parameter(when={"kind": "fancy"}, tier="minor"),
            "count": parameter(
                valid={"type": "int", "low": 1},
                search={"low": 10, "high": 1000, "log": True},
                default=100,
                tier="fixed",
            ),
        },
    } | deepcopy(changes)


def rule(name: str, *then: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A rule that always applies."""
    return {
        "id": name,
        "when": {},
        "then": list(then),
        "because": f"{name} says so.",
        "sources": ["judgement"],
        "confidence": "low",
    } | changes


def effect(kind: str, parameter: str = "share", **changes: Any) -> dict[str, Any]:
    """One effect of a rule."""
    return {"effect": kind, "parameter": parameter, **changes}


def write(folder: Path, **files: Any) -> Path:
    """Write files of a knowledge folder, by their names without ending; a leading underscore is kept."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        text = data if isinstance(data, str) else yamlio.dump(data)
        (folder / f"{name.replace('_test', '.test')}.yaml").write_text(text, "utf-8")
    return folder


def spec(**changes: Any) -> Spec:
    """A spec for the small family, of sixty trials."""
    data = {
        "version": 1,
        "model": {"family": "toy"},
        "objective": {"metric": "loss", "direction": "minimize"},
        "budget": {"trials": 60},
    }
    return Spec.model_validate(data | changes)


def plan(**changes: Any) -> Plan:
    """The plan for ``spec``."""
    return advise(spec(**changes))


def found(made: Plan, name: str) -> Any:
    """What the last stage says of a parameter."""
    last = made.stages[-1]
    return last.search.get(name) or last.fixed[name]


def begun(made: Plan, name: str) -> Any:
    """What the first stage that searches a parameter says of it, or the last if none does."""
    return next((stage.search[name] for stage in made.stages if name in stage.search), made.stages[-1].fixed.get(name))


def notes(made: Plan) -> str:
    """All notes of a plan."""
    return "\n".join(note.text for note in made.notes)
