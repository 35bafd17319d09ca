"""What a stage searches after others: what narrows, what opens, what is held at the winner."""

from __future__ import annotations

import random

import one_stage
import pytest

from advisor import handover
from advisor.plan import Plan
from advisor.space import contains
from advisor.trials import Trial

SEARCH = {
    "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True, "limits": {"low": 0.0, "high": 2.0}},
    "depth": {"type": "int", "low": 1, "high": 41},
    "share": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.05},
    "kind": {"type": "categorical", "choices": ["plain", "fancy"]},
    "frill": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": "fancy"}},
}
NARROW = {"from": 1, "keep": 0.35, "at_least": 5, "extend_at_edge": True}


def staged(search=SEARCH, *, held=(), narrow=NARROW, noise=None, direction="maximize"):
    """A plan of two stages; the second holds some of what the first searches."""
    made = one_stage.plan(search).to_data()
    [first] = made["stages"]
    left = {name: entry for name, entry in first["search"].items() if name not in held}
    fixed = {name: {"value": first["search"][name].get("low", "plain")} for name in held}
    second = {**first, "id": 2, "name": "second", "search": left, "fixed": fixed, "narrow": narrow}
    objective = {"metric": "score", "direction": direction, **({"noise": noise} if noise else {})}
    budget = {"trials": 2 * first["trials"]}
    return Plan.model_validate({**made, "stages": [first, second], "objective": objective, "budget": budget})


def complete(config, value):
    return Trial(config=config, value=value, state="complete")


def drawn(rng):
    """A configuration of ``SEARCH``."""
    config = {
        "rate": 10 ** rng.uniform(-4, 0),
        "depth": rng.randint(1, 41),
        "share": round(0.05 * rng.randint(0, 20), 2),
        "kind": rng.choice(["plain", "fancy"]),
    }
    return config | ({"frill": rng.random()} if config["kind"] == "fancy" else {})


def trials_of(score, n=40, seed=0):
    rng = random.Random(seed)  # noqa: S311 - no secret
    configs = [drawn(rng) for _ in range(n)]
    return [complete(config, score(config)) for config in configs]


def followed(plan, trials):
    return handover.following(plan, plan.stages[1], {1: plan.stages[0]}, trials)


def moved(plan, stage):
    """The ranges that differ from those of the first stage."""
    before = plan.stages[0].search
    return {n for n, s in stage.search.items() if (s.low, s.high) != (before[n].low, before[n].high)}


# Narrowing


def test_only_the_range_that_decides_narrows():
    plan = staged()
    handed = followed(plan, trials_of(lambda config: -((config["depth"] - 20) ** 2), seed=1))
    depth = handed.stage.search["depth"]
    assert moved(plan, handed.stage) == {"depth"}
    assert 10 <= depth.low < 20 < depth.high <= 30
    assert depth.high - depth.low == pytest.approx(0.35 * 40, abs=1)
    [line] = [line for line in handed.log if line.startswith("depth ")]
    assert line.startswith(
        f"depth 1 .. 41 -> {depth.low} .. {depth.high}, narrows around the best quarter of 40 trials"
    )


def test_a_default_outside_the_new_range_moves_to_its_nearest_end():
    plan = staged({"depth": {"type": "int", "low": 1, "high": 41, "default": 1}})
    rng = random.Random(1)  # noqa: S311 - no secret
    trials = [complete({"depth": depth}, -((depth - 30) ** 2)) for depth in rng.choices(range(1, 42), k=30)]
    depth = followed(plan, trials).stage.search["depth"]
    assert depth.default == depth.low > 1


def test_a_grid_stays_the_same_grid():
    plan = staged()
    share = followed(plan, trials_of(lambda config: -((config["share"] - 0.5) ** 2))).stage.search["share"]
    assert (share.low, share.high) != (0.0, 1.0)
    whole = plan.stages[0].search["share"].domain
    assert contains(whole, share.low)
    assert contains(whole, share.high)


def test_less_is_better_where_the_objective_is_minimized():
    trials = trials_of(lambda config: (config["depth"] - 20) ** 2)
    depth = followed(staged(direction="minimize"), trials).stage.search["depth"]
    assert depth.low < 20 < depth.high < 41


def test_choices_parents_and_what_is_kept_open_do_not_narrow():
    search = {**SEARCH, "below": {"type": "float", "low": 0.0, "high": 1.0, "when": {"depth": 20}}}
    plan = staged(search, narrow={**NARROW, "open": ["share"]})
    trials = [
        complete({**trial.config, **({"below": 0.5} if trial.config["depth"] == 20 else {})}, trial.value)
        for trial in trials_of(lambda c: -((c["depth"] - 20) ** 2) - 1000 * (c["share"] - 0.5) ** 2)
    ]
    handed = followed(plan, trials)
    assert moved(plan, handed.stage) == set()
    assert handed.stage.search["kind"].choices == ("plain", "fancy")
    assert not [line for line in handed.log if line.startswith(("kind", "depth", "share"))]


