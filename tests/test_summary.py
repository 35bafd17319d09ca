"""What a run found, as it is printed at the end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import advisor
from advisor import summary
from advisor.terminal import Style
from advisor.trials import CorrectedGain, Repeated, Result, StageResult, Trial, best_of

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).parent / "golden/summaries.txt"
PLAN = advisor.load_plan(ROOT / "examples/boosted-trees/plan.yaml")
NOISY = PLAN.having(objective=PLAN.objective.having(noise=0.004))
DEFAULT = dict(PLAN.stages[0].start[0])
BETTER = {**PLAN.stages[0].start[1], "learning_rate": 0.0432187, "num_leaves": 17}


def complete(value, config=BETTER, stage=3):
    return Trial(config=config, value=value, state="complete", stage=stage)


def failed(reason):
    return Trial(config={}, state="failed", reason=reason)


def result(*trials, default=0.1021, **changes):
    """What a run of these trials found, beside a default of so much."""
    best = best_of(trials, "minimize")
    gain = None if best is None or default is None else round(default - best.value, 10)
    found = Result(
        name="breast-cancer", metric="log_loss", direction="minimize", finished=True, best=best, default=default,
        gain=gain, trials=trials,
    )  # fmt: skip
    return found.having(**changes)


def stage(number, name, trials, *log, **changes):
    return StageResult(id=number, name=name, trials=trials, **{"failed": 0, "pruned": 0, **changes}, log=log)


STAGES = (
    stage(1, "critical", 12, best=0.0911),
    stage(2, "important", 20, "learning_rate narrowed to 0.02 to 0.09, around the best 5 of 12.", failed=3, best=0.089),
    stage(3, "minor", 28, pruned=11, best=0.0874),
)
CONFIRMED = (
    Repeated(config=BETTER, values=(0.0874, 0.089, 0.0883), mean=0.0882333, spread=0.00080208),
    Repeated(config=DEFAULT, values=(0.1021, 0.1002, 0.1011), mean=0.1011333, spread=0.00095044),
)
CASES = {
    "Better than the default": (
        PLAN,
        result(
            complete(0.1021, DEFAULT, 1), complete(0.0874), failed("MemoryError: 3 GB"), failed("ValueError: no"),
            failed("MemoryError: 4 GB"), stages=STAGES,
        ),
    ),
    "The default was not beaten": (PLAN, result(complete(0.1021, DEFAULT, 1), complete(0.2), stages=STAGES[:1])),
    "Within the noise": (
        NOISY,
        result(
            complete(0.1021, DEFAULT, 1), complete(0.0999),
            corrected=CorrectedGain(gain=0.0, low=-0.0111, high=0.0111, luck=0.0087, chosen_from=60),
        ),
    ),
    "Confirmed": (
        NOISY,
        result(
            complete(0.1021, DEFAULT, 1), complete(0.0874), confirmed=CONFIRMED, winner="The best mean of three.",
            default=0.1011333, gain=0.0129,
            corrected=CorrectedGain(gain=0.0121, low=0.011, high=0.0132, luck=0.0008, chosen_from=60),
        ),
    ),
    "Stopped, and the default failed": (PLAN, result(complete(0.0874), default=None, finished=False)),
    "Nothing completed": (PLAN, result(failed("ValueError: \x1b[31mno\nluck"), default=None, finished=False)),
    "No bar": (
        PLAN.having(bar={"library_default": False, "note": "The library's default breaks a constraint."}),
        result(complete(0.0874), default=None),
    ),
}  # fmt: skip


def test_summaries_read_as_they_were_reviewed():
    text = "\n".join(f"# {name}\n\n{summary.rendered(found, plan)}" for name, (plan, found) in CASES.items())
    if os.environ.get("ADVISOR_RENEW_GOLDEN"):
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8"), "renew with ADVISOR_RENEW_GOLDEN=1"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [40, 60, 120])
def test_lines_fit_the_terminal(name, width):
    plan, found = CASES[name]
    lines = summary.rendered(found, plan, Style(width=width)).splitlines()
    assert max(map(len, lines)) <= width


def test_only_headings_are_painted():
    plan, found = CASES["Better than the default"]
    plain, painted = summary.rendered(found, plan), summary.rendered(found, plan, Style(colour=True))
    assert painted.replace("\x1b[1m", "").replace("\x1b[0m", "") == plain
    assert "\x1b[1mBest configuration\x1b[0m" in painted


@pytest.mark.parametrize(
    ("gain", "low", "high", "says"),
    [
        (0.011, 0.004, 0.018, "best of 30: 0.011 (0.004 to 0.018), more than chance."),
        (0.004, -0.002, 0.01, "best of 30: 0.004 (-0.002 to 0.01), not worth it beyond chance."),
        (0.0, -0.006, 0.006, "best of 30, nothing is left (-0.006 to 0.006): no sign that tuning is worth it here."),
    ],
)
def test_a_gain_is_said_without_the_luck_of_the_winner(gain, low, high, says):
    corrected = CorrectedGain(gain=gain, low=low, high=high, luck=0.01, chosen_from=30)
    found = result(complete(0.1021, DEFAULT, 1), complete(0.0874), corrected=corrected)
    assert says in summary.rendered(found, PLAN, Style(width=500))
    assert "luck" not in summary.rendered(found.having(corrected=None), PLAN)


def test_kinds_of_failure_that_are_many_are_summed_up():
    kinds = [failed("".join(chr(97 + int(digit)) for digit in str(number))) for number in range(12)]
    text = summary.rendered(result(*kinds, default=None), PLAN)
    assert "  2  of 2 other kinds" in text
