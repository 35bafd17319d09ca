"""Facts of data files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from advisor import profile
from advisor.errors import InvalidFile, MissingPackage
from advisor.spec import DataFacts


@pytest.fixture
def facts(tmp_path):
    def measured(content, target=None, task=None, name="d.csv", **given):
        path = tmp_path / name
        if isinstance(content, str | bytes):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        elif content is not None:
            content.to_parquet(path)
        found = profile.with_profile(DataFacts(profile=name, target=target, **given), task, tmp_path)
        return {key: value for key, value in found.to_data().items() if key not in {"profile", "target"}}

    return measured


PLAIN = "a,b,y\n1,x,0\n2,z,1\n3,,1\n4,x,1\n"
OF_PLAIN = {
    "rows": 4,
    "features": 2,
    "missing_share": 0.125,
    "categorical_features": 1,
    "max_cardinality": 2,
    "classes": 2,
    "positive_rate": 0.25,
}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_facts_do_not_depend_on_the_form_of_the_file(facts, separator, start, end):
    text = PLAIN.replace(",", separator).replace("\n", end)
    assert facts(start + text.encode(), "y") == OF_PLAIN


def test_parquet_and_csv_give_the_same_facts(facts):
    import pandas as pd

    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": ["x", "z", None, "x"], "y": [0, 1, 1, 1]})
    assert facts(table, "y", name="d.parquet") == OF_PLAIN
    assert facts(table, "y", name="d.PQ") == OF_PLAIN


def test_what_the_person_gave_stays(facts):
    assert facts(PLAIN, "y", rows=7, positive_rate=0.5) == {**OF_PLAIN, "rows": 7, "positive_rate": 0.5}


def test_a_first_column_may_have_the_byte_order_mark_before_the_target(facts):
    assert facts(b"\xef\xbb\xbfy,b\n1,2\n0,3\n", "y")["classes"] == 2


def test_without_target_every_column_is_a_feature_and_there_are_no_classes(facts):
    found = facts(PLAIN)
    assert found["features"] == 3
    assert "classes" not in found


def test_rows_without_target_do_not_count(facts):
    assert facts("a,y\n1,0\n2,\n3,1\n4,1\n", "y") == {
        "rows": 3, "features": 1, "missing_share": 0.0, "categorical_features": 0, "classes": 2,
        "positive_rate": 0.333333,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "task", "classes"),
    [
        (["0", "1", "1"], None, 2),
        (["true", "false", "true"], None, 2),
        (["x", "y", "z"], None, 3),
        (["1", "1", "1"], None, 1),
        (["0.5", "1.5", "2.5"], None, None),
        (["1", "2", "3"], "regression", None),
        (["0.5", "1.5", "0.5"], "binary", 2),
        (["2020-01-01", "2020-01-02", "2020-01-03"], "regression", None),
        ([str(n) for n in range(20)], None, 20),
        ([str(n) for n in range(21)], None, None),
        ([str(n) for n in range(21)], "multiclass", 21),
    ],
)
def test_target_has_classes_where_it_is_no_number_to_predict(facts, column, task, classes):
    text = "a,y\n" + "".join(f"{n},{value}\n" for n, value in enumerate(column))
    found = facts(text, "y", task)
    assert found.get("classes") == classes
    assert ("positive_rate" in found) is (classes is not None)


def test_one_row_and_a_constant_target_are_facts_like_others(facts):
    assert facts("a,y\n1,1\n", "y")["rows"] == 1
    assert facts("a,y\n1,1\n2,1\n", "y")["positive_rate"] == 1.0


def test_column_of_nothing_is_missing_whole(facts):
    found = facts("a,b,y\n1,,0\n2,,1\n", "y")
    assert (found["features"], found["missing_share"], found["categorical_features"]) == (2, 0.5, 0)


def test_dates_are_no_numbers(facts):
    found = facts("a,y\n2020-01-01,1\n2020-01-02,2\n", "y")
    assert (found["categorical_features"], found["max_cardinality"]) == (1, 2)


def test_decimal_commas_are_numbers(facts):
    assert facts("a;b;y\n1,5;x;0\n2,25;z;1\n", "y")["categorical_features"] == 1


def test_column_that_mixes_numbers_and_words_warns_nobody(facts):
    text = "a,y\n" + "1,0\n" * 300_000 + "x,1\n"
    assert facts(text, "y")["categorical_features"] == 1


def test_words_that_no_row_has_are_no_classes(facts):
    import pandas as pd

    table = pd.DataFrame({"a": [1, 2, 3], "y": pd.Categorical(["u", "v", "u"], ["u", "v", "never"])})
    found = facts(table, "y", name="d.parquet")
    assert (found["classes"], found["positive_rate"]) == (2, 0.333333)


def test_columns_of_lists_are_counted_too(facts):
    import pandas as pd

    found = facts(pd.DataFrame({"a": [[1], [2], [1]], "y": [0, 1, 1]}), "y", name="d.parquet")
    assert found["max_cardinality"] == 2


@pytest.mark.parametrize(
    ("content", "target", "why"),
    [
        ("", "y", "No columns"),
        ("a,y\n", "y", "no rows to train on"),
        ("a,y\n1,\n2,\n", "y", "no rows to train on"),
        ("y\n1\n2\n", "y", "no columns to predict from"),
        ("a,b,y\n1,2\n1,2,3,4\n", "y", "cannot be read"),
        (b"\xff\xfea\x00,\x00b\x00", "y", "cannot be read"),
        (bytes(range(256)) * 9, "y", "cannot be read"),
        ("a,target\n1,2\n", "tagret", "has no column 'tagret'; did you mean 'target'?"),
        ("a,b\n1,2\n", "y", "has no column 'y'"),
    ],
)
def test_file_that_is_no_table_is_refused(facts, content, target, why):
    with pytest.raises(InvalidFile, match=r".") as caught:
        facts(content, target)
    assert why in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PAR1xx", b"a,b\n1,2\n"])
def test_parquet_that_is_none_is_refused(facts, content):
    with pytest.raises(InvalidFile, match="cannot be read"):
        facts(content, name="d.parquet")


def test_missing_file_and_folder_are_refused(facts, tmp_path):
    with pytest.raises(InvalidFile, match=r"none\.csv cannot be read: No such file"):
        facts(None, name="none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidFile, match="cannot be read: Is a directory"):
        facts(None, name="folder.csv")


@pytest.mark.parametrize(("missing", "name"), [("pandas", "d.csv"), ("pyarrow", "d.parquet")])
def test_missing_package_says_which_extra_to_install(monkeypatch, facts, missing, name):
    def refuse(*_, **__):
        raise ImportError("no pyarrow")

    if missing == "pandas":
        monkeypatch.setitem(sys.modules, "pandas", None)
    else:
        import pandas as pd

        monkeypatch.setattr(pd, "read_parquet", refuse)
    with pytest.raises(MissingPackage, match=rf"needs {missing}: pip install 'hpo-advisor\[data\]'") as caught:
        facts(PLAIN, name=name)
    assert caught.value.exit_code == 5


def test_pandas_is_loaded_for_a_profile_alone():
    program = (
        "import sys; from pathlib import Path; from advisor import profile; from advisor.spec import DataFacts; "
        "profile.with_profile(DataFacts(rows=3), None, Path('.')); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
