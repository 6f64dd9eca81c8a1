"""The files of minBERT as its course hands them out; needs $STILTS_COURSE."""

import os
from pathlib import Path

import pytest

from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.jobs.fetch_task import fetch_task
from stilts.question.catalogue import load_catalogue
from stilts.tasks.rows import read_split

COURSE = Path(os.environ.get("STILTS_COURSE", ""))
CATALOGUE = load_catalogue(Path(__file__).resolve().parents[3] / "catalogue")
pytestmark = pytest.mark.skipif(
    not os.environ.get("STILTS_COURSE"), reason="STILTS_COURSE names no folder of the course"
)


def fetch(folder, name, **changed):
    """Fetch a task of the catalogue from the course's folder; return its manifest."""
    task = CATALOGUE.tasks[name].as_dict() | changed
    files = {split: COURSE / Path(file).name for split, file in task["source"]["files"].items()}
    there = {split: path for split, path in files.items() if path.is_file()}
    # The folder may lack quora-train: its dev file stands in, to be read and not to be learnt.
    files = {split: str(there.get(split, there["validation"])) for split in files}
    task["source"] = {**task["source"], "files": files}
    fetch_task({"task": task, "limits": {}, "seed": 0, "mirror": None}, folder)
    return read_manifest(folder)


def test_sst_has_five_classes_and_its_published_sizes(tmp_path):
    manifest = fetch(tmp_path, "sst-course")
    assert all(told["equal"] for told in manifest["size_check"].values())
    assert manifest["splits"]["validation"]["classes"] == {
        "0": 139,
        "1": 289,
        "2": 229,
        "3": 279,
        "4": 165,
    }
    first = read_split(tmp_path, "validation")[0]
    assert first["label"] == 3
    assert first["first"] == ["it 's a lovely film with lovely performances by buy and accorsi ."]


def test_sts_has_numbers_from_0_to_5(tmp_path):
    manifest = fetch(tmp_path, "sts-course")
    assert all(told["equal"] for told in manifest["size_check"].values())
    labels = [row["label"] for row in read_split(tmp_path, "train")]
    assert (min(labels), max(labels)) == (0, 5)


def test_the_two_rows_of_quora_without_label_are_counted_and_named(tmp_path):
    manifest = fetch(tmp_path, "quora-course")
    told = manifest["origin"]["validation"]
    assert told["dropped"] == len(told["dropped_rows"]) == 2
    assert manifest["splits"]["validation"]["classes"] == {"0.0": 12627, "1.0": 7585}
    named = {str(place) for place in told["dropped_rows"]}
    assert not named & {row["id"] for row in read_split(tmp_path, "validation")}


def test_rows_without_label_are_refused_where_the_block_drops_none(tmp_path):
    with pytest.raises(UserError, match="row [0-9]+: unknown '' in column 'is_duplicate'"):
        fetch(tmp_path, "quora-course", drop={})
