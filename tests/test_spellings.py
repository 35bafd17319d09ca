"""The words of other tools, and that they mean here what they mean there."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import reading, spellings
from advisor.spec import Spec

BASE = {
    "version": 1,
    "model": {"family": "lightgbm"},
    "objective": {"metric": "auc", "direction": "maximize"},
}


def entry(spelt: object) -> dict[str, object]:
    """What the spec has of an entry."""
    return Spec.model_validate({**BASE, "space": {"x": spelt}}).to_data()["space"]["x"]


def refusal(spelt: object) -> str:
    found = reading.problems(Spec, {**BASE, "space": {"x": spelt}})
    assert isinstance(found, list), found
    return "\n".join(map(str, found))


UNDERSTOOD = {
    # Short forms
    "a list": ([1, 2, "a", None], {"choices": [1, 2, "a", None]}),
    "a value": (3, {"value": 3}),
    "false": (False, {"value": False}),
    "the name alone": (None, {}),
    "our own words": ({"low": 1, "high": 2, "log": True}, {"low": 1, "high": 2, "log": True}),
    # W&B: docs.wandb.ai/models/sweeps/sweep-config-keys
    "wandb values": ({"values": [16, 32]}, {"choices": [16, 32]}),
    "wandb categorical": ({"distribution": "categorical", "values": ["a"]}, {"choices": ["a"]}),
    "wandb constant": ({"distribution": "constant", "value": 3}, {"value": 3}),
    "wandb whole ends": ({"min": 1, "max": 9}, {"type": "int", "low": 1, "high": 9}),
    "wandb real ends": ({"min": 0.1, "max": 0.9}, {"type": "float", "low": 0.1, "high": 0.9}),
    "wandb mixed ends": ({"min": 0, "max": 0.9}, {"type": "float", "low": 0, "high": 0.9}),
    "wandb uniform of whole ends": (
        {"distribution": "uniform", "min": 0, "max": 1},
        {"type": "float", "low": 0, "high": 1},
    ),
    "wandb int_uniform has both ends": (
        {"distribution": "int_uniform", "min": 1, "max": 9},
        {"type": "int", "low": 1, "high": 9},
    ),
    "wandb log_uniform_values": (
        {"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1},
        {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    ),
    "wandb inv_log_uniform_values": (
        {"distribution": "inv_log_uniform_values", "min": 1e-5, "max": 0.1},
        {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    ),
    "wandb q_uniform": (
        {"distribution": "q_uniform", "min": 0.2, "max": 1.0, "q": 0.1},
        {"type": "float", "low": 0.2, "high": 1.0, "step": 0.1},
    ),
    "wandb q_uniform without q": (
        {"distribution": "q_uniform", "min": 1, "max": 9},
        {"type": "int", "low": 1, "high": 9, "step": 1},
    ),
    "wandb q_log_uniform_values": (
        {"distribution": "q_log_uniform_values", "min": 8, "max": 512},
        {"type": "int", "low": 8, "high": 512, "log": True},
    ),
    "wandb nulls": ({"min": 1, "max": 2, "probabilities": None}, {"type": "int", "low": 1, "high": 2}),
    # Ray Tune: docs.ray.io/en/latest/tune/api/search_space.html
    "ray uniform": ({"uniform": [0, 1]}, {"type": "float", "low": 0, "high": 1}),
    "ray loguniform": ({"loguniform": [1e-4, 0.1]}, {"type": "float", "low": 1e-4, "high": 0.1, "log": True}),
    "ray quniform": ({"quniform": [3.2, 5.4, 0.2]}, {"type": "float", "low": 3.2, "high": 5.4, "step": 0.2}),
    "ray randint leaves out the upper end": ({"randint": [1, 10]}, {"type": "int", "low": 1, "high": 9}),
    "ray randint written 1e1": ({"randint": [1, 10.0]}, {"type": "int", "low": 1, "high": 9}),
    "ray lograndint leaves out the upper end": (
        {"lograndint": [1, 1000]},
        {"type": "int", "low": 1, "high": 999, "log": True},
    ),
    "ray qrandint has the upper end": ({"qrandint": [2, 10, 2]}, {"type": "int", "low": 2, "high": 10, "step": 2}),
    "ray qrandint without q": ({"qrandint": [1, 9]}, {"type": "int", "low": 1, "high": 9, "step": 1}),
    "ray qlograndint by ones": ({"qlograndint": [1, 9, 1]}, {"type": "int", "low": 1, "high": 9, "log": True}),
    "ray choice": ({"choice": ["a", "b"]}, {"choices": ["a", "b"]}),
    "ray grid_search": ({"grid_search": [1, 2]}, {"choices": [1, 2]}),
    "ray beside our words": (
        {"uniform": [0, 1], "role": "tune"},
        {"type": "float", "low": 0, "high": 1, "role": "tune"},
    ),
    "ray distribution": (
        {"distribution": "randint", "lower": 1, "upper": 10},
        {"type": "int", "low": 1, "high": 9},
    ),
    # Ax: RangeParameterConfig, ChoiceParameterConfig and the older dictionaries
    "ax bounds": ({"type": "range", "bounds": [1, 9]}, {"type": "int", "low": 1, "high": 9}),
    "ax real bounds": ({"bounds": [0.0, 1]}, {"type": "float", "low": 0.0, "high": 1}),
    "ax value_type": (
        {"name": "x", "type": "range", "bounds": [1, 9], "value_type": "float", "log_scale": True},
        {"type": "float", "low": 1, "high": 9, "log": True},
    ),
    "ax scaling": (
        {"bounds": [1, 64], "parameter_type": "int", "scaling": "log"},
        {"type": "int", "low": 1, "high": 64, "log": True},
    ),
    "ax step_size counts from the lower bound": (
        {"bounds": [1, 9], "parameter_type": "int", "step_size": 2},
        {"type": "int", "low": 1, "high": 9, "step": 2},
    ),
    "ax choice": (
        {"type": "choice", "values": [1, 2], "is_ordered": True, "sort_values": True},
        {"choices": [1, 2], "ordered": True},
    ),
    "ax choice by its words": (
        {"values": [1, 2], "parameter_type": "int", "is_ordered": False},
        {"choices": [1, 2], "ordered": False},
    ),
    "ax fixed": ({"type": "fixed", "value": 3, "value_type": "int"}, {"value": 3}),
    # ConfigSpace, the dictionaries of its JSON
    "configspace float": (
        {
            "type": "uniform_float",
            "name": "x",
            "lower": 0.1,
            "upper": 1.0,
            "default_value": 0.5,
            "log": True,
            "meta": None,
        },
        {"type": "float", "low": 0.1, "high": 1.0, "log": True, "default": 0.5},
    ),
    "configspace int": (
        {"type": "uniform_int", "lower": 1, "upper": 9, "log": False, "default_value": 5},
        {"type": "int", "low": 1, "high": 9, "log": False, "default": 5},
    ),
    "configspace categorical": (
        {"type": "categorical", "choices": ["a", "b"], "weights": None, "default_value": "a", "meta": None},
        {"choices": ["a", "b"], "default": "a"},
    ),
    "configspace ordinal": (
        {"type": "ordinal", "sequence": ["s", "m", "l"], "default_value": "s"},
        {"choices": ["s", "m", "l"], "ordered": True, "default": "s"},
    ),
    "configspace constant": ({"type": "constant", "value": "x", "meta": None}, {"value": "x"}),
    # Katib, whose numbers are text
    "katib double": (
        {"name": "x", "parameterType": "double", "feasibleSpace": {"min": "0.01", "max": "1", "step": "0.01"}},
        {"type": "float", "low": 0.01, "high": 1, "step": 0.01},
    ),
    "katib int": (
        {"parameterType": "int", "feasibleSpace": {"min": "1", "max": 9}},
        {"type": "int", "low": 1, "high": 9},
    ),
    "katib log": (
        {"parameterType": "double", "feasibleSpace": {"min": "1e-5", "max": "1e-1", "distribution": "logUniform"}},
        {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    ),
    "katib words stay words": (
        {"parameterType": "categorical", "feasibleSpace": {"list": ["sgd", "1"]}},
        {"choices": ["sgd", "1"]},
    ),
    "katib discrete": (
        {"parameterType": "discrete", "feasibleSpace": {"list": ["0.1", "1", "10"]}},
        {"choices": [0.1, 1, 10], "ordered": True},
    ),
}


@pytest.mark.parametrize(("spelt", "meant"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_words_of_a_tool_mean_ours(spelt, meant):
    assert repr(sorted(entry(spelt).items())) == repr(sorted(meant.items()))


@pytest.mark.parametrize(("spelt", "meant"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_our_words_mean_themselves(spelt, meant):
    assert entry(meant) == entry(spelt)


REFUSED = {
    "exponents": ({"distribution": "log_uniform", "min": -5, "max": -1}, "takes exponents"),
    "quantised exponents": ({"distribution": "q_log_uniform", "min": 0, "max": 3}, "takes exponents"),
    "inverse exponents": ({"distribution": "inv_log_uniform", "min": 0, "max": 3}, "takes exponents"),
    "normal": ({"distribution": "normal", "mu": 0, "sigma": 1}, "is no range that is known here; write low and high"),
    "misspelt distribution": ({"distribution": "unifrom", "min": 0, "max": 1}, "did you mean 'uniform'?"),
    "distribution as list": ({"distribution": ["uniform"]}, "distribution is a word"),
    "distribution as number": ({"distribution": 3}, "distribution is a word, not 3"),
    "min alone": ({"min": 1}, "needs max"),
    "max alone": ({"max": 1}, "needs min"),
    "distribution alone": ({"distribution": "log_uniform_values"}, "log_uniform_values needs min and max"),
    "values as number": ({"values": 3}, "expected a list, not 3"),
    "values empty": ({"values": []}, "is empty"),
    "values of lists": ({"values": [[1], [2]]}, "expected one value, not a list"),
    "text for a number": ({"min": "a", "max": 3}, "expected a number, not 'a'"),
    "number in quotes": ({"min": "1e-3", "max": 1}, "take the quotes away"),
    "truth for a number": ({"min": False, "max": True}, "expected a number, not false"),
    "q off the grid": (
        {"distribution": "q_uniform", "min": 1, "max": 9, "q": 2},
        "takes multiples of 2, and 1 is none",
    ),
    "q on a log scale": ({"distribution": "q_log_uniform_values", "min": 8, "max": 64, "q": 8}, "logarithmic scale"),
    "q of nothing": ({"distribution": "q_uniform", "min": 1, "max": 9, "q": 0}, "must be above 0, not 0"),
    "q as text": ({"min": 1, "max": 9, "q": "x"}, "expected a number, not 'x'"),
    "probabilities": ({"values": [1, 2], "probabilities": [0.1, 0.9]}, "probabilities are not kept"),
    "both tools at once": ({"low": 1, "min": 2, "max": 3}, "low and min mean the same; keep one of them"),
    "both lists": ({"choices": [1], "values": [2]}, "choices and values mean the same"),
    "min above max": ({"min": 3, "max": 1}, "low 3 is above high 1"),
    "log from zero": ({"distribution": "log_uniform_values", "min": 0, "max": 1}, "needs low above 0"),
    "nested wandb": ({"parameters": {"a": {"value": 1}}}, "unknown key 'parameters'"),
    "choice of one value": ({"choice": 3}, "expected a list, not 3"),
    "randint of one end": ({"randint": [5]}, "randint takes [low, high]"),
    "randint of nothing": ({"randint": [5, 5]}, "leaves out its upper end"),
    "randint of a mapping": ({"randint": {"low": 1}}, "randint takes [low, high], not a mapping"),
    "loguniform with a base": ({"loguniform": [1, 10, 10]}, "loguniform takes [low, high]"),
    "quniform without q": ({"quniform": [1, 10]}, "quniform takes [low, high, q]"),
    "quniform off the grid": ({"quniform": [0.1, 1, 0.25]}, "takes multiples of 0.25, and 0.1 is none"),
    "qloguniform": ({"qloguniform": [0.1, 1, 0.1]}, "grid on a logarithmic scale"),
    "ray of texts": ({"uniform": ["a", "b"]}, "expected a number, not 'a'"),
    "ray twice": ({"uniform": [0, 1], "randint": [0, 1]}, "exclude each other"),
    "ray and low": ({"uniform": [0, 1], "low": 0}, "uniform and low exclude each other"),
    "randn": ({"randn": [0, 1]}, "randn is no range"),
    "bounds of one": ({"bounds": ["a"]}, "bounds takes two values"),
    "bounds of texts": ({"bounds": ["a", "b"]}, "expected a number, not 'a'"),
    "bounds as number": ({"bounds": 3}, "bounds takes two values"),
    "range without bounds": ({"type": "range"}, "range needs bounds"),
    "choice without values": ({"type": "choice"}, "type: choice needs values"),
    "scaling misspelt": ({"bounds": [1, 2], "scaling": "logit"}, "scaling is linear or log"),
    "bounds and low": ({"bounds": [1, 2], "low": 1}, "bounds and low or high mean the same"),
    "type as list": ({"type": ["range"]}, "none of float, int, categorical"),
    "ax dependents": ({"type": "choice", "values": [1], "dependents": {"1": ["a"]}}, "unknown key 'dependents'"),
    "normal_float": ({"type": "normal_float", "mu": 0, "sigma": 1}, "is no range"),
    "weights": ({"type": "categorical", "choices": [1, 2], "weights": [1, 2]}, "weights are not kept"),
    "lower alone": ({"type": "uniform_float", "lower": 1}, "needs upper"),
    "ordinal without sequence": ({"type": "ordinal"}, "type: ordinal needs sequence"),
    "constant without value": ({"type": "constant"}, "type: constant needs value"),
    "feasibleSpace alone": ({"feasibleSpace": {"list": [3]}}, "parameterType is one of"),
    "parameterType alone": ({"parameterType": "int"}, "feasibleSpace takes min and max"),
    "feasibleSpace as list": ({"parameterType": "int", "feasibleSpace": [1, 2]}, "feasibleSpace takes min and max"),
    "list as number": ({"parameterType": "int", "feasibleSpace": {"list": 3}}, "takes a list of values"),
    "katib min alone": ({"parameterType": "int", "feasibleSpace": {"min": "1"}}, "feasibleSpace needs max"),
    "katib misspelt": ({"parameterType": "int", "feasibleSpace": {"mn": 1}}, "did you mean 'min'?"),
    "katib normal": (
        {"parameterType": "double", "feasibleSpace": {"min": "1", "max": "2", "distribution": "normal"}},
        "distribution normal is no range",
    ),
    "katib text": ({"parameterType": "int", "feasibleSpace": {"min": "a", "max": "2"}}, "expected a number, not 'a'"),
    "katib infinite": ({"parameterType": "double", "feasibleSpace": {"min": "1", "max": "1e400"}}, "larger than any"),
    "unknown word": ({"lwo": 1, "high": 2}, "did you mean 'low'?"),
    "huge": ({"min": 10**400, "max": 10**401}, "more than 40 digits"),
}


@pytest.mark.parametrize(("spelt", "why"), REFUSED.values(), ids=REFUSED)
def test_what_ours_cannot_say_is_refused_with_the_reason(spelt, why):
    assert why in refusal(spelt)


@pytest.mark.parametrize(("low", "high", "q"), list(itertools.product([0, 2, 6], [8, 12], [1, 2])))
def test_quantised_range_proposes_what_the_tools_round_to(low, high, q):
    theirs = {round(x / 1000 / q) * q for x in range(low * 1000, high * 1000 + 1)}
    ours = entry({"distribution": "q_uniform", "min": low, "max": high, "q": q})
    assert set(range(ours["low"], ours["high"] + 1, ours["step"])) == theirs
    assert entry({"qrandint": [low, high, q]}) == ours


words = sorted(
    {"low", "high", "step", "log", "type", "choices", "value", "values", "min", "max", "q", "distribution", "bounds",
     "lower", "upper", "sequence", "feasibleSpace", "parameterType", "randint", "quniform", "choice", "value_type",
     "scaling", "name", "weights", "default_value", "is_ordered", "when", "role", "is", "default", "ordered"}
)  # fmt: skip
parts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(
        ["a", "1", "int", "float", "range", "choice", "uniform_int", "q_uniform", "randint", "double", "log", ""]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["min", "max", "list", "a"]), inner),
    max_leaves=4,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(words), parts, max_size=5) | parts)
def test_any_entry_is_understood_or_refused_and_never_crashes(spelt):
    found = reading.problems(Spec, {**BASE, "space": {"x": spelt}})
    assert isinstance(found, Spec) or found


@given(st.dictionaries(st.sampled_from(words), parts, max_size=5))
def test_what_is_understood_once_is_understood_the_same_again(spelt):
    found = reading.problems(Spec, {**BASE, "space": {"x": spelt}})
    if isinstance(found, Spec):
        assert found == reading.problems(Spec, {**BASE, "space": {"x": spellings.normalised(spelt)}})
