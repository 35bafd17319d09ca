"""A configuration as text: it reads back equal, and the library takes it."""

from __future__ import annotations

import argparse
import ast
import json
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor import formats, yamlio
from advisor.errors import UnknownName
from advisor.formats import NoSuchCall, written
from advisor.spec import Spec
from advisor.trials import Trial

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PLANS = {path.parent.name: advisor.load_plan(path) for path in sorted(EXAMPLES.glob("*/plan.yaml"))}
TREES = PLANS["boosted-trees"]
TRICKY = {
    "zero": 0, "real": 0.0, "off": False, "none": None, "tiny": 1e-07, "large": 1e22, "less": -1, "tiniest": -1e-07,
    "word": "it's \"so\"", "number": "1e-3", "yes": "yes", "null": "null", "empty": "", "lines": "a\n b\t",
    "ö": "größe",
}  # fmt: skip

VALUES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8)
VALUES |= st.floats(allow_nan=False, allow_infinity=False)
CONFIGS = st.dictionaries(st.text(min_size=1, max_size=8).filter(str.isprintable), VALUES, max_size=6)

READERS = {"yaml": lambda text: yamlio.parse(text).value, "json": json.loads, "python": ast.literal_eval}


def typed(config):
    """The configuration with the kind of each value, because True equals 1 and 0 equals 0.0."""
    return {name: (type(value), value) for name, value in config.items()}


# Reading back


@pytest.mark.parametrize("form", READERS)
class TestReadsBack:
    def test_values_that_are_easily_lost(self, form):
        assert typed(READERS[form](written(TREES, TRICKY, form))) == typed(TRICKY)

    @given(config=CONFIGS)
    def test_any_values(self, form, config):
        assert typed(READERS[form](written(TREES, config, form))) == typed(config)

    def test_a_trial_is_its_configuration(self, form):
        trial = Trial(config=TRICKY, value=1.0, state="complete")
        assert written(TREES, trial, form) == written(TREES, TRICKY, form)


def test_readers_of_older_yaml_understand_it_too():
    assert typed(yaml.safe_load(written(TREES, TRICKY, "yaml"))) == typed(TRICKY)


def test_python_has_the_names_of_the_library_and_data_those_of_the_plan():
    config = {"learning_rate": 0.01, "beta1": 0.9}
    assert ast.literal_eval(written(PLANS["mlp-digits"], config, "python")) == {
        "learning_rate_init": 0.01, "beta_1": 0.9,
    }  # fmt: skip
    assert json.loads(written(PLANS["mlp-digits"], config, "json")) == config


# Arguments of a command


def test_arguments_go_through_a_shell_and_argparse_unchanged():
    parser = argparse.ArgumentParser()
    for name in TRICKY:
        parser.add_argument(f"--{name}")
    words = vars(parser.parse_args(shlex.split(written(TREES, TRICKY, "args"))))
    assert words == {n: value if isinstance(value, str) else json.dumps(value) for n, value in TRICKY.items()}


def test_arguments_read_as_people_write_them():
    config = {"learning_rate": 0.05, "extra_trees": False, "max_depth": -1, "note": "a; rm -rf $HOME"}
    assert written(TREES, config, "args") == (
        "--learning-rate 0.05 --extra-trees false --max-depth=-1 --note 'a; rm -rf $HOME'\n"
    )


# A call of the library


def call(plan, config):
    """The estimator that the written call makes."""
    names = {}
    exec(written(plan, config, "library"), names)  # noqa: S102 - our own text
    return names["model"]


def test_call_reads_as_people_write_it():
    assert written(TREES, {"learning_rate": 0.05, "boosting_type": "gbdt"}, "library") == (
        "from lightgbm import LGBMClassifier\n\n"
        'model = LGBMClassifier(\n    learning_rate=0.05,\n    boosting_type="gbdt",\n)\n'
    )


def test_names_that_python_cannot_write_are_passed_all_the_same():
    model = call(TREES, {"learning_rate": 0.05, "a.b": 1, "lambda": 2.5})
    assert model.get_params()["a.b"] == 1
    assert model.get_params()["lambda"] == 2.5


