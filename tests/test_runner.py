"""A run in this process: stages, budgets, starts, constraints, seeds, pruning, confirmation, and every way to end."""

from __future__ import annotations

import time
import warnings
from collections import Counter

import one_stage
import pytest
from coordinators import STARTS, finished, key_of, staged_plan, value_of

import advisor
from advisor.errors import InvalidFile
from advisor.objectives import BadObjective
from advisor.progress import Silent
from advisor.runners import _attributes, _processes, _samplers, _storage, _studies
from advisor.runners._studies import NoneKeepsConstraints, StageStudy

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)

FILES = pytest.mark.parametrize("file", ["run.db", "run.journal"])
SAMPLERS = pytest.mark.parametrize("sampler", ["random", "tpe", "quasi-random"])


def place(folder, file):
    return None if file is None else str(folder / file)


class Stopping(Silent):
    """An observer that interrupts a run once so many trials have ended."""

    def __init__(self, after):
        self._after = after
        self.remarks = []

    def trial_ended(self, number, trial):  # noqa: ARG002
        if number + 1 == self._after:
            raise KeyboardInterrupt

    def remark(self, text):
        self.remarks.append(text)


def stopped(plan, storage, after, objective=value_of, **options):
    """Begin a run and leave it after so many trials."""
    with pytest.raises(KeyboardInterrupt):
        advisor.run(plan, objective, storage=storage, observer=Stopping(after), **options)


def with_constraints(plan, *expressions):
    data = plan.to_data()
    data["constraints"] = [{"expression": expression, "why": "It is so."} for expression in expressions]
    return advisor.Plan.model_validate(data)


# Budget, stages and starts


@SAMPLERS
def test_each_stage_has_exactly_its_trials(sampler):
    plan = staged_plan(9, 7, 5, sampler=sampler)
    result = advisor.run(plan, value_of)
    assert result.finished
    assert Counter(trial.stage for trial in result.trials) == {1: 9, 2: 7, 3: 5}
    assert result.best.value == max(trial.value for trial in result.trials)


@FILES
def test_starts_are_evaluated_first_and_once_also_after_a_resume(tmp_path, file):
    plan, seen = staged_plan(8, 4), []

    def objective(config):
        seen.append(key_of(config))
        return value_of(config)

    for after in (1, 3, 9):
        stopped(plan, str(tmp_path / file), after, objective)
    result = advisor.run(plan, objective, storage=place(tmp_path, file))
    assert seen[:3] == [key_of(start) for start in STARTS]
    assert len(seen) == len(set(seen)) == len(result.trials) == 12


def test_a_stage_of_fewer_trials_than_starts_evaluates_the_first_ones():
    result = advisor.run(staged_plan(2), value_of)
    assert [trial.config for trial in result.trials] == list(STARTS[:2])


def test_trials_come_in_the_order_in_which_they_ended_with_the_plans_own_names():
    result = advisor.run(staged_plan(6, 3), value_of)
    assert [trial.stage for trial in result.trials] == [1] * 6 + [2] * 3
    assert all(trial.config.keys() == {"rate", "share"} for trial in result.trials)


def test_earlier_trials_in_the_ranges_are_carried_over_and_counted_in_the_log():
    plan = staged_plan(30, 10)
    result = advisor.run(plan, lambda config: -((config["share"] - 0.5) ** 2))
    [carried] = [line for line in result.stages[1].log if "carried over" in line]
    kept = int(carried.split()[0])
    assert 0 < kept < 30
    assert carried == f"{kept} of 30 earlier trials lie in the ranges and are carried over"
    assert result.stages[1].trials == 10


