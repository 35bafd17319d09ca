"""The engine on the knowledge base that is shipped."""

from __future__ import annotations

import time

import pytest
import small

from advisor import Spec, advise, library, trusted, yamlio
from advisor.knowledge import Family, Shared

LIGHTGBM = {
    "version": 1,
    "model": {"family": "lightgbm"},
    "objective": {"metric": "auc", "direction": "maximize"},
    "data": {"rows": 5000, "features": 20},
}


@pytest.mark.parametrize(
    ("family", "names"), [("xgboost", ["eta", "learning_rate"]), ("lightgbm", ["lambda_l2", "reg_lambda"])]
)
def test_the_words_of_the_libraries_are_known(family, names):
    for name in names:
        made = advise(small.spec(model={"family": family}, space={name: {"low": 0.01, "high": 0.02}}))
        entry = small.found(made, name)
        assert (entry.is_ or name) == names[1]


def test_lightgbm_leaves_fit_into_a_depth_that_the_person_fixes():
    made = advise(small.spec(model={"family": "lightgbm"}, fixed={"max_depth": 4}))
    assert any("num_leaves" in c.expression for c in made.constraints)
    held = made.stages[0].fixed.get("num_leaves") or made.stages[0].search["num_leaves"]
    assert getattr(held, "value", None) is None or held.value <= 16
    assert made.stages[0].start
    assert all(point["num_leaves"] <= 16 for point in made.stages[0].start)


def test_the_plan_of_an_example_is_written_in_a_stable_order():
    made = advise(Spec.model_validate(LIGHTGBM))
    keys = list(yamlio.parse(yamlio.dump(made.to_data())).value)
    assert keys[:7] == ["version", "spec", "knowledge", "objective", "budget", "bar", "stages"]


@pytest.mark.slow
def test_a_thousand_parameters_and_two_thousand_rules_are_planned_in_seconds(tmp_path):
    when = {"data.rows": {"gt": 10}, "any": [{"regimes": ["small-data"]}, {"data.features": {"lt": 500}}]}
    then = [small.effect("narrow", "num_leaves", high={"of": "data.rows", "at_least": 100})]
    rules = [small.rule(f"team-{i}", *then, small.effect("promote", "reg_alpha"), when=when) for i in range(2000)]
    folder = small.write(tmp_path / "team", lightgbm={"family": "lightgbm", "rules": rules})
    own = {f"p{i}": {"low": 0.0, "high": 1.0} for i in range(1000)}
    spec = Spec.model_validate(LIGHTGBM | {"space": own, "knowledge": [str(folder)], "budget": {"trials": 100_000}})
    began = time.perf_counter()
    made = advise(spec)
    assert time.perf_counter() - began < 8  # about one second on one core
    assert len(made.stages[-1].search) > 1000
    assert sum(record.rule.startswith("team-") for record in made.fired) == 2000


@pytest.mark.parametrize("name", [*library.family_names(), "_shared"])
def test_what_is_trusted_is_what_validating_gives(name):
    layers = library.layers([library.shipped_folder() / f"{name}.yaml"])
    model = Shared if name == "_shared" else Family
    trusted_value = trusted.constructed(model, layers.data)
    assert trusted_value == library.validated(model, layers)
    assert trusted_value.to_data() == library.validated(model, layers).to_data()
