import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMultipleChoice, AutoModelForSequenceClassification

from stilts.models.batch import pack
from stilts.models.load import copy_weights, forward, load, reset, save
from stilts.models.tokens import encode
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import checkpoint, pairs, questions

RECIPE = {"lr": 1e-3, "batch": 4, "seed": 1, "epochs": 1}
POOLER = ["roberta.pooler.dense.bias", "roberta.pooler.dense.weight"]
SCORER = ["classifier.bias", "classifier.weight"]
DENSE = [
    f"classifier.{part}.{what}" for part in ("dense", "out_proj") for what in ("bias", "weight")
]


@pytest.fixture(scope="module")
def roberta(tmp_path_factory):
    return checkpoint(tmp_path_factory.mktemp("roberta"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return checkpoint(tmp_path_factory.mktemp("bert"), "bert")


def stage(parent, folder, kind, labels=1, seed=7, task=None):
    """Load, change every weight a little, save: a stage without the training."""
    model, tokenizer, _ = load(parent, kind, labels, seed, task)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    save(model, tokenizer, folder, task)
    return folder


def same(left, right):
    assert left.keys() == right.keys()
    return all(torch.equal(left[name], right[name]) for name in left)


def test_a_pretrained_roberta_gets_a_new_head_of_either_kind(roberta):
    _, _, report = load(roberta, "classification", 2, 12)
    assert report == {"carried": [], "new": DENSE}
    _, _, report = load(roberta, "multiple_choice", 4, 12)
    assert report == {"carried": [], "new": [*SCORER, *POOLER]}


def test_multiple_choice_carries_pooler_and_scorer_to_multiple_choice(roberta, tmp_path):
    stage(roberta, tmp_path, "multiple_choice")
    model, _, report = load(tmp_path, "multiple_choice", 2, 99)
    assert report == {"carried": [*SCORER, *POOLER], "new": []}
    assert same(model.state_dict(), load_file(tmp_path / "model.safetensors"))


def test_multiple_choice_to_classification_starts_a_new_head(roberta, tmp_path):
    stage(roberta, tmp_path, "multiple_choice")
    model, _, report = load(tmp_path, "classification", 2, 12)
    assert report == {"carried": [], "new": DENSE}
    assert model.classifier.out_proj.bias.tolist() == [0, 0]
    embeddings = "roberta.embeddings.word_embeddings.weight"
    saved = load_file(tmp_path / "model.safetensors")[embeddings]
    assert torch.equal(model.state_dict()[embeddings], saved), "the encoder is the stage's"


def test_classification_to_multiple_choice_starts_a_new_head(roberta, tmp_path):
    stage(roberta, tmp_path, "classification", 2, task="cola")
    _, _, report = load(tmp_path, "multiple_choice", 2, 12)
    assert report == {"carried": [], "new": [*SCORER, *POOLER]}


def test_a_classification_head_goes_on_only_to_its_own_task(roberta, tmp_path):
    stage(roberta, tmp_path, "classification", 2, task="cola")
    _, _, report = load(tmp_path, "classification", 2, 12, task="cola")
    assert report == {"carried": DENSE, "new": []}
    for labels, task in ((2, "rte"), (3, "mednli"), (2, None)):
        model, _, report = load(tmp_path, "classification", labels, 12, task=task)
        assert report == {"carried": [], "new": DENSE}, task
        assert model.classifier.out_proj.bias.tolist() == [0] * labels


def test_the_pooler_of_a_pretrained_bert_is_part_of_its_encoder(bert, tmp_path):
    stage(bert, tmp_path, "classification", 2, task="cola")
    _, _, report = load(tmp_path, "multiple_choice", 2, 12)
    assert report == {
        "carried": ["bert.pooler.dense.bias", "bert.pooler.dense.weight"],
        "new": SCORER,
    }


@pytest.mark.parametrize("family", ["electra", "mobilebert", "squeezebert"])
@pytest.mark.parametrize("kind", ["classification", "multiple_choice"])
def test_every_family_loads_runs_and_carries_its_scorer(family, kind, tmp_path):
    checkpoint(tmp_path / "base", family)
    stage(tmp_path / "base", tmp_path / "stage", kind, 2, task="t")
    model, tokenizer, report = load(tmp_path / "stage", kind, 2, 5, task="t")
    assert report["new"] == []
    rows = pairs(3) if kind == "classification" else questions(3)
    batch = pack(encode(rows, kind, tokenizer, 20), range(3))
    assert forward(model, batch).shape == (3, 2 if kind == "classification" else 3)


def test_the_new_head_depends_on_the_seed_only(roberta, tmp_path):
    stage(roberta, tmp_path, "multiple_choice")
    torch.manual_seed(123)
    one = load(roberta, "classification", 2, 12)[0].classifier.state_dict()
    torch.rand(7)
    assert same(one, load(roberta, "classification", 2, 12)[0].classifier.state_dict())
    assert same(one, load(tmp_path, "classification", 2, 12)[0].classifier.state_dict())
    assert not same(one, load(roberta, "classification", 2, 42)[0].classifier.state_dict())
    assert 0.015 < one["dense.weight"].std() < 0.025, "the family's initialiser, 0.02"


def test_a_reset_model_equals_a_fresh_load(roberta):
    model, tokenizer, report = load(roberta, "classification", 2, 12)
    start = copy_weights(model)
    encoded = encode(pairs(8), "classification", tokenizer, 20)
    train(Workspace(model), encoded, RECIPE)
    assert not same(copy_weights(model), start)
    reset(model, start, report, 42)
    fresh, _, _ = load(roberta, "classification", 2, 42)
    assert same(copy_weights(model), copy_weights(fresh))
    train(Workspace(model), encoded, RECIPE)
    train(Workspace(fresh), encoded, RECIPE)
    assert same(copy_weights(model), copy_weights(fresh)), "and it trains to the same bytes"


@pytest.mark.parametrize("kind", ["classification", "multiple_choice"])
def test_a_saved_model_reads_as_any_transformers_checkpoint(kind, roberta, tmp_path):
    model, tokenizer, _ = load(roberta, kind, 3, 12)
    encoded = encode(pairs(4) if kind == "classification" else questions(4), kind, tokenizer, 40)
    train(Workspace(model), encoded, RECIPE)
    save(model, tokenizer, tmp_path, "toy")
    assert (tmp_path / "model.safetensors").stat().st_size > 0
    assert not list(tmp_path.glob("*.bin"))
    auto = (
        AutoModelForSequenceClassification
        if kind == "classification"
        else AutoModelForMultipleChoice
    )
    assert same(auto.from_pretrained(tmp_path).state_dict(), model.state_dict())
    assert "attn_implementation" not in (tmp_path / "config.json").read_text()


def test_loading_is_silent_and_fp32(roberta, tmp_path, capfd):
    half = {k: v.half() for k, v in load_file(roberta / "model.safetensors").items()}
    for file in roberta.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    save_file(half, tmp_path / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((tmp_path / "config.json").read_text()) | {"dtype": "float16"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    capfd.readouterr()
    model, tokenizer, _ = load(tmp_path, "classification", 2, 12)
    save(model, tokenizer, tmp_path / "again")
    assert capfd.readouterr() == ("", "")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_pickled_weights_are_refused(roberta, tmp_path):
    for file in roberta.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    state = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    torch.save(state, tmp_path / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        load(tmp_path, "classification", 2, 12)


def test_a_checkpoint_without_its_encoder_is_refused(roberta, tmp_path):
    for file in roberta.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    state = load_file(tmp_path / "model.safetensors")
    lost = "roberta.encoder.layer.1.output.dense.weight"
    del state[lost]
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=f"lacks 1 weights of the encoder .{lost}"):
        load(tmp_path, "classification", 2, 12)


def test_a_kind_without_head_is_refused(roberta):
    with pytest.raises(ValueError, match="kind 'corpus' has no head"):
        load(roberta, "corpus", 2, 12)
