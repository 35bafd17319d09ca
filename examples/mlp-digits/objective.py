"""Accuracy of a small network (scikit-learn, Adam) on the digits of scikit-learn, on a validation split."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The plan speaks the field's words; scikit-learn has its own for some of them.
ARGUMENTS = {
    "learning_rate": "learning_rate_init",
    "weight_decay": "alpha",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "epochs": "max_iter",
}
LAYERS = {"num_layers", "hidden_units"}


def objective(config: Mapping[str, Any]) -> float:
    """Accuracy on a quarter of the images that was not trained on."""
    images, target = load_digits(return_X_y=True)
    split = train_test_split(images, target, test_size=0.25, random_state=0, stratify=target)
    train, validation, train_target, validation_target = split
    arguments = {ARGUMENTS.get(name, name): value for name, value in config.items() if name not in LAYERS}
    layers = [int(config.get("hidden_units", 100))] * int(config.get("num_layers", 1))
    network = MLPClassifier(hidden_layer_sizes=layers, random_state=0, **{"max_iter": 60, **arguments})
    model = make_pipeline(StandardScaler(), network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train, train_target)
    return float(model.score(validation, validation_target))