def test_only_complete_trials_of_the_same_configuration_are_carried():
    search = {"rate": {"type": "float", "low": 0.0, "high": 1.0}}
    stage = one_stage.plan(search, {"depth": {"value": 3}}).stages[0]

    def carried(config, state="complete"):
        value = 1.0 if state == "complete" else None
        return _studies._carried(stage, advisor.Trial(config=config, value=value, state=state))

    assert carried({"rate": 0.5, "depth": 3}).user_attrs == {"carried": 1}
    assert carried({"rate": 0.5, "depth": 4}) is None
    assert carried({"rate": 1.5, "depth": 3}) is None
    assert carried({"depth": 3}) is None
    assert carried({"rate": 0.5, "depth": 3, "width": 1}) is None
    assert carried({"rate": 0.5, "depth": 3}, "failed") is None


def test_what_a_trial_does_not_say_is_taken_to_be_as_held_as_other_tools_keep_only_what_they_searched():
    search = {"rate": {"type": "float", "low": 0.0, "high": 1.0}}
    stage = one_stage.plan(search, {"depth": {"value": 3}}).stages[0]
    assert _studies._carried(stage, advisor.Trial(config={"rate": 0.5}, value=1.0, state="complete")) is not None


def test_what_was_measured_to_have_no_effect_may_differ_in_trials_that_are_carried():
    search = {"rate": {"type": "float", "low": 0.0, "high": 1.0}}
    stage = one_stage.plan(search, {"depth": {"value": 3, "measured": True}}).stages[0]
    one = advisor.Trial(config={"rate": 0.5, "depth": 4}, value=1.0, state="complete")
    assert _studies._carried(stage, one).params == {"rate": 0.5}


def test_trials_of_a_run_before_teach_the_sampler_and_neither_count_nor_win():
    plan = staged_plan(12, sampler="tpe")
    before = advisor.run(plan, value_of, seed=1).trials
    result = advisor.run(plan, value_of, earlier=before)
    assert len(result.trials) == 12
    assert result.stages[0].log[-1] == "12 of 12 earlier trials lie in the ranges and are carried over"
    assert result.best in result.trials
    configs = [trial.config for trial in result.trials]
    assert configs != [trial.config for trial in advisor.run(plan, value_of).trials]
    assert configs == [trial.config for trial in advisor.run(plan, value_of, earlier=before).trials]


def test_a_run_that_knew_other_trials_is_not_gone_on_with(tmp_path):
    plan = staged_plan(6)
    before = advisor.run(plan, value_of, seed=1).trials
    advisor.run(plan, value_of, storage=place(tmp_path, "plan.db"), earlier=before)
    with pytest.raises(InvalidFile, match=r"earlier: .* before, absent now"):
        advisor.run(plan, value_of, storage=place(tmp_path, "plan.db"))


# Resuming


@FILES
def test_a_run_that_has_ended_evaluates_nothing_more(tmp_path, file):
    plan = staged_plan(5, 4)
    first = advisor.run(plan, value_of, storage=place(tmp_path, file))
    assert finished(plan, place(tmp_path, file)) == first


def test_a_fresh_run_begins_beside_the_last(tmp_path):
    plan, storage = staged_plan(4), str(tmp_path / "run.db")
    stopped(plan, storage, 2)
    result = advisor.run(plan, value_of, storage=storage, resume=False)
    assert len(result.trials) == 4
    assert finished(plan, storage) == result


def test_runs_of_different_names_share_a_storage(tmp_path):
    storage = str(tmp_path / "run.db")
    advisor.run(staged_plan(4), value_of, storage=storage, name="one")
    assert len(advisor.run(staged_plan(5), value_of, storage=storage, name="one more").trials) == 5
    assert len(finished(staged_plan(4), storage, name="one").trials) == 4


def test_a_changed_plan_is_refused_and_what_differs_is_said(tmp_path):
    storage = str(tmp_path / "run.db")
    stopped(staged_plan(4, 3), storage, 2)
    with pytest.raises(InvalidFile) as raised:
        advisor.run(staged_plan(4, 5), value_of, storage=storage)
    assert str(raised.value) == (
        f"the run in {storage} was begun with another plan:\n  stages.2.trials: 3 before, 5 now\n"
        "begin a new run beside it with --fresh (resume=False), or under another --name"
    )


