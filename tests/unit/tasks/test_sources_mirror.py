import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stilts.tasks.sources.read import read_source
from tests.toys.sources import refused, write_parquet


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
