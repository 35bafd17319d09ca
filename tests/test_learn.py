"""Knowledge from trials over several tasks: what was planted is found, and what is written holds together."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import small
from click.testing import CliRunner

from advisor import advise, learning, library, validation
from advisor.cli import main
from advisor.errors import InvalidFile, UnknownName
from advisor.knowledge import Legal
from advisor.learning import _portfolio, _starts, _trends
from advisor.spec import Spec
from advisor.terminal import Style

SPEC = {
    "version": 1,
    "model": {"family": "toy"},
    "objective": {"metric": "error", "direction": "minimize"},
    "budget": {"trials": 60},
}


def drawn(count, seed):
    """Configurations of the toy family, spread over a wide space."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        config = {"rate": math.exp(generator.uniform(math.log(1e-4), 0)), "share": float(generator.uniform())}
        kind = str(generator.choice(["plain", "fancy"]))
        yield config | {"kind": kind} | ({"frill": float(generator.uniform())} if kind == "fancy" else {})


def tasks(count, error, trials=40):
    """The trials of so many tasks, in which a configuration has an error by the number of the task."""
    return {
        f"task-{number:02d}": [(config, error(config, number)) for config in drawn(trials, seed=number)]
        for number in range(count)
    }


def by_rate(best):
    """Errors that are least where the rate is what it should be on the task."""
    return lambda config, task: 10.0 ** (task % 3) * math.log10(config["rate"] / best(task)) ** 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the toy family lies."""
    path = tmp_path_factory.mktemp("shipped")
    small.write(path, _shared=small.SHARED, toy=small.family())
    return path


@pytest.fixture(autouse=True)
def shipped(folder, monkeypatch):
    """The toy family in place of the shipped ones."""
    monkeypatch.setattr(library, "shipped_folder", lambda: folder)


@pytest.fixture(scope="module")
def learnt(folder):
    """What twelve tasks of one best rate say."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(library, "shipped_folder", lambda: folder)
        return learning.learn(tasks(12, by_rate(lambda _: 0.01)), "toy", metric="error", source="planted trials")


# What is found


def test_a_rate_that_is_best_everywhere_is_where_to_search_and_what_to_hold(learnt):
    rate = learnt.parameters["rate"]
    assert 0.002 < rate.good.low < 0.01 < rate.good.high < 0.05
    assert 0.005 < rate.best < 0.02
    assert learnt.starts[0].alone < 0.05


def test_only_what_has_an_effect_explains_the_variance(learnt):
    assert learnt.parameters["rate"].share.low > 0.9
    assert learnt.parameters["share"].share.high < 0.05
    assert all(share.value < 0.05 for share in learnt.pairs.values())


def test_what_is_best_at_one_value_everywhere_is_not_worth_tuning():
    same = learning.learn(tasks(6, by_rate(lambda _: 0.01)), "toy").parameters["rate"]
    different = learning.learn(tasks(6, by_rate(lambda task: (0.001, 0.1)[task % 2])), "toy").parameters["rate"]
    assert different.gain.value > 5 * abs(same.gain.value)
    assert different.gain.low > 0


def test_a_parameter_without_effect_is_worth_nothing(learnt):
    worth = learnt.parameters["rate"].share.value * 100
    assert abs(learnt.parameters["share"].gain.value) < 0.01 * worth


def test_one_task_that_is_unlike_the_others_does_not_move_a_range():
    unlike = learning.learn(tasks(12, by_rate(lambda task: 0.0003 if task == 5 else 0.1)), "toy")
    assert unlike.parameters["rate"].good.low > 0.01


def test_two_kinds_of_tasks_get_a_start_each():
    found = learning.learn(tasks(8, by_rate(lambda task: (0.001, 0.3)[task % 2])), "toy")
    rates = sorted(start.values["rate"] for start in found.starts[:2])
    assert rates[0] < 0.003
    assert rates[1] > 0.1
    assert found.starts[1].reached < 0.1 < found.starts[0].reached


def test_starts_are_judged_on_tasks_that_they_were_not_learnt_from(learnt):
    assert learnt.judged.learnt.value < 0.1 < learnt.judged.random.high
    assert learnt.judged.learnt.value < learnt.judged.random.value


