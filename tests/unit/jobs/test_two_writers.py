"""A stage that another process finished while this one waited for its lock."""

import pytest

import stilts.jobs.train_stage
from stilts.files.manifest import file_digests, read_manifest, write_manifest
from stilts.jobs.train_stage import train_stage
from stilts.jobs.trial import Setting
from stilts.models.checkpoint import describe
from stilts.tasks.rows import write_task
from tests.toys.tiny_models import checkpoint, pairs

FACTS = {"checkpoint": "c" * 64, "train": "t" * 64, "validation": "v" * 64, "code": "f" * 16}
FACTS |= {"device_kind": "cpu", "precision": "fp32", "versions": {"torch": "1"}}
TASK = {"name": "t", "kind": "classification", "labels": ["x", "y"]}
RECIPE = {"lr": 1e-3, "batch": 4, "micro_batch": 2, "last_window": "carry", "warmup": 0}
RECIPE |= {"epochs": 1, "seed": 0, "max_tokens": 24, "clip": 0.5}


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Make a stage; say whether it was trained for that."""
    write_manifest(tmp_path / "model", describe(checkpoint(tmp_path / "model")))
    fields = {"task": "t", "kind": "classification", "labels": ["x", "y"]}
    splits = {"train": pairs(8), "validation": pairs(6, seed=4)}
    write_task(tmp_path / "data", splits, fields)
    trained = []
    real = stilts.jobs.train_stage.save

    def save(*values, **options):
        trained.append(1)
        return real(*values, **options)

    monkeypatch.setattr(stilts.jobs.train_stage, "save", save)

    def make(**recipe):
        trained.clear()
        names = {key: "n" for key in ("study", "scale", "protocol", "model", "chain")}
        spec = {**names, "tasks": [TASK], "recipe": RECIPE | recipe, "size": None, "origins": {}}
        train_stage(
            spec,
            Setting(spec={}, **FACTS),
            parent=tmp_path / "model",
            data=tmp_path / "data",
            folder=tmp_path / "stage",
            threads=1,
            store=tmp_path / "store",
        )
        return bool(trained)

    return make


def test_a_stage_that_is_made_and_whole_is_left_as_it_is(stage, tmp_path):
    assert stage()
    before = file_digests(tmp_path / "stage"), read_manifest(tmp_path / "stage")
    assert not stage()
    assert (file_digests(tmp_path / "stage"), read_manifest(tmp_path / "stage")) == before


def test_a_stage_of_another_recipe_is_trained(stage):
    assert stage()
    assert stage(lr=2e-3)


@pytest.mark.parametrize("file", ["model.safetensors", "manifest.json", "config.json"])
def test_a_stage_that_is_damaged_is_trained(stage, tmp_path, file):
    assert stage()
    path = tmp_path / "stage" / file
    path.write_bytes(path.read_bytes()[:-2])
    assert stage()
