"""Finding and joining the files of the knowledge base: overlays, and problems in the right file."""

from __future__ import annotations

import json

import pytest
import small

from advisor import AdvisorError, library, load_knowledge, load_spec, yamlio
from advisor.engine import advise
from advisor.errors import InvalidFile, UnknownName

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def team(tmp_path):
    """Lay a folder over the small knowledge base, and load the family."""

    def lay(name="team", /, **files):
        return small.write(tmp_path / name, **files)

    return lay


def loaded(*folders):
    return library.load("toy", folders)


def refusal(*folders):
    with pytest.raises(InvalidFile) as caught:
        loaded(*folders)
    return str(caught.value)


def overlay(**changes):
    return {"family": "toy", **changes}


def test_an_overlay_changes_what_it_names_and_nothing_else(team):
    before = loaded().family
    after = loaded(team(toy=overlay(parameters={"share": {"tier": "critical", "sources": ["paper"]}}))).family
    assert after.parameters["share"] == before.parameters["share"].having(tier="critical", sources=("paper",))
    assert {n: p for n, p in after.parameters.items() if n != "share"} == {
        n: p for n, p in before.parameters.items() if n != "share"
    }


def test_later_overlays_win(team):
    first = team(
        "first",
        toy=overlay(
            title="First", parameters={"share": {"tier": "critical", "default": 0.2, "sources": ["judgement"]}}
        ),
    )
    second = team("second", toy=overlay(parameters={"share": {"tier": "minor", "sources": ["judgement"]}}))
    both = loaded(first, second)
    assert (both.family.title, both.family.parameters["share"].tier) == ("First", "minor")
    assert both.family.parameters["share"].default == 0.2
    assert loaded(second, first).family.parameters["share"].tier == "critical"
    assert [o.name for o in both.overlays] == ["first", "second"]


def test_a_range_is_replaced_as_a_whole(team):
    folder = team(toy=overlay(parameters={"rate": {"search": {"low": 0.01, "high": 0.5}, "sources": ["judgement"]}}))
    search = loaded(folder).family.parameters["rate"].search
    assert (search.low, search.high, search.log) == (0.01, 0.5, False)
    half = team("half", toy=overlay(parameters={"rate": {"search": {"low": 0.01}, "sources": ["judgement"]}}))
    assert "give low and high, or choices" in refusal(half)


def test_a_rule_is_replaced_by_its_id_and_others_are_added(toy, team):
    toy(rules=[small.rule("toy-a", small.effect("promote")), small.rule("toy-b", small.effect("promote"))])
    new = [small.rule("toy-b", small.effect("demote")), small.rule("team-c", small.effect("demote"))]
    rules = loaded(team(toy=overlay(rules=new))).family.rules
    assert [(r.id, r.then[0].effect) for r in rules] == [
        ("toy-a", "promote"), ("toy-b", "demote"), ("team-c", "demote"),
    ]  # fmt: skip


def test_starts_of_an_overlay_come_first(toy, team):
    start = {"because": "Good.", "sources": ["paper"]}
    toy(starts=[{"values": {"share": 0.2}, **start}])
    starts = loaded(team(toy=overlay(starts=[{"values": {"share": 0.3}, **start}]))).family.starts
    assert [s.values["share"] for s in starts] == [0.3, 0.2]


def test_an_overlay_may_bring_a_family_regimes_policies_and_sources_of_its_own(team):
    shared = {
        "regimes": {"team-data": {"when": {"data.rows": {"lt": 5}}, "because": "x.", "sources": ["wiki"]}},
        "policies": {"stages": {"values": {"two_from": 20}}},
        "sources": {"wiki": {"authors": "Us", "title": "Wiki", "read": "full text"}},
    }
    rules = [small.rule("team-a", small.effect("promote"), when={"regimes": ["team-data"]}, sources=["wiki"])]
    folder = team(_shared=shared, toy=overlay(rules=rules), ours=small.family(family="ours", title="Ours"))
    found = loaded(folder)
    assert found.shared.policies["stages"].values["two_from"] == 20
    assert found.shared.policies["stages"].values["three_from"] == 40
    assert "small-data" in found.shared.regimes
    assert library.load("ours", [folder]).family.title == "Ours"
    assert library.family_names([folder]) == ("ours", "toy")


