"""What the knowledge base says of XGBoost, LightGBM and CatBoost, held against the installed libraries.

The names, defaults and legal ranges of the library win over every paper. Models are tiny: a few trees on a few hundred
rows, one thread. CatBoost is large, so its tests carry the mark ``truth``.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
from claims import Claim, claims

from advisor import engine
from advisor.effects import FactBound
from advisor.spec import Spec

# XGBoost 3.4 says so of the boosters dart and gblinear; the knowledge notes it.
pytestmark = pytest.mark.filterwarnings("ignore:(?s).*booster=.* is deprecated:UserWarning")

LIBRARIES = ("xgboost", "lightgbm", "catboost")
QUIET: dict[str, dict[str, Any]] = {
    "xgboost": {"n_jobs": 1, "random_state": 0},
    "lightgbm": {"n_jobs": 1, "random_state": 0, "verbose": -1},
    "catboost": {"thread_count": 1, "random_seed": 0, "verbose": 0, "allow_writing_files": False},
}
TREES = {"xgboost": "n_estimators", "lightgbm": "n_estimators", "catboost": "iterations"}
ROWS, GROUP = 240, 12

# Where the library takes in silence what can only be a mistake, or does worse than refuse it.
NOT_REFUSED = {
    ("xgboost", "learning_rate", "low"): "a rate of 0 is taken, and nothing is learnt",
    ("xgboost", "subsample", "low"): "a share of 0 is taken, and no row is drawn",
    ("xgboost", "colsample_bytree", "low"): "a share of 0 is taken, and one column is drawn",
    ("xgboost", "colsample_bylevel", "low"): "a share of 0 is taken, and one column is drawn",
    ("xgboost", "colsample_bynode", "low"): "a share of 0 is taken, and one column is drawn",
    ("xgboost", "n_estimators", "low"): "no tree at all is taken for a model",
    ("catboost", "random_strength", "low"): "a negative strength is taken",
    ("catboost", "model_size_reg", "low"): "a negative penalty is taken",
    ("catboost", "min_data_in_leaf", "low"): "0 ends the interpreter, so it is not tried",
    ("catboost", "max_leaves", "low"): "0 ends the interpreter, so it is not tried",
}
# Legal values that this machine or this little data cannot show.
NOT_HERE = {("catboost", "bootstrap_type", "Poisson"): "only a GPU has it"}


def _marked(library: str, *values: Any) -> Any:
    marks = [pytest.mark.truth] if library == "catboost" else []
    return pytest.param(*values, marks=marks, id=" ".join(str(value) for value in values))


def _library(claim: Claim) -> str:
    return claim.estimator.partition(".")[0]


CLAIMS = [claim for library in LIBRARIES for claim in claims(f"{library}.")]
EVERY_CLAIM = pytest.mark.parametrize("claim", [_marked(_library(claim), claim) for claim in CLAIMS])


def _acts_without_dart():
    import xgboost

    return tuple(map(int, xgboost.__version__.split(".")[:2])) >= (3, 4)


def _needed(library: str) -> Any:
    return pytest.importorskip(library, reason=f"{library} is not installed, so its facts are not checked")


class Table(NamedTuple):
    """A little data for one class."""

    columns: np.ndarray
    target: np.ndarray
    groups: dict[str, Any]


@functools.cache
def _table(estimator: str, task: str | None = None) -> Table:
    library, _, name = estimator.partition(".")
    random = np.random.default_rng(0)
    columns = random.normal(size=(ROWS, 6))
    signal = columns[:, 0] + columns[:, 1] * columns[:, 2] + random.normal(size=ROWS)
    if "Ranker" in name:
        index = np.repeat(np.arange(ROWS // GROUP), GROUP)
        groups = {"xgboost": {"qid": index}, "lightgbm": {"group": [GROUP] * (ROWS // GROUP)}}
        return Table(columns, np.digitize(signal, [-0.5, 0.5]), groups.get(library, {"group_id": index}))
    if "Regressor" in name:
        return Table(columns, signal, {})
    cuts = [-0.5, 0.5] if task == "multiclass" else [0.0]
    return Table(columns, np.digitize(signal, cuts), {})


def _fit(estimator: str, task: str | None = None, **values: Any) -> Any:
    library, _, name = estimator.partition(".")
    table = _table(estimator, task)
    model = getattr(importlib.import_module(library), name)(**{**QUIET[library], TREES[library]: 12, **values})
    return model.fit(table.columns, table.target, **table.groups)


def _raw(estimator: str, **values: Any) -> np.ndarray:
    """Predictions before any link; equal ones mean the same trees."""
    library, model = estimator.partition(".")[0], _fit(estimator, **values)
    table = _table(estimator)
    argument = {
        "xgboost": {"output_margin": True},
        "lightgbm": {"raw_score": True},
        "catboost": {"prediction_type": "RawFormulaVal"},
    }[library]
    if "Classifier" not in estimator and library == "catboost":
        argument = {}
    return np.asarray(model.predict(table.columns, **argument))


def _same(estimator: str, left: dict[str, Any], right: dict[str, Any]) -> bool:
    return bool(np.array_equal(_raw(estimator, **left), _raw(estimator, **right)))


def _context(claim: Claim) -> dict[str, Any]:
    """Values of other parameters for which this one has an effect."""
    parents = {
        parent: wanted[0] if isinstance(wanted, tuple) else wanted
        for parent, wanted in (claim.parameter.when or {}).items()
    }
    if _library(claim) == "lightgbm" and claim.name == "boosting_type":
        parents |= {"subsample": 0.5, "subsample_freq": 1}
    if claim.argument == "iterations":
        parents |= {"depth": 1}
    return parents


def _takes(claim: Claim, value: Any) -> None:
    context = _context(claim)
    if claim.name == "boosting_type" and value == "goss":
        context = {}
    _fit(claim.estimator, **{TREES[_library(claim)]: 4, **context, claim.argument: value})


def _numbers(claim: Claim) -> list[Any]:
    search = claim.parameter.search
    if search is None:
        return []
    ends = [end for end in (search.low, search.high) if end is not None and not isinstance(end, FactBound)]
    return [*ends, *(search.choices or ())]


# Every claim


@EVERY_CLAIM
def test_the_class_takes_the_argument(claim):
    _needed(_library(claim))
    known = claim.estimator_class().get_params()
    match _library(claim):
        case "xgboost":
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                _takes(claim, claim.default)
            assert not [warning for warning in told if "are not used" in str(warning.message)]
        case "lightgbm":
            assert claim.argument in known or claim.argument in _lightgbm_names()
        case "catboost":
            assert claim.argument in inspect.signature(claim.estimator_class.__init__).parameters


@EVERY_CLAIM
def test_the_default_is_the_librarys(claim):
    _needed(_library(claim))
    found = {"xgboost": _xgboost_default, "lightgbm": _lightgbm_default, "catboost": _catboost_default}
    default = found[_library(claim)](claim)
    if isinstance(claim.default, float) and isinstance(default, int | float):
        assert math.isclose(default, claim.default, rel_tol=1e-6)
    else:
        assert default == claim.default


@EVERY_CLAIM
def test_the_ends_of_the_advised_range_are_accepted(claim):
    _needed(_library(claim))
    for value in _numbers(claim):
        _takes(claim, value)
    start = claim.parameter.start
    if claim.parameter.has_start and not isinstance(start, FactBound):
        _takes(claim, start)


@EVERY_CLAIM
def test_the_ends_of_the_legal_range_are_accepted(claim):
    _needed(_library(claim))
    valid = claim.parameter.valid
    ends = [(valid.low, valid.low_open), (valid.high, valid.high_open)]
    legal = [end for end, is_open in ends if end is not None and not is_open]
    here = [c for c in valid.choices or () if (_library(claim), claim.name, c) not in NOT_HERE]
    if claim.name == "depth":
        legal = [end for end in legal if end != valid.high] + [12]  # 2 ** 16 leaves take too long for a test
    for value in [*legal, *here]:
        _takes(claim, value)


@EVERY_CLAIM
def test_what_is_not_legal_is_refused(claim):
    library = _library(claim)
    _needed(library)
    for end, value in _illegal(claim):
        if (library, claim.name, end) in NOT_REFUSED:
            continue
        with pytest.raises(Exception, match=r"\S"):
            _takes(claim, value)


def _illegal(claim: Claim) -> list[tuple[str, Any]]:
    valid = claim.parameter.valid
    if valid.type == "categorical":
        words = all(isinstance(choice, str) for choice in valid.choices or ())
        return [("choices", "no-such-choice")] if words else []
    step = 1 if valid.type == "int" else 0.01
    found: list[tuple[str, Any]] = []
    if valid.low is not None:
        found.append(("low", valid.low if valid.low_open else valid.low - step))
    if valid.high is not None:
        found.append(("high", valid.high if valid.high_open else valid.high + step))
    return found


def test_exceptions_are_about_parameters_that_exist():
    known = {(_library(claim), claim.name) for claim in CLAIMS}
    assert {key[:2] for key in (*NOT_REFUSED, *NOT_HERE)} <= known


# Defaults


@functools.cache
def _xgboost_config(estimator: str, booster: str | None) -> dict[str, Any]:
    model = _fit(estimator, n_estimators=None, **({"booster": booster} if booster else {}))
    found: dict[str, Any] = {"n_estimators": model.get_booster().num_boosted_rounds()}

    def gather(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else ():
            if isinstance(value, dict):
                gather(value)
            elif isinstance(value, str):
                found.setdefault(key, value)

    gather(json.loads(model.get_booster().save_config()))
    return found


def _xgboost_default(claim: Claim) -> Any:
    booster = (claim.parameter.when or {}).get("booster")
    told = _xgboost_config(claim.estimator, booster if isinstance(booster, str) else None)[claim.argument]
    return told if claim.parameter.valid.type == "categorical" else float(told)


@functools.cache
def _lightgbm_told(estimator: str) -> dict[str, str]:
    text = _fit(estimator).booster_.model_to_string()
    lines = text[text.index("parameters:") :].splitlines()
    return dict(line[1:-1].split(": ", 1) for line in lines if line.startswith("[") and ": " in line)


def _lightgbm_default(claim: Claim) -> Any:
    known = claim.estimator_class().get_params()
    if claim.argument in known:
        return known[claim.argument]
    told = float(_lightgbm_told(claim.estimator)[_lightgbm_names()[claim.argument]])
    return bool(told) if isinstance(claim.default, bool) else told


@functools.cache
def _lightgbm_names() -> dict[str, str]:
    """The library's own name for each name that it understands."""
    from lightgbm.basic import _ConfigAliases

    table = _ConfigAliases._get_all_param_aliases()
    return {alias: canonical for canonical, aliases in table.items() for alias in (canonical, *aliases)}


