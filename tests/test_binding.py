"""Which family, estimator and parameters a spec means."""

from __future__ import annotations

import pytest
import small

from advisor import AdvisorError
from advisor.errors import InvalidFile, UnknownName

pytestmark = pytest.mark.usefixtures("toy")


def refusal(**changes):
    with pytest.raises(AdvisorError) as caught:
        small.plan(**changes)
    return caught.value


def place(error):
    (problem,) = error.problems
    return problem.path


@pytest.mark.parametrize("name", ["rate", "lr", "eta"])
def test_a_parameter_is_found_by_its_name_and_by_its_aliases(name):
    made = small.plan(space={name: {"low": 0.01, "high": 0.2}})
    entry = small.found(made, name)
    assert (entry.low, entry.high, entry.log) == (0.01, 0.2, True)
    assert entry.is_ == (None if name == "rate" else "rate")
    assert "rate" not in set(made.parameters) - {name}


@pytest.mark.parametrize("meant", ["rate", "eta"])
def test_a_parameter_is_found_by_what_it_is_said_to_be(meant):
    made = small.plan(space={"my_rate": {"is": meant, "low": 0.01, "high": 0.2}})
    assert small.found(made, "my_rate").is_ == "rate"
    assert small.found(made, "my_rate").argument == "rate"


@pytest.mark.parametrize(
    ("space", "fixed"),
    [
        ({"lr": {"low": 0.1, "high": 0.2}, "eta": {"low": 0.1, "high": 0.2}}, {}),
        ({"lr": {"low": 0.1, "high": 0.2}}, {"rate": 0.1}),
        ({"mine": {"is": "eta", "low": 0.1, "high": 0.2}, "lr": {"low": 0.1, "high": 0.2}}, {}),
    ],
    ids=str,
)
def test_two_names_of_one_parameter_are_an_error_that_names_both(space, fixed):
    error = refusal(space=space, fixed=fixed)
    assert isinstance(error, InvalidFile)
    for name in (*space, *fixed):
        assert name in str(error)
    assert "both mean rate" in str(error)


def test_a_parameter_that_is_said_to_be_nothing_known_is_refused_with_a_suggestion():
    error = refusal(space={"mine": {"is": "shar", "low": 0.1, "high": 0.2}})
    assert place(error) == ("space", "mine", "is")
    assert "did you mean 'share'?" in str(error)


def test_the_name_of_one_parameter_cannot_be_given_to_another():
    error = refusal(space={"share": {"is": "rate", "low": 0.1, "high": 0.2}})
    assert "'share' is the name of another parameter" in str(error)


def test_a_name_that_nobody_knows_is_the_persons_own():
    made = small.plan(space={"shore": {"low": 0.0, "high": 2.0}})
    assert small.found(made, "shore").high == 2.0
    assert "shore is kept as your own: the knowledge base does not know it; did you mean 'share'?" in small.notes(made)


def test_an_unknown_family_is_refused_with_a_suggestion():
    error = refusal(model={"family": "tyo"})
    assert isinstance(error, UnknownName)
    assert error.problem.path == ("model", "family")
    assert "did you mean 'toy'?" in str(error)


def test_the_shared_file_and_paths_are_no_families():
    for name in ("_shared", "../shipped/toy", "toy.yaml"):
        assert isinstance(refusal(model={"family": name}), UnknownName)


ESTIMATORS = [
    {"name": "toys.Classifier", "tasks": ["binary", "classification"]},
    {"name": "toys.Regressor", "tasks": ["regression"]},
]


@pytest.mark.parametrize(
    ("model", "estimator"),
    [
        ({"family": "toy"}, "toys.Classifier"),
        ({"family": "toy", "task": "regression"}, "toys.Regressor"),
        ({"estimator": "toys.Regressor"}, "toys.Regressor"),
        ({"estimator": "Regressor"}, "toys.Regressor"),
        ({"family": "toy", "estimator": "Regressor", "task": "regression"}, "toys.Regressor"),
    ],
    ids=str,
)
def test_the_estimator_is_the_one_named_or_the_first_for_the_task(toy, model, estimator):
    toy(estimators=ESTIMATORS)
    assert small.plan(model=model).spec.estimator == estimator


