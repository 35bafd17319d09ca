"""W&B: one run for the search, with a step for each trial, and a table of all trials at the end.

https://docs.wandb.ai/ref/python. Where to log follows ``WANDB_PROJECT``, ``WANDB_MODE`` and the like, as W&B reads
them. Trials that were there when a run is resumed are in the table and have no step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from advisor.callbacks._library import loaded
from advisor.plan import Plan
from advisor.progress import Observer, Seen, Silent
from advisor.trials import Result, Trial

_COLUMNS: Final = ("stage", "state", "value", "seconds", "reason")


def observer() -> Observer:
    """An observer that logs to the project of the environment."""
    return Logged()


class Logged(Silent):
    """An observer that logs a run to W&B."""

    def __init__(self, project: str | None = None) -> None:
        self._wandb = loaded("wandb")
        self._project = project
        self._seen: Seen | None = None
        self._run: Any = None

    def run_began(self, plan: Plan, resumed: int) -> None:
        """Begin a run that has the name of the spec and the plan as its config."""
        self._seen = Seen.at_the_beginning(plan, resumed)
        self._run = self._wandb.init(
            project=self._project,
            name=plan.spec.name,
            job_type="advisor",
            config={"advisor": _described(plan)},
            # What is printed belongs to the terminal: W&B would put itself between.
            settings=self._wandb.Settings(console="off"),
        )

    def trial_ended(self, number: int, trial: Trial) -> None:
        """Log the trial as a step: its value and configuration, and the best so far."""
        assert self._seen is not None  # noqa: S101 - a run begins before its trials
        self._seen = self._seen.after(number, trial)
        if number < self._seen.resumed:
            return
        step: dict[str, Any] = {f"config/{name}": value for name, value in trial.config.items()}
        step |= {"advisor/stage": trial.stage, "advisor/state": trial.state, "advisor/seconds": trial.seconds}
        step |= {"advisor/reason": trial.reason} if trial.reason else {}
        step |= {} if trial.value is None else {self._seen.plan.objective.metric: trial.value}
        step |= {} if self._seen.best is None else {"advisor/best": self._seen.best}
        self._run.log(step, step=number)

    def run_ended(self, result: Result) -> None:
        """Log the table of all trials, put the best into the summary, and end the run."""
        parameters = list(dict.fromkeys(name for trial in result.trials for name in trial.config))
        columns = [*_COLUMNS, *(f"config/{name}" for name in parameters)]
        rows = [[*_row(trial), *map(trial.config.get, parameters)] for trial in result.trials]
        table = self._wandb.Table(columns=columns, data=rows, allow_mixed_types=True)
        self._run.log({"advisor/trials": table})
        self._run.summary.update(dict(_summary(result)))
        self._run.finish(exit_code=0 if result.finished else 1)


def _described(plan: Plan) -> dict[str, Any]:
    """The plan in the few words by which runs are compared."""
    return {
        "family": plan.spec.family,
        "estimator": plan.spec.estimator,
        "spec": plan.spec.sha256,
        "knowledge": plan.knowledge.version,
        "metric": plan.objective.metric,
        "direction": plan.objective.direction,
        "trials": plan.budget.trials,
        "searched": sorted({name for stage in plan.stages for name in stage.search}),
    }


def _row(trial: Trial) -> tuple[Any, ...]:
    return trial.stage, trial.state, trial.value, trial.seconds, trial.reason


def _summary(result: Result) -> Iterator[tuple[str, Any]]:
    """The best, in place of the last of each, which W&B would show."""
    yield "advisor/default", result.default
    yield "advisor/gain", result.gain
    if result.best is not None:
        yield result.metric, result.value
        yield from ((f"config/{name}", value) for name, value in result.best.config.items())
