"""The next plan, from known answers and from noise."""

from __future__ import annotations

import json
import math
import random
import re

import pytest
import small
from click.testing import CliRunner

import advisor
from advisor import beginnings, suggesting, yamlio
from advisor.cli import main
from advisor.errors import InvalidFile
from advisor.importance import TooFewTrials
from advisor.refining import NothingLeft
from advisor.runners._samplers import quantile
from advisor.space import contains, shown_value
from advisor.trials import Result, Trial, best_of

pytestmark = pytest.mark.usefixtures("toy")


def score(config):
    """What matters is rate, best at 0.01; share matters a little, all else not at all."""
    return (math.log10(config["rate"]) + 2) ** 2 + 0.3 * (config.get("share", 0.5) - 0.3) ** 2


@pytest.fixture
def plan():
    return small.plan(budget={"trials": 60})


def tried(plan, score, seed=0):
    """Trials of random configurations of the last stage."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    stage = plan.stages[-1]
    configs = [
        suggesting.configuration(stage, {n: quantile(s.domain, chance.random()) for n, s in stage.search.items()})
        for _ in range(plan.budget.trials)
    ]
    return [Trial(config=config, value=score(config), state="complete") for config in configs]


def notes(refined):
    return "\n".join(note.text for note in refined.notes if note.by == "refine")


def test_what_matters_is_searched_where_it_may_be_best(plan):
    refined = advisor.refine(plan, tried(plan, score), budget=20)
    (stage,) = refined.stages
    old, new = plan.stages[-1].search["rate"], stage.search["rate"]
    assert old.low < new.low < 0.01 < new.high < old.high
    assert stage.trials == refined.budget.trials == 20
    assert "rate: 0.001 .. 1 -> " in notes(refined)
    assert any(text.startswith("Measured: ") for text in new.why)


def test_it_begins_at_the_best_and_keeps_every_parameter(plan):
    trials = tried(plan, score)
    best = best_of(trials, "minimize")
    (stage,) = advisor.refine(plan, trials, budget=20).stages
    assert stage.start[0] == best.config
    assert len(stage.start_why) == len(stage.start)
    assert stage.entries.keys() == plan.stages[-1].entries.keys()
    for name, held in stage.fixed.items():
        if name in plan.stages[-1].search:
            assert held.value == best.config[name]
            assert "explains" in held.why[0]


def test_the_refined_plan_runs_and_can_be_read_again(plan, tmp_path):
    refined = advisor.refine(plan, tried(plan, score), budget=4)
    path = tmp_path / "next.json"
    path.write_text(json.dumps(refined.to_data()), encoding="utf-8")
    again = advisor.run(advisor.load_plan(path), score)
    assert len(again.trials) == 4
    assert again.trials[0].config == refined.stages[0].start[0]


def test_an_optimum_at_an_end_opens_the_range():
    plan = small.plan(budget={"trials": 60}, space={"knob": {"low": 0.0, "high": 1.0, "role": "tune"}})
    refined = advisor.refine(plan, tried(plan, lambda config: math.log10(config["rate"])), budget=10)
    rate = refined.stages[0].search["rate"]
    assert rate.low < 0.001
    assert "open where the score still falls" in notes(refined)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_noise_changes_nothing(direction):
    plan = small.plan(budget={"trials": 40}, objective={"metric": "m", "direction": direction})
    changed = 0
    for seed in range(10):
        chance = random.Random(seed)  # noqa: S311 - no secret
        refined = advisor.refine(plan, tried(plan, lambda _, chance=chance: chance.random(), seed), budget=10)
        changed += "->" in notes(refined) or "held at" in notes(refined)
    assert changed <= 1


def test_what_is_left_of_the_budget_is_the_new_one(plan):
    trials = tried(plan, score)
    assert advisor.refine(plan, trials[:40]).budget.trials == 20
    with pytest.raises(InvalidFile, match="say how many more there are with --budget"):
        advisor.refine(plan, trials)


def test_the_best_until_now_is_the_bar_and_nothing_is_called_the_default(plan):
    trials = tried(plan, score)
    refined = advisor.refine(plan, trials, budget=20)
    assert not refined.bar.library_default
    assert shown_value(best_of(trials, "minimize").value) in refined.bar.note
    assert advisor.run(refined, score).gain is None


def test_what_the_model_proposes_is_evaluated_early(plan):
    (stage,) = advisor.refine(plan, tried(plan, score), budget=20).stages
    proposed = stage.start[1:]
    assert 1 <= len(proposed) <= 20 * beginnings.SHARE
    assert max(score(config) for config in proposed) < 0.1


def test_nothing_is_proposed_by_a_model_that_cannot_be_trusted():
    plan, chance = small.plan(budget={"trials": 30}), random.Random(0)  # noqa: S311 - no secret
    trials = tried(plan, lambda _: chance.random())
    (stage,) = advisor.refine(plan, trials, budget=20).stages
    assert stage.start == (best_of(trials, "minimize").config,)


def test_a_figure_says_what_was_measured_what_was_believed_and_how_much_that_weighs(plan):
    text = notes(advisor.refine(plan, tried(plan, score), budget=20))
    assert re.search(
        r"by itself 0\.\d\d here, 0\.\d\d before.*, so 0\.\d\d \(weight of what was believed: 0\.\d\d\)", text
    )


def test_what_was_held_for_want_of_trials_is_searched_once_there_are_more():
    few, more = small.spec(budget={"trials": 10}), small.plan(budget={"trials": 60})
    plan = advisor.advise(few)
    assert len(plan.stages[-1].search) < len(more.stages[-1].search)
    refined = advisor.refine(plan, tried(plan, score), budget=50, spec=few)
    (stage,) = refined.stages
    assert stage.search.keys() == more.stages[-1].search.keys()
    assert "searched from now on: believed to explain" in notes(refined)
    for name in stage.search.keys() - plan.stages[-1].search.keys():
        assert len({str(config.get(name)) for config in stage.start}) > 1


def test_the_second_half_searches_all_that_the_person_allows_where_only_a_part_was_searched():
    mine = {"type": "float", "low": 1e-6, "high": 100.0, "log": True}
    spec = small.spec(budget={"trials": 15}, space={"rate": mine})
    plan = advisor.advise(spec)
    before = plan.stages[-1].search["rate"]
    assert (before.low, before.high) != (1e-6, 100.0)
    trials = tried(plan, score)
    first, last = advisor.refine(plan, trials, budget=40, spec=spec).stages
    assert (first.trials, last.trials) == (20, 20)
    assert (last.search["rate"].low, last.search["rate"].high) == (1e-6, 100.0)
    assert first.search["rate"].high < 100.0
    assert last.why[0].endswith("all of yours: rate.")
    assert len(advisor.refine(plan, trials, budget=40).stages) == 1
    assert len(advisor.refine(plan, trials, budget=12, spec=spec).stages) == 1


def test_conditions_are_those_of_all_that_is_searched_now(toy):
    """While ``kind`` is held, what depends on it always has an effect; once it is searched, no more."""
    parameters = small.family()["parameters"]
    parameters["share"] |= {"when": {"kind": "plain"}, "tier": "critical"}
    toy(parameters=parameters)
    spec = small.spec(budget={"trials": 16})
    plan = advisor.advise(spec)
    assert plan.stages[-1].search["share"].when is None
    trials = tried(plan, lambda config: score(config) + config["share"])
    (stage,) = advisor.refine(plan, trials, budget=60, spec=spec).stages
    assert stage.search["share"].when == {"kind": "plain"}
    assert {config["kind"] for config in stage.start} == {"plain", "fancy"}
    assert all(("share" in config) == (config["kind"] == "plain") for config in stage.start)


def test_the_plan_of_another_spec_is_refused():
    plan, other = small.plan(budget={"trials": 30}), small.spec(budget={"trials": 31})
    with pytest.raises(InvalidFile, match="the plan answers another spec"):
        advisor.refine(plan, tried(plan, score), budget=50, spec=other)


def test_tuning_stops_where_less_than_noise_is_left():
    plan = small.plan(budget={"trials": 60}, objective={"metric": "m", "direction": "minimize", "noise": 5.0})
    with pytest.raises(NothingLeft, match=r"tuning further is worth at most 0\.\d+, less than the noise of 5"):
        advisor.refine(plan, tried(plan, score), budget=10)


def test_too_few_trials_are_refused(plan):
    with pytest.raises(TooFewTrials, match=r"run [0-9]+ more"):
        advisor.refine(plan, tried(plan, score)[:4])


def test_the_same_trials_give_the_same_plan(plan):
    trials = tried(plan, score)
    assert advisor.refine(plan, trials, budget=5).to_data() == advisor.refine(plan, trials, budget=5).to_data()


def test_new_ranges_stay_inside_limits(plan):
    limits = plan.stages[-1].search["share"].limits
    refined = advisor.refine(plan, tried(plan, lambda config: -config.get("share", 0.5)), budget=5)
    share = refined.stages[0].search["share"]
    assert limits.low <= share.low < share.high <= limits.high
    assert contains(share.domain, share.default)


def test_command_writes_the_next_plan_and_says_what_changed(plan, tmp_path):
    result = Result(name="toy", metric="loss", direction="minimize", finished=True, trials=tuple(tried(plan, score)))
    (tmp_path / "plan.json").write_text(json.dumps(plan.to_data()), encoding="utf-8")
    (tmp_path / "result.json").write_text(json.dumps(result.to_data()), encoding="utf-8")
    out = str(tmp_path / "next.yaml")
    command = ["refine", str(tmp_path / "plan.json"), "--trials", str(tmp_path / "result.json"), "--budget", "12"]
    done = CliRunner().invoke(main, [*command, "-o", out])
    assert done.exit_code == 0, done.output
    assert "rate: 0.001 .. 1 -> " in done.stderr
    assert advisor.load_plan(out).budget.trials == 12


def test_a_run_is_read_by_its_own_plan_where_a_refined_one_is_at_hand(plan, tmp_path):
    pytest.importorskip("optuna")
    storage = str(tmp_path / "plan.db")
    trials = advisor.run(plan, score, storage=storage).trials
    refined = advisor.refine(plan, trials, budget=20)
    assert len(plan.stages) > 1
    found = advisor.load_trials(storage, plan=refined)
    seen = {json.dumps(trial.config, sort_keys=True) for trial in (*found.trials, *found.outside)}
    assert seen == {json.dumps(trial.config, sort_keys=True) for trial in trials}


def test_a_winner_outside_what_the_person_allows_is_not_held_there(plan):
    trials = tried(plan, lambda config: (math.log10(config["rate"]) + 2) ** 2)
    best = best_of(trials, "minimize")
    far = Trial(config={**best.config, "share": 0.999}, value=best.value - 0.01, state="complete")
    (stage,) = advisor.refine(plan, [*trials, far], budget=20).stages
    assert stage.fixed["share"].value == plan.stages[-1].search["share"].high


def test_a_plan_and_trials_of_opposite_directions_are_refused(plan, tmp_path):
    (tmp_path / "plan.yaml").write_text(yamlio.dump(plan.to_data()))
    rows = [{**trial.config, plan.objective.metric: trial.value} for trial in tried(plan, score)]
    (tmp_path / "trials.json").write_text(json.dumps(rows))
    command = ["refine", str(tmp_path / "plan.yaml"), "--trials", str(tmp_path / "trials.json"), "--budget", "10"]
    ended = CliRunner().invoke(main, [*command, "--direction", "maximize"])
    assert ended.exit_code == 2
    assert "the plan says minimize and the trials maximize" in ended.output


def test_a_refined_stage_has_the_sampler_of_the_plan_that_was_made_for_so_much(plan):
    first, last = plan.stages[0], plan.stages[-1]
    other = plan.having(
        stages=(
            first.having(sampler=first.sampler.having(name="gp", winsorized=True)),
            *plan.stages[1:-1],
            last.having(sampler=last.sampler.having(name="tpe", joint=True, winsorized=None)),
        )
    )
    trials = tried(other, score)

    def sampler(count):
        found = advisor.refine(other, trials, budget=count).stages[0].sampler
        return found.name, found.joint, found.winsorized

    assert sampler(last.trials) == ("tpe", True, None), "as short as the last stage"
    assert sampler(last.trials + 1) == ("gp", None, None)
    assert sampler(plan.budget.trials) == ("gp", None, None)
    assert sampler(plan.budget.trials + 1)[0] == "tpe", "more than the sampler was chosen for"


def test_tpe_takes_turns_only_in_stages_as_long_as_those_of_the_plan_in_which_it_does(plan):
    *before, last = plan.stages
    turning = last.having(sampler=last.sampler.having(name="gp", tpe_every=3))
    other = plan.having(stages=[*before, turning])
    trials = tried(other, score)

    def turns(count):
        return advisor.refine(other, trials, budget=count).stages[0].sampler.tpe_every

    assert turns(last.trials) == 3
    assert turns(last.trials - 1) is None


def test_values_are_cut_beside_no_more_parameters_than_the_plan_cuts_them(plan):
    def cuts(*stages):
        cut = plan.stages[0].sampler.having(name="gp", winsorized=True)
        made = [s.having(sampler=cut if s.id in stages else cut.having(winsorized=None)) for s in plan.stages]
        refined = advisor.refine(plan.having(stages=made), tried(plan, score), budget=plan.budget.trials).stages[0]
        assert refined.sampler.name == "gp"
        assert len(plan.stages[0].search) < len(refined.search) <= len(plan.stages[-1].search)
        return refined.sampler.winsorized

    last = plan.stages[-1].id
    assert cuts(1, last) is True
    assert cuts(last) is True
    assert cuts(1) is None
