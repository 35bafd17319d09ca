"""Optuna's studies on a PostgreSQL server are read as those of a file, nothing is written, and no password is said."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from advisor.cli import main
from advisor.errors import InvalidFile
from advisor.readers import load_trials
from advisor.space import Choice, Numeric

pytestmark = pytest.mark.truth
PASSWORD = "s3cret-word"  # noqa: S105 - of a server of the test's own


@pytest.fixture(scope="module")
def url(postgres):
    """A database with a study of every state, and one of two objectives."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    made = postgres(PASSWORD)
    storage = optuna.storages.RDBStorage(made.replace("postgresql://", "postgresql+psycopg://"))
    study = optuna.create_study(study_name="net", storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=40, catch=ValueError)
    both = optuna.create_study(study_name="two", storage=storage, directions=["minimize", "maximize"])
    both.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 2.0), n_trials=3)
    storage.remove_session()
    storage.engine.dispose()
    return made


def objective(trial):
    import optuna

    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    kind = trial.suggest_categorical("kind", ["sgd", "adam", None])
    if trial.number % 10 == 9:
        raise ValueError("as planned")
    for step in (1, 5):
        trial.report(rate + step + (kind == "sgd"), step)
    if trial.number % 4 == 3:
        raise optuna.TrialPruned
    return rate + (kind == "sgd")


def contents(url):
    """Every row of every table."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        names = sqlalchemy.inspect(engine).get_table_names()
        found = {name: sorted(map(repr, connection.execute(sqlalchemy.text(f'table "{name}"')))) for name in names}
    engine.dispose()
    return found


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_study_on_a_server_is_read_with_states_ranges_and_steps(url, scheme):
    before = contents(url)
    loaded = load_trials(url.replace("postgresql", scheme, 1), study="net")
    assert (loaded.format, loaded.metric, loaded.direction) == ("optuna", "value", "minimize")
    assert (loaded.counts.complete, loaded.counts.pruned, loaded.counts.failed) == (28, 8, 4)
    assert loaded.domains == {
        "rate": Numeric(low=1e-4, high=0.1, log=True),
        "kind": Choice(choices=("sgd", "adam", None)),
    }
    pruned = next(trial for trial in loaded.trials if trial.state == "pruned")
    assert (len(pruned.reported), pruned.steps) == (2, (1.0, 5.0))
    assert contents(url) == before


def test_of_several_studies_one_is_asked_for_without_the_password(url):
    with pytest.raises(InvalidFile, match="give study, one of: 'net', 'two'") as raised:
        load_trials(url)
    assert PASSWORD not in str(raised.value)
    assert load_trials(url, study="two", metric="values_1").direction == "maximize"


def test_the_command_measures_a_study_on_a_server_and_says_no_password(url):
    asked = CliRunner().invoke(main, ["importance", url, "--study", "net", "--format", "json"])
    assert asked.exit_code == 0, asked.output
    assert json.loads(asked.stdout)["parameters"]["kind"]["matters"] is True
    assert PASSWORD not in asked.output