def test_more_is_better_where_it_is_said():
    less = tasks(3, by_rate(lambda _: 0.01))
    more = {name: [(config, -error) for config, error in each] for name, each in less.items()}
    assert learning.learn(less, "toy") == learning.learn(more, "toy", direction="maximize")


def test_the_same_trials_in_another_order_of_tasks_give_the_same_bytes():
    given = tasks(3, by_rate(lambda _: 0.01))
    turned = dict(reversed(given.items()))
    one, other = (learning.overlay(learning.learn(each, "toy")) for each in (given, turned))
    assert one == other


def test_what_tasks_share_is_valued_by_what_was_measured():
    """Two configurations, alike to any model, of which one fails on every other task."""
    shared = list(drawn(20, seed=0))
    good = {"rate": 0.01, "share": 0.5, "kind": "plain"}
    trap = {"rate": 0.0101, "share": 0.5, "kind": "plain"}
    given = {
        str(task): [
            *((config, 1 + abs(math.log10(config["rate"] / 0.5))) for config in shared),
            (good, 0.1),
            (trap, 0.0 if task % 2 else 5.0),
        ]
        for task in range(6)
    }
    assert learning.learn(given, "toy").starts[0].values["rate"] == 0.01


def test_a_choice_that_no_task_needs_goes_only_where_there_are_many_tasks():
    def error(config, task):
        return by_rate(lambda _: 0.01)(config, task) + (5.0 * 10.0 ** (task % 3) if config["kind"] == "fancy" else 0)

    few, many = (learning.learn(tasks(count, error), "toy").parameters["kind"].search for count in (3, 12))
    assert few.choices == ("plain", "fancy")
    assert many.choices == ("plain",)


# What was known


def test_one_task_moves_a_range_little_and_many_move_it_much():
    ends = [
        learning.learn(tasks(count, by_rate(lambda _: 0.3)), "toy").parameters["rate"].search.low for count in (1, 12)
    ]
    assert 0.001 < ends[0] < 0.005
    assert ends[1] > 4 * ends[0]


def test_a_range_keeps_the_default_of_the_library():
    search = learning.learn(tasks(12, by_rate(lambda _: 0.0003)), "toy").parameters["rate"].search
    assert search.low < 0.0005
    assert search.high == 0.1


def test_few_tasks_say_that_they_are_few():
    found = learning.learn(tasks(2, by_rate(lambda _: 0.01)), "toy")
    assert found.confidence == "low"
    assert found.parameters["rate"].gain.low is None
    assert "fewer than 10" in learning.overlay(found)["notes"][0]["text"]
    assert len(found.starts) == 1


def test_published_figures_stay_beside_those_of_few_tasks(tmp_path, monkeypatch):
    known = small.family()
    known["parameters"]["rate"]["tunability"] = {"gain": 0.5, "unit": "AUC", "datasets": 38, "source": "paper"}
    small.write(tmp_path, _shared=small.SHARED, toy=known)
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path)
    few, many = (learning.overlay(learning.learn(tasks(n, by_rate(lambda _: 0.01), trials=15), "toy")) for n in (3, 10))
    assert "tunability" not in few["parameters"]["rate"]
    assert few["parameters"]["share"]["tunability"]["datasets"] == 3
    assert many["parameters"]["rate"]["tunability"]["datasets"] == 10


def test_a_start_in_few_digits_is_still_legal():
    below_one = Legal(type="float", low=0, high=1, high_open=True)
    assert _starts.shortened(0.99987, below_one) == 0.99987
    assert _starts.shortened(0.98765, below_one) == 0.988


def test_what_depends_on_the_data_is_not_held_at_one_value(tmp_path, monkeypatch):
    known = small.family()
    known["parameters"]["rate"]["start"] = {"of": "derived.inverse_features"}
    small.write(tmp_path, _shared=small.SHARED, toy=known)
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path)
    found = learning.learn(tasks(2, by_rate(lambda _: 0.01)), "toy")
    assert "start" not in learning.overlay(found)["parameters"]["rate"]
    assert "stays, as it depends on the data" in learning.report(found)


# What is refused, and what is said