def test_a_conditional_parameter_narrows_by_the_trials_in_which_it_had_an_effect():
    plan = staged()
    handed = followed(plan, trials_of(lambda config: -((config.get("frill", 0.5) - 0.5) ** 2), n=60))
    active = sum("frill" in trial.config for trial in trials_of(lambda _: 0.0, n=60))
    assert "frill" in moved(plan, handed.stage)
    assert any(line.startswith("frill") and f"best quarter of {active} trials" in line for line in handed.log)


def test_failed_and_pruned_trials_say_nothing():
    plan = staged()
    seen = trials_of(lambda config: -((config["depth"] - 20) ** 2))
    others = [Trial(config=t.config, state=state) for t in trials_of(drawn_value) for state in ("failed", "pruned")]
    assert followed(plan, [*seen, *others]) == followed(plan, seen)


def drawn_value(config):
    return config["depth"]


def test_few_trials_narrow_nothing_and_it_is_said():
    plan = staged()
    handed = followed(plan, trials_of(lambda config: -((config["depth"] - 20) ** 2), n=4))
    assert moved(plan, handed.stage) == set()
    assert "depth stays: 4 complete trials, 5 are needed" in handed.log


def test_a_stage_that_follows_from_none_is_as_planned():
    plan = staged(narrow={"from": None})
    assert followed(plan, trials_of(drawn_value)) == handover.Handover(stage=plan.stages[1])


# Opening


def test_a_range_opens_at_an_edge_that_scores_press_against_inside_its_limits():
    plan = staged()
    rate = followed(plan, trials_of(lambda config: config["rate"] ** 0.2)).stage.search["rate"]
    assert 1.0 < rate.high <= 2.0
    assert rate.low > 1e-4


def test_a_range_without_limits_does_not_open():
    plan = staged()
    depth = followed(plan, trials_of(lambda config: config["depth"])).stage.search["depth"]
    assert depth.high == 41


def test_a_range_does_not_open_where_the_plan_does_not_say_so():
    plan = staged(narrow={**NARROW, "extend_at_edge": False})
    assert followed(plan, trials_of(lambda config: config["rate"] ** 0.2)).stage.search["rate"].high == 1.0


# Luck


def opening(best, **changes):
    """The second stage, where it reaches wider, after trials of which these three are the best."""
    plan = staged(narrow={"from": 1, "edge": 0.15, **changes})
    wide = plan.stages[1].search | {"rate": plan.stages[1].search["rate"].having(low=1e-6, high=100.0)}
    plan = plan.having(stages=(plan.stages[0], plan.stages[1].having(search=wide)))
    rest = {"depth": 7, "share": 0.5, "kind": "plain"}
    good = [complete({**rest, **({} if rate is None else {"rate": rate})}, 9.0 - n) for n, rate in enumerate(best)]
    bad = [complete({**rest, "rate": rate}, 0.0) for rate in (1e-4, 1.0)]
    return followed(plan, [*bad, *good])


@pytest.mark.parametrize(
    ("best", "ends"),
    [
        ((0.01, 0.02, 0.005), (1e-4, 1.0)),
        ((0.01, 0.02, 0.26), (1e-4, 100.0)),  # 1 less 0.15 of four decades is 0.251
        ((0.01, 0.02, 0.24), (1e-4, 1.0)),
        ((0.01, 0.00039, 0.02), (1e-6, 1.0)),
        ((1e-4, 0.02, 1.0), (1e-6, 100.0)),
        ((0.01, 0.02, 0.03, 1.0), (1e-4, 1.0)),
        ((None, None, None), (1e-4, 1.0)),
        ((None, 1.0, None), (1e-4, 100.0)),
    ],
)
def test_a_wider_range_opens_only_at_an_end_near_which_one_of_the_best_three_lies(best, ends):
    handed = opening(best)
    assert (handed.stage.search["rate"].low, handed.stage.search["rate"].high) == ends
    assert handed.stage.search["depth"] == opening((0.01,) * 3).stage.search["depth"]
    way = "stays: none of the best 3 trials lies near an end" if ends == (1e-4, 1.0) else "0.0001 .. 1 -> "
    assert handed.log[-1].startswith(f"rate {way}")


def test_a_wider_range_is_open_where_no_trial_was_completed():
    plan = staged(narrow={"from": 1, "edge": 0.15})
    wide = plan.stages[1].search | {"depth": plan.stages[1].search["depth"].having(high=90)}
    plan = plan.having(stages=(plan.stages[0], plan.stages[1].having(search=wide)))
    assert followed(plan, []).stage.search["depth"].high == 90


