"""Snapshots of whole jobs: stages and stand-ins."""

import logging

import pytest

import stilts.training.pretraining
from stilts.files.manifest import file_digests, sha256_of, write_manifest
from stilts.jobs.pretrain_model import pretrain_model
from stilts.jobs.train_stage import train_stage
from stilts.models.checkpoint import describe
from stilts.tasks.rows import write_task
from stilts.training.pretraining import pretrain
from stilts.training.snapshot import FILE, Snapshot
from tests.toys.invented_setting import SETTING
from tests.toys.tiny_models import checkpoint, pairs
from tests.unit.training.test_pretraining import CLM, MLM, TEXTS

KEY = "a" * 64
CARRY = {"lr": 5e-3, "batch": 4, "seed": 12, "epochs": 3, "warmup": 0.3, "clip": 0.5}
CARRY |= {"micro_batch": 2, "last_window": "carry"}
TASK = {"name": "t", "kind": "classification", "labels": ["x", "y"]}
NAMES = {key: "n" for key in ("study", "scale", "protocol", "model", "chain")}
STAGE = NAMES | {"tasks": [TASK], "recipe": CARRY | {"max_tokens": 24}, "size": None, "origins": {}}


@pytest.fixture(scope="module")
def parents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parents")
    write_manifest(folder / "model", describe(checkpoint(folder / "model")))
    fields = {"task": "t", "kind": "classification", "labels": ["x", "y"]}
    splits = {"train": pairs(10), "validation": pairs(6, seed=4)}
    write_task(folder / "data", splits, fields)
    return {"parent": folder / "model", "data": folder / "data", "threads": 1}


def test_a_stopped_stage_goes_on_and_deletes_its_snapshot(parents, tmp_path, stop, monkeypatch):
    options = parents | {"store": tmp_path / "store"}
    train_stage(STAGE, SETTING, folder=tmp_path / "whole", **options)
    stop("pack", 7)
    with pytest.raises(SystemExit):
        train_stage(STAGE, SETTING, folder=tmp_path / "stopped", **options)
    monkeypatch.undo()
    assert len(list(options["store"].glob(f"snapshots/*/{FILE}"))) == 1
    assert not (tmp_path / "stopped").exists()
    train_stage(STAGE, SETTING, folder=tmp_path / "stopped", **options)
    assert digests(tmp_path / "stopped") == digests(tmp_path / "whole")
    assert list((options["store"] / "snapshots").iterdir()) == []


@pytest.mark.parametrize(
    ("spec", "setting"),
    [
        ({"recipe": STAGE["recipe"] | {"lr": 1e-3}}, {}),
        ({"size": 8, "recipe": STAGE["recipe"] | {"subset_seed": 1}}, {}),
        ({"tasks": [TASK | {"labels": ["y", "x"]}]}, {}),
        *[({}, {name: "other"}) for name in SETTING._fields[1:6]],
        ({}, {"precision": "bf16"}),
        ({}, {"versions": {"torch": "2"}}),
    ],
)
def test_another_stage_does_not_take_the_snapshot(
    spec, setting, parents, tmp_path, stop, monkeypatch, caplog
):
    options = parents | {"store": tmp_path / "store", "folder": tmp_path / "stage"}
    stop("pack", 2)
    with pytest.raises(SystemExit):
        train_stage(STAGE, SETTING, **options)
    monkeypatch.undo()
    stop("pack", 1)
    caplog.set_level(logging.INFO)
    with pytest.raises(SystemExit):
        train_stage(STAGE | spec, SETTING._replace(**setting), **options)
    assert "resumed" not in caplog.text
    assert len(list((options["store"] / "snapshots").iterdir())) == 2


def digests(folder):
    return {path.name: sha256_of(path) for path in folder.iterdir()}


@pytest.mark.parametrize("spec", [MLM, CLM], ids=["mlm", "clm"])
def test_pretraining_goes_on_to_the_same_bytes(spec, tmp_path, stop, monkeypatch):
    spec = spec | {"steps": 12, "warmup": 0.5}
    reached = pretrain(spec, TEXTS, tmp_path / "whole", progress=False)
    for calls in (1, 5, 6):  # after steps 1, 6 and 12: the last one has nothing left to train
        stop("rate", calls, place=stilts.training.pretraining)
        snapshot = Snapshot(tmp_path / KEY, 60)
        with pytest.raises(SystemExit):
            pretrain(spec, TEXTS, tmp_path / "stopped", progress=False, snapshot=snapshot)
        monkeypatch.undo()
    snapshot = Snapshot(tmp_path / KEY, 60)
    assert reached == pretrain(spec, TEXTS, tmp_path / "stopped", progress=False, snapshot=snapshot)
    assert digests(tmp_path / "stopped") == digests(tmp_path / "whole")


def test_a_stopped_stand_in_goes_on_unless_its_tokenizer_is_another(
    tmp_path, stop, monkeypatch, caplog
):
    fields = {"task": "c", "kind": "corpus", "labels": []}
    rows = [{"id": str(i), "text": text} for i, text in enumerate(TEXTS)]
    write_task(tmp_path / "corpus", {"train": rows, "validation": rows[:9]}, fields)
    tokenizer = checkpoint(tmp_path / "tokenizer")
    recipe = MLM | {"steps": 4, "tokenizer": {"path": str(tokenizer)}}
    spec = {"name": "m", "origin": {"pretrain": recipe}, "note": None}
    options = {"corpus": tmp_path / "corpus", "threads": 1, "store": tmp_path / "store"}
    pretrain_model(spec, folder=tmp_path / "whole", **options)
    stop("rate", 3, place=stilts.training.pretraining)
    with pytest.raises(SystemExit):
        pretrain_model(spec, folder=tmp_path / "stopped", **options)
    monkeypatch.undo()
    caplog.set_level(logging.INFO)
    (tokenizer / "note").write_text("changed")
    pretrain_model(spec, folder=tmp_path / "other", **options)
    assert "resumed" not in caplog.text
    (tokenizer / "note").unlink()
    pretrain_model(spec, folder=tmp_path / "stopped", **options)
    assert "resumed after step 3" in caplog.text
    assert file_digests(tmp_path / "stopped") == file_digests(tmp_path / "whole")
    assert list((options["store"] / "snapshots").iterdir()) == []
