import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMultipleChoice, AutoModelForSequenceClassification

from stilts.models.head import pose
from stilts.models.load import copy_weights, load, reset, start_encoder
from stilts.models.save import save
from stilts.models.tokens import encode
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import checkpoint, facts_of, pairs, questions, weights_of

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


@pytest.fixture
def copied(roberta, tmp_path):
    """A copy whose weights a test may rewrite."""
    return shutil.copytree(roberta, tmp_path / "copied")


def posed(kind="classification", name="toy", classes=2):
    return pose(facts_of(kind, name, classes))


def load_one(folder, task, seed=12):
    """Load a model for one task; return it with the tokenizer and the report of its one head."""
    model, tokenizer, reports = load(folder, [task], seed)
    assert list(reports) == [task.key]
    return model, tokenizer, reports[task.key]


def report_of(folder, task):
    return load_one(folder, task)[2]


def head_of(folder, task, seed=12):
    return weights_of(load_one(folder, task, seed)[0].head(task.name))


def stage(parent, folder, task, seed=7):
    """Load, change every weight a little, save: a stage without the training."""
    model, tokenizer, _ = load_one(parent, task, seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)
    save(model, tokenizer, folder)
    return folder


def same(left, right):
    assert left.keys() == right.keys()
    return all(torch.equal(left[name], right[name]) for name in left)


def test_a_pretrained_roberta_gets_a_new_head_of_either_kind(roberta):
    assert report_of(roberta, posed()) == {"carried": [], "new": DENSE}
    assert report_of(roberta, posed("regression")) == {"carried": [], "new": DENSE}
    report = report_of(roberta, posed("multiple_choice"))
    assert report == {"carried": [], "new": [*SCORER, *POOLER]}


def test_multiple_choice_carries_pooler_and_scorer_to_multiple_choice(roberta, tmp_path):
    stage(roberta, tmp_path, posed("multiple_choice"))
    task = posed("multiple_choice", "another")
    model, _, report = load_one(tmp_path, task, 99)
    assert report == {"carried": [*SCORER, *POOLER], "new": []}
    saved = load_file(tmp_path / "model.safetensors")
    assert same(model.head("another").owner.state_dict(), saved)


def test_multiple_choice_to_classification_starts_a_new_head(roberta, tmp_path):
    stage(roberta, tmp_path, posed("multiple_choice"))
    model, _, report = load_one(tmp_path, posed())
    assert report == {"carried": [], "new": DENSE}
    assert model.head("toy").classifier.out_proj.bias.tolist() == [0, 0]
    words = model.encoder.get_input_embeddings().weight
    saved = load_file(tmp_path / "model.safetensors")
    wanted = saved["roberta.embeddings.word_embeddings.weight"]
    assert torch.equal(words, wanted), "the encoder is the stage's"


def test_classification_to_multiple_choice_starts_a_new_head(roberta, tmp_path):
    stage(roberta, tmp_path, posed("classification", "cola"))
    report = report_of(tmp_path, posed("multiple_choice", "cola"))
    assert report == {"carried": [], "new": [*SCORER, *POOLER]}


def test_a_classification_head_goes_on_only_to_its_own_task(roberta, tmp_path):
    stage(roberta, tmp_path, posed("classification", "cola"))
    report = report_of(tmp_path, posed("classification", "cola"))
    assert report == {"carried": DENSE, "new": []}
    for task in (posed("classification", "rte"), posed("classification", "mednli", 3)):
        model, _, report = load_one(tmp_path, task)
        assert report == {"carried": [], "new": DENSE}, task
        assert not model.head(task.name).classifier.out_proj.bias.any()


def test_a_head_of_another_form_starts_anew_in_the_same_task(roberta, tmp_path):
    stage(roberta, tmp_path, posed("classification", "cola"))
    assert report_of(tmp_path, posed("regression", "cola"))["carried"] == []
    report = report_of(tmp_path, posed("classification", "cola", 3))
    assert report["new"] == DENSE[2:], "classes that are more have a new scorer"


def test_the_head_of_a_regression_goes_on_to_its_own_task(roberta, tmp_path):
    stage(roberta, tmp_path, posed("regression", "sts"))
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["problem_type"], len(config["id2label"])) == ("regression", 1)
    assert report_of(tmp_path, posed("regression", "sts")) == {"carried": DENSE, "new": []}
    for task in (posed("regression", "other"), posed("classification", "sts", 1)):
        assert report_of(tmp_path, task)["carried"] == []
    assert report_of(tmp_path, posed("multiple_choice"))["carried"] == []


def test_the_pooler_of_a_pretrained_bert_is_part_of_its_encoder(bert, tmp_path):
    stage(bert, tmp_path, posed("classification", "cola"))
    assert report_of(tmp_path, posed("multiple_choice")) == {
        "carried": ["bert.pooler.dense.bias", "bert.pooler.dense.weight"],
        "new": SCORER,
    }


