"""Broken specs, by the hundred: an answer or a refusal with its place, never a traceback."""

from __future__ import annotations

import os
import re
from pathlib import Path

from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.cli import main

EXAMPLES = int(os.environ.get("ADVISOR_FUZZ_EXAMPLES", "250"))
GOOD = (
    """\
version: 1
model: {family: lightgbm, task: binary}
objective: {metric: auc, direction: maximize}
budget: {trials: 80}
data: {rows: 48000, features: 120}
""",
    """\
version: 1
name: churn
model:
  family: xgboost
  task: regression
objective: {metric: rmse, direction: minimize, noise: 0.004, default_value: 0.7, attainable: 0.5}
budget: {trials: 60, parallel: 4, hours: 12, minutes_per_trial: 3}
data: {rows: 900, features: 30, missing_share: 0.1, categorical_features: 2, max_cardinality: 40}
fixed: {n_estimators: 400, booster: gbtree}
space:
  lr: {is: learning_rate, low: 0.01, high: 0.2, log: true, role: tune}
  max_depth: {low: 3, high: 9}
  subsample: {low: 0.5, high: 1.0, step: 0.1}
  my_own_knob: {type: float, low: 0.0, high: 1.0}
  other: [a, b, c]
constraints: ["max_depth <= 9 + my_own_knob"]
waive: [{check: range, parameter: lr, reason: known, until: 2027-01-31}]
""",
    """\
version: 1
model: {estimator: sklearn.svm.SVC, task: multiclass}
objective: {metric: accuracy, direction: maximize, split: validation}
budget: {trials: 20}
data: {rows: 800, features: 12, classes: 3, positive_rate: 0.2}
scope: closed
space:
  C: {distribution: log_uniform_values, min: 1e-3, max: 1e3}
  gamma: {loguniform: [1e-4, 1e1]}
  kernel: {values: [rbf, poly, linear]}
  degree: {type: uniform_int, lower: 2, upper: 5, log: false}
  coef0: {type: range, bounds: [0.0, 1.0]}
  tol: {parameterType: double, feasibleSpace: {min: "1e-5", max: "1e-2", distribution: logUniform}}
""",
)
WORDS = (
    "0", "-1", "1e400", "1e308", "-1e308", "5e-324", "1" * 39, "1" * 41, ".nan", ".inf", "-.inf", "true", "null", "''",
    "x", "[]", "{}", "[1, 2]", "[[1], [2]]", "{a: b}", "[null]", "[true, 1]", "{low: 1, high: 2}",
    "{is: learning_rate}", "{low: 0.1, high: 0.3, when: {booster: dart}}", "{is: num_leaves, low: 2, high: 9}",
    "'1'", "1.5", "&a [*a]", "*a", "!!python/object:os.system x", "{<<: {a: 1}}", "2027-01-31", "learning_rate",
    "num_leaves", "C", "{when: {lr: 1}}", "{value: null}", "{low: 1, high: 1}", "{min: 1}", "{randint: [1, 5]}",
    "{choice: [1, a]}", "{low: 1, high: 9, step: 2, type: int}", "{role: nuisance}", "{default: 3}", "a < b", "1000000",
    "lightgbm", "xgboost", "svm", "random-forest", "1e-300", "{low: 0, high: 1e300, step: 1e-300}", "closed",
    "{low: 5, high: 500, log: true, type: int}", "{choices: [1, 2], ordered: true}", "{role: fixed}",
)  # fmt: skip
VALUE = re.compile(r"(?<=[:\[,] )[^\s,{}\[\]]+|(?<=\[)[^\s,{}\[\]]+|(?<=: )[\[{][^\n]*[\]}]")
KEY = re.compile(r"[A-Za-z_0-9]+(?=:)")


PARAMETERS = (
    "learning_rate", "num_leaves", "max_depth", "n_estimators", "reg_lambda", "subsample", "booster", "lambda", "C",
    "gamma", "kernel", "degree", "max-depth", "eta", "zzz",
)  # fmt: skip
FACTS = ("trials", "parallel", "hours", "minutes_per_trial", "rows", "features", "classes", "positive_rate", "noise")
NUMBERS = ("0", "1", "2", "3", "0.5", "1e-9", "1e9", "1e15", "1e300", "999999999999999", "-1", "100000", ".5", "7.0")


@st.composite
def broken_specs(draw) -> bytes:
    """A good spec with one to three changes: a value, a key, an entry more, or the bare text."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from(CHANGES))(draw, text)
    content = text.encode()
    return content if draw(st.integers(0, 19)) else content[: draw(st.integers(0, len(content)))] + b"\xff"


def with_another_value(draw, text):
    match = draw(st.sampled_from(list(VALUE.finditer(text)) or [re.search("$", text)]))
    return text[: match.start()] + draw(st.sampled_from(WORDS + NUMBERS)) + text[match.end() :]


def with_another_number(draw, text):
    match = draw(st.sampled_from(list(re.finditer(r"(?<=: )[0-9.e-]+", text)) or [re.search("$", text)]))
    return text[: match.start()] + draw(st.sampled_from(NUMBERS)) + text[match.end() :]


def with_another_key(draw, text):
    keys = list(KEY.finditer(text)) or [re.search("$", text)]
    match = draw(st.sampled_from(keys))
    key = draw(st.sampled_from([key[0] for key in keys] + list(PARAMETERS) + list(FACTS)))
    return text[: match.start()] + key + text[match.end() :]


def with_one_more(draw, text):
    section = draw(st.sampled_from(["space", "fixed"]))
    entry = f"  {draw(st.sampled_from(PARAMETERS))}: {draw(st.sampled_from(WORDS + NUMBERS))}\n"
    head = f"{section}:\n"
    return text.replace(head, head + entry, 1) if head in text else f"{text}{head}{entry}"


def with_other_text(draw, text):
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 30)))
    inserted = draw(st.sampled_from(["", text[start:end] * 2, "\t", "\0", "é", "- ", ": ", "\n", "'", "{", "]"]))
    return text[:start] + inserted + text[end:]


CHANGES = (
    with_another_value, with_another_value, with_another_number, with_another_number, with_another_key,
    with_one_more, with_one_more, with_one_more, with_other_text,
)  # fmt: skip


@given(broken_specs())
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_broken_spec_is_answered_or_refused_with_its_place(tmp_path: Path, content: bytes):
    path = tmp_path / "spec.yaml"
    path.write_bytes(content)
    result = CliRunner().invoke(main, ["plan", str(path)], catch_exceptions=False)
    assert result.exit_code in {0, 2, 3}
    if result.exit_code == 2:
        assert re.match(re.escape(str(path)) + r":\d+:\d+: error: .", result.stderr)
        assert result.stdout == ""
    elif result.exit_code == 0:
        assert "Stage 1" in result.stdout
