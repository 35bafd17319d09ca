"""What starts with a command: nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import one_stage
import pytest

from advisor import entry, yamlio

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


def test_the_installed_command_spares_pydantic_the_search_for_plugins():
    program = (
        "import json, os, sys\nfrom advisor import entry\n"
        "os._exit = lambda code: print(json.dumps([code, *sorted(sys.modules)]), file=sys.stderr)\nentry.run()"
    )
    command = [sys.executable, "-c", program, "plan", str(EXAMPLE / "spec.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    code, *loaded = json.loads(ended.stderr.splitlines()[-1])
    assert code == 0
    assert "pydantic.main" in loaded
    assert "importlib.metadata" not in loaded


def test_what_an_objective_leaves_for_the_end_is_done(tmp_path):
    made = one_stage.plan({"rate": {"type": "float", "low": 0.0, "high": 1.0}})
    (tmp_path / "plan.yaml").write_text(yamlio.dump(made.to_data()))
    (tmp_path / "late.py").write_text(
        "import atexit\natexit.register(lambda: open('sent', 'w').close())\n\ndef rate(config): return config['rate']\n"
    )
    command = [sys.executable, "-c", "from advisor import entry; entry.run()", "run", "plan.yaml"]
    subprocess.run([*command, "--objective", "late:rate", "--workers", "1"], check=True, cwd=tmp_path)
    assert (tmp_path / "sent").exists()


def test_what_a_later_pydantic_wants_beside_plugins_is_its_own(monkeypatch):
    stand_in = entry._NoPlugins("colorsys")
    monkeypatch.setitem(sys.modules, "colorsys", stand_in)
    assert stand_in.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    assert sys.modules["colorsys"] is not stand_in


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_same_bytes_whatever_the_hash_seed_and_the_folder(seed, tmp_path):
    program = "from advisor.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "plan", str(EXAMPLE / "spec.yaml"), "--format", "yaml"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONHASHSEED": seed, "LANG": "C"},
    )  # fmt: skip
    assert ended.stdout == (EXAMPLE / "plan.yaml").read_text("utf-8")
