"""Where trials are kept: what a path or a URL opens, what is told when it cannot be, and that no password is."""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from coordinators import Account, ended, finished, staged_plan, started, value_of

import advisor
from advisor.errors import MissingPackage
from advisor.runners import _storage
from advisor.runners._storage import StorageError, shown, without_password

optuna = pytest.importorskip("optuna")

PLAN = staged_plan(4)


class Opened:
    """A storage as a context, so that its connections are closed."""

    def __new__(cls, storage):
        opened = _storage.opened(str(storage))
        opened.close = lambda: _storage.close(opened)
        return closing(opened)


# Kinds


def test_no_storage_is_memory():
    assert isinstance(_storage.opened(None), optuna.storages.InMemoryStorage)


def test_a_storage_of_optuna_is_taken_as_it_is():
    own = optuna.storages.InMemoryStorage()
    assert _storage.opened(own) is own


@pytest.mark.parametrize("ending", [".journal", ".jsonl", ".log"])
def test_a_path_with_the_ending_of_a_journal_is_a_journal(tmp_path, ending):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        assert isinstance(_storage.opened(str(tmp_path / f"run{ending}")), optuna.storages.JournalStorage)


@pytest.mark.parametrize("prefix", ["", "sqlite:///", "sqlite+pysqlite:///"])
def test_any_other_path_is_a_sqlite_file(tmp_path, prefix):
    file = tmp_path / "with space, ? and #.sqlite"
    with Opened(f"{prefix}{file}") as opened:
        assert opened.engine.dialect.name == "sqlite"
    assert file.exists()


@pytest.mark.parametrize("prefix", ["", "sqlite:///", "sqlite+pysqlite:///"])
def test_sqlite_writes_ahead_and_locks_at_the_beginning(tmp_path, prefix):
    with Opened(f"{prefix}{tmp_path / 'run.db'}") as opened, opened.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.connection.dbapi_connection.in_transaction


# What cannot be opened


def test_a_folder_that_is_not_there_is_told_before_anything_runs(tmp_path):
    with pytest.raises(StorageError, match=r"the folder .*nowhere is not there; make it, or name another file"):
        _storage.opened(str(tmp_path / "nowhere" / "run.db"))


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="a folder in which even root cannot write is in /proc")
@pytest.mark.parametrize("file", ["/proc/run.db", "/proc/run.journal"])
def test_a_folder_that_cannot_be_written_is_told_in_one_line(file):
    with pytest.raises(StorageError, match=rf"the storage {file} cannot be opened: ") as raised:
        _storage.opened(file)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path):
    (tmp_path / "run.db").write_text("not a database, and long enough to be sure of that\n" * 50)
    with pytest.raises(StorageError, match=r"cannot be opened: DatabaseError: .*file is not a database"):
        _storage.opened(str(tmp_path / "run.db"))


def test_a_driver_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(MissingPackage, match=r"pymysql") as raised:
        _storage.opened("mysql://me:secret@db/runs")
    assert "secret" not in str(raised.value)


@pytest.mark.skipif(os.name != "posix", reason="files are emptied in the way of POSIX")
def test_a_database_that_breaks_on_the_way_is_told_in_one_line_and_what_is_kept(tmp_path):
    file = tmp_path / "run.db"

    def breaking(config):
        for part in tmp_path.glob("run.db*"):
            part.write_bytes(b"broken" * 1000)
        return value_of(config)

    with pytest.raises(StorageError, match=r"the storage .*run\.db failed: .*; what had ended is kept") as raised:
        advisor.run(PLAN, breaking, storage=str(file))
    assert "\n" not in str(raised.value)


# Passwords

SECRETS = ["wqz", *(f"wqz{sign}xjk" for sign in ("@", "#", "/", "?", ":", "%40"))]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_url_is_shown_without_its_password(secret):
    assert shown(f"postgresql://me:{secret}@db.example:5432/runs") == "postgresql://me:***@db.example:5432/runs"


@pytest.mark.parametrize("word", ["password", "passwd", "PWD", "ssl_key_password"])
def test_a_password_in_the_query_is_hidden_too(word):
    url = f"mysql://db/runs?user=me&{word}=s3cret&charset=utf8"
    assert shown(url) == f"mysql://db/runs?user=me&{word}=***&charset=utf8"
    assert without_password("wrong: s3cret", url) == "wrong: ***"


