"""What a trial in the study of a stage is besides what Optuna knows, and which trials count by it.

It stands in user attributes: ``config`` where a known configuration is evaluated, ``carried`` for a copy of a trial
whose value is known, ``void`` for a trial that does not count (its process died and another takes its place; it breaks
a constraint; it was one too many), ``retry`` for one that was begun before, with the number that it had, ``undone`` for
one of which that is not held against it, ``seed`` for one that is not evaluated with the run's own, ``reason`` for why
it failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from optuna.trial import FrozenTrial, TrialState

from advisor import suggesting
from advisor.plan import Stage
from advisor.trials import State, Trial

if TYPE_CHECKING:
    from optuna.study import Study

CARRIED: Final = "carried"
"""The stage of the trial that this one is a copy of: ``HERE`` for the same study, None for a run before."""
HERE: Final = "here"
CONFIG: Final = "config"
VOID: Final = "void"
RETRY: Final = "retry"
UNDONE: Final = "undone"
REASON: Final = "reason"
SEED: Final = "seed"
GIVEN: Final = (CONFIG, SEED)


def count_ended(study: Study) -> int:
    """How many trials of a stage's study have ended and count."""
    return len(results(study.get_trials(deepcopy=False)))


def results(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Those that have ended and count."""
    uncounted = _uncounted(trials)
    return [trial for trial in trials if trial.state.is_finished() and trial.number not in uncounted]


def placeless(trials: Sequence[FrozenTrial]) -> set[int]:
    """The numbers of those that take none of the stage's places; a second try has the place of the first."""
    tried = {t.user_attrs[RETRY] for t in trials if RETRY in t.user_attrs and not is_void(t)}
    return {
        t.number
        for t in trials
        if CARRIED in t.user_attrs or RETRY in t.user_attrs or (is_void(t) and t.number not in tried)
    }


def _uncounted(trials: Sequence[FrozenTrial]) -> set[int]:
    """The numbers of those that are no result of the stage."""
    found: set[int] = set()
    tried: set[int] = set()
    for trial in trials:
        first = trial.user_attrs.get(RETRY)
        is_early = first is not None and (first in tried or not is_void(trials[first]))
        if is_early or is_void(trial) or CARRIED in trial.user_attrs:
            found.add(trial.number)
        if first is not None and not is_void(trial):
            tried.add(first)
    return found


def is_void(trial: FrozenTrial) -> bool:
    """Whether a trial does not count; a complete one does, if its process was given up for dead too early."""
    return VOID in trial.user_attrs and trial.state != TrialState.COMPLETE


def begun_with(trial: FrozenTrial) -> dict[str, Any]:
    """The values that a trial was given, those that it did not come to use included."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def trial_of(stage: Stage, trial: FrozenTrial) -> Trial:
    """A trial of Optuna that has ended as one of ours."""
    states: Mapping[TrialState, State] = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
    state = states.get(trial.state, "failed")
    began, over = trial.datetime_start, trial.datetime_complete
    config = trial.user_attrs.get(CONFIG) or suggesting.configuration(stage, trial.params)
    return Trial.model_construct(
        config=config,
        value=trial.value if state == "complete" else None,
        state=state,
        stage=stage.id,
        seconds=max((over - began).total_seconds(), 0.0) if began is not None and over is not None else 0.0,
        reason=trial.user_attrs.get(REASON),
        reported=tuple(value for _, value in sorted(trial.intermediate_values.items())),
    )