def test_a_value_that_the_library_refuses_is_refused():
    with pytest.raises(InvalidFile, match="kind was dotted, which the library does not accept"):
        learning.learn({"a": [({"kind": "dotted", "rate": 0.1}, float(n)) for n in range(20)]}, "toy")


def test_trials_with_a_word_that_the_library_does_not_have_are_left_out_and_the_word_is_said():
    given = tasks(2, by_rate(lambda _: 0.01))
    given["task-01"] = [
        *given["task-01"],
        ({"rate": 0.1, "kind": "plian"}, 0.0),
        ({"rate": 0.1, "kind": "dotted"}, 0.0),
    ]
    found = learning.learn(given, "toy")
    assert found.trials == sum(map(len, given.values())) - 2
    assert "kind was dotted in 1 trial, which the library does not accept" in found.remarks
    assert "kind was plian in 1 trial, which the library does not accept; did you mean 'plain'?" in found.remarks


def test_a_truth_value_for_a_number_costs_the_trial_only():
    given = tasks(2, by_rate(lambda _: 0.01))
    given["task-00"] = [(config | {"depth": True if n % 2 else 1}, e) for n, (config, e) in enumerate(given["task-00"])]
    found = learning.learn(given, "toy")
    assert found.trials == 60
    assert "depth was true in 20 trials, which the library does not accept" in found.remarks


def test_two_names_of_one_parameter_are_refused():
    with pytest.raises(InvalidFile, match="eta and rate both mean rate"):
        learning.learn({"a": [({"eta": 0.1, "rate": 0.1}, float(n)) for n in range(20)]}, "toy")


def test_a_family_that_nobody_knows_is_refused():
    with pytest.raises(UnknownName, match="no family 'tyo'"):
        learning.learn({}, "tyo")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "of 0 tasks the largest has 0|no setting is a parameter"),
        ({"a": [({"rate": 0.1}, 1.0)] * 9}, "of 1 task the largest has 9"),
        ({"a": [({"rate": 0.1 / (n + 1)}, 1.0) for n in range(20)]}, "with different values"),
        ({"a": [({"rate": 0.1 / (n + 1)}, math.nan) for n in range(20)]}, "no setting is a parameter|largest has 0"),
        ({"a": [({"x": 0.1}, float(n)) for n in range(20)]}, "the trials set x"),
    ],
)
def test_trials_that_say_nothing_are_told_so(given, sentence):
    with pytest.raises(learning.NothingLearnt, match=sentence):
        learning.learn(given, "toy")


def test_what_is_left_out_is_said():
    given = tasks(2, by_rate(lambda _: 0.01))
    given["task-00"] = [(config | {"sharr": n}, error) for n, (config, error) in enumerate(given["task-00"])]
    given["task-01"] = [*given["task-01"], ({"rate": 0.1, "share": 0.0, "kind": "plain"}, 0.0)]
    given["tiny"] = given["task-01"][:3]
    remarks = learning.learn(given, "toy", logarithmic=["share"]).remarks
    assert any("1 trial left out: the library does not accept a value" in remark for remark in remarks)
    assert any("1 task left out" in remark and "tiny" in remark for remark in remarks)
    assert any(remark.startswith("sharr is no parameter") and "share" in remark for remark in remarks)


# Parameters of one's own


def with_own(count, name="grip"):
    """Tasks whose error hangs on a logarithmic parameter that the family does not have."""
    generator = np.random.default_rng(0)
    given = tasks(count, lambda *_: 0.0)
    for number, each in enumerate(given.values()):
        for at, (config, _) in enumerate(each):
            own = math.exp(generator.uniform(math.log(1e-3), math.log(10)))
            each[at] = ({**config, name: own}, 1 + 10.0 ** (number % 3) * math.log10(own / 0.1) ** 2)
    return given


def test_a_parameter_that_the_family_does_not_have_is_learnt_and_searched(tmp_path):
    found = learning.learn(with_own(6), "toy")
    assert found.own == {"grip": ""}
    assert found.parameters["grip"].search.log
    assert 0.03 < found.starts[0].values["grip"] < 0.3
    assert any(remark.startswith("grip is no parameter of the family, and was learnt") for remark in found.remarks)
    learning.save(found, tmp_path / "house")
    assert validation.check(tmp_path / "house").errors == ()
    plan = advise(Spec.model_validate({**SPEC, "knowledge": [str(tmp_path / "house")]}))
    assert plan.stages[-1].search["grip"].default == found.parameters["grip"].start
    assert any(point.get("grip") == found.starts[0].values["grip"] for point in plan.stages[0].start)
    line = next(line for line in learning.report(found).splitlines() if line.startswith("grip "))
    assert line.split()[1] == "-"


