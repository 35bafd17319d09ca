"""What the knowledge base says about scikit-learn is true of the scikit-learn that is installed."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pytest
from claims import Claim, claims, families

from advisor import engine, facts
from advisor.effects import FactBound, resolved
from advisor.knowledge import Estimator, Family, Parameter
from advisor.space import is_number, same
from advisor.spec import Spec

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone, is_classifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils._param_validation import Hidden, make_constraint
from threadpoolctl import threadpool_limits

CLAIMS: Final = claims("sklearn.")
FAMILIES: Final = {family.family: family for family in families()}

ROWS: Final = 200
FEATURES: Final = 6
FACTS: Final = facts.with_derived({"data.rows": ROWS, "data.features": FEATURES})

NEEDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "AdaBoostClassifier": {"estimator": DecisionTreeClassifier()},
    "AdaBoostRegressor": {"estimator": DecisionTreeRegressor()},
}
"""Arguments without which a class has not got what is claimed of it."""

CHEAP: Final = {"n_estimators": 5, "max_iter": 20, "hidden_layer_sizes": (8,), "random_state": 0}
"""What every fit is made small and repeatable by, where a class takes it and the test does not set it."""

SEED: Final = "random_state"
UNLIMITED: Final = -1
"""What support vector machines call no limit of iterations; with one, they are no longer what they are."""

FAR: Final = 10**6

DIVERGED: Final = "non-finite parameter weights"
"""What a network says whose rate was legal and too large for these data."""

WIDER: Final[Mapping[tuple[str, str], str]] = {
    ("max_samples", "high"): "from 1.9 on more rows are drawn than there are; earlier versions refuse it",
    ("max_iter", "low"): "logistic regression accepts no iteration at all, which fits nothing",
    ("power_t", "low"): "values below 0 are deprecated, and to be refused",
}
"""Where the library may accept more than ``valid``, and why the knowledge base does not follow it."""

OF_ANY_LIBRARY: Final = frozenset({"mlp-adam", "mlp-sgd"})
"""Families of networks, whose further words are those of other libraries."""

UNSEEN: Final[Mapping[str, str]] = {
    "leaf_size": "it changes the time of a query and not its answer",
    "tol": "so few rounds are far from where the tolerance decides",
}
"""Parameters whose effect a small fit does not show."""

REORDERED: Final[Mapping[tuple[str, str], str]] = {
    (
        family,
        "max_leaf_nodes",
    ): "the range ends at half the rows, and leaves are split in another order, so other columns are drawn"
    for family in ("random-forest", "extra-trees")
}
"""Parameters that stand for their default but for what is drawn by chance."""


def every(wanted: str = "") -> Any:
    """All claims, or those of which something further is claimed."""
    chosen = [claim for claim in CLAIMS if not wanted or getattr(claim.parameter, wanted) is not None]
    return pytest.mark.parametrize("claim", chosen, ids=str)


def data(*, classes: bool) -> tuple[Any, Any]:
    """A table small enough for a thousand fits; the target of a regression is positive, as some losses ask."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, FEATURES))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    signal = x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * generator.normal(size=ROWS)
    return x, (signal > 0).astype(int) if classes else 10 + signal


def made(claim: Claim, **settings: Any) -> Any:
    """An estimator of the claim's class with these settings, and small in all else."""
    given = dict(estimator_of(claim).given)
    needed = NEEDED.get(claim.estimator_class.__name__, {})
    model = claim.estimator_class(**{name: clone(inner) for name, inner in needed.items()})
    takes = model.get_params()
    cheap = {name: value for name, value in CHEAP.items() if takes.get(name, UNLIMITED) != UNLIMITED or name == SEED}
    cheap = {name: value for name, value in cheap.items() if name in takes}
    return model.set_params(**{**cheap, **given, **settings})


