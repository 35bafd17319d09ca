"""Random plans of every shape that a plan may have, for laws that must hold of every exporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from advisor import constraints
from advisor.plan import Plan, Searched
from advisor.space import Choice, Domain, Numeric, Value, clip, same

NAMES = (
    "rate",
    "learning_rate",
    "epochs",
    "max-depth",
    "a.b",
    "opt/rate",
    "größe",
    "class",
    "two words",
    "n_layers",
    "x_1",
    "it's",
    'a "b"',
    "_state",
    "lambda",
)
SCALARS: tuple[Value, ...] = (
    None, False, True, 0, 1, 7, -2, 0.0, 0.5, 1e-07, 1e22, "", "None", "true", "1", "rbf", "it's", 'say "hi"',
    "a\\b", "größe", "two\nlines", "{x}", "${x}", "#1", "%s",
)  # fmt: skip
REASONS = ("It matters most.", "Nobody\nknows 'why' or \"how\".", "# {0} % \\n größe")
MOST_PARENTS = 2

_Entry = Mapping[str, Any]


def _tagged(value: Value) -> tuple[bool, Value]:
    """What tells values apart as plans do: ``True`` is not ``1``."""
    return isinstance(value, bool), value


@st.composite
def _numbers(draw: st.DrawFn, *, integer: bool) -> _Entry:
    low = draw(st.sampled_from([-3, 0, 1, 2, 16] if integer else [-2.5, 0, 0.0, 1e-07, 0.001, 0.1, 1, 1.5]))
    width = draw(st.sampled_from([1, 3, 8, 63, 1000, 10**6] if integer else [0.25, 1, 9.5, 1000]))
    entry: dict[str, Any] = {"type": "int" if integer else "float", "low": low, "high": low + width}
    entry |= {"log": True} if low > 0 and draw(st.booleans()) else {}
    steps = [step for step in ([1, 2, 5] if integer else [0.1, 0.25, 0.3, 2.0]) if step <= width]
    return entry | ({"step": draw(st.sampled_from(steps))} if steps and draw(st.booleans()) else {})


@st.composite
def _choices(draw: st.DrawFn) -> _Entry:
    if draw(st.booleans()):
        numbers = draw(st.lists(st.sampled_from([1, 2, 8, 64, 0.5, 1e-07]), min_size=2, max_size=4, unique=True))
        return {"type": "categorical", "choices": sorted(numbers), "ordered": True}
    scalars = st.sampled_from(SCALARS)
    choices = draw(st.lists(scalars, min_size=1, max_size=5, unique_by=_tagged))
    return {"type": "categorical", "choices": choices} | draw(st.sampled_from([{}, {"ordered": False}]))


DOMAINS = st.one_of(_numbers(integer=False), _numbers(integer=True), _choices())


def _domain(entry: _Entry) -> Domain:
    return Searched.model_validate({**entry, "tier": "minor"}).domain


def _values(domain: Domain) -> st.SearchStrategy[Value]:
    """Values that a search of the domain can propose; the ends among them."""
    if isinstance(domain, Choice):
        return st.sampled_from(domain.choices)
    ends = (domain.low, domain.low + (domain.high - domain.low) / 3, domain.high)
    return st.sampled_from([clip(domain, end) for end in ends])


@st.composite
def _parameters(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """For each name its domain, the values it may be held at, its conditions and what is said of it."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    known: dict[str, dict[str, Any]] = {}
    for name in names:
        domain = _domain(entry := draw(DOMAINS))
        told: dict[str, Any] = {"tier": draw(st.sampled_from(["critical", "important", "minor"]))}
        told |= draw(st.sampled_from([{}, {"argument": f"{name}_argument", "is": f"canonical {name}"}]))
        told["why"] = draw(st.lists(st.sampled_from(REASONS), max_size=2))
        if known and (when := draw(_conditions(known))):
            told["when"] = when
        held = draw(_values(domain) | st.sampled_from(SCALARS))
        known[name] = {"entry": entry, "domain": domain, "held": held, "told": told}
    return known


@st.composite
def _conditions(draw: st.DrawFn, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Value | list[Value]]:
    """Values of earlier parameters, at least one of which each can have; often no condition at all."""
    parents = [
        name for name, of in known.items() if not isinstance(of["domain"], Numeric) or of["domain"].integer
    ]  # a real number is hardly ever equal to another
    if not parents or draw(st.booleans()):
        return {}
    found: dict[str, Value | list[Value]] = {}
    for parent in draw(st.lists(st.sampled_from(parents), min_size=1, max_size=MOST_PARENTS, unique=True)):
        of = known[parent]
        values = [draw(_values(of["domain"])), *draw(st.lists(_values(of["domain"]) | st.just(of["held"]), max_size=1))]
        several = len(values) > 1 and not same(*values)
        found[parent] = values if several else values[0]
    return found


