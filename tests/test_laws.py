"""What must be true of every plan, whatever the spec and the family."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import Plan, Spec, advise, explain, library, load_plan, yamlio
from advisor.candidates import library_default
from advisor.constraints import holds
from advisor.knowledge import Family, Parameter
from advisor.plan import Searched, Stage
from advisor.space import Value, contains, same

COUNT = settings(max_examples=40)
FAMILIES = library.family_names()


def searched(plan: Plan) -> Iterator[tuple[Stage, str, Searched]]:
    for stage in plan.stages:
        for name, entry in stage.search.items():
            yield stage, name, entry


def known(plan: Plan, name: str) -> Parameter | None:
    family = strategies.family(plan.spec.family)
    entry = next(s.search.get(name) or s.fixed[name] for s in plan.stages)
    return family.parameters.get(entry.is_ or name) if name in plan.evidence else None


def values_of(domain: Any) -> tuple[Value, ...]:
    return domain.choices if hasattr(domain, "choices") else (domain.low, domain.high)


@COUNT
@given(strategies.planned())
def test_every_parameter_is_searched_or_fixed_once_in_each_stage(made):
    spec, plan = made
    for stage in plan.stages:
        assert not stage.search.keys() & stage.fixed.keys()
        assert stage.search.keys() | stage.fixed.keys() == set(plan.parameters)
        assert {*spec.space, *spec.fixed} <= set(plan.parameters)


@COUNT
@given(strategies.planned())
def test_ranges_stay_inside_what_the_library_accepts(made):
    _, plan = made
    for _, name, entry in searched(plan):
        parameter = known(plan, name)
        if parameter is not None:
            for value in (*values_of(entry.domain), entry.default):
                assert parameter.valid.accepts(value), f"{name} {value!r}"


@COUNT
@given(strategies.planned())
def test_a_range_of_the_person_is_never_exceeded(made):
    spec, plan = made
    for name, allowed in spec.space.items():
        settings_seen: list[Value] = [point[name] for point in plan.stages[0].start if name in point]
        for stage in plan.stages:
            if name in stage.search:
                settings_seen += [*values_of(stage.search[name].domain), stage.search[name].default]
            elif "value" not in allowed.model_fields_set:
                settings_seen.append(stage.fixed[name].value)
        for value in settings_seen:
            if allowed.choices is not None:
                assert any(same(value, choice) for choice in allowed.choices), f"{name} {value!r}"
            else:
                assert allowed.low is None or value >= allowed.low, f"{name} {value!r}"
                assert allowed.high is None or value <= allowed.high, f"{name} {value!r}"


@COUNT
@given(strategies.planned())
def test_a_scale_that_the_person_chose_is_kept(made):
    spec, plan = made
    for _, name, entry in searched(plan):
        wanted = spec.space.get(name)
        if wanted is not None and wanted.log is not None:
            assert bool(entry.log) is wanted.log


@COUNT
@given(strategies.planned())
def test_values_that_the_person_holds_are_kept_with_their_type(made):
    spec, plan = made
    held = {n: e.value for n, e in spec.space.items() if "value" in e.model_fields_set} | dict(spec.fixed)
    for name, value in held.items():
        for stage in plan.stages:
            kept = stage.fixed[name].value
            assert same(kept, value)
            assert type(kept) is type(value)
        for point in plan.stages[0].start:
            assert name not in point or same(point[name], value)


@COUNT
@given(strategies.planned())
def test_what_the_person_wants_tuned_is_searched_in_the_end_or_without_effect(made):
    spec, plan = made
    for name, entry in spec.space.items():
        if entry.role in {"tune", "nuisance"} and name not in plan.stages[-1].search:
            held = plan.stages[-1].fixed[name]
            alone = known(plan, name) is not None and (entry.choices or entry.low is not None)
            assert held.active is False or alone or any("nothing to search" in why for why in held.why)


@COUNT
@given(strategies.planned())
def test_a_closed_scope_adds_nothing(made):
    spec, plan = made
    if spec.scope == "closed":
        assert set(plan.parameters) == {*spec.space, *spec.fixed}
        assert all(point.keys() <= {*spec.space, *spec.fixed} for s in plan.stages for point in s.start)


@COUNT
@given(strategies.planned())
def test_stages_are_numbered_and_spend_exactly_the_budget(made):
    _, plan = made
    assert sum(stage.trials for stage in plan.stages) == plan.budget.trials
    assert [stage.id for stage in plan.stages] == [*range(1, len(plan.stages) + 1)]
    assert plan.budget.parallel <= plan.budget.trials


@pytest.mark.parametrize("trials", [1, 2, 3, 7, 10, 15, 16, 30, 39, 40, 100, 1000, 100_000])
@pytest.mark.parametrize("parallel", [1, 2, 3, 8, 64, 1000])
def test_trials_add_up_to_the_budget_for_any_parallel(trials, parallel):
    plan = advise(spec_of("xgboost", budget={"trials": trials, "parallel": parallel}))
    assert sum(stage.trials for stage in plan.stages) == plan.budget.trials == trials
    assert all(len(stage.start) <= stage.trials for stage in plan.stages)
    assert all(stage.sampler.startup <= stage.trials for stage in plan.stages)


@COUNT
@given(strategies.planned())
def test_a_later_stage_keeps_searching_what_an_earlier_one_searched(made):
    _, plan = made
    for before, after in pairwise(plan.stages):
        assert before.search.keys() <= after.search.keys()
        if after.narrow.from_ is None:
            assert any(text.startswith("narrowing: every range is open") for text in after.why)
            continue
        assert after.narrow.from_ == before.id
        assert set(after.search) - set(before.search) <= set(after.narrow.open or ())


@COUNT
@given(strategies.planned())
def test_conditions_name_parents_that_are_searched_and_can_take_the_values(made):
    _, plan = made
    for stage, _, entry in searched(plan):
        for parent, wanted in (entry.when or {}).items():
            for value in wanted if isinstance(wanted, tuple) else (wanted,):
                assert contains(stage.search[parent].domain, value)
            above = stage.search[parent].when or {}
            assert above.keys() <= entry.when.keys()


def conditions(spec: Spec, family: Family, plan: Plan) -> dict[str, dict[str, tuple[Value, ...]]]:
    """Worked out anew: what each parameter depends on, by the plan's names."""
    own = {entry.is_: name for name, entry in spec.space.items() if entry.is_}
    found: dict[str, dict[str, tuple[Value, ...]]] = {}
    for name in plan.parameters:
        parameter = known(plan, name)
        wanted: Mapping[str, Any] = (parameter.when if parameter else None) or {}
        asked: Mapping[str, Any] = (spec.space[name].when if name in spec.space else None) or {}
        found[name] = {
            own.get(parent, parent): values if isinstance(values, tuple) else (values,)
            for parent, values in {**wanted, **asked}.items()
        }
    assert family.family == plan.spec.family
    return found