def test_whole_numbers_of_ones_own_are_searched_as_such():
    given = {name: [(c | {"grip": n % 31}, e) for n, (c, e) in enumerate(each)] for name, each in with_own(3).items()}
    search = learning.overlay(learning.learn(given, "toy"))["parameters"]["grip"]
    assert search["valid"] == {"type": "int"}
    assert isinstance(search["search"]["low"], int)


def test_what_has_an_effect_beside_one_choice_alone_says_so():
    given = tasks(3, by_rate(lambda _: 0.01))
    for config, _ in itertools.chain(*given.values()):
        config.update({"bow": config["share"]} if config["kind"] == "fancy" else {})
    assert learning.overlay(learning.learn(given, "toy"))["parameters"]["bow"]["when"] == {"kind": "fancy"}


def test_a_condition_of_ones_own_is_in_the_familys_words(tmp_path, monkeypatch):
    known = small.family()
    known["parameters"]["kind"]["words"] = {"ornate": "fancy"}
    small.write(tmp_path / "shipped", _shared=small.SHARED, toy=known)
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path / "shipped")
    given = tasks(3, by_rate(lambda _: 0.01))
    for config, _ in itertools.chain(*given.values()):
        if config["kind"] == "fancy":
            config.update({"bow": config["share"], "kind": "ornate"})
    assert learning.overlay(learning.learn(given, "toy"))["parameters"]["bow"]["when"] == {"kind": "fancy"}


def test_what_is_ones_own_on_tasks_that_say_nothing_leaves_no_trace_in_the_starts(tmp_path):
    given = with_own(3)
    given = {name: each if name == "task-00" else each[:8] for name, each in given.items()}
    given["task-00"] = [(config | {"grip": 0.1}, error + config["rate"]) for config, error in given["task-00"]]
    found = learning.learn(given, "toy")
    assert all("grip" not in start.values for start in found.starts)
    learning.save(found, tmp_path / "house")
    assert validation.check(tmp_path / "house").errors == ()


def test_learning_again_over_what_was_learnt_writes_a_whole_file(tmp_path):
    given = with_own(6)
    learning.save(learning.learn(given, "toy"), tmp_path / "house")
    again = learning.learn(given, "toy", knowledge=[tmp_path / "house"])
    learning.save(again, tmp_path / "house")
    assert validation.check(tmp_path / "house").errors == ()
    assert again.own == {"grip": ""}
    assert not any("grip is no parameter" in remark for remark in again.remarks)


@pytest.mark.parametrize("odd", [None, math.inf, "auto"])
def test_what_is_no_number_everywhere_is_noise_and_costs_no_trial(odd):
    given = with_own(3)
    for number, (config, _) in enumerate(itertools.chain(*given.values())):
        config["grip"] = odd if number % 7 == 0 else config["grip"]
    found = learning.learn(given, "toy")
    assert not found.own
    assert found.trials == sum(map(len, given.values()))


def test_a_choice_that_only_failed_is_not_searched():
    given = {
        name: [(c | {"grip": "ab"[n % 2]}, e) for n, (c, e) in enumerate(each)] for name, each in with_own(3).items()
    }
    given["task-00"] = [*given["task-00"], ({"rate": 0.1, "share": 0.5, "kind": "plain", "grip": "c"}, None)]
    assert learning.overlay(learning.learn(given, "toy"))["parameters"]["grip"]["valid"]["choices"] == ["a", "b"]


@pytest.mark.parametrize("name", ["seed", "Random_State"])
def test_a_seed_is_nothing_to_learn(name, tmp_path, monkeypatch):
    none = {"names": ["seed", "random_state"], "because": "Luck.", "sources": ["paper"]}
    small.write(tmp_path, _shared={**small.SHARED, "no_hyperparameters": [none]}, toy=small.family())
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path)
    assert not learning.learn(with_own(3, name), "toy").own


