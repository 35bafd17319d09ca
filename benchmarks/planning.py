"""How long a plan takes: the whole command beside ``import optuna``, and a large spec over a large knowledge base.

    python benchmarks/planning.py [--runs 11]

Prints seconds (median, and the range over runs), and the ratio of pairs that were measured in turn. Times are those of
whole processes, start and end included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

SPEC = """\
version: 1
model: {family: lightgbm, task: binary}
objective: {metric: auc, direction: maximize}
budget: {trials: 80}
data: {rows: 48000, features: 120}
"""
RULES, PARAMETERS = 2_000, 1_000
# Both are measured as installed packages run, which are compiled once; the first pair, which compiles, is not counted.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    if find_spec("optuna") is None:
        print("skipped: optuna is not installed; pip install '.[test]'")
        return
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder, "spec.yaml")
        spec.write_text(SPEC)
        plan = (str(Path(sys.executable).with_name("advisor")), "plan", str(spec))
        pairs = [(_seconds(plan), _seconds((sys.executable, "-c", "import optuna"))) for _ in range(runs + 1)][1:]
        large = _large(Path(folder))
        whole = [_seconds((plan[0], "plan", str(large))) for _ in range(3)]
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    print("| whole process | seconds: median (least to most) |")
    print("| --- | --- |")
    print(f"| advisor plan, six lines | {_shown([ours for ours, _ in pairs])} |")
    print(f"| python -c 'import optuna' | {_shown([theirs for _, theirs in pairs])} |")
    print(f"| ratio of pairs, {runs} runs | {_shown(ratios)} |")
    print(f"| advisor plan, {RULES:,} rules and {PARAMETERS:,} parameters | {_shown(whole)} |")


def _seconds(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def _shown(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def _large(folder: Path) -> Path:
    """A spec of many parameters over a knowledge base of many rules about them."""
    team = folder / "team"
    team.mkdir()
    names = [f"parameter_{number:04d}" for number in range(PARAMETERS)]
    (team / "large.yaml").write_text(
        _lines(["family: large", "title: A large family", "parameters:"], names, _parameter)
        + _lines(["rules:"], range(RULES), lambda number: _rule(number, names))
    )
    space = [f"  {name}: {{low: 0.01, high: 1.0, log: true}}" for name in names]
    spec = folder / "large-spec.yaml"
    head = SPEC.replace("lightgbm", "large").replace("trials: 80", "trials: 100000")
    spec.write_text(head + "knowledge: [./team]\nspace:\n" + "\n".join(space) + "\n")
    return spec


def _lines(head: list[str], items: Sequence[object] | range, write: Callable[..., list[str]]) -> str:
    return "\n".join([*head, *(line for item in items for line in write(item))]) + "\n"


def _parameter(name: str) -> list[str]:
    return [
        f"  {name}:",
        "    valid: {type: float, low: 0}",
        "    search: {low: 0.001, high: 10.0, log: true}",
        "    default: 1.0",
        "    tier: important",
        "    because: It is one of many.",
        "    sources: [judgement]",
        "    confidence: low",
    ]


def _rule(number: int, names: Sequence[str]) -> list[str]:
    name = names[number % len(names)]
    return [
        f"- id: large-rule-{number}",
        f"  when: {{data.rows: {{gt: {number * 20}}}}}",
        f"  then: [{{effect: narrow, parameter: {name}, low: {0.001 + number / 1e6}}}]",
        "  because: It is one of many.",
        "  sources: [judgement]",
        "  confidence: low",
    ]


if __name__ == "__main__":
    main()
