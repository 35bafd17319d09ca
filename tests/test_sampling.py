"""Which sampler a stage has, and what takes its place where a package is missing."""

from __future__ import annotations

import pytest
import small

import advisor
from advisor import sampling
from advisor.progress import Silent
from advisor.staging import Draft

POLICIES = {name: policy["values"] for name, policy in small.SHARED["policies"].items()}
FEW = int(POLICIES["sampler"]["gp_parameters_most"])
SHORT = int(POLICIES["sampler"]["gp_trials_most"])
CUT = int(POLICIES["sampler"]["gp_winsorized_most"])
LATER = int(POLICIES["stages"]["later_short_below"])


def sampler(parameters=FEW, trials=SHORT, budget=SHORT, parallel=1, *, constrained=False, later=False):
    draft = Draft(name="all", search=tuple(f"p{i}" for i in range(parameters)), trials=trials)
    return sampling.name(draft, budget, parallel, POLICIES, constrained=constrained, later=later)


def test_few_parameters_and_trials_are_searched_by_a_gaussian_process():
    assert sampler() == "gp"
    assert sampler(parameters=FEW + 1) == "tpe"
    assert sampler(trials=SHORT, budget=SHORT + 1) == "tpe"


def test_the_few_trials_of_a_last_stage_stay_near_the_best():
    assert sampler(trials=LATER, later=True) == "gp"
    assert sampler(trials=LATER - 1, later=True) == "tpe"
    assert sampler(trials=LATER - 1) == "gp"


@pytest.mark.parametrize(
    ("parameters", "trials", "expected"), [(1, 40, 8), (4, 40, 8), (5, 40, 10), (9, 40, 10), (1, 15, 7), (1, 10, 5)]
)
def test_results_guide_a_search_after_eight_to_ten_trials_and_at_most_half_of_a_stage(parameters, trials, expected):
    draft = Draft(name="all", search=tuple(f"p{i}" for i in range(parameters)), trials=trials)
    assert sampling.startup(draft, POLICIES) == expected


def test_beside_eight_known_configurations_no_others_are_drawn_at_random():
    draft = Draft(name="all", search=tuple(f"p{i}" for i in range(9)), trials=40)
    assert [sampling.startup(draft, POLICIES, known=known) for known in (7, 8)] == [10, 8]


def test_a_gaussian_process_is_not_asked_for_several_trials_at_once_or_for_what_some_configurations_lack():
    assert sampler(parallel=2) == "tpe"
    assert sampler(constrained=True) == "tpe"
    assert sampler(trials=8, parallel=4) == "quasi-random"


@pytest.mark.usefixtures("toy")
def test_a_plan_names_the_sampler_that_fits_each_stage():
    plain = small.plan(fixed={"kind": "plain"})
    assert {stage.sampler.name for stage in plain.stages} == {"gp"}
    assert {stage.sampler.name for stage in small.plan(constraints=["share < rate"]).stages} == {"tpe"}


def test_a_gaussian_process_of_few_parameters_sees_the_worse_half_as_equal():
    def draft(parameters):
        return Draft(name="all", search=tuple(f"p{i}" for i in range(parameters)), trials=20)

    assert sampling.is_winsorized(draft(CUT), POLICIES)
    assert not sampling.is_winsorized(draft(CUT + 1), POLICIES)


@pytest.mark.usefixtures("toy")
def test_a_plan_says_whether_values_are_cut():
    assert {stage.sampler.winsorized for stage in small.plan().stages} == {True}
    assert {stage.sampler.winsorized for stage in small.plan(budget={"trials": 200}).stages} == {None}, "those of TPE"


def test_in_a_long_stage_a_gaussian_process_takes_turns_with_tpe():
    def every(trials):
        return sampling.tpe_every(Draft(name="all", search=("rate",), trials=trials), POLICIES)

    least = int(POLICIES["sampler"]["gp_tpe_least"])
    assert every(least) == POLICIES["sampler"]["gp_tpe_every"]
    assert every(least - 1) is None


@pytest.mark.usefixtures("toy")
def test_a_plan_says_where_samplers_take_turns():
    def turns(trials):
        return [stage.sampler.tpe_every for stage in small.plan(budget={"trials": trials}).stages]

    assert turns(20) == [None, None]
    assert turns(90)[-1] == POLICIES["sampler"]["gp_tpe_every"]
    assert set(turns(200)) == {None}, "those of TPE"


@pytest.mark.usefixtures("toy")
def test_a_gaussian_process_takes_parameters_that_some_configurations_lack():
    assert {stage.sampler.name for stage in small.plan().stages} == {"gp"}


@pytest.mark.usefixtures("toy")
def test_a_short_last_stage_goes_on_with_one_model_of_all_and_opens_where_the_good_lie():
    wide = {"rate": {"low": 0.0001, "high": 5.0, "log": True, "role": "tune"}}
    made = small.plan(budget={"trials": 20}, space={**wide, "frill": {"role": "tune"}})
    last = made.stages[-1]
    assert last.trials < LATER
    assert (last.sampler.name, last.sampler.joint) == ("tpe", True)
    assert last.narrow.edge == POLICIES["narrowing"]["edge"]
    assert (last.search["rate"].low, last.search["rate"].high) == (0.0001, 5.0)
    assert any(reason.startswith("sampler: a short later stage") for reason in last.why)
    plain = small.plan(budget={"trials": 20}, space=wide, fixed={"kind": "plain"}).stages[-1]
    assert (plain.sampler.name, plain.sampler.joint) == ("tpe", None)
    assert small.plan(budget={"trials": 60}, space=wide).stages[-1].narrow.edge is None


class Listening(Silent):
    """Keeps what is said once."""

    def __init__(self):
        self.said = []

    def remark(self, text):
        self.said.append(text)


@pytest.mark.usefixtures("toy")
def test_without_torch_a_plan_runs_by_another_sampler_and_says_so(monkeypatch):
    pytest.importorskip("optuna")
    from advisor.runners import _samplers

    monkeypatch.setattr(_samplers, "find_spec", lambda _: None)
    made, listening = small.plan(budget={"trials": 12}), Listening()
    assert made.stages[0].sampler.name == "gp"
    result = advisor.run(made, lambda config: config["rate"], observer=listening)
    assert len(result.trials) == 12
    assert [text for text in listening.said if "torch" in text] == [
        "the sampler gp needs torch (pip install 'hpo-advisor[gp]'); TPE takes its place, and needs more trials"
    ]


@pytest.mark.truth
def test_a_gaussian_process_of_optuna_models_only_what_every_trial_has():
    optuna = pytest.importorskip("optuna")
    pytest.importorskip("torch", reason="the Gaussian process needs it")
    kernel = optuna.distributions.CategoricalDistribution(["linear", "rbf"])
    gamma = optuna.distributions.FloatDistribution(0.1, 1.0)
    study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=0))
    both = {"params": {"kernel": "rbf", "gamma": 0.5}, "distributions": {"kernel": kernel, "gamma": gamma}}
    study.add_trial(optuna.trial.create_trial(value=1.0, **both))
    trial = study.ask()._cached_frozen_trial
    assert study.sampler.infer_relative_search_space(study, trial).keys() == {"kernel", "gamma"}
    alone = {"params": {"kernel": "linear"}, "distributions": {"kernel": kernel}}
    study.add_trial(optuna.trial.create_trial(value=2.0, **alone))
    assert study.sampler.infer_relative_search_space(study, trial).keys() == {"kernel"}
