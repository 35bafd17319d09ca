"""Accuracy of a support vector machine on the digits of scikit-learn, by cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def objective(config: Mapping[str, Any]) -> float:
    """Mean accuracy over three folds, on standardised columns."""
    images, target = load_digits(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC(**config))
    return float(cross_val_score(model, images, target, cv=3).mean())