@functools.cache
def _catboost_told(estimator: str, context: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    import catboost
    import pandas as pd

    table = _table(estimator)
    # A categorical column, so that the parameters of its encoding are told; trees as many as by default.
    frame = pd.DataFrame(table.columns[:, :2]).assign(c=(np.arange(ROWS) * 7 % 11).astype(str))
    settings = {**QUIET["catboost"], "cat_features": ["c"], **dict(context)}
    model = getattr(catboost, estimator.rpartition(".")[2])(**settings).fit(frame, table.target, **table.groups)
    return {**model.get_all_params(), "iterations": model.tree_count_}


def _catboost_default(claim: Claim) -> Any:
    context = {} if claim.name == "subsample" else _context(claim)
    told = _catboost_told(claim.estimator, tuple(context.items()))[claim.argument]
    if claim.name == "learning_rate" and claim.default is None:
        assert not math.isclose(told, 0.03, rel_tol=1e-3), "it is chosen from the data"
        return None
    return told


# Aliases


def _names(library: str) -> list[tuple[str, Claim]]:
    first = {claim.name: claim for claim in reversed(CLAIMS) if _library(claim) == library}
    return [(alias, claim) for claim in first.values() for alias in claim.parameter.aliases]


def test_names_of_lightgbm_mean_the_same_here_and_there():
    _needed("lightgbm")
    there = _lightgbm_names()
    for alias, claim in _names("lightgbm"):
        assert there.get(alias, there[claim.argument]) == there[claim.argument], alias


def test_every_name_that_lightgbm_understands_is_known_here():
    _needed("lightgbm")
    there = _lightgbm_names()
    here = {claim.argument: claim for claim in CLAIMS if _library(claim) == "lightgbm"}
    for argument, claim in here.items():
        own = {alias for alias, canonical in there.items() if canonical == there[argument]} - {argument}
        missing = own - set(claim.parameter.aliases)
        assert missing <= {"colsample_bynode"}, (argument, missing)


@pytest.mark.parametrize(
    ("alias", "argument", "value"),
    [
        ("eta", "learning_rate", 0.05),
        ("min_split_loss", "gamma", 2.0),
        ("lambda", "reg_lambda", 5.0),
        ("alpha", "reg_alpha", 2.0),
    ],
)
def test_names_of_xgboost_mean_the_same_here_and_there(alias, argument, value):
    _needed("xgboost")
    known = dict(_names("xgboost"))
    assert known[alias].argument == argument
    estimator = "xgboost.XGBRegressor"
    assert _same(estimator, {alias: value}, {argument: value})
    assert not _same(estimator, {alias: value}, {})


@pytest.mark.truth
def test_names_of_catboost_mean_the_same_here_and_there():
    catboost = _needed("catboost")
    there = set(inspect.signature(catboost.CatBoostClassifier.__init__).parameters)
    checked = 0
    for alias, claim in _names("catboost"):
        if alias not in there:
            continue
        with pytest.raises(catboost.CatBoostError, match="only one of the parameters"):
            _fit("catboost.CatBoostClassifier", **{claim.argument: 5, alias: 5})
        checked += 1
    assert checked >= 8


# Parameters that have an effect only where their parents say so


class Conditional(NamedTuple):
    """Two settings of a parameter, where they differ in effect, and where they do not."""

    estimator: str
    name: str
    settings: tuple[Any, Any]
    matters: dict[str, Any]
    does_not: dict[str, Any]
    refused: bool = False

    def __str__(self) -> str:
        """The parameter, its library, and where it does nothing."""
        where = ", ".join(f"{parent}={value}" for parent, value in self.does_not.items()) or "by default"
        return f"{self.estimator.partition('.')[0]} {self.name} without effect {where}"


XGB, LGB, CAT = "xgboost.XGBClassifier", "lightgbm.LGBMClassifier", "catboost.CatBoostClassifier"
LINEAR = {"booster": "gblinear", "updater": "coord_descent"}
CONDITIONAL = [
    Conditional(XGB, "rate_drop", (0.1, 0.5), {"booster": "dart"}, {"booster": "gbtree"}),
    Conditional(XGB, "skip_drop", (0.1, 0.9), {"booster": "dart", "rate_drop": 0.3}, {"booster": "gbtree"}),
    Conditional(XGB, "skip_drop", (0.1, 0.9), {"booster": "dart", "rate_drop": 0.3}, {"booster": "dart"}),
    Conditional(XGB, "max_depth", (2, 6), {}, LINEAR),
    Conditional(XGB, "min_child_weight", (0.1, 10.0), {}, LINEAR),
    Conditional(XGB, "subsample", (0.5, 1.0), {}, LINEAR),
    Conditional(XGB, "colsample_bytree", (0.5, 1.0), {}, LINEAR),
    Conditional(XGB, "colsample_bylevel", (0.5, 1.0), {}, LINEAR),
    Conditional(XGB, "colsample_bynode", (0.5, 1.0), {}, LINEAR),
    Conditional(XGB, "gamma", (0.0, 1.0), {}, LINEAR),
    Conditional(XGB, "max_delta_step", (0.0, 0.2), {}, LINEAR),
    Conditional(XGB, "tree_method", ("hist", "exact"), {"max_bin": 8}, LINEAR),
    Conditional(XGB, "max_bin", (8, 256), {"tree_method": "hist"}, {"tree_method": "exact"}),
    Conditional(XGB, "max_leaves", (4, 16), {"grow_policy": "depthwise"}, {"tree_method": "exact"}),
    Conditional(XGB, "max_leaves", (4, 16), {"grow_policy": "lossguide"}, {"tree_method": "exact"}),
    Conditional(XGB, "grow_policy", ("depthwise", "lossguide"), {"max_leaves": 6}, {"max_leaves": 0}),
    Conditional(LGB, "subsample", (0.5, 1.0), {"subsample_freq": 1}, {"subsample_freq": 0}),
    Conditional(
        LGB, "subsample", (0.5, 0.9), {"subsample_freq": 1},
        {"subsample_freq": 1, "boosting_type": "goss"}, refused=True,
    ),
    Conditional(LGB, "drop_rate", (0.1, 0.5), {"boosting_type": "dart"}, {"boosting_type": "gbdt"}),
    Conditional(LGB, "skip_drop", (0.1, 0.9), {"boosting_type": "dart"}, {"boosting_type": "gbdt"}),
    Conditional(LGB, "num_leaves", (6, 8), {"max_depth": 3}, {"max_depth": 2}),
    Conditional(CAT, "subsample", (0.5, 0.9), {"bootstrap_type": "MVS"}, {"bootstrap_type": "Bayesian"}, refused=True),
    Conditional(CAT, "subsample", (0.5, 0.9), {"bootstrap_type": "Bernoulli"}, {"bootstrap_type": "No"}, refused=True),
    Conditional(CAT, "bagging_temperature", (0.1, 1.0), {"bootstrap_type": "Bayesian"}, {"bootstrap_type": "MVS"}),
    Conditional(
        CAT, "bagging_temperature", (0.1, 1.0), {"bootstrap_type": "Bayesian"},
        {"bootstrap_type": "Bernoulli"}, refused=True,
    ),
    Conditional(CAT, "min_data_in_leaf", (1, 60), {"grow_policy": "Depthwise"}, {"grow_policy": "SymmetricTree"}),
    Conditional(CAT, "min_data_in_leaf", (1, 60), {"grow_policy": "Lossguide"}, {}),
    Conditional(CAT, "max_leaves", (4, 31), {"grow_policy": "Lossguide"}, {"grow_policy": "Depthwise"}, refused=True),
    Conditional(CAT, "max_leaves", (4, 31), {"grow_policy": "Lossguide"}, {}, refused=True),
]  # fmt: skip


@pytest.mark.parametrize("case", [_marked(c.estimator.partition(".")[0], c) for c in CONDITIONAL])
@pytest.mark.filterwarnings("ignore:(?s).*are not used:UserWarning")
def test_a_conditional_parameter_matters_where_it_says_and_nowhere_else(case):
    _needed(case.estimator.partition(".")[0])
    if case.matters == {"booster": "dart"} and _acts_without_dart():
        pytest.skip(
            "from 3.4 on, XGBoost's dropout acts on gbtree too, and dart is deprecated; the family's notes say so"
        )
    left, right = ({case.name: value} for value in case.settings)
    assert not _same(case.estimator, case.matters | left, case.matters | right)
    if case.refused:
        with pytest.raises(Exception, match=r"\S"):
            _fit(case.estimator, **(case.does_not | left))
    else:
        assert _same(case.estimator, case.does_not | left, case.does_not | right)


def test_every_condition_of_these_families_is_tried():
    tried = {(case.estimator.partition(".")[0], case.name) for case in CONDITIONAL}
    assert {(_library(claim), claim.name) for claim in CLAIMS if claim.parameter.when} <= tried


@pytest.mark.truth
def test_parameters_of_categories_do_nothing_without_categories():
    _needed("catboost")
    for name, values in {
        "one_hot_max_size": (2, 100),
        "max_ctr_complexity": (1, 5),
        "model_size_reg": (0.1, 1.5),
    }.items():
        assert _same(CAT, {name: values[0]}, {name: values[1]}), name


def test_parameters_of_categories_do_nothing_without_categories_in_lightgbm():
    _needed("lightgbm")
    for name, values in {"cat_smooth": (1.0, 100.0), "cat_l2": (1.0, 100.0)}.items():
        assert _same(LGB, {name: values[0]}, {name: values[1]}), name


# What reasons and interactions say


def test_lightgbm_cannot_stop_early_with_dart():
    lightgbm = _needed("lightgbm")
    table = _table(LGB)
    rows = lightgbm.Dataset(table.columns, table.target)
    settings = {"boosting": "dart", "objective": "binary", "num_threads": 1, "verbose": -1}
    stop = lightgbm.early_stopping(1, verbose=False)
    with pytest.warns(UserWarning, match="not available in dart mode"):
        lightgbm.train(settings, rows, num_boost_round=5, valid_sets=[rows], callbacks=[stop])


@pytest.mark.truth
def test_a_penalty_switches_the_automatic_rate_of_catboost_off():
    _needed("catboost")
    by_itself = _fit(CAT).get_all_params()["learning_rate"]
    assert not math.isclose(by_itself, 0.03, rel_tol=1e-3)
    for value in ({"l2_leaf_reg": 3.0}, {"leaf_estimation_iterations": 1}):
        assert math.isclose(_fit(CAT, **value).get_all_params()["learning_rate"], 0.03, rel_tol=1e-3)


@pytest.mark.truth
def test_ordered_boosting_refuses_trees_that_are_not_symmetric():
    catboost = _needed("catboost")
    _fit(CAT, boosting_type="Ordered")
    with pytest.raises(catboost.CatBoostError, match="not supported for nonsymmetric trees"):
        _fit(CAT, boosting_type="Ordered", grow_policy="Depthwise")


@pytest.mark.truth
def test_several_classes_change_what_catboost_does_by_itself():
    catboost = _needed("catboost")
    told = _fit(CAT, task="multiclass", iterations=200).get_all_params()
    assert told["bootstrap_type"] == "Bayesian"
    assert told["leaf_estimation_iterations"] == 1
    with pytest.raises(catboost.CatBoostError, match="subsample"):
        _fit(CAT, task="multiclass", subsample=0.5)
    assert _fit(CAT, task="multiclass", subsample=0.5, bootstrap_type="MVS").tree_count_ > 0


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "ranking"])
@pytest.mark.parametrize("library", [_marked(library, library) for library in LIBRARIES])
@pytest.mark.filterwarnings("ignore:(?s).*scale_pos_weight.*are not used:UserWarning")
def test_every_configuration_that_a_plan_begins_with_trains(library, task):
    _needed(library)
    spec = Spec.model_validate({
        "version": 1,
        "model": {"family": library, "task": task},
        "objective": {"metric": "loss", "direction": "minimize"},
        "budget": {"trials": 400},
        "data": {"rows": ROWS, "features": 6},
    })  # fmt: skip
    plan = engine.advise(spec)
    assert plan.spec.estimator is not None
    assert len(plan.stages[0].start) >= 4
    for values in plan.stages[0].start:
        _fit(plan.spec.estimator, task=task, **{**values, TREES[library]: 3})