def test_networks_of_scikit_learn_get_their_layers_at_once():
    network = PLANS["mlp-digits"]
    assert call(network, {"num_layers": 3, "hidden_units": 64, "learning_rate": 0.01}).hidden_layer_sizes == (64,) * 3
    assert call(network, {"num_layers": 2}).hidden_layer_sizes == (100, 100)
    assert call(network, {"hidden_units": 8}).hidden_layer_sizes == (8,)
    assert "hidden_layer_sizes" not in written(network, {"learning_rate": 0.01}, "library")


@pytest.mark.parametrize("name", ["lora", "ppo", "hugging-face-default-space"])
def test_what_is_not_made_from_hyperparameters_alone_is_refused_with_the_remedy(name):
    with pytest.raises(NoSuchCall, match="not made from hyperparameters alone; write it as python"):
        written(PLANS[name], {"learning_rate": 0.1}, "library")


def test_a_plan_without_an_estimator_is_refused():
    plan = TREES.having(spec=TREES.spec.having(estimator=None))
    with pytest.raises(NoSuchCall, match="the plan names no estimator"):
        written(plan, {"learning_rate": 0.1}, "library")


def test_arguments_of_an_estimator_inside_another_are_refused():
    spec = {
        "version": 1,
        "model": {"family": "adaboost", "task": "binary"},
        "objective": {"metric": "auc", "direction": "maximize"},
        "budget": {"trials": 40},
    }
    plan = advisor.advise(Spec.model_validate(spec))
    with pytest.raises(NoSuchCall, match="AdaBoostClassifier holds another estimator, which estimator__max_depth"):
        written(plan, plan.stages[0].start[0], "library")


def test_a_format_that_nobody_knows_is_named_with_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'yaml'"):
        written(TREES, {}, "yml")


# The real libraries

ESTIMATORS = {
    "lightgbm": ("lightgbm.LGBMClassifier", "lightgbm.LGBMRegressor"),
    "xgboost": ("xgboost.XGBClassifier", "xgboost.XGBRegressor"),
    "catboost": ("catboost.CatBoostClassifier",),
    "random-forest": ("sklearn.ensemble.RandomForestClassifier", "sklearn.ensemble.RandomForestRegressor"),
    "linear": ("sklearn.linear_model.LogisticRegression", "sklearn.linear_model.Ridge"),
    "svm": ("sklearn.svm.SVC", "sklearn.svm.SVR"),
    "mlp-sgd": ("sklearn.neural_network.MLPRegressor",),
}
"""Of each package and each way of naming arguments, one."""


def planned(family, estimator):
    """A plan for an estimator."""
    spec = {
        "version": 1,
        "model": {"family": family, "estimator": estimator},
        "objective": {"metric": "score", "direction": "maximize"},
        "budget": {"trials": 60},
        "data": {"rows": 500, "features": 10},
    }
    return advisor.advise(Spec.model_validate(spec))


def accepted(plan):
    """Check that the library has what each start of the plan says, once the written call is run."""
    package = plan.spec.estimator.partition(".")[0]
    pytest.importorskip(package, reason="the library itself")
    for start in plan.stages[0].start:
        model = call(plan, start)
        module, _, name = plan.spec.estimator.rpartition(".")
        assert type(model) is getattr(import_module(module), name)
        entries = plan.stages[-1].entries
        expected = {entries[n].argument or n: v for n, v in start.items() if n not in {"num_layers", "hidden_units"}}
        found = model.get_params()
        assert {argument: found[argument] for argument in expected} == expected


@pytest.mark.truth
@pytest.mark.parametrize(("family", "estimator"), [(f, e) for f, all_of in ESTIMATORS.items() for e in all_of])
def test_library_takes_the_written_call(family, estimator):
    accepted(planned(family, estimator))


@pytest.mark.truth
@pytest.mark.parametrize("name", ["boosted-trees", "mlp-digits", "random-forest", "svm-digits"])
def test_library_takes_the_written_call_of_every_example(name):
    accepted(PLANS[name])


@pytest.mark.truth
def test_models_of_the_examples_learn_as_written():
    from sklearn.datasets import make_classification

    columns, target = make_classification(200, 8, random_state=0)
    for name in ("boosted-trees", "svm-digits"):
        plan = PLANS[name]
        assert call(plan, plan.stages[0].start[0]).fit(columns, target).score(columns, target) > 0.9


def test_every_form_is_tried_here():
    assert set(formats.FORMS) == {*READERS, "args", "library"}