def is_active(name: str, config: Mapping[str, Value], when: Any, absent: Mapping[str, Value]) -> bool:
    return all(
        any(same(config.get(parent, absent.get(parent)), value) for value in values)
        and (parent not in when or (parent in config and is_active(parent, config, when, absent)))
        for parent, values in when.get(name, {}).items()
    )


@COUNT
@given(strategies.planned())
def test_starts_lie_in_the_ranges_keep_constraints_and_name_every_active_parameter(made):
    spec, plan = made
    first, family = plan.stages[0], strategies.family(plan.spec.family)
    when = conditions(spec, family, plan)
    estimator = next((e for e in family.models if e.name == plan.spec.estimator), None)
    absent = {n: library_default(p, estimator) for n, p in family.parameters.items()}
    for index, point in enumerate(first.start):
        assert point not in first.start[:index]
        assert all(holds(constraint.expression, point) for constraint in plan.constraints)
        for name, value in point.items():
            assert name not in first.search or contains(first.search[name].domain, value)
            assert is_active(name, point, when, absent), f"{name} has no effect in {point}"
        for name in set(plan.parameters) - point.keys():
            everything = {**point, name: None}
            assert not is_active(name, everything, when, absent), f"{name} is missing from {point}"


@COUNT
@given(strategies.planned())
def test_every_search_starts_inside_its_range(made):
    _, plan = made
    for _, name, entry in searched(plan):
        assert contains(entry.domain, entry.default), name


@COUNT
@given(strategies.plans())
def test_a_saved_plan_loads_equal(tmp_path_factory, plan):
    folder = tmp_path_factory.mktemp("plans")
    texts = {"plan.yaml": yamlio.dump(plan.to_data()), "plan.json": json.dumps(plan.to_data(), ensure_ascii=False)}
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
        assert load_plan(folder / name) == plan


@COUNT
@given(strategies.plans())
def test_every_name_of_a_plan_can_be_explained(plan):
    assert explain(plan)
    rules = [record.rule for record in (*plan.fired, *plan.silent)]
    for name in (*plan.parameters, *rules, *plan.sources):
        assert explain(plan, name).strip()


