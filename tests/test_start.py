"""What starts with a command: nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "examples/boosted-trees"
HEAVY = ["numpy", "sklearn", "scipy", "pandas", "optuna", "ray", "lightgbm", "torch", "jsonschema"]


@pytest.mark.parametrize(
    ("arguments", "also"),
    [
        (["--help"], ["pydantic", "yaml"]),
        (["plan", str(EXAMPLE / "spec.yaml")], []),
        (["explain", str(EXAMPLE / "plan.yaml"), "learning_rate"], []),
    ],
    ids=["help", "plan", "explain"],
)
def test_command_loads_nothing_heavy(arguments, also):
    program = (
        "import json, sys\nfrom advisor.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    loaded = set(json.loads(ended.stderr.splitlines()[-1]))
    allowed = {"jsonschema"} if arguments[0] == "explain" else set()
    assert loaded.isdisjoint(set(HEAVY + also) - allowed)


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_same_bytes_whatever_the_hash_seed_and_the_folder(seed, tmp_path):
    program = "from advisor.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "plan", str(EXAMPLE / "spec.yaml"), "--format", "yaml"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONHASHSEED": seed, "LANG": "C"},
    )  # fmt: skip
    assert ended.stdout == (EXAMPLE / "plan.yaml").read_text("utf-8")