@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        ({"rules": [small.rule("team-a", small.effect("promote", "shar"))]}, 7, "no parameter 'shar'"),
        ({"rules": [small.rule("team-a", small.effect("promote"), sources=["papper"])]}, 10, "no source 'papper'"),
        ({"rules": [small.rule("team-a", small.effect("promote"), when={"regimes": ["smal-data"]})]}, 5, "no regime"),
        ({"parameters": {"share": {"tier": "critcal"}}}, 4, "critcal' is none of"),
        ({"parameters": {"share": {"default": 7}}}, 4, "7 is outside the legal range"),
        ({"parameters": {"shore": {"tier": "minor"}}}, 4, "is missing"),
        ({"parametres": {}}, 2, "unknown key 'parametres'"),
        ({"rules": {}}, 2, "list"),
        ({"rules": None}, 2, "list"),
        ({"parameters": []}, 2, "mapping"),
    ],
    ids=str,
)
def test_a_problem_of_an_overlay_is_shown_at_its_line(team, changes, place, sentence):
    folder = team(toy=overlay(**changes))
    message = refusal(folder)
    assert message.startswith(f"{folder / 'toy.yaml'}:{place}:")
    assert sentence in message


def test_a_misspelt_name_in_an_overlay_comes_with_a_suggestion(team):
    folder = team(toy=overlay(rules=[small.rule("team-a", small.effect("promote", "shar"))]))
    assert "did you mean 'share'?" in refusal(folder)
    shared = team("other", _shared={"policies": {"stagess": {"values": {}, "because": "x", "sources": ["paper"]}}})
    assert "no policy 'stagess'" in refusal(shared)
    assert "did you mean 'stages'?" in refusal(shared)


def test_problems_of_several_overlays_are_each_shown_in_their_file(team):
    first = team("first", toy=overlay(rules=[small.rule("team-a", small.effect("promote", "shar"))]))
    second = team("second", toy=overlay(rules=[small.rule("team-b", small.effect("promote", "rat"))]))
    message = refusal(first, second)
    assert f"{first / 'toy.yaml'}:7:" in message
    assert f"{second / 'toy.yaml'}:7:" in message


def test_an_overlay_that_makes_a_shipped_rule_wrong_is_told_where_the_rule_stands(toy, team):
    shipped = toy(rules=[small.rule("toy-a", small.effect("fix", value=0.9))])
    narrow = {"valid": {"type": "float", "low": 0, "high": 0.5}, "search": {"low": 0, "high": 0.5}}
    folder = team(toy=overlay(parameters={"share": narrow}))
    assert f"{shipped / 'toy.yaml'}:" in refusal(folder)


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ({"two_from": 0}, "0 is not from 1 to 1e+09"),
        ({"first_of_two": 1.5}, "1.5 is not from 0.01 to 0.9"),
        ({"to_from": 3}, "did you mean 'two_from'?"),
    ],
    ids=str,
)
def test_a_policy_that_would_make_no_plan_is_refused(team, stages, sentence):
    folder = team(_shared={"policies": {"stages": {"values": stages}}})
    message = refusal(folder)
    assert message.startswith(f"{folder / '_shared.yaml'}:4:")
    assert sentence in message


def test_a_rule_cannot_have_the_id_of_a_shared_one(toy, team):
    note = {"effect": "note", "text": "Mind."}
    toy(shared={"rules": [small.rule("mind", note)]})
    folder = team(toy=overlay(rules=[small.rule("mind", note)]))
    assert "the rule 'mind' is there already" in refusal(folder)


