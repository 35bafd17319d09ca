"""All methods side by side: on a response that is known, from where people tune, to the best."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys

import measured
import numpy as np
import pytest
import small
from click.testing import CliRunner

import advisor
from advisor.cli import main
from advisor.comparing import compare, worth_a_line
from advisor.errors import InvalidFile, UnknownName
from advisor.methods import parted
from advisor.trials import Trial

SPACE = {
    "rate": {"low": 1e-4, "high": 1.0, "log": True},
    "kind": {"choices": ["plain", "odd"]},
    "below": {"low": 0.0, "high": 1.0, "when": {"kind": "odd"}},
    "inert": {"low": 0.0, "high": 1.0},
}
DEFAULT = {"rate": 1.0, "kind": "plain", "inert": 0.2}


def drawn(count, seed=0):
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(count):
        config = {
            "rate": 10 ** chance.uniform(-4, 0),
            "kind": chance.choice(["plain", "odd"]),
            "inert": chance.random(),
        }
        yield config | ({"below": chance.random()} if config["kind"] == "odd" else {})


def loss(config):
    """Best at a rate of 0.01; the second kind gains 1 by its own parameter, and loses 0.5 without."""
    kind = 0.5 - 1.5 * config["below"] if config["kind"] == "odd" else 0.0
    return (math.log10(config["rate"]) + 2) ** 2 / 2 + kind


PAIRS = [(config, loss(config)) for config in drawn(70)]


@pytest.fixture(scope="module")
def found():
    return compare(PAIRS, SPACE, default=DEFAULT)


@pytest.fixture(scope="module")
def few():
    return compare(PAIRS[:15], SPACE)


def method(found, name):
    return next(each for each in found.methods if each.name == name)


def test_every_method_speaks_of_every_parameter_that_it_can_measure(found):
    assert len({each.name for each in found.methods}) == len(found.methods) == 13
    for each in found.methods:
        assert set(each.values) == set(SPACE) - ({"below"} if each.name == "optuna_fanova" else set())
        assert np.isfinite(list(each.values.values())).all()


def test_every_method_has_the_one_that_decides_before_the_one_that_does_nothing(found):
    for each in found.methods:
        assert each.values["rate"] > each.values["inert"], each.name


def test_what_tuning_is_worth_is_in_units_of_the_metric(found):
    worth = method(found, "worth")
    assert worth.values["rate"] == pytest.approx(2.0, abs=0.2)
    assert worth.values["kind"] == pytest.approx(1.0, abs=0.2)
    low, high = worth.intervals["rate"]
    assert low <= 2.0 <= high
    assert worth.intervals["inert"][0] == 0


def test_the_way_leads_from_the_default_to_the_best(found):
    assert found.start.what == "the configuration that was given"
    assert found.start.score == pytest.approx(2.0, abs=0.2)
    assert found.path[0].name == "rate"
    assert found.path[0].before == 1.0
    assert found.path[-1].score == pytest.approx(found.end.score)
    gained = sum(step.gain for step in found.path)
    assert found.start.score - gained == pytest.approx(found.end.score)
    assert loss(dict(found.end.config)) < min(value for _, value in PAIRS) + 0.2


def test_where_more_is_better_scores_are_those_that_were_given_and_gains_are_the_same(few):
    up = compare([(config, -value) for config, value in PAIRS[:15]], SPACE, direction="maximize")
    assert up.end.score == pytest.approx(-few.end.score)
    assert [step.gain for step in up.path] == pytest.approx([step.gain for step in few.path])
    assert method(up, "worth").values == pytest.approx(method(few, "worth").values, rel=1e-6)


def test_the_same_trials_are_compared_to_the_same_figures(few):
    again = compare(PAIRS[:15], SPACE)
    assert again.methods == few.methods
    assert again.path == few.path


def test_tuning_begins_at_the_first_trial_where_nothing_else_is_known(few):
    assert few.start.what == "the first trial"
    assert few.start.config["rate"] == pytest.approx(PAIRS[0][0]["rate"], rel=1e-4)


def test_tuning_begins_where_the_plan_does(toy):
    toy()
    plan = small.plan(budget={"trials": 40})
    trials = advisor.run(plan, lambda config: (math.log10(config["rate"]) + 2) ** 2).trials
    found = compare(trials, plan)
    assert found.start.what == "the library's default"
    assert found.start.config["rate"] == pytest.approx(0.1)


def test_a_parameter_without_a_default_is_in_the_middle_of_its_range(toy):
    toy()
    stage = small.plan(budget={"trials": 40}).stages[-1]
    entry = stage.search["share"].to_data()
    del entry["default"]
    search = {"rate": stage.search["rate"], "share": type(stage.search["share"]).model_validate(entry)}
    configs = [{"rate": config["rate"] / 2 + 0.001, "share": 0.1 + 0.8 * config["inert"]} for config, _ in PAIRS[:12]]
    trials = [({"rate": 0.01}, 1.0), *((config, config["rate"]) for config in configs)]
    found = compare(trials, stage.model_copy(update={"search": search, "start": ()}))
    assert found.start.config["share"] == pytest.approx(0.5)
    assert found.remarks == ()


def test_a_default_outside_the_space_is_said_and_the_nearest_stands_for_it():
    found = compare(PAIRS[:12], SPACE, default={"rate": 100.0, "kind": "none of these"})
    assert found.start.config["rate"] == 1.0
    assert "rate: the default 100 is not searched: 1 stands for it" in found.remarks
    assert any(remark.startswith("kind: ") for remark in found.remarks)


def test_optunas_shares_are_of_the_trials_that_it_would_use(few):
    on_the_way = [
        Trial(config=config, value=value, state="complete", reported=(2 * value + 1,)) for config, value in PAIRS[:15]
    ]
    pruned = [Trial(config=config, state="pruned", reported=(2 * loss(config) + 1,)) for config in drawn(20, seed=3)]
    found = compare([*on_the_way, *pruned], SPACE)
    assert found.found.trust.trials == 35
    assert method(found, "optuna_fanova") == method(few, "optuna_fanova")


def test_what_some_explain_only_together_is_asked_by_name():
    product = [(config, config["inert"] * math.log10(config["rate"])) for config, _ in PAIRS[:40]]
    found = compare(product, SPACE, together=[("rate", "inert"), ("rate", "kind", "inert")])
    assert found.together["rate", "inert"] == pytest.approx(found.found.pairs["rate", "inert"], abs=0.05)
    assert found.together["rate", "kind", "inert"] < 0.05
    with pytest.raises(UnknownName, match="did you mean 'rate'"):
        compare(product[:12], SPACE, together=[("rat", "kind", "inert")])


def test_scores_that_are_all_the_same_cannot_be_compared():
    with pytest.raises(InvalidFile, match="nothing to compare"):
        compare([(config, 1.0) for config, _ in PAIRS[:12]], SPACE)


def test_forests_see_no_more_trials_than_they_can_be_fitted_to_at_once(monkeypatch):
    monkeypatch.setattr("advisor.methods.MOST", 20)
    found = compare(PAIRS[:30], SPACE)
    assert "forests were fitted to 20 of 30 trials, drawn at random" in found.remarks


def test_only_a_parameter_that_is_first_and_last_parts_the_methods():
    apart = parted(measured.comparison().methods)
    assert {name: tuple([each.name for each in side] for side in sides) for name, sides in apart.items()} == {
        "learning_rate": (["alone", "worth"], ["ped_anova"]),
        "kind": (["optuna_fanova", "ped_anova"], ["worth"]),
    }
    unsure = measured.method("worth", ("", "worth"), "metric", (0.01, 0.0, 0.0, 0.0), wide=0.5)
    assert parted([unsure, measured.method("other", ("", "other"), "share", (0.0, 0.2, 0.3, 0.4))]) == {}


def test_steps_that_change_next_to_nothing_have_no_line():
    listed, rest = worth_a_line(measured.comparison().path)
    assert [step.name for step in listed] == ["learning_rate", "depth"]
    assert [step.name for step in rest] == ["kind"]
    assert worth_a_line(()) == ([], [])


def test_what_few_ask_for_is_not_loaded_where_it_is_not_asked(tmp_path):
    table = tmp_path / "trials.csv"
    rows = [f"{c['rate']},{c['inert']},{value}" for c, value in PAIRS[:12]]
    table.write_text("\n".join(["rate,inert,loss", *rows]) + "\n", encoding="utf-8")
    script = (
        "import sys\nfrom advisor.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert not {'sklearn', 'scipy', 'matplotlib', 'pandas'} & set(sys.modules)"
    )
    words = ["--metric", "loss", "--direction", "minimize", "--parameter", "rate", "--parameter", "inert"]
    subprocess.run([sys.executable, "-c", script, "importance", str(table), *words], check=True, capture_output=True)


def test_the_command_writes_the_full_report_and_pictures(tmp_path):
    table = tmp_path / "trials.csv"
    rows = [f"{c['rate']},{c['kind']},{c['inert']},{value}" for c, value in PAIRS[:20]]
    table.write_text("\n".join(["rate,kind,inert,loss", *rows]) + "\n", encoding="utf-8")
    asked = ["importance", str(table), "--metric", "loss", "--direction", "minimize"]
    names = [word for name in ("rate", "kind", "inert") for word in ("--parameter", name)]
    more = ["--triples", "rate, kind, inert", "--pictures", str(tmp_path / "pictures")]
    text = CliRunner().invoke(main, [*asked, *names, *more])
    assert text.exit_code == 0, text.output
    assert "In units of loss" in text.stdout
    assert "rate, kind, inert" in text.stdout
    assert sorted(path.stem for path in (tmp_path / "pictures").iterdir()) == [
        "ablation", "curves", "importances", "pairs",
    ]  # fmt: skip
    data = CliRunner().invoke(main, [*asked, *names, "--full", "--format", "json"])
    found = json.loads(data.stdout)
    assert {"parameters", "trust", "methods", "path"} <= set(found)
    assert found["methods"]["worth"]["parameters"]["rate"]["high"] > 0
    wrong = CliRunner().invoke(main, [*asked, *names, "--triples", "rate,kinds,inert"])
    assert wrong.exit_code == 2
    assert "did you mean 'kind'" in wrong.stderr
