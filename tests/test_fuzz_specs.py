"""Specs that are odd, wrong or nearly right: each makes a plan or is refused in a sentence; nothing else happens."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies import TRIALS, family

from advisor import AdvisorError, Plan, Spec, advise, explain, library, yamlio

NAMES = [
    "", " ", "__class__", "__init__", "small-data", "regimes", "when", "None", "0", "1e-4", "null", "größe", "a.b",
    "lambda", "import", "\N{GRINNING FACE}", "a\nb", "\x00", "x" * 300, "learning_rate", "lr", "random_state",
]  # fmt: skip
NUMBERS = [
    0, 1, -1, 2, 3, 10, 0.5, 0.1, 1e-4, 1e-300, -0.0, 1e300, -1e308, 1.7e308, 2**53 + 1, 2**63, 10**39, 10**400,
    float("nan"), float("inf"),
]  # fmt: skip
ODD = [None, True, False, "", "a", "0.1", "small-data", [], [1], {}, {"a": 1}]

numbers = st.sampled_from(NUMBERS) | st.floats(-100, 100) | st.integers(-100, 100)
values = st.sampled_from([*NUMBERS, *ODD])


def sane(name):
    """Entries that a person could have meant, for a parameter of the family or for one of their own."""
    ends = st.lists(st.floats(0.001, 200) | st.integers(1, 200), min_size=2, max_size=2, unique=True).map(sorted)
    return st.one_of(
        ends.map(lambda pair: {"low": pair[0], "high": pair[1]}),
        ends.map(lambda pair: {"low": pair[0], "high": pair[1], "log": True, "role": "tune"}),
        ends.map(lambda pair: {"low": pair[0], "high": pair[1], "step": 0.5}),
        ends.map(lambda pair: {"low": round(pair[0]), "high": round(pair[1]) + 1, "type": "int", "default": 7}),
        st.lists(st.sampled_from(["a", "b", 1, 2, True, None, 0.5]), min_size=1, max_size=4).map(
            lambda choices: {"choices": choices}
        ),
        st.sampled_from([{}, {"role": "tune"}, {"role": "fixed"}, {"role": "nuisance"}, {"is": name}, {"log": True}]),
        values.map(lambda value: {"value": value}),
        st.sampled_from([name, "mine"]).flatmap(lambda parent: st.just({"low": 0, "high": 1, "when": {parent: 1}})),
    )


KEYS = {
    "is": st.sampled_from(NAMES),
    "type": st.sampled_from(["float", "int", "categorical", "text", 1]),
    "low": values,
    "high": values,
    "log": st.booleans() | values,
    "step": numbers,
    "choices": st.lists(values, max_size=4),
    "ordered": st.booleans(),
    "default": values,
    "value": values,
    "role": st.sampled_from(["tune", "fixed", "nuisance", "important"]),
    "when": st.dictionaries(st.sampled_from(NAMES), values | st.lists(values, max_size=2), max_size=2),
    "\N{GRINNING FACE}": values,
}
wild = st.fixed_dictionaries({}, optional=KEYS) | values

facts = st.one_of(
    st.just({}),
    st.fixed_dictionaries({}, optional={"rows": numbers, "features": numbers, "positive_rate": numbers}),
    st.fixed_dictionaries(
        {}, optional={"rows": st.integers(1, 10**6), "features": st.integers(1, 10**4), "tokens": numbers}
    ),
)
budgets = st.fixed_dictionaries(
    {},
    optional={
        "trials": st.sampled_from(TRIALS) | numbers,
        "parallel": st.sampled_from([1, 3, 100]) | numbers,
        "hours": st.sampled_from([0.5, 10]) | numbers,
        "minutes_per_trial": st.sampled_from([1, 45]) | numbers,
    },
)
operators = st.sampled_from(["<", "<=", "==", "!=", ">", "+", "and", "**", "<= 2 **", "is", "<= x <"])


@st.composite
def spaces(draw, known, *, mostly_sane):
    names = st.sampled_from(known) | st.sampled_from(["mine", "yours"] if mostly_sane else NAMES)
    found = {}
    for name in draw(st.lists(names, max_size=2 if mostly_sane else 4, unique=True)):
        found[name] = draw(sane(draw(st.sampled_from(known))) if mostly_sane else sane(name) | wild)
    return found


@st.composite
def described(draw):
    """A spec as plain data, right, nearly right or wrong."""
    name = draw(st.sampled_from(library.family_names()))
    known = [*family(name).parameters, *(a for p in family(name).parameters.values() for a in p.aliases)]
    mostly_sane = draw(st.booleans())
    names = st.sampled_from([*known, "mine"]) if mostly_sane else st.sampled_from([*known, *NAMES])
    data = {
        "version": 1,
        "model": {"family": name, "parameters": 1e8} | draw(st.sampled_from([{}, {"task": "binary"}, {"task": "x"}])),
        "objective": {"metric": "m", "direction": "minimize"},
        "budget": {"trials": draw(st.sampled_from(TRIALS))} if mostly_sane else draw(budgets),
        "data": {"rows": 500, "features": 20} if mostly_sane else draw(facts),
        "space": draw(spaces(known, mostly_sane=mostly_sane)),
        "fixed": draw(st.dictionaries(names, values, max_size=1 if mostly_sane else 2)),
    }
    if draw(st.booleans()):
        data["scope"] = draw(st.sampled_from(["closed", "open"] if mostly_sane else ["closed", "half"]))
    if draw(st.integers(0, 3)) == 0:
        data["constraints"] = [f"{draw(names)} {draw(operators)} {draw(names | st.sampled_from(['1', '-2.5']))}"]
    if not mostly_sane and draw(st.booleans()):
        data[draw(st.sampled_from(NAMES))] = draw(values)
    return data


def planned(data):
    """The plan, or None where the spec is refused; any other outcome is a failure."""
    try:
        spec = Spec.model_validate(data)
    except ValidationError:
        return None
    try:
        return advise(spec)
    except AdvisorError as error:
        return _refusal(error)


def _refusal(error):
    assert str(error).strip()
    assert error.exit_code in {2, 3}


@settings(max_examples=200)
@given(described())
def test_every_spec_makes_a_plan_or_is_refused(data):
    plan = planned(data)
    if plan is None:
        return
    for text in (yamlio.dump(plan.to_data()), json.dumps(plan.to_data(), ensure_ascii=False)):
        assert Plan.model_validate(yamlio.parse(text).value) == plan
    assert explain(plan)
    assert sum(stage.trials for stage in plan.stages) == plan.budget.trials
    for stage in plan.stages:
        assert {*stage.search, *stage.fixed} >= {*data["space"], *data["fixed"]}
