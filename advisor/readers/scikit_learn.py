"""scikit-learn's ``cv_results_`` as CSV or JSON, those of successive halving included.

``params`` is the setting itself, in a CSV as Python writes it; ``param_*`` columns repeat it with gaps. Every score is
better when it is greater. A fit that failed has no score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from advisor.readers._budgets import Evaluation, merged
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._table import Table, columns_of, rows_of_json, table_of
from advisor.readers._values import literal, mapping, number, parameter, parameters
from advisor.space import Value

TITLE: Final = "cv_results_ of scikit-learn"

_MEAN: Final = "mean_test_"
_BUDGET: Final = "n_resources"


def recognises(source: Source) -> bool:
    """Whether there are mean scores, their ranks and settings."""
    names: Sequence[str] = columns_of(source)
    if source.kind == "json":
        names = [str(name) for _, row in islice(rows_of_json(source.json), 1) for name in mapping(row)]
    return "params" in names and any(name.startswith(_MEAN) for name in names)


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """Each setting as a trial, its mean scores as figures."""
    table = _table(source)
    scores = [name for name in table.columns if name.startswith(_MEAN)]
    splits = sum(name.startswith("split") and name.endswith(scores[0][len("mean") :]) for name in table.columns)
    rows = zip(table.places, table.rows, strict=True)
    records, remarks = merged((_evaluation(place, row, scores, splits) for place, row in rows), _BUDGET)
    return Log(
        records=records,
        directions={name.removeprefix(_MEAN): "maximize" for name in scores},
        ignored={**table.ignored},
        remarks=remarks,
        unreadable=table.unreadable,
    )


def _table(source: Source) -> Table:
    if source.kind == "json":
        rows = [(place, mapping(row)) for place, row in rows_of_json(source.json)]
        columns = dict.fromkeys(str(name) for _, row in rows for name in row)
        return Table(
            columns=tuple(columns), rows=tuple(row for _, row in rows), places=tuple(place for place, _ in rows)
        )
    table = table_of(source)
    if table is None:
        raise source.error("no table")
    return table


def _evaluation(place: str, row: Mapping[str, Any], scores: Sequence[str], splits: int) -> Evaluation:
    config = _config(row)
    found = {name.removeprefix(_MEAN): number(row.get(name)) for name in scores}
    seconds = sum(number(row.get(name)) or 0.0 for name in ("mean_fit_time", "mean_score_time"))
    record = Record(
        place=place,
        config=config,
        metrics={name: score for name, score in found.items() if score is not None},
        seconds=max(seconds * splits, 0.0) if seconds < float("inf") else 0.0,
    )
    identity = repr(sorted(config.items())) if _BUDGET in row else place
    return Evaluation(identity, number(row.get(_BUDGET)) or 0.0, record)


def _config(row: Mapping[str, Any]) -> dict[str, Value]:
    known = row.get("params")
    known = literal(known) if isinstance(known, str) else known
    if isinstance(known, Mapping):
        return parameters(known)
    return {name.removeprefix("param_"): parameter(value) for name, value in row.items() if name.startswith("param_")}
