import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stilts.errors import UserError
from stilts.tasks.sources.files import MissingFile
from stilts.tasks.sources.read import read_source

ROWS = [{"text": 'say "hi", you', "label": "yes"}, {"text": "day\u2028night", "label": "no"}]


def write_parquet(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def refused(source, split="train", **options):
    with pytest.raises(UserError) as caught:
        read_source(source, split, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


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


def test_a_mirror_folder_is_read_by_its_layout_in_the_order_of_its_shards(tmp_path):
    for shard, word in enumerate(["one", "two"]):
        write_parquet(
            tmp_path / f"toys/letters/vowels/train-0000{shard}-of-00002.parquet", [{"text": word}]
        )
    rows, origin = read_source(
        {"hub": "toys/letters", "config": "vowels"}, "train", mirror=str(tmp_path)
    )
    assert [row["text"] for row in rows] == ["one", "two"]
    assert [file["path"] for file in origin["files"]] == [
        "vowels/train-00000-of-00002.parquet",
        "vowels/train-00001-of-00002.parquet",
    ]
    assert str(tmp_path) not in json.dumps(origin)
    assert not origin["stand_in"] and not origin["subset"]


def test_the_front_matter_of_a_mirror_says_which_files_make_a_split(tmp_path):
    folder = tmp_path / "toys/letters"
    write_parquet(folder / "vowels-standin/train-00000-of-00001.parquet", [{"text": "a"}])
    write_parquet(folder / "vowels/train-00000-of-00001.parquet", [{"text": "not named"}])
    write_parquet(folder / "data/test-0.parquet", [{"text": "b"}])
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: vowels\n  data_files:\n"
        "  - split: train\n    path: vowels-standin/train-*\n"
        "  - split: test\n    path: [data/test-*.parquet]\n"
        "- config_name: runes\n  data_files: runes/*.parquet\n---\n# letters\n"
        "## runes\n\n- note: a SUBSET\n\n## vowels\n\n- note: STAND-IN: made here\n"
    )
    source = {"hub": "toys/letters", "config": "vowels", "splits": {"validation": "test"}}
    rows, origin = read_source(source, "train", mirror=str(tmp_path))
    assert rows == [{"text": "a"}]
    assert origin["stand_in"] and not origin["subset"]
    assert origin["note"] == "STAND-IN: made here"
    assert read_source(source, "validation", mirror=str(tmp_path))[0] == [{"text": "b"}]
    assert "runes/*.parquet does not exist" in refused(
        {"hub": "toys/letters", "config": "runes"}, mirror=str(tmp_path)
    )


@pytest.mark.parametrize("front", ["configs: yes please", "configs: [a, b]", "- a list", "a: ["])
def test_a_front_matter_that_is_no_card_is_one_line(tmp_path, front):
    folder = tmp_path / "toys/letters"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(f"---\n{front}\n---\n")
    said = refused({"hub": "toys/letters"}, mirror=str(tmp_path))
    assert (
        "README.md: the front matter is not a card" in said or "README.md: not valid YAML" in said
    )


def test_without_a_config_the_default_or_only_one_is_read(tmp_path):
    folder = tmp_path / "toys/letters"
    write_parquet(folder / "vowels/train-0-of-1.parquet", [{"text": "a"}])
    block = "- {config_name: vowels, data_files: vowels/train-*}\n"
    other = "- {config_name: runes, data_files: runes/train-*}\n"
    (folder / "README.md").write_text(f"---\nconfigs:\n{block}---\n")
    assert read_source({"hub": "toys/letters"}, "train", mirror=str(tmp_path))[0] == [{"text": "a"}]
    default = block.replace("{", "{default: true, ")
    (folder / "README.md").write_text(f"---\nconfigs:\n{other}{default}---\n")
    assert read_source({"hub": "toys/letters"}, "train", mirror=str(tmp_path))[1]["config"] == (
        "vowels"
    )
    (folder / "README.md").write_text(f"---\nconfigs:\n{other}{block}---\n")
    assert "no config 'default'; it has: runes, vowels" in refused(
        {"hub": "toys/letters"}, mirror=str(tmp_path)
    )


def test_what_a_mirror_lacks_is_named_with_what_it_has(tmp_path):
    write_parquet(tmp_path / "toys/letters/vowels/train-0-of-1.parquet", [{"text": "a"}])
    mirror = str(tmp_path)
    assert "has no data set 'toys/digits'; it has: toys/letters" in refused(
        {"hub": "toys/digits"}, mirror=mirror
    )
    assert "has no config 'default'; it has: vowels" in refused(
        {"hub": "toys/letters"}, mirror=mirror
    )
    assert "(vowels) has no split 'validation'; it has: train" in refused(
        {"hub": "toys/letters", "config": "vowels"}, "validation", mirror=mirror
    )


def test_an_empty_or_broken_shard_of_a_mirror_is_one_line(tmp_path):
    folder = tmp_path / "toys/letters/vowels"
    source = {"hub": "toys/letters", "config": "vowels"}
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), folder / "train-0-of-1.parquet")
    assert "split 'train' of data set 'toys/letters' (vowels) holds no rows" in refused(
        source, mirror=str(tmp_path)
    )
    (folder / "train-0-of-1.parquet").write_bytes(b"\x00" * 100)
    assert "train-0-of-1.parquet is not a whole parquet file" in refused(
        source, mirror=str(tmp_path)
    )


