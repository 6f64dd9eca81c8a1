import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMultipleChoice, AutoModelForSequenceClassification

from stilts.models import heads
from stilts.models.batch import pack
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.save import save
from stilts.models.stored_heads import has_pooler, read_heads
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import checkpoint, facts_of, random_encoded, scatter, weights_of

COLA = pose(facts_of("classification", "cola", 3))
CHOICE = pose(facts_of("multiple_choice", "choice"))
STS = pose(facts_of("regression", "sts"))
TASKS = (COLA, CHOICE, STS)
DECAYED = {"lr": 1e-2, "batch": 4, "seed": 1, "epochs": 1, "weight_decay": 0.1}


@pytest.fixture(scope="module")
def base_of(tmp_path_factory):
    """Folders of language models, as transformers saves them."""
    made = {}

    def base_of(family):
        if family not in made:
            made[family] = checkpoint(tmp_path_factory.mktemp(family), family)
        return made[family]

    return base_of


@pytest.fixture
def mean_state(monkeypatch):
    """A head that is not transformers': a task with the toy of the plug-ins."""
    toys = str(Path(__file__).parents[2] / "toys/plugins")
    monkeypatch.setattr(heads, "__path__", [*heads.__path__, toys])
    yield pose(facts_of("regression", "mean"), "mean_state")
    sys.modules.pop("stilts.models.heads.mean_state", None)
    vars(heads).pop("mean_state", None)


def stage(parent, folder, tasks, seed=7, **settings):
    """Load, scatter every weight, save: a stage without the training."""
    model, tokenizer, _ = load(parent, tasks, seed, **settings)
    save(scatter(model), tokenizer, folder)
    return folder


def trained(parent, folder, task, others=(), **settings):
    """Train one task of several for a few steps and save; return the model."""
    model, tokenizer, _ = load(parent, [task, *others], 7, **settings)
    for other in others:
        model.head(other.name).requires_grad_(False)
    train(Workspace(model), {task.name: batch_of(task)}, DECAYED)
    save(model, tokenizer, folder)
    return model


def batch_of(task):
    choices, classes = 3 if task is CHOICE else 1, 0 if task is STS else 3
    return random_encoded(8, choices, vocabulary=25, classes=classes)


def outputs(model, task):
    with torch.inference_mode():
        return model(pack(batch_of(task), range(8)), task.name)


def head_weights(model, task):
    """The bytes of a head, and of a pooler that it reads."""
    return {name: weights_of(module) for name, module in model.head(task.name).owned(model.encoder)}


def pooler_of(folder):
    saved = load_file(folder / "model.safetensors")
    return {name: saved[name].numpy().tobytes() for name in saved if "pooler" in name}


# Several tasks, one encoder


@pytest.mark.parametrize(
    "family", ["roberta", "bert", "electra", "distilbert", "gpt2", "deberta-v2", "modernbert"]
)
def test_tasks_of_one_model_are_answered_as_by_a_model_each(family, base_of, tmp_path):
    """When their heads are new, and when they are carried over together or one by one."""
    stage(base_of(family), tmp_path / "stage", TASKS)
    for folder, state in ((base_of(family), "new"), (tmp_path / "stage", "carried")):
        together, _, reports = load(folder, TASKS, 5)
        assert list(reports) == ["cola", "multiple_choice", "sts"]
        for task in TASKS:
            alone, _, report = load(folder, [task], 5)
            assert report == {task.key: reports[task.key]} and report[task.key][state]
            assert state == "new" or report[task.key]["new"] == []
            assert head_weights(alone, task) == head_weights(together, task)
            torch.testing.assert_close(outputs(alone, task), outputs(together, task))
    assert len({tuple(outputs(together, task).flatten().tolist()) for task in TASKS}) == 3


@pytest.mark.parametrize("family", ["roberta", "gpt2"])
def test_several_heads_lie_beside_an_encoder_that_transformers_reads(family, base_of, tmp_path):
    model, tokenizer, _ = load(base_of(family), TASKS, 5)
    save(scatter(model), tokenizer, tmp_path)
    assert weights_of(AutoModel.from_pretrained(tmp_path)) == weights_of(model.encoder)
    assert {name: found.head for name, found in read_heads(tmp_path).items()} == {
        "cola": "classification",
        "multiple_choice": "multiple_choice",
        "sts": "regression",
    }
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["finetuning_task"] is None
    assert not {"id2label", "problem_type"} & {key for key, value in config.items() if value}
    with safe_open(tmp_path / "heads.safetensors", framework="pt") as file:
        assert all(key.split("/")[0] in ("cola", "multiple_choice", "sts") for key in file.keys())


