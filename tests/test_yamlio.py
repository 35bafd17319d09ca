"""Reading and writing YAML: the words of 1.2, the limits, the places."""

from __future__ import annotations

import math
import os

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor import yamlio
from advisor.errors import InvalidFile, Problem


def value(text: str | bytes) -> object:
    return yamlio.parse(text, "f.yaml").value


def refusal(text: str | bytes) -> str:
    with pytest.raises(InvalidFile) as caught:
        yamlio.parse(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("1e-4", 1e-4),
        ("5e-05", 5e-05),
        ("1E5", 1e5),
        ("1e4", 1e4),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.5e+3", -500.0),
        ("+12", 12),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1,000", "1,000"),
        ("1:30", "1:30"),
        ("-0o7", "-0o7"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("inf", "inf"),
        ("nan", "nan"),
        ("Infinity", "Infinity"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("~", None),
        ("null", None),
        ("nULL", "nULL"),
        ("", None),
        ("2027-01-31", "2027-01-31"),
        ("1.2.3", "1.2.3"),
        ("1e", "1e"),
        ("+", "+"),
        (".", "."),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("=", "="),
    ],
)
def test_word_means_what_the_core_schema_says(word, meaning):
    read = value(f"a: {word}\n")["a"]
    assert (read, type(read)) == (meaning, type(meaning))


def test_nan_is_read_as_nan():
    assert math.isnan(value("a: .nan")["a"])


def test_whole_number_of_forty_digits_is_read_and_a_longer_one_is_not():
    assert value("a: " + "9" * 40)["a"] == 10**40 - 1
    assert "more than 40 digits" in refusal("a: " + "9" * 41)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400 + ".0", "1e999999999999"])
def test_number_too_large_for_a_float_is_refused_rather_than_infinite(number):
    assert "larger than any number" in refusal(f"a: {number}")


def test_all_bad_words_are_shown_together():
    message = refusal(f"a: 1e400\nb: {'1' * 50}\na: 2\nc: !!int 3\n")
    assert [line.partition(": ")[0] for line in message.splitlines() if "error" in line] == [
        "f.yaml:1:4",
        "f.yaml:2:4",
        "f.yaml:3:1",
        "f.yaml:4:4",
    ]


def test_what_was_found_before_a_syntax_error_is_shown_with_it():
    message = refusal("a: 1\na: 2\nb: @\n")
    assert "f.yaml:2:1: error: the key 'a' is repeated; it stands first in line 1" in message
    assert "f.yaml:3:4: error: not YAML" in message


def test_the_same_key_in_two_writings_is_repeated():
    assert "repeated" in refusal("1: a\n'1': b\n")
    assert "repeated" in refusal('a: {b: 1, c: 2, "b": 3}')


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n", "   \n", "\ufeff"])
def test_nothing_is_read_as_nothing(text):
    assert value(text) is None


def test_keys_are_text_as_they_are_written():
    assert value("{1: a, null: b, true: c, 1.5: d, on: e, ~: f, größe: g, 学习率: h}") == {
        "1": "a", "null": "b", "true": "c", "1.5": "d", "on": "e", "~": "f", "größe": "g", "学习率": "h",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["{[a]: b}", "? {a: b}\n: c\n", "a: &x b\n*x : c\n"])
def test_key_that_is_no_plain_word_is_refused(text):
    assert "a key must be a plain word" in refusal(text)


def test_anchored_key_can_be_referred_to():
    assert value("&k a: 1\nb: *k\n") == {"a": 1, "b": "a"}


def test_merge_key_is_refused_where_it_stands_and_a_quoted_one_is_a_key():
    assert "f.yaml:2:5: error: merge keys (<<) belong to YAML 1.1" in refusal("a: &x {b: 1}\nc: {<<: *x}\n")
    assert value('{"<<": 1}') == {"<<": 1}


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [echo hacked]",
        "a: !!python/name:os.system ''",
        "!!python/name:os.system a: 1",
        "a: !!python/object:os.system x",
        "!!python/tuple [1]",
        "a: !mine 1",
        "a: !!binary aGk=",
        "a: !!set {x}",
        "a: !<tag:yaml.org,2002:python/object:x> {}",
    ],
)
def test_tag_is_refused_and_nothing_runs(text):
    assert "tag" in refusal(text)
    assert "is not allowed" in refusal(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 1000, "- " * 5000, "a:\n" + " " * 9 + "[" * 61])
def test_deep_nesting_is_refused(text):
    assert "nested deeper than 60 levels" in refusal(text)


def test_nesting_at_the_limit_is_read():
    assert value("[" * 60 + "]" * 60) is not None


def test_aliases_cannot_nest_deeper_than_the_text_may():
    text = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30
    assert "nested deeper than 60 levels" in refusal(text)


def test_billion_laughs_are_refused():
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert "aliases stand for more than 10,000 values" in refusal("\n".join(lines))


def test_aliases_below_the_limit_are_values():
    assert value("a: &x {b: 1}\nc: [*x, *x]") == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}


@pytest.mark.parametrize("text", ["&a [*a]", "a: *nope"])
def test_alias_of_what_is_not_complete_is_refused(text):
    assert "refers to nothing that is complete" in refusal(text)


def test_second_document_is_refused_at_its_line():
    assert "f.yaml:2:1: error: a second document" in refusal("a: 1\n---\nb: 2\n")


