"""MLflow: a run for the search, and below it one for each trial.

https://mlflow.org/docs/latest/ml/tracking. Where to log follows ``MLFLOW_TRACKING_URI`` and
``MLFLOW_EXPERIMENT_NAME``, as MLflow reads them. Its client is used rather than its fluent functions, whose active run
belongs to the objective. Trials that were there when a run is resumed are not logged again.
"""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, zip_longest
from typing import Any, Final, TypeVar

from advisor.callbacks._library import loaded
from advisor.model import Values
from advisor.plan import Plan
from advisor.progress import Clock, Observer, Seen, Silent
from advisor.trials import Result, State, Trial

_REFUSED: Final = re.compile(r"[^\w\-. /]")
"""What no key of MLflow may contain; the colon is one more on Windows."""
_LONGEST_KEY: Final = 250
_MOST_PARAMETERS: Final = 100
_MOST_METRICS: Final = 900
"""What MLflow accepts at most: letters of a key, and entries of a request, which may be a thousand together."""
_LONGEST_REASON: Final = 1000
_STATUS: Final[Mapping[State, str]] = {"complete": "FINISHED", "failed": "FAILED", "pruned": "KILLED"}

_Item = TypeVar("_Item")


def observer() -> Observer:
    """An observer that logs to the tracking store of the environment."""
    return Tracked()


class Tracked(Silent):
    """An observer that logs a run to MLflow."""

    def __init__(self, experiment: str | None = None, clock: Clock = time.time) -> None:
        self._mlflow = loaded("mlflow")
        self._client = self._mlflow.MlflowClient()
        self._experiment = experiment
        self._clock = clock
        self._seen: Seen | None = None
        self._keys: Mapping[str, str] = {}
        self._home = ""
        self._parent = ""

    def run_began(self, plan: Plan, resumed: int) -> None:
        """Begin the run of the search, in the experiment that has the name of the spec where no other is given."""
        self._seen = Seen.at_the_beginning(plan, resumed)
        self._keys = keys((*plan.parameters, plan.objective.metric, _reported(plan.objective.metric)))
        given = self._experiment or self._mlflow.environment_variables.MLFLOW_EXPERIMENT_NAME.get()
        name = given or plan.spec.name
        found = self._client.get_experiment_by_name(name)
        self._home = found.experiment_id if found else self._client.create_experiment(name)
        tags = {
            "advisor.family": plan.spec.family,
            "advisor.spec": plan.spec.sha256,
            "advisor.knowledge": plan.knowledge.version,
            "advisor.objective": f"{plan.objective.direction} {plan.objective.metric}",
        }
        self._parent = self._begin(plan.spec.name, self._clock(), tags)

    def trial_ended(self, number: int, trial: Trial) -> None:
        """Log the trial as a run of its own, and to the search what is better than all before."""
        assert self._seen is not None  # noqa: S101 - a run begins before its trials
        before, self._seen = self._seen, self._seen.after(number, trial)
        if number < self._seen.resumed:
            return
        now = self._clock()
        tags = {"mlflow.parentRunId": self._parent, "advisor.stage": str(trial.stage)}
        tags |= {"advisor.reason": trial.reason[:_LONGEST_REASON]} if trial.reason else {}
        run = self._begin(f"trial {number}", now - trial.seconds, tags)
        self._log(run, self._metrics(trial, now), trial.config)
        self._end(run, _STATUS[trial.state], now)
        if self._seen.best is not None and self._seen.best != before.best:
            self._client.log_metric(self._parent, "advisor.best", self._seen.best, step=number)

    def run_ended(self, result: Result) -> None:
        """Log the best to the run of the search, and end that."""
        now = self._clock()
        key = self._keys[result.metric]
        figures = {key: result.value, "advisor.default": result.default, "advisor.gain": result.gain}
        metrics = [self._metric(key, value, now, 0) for key, value in figures.items() if value is not None]
        self._log(self._parent, metrics, result.best.config if result.best else {})
        self._end(self._parent, "FINISHED" if result.finished else "KILLED", now)

    def _metrics(self, trial: Trial, now: float) -> list[Any]:
        """What a trial reported on the way, its value and how long it took."""
        assert self._seen is not None  # noqa: S101 - a run has begun
        name = self._seen.plan.objective.metric
        found = [self._metric(self._keys[_reported(name)], value, now, at) for at, value in enumerate(trial.reported)]
        found += [] if trial.value is None else [self._metric(self._keys[name], trial.value, now, 0)]
        return [*found, self._metric("advisor.seconds", trial.seconds, now, 0)]

    def _metric(self, key: str, value: float, now: float, step: int) -> Any:
        return self._mlflow.entities.Metric(key, value, round(now * 1000), step)

    def _begin(self, name: str, at: float, tags: Mapping[str, str]) -> str:
        run = self._client.create_run(self._home, start_time=round(at * 1000), tags=dict(tags), run_name=name)
        return str(run.info.run_id)

    def _log(self, run: str, metrics: Sequence[Any], config: Values) -> None:
        """Log in as few requests as MLflow allows."""
        parameter = self._mlflow.entities.Param
        parameters = [parameter(self._keys.get(name) or _key(name), str(value)) for name, value in config.items()]
        slices = zip_longest(_slices(metrics, _MOST_METRICS), _slices(parameters, _MOST_PARAMETERS), fillvalue=())
        for some_metrics, some_parameters in slices:
            self._client.log_batch(run, metrics=some_metrics, params=some_parameters)

    def _end(self, run: str, status: str, at: float) -> None:
        self._client.set_terminated(run, status, round(at * 1000))


def keys(names: Iterable[str]) -> dict[str, str]:
    """A key for each name, which is the name itself where MLflow accepts that; no two are the same."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        key = _key(name)
        numbered = (f"{key[: _LONGEST_KEY - 10]} {number}" for number in count(2))
        found[name] = next(each for each in chain([key], numbered) if each not in found.values())
    return found


def _key(name: str) -> str:
    """The name without what MLflow refuses: most signs, and paths that lead to another name."""
    key = _REFUSED.sub("_", name)[:_LONGEST_KEY]
    leads_away = posixpath.normpath(key) != key or key.startswith(("/", "."))
    return re.sub(r"[/.]", "_", key) if leads_away else key


def _reported(metric: str) -> str:
    return f"{metric} reported"


def _slices(items: Sequence[_Item], most: int) -> Iterator[Sequence[_Item]]:
    return (items[at : at + most] for at in range(0, len(items), most))
