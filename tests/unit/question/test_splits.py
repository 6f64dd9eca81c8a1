"""A split that is not there is refused when the workflow is planned, where planning can see it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TARGET = {"chains": ["none", "cola"], "targets": ["rte"]}
SCORED = {"settings": {"tasks": {"rte": {"scored": ["test"]}}}}
FILES = {"train": "train.csv", "validation": "dev.csv"}


def test_a_split_that_the_miniature_does_not_pose_is_refused(refused):
    said = refused(SCORED, sweeps={"main": TARGET})
    assert "study 'mine': task 'rte' has no split 'test' to score; it has: train, valid" in said


@pytest.mark.parametrize(("files", "word"), [(FILES, "score"), ({"test": "t.csv"}, "train")])
def test_a_split_for_which_no_file_is_given_is_refused(refused, files, word):
    changes = {"tasks": {"rte": {"source": {"files": files}}}, **SCORED}
    said = refused(changes, sweeps={"main": TARGET})
    lacking = "test" if word == "score" else "train"
    assert f"task 'rte' has no split '{lacking}' to {word}; it has: {', '.join(files)}. " in said


def test_what_is_there_is_accepted(question):
    files = {"source": {"files": {**FILES, "test": "test.csv"}}}
    assert question({"tasks": {"rte": files}, **SCORED}, sweeps={"main": TARGET})


def test_a_derived_task_has_the_splits_that_its_parent_is_made_with(refused, question):
    changes = {"settings": {"tasks": {"hellaswag-p": {"scored": ["test"]}}}}
    scores = {"sweeps": {"main": {"chains": ["none"], "targets": ["hellaswag-p"]}}}
    said = refused(changes, **scores)
    assert "task 'hellaswag-p' has no split 'test' to score; it has: train, validation" in said
    assert question({}, **scores)


@pytest.fixture
def mirror(tmp_path):
    """A mirror with two of a data set's splits, named as the data set names them."""
    folder = tmp_path / "mirror/aps/super_glue/rte"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        pq.write_table(pa.table({"x": [1]}), folder / f"{split}-00000-of-00001.parquet")
    return tmp_path / "mirror"


def placed(mirror, **source):
    block = {"source": {"hub": "aps/super_glue", "config": "rte", **source}}
    return {"mirror": str(mirror), "tasks": {"rte": block}}


@pytest.mark.parametrize(
    ("origin", "fetched"),
    [({"validation": {"from": "mirror"}}, True), ({"from": "miniature"}, False)],
)
def test_a_split_that_was_fetched_is_there_although_the_mirror_has_lost_it(
    refused, question, mirror, tmp_path, monkeypatch, config, origin, fetched
):
    folder = tmp_path / "results" / config["scale"] / "data/rte"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"origin": origin}))
    monkeypatch.chdir(tmp_path)
    asked = (question if fetched else refused)(placed(mirror), sweeps={"main": TARGET})
    assert fetched or "has no split 'validation'" in asked


def test_a_split_that_a_mirror_does_not_have_is_refused(refused, question, mirror):
    said = refused(placed(mirror), sweeps={"main": TARGET})
    assert "task 'rte' has no split 'validation' to score; it has: " in said
    assert {"train", "test"} <= set(said.partition("it has: ")[2].partition(".")[0].split(", "))
    renamed = placed(mirror, splits={"validation": "test"})
    assert question(renamed, sweeps={"main": TARGET})


def test_a_data_set_that_a_mirror_does_not_have_is_left_to_the_job_that_reads_it(question, mirror):
    block = {"source": {"hub": "no/such"}}
    assert question({"mirror": str(mirror), "tasks": {"rte": block}}, sweeps={"main": TARGET})