def fitted(claim: Claim, **settings: Any) -> Any:
    """The estimator after a fit; that few rounds do not converge is no news."""
    model = made(claim, **settings)
    x, y = data(classes=is_classifier(model))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size` less than 1 or larger", UserWarning)
        warnings.filterwarnings("ignore", "(overflow|invalid value) encountered", RuntimeWarning)
        return model.fit(x, y)


def answers(claim: Claim, **settings: Any) -> Any:
    """What the fitted estimator says of its own rows, as finely as it can say it."""
    model = fitted(claim, **settings)
    x, _ = data(classes=is_classifier(model))
    for name in ("predict_proba", "decision_function"):
        if hasattr(model, name):
            return getattr(model, name)(x)
    return model.predict(x)


def estimator_of(claim: Claim) -> Estimator:
    return next(e for e in FAMILIES[claim.family].models if e.name == claim.estimator)


def siblings(claim: Claim) -> dict[str, Claim]:
    """All that is claimed of the same class by the same family, by canonical name."""
    return {other.name: other for other in CLAIMS if (other.family, other.estimator) == (claim.family, claim.estimator)}


def typed(parameter: Parameter, value: Any) -> Any:
    """The value as the library wants it: a share of 1 is 1.0."""
    if not is_number(value):
        return value
    return round(value) if parameter.valid.type == "int" else float(value)


def proposals(claim: Claim) -> list[Any]:
    """What a search may propose at its extremes: both ends, or every choice the class itself has."""
    search = claim.parameter.search
    if search is None:
        return []
    if search.choices is not None:
        return list(search.choices)
    ends = [resolved(search.low, FACTS), resolved(search.high, FACTS)]
    return [typed(claim.parameter, end) for end in ends if end is not None]


def constraints_of(claim: Claim) -> list[Any]:
    """What the class itself demands of the argument."""
    owner, _, argument = claim.argument.rpartition("__")
    cls = type(NEEDED[claim.estimator_class.__name__][owner]) if owner else claim.estimator_class
    return [each for each in cls._parameter_constraints[argument] if not isinstance(each, Hidden)]


def accepts(claim: Claim, value: Any) -> bool:
    return any(make_constraint(each).is_satisfied_by(value) for each in constraints_of(claim))


def surroundings(claim: Claim) -> dict[str, Any]:
    """Settings under which the claim's parameter has its effect."""
    found: dict[str, Any] = {}
    for parent, wanted in (claim.parameter.when or {}).items():
        if parent not in siblings(claim):
            continue
        above = siblings(claim)[parent]
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        found |= {**surroundings(above), above.argument: next(value for value in values if accepts(above, value))}
    return found


def elsewhere(claim: Claim) -> Iterator[dict[str, Any]]:
    """Settings under which it should have none: one parent at a value that is not wanted."""
    for parent, wanted in (claim.parameter.when or {}).items():
        if parent not in siblings(claim):
            continue
        above = siblings(claim)[parent]
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        others = above.parameter.valid.choices or (0.0,)
        for other in others:
            if not any(same(other, value) for value in values) and accepts(above, other):
                yield {**surroundings(claim), **surroundings(above), above.argument: other}
                break


@pytest.fixture(autouse=True, scope="module")
def on_one_core() -> Iterator[None]:
    """Threads of histogram boosting wait for each other longer than so small a fit takes."""
    with threadpool_limits(1):
        yield


# One by one


@every()
def test_the_class_takes_the_argument(claim: Claim) -> None:
    assert claim.argument in made(claim).get_params()


@every()
def test_the_default_is_the_one_of_the_library(claim: Claim) -> None:
    owner, _, argument = claim.argument.rpartition("__")
    if owner:
        inner = claim.estimator_class(n_estimators=1).fit(*data(classes=is_classifier(made(claim))))
        found = inner.estimators_[0].get_params()[argument]
    else:
        found = inspect.signature(claim.estimator_class).parameters[argument].default
    assert same(found, claim.default), f"the library has {found!r}"


@every()
def test_numbers_just_inside_are_accepted_and_just_outside_refused(claim: Claim) -> None:
    valid = claim.parameter.valid
    if valid.type == "categorical":
        pytest.skip("it has choices")
    distance = 1 if valid.type == "int" else 1e-6
    for bound, is_open, outwards, end in (
        (valid.low, valid.low_open, -1, "low"), (valid.high, valid.high_open, 1, "high"),
    ):  # fmt: skip
        if bound is None:
            assert accepts(claim, typed(claim.parameter, outwards * FAR)), f"valid has no {end}, the library has"
            continue
        edge = typed(claim.parameter, bound)
        inside, outside = (edge - outwards * distance, edge) if is_open else (edge, edge + outwards * distance)
        assert accepts(claim, inside), f"{inside!r} is legal but refused"
        assert not accepts(claim, outside) or (claim.argument, end) in WIDER, f"{outside!r} is not legal but accepted"


@every()
def test_words_and_choices_are_those_of_the_library(claim: Claim) -> None:
    valid = claim.parameter.valid
    words = valid.choices or () if claim.family in OF_ANY_LIBRARY else (*valid.also, *(valid.choices or ()))
    for word in words:
        assert accepts(claim, word), f"{word!r} is refused"
    assert not accepts(claim, "no-such-word")


@every()
def test_no_alias_is_another_argument_of_the_class(claim: Claim) -> None:
    arguments = set(made(claim).get_params()) - {claim.argument, claim.name}
    assert not arguments & set(claim.parameter.aliases)


@every("search")
def test_both_ends_and_all_choices_fit(claim: Claim) -> None:
    found = proposals(claim)
    assert found
    for value in found:
        try:
            fitted(claim, **{**surroundings(claim), claim.argument: value})
        except ValueError as error:
            if DIVERGED not in str(error):
                raise


@every("acts_as")
def test_the_number_that_stands_for_the_default_acts_like_it(claim: Claim) -> None:
    if (claim.family, claim.name) in REORDERED:
        pytest.skip(REORDERED[claim.family, claim.name])
    bound = claim.parameter.acts_as
    number = resolved(bound, FACTS) if isinstance(bound, FactBound) else bound
    assert number is not None
    if claim.default in proposals(claim):
        pytest.skip("this class has its default within the range")
    around = surroundings(claim)
    default = answers(claim, **{**around, claim.argument: claim.default})
    instead = answers(claim, **{**around, claim.argument: typed(claim.parameter, number)})
    assert np.mean(np.abs(default - instead)) < 0.02 * np.std(default)


# Parameters that depend on others


@every("when")
def test_a_conditional_parameter_has_no_effect_elsewhere(claim: Claim) -> None:
    cases = list(elsewhere(claim))
    if not cases:
        pytest.skip("the class has none of the parents")
    for case in cases:
        assert not _effect(claim, case), case


@every("when")
def test_a_conditional_parameter_has_an_effect_where_it_should(claim: Claim) -> None:
    if claim.argument in UNSEEN:
        pytest.skip(UNSEEN[claim.argument])
    if not surroundings(claim):
        pytest.skip("the class has none of the parents")
    assert _effect(claim, surroundings(claim))


def _effect(claim: Claim, around: dict[str, Any]) -> bool:
    """Whether the extremes of the search give different answers; what the library refuses has no effect."""
    rounds = {"max_iter": 200} if "max_iter" in made(claim).get_params() else {}
    try:
        first, *others = (
            answers(claim, **{**rounds, **around, claim.argument: value})
            for value in proposals(claim) or [claim.default, 2 * claim.default]
        )
    except ValueError:
        return False
    return any(not np.array_equal(first, other) for other in others)


# Whole configurations

ESTIMATORS: Final = [
    pytest.param(family, estimator, id=f"{family.family}-{estimator.name.rpartition('.')[2]}")
    for family in FAMILIES.values()
    for estimator in family.models
    if estimator.name.startswith("sklearn.")
]


@pytest.mark.parametrize(("family", "estimator"), ESTIMATORS)
def test_the_configurations_that_a_plan_evaluates_first_fit(family: Family, estimator: Estimator) -> None:
    known = {c.name: c for c in CLAIMS if (c.family, c.estimator) == (family.family, estimator.name)}
    any_claim = next(iter(known.values()))
    spec = {
        "version": 1,
        "model": {
            "family": family.family,
            "estimator": estimator.name,
            "task": "binary" if is_classifier(made(any_claim)) else "regression",
        },
        "objective": {"metric": "score", "direction": "maximize"},
        "budget": {"trials": 200},
        "data": {"rows": ROWS, "features": FEATURES},
    }
    stage = engine.advise(Spec.model_validate(spec)).stages[0]
    assert stage.start
    for point in stage.start:
        settings = {known[name].argument: value for name, value in point.items() if name in known}
        short = {name: min(settings[name], 20) for name in ("n_estimators", "max_iter") if settings.get(name, -1) > 0}
        fitted(any_claim, **{**settings, **short})


# What the sentences of the knowledge base rest on

TREES: Final = (DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier, GradientBoostingClassifier)


def _said(model: Any) -> Any:
    x, y = data(classes=True)
    return model.fit(x, y).predict_proba(x)


@pytest.mark.parametrize("cls", TREES)
def test_leaves_beyond_a_full_tree_change_nothing(cls: Any) -> None:
    small = [_said(cls(max_depth=2, max_leaf_nodes=leaves, random_state=0)) for leaves in (4, 64)]
    assert np.array_equal(*small)


def test_leaves_beyond_a_full_tree_change_nothing_in_histogram_boosting() -> None:
    small = [_said(HistGradientBoostingClassifier(max_depth=3, max_leaf_nodes=leaves)) for leaves in (8, 127)]
    assert np.array_equal(*small)


@pytest.mark.parametrize("cls", TREES)
def test_a_split_below_twice_the_leaf_changes_nothing(cls: Any) -> None:
    small = [_said(cls(min_samples_leaf=5, min_samples_split=split, random_state=0)) for split in (2, 10)]
    assert np.array_equal(*small)


@pytest.mark.parametrize("cls", [DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier])
def test_log_loss_is_another_word_for_entropy(cls: Any) -> None:
    assert np.array_equal(*(_said(cls(criterion=word, random_state=0)) for word in ("entropy", "log_loss")))


def test_all_rows_drawn_with_replacement_show_a_tree_63_in_100() -> None:
    x, y = data(classes=True)
    forest = RandomForestClassifier(n_estimators=200, max_samples=1.0, random_state=0).fit(x, y)
    shown = [len(set(rows)) / ROWS for rows in forest.estimators_samples_]
    assert np.mean(shown) == pytest.approx(1 - (1 - 1 / ROWS) ** ROWS, abs=0.01)


def test_a_share_of_one_is_every_column_and_the_whole_number_is_one_column() -> None:
    x, y = data(classes=True)
    used = [DecisionTreeClassifier(max_features=share).fit(x, y).max_features_ for share in (1.0, 1)]
    assert used == [FEATURES, 1]


def test_a_base_tree_that_fits_every_row_ends_the_boosting() -> None:
    x, y = data(classes=True)
    deep = AdaBoostClassifier(DecisionTreeClassifier(max_depth=30), n_estimators=50).fit(x, y)
    assert len(deep.estimators_) == 1


@pytest.mark.parametrize(("rows", "stops"), [(10_000, False), (10_001, True)])
def test_early_stopping_on_auto_begins_above_ten_thousand_rows(rows: int, stops: bool) -> None:  # noqa: FBT001
    x = np.random.default_rng(0).normal(size=(rows, 1))
    model = HistGradientBoostingClassifier(max_iter=1).fit(x, x[:, 0] > 0)
    assert model.do_early_stopping_ is stops


def test_a_held_out_share_does_nothing_while_boosting_never_stops_early() -> None:
    never = [GradientBoostingClassifier(validation_fraction=share, random_state=0) for share in (0.05, 0.3)]
    assert np.array_equal(*(_said(model) for model in never))


def test_more_classes_mean_more_trees_in_every_round() -> None:
    x, _ = data(classes=True)
    model = GradientBoostingClassifier(n_estimators=3).fit(x, np.arange(ROWS) % 10)
    assert model.estimators_.shape == (3, 10)
