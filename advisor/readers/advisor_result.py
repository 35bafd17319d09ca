"""``result.json``: what ``advisor run`` found."""

from __future__ import annotations

from typing import Final

from advisor import reading
from advisor.readers._log import Log, Record, Wanted
from advisor.readers._source import Source
from advisor.readers._values import mapping
from advisor.trials import Result

TITLE: Final = "the result of advisor run"


def recognises(source: Source) -> bool:
    """Whether the source has what only a result has."""
    return {"metric", "direction", "finished", "trials"} <= mapping(source.json).keys()


def read(source: Source, wanted: Wanted) -> Log:  # noqa: ARG001 - as all readers
    """The trials of the run."""
    result = reading.problems(Result, source.json)
    if not isinstance(result, Result):
        raise source.error("; ".join(str(problem) for problem in result[:5]))
    return Log(
        records=tuple(
            Record(
                place=f"trials.{index}",
                config=trial.config,
                metrics={} if trial.value is None else {result.metric: trial.value},
                state=trial.state,
                seconds=trial.seconds,
                reason=trial.reason,
                reported={result.metric: trial.reported},
                steps={} if trial.steps is None else {result.metric: trial.steps},
                stage=trial.stage,
            )
            for index, trial in enumerate(result.trials)
        ),
        directions={result.metric: result.direction},
    )