def test_a_name_that_varies_on_few_tasks_or_has_a_word_for_each_trial_is_none():
    few = with_own(4)
    for name in ("task-00", "task-01"):
        few[name] = [(config | {"grip": 0.1}, error) for config, error in few[name]]
    assert not learning.learn(few, "toy").own
    labels = {
        name: [(config | {"label": f"run {n}"}, error) for n, (config, error) in enumerate(each)]
        for name, each in tasks(3, by_rate(lambda _: 0.01)).items()
    }
    assert not learning.learn(labels, "toy").own


def test_an_alias_with_words_of_another_library_is_a_parameter_of_its_own(tmp_path, monkeypatch):
    known = small.family()
    known["parameters"]["kind"]["aliases"] = ["style"]
    small.write(tmp_path / "shipped", _shared=small.SHARED, toy=known)
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path / "shipped")
    given = {
        name: [
            ({"rate": config["rate"], "style": ("plain", "dotted")[n % 2]}, error + n % 2)
            for n, (config, error) in enumerate(each)
        ]
        for name, each in tasks(6, by_rate(lambda _: 0.01)).items()
    }
    found = learning.learn(given, "toy")
    assert found.own == {"style": "kind"}
    assert found.trials == sum(map(len, given.values()))
    assert any(remark.startswith("style is no parameter") and "it would be kind" in remark for remark in found.remarks)
    learning.save(found, tmp_path / "house")
    assert validation.check(tmp_path / "house").errors == ()
    spec = {**SPEC, "knowledge": [str(tmp_path / "house")], "space": {"style": ["plain", "dotted"]}}
    plan = advise(Spec.model_validate(spec))
    assert plan.stages[-1].search["style"].domain.choices == ("plain", "dotted")
    assert plan.stages[0].start[1]["style"] == "plain"


# What changes with the task


def test_a_value_that_grows_with_the_rows_is_a_candidate_for_a_rule(tmp_path):
    facts = {f"task-{number:02d}": {"rows": 10.0 ** (2 + number / 4), "classes": 2.0} for number in range(14)}
    found = learning.learn(tasks(14, by_rate(lambda task: 0.001 * 1.4**task)), "toy", facts=facts)
    trend = next(each for each in found.trends if (each.parameter, each.figure, each.fact) == ("rate", "value", "rows"))
    assert trend.stands
    assert 0.5 < trend.low < trend.correlation <= 1
    assert not any(each.fact == "classes" for each in found.trends)
    assert "candidate for a rule" in learning.report(found)
    learning.save(found, tmp_path / "house")
    checked = validation.check(tmp_path / "house")
    assert checked.errors == ()
    assert (checked.rules, checked.cases) == (1, 2)
    learning.save(replace(found, trends=()), tmp_path / "house")
    assert validation.check(tmp_path / "house").rules == 0


def test_facts_without_trials_and_trials_without_facts_are_said(tmp_path):
    found = learning.learn(tasks(2, by_rate(lambda _: 0.01)), "toy", facts={"task-00": {"rows": 9.0}, "task-0l": {}})
    assert "facts of no task of the trials: task-0l" in found.remarks
    assert "no facts of these tasks: task-01" in found.remarks
    twice = tmp_path / "tasks.csv"
    twice.write_text("task,rows\na,10\na,20\n")
    with pytest.raises(InvalidFile, match="the task a has several rows"):
        learning.read_facts(twice)


def test_the_interval_of_a_rank_correlation_holds_it():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        left = generator.normal(size=30)
        right = 0.6 * left + 0.8 * generator.normal(size=30)
        trend = _trends.trend("rate", "value", "rows", (left, right), 1)
        held += trend.low <= 0.582 <= trend.high  # Spearman's of a normal pair of correlation 0.6: 6 / pi asin(0.3)
    assert 0.92 <= held / 300 <= 0.98


def test_ties_share_their_rank():
    assert _trends.correlation(np.array([1.0, 1, 2, 3]), np.array([5.0, 5, 6, 9])) == pytest.approx(1)
    assert _trends.correlation(np.ones(4), np.arange(4.0)) == 0


