"""What the knowledge base says of PPO, SAC and DQN holds in the installed Stable-Baselines3."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from claims import Claim, claims, families

from advisor import constraints
from advisor.effects import FactBound
from advisor.knowledge import Family
from advisor.space import same

pytestmark = pytest.mark.truth

torch = pytest.importorskip("torch", reason="Stable-Baselines3 needs torch")
sb3 = pytest.importorskip(
    "stable_baselines3", reason="the knowledge of ppo, sac and dqn speaks of Stable-Baselines3, which is not installed"
)
gym = pytest.importorskip("gymnasium", reason="Stable-Baselines3 needs gymnasium")
vec_env = pytest.importorskip("stable_baselines3.common.vec_env")

CLAIMS = claims("stable_baselines3.")
FAMILIES = [family for family in families() if family.family in {"ppo", "sac", "dqn"}]

# Where the library refuses what is just outside the legal range. Everywhere else it takes nonsense silently: a rate
# of 0 learns nothing, a discount above 1 makes returns endless, a batch of none trains nothing, no share of actions is
# 1.5. There `valid` says what has a meaning.
REFUSED: Mapping[tuple[str, str], type[Exception] | tuple[type[Exception], ...]] = {
    ("PPO", "n_steps"): AssertionError,
    ("PPO", "batch_size"): AssertionError,
    ("PPO", "n_epochs"): (UnboundLocalError, RuntimeWarning),
    ("PPO", "clip_range_vf"): AssertionError,
    ("SAC", "train_freq"): AssertionError,
    ("SAC", "target_update_interval"): ZeroDivisionError,
    ("DQN", "train_freq"): AssertionError,
}

SMALL: Mapping[str, Mapping[str, Any]] = {
    "PPO": {"n_steps": 32, "batch_size": 32, "n_epochs": 1},
    "SAC": {"buffer_size": 500, "batch_size": 8, "learning_starts": 4},
    "DQN": {"buffer_size": 500, "batch_size": 8, "learning_starts": 4},
}


class Line(gym.Env):
    """Walk along a line to the right; an episode has eight steps."""

    observation_space = gym.spaces.Box(-10.0, 10.0, (2,), np.float32)

    def __init__(self, *, discrete: bool) -> None:
        self.action_space = gym.spaces.Discrete(2) if discrete else gym.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.middle = 0.5 if discrete else 0.0
        self.place, self.time = 0.0, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self.place, self.time = 0.0, 0
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        move = float(np.asarray(action).reshape(-1)[0]) - self.middle
        self.place, self.time = self.place + move, self.time + 1
        return self._seen(), move, self.time >= 8, False, {}

    def _seen(self) -> Any:
        return np.array([self.place, self.time], dtype=np.float32)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(name: str, *, copies: int = 1, discrete: bool | None = None, **arguments: Any) -> Any:
    """A small agent on the line; SAC acts continuously, the others choose."""
    chooses = name != "SAC" if discrete is None else discrete
    environment = vec_env.DummyVecEnv([lambda: Line(discrete=chooses)] * copies)
    beside = {"policy_kwargs": {"net_arch": [8]}, **SMALL[name]}
    if name == "PPO" and "batch_size" in arguments:
        beside["n_steps"] = arguments["batch_size"]
    return getattr(sb3, name)("MlpPolicy", environment, seed=0, device="cpu", **{**beside, **arguments})


def trained(name: str, *, steps: int = 16, **arguments: Any) -> Any:
    """The same agent after a few steps of learning; PPO takes a whole rollout."""
    return made(name, **arguments).learn(steps)


def weights(agent: Any) -> list[float]:
    """Everything that was learnt, as numbers that can be compared."""
    return [float(part.detach().double().sum()) for part in agent.policy.parameters()]


def class_name(thing: Claim | Family) -> str:
    dotted = thing.estimator if isinstance(thing, Claim) else thing.models[0].name
    return dotted.rpartition(".")[2]


def arguments_of(family: Family) -> set[str]:
    return set(inspect.signature(getattr(sb3, class_name(family))).parameters)


def ends(claim: Claim) -> list[Any]:
    """The outermost values that we advise to try."""
    search = claim.parameter.search
    if search is None:
        return []
    if search.choices is not None:
        return list(search.choices)
    assert not isinstance(search.low, FactBound)
    assert not isinstance(search.high, FactBound)
    return [search.low, search.high]


def alone(claim: Claim, value: Any) -> dict[str, Any]:
    """The argument, with what it needs beside it."""
    if claim.argument == "use_sde":
        return {"discrete": False, "use_sde": value}
    if claim.argument == "sde_sample_freq":
        return {"discrete": False, "use_sde": True, "sde_sample_freq": value}
    return {claim.argument: value}


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_the_class_takes_the_argument_and_has_this_default(claim):
    parameters = inspect.signature(claim.estimator_class).parameters
    assert claim.argument in parameters
    assert same(parameters[claim.argument].default, claim.default)


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.parameter.search is not None], ids=str)
def test_every_end_of_the_range_is_learnt_with(claim):
    for value in ends(claim):
        steps = 2 * value if claim.argument == "train_freq" else 16
        after = trained(class_name(claim), steps=steps, **alone(claim, value))
        assert all(math.isfinite(number) for number in weights(after))


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.parameter.valid.type != "categorical"], ids=str)
def test_values_just_outside_are_refused_or_known_to_be_taken_silently(claim):
    for value in outside(claim):
        assert not claim.parameter.valid.accepts(value)
        beside = alone(claim, value)
        refusal = REFUSED.get((class_name(claim), claim.argument))
        if refusal is None:
            trained(class_name(claim), **beside)
        else:
            with pytest.raises(refusal):
                trained(class_name(claim), **beside)


def outside(claim: Claim) -> list[float]:
    """The first numbers below and above what we call legal."""
    legal = claim.parameter.valid
    step = 1 if legal.type == "int" else 0.5
    found = []
    if legal.low is not None:
        found.append(legal.low if legal.low_open else legal.low - step)
    if legal.high is not None:
        found.append(legal.high if legal.high_open else legal.high + step)
    return found


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.parameter.valid.also], ids=str)
def test_words_beside_the_numbers_are_accepted(claim):
    for word in claim.parameter.valid.also:
        trained(class_name(claim), **alone(claim, word))


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.parameter.valid.choices is not None], ids=str)
def test_legal_choices_are_accepted(claim):
    for choice in claim.parameter.valid.choices:
        trained(class_name(claim), **alone(claim, choice))


@pytest.mark.parametrize(
    ("steps", "copies", "batch"), [(32, 1, 32), (32, 1, 64), (32, 3, 64), (32, 4, 64), (48, 1, 32)]
)
def test_the_constraint_of_ppo_fails_exactly_where_the_library_warns(steps, copies, batch):
    ppo = next(family for family in FAMILIES if family.family == "ppo")
    expression = next(i.constraint for i in ppo.interactions if i.constraint is not None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made("PPO", n_steps=steps, batch_size=batch, copies=copies)
    warned = any("truncated mini-batch" in str(warning.message) for warning in caught)
    assert constraints.holds(expression, {"n_steps": steps, "n_envs": copies, "batch_size": batch}) is not warned


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.family)
def test_network_defaults_are_those_of_the_mlp_policy(family):
    policy = made(class_name(family), policy_kwargs={}).policy
    network = {
        "PPO": lambda: policy.mlp_extractor.policy_net,
        "SAC": lambda: policy.actor.latent_pi,
        "DQN": lambda: policy.q_net.q_net[:-1],
    }[class_name(family)]()
    layers = [part for part in network if isinstance(part, torch.nn.Linear)]
    between = {type(part).__name__.lower() for part in network if not isinstance(part, torch.nn.Linear)}
    assert {layer.out_features for layer in layers} == {family.parameters["hidden_units"].default}
    assert len(layers) == family.parameters["num_layers"].default
    assert between == {family.parameters["activation"].default}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.family)
def test_what_is_said_to_be_no_argument_is_none(family):
    ours = {name for name, parameter in family.parameters.items() if not parameter.in_library}
    assert not ours & arguments_of(family)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.family)
def test_no_alias_is_another_argument_of_the_class(family):
    for name, parameter in family.parameters.items():
        assert not (set(parameter.aliases) - {name}) & arguments_of(family)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.family)
def test_every_start_makes_an_agent(family):
    for start in family.starts:
        own = {name: value for name, value in start.values.items() if name in arguments_of(family)}
        if "buffer_size" in own:
            own["buffer_size"] = min(own["buffer_size"], 10_000)
        made(class_name(family), copies=start.values.get("n_envs", 1), **own)


@pytest.mark.parametrize("name", ["PPO", "SAC"])
def test_sde_sample_freq_is_without_effect_unless_sde_is_used(name):
    def run(*, use_sde: bool, frequency: int) -> list[float]:
        return weights(trained(name, discrete=False, use_sde=use_sde, sde_sample_freq=frequency))

    assert run(use_sde=False, frequency=-1) == run(use_sde=False, frequency=4)
    assert run(use_sde=True, frequency=-1) != run(use_sde=True, frequency=4)


@pytest.mark.parametrize("name", ["SAC", "DQN"])
def test_gradient_steps_of_minus_one_are_as_many_as_steps_were_collected(name):
    as_collected = trained(name, train_freq=4, gradient_steps=-1)
    assert weights(as_collected) == weights(trained(name, train_freq=4, gradient_steps=4))
    assert weights(as_collected) != weights(trained(name, train_freq=4, gradient_steps=1))


def test_a_tau_of_one_copies_the_network_to_its_target():
    def is_copied(tau: float) -> bool:
        agent = trained("DQN", tau=tau, target_update_interval=4)
        for _ in range(4):
            agent._on_step()  # what follows each step of the environment
        pairs = zip(agent.q_net.parameters(), agent.q_net_target.parameters(), strict=True)
        return all(torch.equal(own, target) for own, target in pairs)

    assert is_copied(1.0)
    assert not is_copied(0.5)


@pytest.mark.parametrize(("name", "discrete"), [("SAC", True), ("DQN", False)])
def test_actions_of_the_other_kind_are_refused(name, discrete):
    with pytest.raises(AssertionError):
        made(name, discrete=discrete)


def test_ppo_refuses_sde_for_discrete_actions():
    with pytest.raises(ValueError, match="continuous"):
        made("PPO", discrete=True, use_sde=True)
