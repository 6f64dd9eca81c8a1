import numpy as np
import pytest
import torch
from torch.nn import functional

from stilts.errors import UserError
from stilts.models.batch import IGNORED, pack, padded
from stilts.models.choosing import largest, tied
from stilts.models.encoder import pooled
from stilts.models.head import Head, pose, set_dropout
from stilts.models.heads import classification, multiple_choice, regression
from stilts.models.load import load
from stilts.models.save import save
from tests.toys.tiny_models import (
    STILL,
    checkpoint,
    facts_of,
    fresh,
    random_encoded,
    several,
    weights_of,
)


def test_the_answer_is_the_best_option():
    outputs = np.array([[0.1, 0.2], [3, -1], [0, 1e-6]])
    assert largest(outputs).tolist() == [1, 0, 1]
    for head in (classification.Head, multiple_choice.Head):
        assert head.answer(outputs, None).tolist() == [1, 0, 1]


def test_ties_do_not_score_full_marks_when_gold_is_always_first():
    outputs = np.zeros((1000, 4), np.float32)
    assert np.mean(largest(outputs) == 0) == pytest.approx(0.25, abs=0.05)
    assert largest(outputs).tolist() == largest(outputs).tolist(), "the draw is deterministic"


def test_a_tie_is_drawn_among_the_best_only_and_spares_the_other_rows():
    outputs = np.tile(np.array([[1.0, 0.0, 1.0]]), (200, 1))
    outputs[0] = [0, 5, 0]
    drawn = largest(outputs)
    assert drawn[0] == 1
    assert set(drawn[1:]) == {0, 2}
    assert tied(outputs).tolist() == [False, *[True] * 199]


def test_outputs_that_are_not_numbers_count_as_a_tie():
    outputs = np.full((400, 2), np.nan, np.float32)
    assert np.mean(largest(outputs) == 0) == pytest.approx(0.5, abs=0.1)


def test_the_answer_of_a_regression_is_its_number_and_never_a_class():
    outputs = np.array([[0.25], [4.5], [-1.0]], np.float32)
    assert regression.Head.answer(outputs, None).tolist() == [0.25, 4.5, -1.0]
    assert not regression.Head.ties(outputs).any()


@pytest.mark.parametrize(
    ("kind", "head", "key"),
    [
        ("classification", "classification", "toy"),
        ("regression", "regression", "toy"),
        ("multiple_choice", "multiple_choice", "multiple_choice"),
    ],
)
def test_a_head_is_named_by_its_task_or_where_tasks_share_it_by_itself(kind, head, key):
    task = pose(facts_of(kind))
    assert (task.name, task.head, task.key) == ("toy", head, key)


def test_a_setting_names_another_head():
    assert pose(facts_of("regression"), "regression").head == "regression"
    with pytest.raises(UserError, match="task 'toy': unknown head 'poet'; allowed: classification"):
        pose(facts_of("classification"), "poet").plugin  # noqa: B018


def test_tasks_of_one_model_share_the_head_of_multiple_choice_and_no_other():
    model = several("bert", {"a": "multiple_choice", "b": "multiple_choice", "c": "classification"})
    assert model.head("a") is model.head("b")
    assert model.answers == {"a": "multiple_choice", "b": "multiple_choice", "c": "c"}
    model.forget("multiple_choice")
    assert model.answers == {"c": "c"} and list(model.heads) == ["c"]
    assert [*model.parts] == [model.head("c")]


@pytest.mark.parametrize("family", ["roberta", "bert", "electra", "mobilebert"])
def test_the_loss_of_a_regression_equals_that_of_transformers(family):
    """In the loss and in every gradient, for a batch and its sum over parts."""
    ours, theirs = (fresh(family, "regression", **STILL) for _ in range(2))
    encoded = random_encoded(6, classes=0)
    assert encoded.labels.dtype == np.float64
    batch = pack(encoded, range(6))
    tokens, types, visible = padded(batch, theirs.config.pad_token_id)
    owner = theirs.head("toy").owner
    assert owner.config.problem_type == "regression" and owner.config.num_labels == 1
    arguments = {"input_ids": tokens, "token_type_ids": types, "attention_mask": visible}
    wanted = owner(**arguments, labels=batch.labels.float()).loss
    wanted.backward()
    found = sum(ours.loss(pack(encoded, part), "toy") for part in ([0, 3], [1, 2, 4, 5])) / 6
    found.backward()
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    for (name, left), right in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if right.grad is not None:
            torch.testing.assert_close(left.grad, right.grad, atol=1e-5, rtol=1e-5, msg=name)