def test_too_many_values_are_refused(monkeypatch):
    monkeypatch.setattr(yamlio, "MOST_VALUES", 100)
    assert "more than 100 values" in refusal("[" + "1, " * 101 + "]")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_count_alike(end):
    document = yamlio.parse(end.join(["a: 1", "b:", "  c: x", ""]).encode(), "f.yaml")
    assert document.value == {"a": 1, "b": {"c": "x"}}
    assert document.mark(("b", "c")) == (3, 6)
    assert "f.yaml:2:4: error: the character U+0001" in refusal(f"a: 1{end}b: \x01{end}")


def test_byte_order_mark_is_passed_over():
    assert value(b"\xef\xbb\xbfa: 1\n") == {"a": 1}
    assert value("\ufeffa: 1\n") == {"a": 1}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused_with_what_to_do(encoding):
    message = refusal("größe: 1\n".encode(encoding))
    assert message.startswith("f.yaml:1:")
    assert "save the file as text in UTF-8" in message


def test_latin_1_is_refused_at_its_letter():
    assert refusal("a: 1\nb: größe\n".encode("latin-1")).startswith("f.yaml:2:6: error: not text in UTF-8")


def test_binary_file_is_refused():
    assert "error" in refusal(bytes(range(256)))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("model:\n\tfamily: x\n", "indent with spaces"),
        ("a: @b\n", "put it in quotes"),
        ("a: b: c\n", "need quotes?"),
        ("a: [1, 2\nb: 3\n", "a bracket or brace does not close"),
        ("a: 'b\n", "a quote opens and does not close"),
        ("a: 1\nb\nc: 2\n", "the line before has no colon"),
        ('a: "\\d"\n', "single quotes"),
    ],
)
def test_broken_yaml_says_what_to_do(text, hint):
    assert hint in refusal(text)


def test_caret_stands_below_the_place_in_a_long_line():
    message = refusal("a: [" + "x, " * 100 + "@]")
    _, source, caret = message.splitlines()
    assert source[caret.index("^")] == "@"


def test_only_the_first_hundred_problems_are_written_out():
    message = refusal("\n".join(["a: 1"] * 150))
    assert message.count("is repeated") == 100
    assert message.endswith("f.yaml: and 49 more")


def test_control_characters_never_reach_the_terminal():
    document = yamlio.parse('"a\\e[31m\\nb": 1\n', "f.yaml")
    key = next(iter(document.value))
    message = str(document.error([Problem(sentence="is \x9b wrong", path=(key,))]))
    assert len(message.splitlines()) == 3
    assert "\x1b" not in message
    assert "\x9b" not in message


# Files


def test_missing_file_folder_and_name_with_a_zero_are_refused(tmp_path):
    with pytest.raises(InvalidFile, match="1:1: error: cannot be read: no such file"):
        yamlio.read(tmp_path / "none.yaml")
    with pytest.raises(InvalidFile, match="cannot be read: is a directory"):
        yamlio.read(tmp_path)
    with pytest.raises(InvalidFile, match="cannot be read"):
        yamlio.read("a\0b")


def test_file_that_may_not_be_read_is_refused(tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InvalidFile, match="permission denied"):
        yamlio.read(path)


def test_file_above_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(yamlio, "MOST_BYTES", 10)
    path = tmp_path / "f.yaml"
    path.write_text("a: 1234567")
    assert yamlio.read(path).value == {"a": 1234567}
    path.write_text("a: 12345678")
    with pytest.raises(InvalidFile, match="larger than 10 bytes"):
        yamlio.read(path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no endless file here")  # noqa: PTH110 - read once
def test_endless_file_is_refused():
    with pytest.raises(InvalidFile, match="larger than"):
        yamlio.read("/dev/zero")


# Places


def test_place_of_what_is_missing_is_the_nearest_thing_around_it():
    document = yamlio.parse("a: 1\nb:\n  c: [x, y]\n")
    assert document.mark(("b", "c", 1)) == (3, 10)
    assert document.mark(("b", "c", 7, "d")) == (3, 6)
    assert document.mark(("b",), at_key=True) == (2, 1)
    assert document.mark(("z",)) == (1, 1)


# Writing

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "1e-4",
            "on",
            "no",
            "0o10",
            "010",
            "1:30",
            "<<",
            "=",
            "~",
            "2027-01-31",
            "0x1F",
            "a: b",
            "- a",
            "#",
            "\0",
            "1_0",
        ]
    )
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


@given(trees)
def test_what_is_written_is_read_back(tree):
    assert repr(value(yamlio.dump(tree))) == repr(tree)


@given(trees)
def test_readers_of_yaml_1_1_read_the_same(tree):
    assert repr(yaml.safe_load(yamlio.dump(tree))) == repr(tree)


@given(st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_the_same_object_twice_is_written_twice(tree):
    assert value(yamlio.dump({"a": tree, "b": tree})) == {"a": tree, "b": tree}


def test_keys_keep_their_order():
    assert yamlio.dump({"b": 1, "a": 2}) == "b: 1\na: 2\n"


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        yamlio.parse(text, "f.yaml")
    except InvalidFile as error:
        assert str(error).startswith("f.yaml:")  # noqa: PT017 - most texts are read
        assert ": error: " in str(error)  # noqa: PT017
