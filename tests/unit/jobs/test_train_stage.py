"""Stages of one task: what is trained, what is left, and what the store saves."""

import os
import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForMultipleChoice, AutoModelForSequenceClassification

import stilts.jobs.train_stage
from stilts.files.manifest import file_digests, read_manifest
from stilts.files.store import Store
from stilts.jobs.train_stage import train_stage
from stilts.machine.handling import Handling
from stilts.models.batch import pack
from stilts.models.checkpoint import describe
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.tokens import encode
from tests.toys.tiny_jobs import data_in, model_in, posed_as, rows_of, stage_of
from tests.toys.tiny_models import facts_of

TASK = facts_of(name="t")
CHOICE = facts_of("multiple_choice", "q", classes=3)
NUMBERS = facts_of("regression", "n")


@pytest.fixture(scope="module")
def parents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parents")
    model_in(folder / "model")
    for task in (TASK, CHOICE, NUMBERS):
        data_in(folder / task["name"], task)
    return folder


@pytest.fixture
def trained(monkeypatch):
    """Counts how many stages were really trained."""
    calls = []
    real = stilts.jobs.train_stage.train

    def train(*given, **options):
        calls.append(1)
        return real(*given, **options)

    monkeypatch.setattr(stilts.jobs.train_stage, "train", train)
    return calls


@pytest.fixture
def make(parents, tmp_path, trained):
    """Make a stage in a folder; say whether it was trained for that."""

    def make(spec=None, name="stage", parent=None):
        spec, before = spec or stage_of(TASK), len(trained)
        data = {task["name"]: parents / task["name"] for task in (*spec["tasks"], *spec["watch"])}
        train_stage(
            spec,
            parent=parent or parents / "model",
            data=data,
            folder=tmp_path / name,
            handling=Handling(),
            store=Store(tmp_path / "store"),
        )
        return len(trained) > before

    return make


# What a stage leaves


def test_the_manifest_tells_what_was_trained_and_what_came_of_it(make, tmp_path):
    make()
    folder = tmp_path / "stage"
    manifest = read_manifest(folder)
    assert manifest["study"] == manifest["chain"] == "n" and manifest["origins"] == {}
    assert manifest["tasks"] == ["t"] and manifest["n_train"] == 10
    assert manifest["recipe"]["optimizer"] == "adamw", "the whole recipe, defaults included"
    assert [record["epoch"] for record in manifest["epochs"]] == [1, 2]
    assert manifest["variants"].items() <= manifest["epochs"][-1].items()
    assert manifest["n_validation"] == 6 and not manifest["diverged"]
    assert manifest["files"] == file_digests(folder)
    assert manifest["sha256"] == describe(folder)["sha256"]
    assert {"train", "validation", "checkpoint", "code"} == manifest["digests"].keys()
    new = [name for name in manifest["heads"]["t"]["new"]]
    assert manifest["heads"] == {
        "t": {
            "head": "classification",
            "state": "new",
            "tasks": ["t"],
            "carried": [],
            "new": sorted(new),
        }
    }
    assert new and all(name.startswith("classifier.") for name in new)


