"""What a rule may ask about: the facts of a spec, by dotted name, and the facts derived from them.

A derived fact is a small function with a unit and, where its form is somebody's finding, a source. One that lacks what
it needs is unknown, as a fact that nobody gave.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from advisor import optimism
from advisor.model import Frozen
from advisor.spec import Budget, DataFacts, ModelFacts, Objective, Spec

Fact: TypeAlias = bool | int | float | str
Facts: TypeAlias = Mapping[str, Fact]
"""What is known, by dotted name; what is not known is absent."""

SECTIONS: Final[Mapping[str, type[Frozen]]] = {
    "model": ModelFacts,
    "objective": Objective,
    "budget": Budget,
    "data": DataFacts,
}

# Names in a spec that identify files; advice that hung on them would hang on the person's folders.
_NOT_FACTS: Final = frozenset({"data.profile", "data.target"})


def given(spec: Spec) -> dict[str, Fact]:
    """The facts that the person gave."""
    return {
        f"{section}.{name}": value
        for section in SECTIONS
        for name, value in getattr(spec, section)
        if value is not None and f"{section}.{name}" not in _NOT_FACTS
    }


def with_derived(facts: Facts) -> dict[str, Fact]:
    """The facts together with all that can be derived from them."""
    known = dict(facts)
    for name, derive in DERIVED.items():
        value = _or_unknown(derive, known)
        if value is not None and math.isfinite(value):
            known[name] = float(f"{value:.12g}")  # so that 1 - 0.9 is a tenth at a border of a tenth
    return known


def _or_unknown(derive: Callable[[Facts], float], facts: Facts) -> float | None:
    try:
        return derive(facts)
    except (KeyError, ZeroDivisionError, OverflowError, ValueError):
        return None


def _number(facts: Facts, name: str) -> float:
    return float(facts[name])


def rows_per_feature(facts: Facts) -> float:
    """Rows for each column to predict from (rows/column)."""
    return _number(facts, "data.rows") / _number(facts, "data.features")


def parameters_per_row(facts: Facts) -> float:
    """Capacity over data: trained weights for each row (weights/row)."""
    return _number(facts, "model.parameters") / _number(facts, "data.rows")


def tokens_per_parameter(facts: Facts) -> float:
    """Data over capacity: tokens of text for each trained weight (tokens/weight)."""
    return _number(facts, "data.tokens") / _number(facts, "model.parameters")


def imbalance(facts: Facts) -> float:
    """Rows of all other classes for each row of the rarest (rows/row)."""
    rarest = _number(facts, "data.positive_rate")
    return (1 - rarest) / rarest


def rarest_class_rows(facts: Facts) -> float:
    """Rows of the rarest class (rows)."""
    return _number(facts, "data.rows") * _number(facts, "data.positive_rate")


def log2_rows(facts: Facts) -> float:
    """Levels of a balanced binary tree with a leaf for each row (levels)."""
    return math.log2(_number(facts, "data.rows"))


def inverse_features(facts: Facts) -> float:
    """One over the number of columns (1/column): scikit-learn's ``gamma='scale'`` on standardised columns."""
    return 1 / _number(facts, "data.features")


def root_features_share(facts: Facts) -> float:
    """Square root of the number of columns as a share of them (share): ``max_features='sqrt'``."""
    return 1 / math.sqrt(_number(facts, "data.features"))


def trials_affordable(facts: Facts) -> float:
    """Trials that fit into the hours (trials): by the clock, on all parallel places."""
    places = _number(facts, "budget.parallel") if "budget.parallel" in facts else 1.0
    in_hours = _number(facts, "budget.hours") * 60 / _number(facts, "budget.minutes_per_trial")
    return float(math.floor(in_hours) * places)


def trials(facts: Facts) -> float:
    """Trials there will be (trials): what was asked for or what fits into the hours, whichever is less."""
    asked = facts.get("budget.trials")
    fit = _or_unknown(trials_affordable, facts) if "budget.hours" in facts else None
    known = [float(number) for number in (asked, fit) if number is not None]
    if not known:
        raise KeyError("budget.trials")
    return max(1.0, min(known))


def rounds(facts: Facts) -> float:
    """Times that results can guide the choice of new trials (rounds): trials over parallel places."""
    return trials(facts) / _number(facts, "budget.parallel")


