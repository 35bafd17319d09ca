"""Random specs over every family that is shipped, for laws that must hold of all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from advisor import binding, engine, library
from advisor.bounds import FactBound
from advisor.knowledge import Family, Parameter
from advisor.plan import Plan
from advisor.spec import Spec

TRIALS = (1, 2, 3, 7, 10, 16, 30, 40, 100, 1000, 100_000)
OWN_NAMES = ("mine", "My-Knob", "x_1", "größe", "def", "a.b")
OWN_ENTRIES: tuple[Mapping[str, Any], ...] = (
    {"low": 0.0, "high": 1.0},
    {"low": 1, "high": 9},
    {"low": 1, "high": 9, "step": 2},
    {"low": -3.5, "high": 3.5, "step": 0.5},
    {"low": 1e-6, "high": 1.0, "log": True, "default": 0.001},
    {"low": 2, "high": 512, "log": True, "role": "nuisance"},
    {"choices": ["a", "b", "c"]},
    {"choices": [0, False, None, 1, True]},
    {"choices": [1, 2, 4], "ordered": True, "role": "tune"},
    {"value": 0},
    {"value": False},
    {"low": 0, "high": 1, "role": "fixed"},
)


@cache
def family(name: str) -> Family:
    """A family of the shipped knowledge base."""
    return library.load(name).family


@st.composite
def facts(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """What a spec says beside its space; each optional part is there or not."""
    name = draw(st.sampled_from(library.family_names()))
    task = draw(st.sampled_from(sorted({task for e in family(name).models for task in e.tasks}) or [None]))
    model = {"family": name, "task": task if draw(st.booleans()) else None}
    model["parameters"] = draw(st.none() | st.sampled_from([1e4, 1.25e8, 7e9]))
    data = {
        "rows": draw(st.none() | st.sampled_from([1, 2, 50, 255, 999, 1000, 48_000, 10**7])),
        "features": draw(st.none() | st.sampled_from([1, 3, 20, 120, 20_000])),
        "positive_rate": draw(st.none() | st.sampled_from([0.0, 0.001, 0.03, 0.5])),
        "tokens": draw(st.none() | st.sampled_from([1e6, 1e10])),
    }
    objective = {"metric": "m", "direction": draw(st.sampled_from(["minimize", "maximize"]))}
    objective |= {"noise": draw(st.none() | st.sampled_from([0, 0.004, 1.0]))}
    attainable = 0.802 if objective["direction"] == "maximize" else 0.798
    objective |= draw(st.sampled_from([{}, {"default_value": 0.8, "attainable": attainable}]))
    return {"model": _given(model), "data": _given(data) | _required(name), "objective": _given(objective)}


def _given(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value is not None}


def _required(name: str) -> dict[str, Any]:
    return {fact.removeprefix("data."): 5000 for fact in family(name).requires if fact.startswith("data.")}


@st.composite
def budgets(draw: st.DrawFn) -> dict[str, Any]:
    """Trials, parallel places and hours, from one trial to a hundred thousand."""
    budget: dict[str, Any] = {"trials": draw(st.none() | st.sampled_from(TRIALS))}
    budget["parallel"] = draw(st.none() | st.sampled_from([1, 2, 7, 64, 100_000]))
    if draw(st.booleans()):
        budget |= {
            "hours": draw(st.sampled_from([0.01, 12, 1000])),
            "minutes_per_trial": draw(st.sampled_from([1, 90])),
        }
    return _given(budget)


@st.composite
def entries(draw: st.DrawFn, parameter: Parameter) -> dict[str, Any]:
    """What a person may say of a parameter that is known: a range, choices, a value, a default, a role."""
    search = parameter.search
    has_ends = search is not None and not isinstance(search.low, FactBound) and not isinstance(search.high, FactBound)
    kinds = ["value", *(["role"] if has_ends else [])]
    kinds += ["choices"] if parameter.valid.choices else ["range", "range", "one end", "list"]
    match draw(st.sampled_from(kinds)):
        case "value":
            return {"value": parameter.default}
        case "role":
            return {"role": draw(st.sampled_from(["tune", "nuisance", "fixed"]))}
        case "choices":
            choices = draw(st.lists(st.sampled_from(parameter.valid.choices or ()), min_size=1, unique_by=repr))
            return {"choices": choices} | draw(st.sampled_from([{}, {"role": "tune"}]))
        case kind:
            low, high = sorted(draw(st.lists(_numbers(parameter), min_size=2, max_size=2, unique=True)))
            if kind == "list":
                return {"choices": [low, high]}
            if kind == "one end" and search is not None:
                ends = {"low": search.low, "high": search.high}
                given = {end: number for end, number in ends.items() if isinstance(number, int | float)}
                return dict([draw(st.sampled_from(sorted(given.items())))]) if given else {}
            entry = {"low": low, "high": high} | draw(st.sampled_from([{}, {"role": "tune"}, {"role": "fixed"}]))
            return entry | ({"log": draw(st.booleans())} if low > 0 else {})


def _numbers(parameter: Parameter) -> st.SearchStrategy[float]:
    """Legal numbers in and around the advised range, close together near its lower end."""
    valid, search = parameter.valid, parameter.search
    ends = [float(end) for end in (search.low, search.high) if isinstance(end, int | float)] if search else []
    low = valid.low if valid.low is not None else min([*ends, 0.0]) - 1
    high = valid.high if valid.high is not None else max([*ends, low, 1.0]) * 4
    shares = [0.0, 1e-6, 1e-4, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0]
    points = [float(f"{low + share * (high - low):.3g}") for share in shares]
    if valid.type == "int":
        points = [*map(round, points), math.ceil(low) + 1, math.ceil(low) + 2]
    return st.sampled_from(sorted({point for point in points if valid.accepts(point)}))


@st.composite
def spaces(draw: st.DrawFn, name: str, known: list[str]) -> dict[str, dict[str, Any]]:
    """Entries for some parameters of the family, under own names or not, and for some of the person's own."""
    space: dict[str, dict[str, Any]] = {}
    for parameter in draw(st.lists(st.sampled_from(known), max_size=4, unique=True)):
        entry = draw(entries(family(name).parameters[parameter]))
        own = draw(st.booleans())
        space[f"own_{parameter}" if own else parameter] = entry | ({"is": parameter} if own else {})
    for own in draw(st.lists(st.sampled_from(OWN_NAMES), max_size=2, unique=True)):
        space[own] = dict(draw(st.sampled_from(OWN_ENTRIES)))
    return space


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """A spec that is valid by itself; only its constraints and its family may still refuse it."""
    found: dict[str, Any] = draw(facts())
    name = found["model"]["family"]
    estimator = binding.estimator_for(Spec.model_validate({"version": 1, **found}), family(name))
    known = list(dict.fromkeys(binding.meanings(family(name), estimator).values()))
    space = draw(spaces(name, known))
    free = [n for n in known if not _is_spoken_of(n, space)]
    names = draw(st.lists(st.sampled_from(free), max_size=2, unique=True)) if free else []
    fixed = {n: family(name).parameters[n].default for n in names}
    scope = draw(st.sampled_from(["open", "open", "closed"])) if space or fixed else "open"
    return Spec.model_validate(
        {"version": 1, **found, "budget": draw(budgets()), "space": space, "fixed": fixed, "scope": scope}
    )


def _is_spoken_of(name: str, space: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(name in {own, entry.get("is")} for own, entry in space.items())


@st.composite
def planned(draw: st.DrawFn) -> tuple[Spec, Plan]:
    """A spec and its plan."""
    spec = draw(specs())
    return spec, engine.advise(spec)


def plans() -> st.SearchStrategy[Plan]:
    """Plans of every shape."""
    return planned().map(lambda pair: pair[1])