def test_the_new_head_depends_on_the_seed_only(roberta, tmp_path):
    stage(roberta, tmp_path, posed("multiple_choice"))
    torch.manual_seed(123)
    one = head_of(roberta, posed())
    torch.rand(7)
    assert one == head_of(roberta, posed("classification", "other"))
    assert one == head_of(tmp_path, posed())
    assert one != head_of(roberta, posed(), 42)
    dense = load_one(roberta, posed())[0].head("toy").classifier.dense
    assert 0.015 < dense.weight.std() < 0.025, "the family's initialiser, 0.02"


def test_a_reset_model_equals_a_fresh_load(roberta):
    model, tokenizer, reports = load(roberta, [posed()], 12)
    start = copy_weights(model)
    encoded = {"toy": encode(pairs(8), "classification", tokenizer, 20)}
    train(Workspace(model), encoded, RECIPE)
    assert not same(copy_weights(model), start)
    reset(model, start, reports, 42)
    fresh, _, _ = load(roberta, [posed()], 42)
    assert same(copy_weights(model), copy_weights(fresh))
    train(Workspace(model), encoded, RECIPE)
    train(Workspace(fresh), encoded, RECIPE)
    assert same(copy_weights(model), copy_weights(fresh)), "and it trains to the same bytes"


@pytest.mark.parametrize("kind", ["classification", "multiple_choice"])
def test_a_saved_model_reads_as_any_transformers_checkpoint(kind, roberta, tmp_path):
    model, tokenizer, _ = load_one(roberta, posed(kind, classes=3))
    encoded = encode(pairs(4) if kind == "classification" else questions(4), kind, tokenizer, 40)
    train(Workspace(model), {"toy": encoded}, RECIPE)
    save(model, tokenizer, tmp_path)
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    auto = (
        AutoModelForSequenceClassification
        if kind == "classification"
        else AutoModelForMultipleChoice
    )
    saved = auto.from_pretrained(tmp_path).state_dict()
    assert same(saved, model.head("toy").owner.state_dict())
    assert "attn_implementation" not in (tmp_path / "config.json").read_text()


def test_loading_is_silent_and_fp32(copied, tmp_path, capfd):
    half = {k: v.half() for k, v in load_file(copied / "model.safetensors").items()}
    save_file(half, copied / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((copied / "config.json").read_text()) | {"dtype": "float16"}
    (copied / "config.json").write_text(json.dumps(config))
    capfd.readouterr()
    for count in (1, 3):
        tasks = [posed(), posed("multiple_choice", "mc"), posed("regression", "sts")][:count]
        model, tokenizer, _ = load(copied, tasks, 12)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        assert not any(module.training for module in model.modules())
        save(model, tokenizer, tmp_path / f"again-{count}")
        assert capfd.readouterr() == ("", "")


def test_pickled_weights_are_refused(copied):
    state = load_file(copied / "model.safetensors")
    (copied / "model.safetensors").unlink()
    torch.save(state, copied / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        load(copied, [posed()], 12)


def test_a_checkpoint_without_its_encoder_is_refused(copied):
    state = load_file(copied / "model.safetensors")
    lost = "encoder.layer.1.output.dense.weight"
    del state[f"roberta.{lost}"]
    save_file(state, copied / "model.safetensors", metadata={"format": "pt"})
    for tasks in ([posed()], [posed(), posed("multiple_choice", "mc")]):
        with pytest.raises(ValueError, match=f"lacks 1 weights of the encoder .{lost}"):
            load(copied, tasks, 12)


def test_a_kind_without_head_is_refused():
    with pytest.raises(ValueError, match="kind 'corpus' has no answers to learn: it has no head"):
        posed("corpus")


@pytest.mark.parametrize("family", ["roberta", "bert"])
def test_an_encoder_that_starts_anew_has_the_familys_own_values_by_its_seed(family, request):
    folder = request.getfixturevalue(family)
    came, anew, again, other = (load_one(folder, posed())[0] for _ in range(4))
    for model, seed in ((anew, 3), (again, 3), (other, 4)):
        start_encoder(model, seed)
    states = [model.encoder.state_dict() for model in (came, anew, again, other)]
    for name, weight in states[0].items():
        drawn = [state[name] for state in states[1:]]
        torch.testing.assert_close(drawn[0], drawn[1])
        if weight.dim() > 1 and not name.startswith("pooler."):
            assert not torch.equal(weight, drawn[0]) and not torch.equal(drawn[0], drawn[2]), name
            spread = came.encoder.config.initializer_range
            assert drawn[0].std().item() == pytest.approx(spread, rel=0.35), name
    heads = [model.head("toy").weights(model.encoder) for model in (came, anew)]
    assert all(
        torch.equal(heads[1][name], heads[0][name]) for name in heads[0] if "pooler" not in name
    )