def headroom(facts: Facts) -> float:
    """How far the library's default is from what is possible, over the larger of the two (share)."""
    default, attainable = _number(facts, "objective.default_value"), _number(facts, "objective.attainable")
    return abs(attainable - default) / max(abs(attainable), abs(default))


def noise_over_gain(facts: Facts) -> float:
    """Noise over what there is to gain (share): to what is possible, else a tenth of the default, else 0.1.

    The last is for metrics between 0 and 1, such as accuracy.
    """
    noise = _number(facts, "objective.noise")
    default, attainable = facts.get("objective.default_value"), facts.get("objective.attainable")
    if isinstance(default, int | float) and isinstance(attainable, int | float):
        return noise / abs(attainable - default)
    return noise / (0.1 * abs(default) if isinstance(default, int | float) and default else 0.1)


def trials_validation_carries(facts: Facts) -> float:
    """Trials that the validation data carry (trials): with more, the luck of the best is above what there is to gain.

    To gain is what is possible, else a tenth of what the default leaves; luck follows from metric and rows (see
    ``advisor.optimism``). Known for a cross-validation, which measures on every row, of an error, accuracy or area
    under a ROC curve.
    """
    split, metric = facts["objective.split"], str(facts["objective.metric"])
    default, rows = _number(facts, "objective.default_value"), _number(facts, "data.rows")
    rarest = _number(facts, "data.positive_rate") if optimism.is_area(metric) else 0.5
    attainable = facts.get("objective.attainable")
    error, left = optimism.standard_error(metric, default, rows, rarest), optimism.error_left(metric, default)
    if split != "cross-validation" or error is None or left is None:
        raise ValueError(metric)
    gain = 0.1 * left if attainable is None else abs(float(attainable) - default)
    return float(math.floor(optimism.trials_carried(gain, optimism.own_part(error))))


def budget_over_carried(facts: Facts) -> float:
    """Trials there will be for each that the validation data can carry (trials/trial)."""
    return trials(facts) / trials_validation_carries(facts)


def step_law_learning_rate(facts: Facts) -> float:
    """Best peak learning rate of pre-training for N weights and D tokens: 1.80 N^-0.713 D^0.307 (step-law-2025)."""
    weights, tokens = _number(facts, "model.parameters"), _number(facts, "data.tokens")
    return float(1.80 * weights**-0.713 * tokens**0.307)


def step_law_batch_tokens(facts: Facts) -> float:
    """Best batch of pre-training for D tokens: 0.58 D^0.571 (tokens) (step-law-2025)."""
    return float(0.58 * _number(facts, "data.tokens") ** 0.571)


DERIVED: Final[Mapping[str, Callable[[Facts], float]]] = {
    f"derived.{function.__name__}": function
    for function in (
        rows_per_feature,
        parameters_per_row,
        tokens_per_parameter,
        imbalance,
        rarest_class_rows,
        log2_rows,
        inverse_features,
        root_features_share,
        trials_affordable,
        trials,
        rounds,
        headroom,
        noise_over_gain,
        trials_validation_carries,
        budget_over_carried,
        step_law_learning_rate,
        step_law_batch_tokens,
    )
}
"""The derived facts, by the name that rules use."""

TRIALS_PER_PARAMETER: Final = "derived.trials_per_parameter"
"""Trials that each parameter worth tuning would get (trials/parameter); only the engine can count them."""


def names() -> tuple[str, ...]:
    """Every fact that a rule may ask about."""
    stated = (f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields)
    return (*(name for name in stated if name not in _NOT_FACTS), *DERIVED, TRIALS_PER_PARAMETER)


class _Asked(dict[str, Fact]):
    """Facts that remember which of them were asked for and not there."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.missing: dict[str, None] = {}

    def __missing__(self, name: str) -> Fact:
        self.missing[name] = None
        return 1.0


def to_give(name: str, facts: Facts) -> tuple[str, ...]:
    """The facts that a person would have to give so that this one is known."""
    if name in {"derived.trials", TRIALS_PER_PARAMETER}:
        return ("budget.minutes_per_trial",) if "budget.hours" in facts else ("budget.trials",)
    if name not in DERIVED:
        return (name,)
    asked = _Asked({"budget.trials": 1, **facts})
    _or_unknown(DERIVED[name], asked)
    trials_unknown = name in {"derived.rounds", "derived.budget_over_carried"} and "derived.trials" not in facts
    return (*(("budget.trials",) if trials_unknown else ()), *asked.missing)
