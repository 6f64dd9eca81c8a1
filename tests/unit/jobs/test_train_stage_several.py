"""Stages of several tasks, and the heads that travel along a chain."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel

from stilts.errors import UserError
from stilts.files.manifest import digest_of, file_digests, read_manifest
from stilts.files.store import Store
from stilts.jobs.train_stage import train_stage
from stilts.machine.handling import Handling
from stilts.models.head import pose
from stilts.models.load import load
from tests.toys.tiny_jobs import data_in, model_in, stage_of
from tests.toys.tiny_models import facts_of

A, B = facts_of(name="a"), facts_of(name="b", classes=3)
Q, R = (facts_of("multiple_choice", name, classes=3) for name in "qr")
N = facts_of("regression", "n")
C = facts_of(name="c")
TASKS = (A, B, C, Q, R, N)
POOLER = ["pooler.dense.bias", "pooler.dense.weight"]
SCORER = ["classifier.bias", "classifier.weight"]
DENSE = ["classifier.dense.bias", "classifier.dense.weight"]
DENSE += ["classifier.out_proj.bias", "classifier.out_proj.weight"]


@pytest.fixture(scope="module")
def parents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parents")
    for family in ("roberta", "bert"):
        model_in(folder / family, family)
    for task in TASKS:
        data_in(folder / task["name"], task, train=10 if task is not B else 7)
    return folder


@pytest.fixture
def make(parents, tmp_path):
    """Make a stage on top of a folder; return its folder."""

    def make(name, *tasks, on="roberta", **options):
        spec, parent = stage_of(*tasks, **options), tmp_path / on
        train_stage(
            spec,
            parent=parent if parent.is_dir() else parents / on,
            data={
                task["name"]: parents / task["name"] for task in (*spec["tasks"], *spec["watch"])
            },
            folder=tmp_path / name,
            handling=Handling(),
            store=Store(tmp_path / "store"),
        )
        return tmp_path / name

    return make


def heads_of(folder):
    """The tensors of `heads.safetensors`, by head and parameter."""
    found = {}
    for key, tensor in load_file(folder / "heads.safetensors").items():
        head, _, parameter = key.partition("/")
        found.setdefault(head, {})[parameter] = tensor
    return found


def states_of(folder):
    return {name: head["state"] for name, head in read_manifest(folder)["heads"].items()}


def same(left, right):
    return left.keys() == right.keys() and all(left[name].equal(right[name]) for name in left)


def outside(folder):
    """The head of a folder in the form of transformers."""
    weights = load_file(folder / "model.safetensors")
    return {name: value for name, value in weights.items() if not name.startswith("roberta.")}


# Several tasks in one stage


def test_several_heads_lie_beside_an_encoder_that_transformers_reads(make):
    folder = make("stage", A, Q, N)
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


def test_one_digest_covers_encoder_and_heads(make):
    folder = make("stage", A, Q)
    manifest = read_manifest(folder)
    assert {"model.safetensors", "heads.safetensors"} < manifest["files"].keys()
    assert manifest["sha256"] == digest_of(file_digests(folder))


def test_the_manifest_tells_of_each_task(make):
    folder = make("stage", A, B, Q, R)
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


def test_a_size_is_taken_of_each_task(make):
    folder = make("stage", A, B, size=8)
    assert read_manifest(folder)["n_train"] == {"a": 8, "b": 7}


def test_each_task_is_cut_at_its_own_length(make):
    long, short = (
        read_manifest(
            make(f"stage{tokens}", A, B, posed={"b": {"max_tokens": tokens, "head": None}})
        )
        for tokens in (24, 5)
    )
    assert long["epochs"] != short["epochs"]


def test_several_tasks_cannot_carry_their_gradients_over(make, tmp_path):
    with pytest.raises(UserError, match="stage a~b: last_window carry .* use last_window: step"):
        make("stage", A, B, last_window="carry", micro_batch=2)
    assert not (tmp_path / "stage/manifest.json").exists()


def test_a_frozen_encoder_of_several_tasks_keeps_every_byte(make):
    settings = {"freeze": "encoder", "weight_decay": 0.1}
    start = make("start", A, B, lr=0.0, **settings)
    frozen = make("frozen", A, B, lr=0.1, **settings)
    digests = (file_digests(folder)["model.safetensors"] for folder in (start, frozen))
    assert len({*digests}) == 1
    for name, head in heads_of(frozen).items():
        assert not any(head[part].equal(heads_of(start)[name][part]) for part in head)


def test_a_stage_of_several_tasks_that_is_killed_ends_with_the_same_bytes(
    make, tmp_path, stop, monkeypatch
):
    wanted = make("whole", A, Q, lr=4e-3)
    whole = {path.name: path.read_bytes() for path in wanted.iterdir()}
    (tmp_path / "store").rename(tmp_path / "store-of-the-first")
    stop("pack", 8)
    with pytest.raises(SystemExit):
        make("killed", A, Q, lr=4e-3)
    monkeypatch.undo()
    assert len([*(tmp_path / "store/snapshots").iterdir()]) == 1
    killed = make("killed", A, Q, lr=4e-3)
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == whole
    assert [*(tmp_path / "store/snapshots").iterdir()] == []


# Heads along a chain


def test_a_head_that_a_stage_does_not_train_is_passed_on_byte_for_byte(make):
    first = make("a", A)
    second = make("a+b", B, on="a")
    assert states_of(second) == {"a": "passed on", "b": "new"}
    assert same(heads_of(second)["a"], outside(first))
    third = make("a+b+n", N, on="a+b", weight_decay=0.1)
    assert states_of(third) == {"a": "passed on", "b": "passed on", "n": "new"}
    for name in "ab":
        assert same(heads_of(third)[name], heads_of(second)[name])


def test_the_pooler_of_robertas_multiple_choice_travels_with_its_head(make):
    """It lies in the encoder, where a stage of classification must not move it."""
    first = load_file(make("q", Q) / "model.safetensors")
    second = make("q+a", A, on="q", weight_decay=0.1)
    assert states_of(second) == {"multiple_choice": "passed on", "a": "new"}
    weights = load_file(second / "model.safetensors")
    for name in POOLER:
        assert weights[name].equal(first[f"roberta.{name}"]), name
    name = "encoder.layer.0.output.dense.weight"
    assert not weights[name].equal(first[f"roberta.{name}"]), "the encoder moves"
    assert same(heads_of(second)["multiple_choice"], outside_of(first))
    third = make("q+a+b", B, on="q+a", weight_decay=0.1)
    for name in POOLER:
        assert load_file(third / "model.safetensors")[name].equal(first[f"roberta.{name}"])
    model, _, reports = load(third, [pose(R)], 99)
    assert reports["multiple_choice"]["new"] == [], "another multiple choice takes all of it over"
    assert model.encoder.pooler.dense.weight.equal(first["roberta.pooler.dense.weight"])


def outside_of(weights):
    return {name: value for name, value in weights.items() if not name.startswith("roberta.")}


def test_a_head_is_carried_over_by_its_name_and_started_anew_for_another_task(make):
    make("a", A)
    make("a+q", Q, on="a")
    again = make("a+q+a", A, on="a+q", lr=0.0)
    assert states_of(again) == {"a": "carried", "multiple_choice": "passed on"}
    assert read_manifest(again)["heads"]["a"]["carried"] == DENSE
    assert same(heads_of(again)["a"], heads_of(make("a+q-2", Q, on="a"))["a"])
    other = make("a+c", C, on="a", lr=0.0)
    assert states_of(other) == {"a": "passed on", "c": "new"}, "of the same form, but another task"
    assert not heads_of(other)["c"]["classifier.dense.weight"].equal(
        heads_of(other)["a"]["classifier.dense.weight"]
    )


def test_a_multiple_choice_goes_on_with_the_head_of_another(make):
    make("q", Q)
    folder = make("q+r", R, on="q", lr=0.0)
    assert states_of(folder) == {"multiple_choice": "carried"}
    assert not (folder / "heads.safetensors").exists(), "there is one head"
    assert same(outside(folder), outside(make("q-2", Q)))


def test_heads_of_an_earlier_stage_in_the_folder_are_no_part_of_the_new_one(make, tmp_path):
    """Snakemake deletes what a rule declares, and heads beside the encoder are not declared."""
    make("stage", A, B)
    (tmp_path / "stage/manifest.json").unlink()
    folder = make("stage", A)
    assert not (folder / "heads.safetensors").exists()
    assert read_manifest(folder)["files"] == file_digests(folder)
    make("stage", A, B)
    folder = make("stage", A)
    assert not (folder / "heads.safetensors").exists(), "nor where it comes from the store"


# Watching


def test_a_watched_task_is_scored_each_epoch_and_its_head_passed_on(make):
    first = make("a", A)
    folder = make("a+b", B, on="a", watch=[A], weight_decay=0.1)
    manifest = read_manifest(folder)
    assert states_of(folder) == {"a": "passed on", "b": "new"}
    assert same(heads_of(folder)["a"], outside(first))
    scores = [record["tasks"]["a"]["accuracy"] for record in manifest["epochs"]]
    assert len(scores) == 2 and manifest["scored"]["a"]["variants"]["accuracy"] == scores[-1]
    assert (manifest["tasks"], manifest["n_train"]) == (["b"], 7)
    assert "a/train" not in manifest["digests"] and "a/validation" in manifest["digests"]


def test_watching_does_not_change_what_is_trained(make):
    make("a", A)
    watched, blind = make("watched", B, on="a", watch=[A]), make("blind", B, on="a")
    for name in ("model.safetensors", "heads.safetensors"):
        assert same(load_file(watched / name), load_file(blind / name))


def test_the_pooler_of_a_watched_multiple_choice_is_not_moved(make):
    first = load_file(make("q", Q) / "model.safetensors")
    folder = make("q+a", A, on="q", watch=[Q], weight_decay=0.1)
    assert states_of(folder) == {"a": "new", "multiple_choice": "passed on"}
    weights = load_file(folder / "model.safetensors")
    for name in POOLER:
        assert weights[name].equal(first[f"roberta.{name}"]), name


@pytest.mark.parametrize("unseen", [B, Q], ids=["classification", "multiple choice"])
def test_a_watched_task_that_no_stage_has_trained_leaves_no_head(make, unseen):
    """Its scores are those of a guess, and no later stage takes it for trained."""
    folder = make("a", A, watch=[unseen])
    key = pose(unseen).key
    assert states_of(folder) == {"a": "new", key: "scored only"}
    assert not (folder / "heads.safetensors").exists()
    found, wanted = (load_file(place / "model.safetensors") for place in (folder, make("a-2", A)))
    assert same(found, wanted), "it is the folder of a stage that watched nothing"
    _, _, reports = load(folder, [pose(unseen)], 99)
    assert reports[key]["carried"] == []


def test_the_epoch_that_is_kept_may_be_that_of_a_watched_task(make):
    make("a", A)
    settings = {"schedule": "constant", "warmup": 0.0, "lr": 3e-2, "epochs": 5}
    best = make("best", B, on="a", watch=[A], select="best:a.accuracy", **settings)
    scores = [record["tasks"]["a"]["accuracy"] for record in read_manifest(best)["epochs"]]
    kept = int(np.argmax(scores)) + 1
    assert kept < 5, "otherwise there is nothing to tell apart"
    shorter = make("shorter", B, on="a", watch=[A], **settings | {"epochs": kept})
    for name in ("model.safetensors", "heads.safetensors"):
        assert same(load_file(best / name), load_file(shorter / name))


@pytest.mark.parametrize("family", ["roberta", "bert"])
def test_every_head_of_a_chain_answers_as_it_was_left(make, family):
    """The logits of a head that only travelled along depend on the encoder alone."""
    make("q", Q, on=family)
    folder = make("q+a", A, on="q", lr=0.0)
    before, after = (load(folder, [pose(Q)], 1)[0] for folder in (folder.with_name("q"), folder))
    assert same(before.state_dict(), after.state_dict())
    assert torch.equal(
        before.heads["multiple_choice"].classifier.weight,
        after.heads["multiple_choice"].classifier.weight,
    )
