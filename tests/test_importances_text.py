"""What was measured, as a person reads it: recorded, and in any width."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import measured
import numpy as np
import pytest
import small

from advisor import comparison_text, importances_text
from advisor.importance import Estimate
from advisor.terminal import Style, shortened

GOLDEN = Path(__file__).parent / "golden/importance.txt"


def written(plan):
    """Every part of the text there is."""
    found = measured.importances()
    names = {"rate": "learning_rate", "depth": "depth", "kind": "kind"}
    of_plan = replace(found, parameters={new: found.parameters[old] for new, old in names.items()}, process=None)
    failures = replace(found, failures=found)
    parts = {
        "Measured": importances_text.rendered(found),
        "Beside what a plan believed": importances_text.rendered(of_plan, plan),
        "Failures": importances_text.rendered(failures),
        "All methods": comparison_text.rendered(measured.comparison(), "log_loss"),
        "No way to go": comparison_text.rendered(measured.comparison(path=(), together={}, remarks=()), "log_loss"),
        "Printed in Python": repr(found),
    }
    return "\n".join(f"# {title}\n{text}" for title, text in parts.items())


def test_what_a_person_reads_of_importance_is_as_recorded(toy):
    toy()
    text = written(small.plan(budget={"trials": 40}))
    if os.environ.get("ADVISOR_RENEW_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "renew with ADVISOR_RENEW_GOLDEN=1 and read the diff"


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_longer_than_the_terminal(width, toy):
    toy()
    style = Style(width=width)
    plan = small.plan(budget={"trials": 40})
    found = measured.importances()
    text = importances_text.rendered(found, plan, style) + comparison_text.rendered(measured.comparison(), "x", style)
    assert max(map(len, text.splitlines())) <= width


def test_where_scores_are_good_is_a_high_bar():
    text = importances_text.rendered(measured.importances())
    line = next(line for line in text.splitlines() if line.lstrip().startswith("learning_rate  0.0001"))
    bars = line.split()[2]
    assert bars.index("█") < 0.6 * len(bars) < bars.rindex("█")
    assert bars[0] == "▁"
    assert "best at 0.03" in line


def test_curves_of_a_score_of_which_more_is_better_are_in_its_own_direction():
    found = measured.importances()
    less = importances_text.data(found)["parameters"]["depth"]["curve"]
    more = importances_text.data(replace(found, direction="maximize"))["parameters"]["depth"]["curve"]
    assert np.array(more["mean"]) == pytest.approx(-np.array(less["mean"]))
    assert np.array(more["low"]) == pytest.approx(-np.array(less["high"]))


def test_a_share_unlike_what_was_believed_is_said_with_what_that_rested_on(toy):
    toy()
    plan = small.plan(budget={"trials": 40})
    surely = replace(
        measured.importances().parameters["depth"], main=Estimate(value=0.98, low=0.97, high=0.99), matters=True
    )
    found = replace(measured.importances(), parameters={"depth": surely})
    text = importances_text.rendered(found, plan, Style(width=120))
    assert "depth explains more here than believed, beyond chance" in text
    assert importances_text.data(found, plan)["believed"]["depth"]["disagrees"] is True


def test_all_that_is_compared_is_data_too():
    found = json.loads(json.dumps(comparison_text.data(measured.comparison())))
    assert found["methods"]["worth"]["parameters"]["depth"] == pytest.approx({"value": 0.2, "low": 0.17, "high": 0.23})
    assert found["methods"]["ped_anova"]["kind"] == "share"
    assert [step["parameter"] for step in found["path"]["steps"]] == ["learning_rate", "depth", "kind"]
    assert found["together"] == [{"parameters": ["learning_rate", "depth", "kind"], "share": 0.02}]


def test_names_that_are_cut_do_not_look_alike():
    names = [f"layer_{number}_of_the_network_width" for number in range(12)]
    labels = shortened(names, 12)
    assert len(set(labels)) == len(names)
    assert max(map(len, labels)) <= 12
    assert shortened(["lr"], 12) == ["lr"]
