"""Optuna: SQLite files and journals, read from a copy, and databases on a server, in which nothing is written.

A storage may hold runs of plans; see ``_runs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from advisor.errors import AdvisorError, MissingPackage
from advisor.readers import _runs
from advisor.readers._log import Log, Wanted
from advisor.readers._optuna_trials import record_of, space_of
from advisor.readers._source import Source
from advisor.readers._values import mapping, number
from advisor.spec import Direction

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

TITLE: Final = "a storage of Optuna: SQLite, a journal or a URL"

_DRIVERS: Final = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


def recognises(source: Source) -> bool:
    """Whether the source is a URL, has Optuna's tables, or begins with an operation of a journal."""
    if source.kind == "lines":
        return bool(source.lines) and {"op_code", "worker_id"} <= mapping(source.lines[0].value).keys()
    return source.kind == "url" or {"studies", "trials", "trial_params"} <= source.tables


def read(source: Source, wanted: Wanted) -> Log:
    """The trials of a study, or of the last run of a plan."""
    try:
        import optuna  # noqa: PLC0415 - only its own files need it
    except ImportError as error:
        raise MissingPackage("optuna", "optuna", "reading a storage of Optuna") from error
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with _opened(source) as storage:
            studies = {name: optuna.load_study(study_name=name, storage=storage) for name in _names(storage)}
            return _log(source, wanted, studies)
    except AdvisorError:
        raise
    except Exception as error:  # noqa: BLE001 - each driver has errors of its own, and any may hold the password
        reason = str(error).splitlines()[0] if str(error) and source.url is None else "see its own message in Optuna"
        raise source.error(f"Optuna cannot read it: {type(error).__name__}: {reason}") from None
    finally:
        optuna.logging.set_verbosity(before)


def _names(storage: BaseStorage) -> list[str]:
    return [study.study_name for study in storage.get_all_studies()]


@contextmanager
def _opened(source: Source) -> Iterator[BaseStorage]:
    from optuna.storages import JournalStorage, RDBStorage  # noqa: PLC0415
    from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415
    from sqlalchemy import URL  # noqa: PLC0415

    if source.url is not None:
        scheme, rest = source.url.split("://", 1)
        with _closing(RDBStorage(f"{_DRIVERS.get(scheme, scheme)}://{rest}", skip_table_creation=True)) as storage:
            yield storage
        return
    with source.copied() as copy:
        if source.kind == "lines":
            _cut_torn_line(copy)
            yield JournalStorage(JournalFileBackend(str(copy)))
            return
        with _closing(RDBStorage(URL.create("sqlite", database=str(copy)).render_as_string())) as storage:
            yield storage


@contextmanager
def _closing(storage: RDBStorage) -> Iterator[RDBStorage]:
    """The storage, whose connections end with it."""
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _cut_torn_line(journal: Path) -> None:
    """Drop what a killed process left half written at the end of the copy."""
    raw = journal.read_bytes()
    journal.write_bytes(raw[: raw.rfind(b"\n") + 1])


def _log(source: Source, wanted: Wanted, studies: Mapping[str, Study]) -> Log:
    runs = _runs.runs_in(studies)
    inside = {name for run in runs.values() for name in run.studies}
    others = [name for name in studies if name not in inside]
    chosen, remarks = _chosen(source, wanted, others, runs)
    if chosen in runs:
        return _runs.log_of(source, runs[chosen], studies, remarks)
    return _of_study(studies[chosen], remarks)


def _chosen(
    source: Source, wanted: Wanted, others: Sequence[str], runs: Mapping[str, _runs.Run]
) -> tuple[str, tuple[str, ...]]:
    """The study or the run that is meant, and what to say of it.

    Raises:
        InvalidFile: There is none, or several and the person names none of them.
    """
    last = {run.plan: name for name, run in runs.items()}
    planned = wanted.plan.spec.name if wanted.plan is not None else None
    name = wanted.study or (planned if planned in last else None)
    known = [*others, *last]
    if not known:
        raise source.error("a storage without studies")
    if name is None and len(known) == 1:
        name = known[0]
    if name in others or name in runs:
        return str(name), ()
    if name in last:
        earlier = [other for other, run in runs.items() if run.plan == name and other != last[name]]
        said = (f"of {len(earlier) + 1} runs of {name}, the last was read: {last[name]}",) if earlier else ()
        return last[name], said
    shown = ", ".join(repr(one) for one in known[:20])
    if name is None:
        raise source.error(f"it holds {len(known)} studies", hint=f"give study, one of: {shown}")
    raise source.error(f"no study {name!r} in it", hint=f"there is: {shown}")


def _of_study(study: Study, remarks: tuple[str, ...]) -> Log:
    trials = study.get_trials(deepcopy=False)
    directions: list[Direction] = ["maximize" if one.name == "MAXIMIZE" else "minimize" for one in study.directions]
    names = study.metric_names or (
        ["value"] if len(directions) == 1 else [f"values_{i}" for i in range(len(directions))]
    )
    broken = sum(_breaks_a_constraint(trial) for trial in trials)
    said = (f"{broken} break a constraint of the study, and count all the same",) if broken else ()
    return Log(
        records=tuple(record_of(trial, names) for trial in trials),
        directions=dict(zip(names, directions, strict=False)),
        space=space_of(trials),
        remarks=(*remarks, *said),
    )


def _breaks_a_constraint(trial: FrozenTrial) -> bool:
    for name, value in trial.system_attrs.items():
        if name.startswith("constraints"):
            values = value if isinstance(value, list | tuple) else (value,)
            if any((number(one) or 0.0) > 0 for one in values):
                return True
    return False
