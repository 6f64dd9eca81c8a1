"""Chains of stages in a workflow: tasks together, variants, seeds, heads that travel."""

import csv
import json

import pytest
from safetensors import safe_open

from tests.toys.studies import write_study

TOGETHER, FROZEN = "cola~rte", "cola~rte+cola=frozen"
SETTINGS = {
    "all": {"batch": {"stated": 8}, "epochs": {"assumed": 2}},
    "targets": {"lr": {"stated": 1e-5}},
    "stages": {TOGETHER: {"rounds": {"assumed": 3}, "watch": {"assumed": ["wic"]}}},
    "variants": {"frozen": {"freeze": {"stated": "encoder"}, "lr": {"stated": 1e-3}}},
}
SWEEPS = {
    "main": {"chains": [TOGETHER, FROZEN], "targets": ["rte"]},
    "tied": {"chains": ["none", "cola"], "targets": ["wic"], "tie": "seed"},
}
SCORES = {"all": {"chains": [FROZEN], "tasks": ["cola", "rte", "wic"]}}
GRID = {"clip": {"stated": [1.0, None]}, "seed": {"stated": [1, 2]}}


@pytest.fixture(scope="module")
def answered(source, tmp_path_factory):
    """A project with two studies; the second asks for a stage that the first has trained."""
    project = source.copy_to(tmp_path_factory.mktemp("chains") / "project")
    write_study(project.folder, sweeps=SWEEPS, scores=SCORES, grid=GRID, settings=SETTINGS)
    outcome = project.snakemake("runs", scale="smoke", studies=["mine"])
    assert outcome.code == 0, outcome.text
    theirs = {"main": {"chains": [TOGETHER], "targets": ["cola"]}}
    write_study(project.folder, "theirs", sweeps=theirs, grid=GRID, settings=SETTINGS)
    outcome = project.snakemake("runs", scale="smoke", studies=["mine", "theirs"])
    assert outcome.code == 0, outcome.text
    return project


def manifest(project, chain, study="mine"):
    folder = project.folder / f"results/smoke/{study}/checkpoints/roberta-large/{chain}"
    return json.loads((folder / "manifest.json").read_text())


def tensors(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def test_tasks_of_a_stage_take_turns_and_are_scored_apart(answered):
    told = manifest(answered, TOGETHER)
    assert told["tasks"] == ["cola", "rte"]
    assert len(told["epochs"]) == told["recipe"]["epochs"] == 1, "the scale says 1"
    assert all(set(epoch["tasks"]) == {"cola", "rte", "wic"} for epoch in told["epochs"])
    states = {name: head["state"] for name, head in told["heads"].items()}
    assert states == {"cola": "new", "rte": "new", "wic": "scored only"}


def test_a_frozen_variant_leaves_the_encoder_and_passes_the_other_head_on(answered):
    top = answered.folder / "results/smoke/mine/checkpoints/roberta-large"
    before, after = (tensors(top / f"{chain}/model.safetensors") for chain in (TOGETHER, FROZEN))
    assert before.keys() == after.keys()
    assert all(before[name].equal(after[name]) for name in before)
    heads = [tensors(top / f"{chain}/heads.safetensors") for chain in (TOGETHER, FROZEN)]
    assert all(heads[0][name].equal(heads[1][name]) for name in heads[0] if name.startswith("rte/"))
    assert any(not heads[0][n].equal(heads[1][n]) for n in heads[0] if n.startswith("cola/"))
    states = {name: head["state"] for name, head in manifest(answered, FROZEN)["heads"].items()}
    assert states == {"cola": "carried", "rte": "passed on"}


def test_each_seed_of_a_tied_sweep_follows_a_stage_of_its_own(answered):
    seeds = {seed: manifest(answered, f"cola^{seed}")["recipe"]["seed"] for seed in (1, 2)}
    assert seeds == {1: 1, 2: 2}
    with (answered.folder / "results/smoke/mine/runs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["target"] == "wic"]
    assert sorted((row["chain"], row["seed"], row["clip"]) for row in rows) == sorted(
        (chain, seed, clip)
        for seed in "12"
        for chain in ("none", f"cola^{seed}")
        for clip in ("1", "")
    )


def test_a_checkpoint_is_scored_on_tasks_seen_and_unseen(answered):
    with (answered.folder / "results/smoke/mine/scores.csv").open() as file:
        seen = {row["target"]: row["seen"] for row in csv.DictReader(file)}
    assert seen == {"cola": "True", "rte": "True", "wic": "False"}
    top = answered.folder / f"results/smoke/mine/scores/roberta-large/{FROZEN}"
    new = {task: json.loads((top / f"{task}.json").read_text())["head"]["new"] for task in seen}
    assert new["cola"] == new["rte"] == [] and new["wic"]


def test_a_study_takes_a_stage_that_another_has_trained_from_the_store(answered):
    log = answered.folder / f"logs/smoke/theirs/train_stage/roberta-large/{TOGETHER}.log"
    assert "this stage is in the store" in log.read_text()
    ours, theirs = (manifest(answered, TOGETHER, study) for study in ("mine", "theirs"))
    assert (ours["study"], theirs["study"]) == ("mine", "theirs")
    assert ours["sha256"] == theirs["sha256"]