@pytest.mark.parametrize(("name", "word"), [("absent", "not there"), ("spec.yaml", "a file")])
def test_a_folder_of_knowledge_that_is_none_is_refused_at_its_place_in_the_spec(tmp_path, name, word):
    small.write(tmp_path / "good")
    described = small.spec().to_data() | {"knowledge": ["good", name]}
    (tmp_path / "spec.yaml").write_text(yamlio.dump(described), "utf-8")
    spec = load_spec(tmp_path / "spec.yaml")
    with pytest.raises(InvalidFile) as caught:
        advise(spec)
    (problem,) = caught.value.problems
    assert problem.path == ("knowledge", 1)
    assert word in problem.sentence


def test_folders_of_a_spec_are_found_beside_it(tmp_path, monkeypatch):
    small.write(tmp_path / "team", toy=overlay(title="Ours"))
    described = small.spec().to_data() | {"knowledge": ["./team"]}
    (tmp_path / "spec.yaml").write_text(yamlio.dump(described), "utf-8")
    monkeypatch.chdir(small.write(tmp_path / "elsewhere"))
    made = advise(load_spec(tmp_path / "spec.yaml"))
    assert [overlay.name for overlay in made.knowledge.overlays] == ["team"]


def test_a_file_that_is_no_yaml_or_no_mapping_is_refused(team):
    assert "toy.yaml:2:1: error: not YAML" in refusal(team("one", toy="parameters: ["))
    assert "a mapping is expected" in refusal(team("two", toy="- 1"))
    assert "a mapping is expected" in refusal(team("three", toy=""))


def test_an_unknown_family_is_refused_with_those_of_overlays_known(team):
    folder = team(ours=small.family(family="ours"))
    with pytest.raises(UnknownName, match="did you mean 'ours'"):
        library.load("our", [folder])


def test_the_hash_tells_knowledge_apart_and_not_the_order_of_its_rules(toy):
    rules = [small.rule("toy-a", small.effect("promote")), small.rule("toy-b", small.effect("promote"))]
    toy(rules=rules)
    before = loaded().sha256
    toy(rules=rules[::-1])
    assert loaded().sha256 == before
    toy(rules=rules[:1])
    assert loaded().sha256 != before
    parameters = small.family()["parameters"]
    toy(rules=rules, parameters=dict(reversed(parameters.items())))
    assert loaded().sha256 != before


def test_a_release_is_read_from_its_json_and_overlays_are_laid_over_its_yaml(toy, team):
    rules = [small.rule("toy-b", small.effect("narrow", high=0.5)), small.rule("toy-a", small.effect("promote"))]
    folder = toy(rules=rules)
    before = loaded()
    for path in folder.glob("*.yaml"):
        path.with_suffix(library.RELEASED).write_text(json.dumps(yamlio.read(path).value), "utf-8")
    path = folder / "toy.yaml"
    path.write_text(path.read_text("utf-8").replace("title: Toy", "title: Changed"), "utf-8")
    assert loaded() == before
    assert loaded(team(toy=overlay(rules=[]))).family.title == "Changed"


def test_files_of_cases_and_shared_files_are_no_families(toy):
    folder = toy()
    small.write(folder, toy_test={"family": "toy"}, other=small.family(family="other"))
    assert library.family_names() == ("other", "toy")


def test_the_whole_knowledge_base_is_loaded_at_once_with_a_folder_over_it(team):
    folder = team(ours=small.family(family="ours"), toy=overlay(title="New"))
    base = load_knowledge(folder)
    assert {name: family.title for name, family in base.families.items()} == {"ours": "Toy", "toy": "New"}
    with pytest.raises(AdvisorError):
        load_knowledge(folder / "absent")


def test_advice_of_an_overlay_says_according_to_whom(team):
    folder = team(toy=overlay(parameters={"rate": {"search": {"low": 0.01, "high": 0.5, "log": True}}}))
    assert "rate: changes search without saying according to whom" in refusal(folder)
    assert "sources: [...]" in refusal(folder)
