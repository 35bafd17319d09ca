"""What the documents say is true: commands run, specs plan, lists are whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import advisor
from advisor import engine, library, reading, terminal, yamlio
from advisor.cli import main
from advisor.spec import Spec

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- plan of examples/boosted-trees -->\n```text\n).*?(```\n<!-- end -->)", re.DOTALL)


def fenced(path, language):
    """The blocks of a document in one language."""
    return re.findall(rf"```{language}\n(.*?)```", path.read_text("utf-8"), re.DOTALL)


def test_plan_in_the_readme_is_the_one_that_is_printed():
    plan = advisor.advise(advisor.load_spec(ROOT / "examples/boosted-trees/spec.yaml"))
    printed = terminal.rendered(plan).partition("\nStage 2")[0] + "...\n"
    text = README.read_text("utf-8")
    current = BLOCK.sub(lambda found: found.group(1) + printed + found.group(2), text)
    if os.environ.get("ADVISOR_RENEW_GOLDEN"):
        README.write_text(current, encoding="utf-8")
    assert README.read_text("utf-8") == current, "renew with ADVISOR_RENEW_GOLDEN=1"


def test_spec_of_the_readme_makes_a_plan():
    text = fenced(README, "yaml")[0]
    assert engine.advise(reading.validated(Spec, yamlio.parse(text))).stages


def test_additions_of_the_readme_fit_its_spec():
    first, second = fenced(README, "yaml")[:2]
    plan = engine.advise(reading.validated(Spec, yamlio.parse(first + second)))
    searched = {name for stage in plan.stages for name in stage.search}
    assert {"eta", "num_leaves", "my_own_knob"} <= searched
    assert plan.stages[0].fixed["n_estimators"].value == 4000


def test_whole_spec_of_the_documentation_is_understood():
    text = fenced(ROOT / "docs/spec.md", "yaml")[0]
    spec = reading.validated(Spec, yamlio.parse(text))
    assert spec.data.max_cardinality == 800
    assert engine.advise(spec.having(knowledge=())).budget.trials == 80


def test_case_of_the_documentation_is_a_case():
    from advisor.cases import CaseFile

    text = fenced(ROOT / "docs/knowledge.md", "yaml")[-1]
    assert reading.validated(CaseFile, yamlio.parse(text)).family == "lightgbm"


def test_errors_of_the_documentation_are_the_errors(tmp_path, monkeypatch):
    from click.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(
        "version: 1\nmodel: {family: lightgbm}\nobjective: {metric: val_auc, direction: up}\nbudget: {trails: 80}\n"
    )
    result = CliRunner().invoke(main, ["plan", "spec.yaml"])
    assert result.stderr == fenced(ROOT / "docs/spec.md", "text")[0]


def test_number_of_families_in_the_documents_is_right():
    families = library.family_names()
    assert f"{len(families)} families" in README.read_text("utf-8")


@pytest.mark.parametrize("name", library.family_names())
def test_six_lines_are_enough_for_every_family(name):
    family = library.load(name).family
    lines = [f"version: 1\nmodel: {{family: {name}}}", "objective: {metric: error, direction: minimize}"]
    lines += ["budget: {trials: 40}", "data: {rows: 5000, features: 20}"]
    plan = engine.advise(reading.validated(Spec, yamlio.parse("\n".join(lines))))
    assert plan.stages[0].search, family.title


def test_every_link_of_the_documents_leads_somewhere():
    for path in (README, *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_public_names_are_documented_and_importable():
    for name in advisor.__all__:
        assert getattr(advisor, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'advice'"):
        _ = advisor.advice


def test_code_of_the_readme_runs(capsys):
    optuna = pytest.importorskip("optuna", reason="it searches")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spec = reading.validated(Spec, yamlio.parse(fenced(README, "yaml")[0]))
    plan = engine.advise(spec.having(budget={"trials": 12}))
    names = {"advisor": advisor, "plan": plan, "objective": lambda config: config["learning_rate"]}
    for code in fenced(README, "python")[1:]:
        exec(code, names)  # noqa: S102 - the README's own code
    assert "learning_rate" in capsys.readouterr().out
    assert len(names["result"].trials) == len(names["study"].trials) == 12
    assert names["study"].best_value <= plan.stages[0].start[0]["learning_rate"]
