"""Mean absolute error of a random forest on the diabetes table of scikit-learn, by cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold, cross_val_score


def objective(config: Mapping[str, Any]) -> float:
    """Mean absolute error over five folds."""
    rows, target = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(**config, random_state=0)
    folds = KFold(5, shuffle=True, random_state=0)
    return -float(cross_val_score(model, rows, target, cv=folds, scoring="neg_mean_absolute_error").mean())
