"""From a document to a model: every problem at once, at its place, in words that help."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from advisor import loading, reading, yamlio
from advisor.errors import AdvisorError, InvalidFile, Problem, UnknownName, did_you_mean, dotted
from advisor.spec import Spec

GOLDEN = Path(__file__).parent / "golden/messages.txt"
HEAD = """\
version: 1
model: {family: lightgbm, task: binary}
objective: {metric: auc, direction: maximize}
"""
BROKEN = {
    "Nothing": "",
    "Only a remark": "# to be written\n",
    "A list": "- version: 1\n",
    "A word": "lightgbm\n",
    "Two documents": HEAD + "---\n" + HEAD,
    "Nearly nothing": "version: 1\n",
    "Keys without values": "version: 1\nmodel:\nobjective:\n",
    "Another version": HEAD.replace("version: 1", "version: 2"),
    "The version in quotes": HEAD.replace("version: 1", "version: '1'"),
    "The version as a truth": HEAD.replace("version: 1", "version: true"),
    "No model": HEAD.replace("{family: lightgbm, task: binary}", "{}"),
    "Misspelt everywhere": """\
version: 1
model: {famly: lightgbm, task: binray}
objective: {metric: auc, direction: max}
bugdet: {trials: 80}
data: {rows: 1000, feature: 12}
space:
  num_leaves: {lwo: 1, high: 5}
""",
    "Wrong kinds": HEAD
    + """\
budget: 80
data: [1000, 12]
fixed: [a]
space: learning_rate
constraints: a < b
knowledge: 3
waive: {check: a}
""",
    "Numbers that are none": HEAD
    + """\
budget: {trials: lots, parallel: 2.5, hours: '12', minutes_per_trial: [3]}
data: {rows: true, features: 1_000, classes: ten, missing_share: 5%}
""",
    "Numbers out of bounds": HEAD
    + """\
budget: {trials: 0, parallel: 1e6, hours: -1, memory_gb: 0}
data: {rows: 1e16, positive_rate: 1.5, missing_share: -0.1, categorical_features: -2}
""",
    "Numbers that are not finite": HEAD
    + """\
budget: {hours: .inf, trials: .inf}
data: {tokens: .nan}
fixed: {learning_rate: .nan}
space:
  num_leaves: {low: .nan, high: .inf}
  reg_alpha: [0.1, .inf]
""",
    "Numbers too large": HEAD + f"fixed: {{a: 1e400, b: {'9' * 60}}}\n",
    "Words of YAML 1.1": HEAD + "space:\n  a: {low: 1, high: 8, log: yes}\n  b: {choices: [1], ordered: off}\n",
    "More hours than can be counted": HEAD + "budget: {hours: 1e200, minutes_per_trial: 1e-200}\n",
    "Ranges": HEAD
    + """\
space:
  a: {low: 3, high: 1}
  b: {low: 0, high: 1, log: true}
  c: {low: 1, high: 9, log: true, step: 2}
  d: {choices: [1, 2], low: 1}
  e: {choices: []}
  f: {choices: [[1, 2], {a: b}]}
  g: {low: 0, high: 1, step: 0}
  h: {low: 0, high: 1, step: 2}
  i: {type: int, low: 0.5, high: 3}
  j: {type: integer, low: 1, high: 3}
  k: {low: 1, high: 3, role: tuned}
  l: {low: 1, high: 3, when: booster}
  m: {low: 1, high: 3, when: {booster: [[dart]]}}
  n: {low: one, high: [3]}
  o: {choices: [1, 2], log: true}
""",
    "Words of other tools": HEAD
    + """\
space:
  a: {distribution: log_uniform, min: -5, max: -1}
  b: {distribution: normal, mu: 0, sigma: 1}
  c: {min: 1}
  d: {values: 3}
  e: {min: low, max: 3}
  f: {low: 1, min: 1, max: 3}
  g: {choice: 3}
  h: {randint: [3]}
  i: {randint: [3, 3]}
  j: {bounds: [a]}
  k: {type: range}
  l: {type: uniform_float, lower: 0.1}
  m: {feasibleSpace: {list: [1]}}
  n: {parameterType: int, feasibleSpace: {list: 3}}
  o: {parameterType: int, feasibleSpace: {min: "1", mx: "3"}}
  p: {distribution: q_uniform, min: 1, max: 9, q: 2}
  q: {quniform: [0, 1]}
  r: {values: [1, 2], probabilities: [0.1, 0.9]}
""",
    "Names": HEAD + 'fixed: {"": 1, "a`b": 2}\nspace: {"x\\ny": 3}\n',
    "A list as value": HEAD + "fixed: {hidden_units: [64, 64], betas: {beta1: 0.9}}\n",
    "Fixed and searched": HEAD
    + "fixed: {num_leaves: 31}\nspace:\n  learning_rate: 0.1\n  num_leaves: {low: 7, high: 63}\n",
    "Closed around nothing": HEAD + "scope: closed\n",
    "Constraints": HEAD
    + """\
constraints:
- num_leaves
- num_leaves <
- num_leaves = 3
- __import__("os").system("true")
- max_depth.__class__ == 1
- lambda < 3
- 1 < 2
- 3
""",
    "Waivers": HEAD
    + """\
