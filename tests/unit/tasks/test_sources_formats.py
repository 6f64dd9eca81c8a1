"""Files as people have them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stilts.tasks.sources.read import read_source
from tests.toys.sources import refused


def files_of(tmp_path, monkeypatch, **contents):
    monkeypatch.chdir(tmp_path)
    for name, content in contents.items():
        write = Path.write_bytes if isinstance(content, bytes) else Path.write_text
        write(tmp_path / name.replace("_", "."), content)


def test_files_with_the_same_columns_follow_each_other(tmp_path, monkeypatch):
    files_of(tmp_path, monkeypatch, a_jsonl='{"t": "1"}\n', b_csv="t\n2\n3\n")
    rows, origin = read_source({"files": {"train": ["a.jsonl", "b.csv"]}}, "train")
    assert [row["t"] for row in rows] == ["1", "2", "3"]
    assert [file["rows"] for file in origin["files"]] == [1, 2]


def test_files_that_share_some_columns_do_not_go_together(tmp_path, monkeypatch):
    files_of(tmp_path, monkeypatch, a_csv="t,u\n1,2\n", b_csv="t,v\n1,2\n")
    told = refused({"files": {"train": ["a.csv", "b.csv"]}})
    assert "a.csv, b.csv: some columns are in several of them (t) and some are not" in told


def test_json_is_an_array_or_a_line_each(tmp_path, monkeypatch):
    files_of(tmp_path, monkeypatch, a_json='[{"t": "1"},\n {"t": "2"}]', b_json='{"t": "3"}\n')
    for name, wanted in (("a.json", ["1", "2"]), ("b.json", ["3"])):
        rows, _ = read_source({"files": {"train": name}}, "train")
        assert [row["t"] for row in rows] == wanted


def test_a_format_goes_before_the_ending(tmp_path, monkeypatch):
    files_of(tmp_path, monkeypatch, a_data="t\tu\n1\t2\n")
    rows, _ = read_source({"files": {"train": "a.data"}, "format": "tsv"}, "train")
    assert rows == [{"t": "1", "u": "2"}]


def test_a_tsv_is_quoted_if_its_source_says_so_and_looks_so_in_a_warning(
    tmp_path, monkeypatch, capsys
):
    files_of(tmp_path, monkeypatch, a_tsv='t\tu\n"a ""b"""\tx\n"c"\ty\n')
    bare, _ = read_source({"files": {"train": "a.tsv"}}, "train")
    assert bare[1]["t"] == '"c"'
    assert "every field of column 't' stands in quotation marks" in capsys.readouterr().err
    quoted, _ = read_source({"files": {"train": "a.tsv"}, "quoted": True}, "train")
    assert [row["t"] for row in quoted] == ['a "b"', "c"]
    assert capsys.readouterr().err == ""


def test_a_cell_may_hold_a_book(tmp_path, monkeypatch):
    files_of(tmp_path, monkeypatch, a_csv="t\n" + "x" * 200_000 + "\n")
    rows, _ = read_source({"files": {"train": "a.csv"}}, "train")
    assert len(rows[0]["t"]) == 200_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"t": "1", "t": "2"}\n', "a.jsonl, line 1 names the column 't' twice"),
        ('{"t": "1"}\n{"t": "half \\ud83d"}\n', "a.jsonl, line 2: half a character (\\ud83d"),
        ("[1]\n", "expected an object of columns, found [1]"),
    ],
)
def test_a_line_of_json_that_is_no_row_is_told_by_its_number(tmp_path, monkeypatch, content, said):
    files_of(tmp_path, monkeypatch, a_jsonl=content)
    assert said in refused({"files": {"train": "a.jsonl"}})


def test_a_parquet_file_that_names_a_column_twice_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["t", "t"])
    pq.write_table(table, "a.parquet")
    assert "a.parquet names the column 't' twice" in refused({"files": {"train": "a.parquet"}})