def test_another_seed_is_another_plan(tmp_path):
    storage = str(tmp_path / "run.db")
    stopped(staged_plan(4), storage, 2)
    with pytest.raises(InvalidFile, match="seed: 0 before, 1 now"):
        advisor.run(staged_plan(4), value_of, storage=storage, seed=1)


def test_reasons_may_change_between_two_halves_of_a_run(tmp_path):
    storage, plan = str(tmp_path / "run.db"), staged_plan(4)
    stopped(plan, storage, 2)
    data = plan.to_data()
    data["stages"][0]["search"]["rate"]["why"] = ["Better said."]
    assert advisor.run(advisor.Plan.model_validate(data), value_of, storage=storage).finished


def test_a_trial_that_ran_when_its_process_ended_is_tried_again_once(tmp_path):
    plan, storage = staged_plan(4), str(tmp_path / "run.db")
    calls = Counter()

    def dying(config):
        calls[key_of(config)] += 1
        if config == STARTS[0]:
            raise KeyboardInterrupt
        return value_of(config)

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            advisor.run(plan, dying, storage=storage)
    watching = Stopping(99)
    result = advisor.run(plan, dying, storage=storage, observer=watching)
    assert calls.pop(key_of(STARTS[0])) == 2
    assert set(calls.values()) == {1}
    [failed] = [trial for trial in result.trials if trial.state == "failed"]
    assert (failed.config, failed.reason) == (STARTS[0], "its process ended, twice")
    assert any("failed: its process ended, twice" in remark for remark in watching.remarks)
    assert len(result.trials) == 4


# Seeds


@SAMPLERS
def test_a_fresh_run_with_one_worker_is_reproducible(tmp_path, sampler):
    plan = staged_plan(9, 6, sampler=sampler)
    configs = [
        [trial.config for trial in advisor.run(plan, value_of, storage=place(tmp_path, file)).trials]
        for file in (None, None, "run.db", "run.journal")
    ]
    assert configs == [configs[0]] * 4


def test_another_seed_draws_other_trials():
    plan = staged_plan(6, starts=())
    one, other = ({key_of(trial.config) for trial in advisor.run(plan, value_of, seed=seed).trials} for seed in (0, 1))
    assert one.isdisjoint(other)


@SAMPLERS
def test_a_resumed_run_does_not_draw_its_first_points_again(tmp_path, sampler):
    plan, storage = staged_plan(12, sampler=sampler, starts=()), str(tmp_path / "run.db")
    for after in (3, 6):
        stopped(plan, storage, after)
    rates = [trial.config["rate"] for trial in advisor.run(plan, value_of, storage=storage).trials]
    assert len(set(rates)) == len(rates) == 12


@SAMPLERS
def test_two_coordinators_do_not_draw_the_same_first_points(sampler):
    search = {
        "kind": {"type": "categorical", "choices": ["a", "b"]},
        "rate": {"type": "float", "low": 0.0, "high": 1.0},
        "frill": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "a"}},
    }
    plan = one_stage.plan(search, sampler=sampler)
    storage = optuna.storages.InMemoryStorage()
    views = []
    for _ in range(2):
        drawing = _samplers.sampler_of(plan.stages[0], seed=0, parallel=True)
        study = optuna.create_study(study_name="shared", storage=storage, sampler=drawing, load_if_exists=True)
        views.append(StageStudy(study, plan, plan.stages[0]))
    asked = [view.ask().config for _ in range(4) for view in views]
    for name in ("rate", "frill"):
        values = [config[name] for config in asked if name in config]
        assert len(set(values)) == len(values)


