"""``advisor knowledge check``: every problem with file, line and suggestion, over a whole folder."""

from __future__ import annotations

import pytest
import small

from advisor import validation
from advisor.errors import InvalidFile

FEW = {"data.rows": {"lt": 1000}}
CASES = {
    "family": "toy",
    "base": {"objective": {"metric": "m", "direction": "minimize"}, "budget": {"trials": 60}},
    "cases": [
        {"name": "few", "given": {"data": {"rows": 999}}, "fires": ["toy-few"], "expect": {"share": {"high": 0.4}}},
        {"name": "many", "given": {"data": {"rows": 1000}}, "silent": ["toy-few"]},
    ],
}
RULE = small.rule("toy-few", small.effect("narrow", high=0.4), when=FEW)
NOTE = small.rule("all-few", {"effect": "note", "text": "x"}, when={"regimes": ["small-data"]})
SHARED_CASES = {
    "family": "toy",
    "base": CASES["base"],
    "cases": [
        {"name": "few", "given": {"data": {"rows": 9}}, "fires": ["all-few"]},
        {"name": "many", "given": {"data": {"rows": 9000}}, "silent": ["all-few"]},
    ],
}


@pytest.fixture
def sound(toy):
    """A folder with nothing wrong in it; changes are laid over its cases, or over the family."""

    def lay(cases=None, shared=None, **changes):
        folder = toy(shared={"rules": [NOTE]} | (shared or {}), **{"rules": [RULE]} | changes)
        return small.write(folder, toy_test=CASES | (cases or {}), _shared_test=SHARED_CASES)

    return lay


def messages(folder=None):
    return "\n".join(str(error) for error in validation.check(folder).errors)


def case(**changes):
    return {"cases": [*CASES["cases"], {"name": "third", **changes}]}


def test_a_sound_folder_passes_and_is_counted(sound):
    sound()
    report = validation.check()
    assert (report.families, report.rules, report.cases, report.errors) == (1, 2, 4, ())


def test_the_shipped_knowledge_base_passes():
    report = validation.check()
    assert [str(error) for error in report.errors] == []
    assert report.families > 10
    assert report.cases > report.rules


@pytest.mark.parametrize(
    ("changes", "where", "sentence"),
    [
        ({"rules": [RULE, small.rule("toy-b", small.effect("promote", "shar"))]}, "rules.1.then.0", "'share'?"),
        ({"parameters": {"share": small.parameter(sources=["papper"])}}, "parameters.share.sources", "'paper'?"),
        ({"parameters": {"share": small.parameter(default=2)}}, "parameters.share.default", "2 is outside the legal"),
        (
            {"parameters": {"share": small.parameter(search={"low": 0.1, "high": 2})}},
            "parameters.share.search.high",
            "2 is outside the legal range",
        ),
        ({"sources": {"unused": small.SHARED["sources"]["paper"]}}, "sources.unused", "cited by nothing; cite"),
        (
            {"parameters": {"share": small.parameter(sources=["judgement"], confidence="high")}},
            "parameters.share.sources",
            "a judgement cannot have high confidence",
        ),
        ({"family": "tay"}, "family", "the file is named 'toy'; let both agree"),
        ({"titel": "Toy"}, "titel", "did you mean 'title'?"),
    ],
    ids=str,
)
def test_a_problem_of_a_family_is_shown_with_file_line_and_suggestion(sound, changes, where, sentence):
    folder = sound(**changes)
    error = validation.check().errors[0]
    assert str(error).startswith(f"{folder / 'toy.yaml'}:")
    line = int(str(error).split(":")[1])
    assert line > 0
    assert where in str(error)
    assert any(sentence in str(problem) for problem in error.problems)


def test_a_rule_needs_a_case_that_fires_and_one_that_is_silent(sound):
    folder = sound(cases={"cases": CASES["cases"][:1]})
    assert messages().startswith(f"{folder / 'toy.yaml'}:")
    assert "no case sees 'toy-few' silent" in messages()
    assert "add a case with silent: [toy-few] to the .test.yaml file beside it" in messages()
    sound(cases={"cases": CASES["cases"][1:]})
    assert "no case sees 'toy-few' fires" in messages()
    (folder / "toy.test.yaml").unlink()
    assert "no case sees 'toy-few' fires or silent" in messages()


def test_shared_rules_and_sources_are_checked_too(sound):
    folder = sound(shared={"rules": [NOTE, NOTE | {"id": "unseen"}]})
    assert "no case sees 'unseen' fires or silent" in messages()
    sound(shared={"sources": {**small.SHARED["sources"], "unused": small.SHARED["sources"]["paper"]}})
    assert "the source 'unused' is cited by nothing" in messages()
    unasked = {"when": FEW, "because": "x", "sources": ["paper"]}
    sound(shared={"regimes": {**small.SHARED["regimes"], "unasked": unasked}})
    assert "no rule asks for the regime 'unasked'" in messages()
    assert f"{folder / '_shared.yaml'}:" in messages()


