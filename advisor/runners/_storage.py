"""Where the trials of a run are kept: memory, a SQLite file, a journal in a shared folder, or a database server.

Optuna's SQLite storage runs enqueued trials twice when several processes share it, as its transactions begin deferred
(measured with 4.9 and 5.0: 7 of 72 trials). Transactions that begin with ``BEGIN IMMEDIATE`` do not, and the
write-ahead log halves their cost.

Of several processes that make the tables of an empty database at the same moment, all but one fail in Optuna (measured
with 5.0: 62 of 90 on PostgreSQL, 67 of 90 on SQLite); they look again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from advisor.errors import AdvisorError, MissingPackage

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage

_PATIENCE: Final = 60
"""Seconds to wait for another process that writes to the same file."""
_DRIVERS: Final = {
    "postgres": ("postgresql", "psycopg"),
    "postgresql": ("postgresql", "psycopg"),
    "mysql": ("mysql", "pymysql"),
}
"""The driver of a URL that names none; also the extra that installs it."""
_GRACE: Final = 30
"""Seconds after which the lock of a journal is broken, as whoever held it was killed."""
_JOURNALS: Final = (".journal", ".jsonl", ".log")
_SQLITE: Final = re.compile(r"sqlite(\+pysqlite)?:///")
_MADE_BY_ANOTHER: Final = re.compile(r"already exists|duplicate|unique constraint|is locked", re.IGNORECASE)
"""What databases say where another process made the same table, or makes it now."""
_SECONDS_TO_MAKE: Final = 20.0
"""Within which the tables of a database are made."""
_IN_QUERY: Final = re.compile(r"([?&][^=&#]*(?:password|passwd|pwd)=)([^&#]*)", re.IGNORECASE)


class StorageError(AdvisorError):
    """A storage that cannot be opened or written; its message never holds a password."""


def opened(storage: str | BaseStorage | None) -> BaseStorage:
    """The storage that a URL or a path names.

    Args:
        storage: None for memory; a path that ends in ``.journal``, ``.jsonl`` or ``.log`` for a journal file, which
            may lie in a shared folder; any other path for a SQLite file; a URL of SQLAlchemy for a server; or a storage
            of Optuna.

    Raises:
        MissingPackage: Optuna or the driver of the database is not installed.
        StorageError: It cannot be opened.
    """
    try:
        import optuna  # noqa: PLC0415 - only those who run need it
    except ImportError as error:
        raise MissingPackage("optuna", "optuna", "running a plan") from error
    if storage is None:
        return optuna.storages.InMemoryStorage()
    if not isinstance(storage, str):
        return storage
    try:
        if "://" not in storage:
            return _journal(Path(storage)) if storage.endswith(_JOURNALS) else _sqlite(Path(storage))
        if file := _SQLITE.match(storage):
            return _sqlite(Path(storage[file.end() :]))
        return _server(storage)
    except (MissingPackage, StorageError):
        raise
    except Exception as error:  # noqa: BLE001 - each driver has errors of its own, and any may hold the password
        raise StorageError(f"the storage {shown(storage)} cannot be opened: {_told(error, storage)}") from None


@contextmanager
def used(storage: str | BaseStorage | None) -> Iterator[None]:
    """Say in one line what a storage raises while it is used.

    Raises:
        StorageError: It cannot be read or written.
    """
    if storage is None:
        yield
        return
    from optuna.exceptions import StorageInternalError  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        kept = "what had ended is kept there, and the same command goes on"
        told = _told(error.__cause__ or error, storage)
        raise StorageError(f"the storage {shown(storage)} failed: {told}; {kept}") from None


def _told(error: BaseException, storage: object) -> str:
    return without_password(f"{type(error).__name__}: {error}", storage).splitlines()[0]


def close(storage: BaseStorage) -> None:
    """Let go of files and connections."""
    engine = getattr(storage, "engine", None)
    if engine is not None:
        engine.dispose()


def shown(storage: object) -> str:
    """A storage as it may be printed: without password."""
    if not isinstance(storage, str):
        return "memory" if storage is None else type(storage).__name__
    scheme, url, rest = storage.partition("://")
    login, at, place = rest.rpartition("@")
    user, has_password, _ = login.partition(":")
    hidden = f"{user}:***" if has_password else user
    return _IN_QUERY.sub(r"\1***", f"{scheme}{url}{hidden}{at}{place}")


def without_password(text: str, storage: object) -> str:
    """A text in which the password of a storage, as written and as meant, is crossed out."""
    for secret in sorted(_passwords(storage), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _passwords(storage: object) -> set[str]:
    """The password of a URL, and what a driver takes for it or for the host where an @ in it is not escaped."""
    if not isinstance(storage, str) or "://" not in storage:
        return set()
    password = storage.partition("://")[2].rpartition("@")[0].partition(":")[2]
    written = {password, *password.split("@"), *(match[2] for match in _IN_QUERY.finditer(storage))}
    return {form for secret in written if secret for form in (secret, unquote(secret))}


def _made(make: Callable[[], RDBStorage]) -> RDBStorage:
    """A storage in a database, whose tables another process may make at the same moment."""
    from optuna.exceptions import StorageInternalError  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    until = time.monotonic() + _SECONDS_TO_MAKE
    while True:
        try:
            return make()
        except (StorageInternalError, SQLAlchemyError) as error:
            if not _MADE_BY_ANOTHER.search(f"{error} {error.__cause__}") or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _sqlite(path: Path) -> BaseStorage:
    from optuna.storages import RDBStorage  # noqa: PLC0415
    from sqlalchemy import URL, event  # noqa: PLC0415

    if not path.parent.is_dir():
        raise StorageError(f"the folder {path.parent} is not there; make it, or name another file")
    url = URL.create("sqlite", database=str(path)).render_as_string()
    storage = _made(lambda: RDBStorage(url, engine_kwargs={"connect_args": {"timeout": _PATIENCE}}))

    @event.listens_for(storage.engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(storage.engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    storage.engine.dispose()
    return storage


def _server(url: str) -> BaseStorage:
    from importlib.util import find_spec  # noqa: PLC0415

    from optuna.storages import RDBStorage  # noqa: PLC0415

    scheme, rest = url.split("://", 1)
    if scheme in _DRIVERS:
        kind, package = _DRIVERS[scheme]
        if find_spec(package) is None:
            raise MissingPackage(package, kind, f"a storage at {shown(url)}")
        scheme = f"{kind}+{package}"
    return _made(lambda: RDBStorage(f"{scheme}://{rest}", engine_kwargs={"pool_pre_ping": True}))


def _journal(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage  # noqa: PLC0415
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock  # noqa: PLC0415

    class Lock(JournalFileSymlinkLock):
        """Whoever gets to write finds whole lines."""

        def acquire(self) -> bool:
            got = super().acquire()
            _cut_torn_line(path)
            return got

    class Backend(JournalFileBackend):
        """Says which file cannot be written."""

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            try:
                super().append_logs(logs)
            except OSError as error:
                raise StorageError(f"the journal {path} cannot be written: {error.strerror}") from error

    # The lock is a link to the file; a relative one would not lead there from another folder, and then a lock that a
    # killed process left would never be old.
    file = str(path.absolute())
    return JournalStorage(Backend(file, lock_obj=Lock(file, _GRACE)))


def _cut_torn_line(path: Path) -> None:
    """Drop a last line that a killed process left half written: the next one would make the file unreadable."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = whole = file.seek(0, os.SEEK_END)
        while whole and (file.seek(whole - 1), file.read(1))[1] != b"\n":
            whole -= 1
        if whole < size:
            file.truncate(whole)
