"""What a stage takes over from those before it: which trial won, also where noise blurs values, and what is held."""

from __future__ import annotations

import one_stage

from advisor import handover
from advisor.plan import Plan
from advisor.trials import Trial

NUMBER = {"type": "float", "low": 0.0, "high": 1.0}


def plan(*searched, noise=None):
    """A plan whose stages search these names, each following from the one before, and hold the others at 0.5."""
    objective = {"metric": "auc", "direction": "maximize", "noise": noise}
    made = one_stage.plan(dict.fromkeys(sorted({*"".join(searched)}), NUMBER), objective=objective)
    data = made.to_data()
    [stage] = data["stages"]
    data["stages"] = [
        {
            **stage,
            "id": number,
            "search": {name: entry for name, entry in stage["search"].items() if name in names},
            "fixed": {name: {"value": 0.5} for name in stage["search"] if name not in names},
            "narrow": {"from": number - 1 or None},
        }
        for number, names in enumerate(searched, 1)
    ]
    data["budget"]["trials"] = 10 * len(searched)
    return Plan.model_validate(data)


def ended(value, stage=1, **config):
    """A trial with a value."""
    return Trial(config=config, value=value, state="complete", stage=stage)


def test_without_noise_the_best_value_wins():
    trials = [ended(0.5, x=0.1), ended(0.9, x=0.2), ended(0.8, x=0.3)]
    assert handover.winner(plan("x"), plan("x").stages, trials) == (trials[1], "the best value")


def test_a_lucky_value_among_bad_neighbours_does_not_win():
    steady = [ended(value, x=0.1 + 0.01 * i) for i, value in enumerate([0.87, 0.88, 0.89, 0.88, 0.87])]
    lucky = [ended(value, x=0.9 + 0.01 * i) for i, value in enumerate([0.5, 0.52, 0.91, 0.51, 0.5])]
    noisy = plan("x", noise=0.02)
    won, rule = handover.winner(noisy, noisy.stages, [*lucky, *steady])
    assert won == steady[2]
    assert "the one whose 5 nearest are best on average" in rule


def test_what_the_last_stage_holds_counts_among_the_neighbours_of_a_winner():
    noisy = plan("x", "y", noise=0.05)
    poor = [ended(0.2 + x, x=x, y=0.5) for x in (0.0, 0.05, 0.1, 0.15, 0.2)]
    good = [ended(1 - abs(x - 0.8), x=x, y=0.5) for x in (0.76, 0.78, 0.8, 0.82, 0.84)]
    lucky = [ended(value, 2, x=0.5, y=y) for y, value in ((0.0, 0.5), (0.1, 0.5), (0.2, 0.5), (0.9, 0.5), (1.0, 1.0))]
    assert handover.winner(noisy, noisy.stages, [*poor, *good, *lucky])[0] in good


def test_neighbours_are_found_in_ranges_that_opened_later():
    noisy = plan("x", "x", noise=0.05)
    wider = noisy.stages[1].search["x"].having(low=1.0, high=2.0)
    stages = [noisy.stages[0], noisy.stages[1].having(search={"x": wider})]
    lucky = [ended(0.5, x=0.1 * i) for i in range(4)] + [ended(0.91, x=0.0)]
    steady = [ended(value, 2, x=1.9 + 0.01 * i) for i, value in enumerate([0.85, 0.86, 0.9, 0.86, 0.85])]
    assert handover.winner(noisy, stages, [*lucky, *steady])[0] in steady


def test_what_was_searched_two_stages_ago_is_held_as_the_winner_has_it():
    staged = plan("x", "y", "z")
    trials = [ended(0.5, x=0.1, y=0.5, z=0.5), ended(0.9, 2, x=0.25, y=0.75, z=0.5)]
    earlier = {stage.id: stage for stage in staged.stages[:2]}
    found = handover.following(staged, staged.stages[2], earlier, trials)
    assert {name: held.value for name, held in found.stage.fixed.items()} == {"x": 0.25, "y": 0.75}
    assert found.log == ("held as the winner has it: x 0.25, y 0.75 (the best value)",)