def test_quasi_random_points_fill_the_space_evenly():
    search = {
        "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
        "depth": {"type": "int", "low": 1, "high": 8},
        "kind": {"type": "categorical", "choices": ["a", "b", "c", "d"]},
    }
    data = one_stage.plan(search, sampler="quasi-random").to_data()
    data["stages"][0]["trials"] = data["budget"]["trials"] = 64
    trials = advisor.run(advisor.Plan.model_validate(data), lambda config: config["rate"]).trials
    assert set(Counter(trial.config["kind"] for trial in trials).values()) == {16}
    assert set(Counter(trial.config["depth"] for trial in trials).values()) == {8}
    assert sum(trial.config["rate"] < 1e-2 for trial in trials) == 32


# Constraints


def test_configurations_that_break_a_constraint_are_neither_evaluated_nor_counted():
    plan = with_constraints(staged_plan(10, 6, starts=()), "rate <= share")
    result = advisor.run(plan, value_of)
    assert len(result.trials) == 16
    assert all(trial.config["rate"] <= trial.config["share"] for trial in result.trials)


def test_constraints_that_nothing_keeps_end_the_run_and_are_named():
    plan = with_constraints(staged_plan(4, starts=()), "rate >= share + 2")
    with pytest.raises(NoneKeepsConstraints, match=r"stage 1: 200 configurations in a row .*rate >= share \+ 2"):
        advisor.run(plan, value_of)


# Conditions


@SAMPLERS
def test_a_parameter_is_in_a_configuration_where_it_has_an_effect(sampler):
    search = {
        "kind": {"type": "categorical", "choices": ["plain", "fancy"]},
        "frill": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "fancy"}},
    }
    data = one_stage.plan(search, sampler=sampler).to_data()
    data["stages"][0]["trials"] = data["budget"]["trials"] = 30
    trials = advisor.run(advisor.Plan.model_validate(data), lambda config: config.get("frill", 0.3)).trials
    assert {"frill" in trial.config for trial in trials} == {True, False}
    assert all(("frill" in trial.config) == (trial.config["kind"] == "fancy") for trial in trials)