def test_a_number_that_the_library_refuses_costs_the_trial_only():
    given = tasks(2, by_rate(lambda _: 0.01))
    given["task-00"] = [*given["task-00"], ({"rate": -1.0, "share": 0.5, "kind": "plain"}, -100.0)]
    found = learning.learn(given, "toy")
    assert found.trials == 80
    assert found.parameters["rate"].good.low > 0


def test_starts_lie_within_the_ranges():
    found = learning.learn(tasks(12, by_rate(lambda task: 0.0002 if task == 5 else 0.1)), "toy")
    search = found.parameters["rate"].search
    assert all(search.low <= start.values["rate"] <= search.high for start in found.starts)


# The portfolio


def test_each_start_lowers_the_mean_of_the_best_most():
    errors = np.array([[0.0, 1, 0.4], [1, 0, 0.4], [1, 1, 0.4]])
    assert _portfolio.greedy(errors, 3) == [2, 0, 1]
    assert _portfolio.greedy(errors, 1) == [2]
    assert _portfolio.greedy(np.zeros((2, 3)), 3) == [0]
    close_on_half = np.array([[0.01, 0.4], [1, 0.4]])
    assert _portfolio.greedy(close_on_half, 1) == [0]


def test_a_task_is_not_judged_by_its_own_candidates():
    errors = 1 - np.eye(4)
    assert _portfolio.left_out(errors, np.arange(4), 4).tolist() == [1, 1, 1, 1]
    assert _portfolio.left_out(errors, np.full(4, -1), 4).tolist() == [1, 1, 1, 1]
    assert _portfolio.left_out(np.zeros((4, 1)), np.array([-1]), 1).tolist() == [0, 0, 0, 0]


def test_the_best_of_some_drawn_is_the_mean_over_all_draws():
    errors = np.array([0.3, 0.1, 0.7, 0.2, 0.9])
    means = np.mean([min(each) for each in itertools.combinations(errors, 2)])
    assert _portfolio.expected_best(errors, 2) == pytest.approx(means)
    assert _portfolio.expected_best(errors, 5) == pytest.approx(0.1)
    assert _portfolio.expected_best(errors, 9) == pytest.approx(0.1)


# What is written


def test_what_is_written_passes_the_check_and_a_plan_uses_it(learnt, tmp_path):
    learning.save(learnt, tmp_path / "house")
    assert validation.check(tmp_path / "house").errors == ()
    plan = advise(Spec.model_validate({**SPEC, "knowledge": [str(tmp_path / "house")]}))
    assert any(point["rate"] == learnt.starts[0].values["rate"] for point in plan.stages[0].start)
    entry = plan.stages[0].search["rate"]
    assert entry.default == learnt.parameters["rate"].start
    assert "learnt-planted-trials" in entry.sources
    assert any("12 tasks with 480 trials" in note.text for note in plan.notes)


def test_every_figure_says_from_how_many_tasks(learnt):
    data = learning.overlay(learnt)
    rate = data["parameters"]["rate"]
    assert rate["tunability"] | {"gain": 0} == {
        "gain": 0,
        "unit": "error",
        "datasets": 12,
        "source": "learnt-planted-trials",
    }
    assert rate["variance"]["datasets"] == 12
    assert "12 tasks and 480 trials" in rate["because"]
    assert all(start["learnt_from"]["tasks"] == 12 for start in data["starts"])


def test_a_file_that_was_not_learnt_is_not_overwritten(learnt, tmp_path):
    (tmp_path / "toy.yaml").write_text("family: toy\n")
    with pytest.raises(InvalidFile, match=r"toy\.yaml was not learnt"):
        learning.save(learnt, tmp_path)
    (tmp_path / "toy.yaml").unlink()
    assert learning.save(learnt, tmp_path) == learning.save(learnt, tmp_path)


def test_the_report_in_markdown_has_tables(learnt):
    text = learning.report(learnt, "markdown")
    assert "# Learnt: Toy" in text
    assert "| rate | 0.001 .. 1 log |" in text


def test_the_report_fits_the_terminal_but_for_its_tables(learnt):
    lines = learning.report(learnt, style=Style(width=60)).splitlines()
    assert max(len(line) for line in lines if "  " not in line.lstrip()) <= 60
    assert any(line.startswith("1. rate ") for line in lines)


