import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.files.manifest import read_manifest
from stilts.tasks.make import facts, limited, short_enough, splits_of, write_task
from stilts.tasks.rows import read_split

FIELDS = {"task": "toy", "kind": "classification", "labels": ["no", "yes"], "metric": "accuracy"}


def pairs(*labels):
    return [
        {"id": str(n), "first": [f"a{n}"], "second": [], "label": label}
        for n, label in enumerate(labels)
    ]


def choices(*lengths):
    """Rows of two options each: a premise of two words, options of one word and of `length`."""
    return [
        {
            "id": str(n),
            "first": ["two words"],
            "prefix": "",
            "options": ["a", " ".join("a" * length)],
            "suffix": "",
            "label": 0,
        }
        for n, length in enumerate(lengths)
    ]


def test_rows_with_a_longer_sequence_than_allowed_are_left_out_of_that_split_alone():
    task = {"name": "toy", "kind": "multiple_choice", "longest": {"train": 5}}
    rows = choices(1, 3, 4, 9)
    assert [row["id"] for row in short_enough(task, "train", rows)] == ["0", "1"]
    assert short_enough(task, "validation", rows) == rows
    assert short_enough({**task, "longest": {}}, "train", rows) == rows


def test_rows_come_back_as_they_were_written(tmp_path):
    rows = {
        "classification": pairs(0, 1),
        "multiple_choice": [
            {
                "id": "0",
                "first": [],
                "prefix": "",
                "options": ["é", ""],
                "suffix": "\u2028.",
                "label": 1,
            }
        ],
        "corpus": [{"id": "4", "text": 'say "hi"\n'}],
    }
    for kind, written in rows.items():
        labels = [] if kind == "corpus" else ["no", "yes"]
        write_task(tmp_path, {"train": written}, {"task": "toy", "kind": kind, "labels": labels})
        assert read_split(tmp_path, "train") == written


def test_the_same_rows_give_the_same_bytes_in_any_folder(tmp_path):
    for name in ("a", "b"):
        splits = {"train": pairs(0, 1, 1), "validation": pairs(1)}
        write_task(tmp_path / name, splits, FIELDS)
    for file in ("train.parquet", "validation.parquet", "manifest.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_manifest_counts_rows_and_classes(tmp_path):
    write_task(tmp_path, {"train": pairs(0, 1, 1), "validation": pairs(1)}, FIELDS)
    manifest = read_manifest(tmp_path)
    assert manifest["splits"]["train"]["rows"] == 3
    assert manifest["splits"]["train"]["classes"] == {"no": 1, "yes": 2}
    assert manifest["splits"]["validation"]["classes"] == {"no": 0, "yes": 1}
    assert manifest["audit"]["validation"]["also_in_train"] == 1


def test_an_interrupted_write_leaves_no_manifest(tmp_path, monkeypatch):
    write_task(tmp_path, {"train": pairs(0, 1)}, FIELDS)
    monkeypatch.setattr("stilts.tasks.make.write_manifest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_task(tmp_path, {"train": pairs(1, 1)}, FIELDS)
    assert not (tmp_path / "manifest.json").exists()


def test_a_split_left_empty_is_refused(tmp_path):
    with pytest.raises(UserError, match="task 'toy': split 'train' has no rows left"):
        write_task(tmp_path, {"train": []}, FIELDS)


def test_answers_of_a_range_are_kept_as_float64(tmp_path):
    rows = [
        row | {"label": label} for row, label in zip(pairs(0, 0, 0), [0, 2.5, 4.9], strict=True)
    ]
    write_task(tmp_path, {"train": rows}, FIELDS | {"labels": [], "range": [0, 5]})
    schema = pq.read_schema(tmp_path / "train.parquet")
    assert schema.field("label").type == pa.float64()
    assert [row["label"] for row in read_split(tmp_path, "train")] == [0.0, 2.5, 4.9]
    assert read_manifest(tmp_path)["splits"]["train"]["classes"] == {}


def test_several_scored_splits_are_made_limited_and_audited(tmp_path):
    assert splits_of({"scored": ["matched", "mismatched"]}) == ("train", "matched", "mismatched")
    spec = {"limits": {"matched": 1}, "seed": 0}
    splits = {"train": pairs(0, 1), "matched": pairs(1, 0), "mismatched": pairs(0)}
    write_task(tmp_path, limited(splits, spec), FIELDS)
    manifest = read_manifest(tmp_path)
    rows = {split: told["rows"] for split, told in manifest["splits"].items()}
    assert rows == {"train": 2, "matched": 1, "mismatched": 1}
    assert manifest["audit"]["mismatched"]["also_in_train"] == 1
    assert "also_in_train" not in manifest["audit"]["train"]
    assert manifest["audit"]["matched"]["baselines"]["majority"] in (0.0, 1.0)
    assert "baselines" not in manifest["audit"]["train"]


def test_the_facts_of_a_task_tell_its_range_only_where_it_has_one():
    task = {"name": "t", "title": "T", "kind": "classification", "labels": ("a", "b")}
    task |= {"metric": "accuracy", "sizes": {"train": 3}}
    told = facts(task)
    assert told["labels"] == ["a", "b"] and "range" not in told
    assert facts(task | {"range": (0, 5), "labels": ()})["range"] == [0, 5]


@pytest.mark.parametrize(
    "module", ["tasks.rows", "tasks.make", "jobs.fetch_task", "jobs.make_task", "jobs.derive_task"]
)
def test_making_data_loads_no_heavy_library(module):
    heavy = {"torch", "datasets", "pandas", "transformers", "huggingface_hub"}
    code = f"import sys, stilts.{module}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "set()", done.stderr