@pytest.mark.parametrize(
    "source",
    [
        {"hub": "../secret"},
        {"hub": "/etc"},
        {"hub": "toys/letters", "config": "../../etc"},
        {"hub": "toys/letters", "splits": {"train": "../train"}},
    ],
)
def test_a_name_that_is_a_path_is_refused(tmp_path, source):
    assert "cannot name a data set, config or split" in refused(source, mirror=str(tmp_path))


def test_a_readme_cannot_lead_out_of_its_folder(tmp_path):
    folder = tmp_path / "toys/letters"
    folder.mkdir(parents=True)
    write_parquet(tmp_path / "train.parquet", [{"text": "outside"}])
    for path, said in (
        ("../../*.parquet", "leaves the folder"),
        ("/*.parquet", "leaves the folder"),
    ):
        (folder / "README.md").write_text(f"---\nconfigs:\n- data_files: {path}\n---\n")
        assert said in refused({"hub": "toys/letters"}, mirror=str(tmp_path))


# Files as people have them


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


def test_half_a_split_of_a_mirror_is_refused(tmp_path):
    for shard in (0, 2):
        path = tmp_path / f"toys/letters/default/train-{shard:05d}-of-00003.parquet"
        write_parquet(path, [{"text": str(shard)}])
    told = refused({"hub": "toys/letters"}, mirror=str(tmp_path))
    assert "train-00001-of-00003.parquet does not exist: 1 of 3 files" in told


def test_files_of_two_times_are_refused(tmp_path):
    for name in ("00000-of-00001", "00000-of-00002", "00001-of-00002"):
        path = tmp_path / f"toys/letters/default/train-{name}.parquet"
        write_parquet(path, [{"text": name}])
    told = refused({"hub": "toys/letters"}, mirror=str(tmp_path))
    assert "files of two times stand side by side, one of 1 and one of 2 files" in told


def test_links_are_followed_inside_the_mirror_and_nowhere_else(tmp_path):
    mirror, outside = tmp_path / "mirror", tmp_path / "outside.parquet"
    write_parquet(outside, [{"text": "secret"}])
    write_parquet(mirror / "blobs/abc.parquet", [{"text": "open"}])
    path = mirror / "toys/letters/default/train-00000-of-00001.parquet"
    path.parent.mkdir(parents=True)
    path.symlink_to(mirror / "blobs/abc.parquet")
    rows, _ = read_source({"hub": "toys/letters"}, "train", mirror=str(mirror))
    assert rows == [{"text": "open"}]
    path.unlink()
    path.symlink_to(outside)
    assert "is a link out of" in refused({"hub": "toys/letters"}, mirror=str(mirror))


def test_a_mirror_that_is_no_folder_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    told = refused({"hub": "toys/letters"}, mirror="~/hub")
    assert told == f"config key 'mirror': {tmp_path}/hub is no folder: correct the path"
    write_parquet(tmp_path / "hub/toys/letters/default/train-0-of-1.parquet", [{"text": "a"}])
    assert read_source({"hub": "toys/letters"}, "train", mirror="~/hub")[0] == [{"text": "a"}]
