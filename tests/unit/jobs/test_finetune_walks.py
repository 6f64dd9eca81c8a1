"""A job whose chains differ in the seed of their walks, with an invented trainer."""

import json
from types import SimpleNamespace

import pytest

from stilts.errors import UserError
from stilts.files.asked import asked_of
from stilts.files.manifest import write_manifest
from stilts.files.store import Store
from stilts.jobs import finetune_targets as module
from stilts.jobs.finetune_targets import finetune_walks
from stilts.machine.handling import Handling
from tests.toys.invented_outcome import outcome_of
from tests.toys.invented_setting import SPEC

SEEDS = (1, 2, 3)


class Params(SimpleNamespace):
    """Params as Snakemake gives them to a script."""

    def items(self):
        return vars(self).items()


PARAMS = Params(spec=SPEC | {"chain": "squad"}, code="c" * 16)


@pytest.fixture
def walk(tmp_path, monkeypatch):
    """Walk three chains to a target by an invented trainer; return from where each trial began."""
    for seed in SEEDS:
        digest = {"sha256": str(seed) * 64, "family": "roberta"}
        write_manifest(tmp_path / f"checkpoints/squad^{seed}", digest)
    splits = {"train": {"sha256": "t" * 64}, "validation": {"sha256": "v" * 64}}
    write_manifest(tmp_path / "data", {"splits": splits})

    def walk(failing=()):
        began = []

        def starter(setting, checkpoint, *_):
            def run(recipe, key, progress):
                began.append((checkpoint.name, recipe["seed"]))
                if recipe["seed"] in failing:
                    raise RuntimeError("out of memory")
                return outcome_of([recipe["seed"] & 1, recipe["seed"] >> 1], [0, 1])

            return SimpleNamespace(run=run)

        monkeypatch.setattr(module, "_starter", starter)
        finetune_walks(
            PARAMS,
            [str(file) for file in files(tmp_path, "runs", "json")],
            [str(file) for file in files(tmp_path, "predictions", "parquet")],
            checkpoints=[f"{tmp_path}/checkpoints/squad^{seed}/manifest.json" for seed in SEEDS],
            data=tmp_path / "data",
            handling=Handling(),
            store=Store(tmp_path / "store"),
        )
        return began

    return walk


def files(folder, kind, ending):
    return [folder / f"{kind}/roberta/squad^{seed}/rte/s{seed}.{ending}" for seed in SEEDS]


def test_each_trial_starts_from_the_checkpoint_of_its_own_seed(walk, tmp_path):
    assert walk() == [(f"squad^{seed}", seed) for seed in SEEDS]
    assert walk() == [], "all are stored"
    for seed, file in zip(SEEDS, files(tmp_path, "runs", "json"), strict=True):
        run = json.loads(file.read_text())
        assert (run["chain"], run["recipe"]["seed"]) == (f"squad^{seed}", seed)
        spec = SPEC | {"chain": f"squad^{seed}"}
        assert run["asked"] == asked_of({"spec": spec, "code": PARAMS.code})


def test_a_walk_that_fails_does_not_stop_the_others(walk, tmp_path):
    with pytest.raises(UserError, match="1 of 1 trials failed, the first at s2"):
        walk(failing=[2])
    there = [file.exists() for file in files(tmp_path, "runs", "json")]
    assert there == [True, False, True]
    assert walk() == [("squad^2", 2)]
