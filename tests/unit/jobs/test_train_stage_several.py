"""Stages of several tasks."""

import pytest
from safetensors.torch import load_file
from transformers import AutoModel

from stilts.errors import UserError
from stilts.files.manifest import digest_of, file_digests, read_manifest
from stilts.models.head import pose
from stilts.models.load import load
from tests.toys.tiny_jobs import A, B, N, P, Q, R, S, heads_of, posed_as, same

POOLER = ["pooler.dense.bias", "pooler.dense.weight"]
SCORER = ["classifier.bias", "classifier.weight"]
DENSE = ["classifier.dense.bias", "classifier.dense.weight"]
DENSE += ["classifier.out_proj.bias", "classifier.out_proj.weight"]


def test_several_heads_lie_beside_an_encoder_that_transformers_reads(make_stage):
    folder = make_stage("stage", A, Q, N)
    heads = heads_of(folder)
    assert {name: sorted(head) for name, head in heads.items()} == {
        "a": DENSE,
        "multiple_choice": SCORER,
        "n": DENSE,
    }
    encoder, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    weights = load_file(folder / "model.safetensors")
    assert same(weights, encoder.state_dict())
    model, _, reports = load(folder, [pose(task) for task in (N, Q, A)], 99)
    assert all(not report["new"] for report in reports.values())
    assert same(dict(model.encoder.state_dict()), weights)
    for name, head in heads.items():
        assert same(head, model.heads[name].state_dict())


def test_one_digest_covers_encoder_and_heads(make_stage):
    folder = make_stage("stage", A, Q)
    manifest = read_manifest(folder)
    assert {"model.safetensors", "heads.safetensors"} < manifest["files"].keys()
    assert manifest["sha256"] == digest_of(file_digests(folder))


def test_the_manifest_tells_of_each_task(make_stage):
    folder = make_stage("stage", A, B, Q, R)
    manifest = read_manifest(folder)
    assert manifest["tasks"] == ["a", "b", "q", "r"]
    assert manifest["n_train"] == {"a": 10, "b": 7, "q": 10, "r": 10}
    assert len(manifest["digests"]) == 2 + 4 * 2
    for record in manifest["epochs"]:
        assert record["tasks"].keys() == {"a", "b", "q", "r"}
    for task, told in manifest["scored"].items():
        assert told["variants"].items() <= manifest["epochs"][-1]["tasks"][task].items()
        assert told["n_validation"] == 6
    heads = manifest["heads"]
    assert heads.keys() == {"a", "b", "multiple_choice"}
    assert heads["a"] == {
        "head": "classification",
        "state": "new",
        "tasks": ["a"],
        "carried": [],
        "new": DENSE,
    }
    shared = heads["multiple_choice"]
    assert (shared["tasks"], shared["state"]) == (["q", "r"], "new")
    assert shared["new"] == [*SCORER, *(f"roberta.{name}" for name in POOLER)]


def test_a_size_is_taken_of_each_task(make_stage):
    folder = make_stage("stage", A, B, size=8)
    assert read_manifest(folder)["n_train"] == {"a": 8, "b": 7}


def test_each_task_is_cut_at_its_own_length(make_stage):
    long, short = (
        read_manifest(make_stage(f"stage{tokens}", A, B, posed={"b": posed_as(max_tokens=tokens)}))
        for tokens in (24, 5)
    )
    assert long["epochs"] != short["epochs"]


def test_several_tasks_cannot_carry_their_gradients_over(make_stage, tmp_path):
    with pytest.raises(UserError, match="stage a~b: last_window carry .* use last_window: step"):
        make_stage("stage", A, B, last_window="carry", micro_batch=2)
    assert not (tmp_path / "stage/manifest.json").exists()


def test_a_frozen_encoder_of_several_tasks_keeps_every_byte(make_stage):
    settings = {"freeze": "encoder", "weight_decay": 0.1}
    start = make_stage("start", A, B, lr=0.0, **settings)
    frozen = make_stage("frozen", A, B, lr=0.1, **settings)
    digests = (file_digests(folder)["model.safetensors"] for folder in (start, frozen))
    assert len({*digests}) == 1
    for name, head in heads_of(frozen).items():
        assert not any(head[part].equal(heads_of(start)[name][part]) for part in head)


def test_pairs_leave_a_frozen_encoder_every_byte_and_train_their_heads(make_stage):
    cosine = {"s": posed_as(head="pair_cosine")}
    settings = {"freeze": "encoder", "weight_decay": 0.1, "posed": cosine}
    start = make_stage("start", A, P, S, lr=0.0, **settings)
    frozen = make_stage("frozen", A, P, S, lr=0.1, **settings)
    before, after = (load_file(folder / "model.safetensors") for folder in (start, frozen))
    changed = sorted(name for name in before if not before[name].equal(after[name]))
    assert before.keys() == after.keys()
    assert changed == POOLER, "the model came without one, so that it is as new as the heads"
    heads = heads_of(frozen)
    assert sorted(heads["p"]) == ["linear.bias", "linear.weight"]
    assert sorted(heads["s"]) == ["log_factor", "shift"]
    for name, head in heads.items():
        assert not any(head[part].equal(heads_of(start)[name][part]) for part in head)


def test_three_heads_in_turn_that_are_killed_end_with_the_same_bytes(
    make_stage, tmp_path, stop, monkeypatch
):
    deep = {"a": posed_as(head="classification_deep")}
    wanted = make_stage("whole", A, P, S, lr=4e-3, posed=deep)
    whole = {path.name: path.read_bytes() for path in wanted.iterdir()}
    assert {name: told["head"] for name, told in read_manifest(wanted)["heads"].items()} == {
        "a": "classification_deep",
        "p": "pair_linear",
        "s": "pair_similarity",
    }
    (tmp_path / "store").rename(tmp_path / "store-of-the-first")
    stop("pack", 11)
    with pytest.raises(SystemExit):
        make_stage("killed", A, P, S, lr=4e-3, posed=deep)
    monkeypatch.undo()
    assert len([*(tmp_path / "store/snapshots").iterdir()]) == 1
    killed = make_stage("killed", A, P, S, lr=4e-3, posed=deep)
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == whole


def test_a_stage_of_several_tasks_that_is_killed_ends_with_the_same_bytes(
    make_stage, tmp_path, stop, monkeypatch
):
    wanted = make_stage("whole", A, Q, lr=4e-3)
    whole = {path.name: path.read_bytes() for path in wanted.iterdir()}
    (tmp_path / "store").rename(tmp_path / "store-of-the-first")
    stop("pack", 8)
    with pytest.raises(SystemExit):
        make_stage("killed", A, Q, lr=4e-3)
    monkeypatch.undo()
    assert len([*(tmp_path / "store/snapshots").iterdir()]) == 1
    killed = make_stage("killed", A, Q, lr=4e-3)
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == whole
    assert [*(tmp_path / "store/snapshots").iterdir()] == []
