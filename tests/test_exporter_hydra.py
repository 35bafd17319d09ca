"""The config for Hydra's Optuna sweeper is composed by Hydra, and what the sweeper draws reaches a run."""

from __future__ import annotations

import warnings

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from random_plans import plans
from test_exporters import PLANS, plan

from advisor import exporters
from advisor.exporters._writing import needs
from advisor.space import contains

INT = {"type": "int", "low": 1, "high": 8}
REAL = {"type": "float", "low": 0.1, "high": 1.0}


def written(made, stage=None):
    return exporters.export(made, "hydra", stage, allow_loss=True)


def config(made):
    return yaml.safe_load(written(made))


def params(made):
    return config(made)["hydra"]["sweeper"]["params"]


def sweep(**domain):
    return params(plan(k=domain))["k"]


def refused(made):
    return [loss.what for loss in exporters.losses(made, "hydra") if loss.changes_meaning]


def test_a_step_grid_is_a_range_that_stops_at_its_last_value():
    assert sweep(type="int", low=1, high=10, step=2) == "range(1, 9, step=2)"
    assert sweep(type="float", low=0.1, high=0.35, step=0.1) == "range(0.1, 0.3, step=0.1)"


def test_a_step_of_which_a_range_has_billions_is_not_listed():
    assert sweep(type="float", low=0.0, high=1.0, step=1e-12) == "range(0.0, 1.0, step=1e-12)"


def test_a_step_of_one_between_whole_numbers_is_no_step():
    assert sweep(**INT, log=True, step=1) == "int(tag(log, interval(1, 8)))"
    assert sweep(**INT, step=1) == "int(interval(1, 8))"


def test_whole_numbers_stay_whole_and_ends_are_no_exponents():
    assert sweep(**INT) == "int(interval(1, 8))"
    assert sweep(**INT, log=True) == "int(tag(log, interval(1, 8)))"
    assert sweep(type="float", low=1, high=64) == "interval(1.0, 64.0)"
    assert sweep(type="float", low=1e-5, high=0.1, log=True) == "tag(log, interval(1e-05, 0.1))"


def test_words_that_hydra_would_read_as_something_else_keep_their_quotes():
    assert sweep(type="categorical", choices=["rbf", "null", "1"]) == r"choice(rbf, '\'null\'', '\'1\'')"
    assert sweep(type="categorical", choices=[None, 2, False]) == "choice('null', 2, false)"
    assert sweep(type="categorical", choices=[0, False]) == "choice('0', 'false')"


def test_everything_stands_in_the_config_as_hydra_sets_only_what_is_there():
    made = config(plan(**{"k": {**INT, "default": 3}, "model.rate": REAL, "model.size": INT}))
    assert (made["k"], made["held"], made["off"]) == (3, 0, False)
    assert made["model"].keys() == {"rate", "size"}


def test_names_and_words_that_hydra_cannot_read_are_refused():
    made = plan(**{"größe": INT, "max-depth": INT, "a": INT, "a.b": INT, "two words": INT, "hydra": INT})
    assert refused(made) == ["the name größe", "the name a", "the name two words", "the name hydra"]
    assert list(params(made)) == ["max-depth", "a.b"]
    assert refused(plan(k={"type": "categorical", "choices": ["${x}", "y"]})) == ["the value ${x} of k"]


def test_conditions_are_refused_unless_what_is_held_decides_them():
    kinds = {"type": "categorical", "choices": ["x", "y"]}
    assert refused(plan(kind=kinds, k={**INT, "when": {"kind": "x"}})) == ["the condition of k"]
    assert refused(plan(k={**INT, "when": {"held": 0}})) == []
    assert "k" not in config(plan(j=INT, k={**INT, "when": {"held": 1}}))


# Hydra itself


