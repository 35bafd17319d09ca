"""What the knowledge base says of scikit-learn's SVMs, linear models and neighbours holds in the installed one."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from claims import Claim, claims, families

from advisor import constraints
from advisor.bounds import resolved
from advisor.knowledge import Family, StartPoint
from advisor.space import Value, same

sklearn = pytest.importorskip(
    "sklearn", minversion="1.8", reason="the knowledge of linear models speaks of scikit-learn 1.8 or later"
)

from sklearn.base import is_classifier  # noqa: E402 - after the skip
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import (  # noqa: E402
    ElasticNet,
    Lasso,
    LogisticRegression,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC, SVR  # noqa: E402

OURS = ("svm", "linear", "sgd-linear", "knn")
FAMILIES: Mapping[str, Family] = {family.family: family for family in families() if family.family in OURS}
CLAIMS = [claim for claim in claims("sklearn.") if claim.family in OURS]
RANGES = [claim for claim in CLAIMS if claim.parameter.valid.type != "categorical"]

ROWS = 120
KERNELS = ("linear", "poly", "rbf", "sigmoid")
LIBRARY_ACCEPTS = {
    ("max_iter", "LogisticRegression"): "at most one step is taken, and the model is hardly trained",
    ("power_t", "SGDClassifier"): "steps that grow are deprecated in 1.8 and refused from 1.10 on",
    ("power_t", "SGDRegressor"): "steps that grow are deprecated in 1.8 and refused from 1.10 on",
}
"""Values just outside the legal range that the library takes all the same, and why they are not advised."""


def _rows(load: Any) -> tuple[Any, Any]:
    columns, target = load(return_X_y=True)
    return StandardScaler().fit_transform(columns[:ROWS, :6]), target[:ROWS]


def _standardised(columns: Any, target: Any) -> tuple[Any, Any]:
    return columns, (target - target.mean()) / target.std()


CLASSES = _rows(load_breast_cancer)
NUMBERS = _standardised(*_rows(load_diabetes))


def data_for(estimator: type) -> tuple[Any, Any]:
    return CLASSES if is_classifier(estimator()) else NUMBERS


def scores(estimator: type, **arguments: Any) -> Any:
    """What a model trained with these arguments says of its own rows: a number or several for each."""
    columns, target = data_for(estimator)
    if arguments.get("kernel") == "precomputed":
        columns = columns @ columns.T
    if "random_state" in inspect.signature(estimator).parameters:
        arguments = {"random_state": 0, **arguments}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "With alpha=0", UserWarning)
        model = estimator(**arguments).fit(columns, target)
        for method in ("decision_function", "predict_proba", "predict"):
            if hasattr(model, method):
                return getattr(model, method)(columns)
    raise AssertionError(estimator)


def differ(estimator: type, argument: str, left: Value, right: Value, **others: Any) -> bool:
    """Whether the two values of the argument make different models."""
    return not np.array_equal(
        scores(estimator, **{argument: left}, **others), scores(estimator, **{argument: right}, **others)
    )


def partners(claim: Claim, value: Value) -> dict[str, Any]:
    """Other arguments without which the value has no effect, or is refused."""
    found: dict[str, Any] = {}
    known = {other.name: other for other in CLAIMS if other.estimator == claim.estimator}
    for parent, wanted in (claim.parameter.when or {}).items():
        if parent in known:
            found[known[parent].argument] = wanted[0] if isinstance(wanted, tuple) else wanted
    if value in ("pa1", "pa2"):
        found["loss"] = "hinge" if claim.estimator_class is SGDClassifier else "epsilon_insensitive"
    if claim.name == "ridge_solver":
        found["positive"] = value == "lbfgs"
    if claim.family == "sgd-linear" and claim.name == "alpha":
        found["learning_rate"] = "constant" if value == 0 else "optimal"
    return found


def fitted(claim: Claim, value: Value) -> Any:
    return scores(claim.estimator_class, **{claim.argument: value}, **partners(claim, value))


def values(claim: Claim) -> Iterator[Value]:
    """The ends of the advised range, all choices, and the words that are legal beside numbers."""
    parameter = claim.parameter
    yield from parameter.valid.choices or ()
    yield from parameter.valid.also
    if parameter.search is not None and parameter.search.choices is None:
        for end in (parameter.search.low, parameter.search.high):
            assert isinstance(end, int | float)
            yield end


def test_every_family_is_there():
    assert set(FAMILIES) == set(OURS)
    assert {claim.estimator.rpartition(".")[2] for claim in CLAIMS} == {
        "SVC", "SVR", "LogisticRegression", "Ridge", "RidgeClassifier", "Lasso", "ElasticNet",
        "SGDClassifier", "SGDRegressor", "KNeighborsClassifier", "KNeighborsRegressor",
    }  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_the_class_takes_the_argument_and_has_that_default(claim):
    known = inspect.signature(claim.estimator_class).parameters
    assert claim.argument in known
    assert same(known[claim.argument].default, claim.default)


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_all_choices_and_both_ends_of_the_range_can_be_trained(claim):
    for value in values(claim):
        assert np.isfinite(fitted(claim, value)).all(), value


@pytest.mark.parametrize("claim", RANGES, ids=str)
def test_the_legal_range_is_that_of_the_library(claim):
    legal = claim.parameter.valid
    distance = 1 if legal.type == "int" else 1e-9
    for end, is_open, outwards in ((legal.low, legal.low_open, -1), (legal.high, legal.high_open, 1)):
        if end is None:
            continue
        whole = int(end) if legal.type == "int" else float(end)
        if not is_open:
            assert np.isfinite(fitted(claim, whole)).all()
        outside = whole if is_open else whole + outwards * distance
        assert not legal.accepts(outside)
        if (claim.name, claim.estimator_class.__name__) in LIBRARY_ACCEPTS:
            continue
        with pytest.raises(ValueError, match=rf"'{claim.argument}' parameter of {claim.estimator_class.__name__}"):
            fitted(claim, outside)


def test_a_logistic_regression_of_no_steps_is_accepted_and_hardly_trained():
    assert ("max_iter", "LogisticRegression") in LIBRARY_ACCEPTS
    assert differ(LogisticRegression, "max_iter", 0, 100)


@pytest.mark.parametrize("estimator", [SGDClassifier, SGDRegressor])
def test_a_negative_power_is_deprecated(estimator):
    assert ("power_t", estimator.__name__) in LIBRARY_ACCEPTS
    with pytest.warns(FutureWarning, match="power_t"):
        scores(estimator, learning_rate="invscaling", power_t=-0.01)


def _is_meant(start: StartPoint, estimator: str) -> bool:
    """Whether the start is for this class, as far as its condition names classes."""
    test = start.when.tests().get("model.estimator") if start.when else None
    return test is None or estimator in test.in_


def _starts() -> Iterator[Any]:
    for family in FAMILIES.values():
        starts = [*family.starts]
        starts += [
            StartPoint(values=effect.values, when=rule.when, because=rule.because, sources=rule.sources)
            for rule in family.rules
            for effect in rule.then
            if effect.effect == "start"
        ]
        for number, start in enumerate(starts):
            for estimator in family.models:
                if not _is_meant(start, estimator.name):
                    continue
                yield pytest.param(
                    family, estimator.name, start, id=f"{family.family}-{number}-{estimator.name.rpartition('.')[2]}"
                )


@pytest.mark.parametrize(("family", "estimator", "start"), list(_starts()))
def test_every_start_can_be_trained_by_every_class(family, estimator, start):
    mine = {claim.name: claim for claim in CLAIMS if claim.family == family.family and claim.estimator == estimator}
    known = {"derived.inverse_features": 0.1}
    values = {name: resolved(value, known) for name, value in start.values.items()}
    arguments = {mine[name].argument: value for name, value in values.items() if name in mine}
    kind = next(claim.estimator_class for claim in mine.values())
    assert np.isfinite(scores(kind, **arguments)).all()


# Support vector machines


@pytest.mark.parametrize("estimator", [SVC, SVR])
@pytest.mark.parametrize(("argument", "left", "right"), [("gamma", 0.01, 0.1), ("degree", 2, 3), ("coef0", 0.0, 0.5)])
@pytest.mark.parametrize("kernel", KERNELS)
def test_an_argument_of_the_kernel_has_an_effect_only_under_its_kernels(estimator, kernel, argument, left, right):
    wanted = FAMILIES["svm"].parameters[argument].when["kernel"]
    is_read = kernel in (wanted if isinstance(wanted, tuple) else (wanted,))
    assert differ(estimator, argument, left, right, kernel=kernel) == is_read


@pytest.mark.parametrize("estimator", [SVC, SVR])
def test_scale_is_one_over_the_columns_where_these_are_standardised(estimator):
    columns, _ = data_for(estimator)
    columns = StandardScaler().fit_transform(columns)
    assert columns.var() == pytest.approx(1)
    by_word = estimator(gamma="scale").fit(columns, data_for(estimator)[1])
    assert by_word._gamma == pytest.approx(1 / columns.shape[1])


@pytest.mark.parametrize("estimator", [SVC, SVR])
def test_shrinking_and_cache_change_the_time_only(estimator):
    plain = scores(estimator, tol=1e-8)
    assert scores(estimator, tol=1e-8, shrinking=False) == pytest.approx(plain, abs=1e-5)
    assert scores(estimator, tol=1e-8, cache_size=1) == pytest.approx(plain, abs=1e-5)


# Linear models

SOLVERS = FAMILIES["linear"].parameters["solver"].valid.choices or ()


def _constraint(family: str, *parameters: str) -> str:
    return next(i.constraint for i in FAMILIES[family].interactions if i.constraint and i.parameters == parameters)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_the_library_takes_the_mixes_that_the_constraint_allows(solver, l1_ratio):
    pair = {"solver": solver, "l1_ratio": l1_ratio}
    if constraints.holds(_constraint("linear", "solver", "l1_ratio"), pair):
        scores(LogisticRegression, **pair)
    else:
        with pytest.raises(ValueError, match=r"[Ss]olver"):
            scores(LogisticRegression, **pair)


@pytest.mark.parametrize("solver", FAMILIES["linear"].parameters["ridge_solver"].valid.choices or ())
@pytest.mark.parametrize("positive", [True, False])
def test_the_library_takes_the_solvers_of_ridge_that_the_constraint_allows(solver, positive):
    allowed = constraints.holds(
        _constraint("linear", "positive", "ridge_solver"), {"positive": positive, "ridge_solver": solver}
    )
    if allowed:
        scores(Ridge, solver=solver, positive=positive)
    else:
        with pytest.raises(ValueError, match="positive"):
            scores(Ridge, solver=solver, positive=positive)


def test_the_solver_decides_the_penalty_and_not_the_model():
    exact = scores(LogisticRegression, C=0.1, tol=1e-8, max_iter=10_000)
    for solver in {*SOLVERS} - {"lbfgs", "liblinear"}:  # liblinear penalises the intercept too
        other = scores(LogisticRegression, C=0.1, tol=1e-8, max_iter=10_000, solver=solver)
        assert other == pytest.approx(exact, abs=1e-3), solver


def test_liblinear_refuses_more_than_two_classes():
    with pytest.raises(ValueError, match="multiclass"):
        LogisticRegression(solver="liblinear").fit(*load_iris(return_X_y=True))


def test_penalty_is_deprecated_and_the_mix_replaces_it():
    with pytest.warns((FutureWarning, UserWarning), match="penalty") as said:
        old = scores(LogisticRegression, penalty="l1", solver="saga", l1_ratio=1.0, max_iter=2000)
    assert any(issubclass(warning.category, FutureWarning) for warning in said)
    new = scores(LogisticRegression, solver="saga", l1_ratio=1.0, max_iter=2000)
    assert np.array_equal(old, new)


def test_penalties_of_the_classes_are_one_penalty_a_row_on_several_scales():
    per_row = 0.05
    ridge = scores(Ridge, alpha=ROWS * per_row)
    net = scores(ElasticNet, alpha=per_row, l1_ratio=0.0, tol=1e-10, max_iter=100_000)
    assert net == pytest.approx(ridge, abs=1e-4)
    columns, target = CLASSES
    model = LogisticRegression(C=1 / (ROWS * per_row), tol=1e-8).fit(columns, target)
    chance = model.predict_proba(columns)[:, 1]
    slope = columns.T @ (chance - target) / ROWS + per_row * model.coef_[0]
    assert slope == pytest.approx(np.zeros(columns.shape[1]), abs=1e-5)


def test_lasso_at_one_sets_every_weight_of_a_standardised_target_to_nothing():
    assert np.ptp(scores(Lasso, alpha=1.0)) == 0
    assert np.ptp(scores(Lasso, alpha=0.1)) > 0


def test_the_mix_of_the_elastic_net_has_an_effect_without_a_solver():
    assert differ(ElasticNet, "l1_ratio", 0.1, 0.9, alpha=0.1)


# Stochastic gradient descent


@pytest.mark.parametrize("estimator", [SGDClassifier, SGDRegressor])
@pytest.mark.parametrize("schedule", ["optimal", "constant", "invscaling", "adaptive", "pa1", "pa2"])
@pytest.mark.parametrize(("argument", "left", "right"), [("eta0", 0.001, 0.01), ("power_t", 0.3, 0.6)])
def test_a_step_has_an_effect_only_under_its_schedules(estimator, schedule, argument, left, right):
    others = {"loss": "hinge" if estimator is SGDClassifier else "epsilon_insensitive", "learning_rate": schedule}
    wanted = FAMILIES["sgd-linear"].parameters[argument].when["learning_rate"]
    is_read = schedule in (wanted if isinstance(wanted, tuple) else (wanted,))
    assert differ(estimator, argument, left, right, **others) == is_read


@pytest.mark.parametrize("estimator", [SGDClassifier, SGDRegressor])
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet", None])
def test_the_mix_has_an_effect_only_under_the_elastic_net(estimator, penalty):
    assert differ(estimator, "l1_ratio", 0.1, 0.9, penalty=penalty, alpha=0.01) == (penalty == "elasticnet")


@pytest.mark.parametrize("loss", FAMILIES["sgd-linear"].parameters["regressor_loss"].valid.choices or ())
def test_epsilon_has_an_effect_only_under_its_losses(loss):
    wanted = FAMILIES["sgd-linear"].parameters["epsilon"].when["regressor_loss"]
    assert differ(SGDRegressor, "epsilon", 0.1, 0.5, loss=loss) == (loss in wanted)


@pytest.mark.parametrize("early_stopping", [True, False])
def test_the_validation_fraction_has_an_effect_only_with_early_stopping(early_stopping):
    has_effect = differ(SGDClassifier, "validation_fraction", 0.1, 0.4, early_stopping=early_stopping)
    assert has_effect == early_stopping


def test_only_the_losses_that_the_rule_keeps_give_probabilities():
    rule = next(rule for rule in FAMILIES["sgd-linear"].rules if rule.id == "sgd-linear-probabilities")
    kept = next(effect.choices for effect in rule.then if effect.effect == "narrow")
    for loss in FAMILIES["sgd-linear"].parameters["loss"].valid.choices or ():
        assert hasattr(SGDClassifier(loss=loss), "predict_proba") == (loss in kept), loss


def test_the_default_schedules_are_those_the_rules_speak_of():
    assert SGDClassifier().learning_rate == "optimal"
    assert SGDRegressor().learning_rate == "invscaling"


def test_optimal_takes_its_steps_from_alpha_and_refuses_zero():
    with pytest.raises(ValueError, match="alpha must be > 0"):
        scores(SGDClassifier, alpha=0)


# Nearest neighbours


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize("metric", FAMILIES["knn"].parameters["metric"].valid.choices or ())
def test_the_power_has_an_effect_only_under_minkowski(estimator, metric):
    assert differ(estimator, "p", 1, 2, metric=metric, n_neighbors=7) == (metric == "minkowski")


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_algorithm_and_leaf_size_find_the_same_neighbours(estimator):
    plain = scores(estimator)
    for algorithm in FAMILIES["knn"].parameters["algorithm"].valid.choices or ():
        for leaf_size in (2, 30):
            assert np.allclose(scores(estimator, algorithm=algorithm, leaf_size=leaf_size), plain)


@pytest.mark.parametrize("algorithm", FAMILIES["knn"].parameters["algorithm"].valid.choices or ())
@pytest.mark.parametrize("metric", FAMILIES["knn"].parameters["metric"].search.choices)
def test_the_library_takes_the_metrics_that_the_constraint_allows(metric, algorithm):
    pair = {"metric": metric, "algorithm": algorithm}
    if constraints.holds(_constraint("knn", "metric", "algorithm"), pair):
        scores(KNeighborsClassifier, **pair)
    else:
        with pytest.raises(ValueError, match="not valid"):
            scores(KNeighborsClassifier, **pair)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_more_neighbours_than_rows_are_refused(estimator):
    with pytest.raises(ValueError, match="n_neighbors <= n_samples_fit"):
        scores(estimator, n_neighbors=ROWS + 1)
