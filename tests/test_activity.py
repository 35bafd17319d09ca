"""On which searched parameters another depends, in a stage."""

from __future__ import annotations

import pytest
import small

pytestmark = pytest.mark.usefixtures("toy")

TUNED = {"role": "tune"}


def when(made, name="frill"):
    return small.found(made, name).when


@pytest.mark.parametrize(
    ("choices", "wanted", "left"),
    [
        (["plain", "fancy"], "fancy", {"kind": "fancy"}),
        (["plain", "fancy"], ["plain", "fancy"], None),
        (["plain", "fancy"], ["fancy", "odd", "plain"], None),
        (["plain", "fancy", "odd"], ["fancy", "plain"], {"kind": ("fancy", "plain")}),
    ],
)
def test_a_condition_that_always_holds_is_not_written(toy, choices, wanted, left):
    parameters = small.family()["parameters"]
    parameters["kind"]["search"]["choices"] = choices
    parameters["frill"]["when"] = {"kind": wanted}
    toy(parameters=parameters)
    made = small.plan(space={"kind": TUNED, "frill": TUNED}, budget={"trials": 400})
    assert when(made) == left


@pytest.mark.parametrize(("wanted", "left"), [([2, 3, 4], None), ([2, 3], {"depth": (2, 3)}), (3, {"depth": 3})])
def test_a_condition_on_whole_numbers_that_always_holds_is_not_written(wanted, left):
    space = {"depth": {"low": 2, "high": 4} | TUNED, "mine": {"low": 0, "high": 1, "when": {"depth": wanted}}}
    assert when(small.plan(space=space, budget={"trials": 400}), "mine") == left


def test_what_the_parent_itself_depends_on_is_kept(toy):
    parameters = small.family()["parameters"]
    parameters["knob"] = small.parameter(
        valid={"type": "categorical", "choices": [1, 2]}, search={"choices": [1, 2]}, default=1, when={"kind": "fancy"}
    )
    parameters["frill"]["when"] = {"knob": [1, 2]}
    toy(parameters=parameters)
    made = small.plan(space=dict.fromkeys(("kind", "knob", "frill"), TUNED), budget={"trials": 400})
    assert when(made) == {"kind": "fancy"}