def composed(text, folder, *overrides, with_hydra=False):
    hydra = pytest.importorskip("hydra", reason="Hydra and its Optuna sweeper, which wants optuna below 3")
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    (folder / "search").mkdir(exist_ok=True)
    (folder / "search" / "exported.yaml").write_text(text, encoding="utf-8")
    (folder / "config.yaml").write_text("defaults: [_self_]\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with hydra.initialize_config_dir(version_base="1.3", config_dir=str(folder)):
            return hydra.compose("config", [*overrides], return_hydra_config=with_hydra)


def runs(made, folder, count, number=None):
    """The sweeper's settings, and configurations as runs get them."""
    text = written(made, number)
    settings_ = composed(text, folder, "+search=exported", with_hydra=True).hydra.sweeper
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import optuna
        from hydra_plugins.hydra_optuna_sweeper._impl import create_params_from_overrides

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        searched, held = create_params_from_overrides([f"{name}={value}" for name, value in settings_.params.items()])
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        found = []
        for _ in range(count):
            trial = study.ask()
            drawn = {name: trial._suggest(name, distribution) for name, distribution in searched.items()}
            given = [f"{name}={value}" for name, value in {**drawn, **held}.items()]
            found.append(composed(text, folder, "+search=exported", *given))
    return settings_, found


def got(config, name):
    from omegaconf import OmegaConf

    return OmegaConf.select(config, name, throw_on_missing=True)


def check(made, folder, count, number=None):
    stage = made.stages[-1] if number is None else made.stages[number - 1]
    settings_, configs = runs(made, folder, count, number)
    assert settings_.n_trials == (made.budget.trials if number is None else stage.trials)
    assert settings_.sampler.seed == stage.sampler.seed
    for run in configs:
        for name, entry in stage.entries.items():
            if needs(stage, name) is None:
                assert name not in run
            elif name in stage.search:
                assert contains(entry.domain, got(run, name)), name
                assert entry.choices is None or repr(got(run, name)) in map(repr, entry.choices)
                assert entry.type != "int" or type(got(run, name)) is int
                assert entry.type != "float" or type(got(run, name)) is float
            else:
                assert repr(got(run, name)) == repr(entry.value), name


@pytest.mark.truth
@pytest.mark.parametrize("name", PLANS)
def test_what_the_sweeper_draws_reaches_a_run_as_the_plan_says_it(name, tmp_path):
    check(PLANS[name], tmp_path, 10)


@pytest.mark.truth
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(made=plans())
def test_any_plan_reaches_a_run_or_is_refused_for_its_names_and_words(tmp_path, made):
    for number in range(1, len(made.stages) + 1):
        lost = exporters.losses(made, "hydra", number)
        if not any(loss.what.startswith(("the name", "the value")) for loss in lost):
            check(made, tmp_path, 2, number)


@pytest.mark.truth
def test_both_ends_of_whole_numbers_and_grids_are_reached(tmp_path):
    domains = {
        "even": {"type": "int", "low": 1, "high": 4},
        "log": {"type": "int", "low": 1, "high": 4, "log": True},
        "step": {"type": "int", "low": 1, "high": 9, "step": 4},
        "real": {"type": "float", "low": 0.1, "high": 0.35, "step": 0.1},
    }
    configs = runs(plan(**domains), tmp_path, 40)[1]
    assert {config.even for config in configs} == {config.log for config in configs} == {1, 2, 3, 4}
    assert {config.step for config in configs} == {1, 5, 9}
    assert {round(config.real, 9) for config in configs} == {0.1, 0.2, 0.3}


@pytest.mark.truth
@pytest.mark.parametrize(
    "word", ["it's", 'say "hi"', "a\\b", "a\\'b", "end\\", "null", "1", "", "#1", "%s", "{x}", "a, b"]
)
def test_words_arrive_unchanged(word, tmp_path):
    made = plan(k={"type": "categorical", "choices": [word]})
    stage = made.stages[0]
    made = made.having(stages=[stage.having(fixed={"held": {"value": word}})])
    config = runs(made, tmp_path, 1)[1][0]
    assert (config.k, config.held) == (word, word)
