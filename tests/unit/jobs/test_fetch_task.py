from pathlib import Path

import pytest

from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.jobs.fetch_task import fetch_task
from tests.toys.invented_tasks import csv_spec


def test_a_fetched_task_keeps_its_facts_and_where_it_came_from(tmp_path, capsys):
    spec = csv_spec(tmp_path, {"train": 6, "validation": 4}, title="Toy", sizes={"train": 6})
    spec["limits"]["train"] = 2
    fetch_task(spec, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert (manifest["task"], manifest["title"], manifest["kind"]) == (
        "toy",
        "Toy",
        "classification",
    )
    assert (manifest["labels"], manifest["metric"]) == (["no", "yes"], "accuracy")
    assert manifest["splits"]["train"]["rows"] == 2
    assert manifest["size_check"] == {"train": {"published": 6, "found": 6, "equal": True}}
    assert manifest["origin"]["train"]["files"][0]["rows"] == 6
    assert manifest["note"] == ""
    assert capsys.readouterr().err == ""


def test_an_unexpected_size_is_recorded_and_told_in_one_line(tmp_path, capsys):
    sizes = {"train": 5, "validation": 4}
    spec = csv_spec(tmp_path, {"train": 6, "validation": 4}, sizes=sizes)
    fetch_task(spec, tmp_path / "out")
    check = read_manifest(tmp_path / "out")["size_check"]
    assert check["train"] == {"published": 5, "found": 6, "equal": False}
    assert check["validation"]["equal"]
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "warning: task 'toy': train has 6 rows, published are 5"


def test_rows_that_are_too_long_are_left_out_and_counted(tmp_path, capsys):
    rows = {"train": 6, "validation": 4}
    spec = csv_spec(tmp_path, rows, longest={"train": 2}, sizes={"train": 7})
    for split in rows:
        with (tmp_path / f"{split}.csv").open("a") as file:
            file.write("one word more,no\n")
    fetch_task(spec, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    told = {split: manifest["splits"][split]["rows"] for split in rows}
    assert told == {"train": 6, "validation": 5}
    assert [manifest["origin"][split]["left_out"] for split in rows] == [1, 0]
    assert manifest["size_check"]["train"]["equal"], "the published size is that of the source"


def test_missing_restricted_data_say_how_to_get_them(tmp_path):
    spec = csv_spec(tmp_path, {"train": 2, "validation": 2}, restricted="ask the owner for it")
    Path(spec["task"]["source"]["files"]["validation"]).unlink()
    with pytest.raises(UserError, match="validation.csv does not exist: .*; ask the owner for it$"):
        fetch_task(spec, tmp_path / "out")


def test_every_split_that_a_task_is_scored_on_is_fetched(tmp_path):
    rows = {"train": 4, "matched": 3, "mismatched": 2}
    spec = csv_spec(tmp_path, rows, scored=["matched", "mismatched"])
    fetch_task(spec, tmp_path / "out")
    splits = read_manifest(tmp_path / "out")["splits"]
    assert {split: told["rows"] for split, told in splits.items()} == rows