def test_a_wider_range_on_another_scale_is_open():
    plan = staged(narrow={"from": 1, "edge": 0.15})
    other = plan.stages[1].search["share"].having(step=None, low=0.001, high=9.0, log=True)
    plan = plan.having(stages=(plan.stages[0], plan.stages[1].having(search=plan.stages[1].search | {"share": other})))
    trials = [complete({"rate": 0.1, "depth": 7, "share": 0.0, "kind": "plain"}, 1.0)]
    assert followed(plan, trials).stage.search["share"] == other


def test_a_range_opens_beside_others_that_narrow():
    handed = opening((1.0, 0.9, 0.8), keep=0.35, at_least=2, open=("rate",))
    assert handed.stage.search["rate"].high == 100.0
    assert {line.split()[0] for line in handed.log} == {"rate", "depth", "share", "frill"}


@pytest.mark.parametrize("n", [12, 24, 48])
def test_noise_moves_a_range_in_one_stage_of_ten_at_most(n):
    plan = staged()
    stages = 300
    rng = random.Random(n)  # noqa: S311 - no secret
    moves = sum(
        bool(moved(plan, followed(plan, [complete(drawn(rng), rng.gauss(0, 1)) for _ in range(n)]).stage))
        for _ in range(stages)
    )
    assert moves / stages <= 0.1 + 2 * (0.1 * 0.9 / stages) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("n", [12, 24, 40])
def test_noise_moves_a_range_in_one_stage_of_ten_at_most_also_where_a_sampler_follows_it(n):
    optuna = pytest.importorskip("optuna")
    from advisor.runners import _samplers
    from advisor.suggesting import suggest

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    plan, stages, moves = staged(), 60, 0
    for seed in range(stages):
        rng = random.Random(seed)  # noqa: S311 - no secret
        study = optuna.create_study(sampler=_samplers.sampler_of(plan.stages[0], seed=seed, parallel=False))
        trials = []
        for _ in range(n):
            trial = study.ask()
            trials.append(complete(suggest(trial, plan.stages[0]), rng.gauss(0, 1)))
            study.tell(trial, -trials[-1].value)
        moves += bool(moved(plan, followed(plan, trials).stage))
    assert moves / stages <= 0.1 + 2 * (0.1 * 0.9 / stages) ** 0.5


# Holding


def test_what_was_searched_before_is_held_where_the_winner_has_it():
    plan = staged(held=("depth", "kind", "frill"))
    trials = [
        complete({"rate": 0.1, "depth": 7, "share": 0.5, "kind": "plain"}, 1.0),
        complete({"rate": 0.2, "depth": 9, "share": 0.5, "kind": "fancy", "frill": 0.3}, 2.0),
    ]
    handed = followed(plan, trials)
    assert {name: held.value for name, held in handed.stage.fixed.items()} == {
        "depth": 9,
        "kind": "fancy",
        "frill": 0.3,
    }
    assert handed.log[0] == "held as the winner has it: depth 9, kind fancy, frill 0.3 (the best value)"


def test_what_the_winner_has_not_is_held_as_planned():
    plan = staged(held=("frill",))
    trials = [complete({"rate": 0.1, "depth": 7, "share": 0.5, "kind": "plain"}, 1.0)]
    assert followed(plan, trials).stage.fixed == plan.stages[1].fixed


def test_without_a_complete_trial_everything_is_as_planned():
    plan = staged(held=("depth",))
    trials = [Trial(config={"rate": 0.1, "depth": 7, "share": 0.5, "kind": "plain"}, state="failed")]
    assert followed(plan, trials).stage.fixed == plan.stages[1].fixed


# The winner under noise


def test_without_noise_the_best_value_wins():
    plan = staged()
    trials = trials_of(drawn_value)
    best, rule = handover.winner(plan, plan.stages[:1], trials)
    assert (best.value, rule) == (max(trial.value for trial in trials), "the best value")


def test_a_lucky_trial_in_a_bad_neighbourhood_does_not_win():
    plan = staged({"share": {"type": "float", "low": 0.0, "high": 1.0}}, noise=0.1)
    good = [complete({"share": 0.2 + 0.01 * number}, 1.0) for number in range(5)]
    bad = [complete({"share": 0.8 + 0.01 * number}, 0.0) for number in range(5)]
    lucky = complete({"share": 0.82}, 1.05)
    best, rule = handover.winner(plan, plan.stages[:1], [*bad, lucky, *good])
    assert best in good
    assert rule == "of 6 trials within 0.141421 of the best, the one whose 5 nearest are best on average"


def test_a_trial_that_is_ahead_by_more_than_the_spread_of_a_difference_wins():
    plan = staged({"share": {"type": "float", "low": 0.0, "high": 1.0}}, noise=0.1)
    trials = [complete({"share": 0.1 * number}, float(number == 9)) for number in range(10)]
    best, rule = handover.winner(plan, plan.stages[:1], trials)
    assert best is trials[9]
    assert rule == "the best value, ahead by more than 0.141421, the spread of a difference of two"
