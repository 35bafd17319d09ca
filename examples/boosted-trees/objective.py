"""Log loss of LightGBM on the breast cancer table, by cross-validation; the number of trees by early stopping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold


def objective(config: Mapping[str, Any]) -> float:
    """Mean log loss over five folds; a quarter of each training part is kept to stop on."""
    rows, target = load_breast_cancer(return_X_y=True)
    scores = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(rows, target):
        stop, fit = np.split(np.random.default_rng(0).permutation(train), [len(train) // 4])
        model = lightgbm.LGBMClassifier(**config, n_jobs=1, verbosity=-1, random_state=0)
        model.fit(
            rows[fit],
            target[fit],
            eval_X=rows[stop],
            eval_y=target[stop],
            callbacks=[lightgbm.early_stopping(50, verbose=False)],
        )
        scores.append(log_loss(target[test], model.predict_proba(rows[test])))
    return float(np.mean(scores))
