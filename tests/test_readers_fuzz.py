"""Files of trials that were damaged give trials or one clear error, never anything else."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from trial_mutations import mutated

from advisor.errors import AdvisorError
from advisor.readers import load_trials

DATA = Path(__file__).parent / "data" / "trials"
SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
PER_FAST_RUN, PER_SLOW_RUN = 250, 5_000
SCORES = {"sklearn_random.csv": "accuracy", "sklearn_random.json": "accuracy", "optuna_two_metrics.csv": "error"}


def own_files():
    """Names and contents of the files in the tests' own folder."""
    for path in sorted(DATA.iterdir()):
        if path.suffix != ".py":
            raw = path.read_bytes()
            yield path.name.removesuffix(".gz"), gzip.decompress(raw) if path.suffix == ".gz" else raw


def genuine_files():
    """The same of the genuine files, where they are."""
    for path in sorted(SAMPLES.rglob("*")):
        if path.is_file() and path.suffix not in {".py", ".md", ".db"} and path.stat().st_size:
            yield path.name, path.read_bytes()


def read_damaged(files, folder, *, times, seed):
    chance = random.Random(seed)  # noqa: S311 - the same each time
    ended = {"read": 0, "refused": 0}
    for index in range(times):
        name, raw = chance.choice(files)
        path = folder / f"{index}-{name}"
        path.write_bytes(mutated(raw, chance))
        said = {"direction": chance.choice(["minimize", "maximize"]), "metric": SCORES.get(name)}
        study = {"study": "net"} if name == "optuna.db" else {}
        try:
            loaded = load_trials(path, **said, **study)
        except AdvisorError as error:
            ended["refused"] += 1
            assert path.name in str(error)  # noqa: PT017 - what is raised differs from file to file
        else:
            ended["read"] += 1
            assert len(loaded.trials) == loaded.counts.complete + loaded.counts.failed + loaded.counts.pruned
        path.unlink()
    return ended


def test_damaged_files_are_read_or_refused(tmp_path):
    ended = read_damaged(list(own_files()), tmp_path, times=PER_FAST_RUN, seed=0)
    assert min(ended.values()) > PER_FAST_RUN / 10


@pytest.mark.slow
def test_many_damaged_files_are_read_or_refused(tmp_path):
    ended = read_damaged([*own_files(), *genuine_files()], tmp_path, times=PER_SLOW_RUN, seed=1)
    assert min(ended.values()) > PER_SLOW_RUN / 10