@st.composite
def _stage(draw: st.DrawFn, number: int, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    search: dict[str, Any] = {}
    fixed: dict[str, Any] = {}
    for name, of in known.items():
        if not search or draw(st.integers(0, 3)):
            search[name] = {**of["entry"], **of["told"], "default": draw(_values(of["domain"]))}
        else:
            fixed[name] = {**of["told"], "value": of["held"]}
            fixed[name] |= draw(st.sampled_from([{}, {}, {}, {"active": True}, {"active": False}]))
    sampler = {"name": draw(st.sampled_from(["tpe", "gp", "quasi-random", "random"])), "seed": number, "startup": 3}
    sampler |= {"winsorized": True} if sampler["name"] == "gp" and draw(st.booleans()) else {}
    sampler |= {"tpe_every": draw(st.integers(2, 4))} if sampler["name"] == "gp" and draw(st.booleans()) else {}
    stage = {"id": number, "name": f"stage {number}", "trials": draw(st.integers(1, 12)), "sampler": sampler}
    return stage | {"search": search, "fixed": fixed, "narrow": draw(_narrowing(number, search))}


@st.composite
def _narrowing(draw: st.DrawFn, number: int, search: Mapping[str, Any]) -> dict[str, Any]:
    if number == 1 or draw(st.booleans()):
        return {}
    narrow = {"from": draw(st.integers(1, number - 1)), "keep": draw(st.sampled_from([0.35, 1.0]))}
    narrow |= {"at_least": draw(st.integers(1, 5)), "extend_at_edge": draw(st.booleans())}
    return narrow | {"open": draw(st.lists(st.sampled_from(sorted(search)), max_size=2, unique=True))}


@st.composite
def _start(draw: st.DrawFn, stage: _Entry, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    """A configuration that names every active parameter, and sometimes moves one that is held."""
    point: dict[str, Value] = {}
    for name, of in known.items():
        when = {p: v if isinstance(v, list) else [v] for p, v in of["told"].get("when", {}).items()}
        holds = all(p in point and any(same(point[p], value) for value in values) for p, values in when.items())
        if holds and name in stage["search"]:
            point[name] = draw(_values(of["domain"]))
        elif holds and stage["fixed"][name].get("active") is not False:
            point[name] = of["held"]
    held = sorted(point.keys() & stage["fixed"].keys())
    if held and draw(st.booleans()):
        point[draw(st.sampled_from(held))] = draw(st.sampled_from(SCALARS))
    return point


@st.composite
def _constraints(draw: st.DrawFn, known: Mapping[str, Any], points: Sequence[Mapping[str, Value]]) -> list[_Entry]:
    """Relations that every one of the points keeps."""
    numeric = [name for name, of in known.items() if isinstance(of["domain"], Numeric)]
    texts = [f"`{a}` <= 2 * `{b}` + 1" for a in numeric for b in numeric if a != b]
    texts += [f"`{name}` != 'rbf'" for name in known] + [f"`{name}` >= 0 or `{name}` < -1" for name in numeric]
    drawn = draw(st.lists(st.sampled_from(texts), max_size=2, unique=True))
    kept = [text for text in drawn if all(constraints.holds(text, point) for point in points)]
    return [{"expression": text, "why": "It is so."} for text in kept]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan of one to three stages, with everything that an exporter can meet."""
    known = draw(_parameters())
    stages = [draw(_stage(number, known)) for number in range(1, draw(st.integers(1, 3)) + 1)]
    stages[0]["start"] = draw(st.lists(_start(stages[0], known), max_size=3))
    defaults = [{name: searched["default"] for name, searched in stage["search"].items()} for stage in stages]
    pruning = {"advised": True, "on": "epochs", "least_share": 0.1, "from_step": draw(st.integers(1, 5))}
    pruning["method"] = draw(st.sampled_from(["median", "asha"]))
    plan = {
        "version": 1,
        "spec": {"name": draw(st.sampled_from(["made", "two words", "größe"])), "sha256": "0" * 12, "family": "toy"},
        "knowledge": {"version": "1", "sha256": "0" * 12},
        "objective": {
            "metric": draw(st.sampled_from(["auc", "eval/loss", "größe 'q' \"d\""])),
            "direction": draw(st.sampled_from(["minimize", "maximize"])),
        },
        "budget": {"trials": sum(stage["trials"] for stage in stages), "parallel": draw(st.integers(1, 4))},
        "bar": {"note": "None."},
        "stages": stages,
        "constraints": draw(_constraints(known, [*stages[0]["start"], *defaults])),
        "pruning": {**draw(st.sampled_from([pruning, {"advised": False}])), "why": "It is so."},
    }
    if draw(st.booleans()):
        plan["confirm"] = {"finalists": 3, "repeats": 5, "why": "Luck."}
    return Plan.model_validate(plan)