def test_the_sampler_groups_parameters_only_where_there_are_conditions():
    kinds = {"kind": {"type": "categorical", "choices": ["a", "b"]}}
    frill = {"frill": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "a"}}}
    for search, grouped in ((kinds, False), (kinds | frill, True)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            made = _samplers.sampler_of(one_stage.plan(search).stages[0], seed=0, parallel=False)._make(seed=1)
        assert made._group is grouped


# Failures


@pytest.mark.parametrize(
    ("returned", "reason"), [(float("nan"), "nan"), (float("inf"), "inf"), (None, "None"), ("high", "str 'high'")]
)
def test_what_is_no_finite_number_fails_the_trial_and_the_run_goes_on(returned, reason):
    result = advisor.run(staged_plan(6), lambda config: returned if config == STARTS[1] else value_of(config))
    [failed] = [trial for trial in result.trials if trial.state == "failed"]
    assert (failed.config, failed.value) == (STARTS[1], None)
    assert reason in failed.reason
    assert len(result.trials) == 6


def test_when_all_trials_fail_the_run_stops_and_says_what_to_do():
    def broken(config):
        raise ValueError(f"no data for {config['rate']:.1f}")

    with pytest.raises(BadObjective) as raised:
        advisor.run(staged_plan(40), broken)
    assert str(raised.value).startswith(
        "all 5 trials that were evaluated here failed, the last with: ValueError: no data for"
    )
    assert "they are not counted: mend the objective and run the same again" in str(raised.value)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_objective_that_cannot_be_found_leaves_no_storage_behind(workers, tmp_path):
    with pytest.raises(BadObjective, match="has no 'sqrtt'"):
        advisor.run(staged_plan(3), "math:sqrtt", storage=str(tmp_path / "plan.db"), workers=workers)
    assert not list(tmp_path.iterdir())


def test_a_run_of_failures_alone_has_no_best():
    result = advisor.run(staged_plan(3), lambda _: None)
    assert result.finished
    assert (result.best, result.gain, result.stages[0].failed) == (None, None, 3)


def test_a_trial_that_takes_too_long_fails_and_the_run_goes_on():
    slow = STARTS[1]["rate"]

    def objective(config):
        time.sleep(30 if config["rate"] == slow else 0)
        return config["share"]

    result = advisor.run(staged_plan(4), objective, timeout=1.0)
    [failed] = [trial for trial in result.trials if trial.state == "failed"]
    assert failed.reason == "took longer than 1 s"
    assert len(result.trials) == 4


def test_a_worker_that_dies_fails_its_trial_and_the_run_goes_on():
    doomed = STARTS[1]["rate"]

    def objective(config):
        if config["rate"] == doomed:
            import os

            os._exit(3)
        return config["share"]

    result = advisor.run(staged_plan(6), objective, workers=2)
    [failed] = [trial for trial in result.trials if trial.state == "failed"]
    assert "its process ended" in failed.reason
    assert len(result.trials) == 6


# Pruning


def pruning_plan(method, first):
    data = staged_plan(24, sampler="random").to_data()
    data["pruning"] = {"advised": True, "method": method, "from_step": first, "why": "Most fall behind."}
    return advisor.Plan.model_validate(data)


def learning(config):
    """Twenty steps towards a share; a low share is low from the first step."""
    for step in range(1, 21):
        yield config["share"] * (1 - 0.5**step)


@pytest.mark.parametrize("method", ["median", "asha"])
@pytest.mark.parametrize("first", [1, 5])
def test_trials_that_fall_behind_are_ended_and_never_before_the_plans_step(method, first):
    result = advisor.run(pruning_plan(method, first), learning)
    pruned = [trial for trial in result.trials if trial.state == "pruned"]
    assert len(pruned) >= 5
    assert min(len(trial.reported) for trial in pruned) >= first
    assert all(len(trial.reported) == 20 for trial in result.trials if trial.state == "complete")
    assert all(trial.value is None and trial.reason.startswith("pruned at step") for trial in pruned)
    assert result.best.config["share"] == max(trial.config["share"] for trial in result.trials)


def test_nothing_is_pruned_where_the_plan_does_not_advise_it():
    result = advisor.run(staged_plan(12), learning)
    assert {trial.state for trial in result.trials} == {"complete"}


# Confirmation


def noisy(config, seed):
    return value_of(config) + 0.01 * seed * config["rate"]


def test_finalists_are_evaluated_again_with_other_seeds_beyond_the_budget():
    seen = []

    def objective(config, seed):
        seen.append((key_of(config), seed))
        return noisy(config, seed)

    result = advisor.run(staged_plan(8, 4), objective, confirm=True)
    assert {seed for _, seed in seen[:12]} == {0}
    assert Counter(seed for _, seed in seen[12:]) == {1: 4, 2: 4, 3: 4}
    assert len(result.trials) == 12
    assert len(result.confirmed) == 4
    best = max(result.confirmed, key=lambda one: one.mean)
    assert result.best.config == best.config
    assert result.winner == (
        "the best mean of 4 finalists, each evaluated again 3 times, the library's default among them"
    )
    for one in result.confirmed:
        assert one.values == tuple(pytest.approx(noisy(one.config, seed)) for seed in (1, 2, 3))


def test_the_lucky_one_loses_to_the_one_that_is_good_again():
    lucky = STARTS[2]

    def objective(config, seed):
        return (5.0 if seed == 0 else -5.0) if config == lucky else value_of(config)

    result = advisor.run(staged_plan(8), objective, confirm=True)
    assert result.best.config != lucky
    assert {key_of(lucky)} < {key_of(one.config) for one in result.confirmed}


def test_a_confirmation_is_resumed(tmp_path):
    plan, storage, seen = staged_plan(5), str(tmp_path / "run.db"), []

    def objective(config, seed):
        seen.append((key_of(config), seed))
        if len(seen) == 8:
            raise KeyboardInterrupt
        return noisy(config, seed)

    with pytest.raises(KeyboardInterrupt):
        advisor.run(plan, objective, storage=storage, confirm=True)
    result = advisor.run(plan, objective, storage=storage, confirm=True)
    assert [len(one.values) for one in result.confirmed] == [3, 3, 3, 3]
    again = Counter(seen)
    assert again.pop(seen[7]) == 2
    assert set(again.values()) == {1}


def test_a_confirmation_is_not_pruned():
    result = advisor.run(pruning_plan("median", 1), learning, confirm=True)
    assert [len(one.values) for one in result.confirmed] == [3, 3, 3, 3]


# What may happen between two writes of another process


class Alone:
    """Signs of life of a process beside which all others are dead."""

    def orphans(self, running):
        return list(running)


def views(count, trials=2):
    """A stage of few trials, as several processes see it."""
    plan = staged_plan(trials, starts=())
    storage = optuna.storages.InMemoryStorage()
    made = []
    for _ in range(count):
        drawing = _samplers.sampler_of(plan.stages[0], seed=0, parallel=True)
        study = optuna.create_study(study_name="shared", storage=storage, sampler=drawing, load_if_exists=True)
        made.append(StageStudy(study, plan, plan.stages[0]))
    return made


def complete(view, asked):
    from advisor.objectives import Outcome

    return view.tell(asked.number, Outcome(value=1.0, state="complete", seconds=0.0))


def test_the_place_of_a_trial_that_is_tried_again_is_not_taken_by_one_too_many():
    dead, late, living = views(3)
    for _ in range(2):
        dead.ask()
    surplus = late._study.ask()
    living.adopt_orphans(_OnlyBefore(surplus.number))
    assert late._unwanted(surplus.number, None) == "one too many"
    late._void(surplus, "one too many")
    while (asked := living.ask()) is not None:
        complete(living, asked)
    assert len(living.ended()) == 2


class _OnlyBefore:
    def __init__(self, number):
        self._number = number

    def orphans(self, running):
        return [place for place in running if place[1] < self._number]


def test_two_processes_that_adopt_the_same_trial_try_it_once():
    dead, one, other = views(3)
    lost = dead.ask()
    trials = one._trials()
    before = [*trials]
    one._begun_again(before, lost.number, "its process ended")
    other._begun_again(before, lost.number, "its process ended")
    asked = []
    while (next_ := one.ask() or other.ask()) is not None:
        view = one if next_.number in one.running else other
        asked.append(key_of(next_.config))
        complete(view, next_)
    assert asked.count(key_of(lost.config)) == 1
    assert len(one.ended()) == 2


def test_a_process_that_dies_before_it_gives_up_what_it_enqueued_again_loses_nothing():
    dead, half, living = views(3)
    lost = dead.ask()
    trial = half._trials()[lost.number]
    half._study.enqueue_trial(_attributes.begun_with(trial), user_attrs={"retry": lost.number})
    living.adopt_orphans(Alone())
    asked = []
    while (next_ := living.ask()) is not None:
        asked.append(key_of(next_.config))
        complete(living, next_)
    assert asked.count(key_of(lost.config)) == 1
    assert len(living.ended()) == 2


def test_a_trial_that_ends_although_it_was_given_up_for_dead_counts_once():
    slow, hasty = views(2)
    asked = slow.ask()
    trial = hasty._trials()[asked.number]
    hasty._study.enqueue_trial(_attributes.begun_with(trial), user_attrs={"retry": asked.number})
    hasty._study._storage.set_trial_user_attr(trial._trial_id, "void", "its process ended")
    assert complete(slow, asked).state == "complete"
    others = []
    while (next_ := hasty.ask()) is not None or hasty._has_room():
        if next_ is not None:
            others.append(key_of(next_.config))
            complete(hasty, next_)
    assert key_of(asked.config) not in others
    assert len(hasty.ended()) == 2


def test_a_value_that_comes_after_the_second_try_was_begun_is_dropped():
    slow, hasty = views(2)
    asked = slow.ask()
    hasty.adopt_orphans(Alone())
    assert complete(slow, asked) is None
    assert not slow.running


# Signs of life


class Root:
    """A study's attributes, which several processes share."""

    def __init__(self):
        self.user_attrs = {}

    def set_user_attr(self, key, value):
        self.user_attrs[key] = value


def watches(*running, clock=time.monotonic):
    root = Root()
    made = [_processes.Watch(root, lambda places=places: places, clock) for places in running]
    for watch in made:
        watch._beat()
    return made


def test_a_trial_is_nobodys_once_each_live_process_wrote_twice_without_naming_it():
    mine, other = watches([], [])
    assert mine.orphans([(1, 4)]) == []
    other._beat()
    assert mine.orphans([(1, 4)]) == []
    other._beat()
    assert mine.orphans([(1, 4)]) == [(1, 4)]


def test_a_trial_that_a_live_process_names_is_not_nobodys():
    mine, other = watches([], [(1, 4)])
    for _ in range(4):
        assert mine.orphans([(1, 4)]) == []
        other._beat()


def test_while_a_process_asks_for_a_trial_nothing_new_in_its_stage_is_nobodys():
    mine, other = watches([], [])
    with other.unnamed(1):
        for _ in range(4):
            other._beat()
            assert mine.orphans([(1, 4)]) == []
        assert mine.orphans([(2, 0)]) == []
        for _ in range(2):
            other._beat()
        assert mine.orphans([(2, 0)]) == [(2, 0)]


def test_a_process_elsewhere_is_dead_when_it_has_not_written_for_long_enough():
    now = [0.0]
    mine, other = watches([], [(1, 4)], clock=lambda: now[0])
    [entry] = [value for key, value in mine._root.user_attrs.items() if other.token in key]
    entry["host"] = "another machine"
    assert len(mine.others()) == 1
    now[0] = _processes.GRACE - 1
    assert len(mine.others()) == 1
    now[0] = _processes.GRACE + 1
    assert mine.others() == ()
    assert mine.orphans([(1, 4)]) == [(1, 4)]


def test_a_process_of_this_machine_is_dead_when_another_has_its_number():
    mine, other = watches([], [(1, 4)])
    [entry] = [value for key, value in mine._root.user_attrs.items() if other.token in key]
    entry["birth"] = "1"
    assert mine.others() == ()


def test_a_storage_of_optuna_is_not_closed(tmp_path):
    storage = _storage.opened(str(tmp_path / "run.db"))
    assert advisor.run(staged_plan(3), value_of, storage=storage).finished
    assert len(optuna.get_all_study_names(storage)) == 2
    _storage.close(storage)


def test_what_failed_while_the_objective_was_broken_is_not_counted(tmp_path):
    storage = str(tmp_path / "run.db")

    def broken(_):
        raise ValueError("no data")

    for _ in range(2):
        with pytest.raises(BadObjective, match="they are not counted"):
            advisor.run(staged_plan(14), broken, storage=storage)
    result = advisor.run(staged_plan(14), value_of, storage=storage)
    assert [trial.state for trial in result.trials] == ["complete"] * 14
    assert [trial.config for trial in result.trials[: len(STARTS)]] == list(STARTS)
    assert result.default is not None


def test_failures_before_the_first_success_count_once_something_works():
    seen = []

    def sometimes(config):
        seen.append(config)
        if len(seen) < 4:
            raise ValueError("not yet")
        return value_of(config)

    result = advisor.run(staged_plan(10), sometimes)
    assert [trial.state for trial in result.trials].count("failed") == 3
    assert len(result.trials) == len(seen) == 10