@pytest.mark.parametrize("url", ["postgresql://db/runs", "sqlite:///run.db", "run.db", "postgresql://me@db/runs"])
def test_what_has_no_password_is_shown_as_it_is(url):
    assert shown(url) == url


def test_a_user_of_the_same_name_does_not_hide_the_rest():
    assert shown("postgresql://postgres:postgres@db/postgres") == "postgresql://postgres:***@db/postgres"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1", "no.such.host.invalid"])
def test_a_failing_connection_tells_no_part_of_the_password(secret, host):
    pytest.importorskip("psycopg")
    with pytest.raises(StorageError) as raised:
        _storage.opened(f"postgresql://me:{secret}@{host}/runs?connect_timeout=2")
    assert not re.search("wqz|xjk", str(raised.value))


def test_an_escaped_password_is_hidden_as_it_is_meant():
    assert without_password("password is p@ss", "postgresql://me:p%40ss@db/runs") == "password is ***"


@pytest.mark.slow
@pytest.mark.truth
def test_no_password_is_printed_or_written_anywhere(postgres, capfd):
    url = postgres("s3cret-word")
    result = advisor.run(PLAN, value_of, storage=url)
    with pytest.raises(advisor.errors.InvalidFile) as raised:
        advisor.run(staged_plan(5), value_of, storage=url)
    with Opened(url) as opened, opened.engine.connect() as connection:
        tables = connection.exec_driver_sql("select tablename from pg_tables where schemaname = 'public'").scalars()
        rows = [connection.exec_driver_sql(f"select * from {table}").all() for table in tables.all()]  # noqa: S608
    written = f"{rows} {raised.value} {json.dumps(result.to_data())} {capfd.readouterr()}"
    assert "s3cret-word" not in written
    assert "***" in str(raised.value)
    assert '"rate"' in written


# Several at the same moment


@pytest.mark.parametrize("file", ["run.db", pytest.param("run.journal", marks=pytest.mark.slow)])
def test_coordinators_that_start_on_nothing_at_the_same_moment_share_a_run(tmp_path, file):
    storage, account = str(tmp_path / file), Account(tmp_path / "account")
    assert ended([started(PLAN, storage, account) for _ in range(4)]) == [0] * 4
    assert len(account.of("begun")) == len(finished(PLAN, storage).trials) == 4


@pytest.mark.slow
@pytest.mark.truth
def test_coordinators_that_start_on_an_empty_database_at_the_same_moment_share_a_run(tmp_path, postgres):
    for round_ in range(5):
        storage, account = postgres(), Account(tmp_path / f"account-{round_}")
        assert ended([started(PLAN, storage, account) for _ in range(4)]) == [0] * 4
        assert len(account.of("begun")) == len(finished(PLAN, storage).trials) == 4


# The journal


def journal_of(folder, trials=4):
    """A finished run in a journal."""
    file = folder / "run.journal"
    advisor.run(staged_plan(trials), value_of, storage=str(file))
    return file


def test_a_torn_last_line_is_cut_off_and_the_run_goes_on(tmp_path):
    file = journal_of(tmp_path)
    whole = file.read_bytes()
    for length in range(1, 40, 13):
        file.write_bytes(whole + whole.splitlines()[-1][:length])
        advisor.run(staged_plan(4), value_of, storage=str(file), resume=False)
        assert len(finished(PLAN, str(file)).trials) == 4
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_a_journal_without_a_whole_line_is_as_good_as_empty(tmp_path):
    file = tmp_path / "run.journal"
    file.write_bytes(b'{"op_code":0,"worker')
    assert advisor.run(PLAN, value_of, storage=str(file)).finished


def test_the_lock_that_a_killed_process_left_is_broken_also_in_another_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(_storage, "_GRACE", 3)
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    file = journal_of(Path("runs"))
    file.with_name("run.journal.lock").symlink_to(tmp_path / file)
    assert advisor.run(PLAN, value_of, storage=str(file), resume=False).finished


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on the size of files is one of POSIX")
def test_a_journal_for_which_there_is_no_room_is_told_in_one_line(tmp_path):
    import resource

    file = journal_of(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, before[1]))
    try:
        with pytest.raises(StorageError, match=r"run\.journal cannot be written: File too large"):
            advisor.run(PLAN, value_of, storage=str(file), resume=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert advisor.run(PLAN, value_of, storage=str(file), resume=False).finished
