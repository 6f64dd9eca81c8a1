"""Stages that are stopped on the way."""

import logging

import pytest

from stilts.files.manifest import read_manifest, sha256_of, write_manifest
from stilts.files.store import Store
from stilts.jobs import train_stage as module
from stilts.jobs.train_stage import train_stage
from stilts.machine.handling import Handling
from stilts.training.snapshot import FILE
from tests.toys.tiny_jobs import data_in, model_in, posed_as, stage_of
from tests.toys.tiny_models import facts_of

TASK = facts_of(name="t")
CARRY = {"epochs": 3, "clip": 0.5, "micro_batch": 2, "last_window": "carry"}
STAGE = stage_of(TASK, **CARRY)


@pytest.fixture
def parents(tmp_path):
    return {
        "parent": model_in(tmp_path / "model"),
        "data": {"t": data_in(tmp_path / "data", TASK)},
        "handling": Handling(),
    }


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def digests(folder):
    return {path.name: sha256_of(path) for path in folder.iterdir()}


def test_a_stopped_stage_goes_on_and_deletes_its_snapshot(
    parents, store, tmp_path, stop, monkeypatch
):
    train_stage(STAGE, **parents, folder=tmp_path / "whole", store=Store(tmp_path / "other"))
    stop("pack", 7)
    with pytest.raises(SystemExit):
        train_stage(STAGE, **parents, folder=tmp_path / "stopped", store=store)
    monkeypatch.undo()
    assert len(list(store.root.glob(f"snapshots/*/{FILE}"))) == 1
    assert not (tmp_path / "stopped").exists() and store.stages.folders() == []
    train_stage(STAGE, **parents, folder=tmp_path / "stopped", store=store)
    assert digests(tmp_path / "stopped") == digests(tmp_path / "whole")
    assert list((store.root / "snapshots").iterdir()) == []


def test_a_stage_that_is_restored_needs_no_snapshot_any_more(parents, store, tmp_path):
    train_stage(STAGE, **parents, folder=tmp_path / "one", store=store)
    (key,) = (folder.name for folder in store.stages.folders())
    store.snapshot(key).mkdir(parents=True)
    train_stage(STAGE, **parents, folder=tmp_path / "two", store=store)
    assert not store.snapshot(key).exists()


def another_model(parents):
    fields = read_manifest(parents["parent"])
    write_manifest(parents["parent"], fields | {"sha256": "0" * 64})


def other_rows(parents):
    data_in(parents["data"]["t"], TASK, train=11)


def other_held_out_rows(parents):
    data_in(parents["data"]["t"], TASK, scored=7)


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": STAGE["recipe"] | {"lr": 1e-3}},
        {"size": 8, "recipe": STAGE["recipe"] | {"subset_seed": 1}},
        {"tasks": [TASK | {"labels": ["y", "x"]}]},
        {"posed": {"t": posed_as(max_tokens=9)}},
        {"precision": "bf16"},
        another_model,
        other_rows,
        other_held_out_rows,
        ("fingerprint", lambda *_: "f" * 16),
        ("library_versions", lambda: {"torch": "2"}),
    ],
)
def test_another_stage_does_not_take_the_snapshot(
    change, parents, store, tmp_path, stop, monkeypatch, caplog
):
    options = parents | {"store": store, "folder": tmp_path / "stage"}
    stop("pack", 2)
    with pytest.raises(SystemExit):
        train_stage(STAGE, **options)
    monkeypatch.undo()
    spec = STAGE
    if callable(change):
        change(parents)
    elif isinstance(change, tuple):
        monkeypatch.setattr(f"stilts.jobs.trial.{change[0]}", change[1])
    else:
        spec = STAGE | change
    stop("pack", 1)
    caplog.set_level(logging.INFO)
    with pytest.raises(SystemExit):
        train_stage(spec, **options)
    assert "resumed" not in caplog.text
    assert len(list((store.root / "snapshots").iterdir())) == 2


def test_the_same_stage_takes_it(parents, store, tmp_path, stop, monkeypatch, caplog):
    """What the test above would see if keys did not differ."""
    options = parents | {"store": store, "folder": tmp_path / "stage"}
    stop("pack", 2)
    with pytest.raises(SystemExit):
        train_stage(STAGE, **options)
    monkeypatch.undo()
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(module, "take_gpu", lambda *_: None)
    train_stage(STAGE | {"study": "another", "chain": "name"}, **options)
    assert "resumed after step 0" in caplog.text or "resumed after step 1" in caplog.text