# Files


def written(path, given, column="task", rate="rate"):
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, [column, rate, "share", "kind", "frill", "error"])
        rows.writeheader()
        for task, each in given.items():
            for config, error in each:
                named = {rate if name == "rate" else name: value for name, value in config.items()}
                rows.writerow({column: task, **named, "error": error})
    return path


def test_the_command_learns_from_a_table_with_a_column_of_tasks(tmp_path):
    given = tasks(3, by_rate(lambda _: 0.01), trials=20)
    path = written(tmp_path / "trials.csv", given, column="dataset_id", rate="eta")
    command = ["learn", str(path), "--family", "toy", "--metric", "error", "--direction", "minimize"]
    command += ["--task-column", "dataset_id", "-o", str(tmp_path / "house")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "3 tasks, 60 trials: trials.csv." in result.output
    assert validation.check(tmp_path / "house").errors == ()


def test_files_are_tasks_where_no_column_says_so(tmp_path):
    paths = []
    for task, each in tasks(2, by_rate(lambda _: 0.01), trials=20).items():
        (tmp_path / task).mkdir()
        paths.append(written(tmp_path / task / "trials.csv", {"": each}))
    read = learning.lessons(paths, metric="error", direction="minimize")
    assert sorted(read.trials) == ["task-00/trials", "task-01/trials"]


def test_a_parameter_that_sounds_like_a_result_is_read_as_one(tmp_path, monkeypatch):
    known = small.family()
    known["parameters"]["rate"]["aliases"] = ["cost"]
    small.write(tmp_path, _shared=small.SHARED, toy=known)
    monkeypatch.setattr(library, "shipped_folder", lambda: tmp_path)
    path = written(tmp_path / "trials.csv", tasks(2, by_rate(lambda _: 0.01), trials=20), rate="cost")
    found = learning.from_files([path], "toy", metric="error", direction="minimize")
    assert "rate" in found.parameters


def test_files_of_different_metrics_are_refused(tmp_path):
    given = tasks(1, by_rate(lambda _: 0.01), trials=20)
    one, other = (written(tmp_path / f"{metric}.csv", given) for metric in ("loss", "value"))
    for path in (one, other):
        path.write_text(path.read_text().replace("error", path.stem, 1))
    with pytest.raises(InvalidFile, match="learn from files of one metric"):
        learning.lessons([one, other], direction="minimize")


def test_a_column_that_is_not_there_is_said(tmp_path):
    path = written(tmp_path / "trials.csv", tasks(1, by_rate(lambda _: 0.01), trials=20))
    with pytest.raises(InvalidFile, match="no column 'dataset'"):
        learning.lessons([path], task_column="dataset", metric="error", direction="minimize")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,rows\na,5\n", "no column 'task'"),
        ("task,row\na,5\n", "no fact 'row' about data"),
        ("task,rows\na,many\n", "rows of a is 'many', no number"),
        ("", "no column 'task'"),
    ],
)
def test_facts_that_are_not_understood_are_refused(tmp_path, text, sentence):
    path = tmp_path / "facts.csv"
    path.write_text(text)
    with pytest.raises(InvalidFile, match=sentence):
        learning.read_facts(path)


def test_facts_are_numbers_by_task(tmp_path):
    path = tmp_path / "facts.csv"
    path.write_text("task,rows,classes\nadult,48842,2\ncredit,1000,\n")
    assert learning.read_facts(path) == {"adult": {"rows": 48842, "classes": 2}, "credit": {"rows": 1000}}


def test_failed_pairs_and_trials_without_a_value_count_for_nothing():
    whole = tasks(6, by_rate(lambda _: 0.01))
    failed = {name: [*each, ({"rate": 0.5, "share": 0.5, "kind": "plain"}, None)] for name, each in whole.items()}
    found = [learning.learn(each, "toy", metric="error", source="planted") for each in (whole, failed)]
    assert found[0].trials == found[1].trials


def test_trials_in_which_nothing_varies_tell_nothing():
    same = {name: [({"rate": 0.1}, float(i)) for i in range(30)] for name in ("one", "two", "three")}
    with pytest.raises(learning.NothingLearnt):
        learning.learn(same, "toy", metric="error", source="planted")