def test_saving_again_writes_the_same_bytes(base_of, tmp_path):
    stage(base_of("roberta"), tmp_path / "one", TASKS)
    model, tokenizer, _ = load(tmp_path / "one", TASKS, 5)
    save(model, tokenizer, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_multiple_choices_of_one_model_share_a_head(base_of, tmp_path):
    tasks = [pose(facts_of("multiple_choice", name)) for name in ("a", "b")]
    stage(base_of("bert"), tmp_path, tasks)
    assert not (tmp_path / "heads.safetensors").exists(), "one head is transformers' own form"
    assert json.loads((tmp_path / "config.json").read_text())["finetuning_task"] == "a~b"
    assert load(tmp_path, [CHOICE], 5)[2]["multiple_choice"]["new"] == []


@pytest.mark.parametrize("family", ["roberta", "bert", "modernbert"])
def test_a_head_of_our_own_stands_beside_others_or_alone(family, base_of, tmp_path, mean_state):
    linear = ["linear.bias", "linear.weight"]
    for tasks in ([mean_state], [mean_state, COLA], [CHOICE, mean_state]):
        folder = stage(base_of(family), tmp_path / tasks[-1].name, tasks)
        assert (folder / "heads.safetensors").exists()
        model, _, reports = load(folder, tasks, 5)
        assert reports["mean"] == {"carried": linear, "new": []}
        assert not any(report["new"] for report in reports.values())
        for task in tasks:
            alone, _, _ = load(folder, [task], 5)
            assert head_weights(alone, task) == head_weights(model, task)
        if tasks == [mean_state]:
            assert getattr(model.encoder, "pooler", None) is None, "nothing reads it"
            assert load(folder, [COLA], 5)[2]["cola"]["new"]


# Heads that a stage passes on


@pytest.mark.parametrize("family", ["roberta", "mpnet"])
def test_a_head_that_a_stage_does_not_use_travels_on_with_its_pooler(family, base_of, tmp_path):
    """Their classification reads no pooler, their multiple choice does."""
    stage(base_of(family), tmp_path / "one", [CHOICE])
    model = trained(tmp_path / "one", tmp_path / "two", COLA, pass_on=True)
    assert list(model.heads) == ["cola"] and list(model.passed) == ["multiple_choice"]
    trained(tmp_path / "two", tmp_path / "three", STS, pass_on=True)
    before, _, _ = load(tmp_path / "one", [CHOICE], 5)
    after, _, reports = load(tmp_path / "three", [CHOICE], 6)
    assert reports["multiple_choice"]["new"] == []
    assert head_weights(after, CHOICE) == head_weights(before, CHOICE)
    assert weights_of(after.encoder.encoder) != weights_of(before.encoder.encoder)
    assert set(pooler_of(tmp_path / "two").values()) == set(pooler_of(tmp_path / "one").values())
    assert list(read_heads(tmp_path / "three")) == ["multiple_choice", "cola", "sts"]


def test_a_head_that_is_only_watched_keeps_its_pooler(base_of, tmp_path):
    stage(base_of("roberta"), tmp_path / "one", [CHOICE])
    trained(tmp_path / "one", tmp_path / "two", COLA, [CHOICE])
    before, after = (load(tmp_path / name, [CHOICE], 5)[0] for name in ("one", "two"))
    assert head_weights(after, CHOICE) == head_weights(before, CHOICE)


def test_without_passing_on_only_the_heads_of_the_tasks_are_left(base_of, tmp_path):
    stage(base_of("roberta"), tmp_path / "one", TASKS)
    stage(tmp_path / "one", tmp_path / "two", [STS])
    assert list(read_heads(tmp_path / "two")) == ["sts"]
    assert pooler_of(tmp_path / "two") == {}


@pytest.mark.parametrize(
    ("family", "there"), [("bert", True), ("electra", False), ("deberta", False)]
)
def test_a_pooler_is_the_encoders_where_it_stands_inside(family, there, base_of, tmp_path):
    """DeBERTa's stands beside the encoder and is its head's."""
    for name, tasks in (("one", [COLA]), ("two", [COLA, CHOICE])):
        assert has_pooler(stage(base_of(family), tmp_path / name, tasks)) == there


@pytest.mark.parametrize("family", ["roberta", "bert", "electra"])
def test_a_head_that_is_forgotten_leaves_nothing_behind(family, base_of, tmp_path):
    """Neither its weights nor a new pooler, which a later stage would take for a trained one."""
    model, tokenizer, _ = load(base_of(family), [COLA, CHOICE], 5)
    model.forget("multiple_choice")
    save(model, tokenizer, tmp_path / "two")
    alone, tokenizer, _ = load(base_of(family), [COLA], 5)
    save(alone, tokenizer, tmp_path / "one")
    assert {path.name for path in (tmp_path / "two").iterdir()} == {
        path.name for path in (tmp_path / "one").iterdir()
    }
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_pooler_that_a_head_on_its_way_reads_is_not_forgotten(base_of, tmp_path, mean_state):
    stage(base_of("roberta"), tmp_path / "one", [CHOICE])
    model, tokenizer, _ = load(tmp_path / "one", [COLA, STS], 5, pass_on=True)
    model.forget("sts")
    save(model, tokenizer, tmp_path / "two")
    assert set(pooler_of(tmp_path / "two").values()) == set(pooler_of(tmp_path / "one").values())


# What pretraining has trained beside the encoder


def test_what_was_pretrained_goes_with_the_encoder_through_several_heads(base_of, tmp_path):
    """ModernBERT's dense part of a head: every task trains one, a new task takes the last."""
    part = ["head.dense.weight", "head.norm.weight"]
    base = load_file(base_of("modernbert") / "model.safetensors")
    model, _, reports = load(base_of("modernbert"), TASKS, 5)
    for task in TASKS:
        assert reports[task.key]["carried"] == part
        assert torch.equal(model.head(task.name).head.dense.weight, base[part[0]])
    stage(base_of("modernbert"), tmp_path / "one", [COLA])
    stage(tmp_path / "one", tmp_path / "two", [CHOICE], pass_on=True)
    stage(tmp_path / "two", tmp_path / "three", [COLA], pass_on=True)
    for name, last in (("two", "multiple_choice"), ("three", "cola")):
        model, _, reports = load(tmp_path / name, [STS], 5)
        assert reports["sts"]["carried"] == part
        stored = read_heads(tmp_path / name)
        assert torch.equal(model.head("sts").head.dense.weight, stored[last].tensors[part[0]])
        assert len(stored) == 2
        if name == "two":
            weights = [head.tensors[part[0]] for head in stored.values()]
            assert not torch.equal(*weights), "each task trained its own"


# Heads that others have trained


@pytest.mark.parametrize(
    ("family", "auto", "labels", "task"),
    [
        ("roberta", AutoModelForMultipleChoice, 2, CHOICE),
        ("gpt2", AutoModelForSequenceClassification, 1, CHOICE),
        ("bert", AutoModelForSequenceClassification, 1, None),
        ("bert", AutoModelForSequenceClassification, 3, None),
    ],
)
def test_a_multiple_choice_that_others_have_trained_is_carried(
    family, auto, labels, task, tmp_path
):
    """In families without a class for it that is a head with one label."""
    checkpoint(tmp_path, family, auto, num_labels=labels)
    stored = {name: found.head for name, found in read_heads(tmp_path).items()}
    assert stored == ({"multiple_choice": "multiple_choice"} if task else {})
    for wanted in TASKS:
        report = load(tmp_path, [wanted], 5)[2][wanted.key]
        assert (report["new"] == []) == (wanted is task)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_head_is_carried_from_a_checkpoint_in_several_files(task, base_of, tmp_path):
    model, tokenizer, _ = load(base_of("roberta"), [task], 5)
    owner = scatter(model).head(task.name).owner
    owner.config.finetuning_task = task.name
    owner.save_pretrained(tmp_path, max_shard_size="20KB")
    tokenizer.save_pretrained(tmp_path)
    assert not (tmp_path / "model.safetensors").exists()
    again, _, reports = load(tmp_path, [task], 6)
    assert reports[task.key]["new"] == []
    assert weights_of(again.head(task.name).owner) == weights_of(owner)
