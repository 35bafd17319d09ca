"""Files of trials that were damaged give trials or one clear error, never anything else."""

from __future__ import annotations

import gzip
import random
import shutil

import pytest
from trial_files import DATA, GENUINE, SAMPLES
from trial_mutations import mutated

from advisor.errors import AdvisorError
from advisor.readers import load_trials

PER_FAST_RUN, PER_SLOW_RUN = 250, 5_000
SAID = {
    "sklearn_random.csv": {"metric": "accuracy"},
    "sklearn_random.json": {"metric": "accuracy"},
    "optuna_two_metrics.csv": {"metric": "error", "direction": "minimize"},
    "optuna.db": {"study": "net"},
    "run-run0.wandb": {"metric": "val_loss", "direction": "minimize"},
    "run-run1.wandb": {"metric": "val_loss", "direction": "minimize"},
}


def read_damaged(path, said):
    """Whether a damaged file gave trials; anything but trials or an error that names it fails the test."""
    try:
        loaded = load_trials(path, **said)
    except AdvisorError as error:
        assert path.name in str(error)  # noqa: PT017 - what is raised differs from file to file
        return False
    assert len(loaded.trials) == loaded.counts.complete + loaded.counts.failed + loaded.counts.pruned
    assert set(loaded.space) == set(loaded.parameters)
    return True


def unpacked(path):
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def test_damaged_files_are_read_or_refused(tmp_path):
    chance = random.Random(0)  # noqa: S311 - the same each time
    files = [path for path in sorted(DATA.iterdir()) if path.suffix not in {".py", ""}]
    read = 0
    for index in range(PER_FAST_RUN):
        file = chance.choice(files)
        name = file.name.removesuffix(".gz")
        path = tmp_path / f"{index}-{name}"
        path.write_bytes(mutated(unpacked(file), chance))
        read += read_damaged(path, SAID.get(name, {"direction": "minimize"}))
        path.unlink()
    assert PER_FAST_RUN / 5 < read < PER_FAST_RUN * 4 / 5


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the genuine files are not at {SAMPLES}")
def test_many_damaged_genuine_files_and_folders_are_read_or_refused(tmp_path):
    chance = random.Random(1)  # noqa: S311 - the same each time
    read = 0
    for index in range(PER_SLOW_RUN):
        name, said, _, _ = chance.choice(GENUINE)
        path = damaged(SAMPLES / name, tmp_path / str(index), chance)
        read += read_damaged(path, {**said, "direction": "minimize"} if chance.random() < 0.5 else said)
        shutil.rmtree(tmp_path / str(index))
    assert PER_SLOW_RUN / 5 < read < PER_SLOW_RUN * 4 / 5


def damaged(genuine, folder, chance):
    """A copy with one damaged file, in a folder of its own with the small files that lie beside it."""
    folder.mkdir()
    if genuine.is_dir():
        copy = shutil.copytree(genuine, folder / genuine.name, copy_function=shutil.copyfile)
        for one in [folder / genuine.name, *(folder / genuine.name).rglob("*")]:
            one.chmod(0o755)
        victim = chance.choice(sorted(one for one in copy.rglob("*") if one.is_file() and one.stat().st_size))
    else:
        for beside in genuine.parent.glob("*.[jy]*"):
            shutil.copyfile(beside, folder / beside.name)
        copy = victim = folder / genuine.name
        shutil.copyfile(genuine, victim)
    raw = victim.read_bytes()
    packed = victim.suffix == ".gz" and chance.random() < 0.8
    victim.write_bytes(gzip.compress(mutated(gzip.decompress(raw), chance)) if packed else mutated(raw, chance))
    return copy