waive:
- {check: a, until: 20270131, reason: b}
- {check: a, until: tomorrow, reason: b}
- {check: a}
- {chek: a, reason: b}
""",
    "A repeated key": HEAD + "budget: {trials: 80}\nbudget: {trials: 90, trials: 80}\n",
    "A merge key": HEAD + "space:\n  a: &a {low: 1, high: 2}\n  b: {<<: *a, log: true}\n",
    "An alias of nothing": HEAD + "fixed: *settled\n",
    "A tag": HEAD + "fixed: {a: !!python/object/apply:os.getcwd []}\n",
    "A key that is a list": HEAD + "fixed: {[a, b]: 3}\n",
    "A tab": HEAD + "budget:\n\ttrials: 80\n",
    "A missing bracket": HEAD + "budget: {trials: 80\ndata: {rows: 1000}\n",
    "A missing quote": HEAD + "name: 'churn\nbudget: {trials: 80}\n",
    "A missing colon": HEAD + "budget\n  trials: 80\n",
    "A colon too many": HEAD + "name: churn: second try\n",
    "Indentation": HEAD + "budget:\n  trials: 80\n hours: 3\n",
    "A sign that begins no value": HEAD + "name: @home\n",
    "A backslash": HEAD + 'data: {profile: "C:\\data\\new.csv"}\n',
    "A profile that is not there": HEAD + "data: {profile: nowhere.csv, target: churned}\n",
    "A long line": HEAD + f"name: {'x' * 150}\nconstraints: ['{'a' * 120} <= b', 'b', 'c']\n",
}


def message(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AdvisorError) as caught:
        loading.load_spec(path)
    return str(caught.value).replace(str(path), "spec.yaml")


def test_messages_are_those_on_record(tmp_path):
    blocks = [f"# {title}\n\n{message(tmp_path / 'spec.yaml', text)}\n" for title, text in BROKEN.items()]
    if os.environ.get("ADVISOR_RENEW_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text("\n".join(blocks), encoding="utf-8")
    assert "\n".join(blocks) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("title", BROKEN)
def test_problem_has_place_line_and_caret(tmp_path, title):
    lines = message(tmp_path / "spec.yaml", BROKEN[title]).splitlines()
    source = BROKEN[title].splitlines() or [""]
    assert len(lines) % 3 == 0
    for head, shown, caret in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        match = re.match(r"spec\.yaml:(\d+):(\d+): error: \S", head)
        row, column = map(int, match.groups())
        written = [*source, ""][row - 1]
        assert shown.removeprefix(f"{row:6d} | ").strip() in written.replace("\t", " ")
        here = shown[caret.index("^") : caret.index("^") + 1]
        assert here == written.replace("\t", " ")[column - 1 : column]


def test_good_spec_is_read():
    document = yamlio.parse(HEAD, "spec.yaml")
    assert reading.validated(Spec, document) == Spec.model_validate(document.value)


def test_problems_come_in_the_order_of_the_file(tmp_path):
    lines = message(tmp_path / "spec.yaml", BROKEN["Misspelt everywhere"]).splitlines()[::3]
    places = [tuple(map(int, line.split(":")[1:3])) for line in lines]
    assert places == sorted(places)
    assert len(places) == 6


def test_data_that_is_no_file_has_its_places_in_words():
    found = reading.problems(Spec, {"version": 1, "model": {"family": "x"}, "objective": {"metric": 3}})
    assert [str(problem) for problem in found] == [
        "objective.metric: expected text, not 3",
        "objective: 'direction' is missing; Whether less or more of the metric is better",
    ]


def test_value_that_fits_no_member_of_a_union_is_one_problem():
    data = yamlio.parse(HEAD + "fixed: {a: [1]}\nspace: {b: {low: x, high: 2}}").value
    assert [str(problem) for problem in reading.problems(Spec, data)] == [
        "fixed.a: expected one value, not a list",
        "space.b.low: expected a number, not 'x'",
    ]


def test_long_values_are_cut_in_messages():
    data = yamlio.parse(HEAD + f"budget: {{trials: {'x' * 500}}}").value
    (problem,) = reading.problems(Spec, data)
    assert len(str(problem)) < 150


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("famly", ["family", "task"], "did you mean 'family'?"),
        ("FAMILY", ["family"], "did you mean 'family'?"),
        ("max", ["minimize", "maximize"], "did you mean 'maximize'?"),
        ("ma", ["maximize"], ""),
        ("zzz", ["family"], ""),
        ("", ["family"], ""),
        ("x", [], ""),
    ],
)
def test_near_names_are_suggested(name, known, hint):
    assert did_you_mean(name, known) == hint


def test_unknown_name_says_what_is_known_where_nothing_is_near():
    assert str(UnknownName("family", "zzz", ["b", "a"])) == "no family 'zzz'; known: a, b"
    assert str(UnknownName("family", "aa", ["aaa"])) == "no family 'aa'; did you mean 'aaa'?"


def test_nothing_is_raised_where_nothing_is_wrong():
    reading.raise_if_any([])
    with pytest.raises(InvalidFile, match=r"a\.0: is wrong; mend it"):
        reading.raise_if_any([Problem(sentence="is wrong", path=("a", 0), hint="mend it")])
    assert dotted(("a", 0, "b")) == "a.0.b"
