import hashlib
import json
from pathlib import Path

import pytest

from stilts.tasks.sources.files import MissingFile
from stilts.tasks.sources.read import read_source
from tests.toys.sources import refused, write_parquet

ROWS = [{"text": 'say "hi", you', "label": "yes"}, {"text": "day\u2028night", "label": "no"}]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_each_kind_of_file_gives_the_same_rows(project, ending):
    path = project / f"mine.{ending}"
    if ending == "csv":
        path.write_text('\ufefftext,label\n"say ""hi"", you",yes\nday\u2028night,no\n')
    elif ending == "tsv":
        path.write_text('text\tlabel\r\nsay "hi", you\tyes\r\nday\u2028night\tno\r\n')
    elif ending == "jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n")
    else:
        write_parquet(path, ROWS)
    rows, origin = read_source({"files": {"train": f"mine.{ending}"}}, "train")
    assert rows == ROWS
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert origin["files"] == [{"path": f"mine.{ending}", "sha256": digest, "rows": 2}]


# Rows by hand in the form of the original WiC: questions and answers in files of their own.
WIC = "place\tN\t2-7\tDo you want to come over to my place later ?\tA political system .\n"
WIC += 'drive\tV\t1-1\tHe " drove " me mad .\tDrive to school .\n'
WIC_COLUMNS = ["word", "part_of_speech", "places", "sentence1", "sentence2", "label"]


def wic_source(questions=WIC, answers="F\nT\n", columns=WIC_COLUMNS, **_):
    Path("dev.data.txt").write_text(questions)
    Path("dev.gold.txt").write_text(answers)
    return {"files": {"validation": ["dev.data.txt", "dev.gold.txt"]}, "columns": columns}


def test_the_original_files_of_wic_are_read_side_by_side(project):
    rows, origin = read_source(wic_source(), "validation")
    assert [row["label"] for row in rows] == ["F", "T"]
    assert rows[1]["word"] == "drive" and rows[1]["places"] == "1-1"
    assert rows[1]["sentence1"] == 'He " drove " me mad .'
    assert [(told["path"], told["rows"]) for told in origin["files"]] == [
        ("dev.data.txt", 2),
        ("dev.gold.txt", 2),
    ]


def test_questions_with_a_heading_and_answers_without_stand_side_by_side(project):
    Path("a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    Path("a-labels.lst").write_text("1\r\n2\r\n")
    files = {"train": ["a.jsonl", "a-labels.lst"]}
    rows, _ = read_source({"files": files, "columns": ["label"]}, "train")
    assert rows == [{"text": "one", "label": "1"}, {"text": "two", "label": "2"}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answers": "F\n"}, "dev.gold.txt has 1 rows, but dev.data.txt has 2: files side by side"),
        ({"questions": WIC + "more\n", "answers": "F\nT\nT\n"}, "dev.data.txt, line 3: 1 fields"),
        ({"columns": WIC_COLUMNS[:-1]}, "dev.gold.txt, line 1: 1 fields, but 'columns' of the"),
        ({"columns": [*WIC_COLUMNS, "more"]}, "dev.gold.txt: no column is left for 'more'"),
        ({"answers": None}, "dev.gold.txt does not exist: put it there"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(project, changes, said):
    source = wic_source(**{**changes, "answers": changes.get("answers") or "F\nT\n"})
    if changes.get("answers", "") is None:
        Path("dev.gold.txt").unlink()
    assert said in refused(source, "validation")


def test_a_quoted_line_break_stays_inside_its_csv_field(project):
    (project / "a.csv").write_text('text,label\n"one\ntwo",yes\n')
    rows, _ = read_source({"files": {"train": "a.csv"}}, "train")
    assert rows == [{"text": "one\ntwo", "label": "yes"}]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"text,label\none,yes\ntwo\n", "a.csv, line 3: 1 fields"),
        ("a.csv", b'text,label\n"one,yes\n', "a.csv, line 2: unexpected end of data"),
        ("a.csv", b"text,text\none,yes\n", "names the column 'text' twice"),
        ("a.csv", b"text,label\n", "a.csv holds no rows"),
        ("a.tsv", b"text\tlabel\none\tyes\tno\n", "a.tsv, line 2: 3 fields"),
        ("a.jsonl", b'{"text": "one"}\n{"text": \n', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", b"[1]\n", "a.jsonl, line 1: expected an object of columns, found [1]"),
        ("a.jsonl", b"", "a.jsonl holds no rows"),
        ("a.jsonl", b'{"text": "\xe9"}\n', "a.jsonl is not UTF-8 text (byte 10)"),
        ("a.parquet", b"PAR1 and no more", "a.parquet is not a whole parquet file"),
        ("a.parquet", b"", "a.parquet is not a whole parquet file"),
        ("a.xlsx", b"", "unknown ending '.xlsx'; allowed: .csv, .tsv, .json"),
    ],
)
def test_a_bad_file_is_one_line_with_file_and_place(project, name, content, said):
    (project / name).write_bytes(content)
    assert said in refused({"files": {"train": name}})


def test_a_missing_file_or_split_of_the_reader_is_named(project):
    with pytest.raises(MissingFile, match="data/a.csv does not exist"):
        read_source({"files": {"train": "data/a.csv"}}, "train")
    said = refused({"files": {"train": "a.csv"}}, "validation")
    assert said == "split 'validation' has no file; 'files' names: train"