@COUNT
@given(strategies.plans())
def test_every_source_that_a_plan_cites_is_in_it(plan):
    cited = {source for _, _, entry in searched(plan) for source in entry.sources}
    cited |= {source for record in (*plan.fired, *plan.silent) for source in record.sources}
    cited |= {source for evidence in plan.evidence.values() for source in evidence.sources}
    assert cited - {"judgement"} <= plan.sources.keys()


@COUNT
@given(strategies.specs(), st.integers(0, 2**31))
def test_the_seed_changes_nothing_but_the_seeds(spec, seed):
    def without_seeds(plan: Plan) -> Any:
        data = plan.to_data()
        return data | {"stages": [s | {"sampler": s["sampler"] | {"seed": 0}} for s in data["stages"]]}

    plan = advise(spec, seed=seed)
    assert [stage.sampler.seed for stage in plan.stages] == [seed + i for i in range(len(plan.stages))]
    assert without_seeds(plan) == without_seeds(advise(spec))


def spec_of(family: str, **changes: Any) -> Spec:
    data = {
        "version": 1,
        "model": {"family": family, "parameters": 1.25e8},
        "objective": {"metric": "m", "direction": "minimize", "noise": 0.02},
        "budget": {"trials": 120},
        "data": {"rows": 500, "features": 300, "tokens": 1e9, "positive_rate": 0.05},
    }
    return Spec.model_validate(data | changes)


def text_of(plan: Plan) -> str:
    return yamlio.dump(plan.to_data())


def shuffled(value: Any, chance: random.Random, key: str = "") -> Any:
    """The same knowledge with rules, effects, and all that a condition lists in another order."""
    if isinstance(value, dict):
        items = [(name, shuffled(part, chance, name)) for name, part in value.items()]
        if key != "parameters":
            chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        value = [shuffled(part, chance) for part in value]
        if key in {"rules", "then", "in"}:
            chance.shuffle(value)
    return value


@pytest.mark.parametrize("family", FAMILIES)
def test_the_order_of_rules_and_keys_in_the_files_does_not_matter(family, tmp_path, monkeypatch):
    specs = [spec_of(family), spec_of(family, budget={"trials": 9}, data={"rows": 200_000, "features": 10})]
    expected = [text_of(advise(spec)) for spec in specs]
    folder, chance = library.shipped_folder(), random.Random(family)  # noqa: S311 - no secret
    for name in ("_shared.yaml", f"{family}.yaml"):
        data = shuffled(yamlio.read(folder / name).value, chance)
        (tmp_path / name).write_text(yamlio.dump(data), "utf-8")
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path)
    found = [text_of(advise(spec)) for spec in specs]
    for before, after in zip(expected, found, strict=True):
        without = [line for line in after.splitlines() if "sha256" not in line]
        assert without == [line for line in before.splitlines() if "sha256" not in line]


@pytest.mark.parametrize("family", FAMILIES)
def test_shuffled_rules_give_the_same_bytes(family, tmp_path, monkeypatch):
    expected = text_of(advise(spec_of(family)))
    chance = random.Random(family)  # noqa: S311 - no secret
    for name in ("_shared.yaml", f"{family}.yaml"):
        data = yamlio.read(library.shipped_folder() / name).value
        chance.shuffle(data["rules"])
        (tmp_path / name).write_text(yamlio.dump(data), "utf-8")
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path)
    assert text_of(advise(spec_of(family))) == expected


@COUNT
@given(strategies.specs(), st.randoms(use_true_random=False))
def test_the_order_of_facts_in_a_spec_does_not_matter(spec, chance):
    data = spec.to_data()
    items = list(data.items())
    chance.shuffle(items)
    for section in ("model", "objective", "budget", "data"):
        parts = list(data.get(section, {}).items())
        chance.shuffle(parts)
        items = [(key, dict(parts) if key == section else value) for key, value in items]
    again = Spec.model_validate(dict(items))
    assert text_of(advise(again)) == text_of(advise(Spec.model_validate(data)))


def test_a_plan_is_the_same_bytes_in_every_process(tmp_path):
    spec = tmp_path / "spec.yaml"
    spec.write_text(yamlio.dump(spec_of("lightgbm").to_data()), "utf-8")
    seen = set()
    for hash_seed, folder in (("0", tmp_path), ("1", Path.cwd()), ("random", tmp_path.parent)):
        done = subprocess.run(
            [sys.executable, "-c", _PRINT_PLAN, str(spec)],
            capture_output=True,
            check=True,
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        seen.add(done.stdout)
    assert len(seen) == 1
    assert text_of(advise(spec_of("lightgbm"))).encode() in seen


_PRINT_PLAN = """
import sys
from advisor import advise, load_spec, yamlio
sys.stdout.buffer.write(yamlio.dump(advise(load_spec(sys.argv[1])).to_data()).encode())
"""
