"""Mean return of PPO on CartPole after 20,000 steps, over two seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor

# What the plan says of the network and of the environments is no argument of PPO itself.
NETWORK = {"activation", "hidden_units", "num_layers"}
OUTSIDE = {"learning_rate_schedule", "n_envs"}


def objective(config: Mapping[str, Any]) -> float:
    """Mean return over two seeds, each of ten evaluation episodes."""
    arguments = {name: value for name, value in config.items() if name not in NETWORK | OUTSIDE}
    layers = [int(config.get("hidden_units", 64))] * int(config.get("num_layers", 2))
    returns = []
    for seed in (0, 1):
        model = PPO(
            "MlpPolicy",
            gymnasium.make("CartPole-v1"),
            seed=seed,
            device="cpu",
            policy_kwargs={"net_arch": layers},
            **arguments,
        )
        model.learn(20_000)
        mean, _ = evaluate_policy(model, Monitor(gymnasium.make("CartPole-v1")), n_eval_episodes=10)
        returns.append(mean)
    return float(np.mean(returns))
