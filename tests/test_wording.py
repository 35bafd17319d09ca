import pytest
import small

import advisor
from advisor import consistency
from advisor.errors import InvalidFile
from advisor.knowledge import Family, Shared


@pytest.fixture
def _translating(toy):
    """The small family, of which another library calls fancy ``ornate`` and plain ``bare``."""
    parameters = small.family()["parameters"]
    parameters["kind"] |= {"words": {"ornate": "fancy", "bare": "plain"}, "start": "fancy", "tier": "critical"}
    start = {"values": {"kind": "fancy", "rate": 0.2}, "because": "It is good.", "sources": ["paper"]}
    held = small.rule("held", small.effect("set_default", "kind", value="plain"))
    toy(parameters=parameters, starts=[start], rules=[held])


SPACE = {
    "kind": {"choices": ["bare", "ornate"]},
    "frill": {"low": 0.2, "high": 0.8, "when": {"kind": ["ornate"]}, "role": "tune"},
    "rate": {"low": 0.01, "high": 1.0},
}


@pytest.mark.usefixtures("_translating")
def test_advice_speaks_the_words_of_another_library():
    made = small.plan(scope="closed", space=SPACE)
    kind, frill = small.found(made, "kind"), small.found(made, "frill")
    assert (kind.choices, kind.default) == (("bare", "ornate"), "bare")
    assert frill.when == {"kind": "ornate"}
    assert {"kind": "ornate", "rate": 0.2, "frill": 0.5} in [dict(point) for point in made.stages[0].start]
    assert "kind: ornate stands for fancy." in small.notes(made)


def test_a_condition_of_our_libraries_alone_does_not_bind_another_library():
    space = {"replace": {"choices": ["TRUE", "FALSE"]}, "sample.fraction": {"low": 0.1, "high": 1.0}}
    spec = {
        "version": 1,
        "model": {"family": "random-forest"},
        "objective": {"metric": "auc", "direction": "maximize"},
        "budget": {"trials": 30},
        "space": space,
        "scope": "closed",
    }
    ranger = advisor.advise(advisor.Spec.model_validate(spec))
    assert ranger.stages[0].search["sample.fraction"].when is None
    spec["space"]["replace"] = {"choices": [True, False]}
    ours = advisor.advise(advisor.Spec.model_validate(spec))
    assert ours.stages[0].search["sample.fraction"].when == {"replace": True}


@pytest.mark.usefixtures("_translating")
def test_a_value_that_is_held_may_be_a_word_of_another_library():
    made = small.plan(fixed={"kind": "ornate"})
    assert small.found(made, "kind").value == "ornate"
    assert "frill" in made.stages[-1].search


@pytest.mark.usefixtures("_translating")
def test_configurations_come_back_in_the_words_of_the_spec():
    pytest.importorskip("optuna")
    made = small.plan(scope="closed", space=SPACE, budget={"trials": 10})
    result = advisor.run(made, lambda config: config["rate"] + (config["kind"] == "bare"), confirm=False)
    assert {trial.config["kind"] for trial in result.trials} <= {"bare", "ornate"}
    assert result.best is not None
    assert result.best.config["kind"] == "ornate"


@pytest.mark.usefixtures("_translating")
def test_once_a_class_is_named_only_its_own_words_are_legal():
    with pytest.raises(InvalidFile, match="none of the choices is legal"):
        small.plan(model={"estimator": "toys.Toy"}, space={"kind": {"choices": ["bare", "ornate"]}})


@pytest.mark.usefixtures("_translating")
def test_a_word_is_not_translated_beside_the_one_that_it_stands_for():
    made = small.plan(space={"kind": {"choices": ["plain", "fancy", "ornate"]}})
    assert small.found(made, "kind").choices == ("plain", "fancy")


@pytest.mark.usefixtures("_translating")
def test_an_existing_space_keeps_choices_that_nobody_here_knows():
    space = {**SPACE, "kind": {"choices": ["bare", "ornate", "gothic"]}}
    made = small.plan(scope="closed", space=space)
    assert small.found(made, "kind").choices == ("bare", "ornate", "gothic")
    assert "kind: gothic is no word of Toy" in small.notes(made)
    assert small.found(small.plan(space={"kind": space["kind"]}), "kind").choices == ("bare", "ornate")


@pytest.mark.usefixtures("_translating")
def test_a_slip_of_the_pen_is_no_word_of_another_library():
    made = small.plan(scope="closed", space={**SPACE, "kind": {"choices": ["plain", "fancy", "fanzy"]}, "frill": 0.5})
    assert small.found(made, "kind").choices == ("plain", "fancy")


def test_a_word_of_another_library_stands_for_one_of_ours_and_is_none_itself():
    described = small.family()
    described["parameters"]["kind"]["words"] = {"odd": "fancy", "ornate": "rich"}
    found = consistency.problems(Family.model_validate(described), Shared.model_validate(small.SHARED))
    places = {problem.path[-2:]: problem.sentence for problem in found}
    assert places == {
        ("words", "odd"): "'odd' is legal here and needs no other word",
        ("words", "ornate"): "'rich' is outside the legal range",
    }
