"""Files of trials to test readers on: the tests' own, and genuine ones of every tool, where they are."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent / "data" / "trials"
SAMPLES = Path(__file__).parents[2] / "shared" / "samples"

K = {"metric": "val_loss", "direction": "minimize"}
DOWN = {"direction": "minimize"}
SYNE_TUNE = "syne_tune/out/st-2026-11-23-08-50-56-835"
GENUINE = [
    ("ax/ax_client_snapshot.json", {}, "ax", {"complete": 5, "running": 1}),
    ("ax/ax_summarize.csv", {"metric": "loss", **DOWN}, "ax", {"complete": 5, "running": 1}),
    ("deepcave/logs/mlp/run_1", {"metric": "loss"}, "deepcave", {"complete": 11, "failed": 1}),
    ("flaml/analysis_results.json", {"metric": "loss", **DOWN}, "table", {"complete": 12}),
    ("generic/trials.csv", DOWN, "table", {"complete": 10, "failed": 2, "pruned": 12, "running": 2}),
    ("generic/trials.tsv", DOWN, "table", {"complete": 10, "failed": 2, "pruned": 12, "running": 2}),
    ("generic/trials.jsonl", DOWN, "table", {"complete": 10, "failed": 2, "pruned": 12, "running": 2}),
    ("generic/trials_records.json", DOWN, "table", {"complete": 10, "failed": 2, "pruned": 12, "running": 2}),
    ("generic/trials.parquet", DOWN, "table", {"complete": 10, "failed": 2, "pruned": 12, "running": 2}),
    (
        "generic/trials_dirty.csv",
        DOWN,
        "table",
        {"complete": 8, "failed": 4, "pruned": 12, "running": 2, "duplicate": 1},
    ),
    ("hyperopt/trials.json", {}, "hyperopt", {"complete": 24, "failed": 1}),
    ("hyperopt/trials.pkl", {}, "hyperopt", {"complete": 24, "failed": 1}),
    ("hyperopt/save.pkl", {}, "hyperopt", {"complete": 7, "failed": 1}),
    ("katib/trials_status.json", {}, "katib", {"complete": 2}),
    ("keras_tuner/out/p", {}, "keras-tuner", {"complete": 12}),
    ("mlflow/mlflow.db.gz", DOWN, "mlflow", {"complete": 9, "failed": 1}),
    ("mlflow/mlruns", DOWN, "mlflow", {"complete": 3, "failed": 1}),
    ("mlflow/search_runs.csv", DOWN, "mlflow", {"complete": 9, "failed": 1}),
    ("mlflow/search_runs_filestore.csv", DOWN, "mlflow", {"complete": 9, "failed": 1}),
    ("neps/out", {}, "neps", {"complete": 1, "pruned": 8}),
    ("neps/out/summary/full.csv", {}, "neps", {"complete": 1, "pruned": 8}),
    ("nevergrad/ng_params.json", {}, "nevergrad", {"complete": 10}),
    (
        "optuna/optuna.db",
        {"study": "mlp_digits"},
        "optuna",
        {"complete": 10, "failed": 2, "pruned": 12, "running": 2},
    ),
    ("optuna/optuna.db", {"study": "multi", "metric": "size"}, "optuna", {"complete": 8}),
    ("optuna/optuna_journal.log", {}, "optuna", {"complete": 10, "failed": 2, "pruned": 12, "running": 2}),
    ("optuna/optuna_4.9.0.db.gz", {}, "optuna", {"complete": 12}),
    ("optuna/optuna_4.9.0_journal.log", {}, "optuna", {"complete": 12}),
    (
        "optuna/trials_dataframe.csv",
        DOWN,
        "optuna-dataframe",
        {"complete": 10, "failed": 2, "pruned": 12, "running": 2},
    ),
    ("optuna/trials_dataframe_multiobjective.csv", {"metric": "error", **DOWN}, "optuna-dataframe", {"complete": 8}),
    ("ray/optuna_asha", DOWN, "ray-tune", {"complete": 2, "pruned": 8}),
    ("ray/resultgrid_dataframe.csv", DOWN, "ray-tune", {"complete": 2, "pruned": 8}),
    ("sklearn/randomized_cv_results.csv", {"metric": "accuracy"}, "scikit-learn", {"complete": 15}),
    ("sklearn/randomized_cv_results.json", {"metric": "f1_macro"}, "scikit-learn", {"complete": 15}),
    ("sklearn/halving_cv_results.csv", {}, "scikit-learn", {"complete": 3, "pruned": 6}),
    ("sklearn/grid_with_failed_cv_results.csv", {}, "scikit-learn", {"complete": 4, "failed": 2}),
    ("sklearn/grid_with_failed_cv_results.json", {}, "scikit-learn", {"complete": 4, "failed": 2}),
    ("smac/out/hpo/0", {}, "smac", {"complete": 25}),
    ("smac/out/mf/0/runhistory.json", {}, "smac", {"complete": 4, "pruned": 17}),
    ("smac/out/mo/0", {"metric": "err"}, "smac", {"complete": 12}),
    (SYNE_TUNE, {}, "syne-tune", {"complete": 3, "pruned": 6}),
    (f"{SYNE_TUNE}/results.csv.zip", {}, "syne-tune", {"complete": 3, "pruned": 6}),
    ("vizier/trials.json", {}, "vizier", {"complete": 7, "failed": 1}),
    ("wandb/runs.json", K, "wandb", {"complete": 2, "failed": 1}),
    ("wandb/runs_ui_style.csv", K, "wandb", {"complete": 2, "failed": 1}),
    ("wandb/wandb", K, "wandb", {"complete": 2, "failed": 1}),
]
