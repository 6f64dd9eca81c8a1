"""The heads that travel along a chain, and those of tasks that are only watched."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForSequenceClassification

from stilts.files.manifest import file_digests, read_manifest
from stilts.models.head import pose
from stilts.models.load import load
from tests.toys.tiny_jobs import A, B, C, N, Q, R, head_of, heads_of, model_in, same, states_of

POOLER = ["pooler.dense.bias", "pooler.dense.weight"]
SCORER = ["classifier.bias", "classifier.weight"]
DENSE = ["classifier.dense.bias", "classifier.dense.weight"]
DENSE += ["classifier.out_proj.bias", "classifier.out_proj.weight"]


def test_a_head_that_a_stage_does_not_train_is_passed_on_byte_for_byte(make_stage):
    first = make_stage("a", A)
    second = make_stage("a+b", B, on="a")
    assert states_of(second) == {"a": "passed on", "b": "new"}
    assert same(heads_of(second)["a"], head_of(first))
    third = make_stage("a+b+n", N, on="a+b", weight_decay=0.1)
    assert states_of(third) == {"a": "passed on", "b": "passed on", "n": "new"}
    for name in "ab":
        assert same(heads_of(third)[name], heads_of(second)[name])


def test_the_pooler_of_robertas_multiple_choice_travels_with_its_head(make_stage):
    """It lies in the encoder, where a stage of classification must not move it."""
    one = make_stage("q", Q)
    first = load_file(one / "model.safetensors")
    second = make_stage("q+a", A, on="q", weight_decay=0.1)
    assert states_of(second) == {"multiple_choice": "passed on", "a": "new"}
    weights = load_file(second / "model.safetensors")
    for name in POOLER:
        assert weights[name].equal(first[f"roberta.{name}"]), name
    name = "encoder.layer.0.output.dense.weight"
    assert not weights[name].equal(first[f"roberta.{name}"]), "the encoder moves"
    assert same(heads_of(second)["multiple_choice"], head_of(one))
    third = make_stage("q+a+b", B, on="q+a", weight_decay=0.1)
    for name in POOLER:
        assert load_file(third / "model.safetensors")[name].equal(first[f"roberta.{name}"])
    model, _, reports = load(third, [pose(R)], 99)
    assert reports["multiple_choice"]["new"] == [], "another multiple choice takes all of it over"
    assert model.encoder.pooler.dense.weight.equal(first["roberta.pooler.dense.weight"])


def test_a_head_is_carried_over_by_its_name_and_started_anew_for_another_task(make_stage):
    make_stage("a", A)
    make_stage("a+q", Q, on="a")
    again = make_stage("a+q+a", A, on="a+q", lr=0.0)
    assert states_of(again) == {"a": "carried", "multiple_choice": "passed on"}
    assert read_manifest(again)["heads"]["a"]["carried"] == DENSE
    assert same(heads_of(again)["a"], heads_of(make_stage("a+q-2", Q, on="a"))["a"])
    other = make_stage("a+c", C, on="a", lr=0.0)
    assert states_of(other) == {"a": "passed on", "c": "new"}, "of the same form, but another task"
    assert not heads_of(other)["c"]["classifier.dense.weight"].equal(
        heads_of(other)["a"]["classifier.dense.weight"]
    )


def test_a_multiple_choice_goes_on_with_the_head_of_another(make_stage):
    make_stage("q", Q)
    folder = make_stage("q+r", R, on="q", lr=0.0)
    assert states_of(folder) == {"multiple_choice": "carried"}
    assert not (folder / "heads.safetensors").exists(), "there is one head"
    assert same(head_of(folder), head_of(make_stage("q-2", Q)))


def test_heads_of_an_earlier_stage_in_the_folder_are_no_part_of_the_new_one(make_stage, tmp_path):
    """Snakemake deletes what a rule declares, and heads beside the encoder are not declared."""
    make_stage("stage", A, B)
    (tmp_path / "stage/manifest.json").unlink()
    folder = make_stage("stage", A)
    assert not (folder / "heads.safetensors").exists()
    assert read_manifest(folder)["files"] == file_digests(folder)
    make_stage("stage", A, B)
    folder = make_stage("stage", A)
    assert not (folder / "heads.safetensors").exists(), "nor where it comes from the store"


# Watching


def test_a_watched_task_is_scored_each_epoch_and_its_head_passed_on(make_stage):
    first = make_stage("a", A)
    folder = make_stage("a+b", B, on="a", watch=[A], weight_decay=0.1)
    manifest = read_manifest(folder)
    assert states_of(folder) == {"a": "passed on", "b": "new"}
    assert same(heads_of(folder)["a"], head_of(first))
    scores = [record["tasks"]["a"]["accuracy"] for record in manifest["epochs"]]
    assert len(scores) == 2 and manifest["scored"]["a"]["variants"]["accuracy"] == scores[-1]
    assert (manifest["tasks"], manifest["n_train"]) == (["b"], 7)
    assert "a/train" not in manifest["digests"] and "a/validation" in manifest["digests"]


def test_watching_does_not_change_what_is_trained(make_stage):
    make_stage("a", A)
    watched, blind = make_stage("watched", B, on="a", watch=[A]), make_stage("blind", B, on="a")
    for name in ("model.safetensors", "heads.safetensors"):
        assert same(load_file(watched / name), load_file(blind / name))


def test_the_pooler_of_a_watched_multiple_choice_is_not_moved(make_stage):
    first = load_file(make_stage("q", Q) / "model.safetensors")
    folder = make_stage("q+a", A, on="q", watch=[Q], weight_decay=0.1)
    assert states_of(folder) == {"a": "new", "multiple_choice": "passed on"}
    weights = load_file(folder / "model.safetensors")
    for name in POOLER:
        assert weights[name].equal(first[f"roberta.{name}"]), name


@pytest.mark.parametrize("unseen", [B, Q], ids=["classification", "multiple choice"])
def test_a_watched_task_that_no_stage_has_trained_leaves_no_head(make_stage, unseen):
    """Its scores are those of a guess, and no later stage takes it for trained."""
    folder = make_stage("a", A, watch=[unseen])
    key = pose(unseen).key
    assert states_of(folder) == {"a": "new", key: "scored only"}
    assert not (folder / "heads.safetensors").exists()
    found, wanted = (
        load_file(place / "model.safetensors") for place in (folder, make_stage("a-2", A))
    )
    assert same(found, wanted), "it is the folder of a stage that watched nothing"
    _, _, reports = load(folder, [pose(unseen)], 99)
    assert reports[key]["carried"] == []


def test_the_epoch_that_is_kept_may_be_that_of_a_watched_task(make_stage):
    make_stage("a", A)
    settings = {"schedule": "constant", "warmup": 0.0, "lr": 3e-2, "epochs": 5}
    best = make_stage("best", B, on="a", watch=[A], select="best:a.accuracy", **settings)
    scores = [record["tasks"]["a"]["accuracy"] for record in read_manifest(best)["epochs"]]
    kept = int(np.argmax(scores)) + 1
    assert kept < 5, "otherwise there is nothing to tell apart"
    shorter = make_stage("shorter", B, on="a", watch=[A], **settings | {"epochs": kept})
    for name in ("model.safetensors", "heads.safetensors"):
        assert same(load_file(best / name), load_file(shorter / name))


@pytest.mark.parametrize("family", ["roberta", "bert"])
def test_every_head_of_a_chain_answers_as_it_was_left(make_stage, family):
    """The logits of a head that only travelled along depend on the encoder alone."""
    make_stage("q", Q, on=family)
    folder = make_stage("q+a", A, on="q", lr=0.0)
    before, after = (load(folder, [pose(Q)], 1)[0] for folder in (folder.with_name("q"), folder))
    assert same(before.state_dict(), after.state_dict())
    assert torch.equal(
        before.heads["multiple_choice"].classifier.weight,
        after.heads["multiple_choice"].classifier.weight,
    )


# To whom a stage's heads go


def test_a_head_that_goes_into_any_is_taken_over_by_another_task_that_it_fits(make_stage):
    """As from_pretrained does it, which knows shapes and no tasks."""
    one = make_stage("a", A, pass_head="any")
    assert read_manifest(one)["pass_head"] == "any"
    theirs = AutoModelForSequenceClassification.from_pretrained(one, num_labels=2).state_dict()
    model, _, reports = load(one, [pose(C)], 99)
    assert reports["c"] == {"carried": DENSE, "new": []}
    ours = model.head("c").weights(model.encoder)
    assert all(theirs[name].equal(weight) for name, weight in ours.items())


def test_a_head_that_does_not_fit_as_a_whole_is_new_as_a_whole(make_stage):
    one = make_stage("a", A, pass_head="any")
    for other in (B, N, Q):
        _, _, reports = load(one, [pose(other)], 99)
        assert next(iter(reports.values()))["carried"] == [], other["name"]


def test_a_tasks_own_head_goes_before_one_that_goes_into_any(make_stage):
    make_stage("c", C)
    two = make_stage("c+a", A, on="c", pass_head="any")
    own = heads_of(two)["c"]
    model, _, _ = load(two, [pose(C)], 99)
    assert same(own, {name: w for name, w in model.head("c").weights(model.encoder).items()})
    make_stage("a", A, pass_head="any")
    three = make_stage("a+b", B, on="a")
    assert load(three, [pose(C)], 99)[2]["c"]["new"] == [], "it still goes into any, a stage later"


def test_a_stage_may_pass_its_encoder_on_alone(make_stage):
    with_head, without = make_stage("q", Q), make_stage("q-bare", Q, pass_head="none")
    assert not (without / "heads.safetensors").exists()
    encoder = load_file(without / "model.safetensors")
    whole = load_file(with_head / "model.safetensors")
    assert encoder.keys() == {
        name.removeprefix("roberta.")
        for name in whole
        if name.startswith("roberta.") and "pooler" not in name
    }, "the pooler was as new as the head"
    assert all(whole[f"roberta.{name}"].equal(weight) for name, weight in encoder.items())
    _, _, reports = load(without, [pose(R)], 99)
    assert reports["multiple_choice"]["carried"] == []


def test_a_pooler_of_the_pretrained_model_goes_on_without_the_head(make_stage, tmp_path):
    model_in(tmp_path / "whole", "bert", head=AutoModel)
    one = make_stage("q", Q, on="whole", pass_head="none")
    assert {*POOLER} <= load_file(one / "model.safetensors").keys()


def test_heads_of_earlier_stages_go_on_beside_one_that_does_not(make_stage):
    make_stage("a", A)
    two = make_stage("a+b", B, on="a", pass_head="none")
    assert heads_of(two).keys() == {"a"}


def test_what_one_stage_says_of_its_head_is_not_said_of_the_next_ones(make_stage):
    make_stage("a", A, pass_head="any")
    two = make_stage("a+a", A, on="a")
    assert "pass_head" not in json.loads((two / "config.json").read_text())
    assert load(two, [pose(C)], 99)[2]["c"]["carried"] == []
    bare = make_stage("a+a-bare", A, on="a", pass_head="none")
    assert "pass_head" not in json.loads((bare / "config.json").read_text())
