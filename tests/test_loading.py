"""Specs and plans from files."""

from __future__ import annotations

from pathlib import Path

import pytest

import advisor
from advisor import loading, yamlio
from advisor.errors import InvalidFile, Problem, UnknownName

SPEC = """\
version: 1
model: {family: lightgbm, task: binary}
objective: {metric: auc, direction: maximize}
budget: {trials: 80}
"""


@pytest.fixture
def write(tmp_path):
    def written(text: str, name: str = "spec.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_overlays_and_profile_lie_beside_the_spec(write, tmp_path, monkeypatch):
    write("a,y\n1,0\n2,1\n3,1\n", "deep/train.csv")
    path = write(SPEC + "data: {profile: train.csv, target: y}\nknowledge: [./team, ../all]\n", "deep/spec.yaml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    spec = loading.load_spec(path)
    assert spec.data.rows == 3
    assert [Path(folder) for folder in spec.knowledge] == [path.parent / "team", path.parent / "../all"]


def test_absolute_folders_stay_as_they_are(write, tmp_path):
    spec = loading.load_spec(write(SPEC + f"knowledge: ['{tmp_path}/team']\n"))
    assert spec.knowledge == (f"{tmp_path}/team",)


def test_hash_does_not_depend_on_the_folder(write):
    text = SPEC + "data: {profile: d.csv, target: y}\nknowledge: [team]\n"
    hashes = set()
    for folder in ("here", "there/and/deeper"):
        write("a,y\n1,0\n2,1\n", f"{folder}/d.csv")
        hashes.add(loading.load_spec(write(text, f"{folder}/spec.yaml")).sha256)
    assert len(hashes) == 1


def test_hash_does_not_depend_on_layout_and_remarks(write):
    spread = "# ours\nobjective:\n  direction: maximize\n  metric: auc\nmodel:\n  task: binary\n  family: lightgbm\n"
    one = loading.load_spec(write(SPEC, "a.yaml"))
    assert loading.load_spec(write(spread + "budget: {trials: 8e1}\nversion: 1\n", "b.yaml")).sha256 == one.sha256


def test_json_is_read_too(write):
    text = '{"version": 1, "model": {"family": "svm"}, "objective": {"metric": "a", "direction": "minimize"}}'
    assert loading.load_spec(write(text, "spec.json")).model.family == "svm"


def test_path_may_be_text(write):
    path = write(SPEC)
    assert advisor.load_spec(str(path)) == advisor.load_spec(path)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("data: {profile: none.csv}", "5:17"),
        ("data:\n  target: yy\n  profile: d.csv\n", "6:11"),
    ],
)
def test_problem_with_the_profile_is_shown_in_the_spec(write, data, place):
    write("a,y\n1,0\n", "d.csv")
    path = write(SPEC + data)
    with pytest.raises(InvalidFile) as caught:
        loading.load_spec(path)
    assert str(caught.value).startswith(f"{path}:{place}: error: data.")


def test_problems_that_arise_inside_are_shown_at_their_lines():
    document = yamlio.parse(SPEC, "spec.yaml")
    with (
        pytest.raises(InvalidFile, match=r"spec\.yaml:2:17: error: model\.family: no family 'x'"),
        loading.placed_in(document),
    ):
        raise UnknownName("family", "x", ["y"], ("model", "family"))
    with (
        pytest.raises(InvalidFile, match=r"spec\.yaml:4:18: error: budget\.trials: are few"),
        loading.placed_in(document),
    ):
        raise InvalidFile([Problem(sentence="are few", path=("budget", "trials"))])


def test_problems_that_have_their_place_keep_it():
    document = yamlio.parse(SPEC, "spec.yaml")
    with pytest.raises(InvalidFile) as caught, loading.placed_in(document):
        yamlio.parse("a: @", "overlay.yaml")
    assert str(caught.value).startswith("overlay.yaml:1:4")


@pytest.fixture
def plan(write):
    return advisor.advise(loading.load_spec(write(SPEC)))


@pytest.mark.parametrize("name", ["plan.yaml", "plan.json"])
def test_plan_is_the_same_after_being_written_and_read(plan, write, name):
    import json

    text = json.dumps(plan.to_data()) if name.endswith("json") else yamlio.dump(plan.to_data())
    assert loading.load_plan(write(text, name)) == plan


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda plan: plan["stages"][0].update(trials=3), "the stages take"),
        (lambda plan: plan["stages"][0]["search"]["learning_rate"].update(low=-1), "learning_rate"),
        (lambda plan: plan["stages"][0].pop("sampler"), "'sampler' is missing"),
        (lambda plan: plan.update(stages=[]), "is empty"),
        (lambda plan: plan.update(extra=1), "unknown key 'extra'"),
        (lambda plan: plan["stages"][0]["start"][0].update(learning_rate=99), "outside the searched range"),
        (lambda plan: plan.update(version=True), "version"),
        (lambda plan: plan.clear(), "'stages' is missing"),
    ],
)
def test_plan_that_is_broken_is_refused_with_its_place(plan, write, change, why):
    data = plan.to_data()
    change(data)
    path = write(yamlio.dump(data), "plan.yaml")
    with pytest.raises(InvalidFile) as caught:
        loading.load_plan(path)
    assert str(caught.value).startswith(f"{path}:")
    assert why in str(caught.value)


def test_spec_is_no_plan(write):
    with pytest.raises(InvalidFile, match="this is a spec, not a plan"):
        loading.load_plan(write(SPEC))


def test_plan_is_no_spec(write):
    plan = yamlio.dump(advisor.advise(loading.load_spec(write(SPEC))).to_data())
    with pytest.raises(InvalidFile, match="this is a plan, not a spec"):
        loading.load_spec(write(plan, "plan.yaml"))
