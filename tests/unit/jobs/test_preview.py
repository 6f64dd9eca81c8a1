import pytest

from stilts.errors import UserError
from stilts.files.manifest import write_manifest
from stilts.jobs.preview import preview
from stilts.models.checkpoint import describe
from stilts.tasks.make import write_task
from tests.toys.tiny_models import checkpoint, pairs

FIELDS = {"task": "t", "title": "Toy", "kind": "classification", "labels": ["x", "y"]}
SPEC = {"model": "tiny", "target": "t", "recipe": {"max_tokens": 12, "stride": 0}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    top = tmp_path_factory.mktemp("preview")
    checkpoint(top / "model")
    write_manifest(top / "model", describe(top / "model"))
    write_task(top / "data", {"train": pairs(22), "validation": pairs(8, seed=4)}, FIELDS)
    return top / "data", top / "model"


def of(folders, **recipe):
    recipe = {**SPEC["recipe"], "layout": "template", **recipe}
    return preview({**SPEC, "recipe": recipe}, [f"{folder}/manifest.json" for folder in folders])


def test_three_rows_are_shown_with_their_texts_labels_and_tokens(folders):
    text = of(folders)
    rows = pairs(22)[:3]
    assert text.count("\nrow ") == 3
    for row in rows:
        assert f"row {row['id']}" in text and " | ".join(row["first"]) in text
    assert [line.split()[1] for line in text.splitlines() if line.startswith("  label")] == [
        "xy"[row["label"]] for row in rows
    ]


def test_special_tokens_stand_where_the_model_has_them(folders):
    lines = [line.split() for line in of(folders).splitlines() if line.startswith("  tokens")]
    assert {line[1] for line in lines} == {"<s>"} and {line[-1] for line in lines} == {"</s>"}


def test_what_a_limit_cuts_is_told_as_a_share_of_the_rows(folders):
    assert "max_tokens 4 cuts 100.0 % of them" in of(folders, max_tokens=4)
    assert "max_tokens 500 cuts 0.0 % of them" in of(folders, max_tokens=500)


def test_sizes_and_shares_of_classes_are_those_of_the_data(folders):
    ones = sum(row["label"] for row in pairs(22))
    shares = f"x {100 * (22 - ones) / 22:.0f} %, y {100 * ones / 22:.0f} %"
    assert f"train: 22 rows; {shares}" in of(folders)


def test_a_corpus_is_not_read_as_a_question(tmp_path, folders):
    fields = {**FIELDS, "kind": "corpus", "labels": []}
    write_task(tmp_path / "data", {"train": [{"id": "0", "text": "Rain."}]}, fields)
    with pytest.raises(UserError, match="task 't' is a corpus: it asks nothing"):
        of((tmp_path / "data", folders[1]))


def test_without_a_task_the_names_of_all_are_told():
    with pytest.raises(UserError, match="which task\\? --config task=<name>, one of a, b"):
        preview({"tasks": ["a", "b"]}, [])