@pytest.mark.parametrize(
    ("task", "auto"),
    [
        (TASK, AutoModelForSequenceClassification),
        (NUMBERS, AutoModelForSequenceClassification),
        (CHOICE, AutoModelForMultipleChoice),
    ],
    ids=["classes", "numbers", "options"],
)
def test_a_folder_with_one_head_is_that_of_transformers_and_gives_the_same_logits(
    make, task, auto, tmp_path
):
    make(stage_of(task))
    folder = tmp_path / "stage"
    assert not (folder / "heads.safetensors").exists()
    theirs, info = auto.from_pretrained(folder, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    model, tokenizer, reports = load(folder, [pose(task)], 99)
    assert all(not report["new"] for report in reports.values())
    encoded = encode(rows_of(task, 5, 9), task["kind"], tokenizer, 30)
    with torch.no_grad():
        ours = model.eval()(pack(encoded, range(5)), task["name"])
        for example in range(5):
            places = range(example * encoded.choices, (example + 1) * encoded.choices)
            texts = [sequence(encoded, place) for place in places]
            width = max(map(len, texts))
            tokens = torch.tensor([text + [1] * (width - len(text)) for text in texts])
            given = {"input_ids": tokens, "attention_mask": (tokens != 1).long()}
            if task is CHOICE:
                given = {name: value[None] for name, value in given.items()}
            logits = theirs.eval()(**given).logits
            torch.testing.assert_close(ours[example : example + 1], logits, atol=1e-5, rtol=0)


def sequence(encoded, place):
    start = encoded.offsets[place]
    return encoded.tokens[start : start + encoded.lengths[place]].tolist()


def test_a_frozen_encoder_keeps_every_byte_while_the_head_moves(make, tmp_path):
    """Against a stage that takes no step: its head has its starting values."""
    settings = {"freeze": "encoder", "weight_decay": 0.1, "lr": 0.1}
    make(stage_of(TASK, **settings), "frozen")
    make(stage_of(TASK, **settings | {"lr": 0.0}), "start")
    start, frozen = (
        load_file(tmp_path / name / "model.safetensors") for name in ("start", "frozen")
    )
    same = {name for name in start if start[name].equal(frozen[name])}
    assert same == {name for name in start if name.startswith("roberta.")}


def test_a_pooler_that_a_frozen_encoder_lacks_is_trained_with_the_head(make, tmp_path):
    settings = {"freeze": "encoder", "lr": 0.1}
    make(stage_of(CHOICE, **settings), "frozen")
    make(stage_of(CHOICE, **settings | {"lr": 0.0}), "start")
    start, frozen = (
        load_file(tmp_path / name / "model.safetensors") for name in ("start", "frozen")
    )
    changed = {name for name in start if not start[name].equal(frozen[name])}
    poolers = {"roberta.pooler.dense.weight", "roberta.pooler.dense.bias"}
    # A softmax over options cancels the last bias.
    assert changed - {"classifier.bias"} == {"classifier.weight", *poolers}


def test_a_size_takes_a_sample_of_the_training_set(make, tmp_path):
    make(stage_of(TASK, size=6))
    assert read_manifest(tmp_path / "stage")["n_train"] == 6


def test_the_best_epochs_weights_are_left(make, tmp_path):
    settings = {"schedule": "constant", "warmup": 0.0, "lr": 3e-2, "epochs": 5}
    make(stage_of(TASK, select="best:t.accuracy", **settings), "best")
    epochs = read_manifest(tmp_path / "best")["epochs"]
    scores = [record["accuracy"] for record in epochs]
    best = scores.index(max(scores)) + 1
    assert best < 5, "otherwise there is nothing to tell apart"
    make(stage_of(TASK, **settings | {"epochs": best}), "shorter")
    weights = (file_digests(tmp_path / name)["model.safetensors"] for name in ("best", "shorter"))
    assert len({*weights}) == 1
    told = read_manifest(tmp_path / "best")["variants"]["accuracy"]
    assert told == pytest.approx(max(scores))


def test_a_stage_that_diverges_is_told_as_such(make, tmp_path):
    make(stage_of(TASK, lr=1e30, warmup=0.0))
    manifest = read_manifest(tmp_path / "stage")
    assert manifest["diverged"] and "not finite" in manifest["signs"]


# The store


def test_a_stage_that_is_made_and_whole_is_left_as_it_is(make, tmp_path):
    assert make()
    before = file_digests(tmp_path / "stage"), read_manifest(tmp_path / "stage")
    assert not make()
    assert (file_digests(tmp_path / "stage"), read_manifest(tmp_path / "stage")) == before


@pytest.mark.parametrize(
    "change",
    [
        {"lr": 2e-3},
        {"size": 8},
        {"size": 8, "subset_seed": 1},
        {"posed": {"t": posed_as(max_tokens=9)}},
    ],
    ids=lambda change: [*change][-1],
)
def test_another_stage_is_trained(make, change):
    assert make()
    assert make(stage_of(TASK, **change))


@pytest.mark.parametrize("file", ["model.safetensors", "manifest.json", "config.json"])
def test_a_stage_that_is_damaged_comes_back_from_the_store(make, tmp_path, file):
    assert make()
    wanted = file_digests(tmp_path / "stage")
    damage(tmp_path / "stage" / file)
    assert not make()
    assert file_digests(tmp_path / "stage") == wanted


@pytest.mark.parametrize("file", ["model.safetensors", "manifest.json", "config.json"])
def test_a_stage_that_is_damaged_in_the_store_too_is_trained(make, tmp_path, file):
    assert make()
    wanted = read_manifest(tmp_path / "stage")
    damage(tmp_path / "stage" / file)
    damage(next((tmp_path / "store/stages").glob(f"*/*/{file}")))
    assert make()
    assert read_manifest(tmp_path / "stage") == wanted
    shutil.rmtree(tmp_path / "stage")
    assert not make(), "and it is stored again"


def damage(path):
    """Cut a file; where it is linked elsewhere that one stays as it is."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-2])


def test_deleted_outputs_cost_no_training(make, tmp_path):
    assert make()
    wanted = {path.name: path.read_bytes() for path in (tmp_path / "stage").iterdir()}
    shutil.rmtree(tmp_path / "stage")
    assert not make()
    found = {path.name: path.read_bytes() for path in (tmp_path / "stage").iterdir()}
    assert found == wanted


def test_a_second_study_has_the_stage_restored_under_its_own_names(make, tmp_path):
    assert make()
    names = {"study": "second", "scale": "other", "chain": "named-otherwise"}
    origins = {"origins": {"lr": "the second study"}}
    assert not make(stage_of(TASK) | names | origins, "again")
    first, second = (read_manifest(tmp_path / name) for name in ("stage", "again"))
    assert second == first | names | origins
    assert file_digests(tmp_path / "again") == file_digests(tmp_path / "stage")
    for name in first["files"]:
        assert os.path.samefile(tmp_path / "again" / name, tmp_path / "stage" / name)


def test_a_study_that_scores_by_another_metric_shares_the_stage(make):
    assert make()
    assert not make(stage_of(TASK | {"metric": "f1_macro"}), "again")


def test_the_next_stage_does_not_depend_on_whose_names_the_parent_bears(make, tmp_path):
    make()
    make(stage_of(TASK) | {"study": "second"}, "again")
    next_one = stage_of(CHOICE)
    assert make(next_one, "one", tmp_path / "stage")
    assert not make(next_one, "two", tmp_path / "again")