def test_a_task_that_no_estimator_serves_is_refused(toy):
    toy(estimators=ESTIMATORS)
    error = refusal(model={"family": "toy", "task": "ranking"})
    assert place(error) == ("model", "task")
    assert "binary, classification, regression" in str(error)


def test_an_unknown_estimator_is_refused_with_a_suggestion(toy):
    toy(estimators=ESTIMATORS)
    assert "did you mean 'toys.Regressor'?" in str(refusal(model={"estimator": "toys.Regresor"}))
    assert "did you mean 'toys.Regressor'?" in str(refusal(model={"family": "toy", "estimator": "toys.Regresor"}))


def test_an_estimator_of_several_families_needs_the_family(toy):
    folder = toy()
    small.write(folder, twin=small.family(family="twin", title="Twin"))
    error = refusal(model={"estimator": "toys.Toy"})
    assert place(error) == ("model", "estimator")
    assert "toy, twin" in str(error)
    assert small.plan(model={"family": "twin", "estimator": "toys.Toy"}).spec.family == "twin"


def test_fixed_arguments_tell_families_of_one_estimator_apart(toy):
    folder = toy(estimators=[{"name": "toys.Toy", "given": {"solver": "a"}}])
    other = small.family(family="twin", title="Twin", estimators=[{"name": "toys.Toy", "given": {"solver": "b"}}])
    small.write(folder, twin=other)
    made = small.plan(model={"estimator": "toys.Toy"}, fixed={"solver": "b"})
    assert made.spec.family == "twin"


def test_arguments_that_make_the_family_are_set_unless_the_scope_is_closed(toy):
    toy(estimators=[{"name": "toys.Toy", "given": {"solver": "a"}}])
    made = small.plan()
    assert made.stages[0].fixed["solver"].value == "a"
    assert all(point["solver"] == "a" for point in made.stages[0].start)
    closed = small.plan(scope="closed", space={"share": {}})
    assert closed.parameters == ("share",)


def test_a_fact_that_the_family_requires_must_be_given(toy):
    toy(requires=["data.rows"])
    error = refusal()
    assert place(error) == ("data",)
    assert "Toy needs to know data.rows" in str(error)
    assert small.plan(data={"rows": 10})


def test_a_parameter_of_another_estimator_is_not_added_and_is_said_not_to_be_taken(toy):
    parameters = small.family()["parameters"]
    toy(estimators=ESTIMATORS, parameters=parameters | {"only": small.parameter(estimators=["Regressor"])})
    assert "only" in small.plan(model={"estimator": "toys.Regressor"}).parameters
    assert "only" not in small.plan(model={"estimator": "toys.Classifier"}).parameters
    made = small.plan(model={"estimator": "toys.Classifier"}, space={"only": {"low": 0, "high": 1}})
    assert "toys.Classifier is not known to take it" in small.notes(made)
    error = refusal(model={"estimator": "toys.Classifier"}, space={"mine": {"is": "only"}})
    assert "'only' belongs to other estimators" in str(error)


def test_the_librarys_name_is_kept_where_the_plan_has_another(toy):
    parameters = small.family()["parameters"]
    parameters["rate"] |= {"arguments": {"toys.Toy": "learning_rate"}}
    toy(parameters=parameters)
    assert small.found(small.plan(), "rate").argument == "learning_rate"
    made = small.plan(space={"learning_rate": {"low": 0.01, "high": 0.1}})
    entry = small.found(made, "learning_rate")
    assert (entry.is_, entry.argument) == ("rate", None)


def test_an_estimator_is_refused_for_a_task_that_it_does_not_serve(toy):
    toy(estimators=ESTIMATORS)
    assert "toys.Regressor does not serve the task binary" in str(
        refusal(model={"estimator": "toys.Regressor", "task": "binary"})
    )
