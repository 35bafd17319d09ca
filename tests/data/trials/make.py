"""Writes the files of this folder with the tools that they are named after: ``python make.py optuna sklearn ...``.

Each was made with the version that is named at its function, in an environment that has the tool.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import pickle
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).parent


def optuna() -> None:
    """Optuna 5.0.0: a storage with two studies, a journal, and a data frame in its three layouts."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial):
        rate = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        units = trial.suggest_int("units", 8, 64, log=True)
        kind = trial.suggest_categorical("opt", ["sgd", "adam", None])
        if kind == "sgd":
            trial.suggest_float("momentum", 0.0, 0.9)
        if trial.number == 3:
            raise RuntimeError
        for step in range(3):
            trial.report(rate + 1 / (step + 1), step)
            if trial.number in {4, 5} and step == 1:
                raise optuna.TrialPruned
        return abs(math.log10(rate) + 2) + units / 100

    def fill(storage):
        sampler = optuna.samplers.RandomSampler(seed=0)
        study = optuna.create_study(study_name="net", storage=storage, sampler=sampler)
        study.enqueue_trial({"lr": 0.5, "units": 8, "opt": "adam"})
        study.optimize(objective, n_trials=24, catch=(RuntimeError,))
        study.ask()
        study.enqueue_trial({"lr": 0.01})
        return study

    with tempfile.TemporaryDirectory() as folder:
        journal, database = Path(folder) / "optuna.journal", Path(folder) / "optuna.db"
        fill(optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal))))
        study = fill(f"sqlite:///{database}")
        study.trials_dataframe().to_csv(HERE / "optuna_flat.csv", index=False)
        study.trials_dataframe(multi_index=True).to_csv(HERE / "optuna_two_rows.csv")
        two = optuna.create_study(study_name="two", storage=study._storage, directions=["minimize", "maximize"])
        two.set_metric_names(["error", "speed"])
        two.optimize(lambda trial: (trial.suggest_float("x", 0, 1) ** 2, 1.0), n_trials=5)
        two.trials_dataframe().to_csv(HERE / "optuna_two_metrics.csv", index=False)
        for made in (journal, database):
            (HERE / f"{made.name}.gz").write_bytes(gzip.compress(made.read_bytes(), mtime=0))


def sklearn() -> None:
    """scikit-learn 1.9.1: a random search in two spaces with two scores, and successive halving."""
    import pandas as pd
    from scipy.stats import loguniform
    from sklearn.datasets import load_iris
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV, RandomizedSearchCV
    from sklearn.svm import SVC

    x, y = load_iris(return_X_y=True)
    spaces = [
        {"C": loguniform(1e-3, 1e3), "kernel": ["rbf"], "gamma": loguniform(1e-4, 1)},
        {"C": loguniform(1e-3, 1e3), "kernel": ["linear"], "class_weight": [None, "balanced"]},
        {"C": [-1.0], "kernel": ["linear"], "class_weight": [None]},
    ]
    search = RandomizedSearchCV(
        SVC(), spaces, n_iter=16, cv=3, random_state=1, scoring=["accuracy", "f1_macro"], refit="accuracy"
    )
    found = search.fit(x, y).cv_results_
    pd.DataFrame(found).to_csv(HERE / "sklearn_random.csv", index=False)
    pd.DataFrame(found).to_json(HERE / "sklearn_random.json")
    space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1)}
    halving = HalvingRandomSearchCV(SVC(), space, cv=3, random_state=0, factor=3, n_candidates=9, min_resources=15)
    pd.DataFrame(halving.fit(x, y).cv_results_).to_csv(HERE / "sklearn_halving.csv", index=False)


def hyperopt() -> None:
    """Hyperopt 0.3.0: a pickle of trials, and the same as JSON."""
    import numpy as np
    from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, hp, tpe

    space = {
        "lr": hp.loguniform("lr", math.log(1e-4), math.log(0.1)),
        "opt": hp.choice("opt", [{"name": "adam"}, {"name": "sgd", "mom": hp.uniform("mom", 0, 0.99)}]),
    }
    trials = Trials()

    def objective(config):
        if config["lr"] > 0.05:
            return {"status": STATUS_FAIL}
        return {"loss": abs(math.log10(config["lr"]) + 2), "status": STATUS_OK}

    rng = np.random.default_rng(0)
    fmin(objective, space, algo=tpe.suggest, max_evals=15, trials=trials, rstate=rng, show_progressbar=False)
    (HERE / "hyperopt.pkl").write_bytes(pickle.dumps(trials))
    plain = json.dumps(trials.trials, default=lambda one: one.item() if hasattr(one, "item") else str(one))
    (HERE / "hyperopt.json").write_text(plain)


def mlflow() -> None:
    """MLflow 3.17.2: a SQLite store with runs in a parent, one of which failed, and the same as CSV."""
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.set_experiment("net")
        with mlflow.start_run(run_name="sweep"):
            for index in range(6):
                with mlflow.start_run(run_name=f"trial-{index}", nested=True) as run:
                    mlflow.log_params({"lr": 10.0 ** -(index % 3 + 1), "opt": "sgd" if index % 2 else "adam"})
                    for step in range(3):
                        mlflow.log_metric("val_loss", index + 1 / (step + 1), step=step)
                if index == 4:
                    mlflow.tracking.MlflowClient().set_terminated(run.info.run_id, "FAILED")
        raw = (Path(folder) / "mlflow.db").read_bytes()
    (HERE / "mlflow.db.gz").write_bytes(gzip.compress(raw, mtime=0))


def wandb() -> None:
    """W&B 0.31.0: two offline runs, one of which failed."""
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off", WANDB__DISABLE_STATS="true")
    import wandb

    settings = wandb.Settings(x_disable_stats=True, x_disable_meta=True, disable_git=True, save_code=False)
    with tempfile.TemporaryDirectory() as folder:
        for index in range(2):
            config = {"lr": 10.0 ** -(index + 1), "opt": {"name": "adam"}}
            run = wandb.init(project="p", config=config, dir=folder, id=f"run{index}", settings=settings)
            for step in range(3):
                run.log({"val_loss": index + 1 / (step + 1)})
            run.finish(exit_code=index)
        wandb.teardown()
        for log in Path(folder).glob("wandb/offline-run-*/run-*.wandb"):
            shutil.copyfile(log, HERE / log.name)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for tool in sys.argv[1:]:
        globals()[tool]()
