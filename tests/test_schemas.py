"""The published JSON Schemas: current, valid, and of one mind with the reader."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from test_fuzz_reading import GOOD
from test_spellings import BASE, REFUSED, UNDERSTOOD

import advisor
from advisor import library, reading, schemas, yamlio
from advisor.errors import UnknownName
from advisor.plan import Plan
from advisor.spec import Spec

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PLAN = advisor.advise(Spec.model_validate(yamlio.parse(GOOD[1]).value)).to_data()


def accepts(kind: schemas.Kind, data: object) -> bool:
    return not schemas.problems(kind, data)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_shipped_schema_is_current(kind):
    assert json.loads(schemas.shipped(kind)) == json.loads(schemas.generated(kind)), (
        f"write advisor.schemas.generated({kind!r}) to advisor/schemas/{kind}.schema.json"
    )


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_schema_is_valid_and_knows_every_word_it_uses(kind):
    schema = json.loads(schemas.shipped(kind))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def limits(node):
        if isinstance(node, dict):
            yield from (word for word in ("ge", "le", "gt", "lt") if isinstance(node.get(word), int | float))
            for part in node.values():
                yield from limits(part)
        elif isinstance(node, list):
            for part in node:
                yield from limits(part)

    assert list(limits(schema)) == []


def test_kind_of_file_that_is_none_is_refused():
    assert schemas.kind_named("plan") == "plan"
    with pytest.raises(UnknownName, match="did you mean 'spec'"):
        schemas.kind_named("spce")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_examples_fit(path):
    kind = "plan" if path.stem == "plan" else "spec"
    assert schemas.problems(kind, yamlio.read(path).value) == []


@pytest.mark.parametrize("text", GOOD)
def test_good_specs_and_their_plans_fit(text):
    data = yamlio.parse(text).value
    assert schemas.problems("spec", data) == []
    assert schemas.problems("plan", advisor.advise(Spec.model_validate(data)).to_data()) == []


@pytest.mark.parametrize("name", sorted(library.family_files(library.shipped_folder())))
def test_families_fit(name):
    data = yamlio.read(library.family_files(library.shipped_folder())[name]).value
    assert schemas.problems("family", data) == []


@pytest.mark.parametrize("spelt", [spelt for spelt, _ in UNDERSTOOD.values()], ids=UNDERSTOOD)
def test_schema_accepts_every_spelling_that_the_reader_does(spelt):
    data = {**BASE, "space": {"x": json.loads(json.dumps(spelt))}}
    assert schemas.problems("spec", data) == []


# What one field alone cannot show: the schema lets it pass and the reader does not.
SEEN_BY_THE_READER_ALONE = {
    "min above max", "log from zero", "exponents", "both tools at once", "both lists", "min alone", "max alone",
    "q off the grid", "q on a log scale", "q of nothing", "distribution alone", "randint of nothing", "ray twice",
    "ray and low", "quniform off the grid", "qloguniform", "range without bounds", "choice without values",
    "bounds and low", "lower alone", "ordinal without sequence", "constant without value", "katib text",
    "katib infinite", "huge",
}  # fmt: skip


@pytest.mark.parametrize("title", sorted(REFUSED.keys() - SEEN_BY_THE_READER_ALONE))
def test_schema_refuses_spellings_that_the_reader_refuses(title):
    assert not accepts("spec", {**BASE, "space": {"x": REFUSED[title][0]}})


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("section", ["model", "objective", "budget", "data"])
def test_unknown_keys_and_wrong_kinds_are_refused_by_both(text, section):
    for change in ({"unknown": 1}, None, 3, [1], "x"):
        data = yamlio.parse(text).value
        data[section] = {**data[section], **change} if isinstance(change, dict) else change
        assert not accepts("spec", data)
        assert isinstance(reading.problems(Spec, data), list)


def places(node, path=()):
    yield path
    if isinstance(node, dict):
        for key, part in node.items():
            yield from places(part, (*path, key))
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from places(part, (*path, index))


def kinds_of_errors(plan):
    try:
        Plan.model_validate(plan)
    except ValidationError as error:
        return {item["type"] for item in error.errors()}
    return set()


PLACES = [path for path in places(PLAN) if path]
# Rules between fields, and of what a text says, are functions of ours: JSON Schema cannot say them.
BETWEEN_FIELDS = {"value_error", "misplaced", "date_type", "date_from_datetime_parsing"}


@given(
    st.sampled_from(PLACES),
    st.sampled_from([None, True, 0, 1, -1, 1.5, 1e6, "", "x", [], {}, [1], {"a": 1}, "remove", "add"]),
)
def test_schema_and_reader_agree_on_changed_plans(path, change):
    assume(path != ("version",) or change is not True)  # Python takes true for 1; load_plan asks the schema too
    data = copy.deepcopy(PLAN)
    here = data
    for part in path[:-1]:
        here = here[part]
    if change == "remove":
        del here[path[-1]]
    elif change == "add" and isinstance(here, dict):
        here["unknown"] = 1
    else:
        here[path[-1]] = change
    kinds = kinds_of_errors(data)
    assert accepts("plan", data) == (not kinds) or (kinds and kinds <= BETWEEN_FIELDS)