@pytest.mark.parametrize("kind", ["classification", "multiple_choice"])
def test_the_loss_of_classes_equals_cross_entropy(kind):
    choices = 3 if kind == "multiple_choice" else 1
    model, batch = fresh("bert", kind, **STILL), pack(random_encoded(6, choices), range(6))
    wanted = functional.cross_entropy(model(batch, "toy"), batch.labels, reduction="sum")
    torch.testing.assert_close(model.loss(batch, "toy"), wanted)


@pytest.mark.parametrize("head", [classification, multiple_choice, regression])
def test_an_example_without_label_has_no_loss(head):
    outputs = torch.tensor([[1.0], [3.0]]) if head is regression else torch.eye(2)
    labels = torch.tensor([0.5, IGNORED] if head is regression else [1, IGNORED])
    alone = head.Head.loss(None, outputs[:1], labels[:1])
    assert head.Head.loss(None, outputs, labels) == alone != 0


@pytest.mark.parametrize("family", ["roberta", "bert", "electra", "deberta", "deberta-v2"])
def test_dropout_of_a_head_leaves_the_encoders_alone(family):
    model = fresh(family, "classification", hidden_dropout_prob=0.1)
    encoder = dropouts(model.encoder)
    set_dropout(model.head("toy"), 0.4)
    assert dropouts(model.encoder) == encoder and set(encoder.values()) != {0.4}
    found = set(dropouts(model.head("toy")).values())
    assert found == {0.4}


def dropouts(module):
    """Return what every dropout layer drops, by name, whatever its class calls it."""
    return {
        name: part.p if hasattr(part, "p") else part.drop_prob
        for name, part in module.named_modules()
        if "Dropout" in type(part).__name__
    }


def test_the_setting_reaches_the_head_that_is_loaded_and_not_the_encoder(tmp_path):
    checkpoint(tmp_path, "bert", hidden_dropout_prob=0.1)
    task = pose(facts_of("classification"))
    plain, set_ = (load(tmp_path, [task], 1, dropout=share)[0] for share in (None, 0.4))
    assert dropouts(plain.encoder) == dropouts(set_.encoder)
    assert set(dropouts(plain.head("toy")).values()) == {0.1}
    assert set(dropouts(set_.head("toy")).values()) == {0.4}


class Scaled(Head):
    """A head with a parameter that is in none of its modules."""

    def __init__(self, config, facts):
        super().__init__()
        self.linear = torch.nn.Linear(config.hidden_size, 2)
        self.scale = torch.nn.Parameter(torch.ones(2))

    def forward(self, encoder, batch):
        return self.linear(pooled(encoder, batch)) * self.scale


def test_a_parameter_of_a_head_itself_is_started_kept_and_carried(tmp_path, monkeypatch):
    monkeypatch.setattr(classification, "Head", Scaled)
    monkeypatch.setattr(Scaled, "__module__", classification.__name__)
    task = pose(facts_of("classification"))
    model, tokenizer, reports = load(checkpoint(tmp_path / "base"), [task], 1)
    names = ["linear.bias", "linear.weight", "scale"]
    assert reports["toy"] == {"carried": [], "new": names}
    with torch.no_grad():
        model.head("toy").scale.copy_(torch.tensor([2.0, 3.0]))
    save(model, tokenizer, tmp_path / "stage")
    again, _, reports = load(tmp_path / "stage", [task], 99)
    assert reports["toy"] == {"carried": names, "new": []}
    assert weights_of(again) == weights_of(model)


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("classification", "regression"),
        ("regression", "classification"),
        ("multiple_choice", "classification"),
        ("classification", "multiple_choice"),
    ],
)
def test_a_head_that_does_not_fit_its_task_is_refused_in_one_line(kind, head):
    with pytest.raises(UserError, match=f"task 'toy' of kind .* by the head '{head}'"):
        pose(facts_of(kind), head)


@pytest.mark.parametrize("family", ["roberta", "bert", "mobilebert"])
@pytest.mark.parametrize("kind", ["classification", "multiple_choice"])
def test_the_head_computes_in_fp32_whatever_the_encoder_does(family, kind, tmp_path):
    facts = facts_of(kind, classes=3)
    model, _, _ = load(checkpoint(tmp_path / "model", family, **STILL), [pose(facts)], 1)
    choices = 3 if kind == "multiple_choice" else 1
    encoded = random_encoded(40, choices, vocabulary=26)
    batch = pack(encoded, range(40))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logits = model(batch, "toy")
    assert logits.dtype == torch.float32
    coarse = logits.bfloat16().float()
    assert (logits != coarse).float().mean() > 0.9, "not numbers of bf16 that were widened"