@pytest.mark.parametrize(
    ("third", "sentence"),
    [
        ({"fires": ["toy-few"]}, "fires 'toy-few', but it waits for a fact: data.rows is unknown"),
        ({"fires": ["toy-fow"]}, "no rule 'toy-fow'; did you mean 'toy-few'?"),
        ({"waits": ["toy-few"], "given": {"data": {"rows": 5}}}, "waits 'toy-few', but it fires"),
        ({"silent": ["toy-few"], "given": {"data": {"rows": 5}}}, "silent 'toy-few', but it fires"),
        ({"expect": {"shar": {"tier": "minor"}}}, "the plan has no parameter 'shar'; did you mean 'share'?"),
        ({"expect": {"share": {"tier": "minor"}}}, "tier should be 'minor', not 'important'"),
        ({"expect": {"count": {"value": 99}}}, "value should be 99, not 100"),
        ({"expect": {"count": {"searched": True}}}, "searched should be True, not False"),
        ({"plan": {"stages": 2}}, "stages should be 2, not 3"),
        ({"plan": {"together": ["rate", "share"]}}, "together should be"),
        ({"given": {"budget": {"trials": "many"}}}, "'third' makes no plan"),
        ({"given": {"model": "toy"}}, "'third' makes no plan"),
        ({"expects": {}}, "unknown key 'expects'; did you mean 'expect'?"),
    ],
    ids=str,
)
def test_a_case_that_is_not_met_is_shown_in_its_file(sound, third, sentence):
    folder = sound(cases=case(**third))
    errors = validation.check().errors
    message = "\n".join(map(str, errors))
    assert f"{folder / 'toy.test.yaml'}:" in message
    assert any(sentence in str(problem) for error in errors for problem in error.problems)


def test_a_case_may_wait_and_may_take_facts_away(sound):
    sound(
        cases={"base": CASES["base"] | {"data": {"rows": 5}}} | case(given={"data": {"rows": None}}, waits=["toy-few"])
    )
    assert messages() == ""


def test_a_case_may_expect_zero_false_and_nothing(sound):
    fixed = {"fixed": {"share": 0, "mine": False, "yours": None}}
    expect = {"share": {"value": 0}, "mine": {"value": False}, "yours": {"value": None}}
    sound(cases=case(given=fixed, expect=expect))
    assert messages() == ""
    sound(cases=case(given=fixed, expect={"share": {"value": False}}))
    assert "value should be False, not 0" in messages()


def test_cases_of_another_family_or_of_none_are_refused(sound):
    folder = sound(cases={"family": "tay"})
    assert "the cases are of 'tay', the file of 'toy'" in messages()
    sound()
    small.write(folder, tay_test=CASES)
    assert "tay.test.yaml:1:1: error: there is no family file beside it" in messages()


def test_rules_that_conflict_are_shown_with_their_case(sound):
    rules = [RULE, *(small.rule(f"toy-{i}", small.effect("fix", value=i / 10), when=FEW) for i in (1, 2))]
    sound(rules=rules)
    assert "'few' makes no plan: share: the rules 'toy-1' and 'toy-2' set different values" in messages()


# Folders of a team


def test_a_folder_of_a_team_is_checked_by_its_own_cases(sound, tmp_path):
    sound()
    narrower = {
        "family": "toy",
        "parameters": {"share": {"search": {"low": 0.2, "high": 0.3}, "default": 0.25, "sources": ["judgement"]}},
    }
    team = small.write(tmp_path / "team", toy=narrower)
    narrower["rules"] = [RULE | {"then": [small.effect("narrow", high=0.29)]}]
    small.write(team, toy=narrower)
    assert "no case sees 'toy-few' fires or silent" in messages(team)
    assert str(team / "toy.yaml") in messages(team)
    few, many = CASES["cases"]
    small.write(team, toy_test=CASES | {"cases": [few | {"expect": {"share": {"high": 0.29}}}, many]})
    assert messages(team) == ""
    report = validation.check(team)
    assert (report.families, report.cases) == (1, 2)


def test_shared_rules_of_a_team_need_cases_of_the_team(sound, tmp_path):
    sound()
    team = small.write(tmp_path / "team", _shared={"rules": [NOTE | {"id": "team-few"}]})
    assert "no case sees 'team-few' fires or silent" in messages(team)
    small.write(
        team,
        _shared_test=SHARED_CASES
        | {"cases": [c | {k: ["team-few"] for k in ("fires", "silent") if k in c} for c in SHARED_CASES["cases"]]},
    )
    assert messages(team) == ""


def test_a_folder_that_is_not_there_is_refused(sound, tmp_path):
    sound()
    with pytest.raises(InvalidFile, match="no knowledge folder"):
        validation.check(tmp_path / "absent")


def test_a_folder_without_knowledge_is_no_success(tmp_path):
    with pytest.raises(InvalidFile, match="no knowledge in the folder"):
        validation.check(tmp_path)
    (tmp_path / "lightgbm.yml").write_text("family: lightgbm")
    with pytest.raises(InvalidFile, match=r"end the names of files in \.yaml"):
        validation.check(tmp_path)
