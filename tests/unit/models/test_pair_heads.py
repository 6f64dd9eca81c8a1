"""Heads of texts that are read apart, and the deep head, against modules made by hand."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from stilts.errors import UserError
from stilts.models.batch import IGNORED, pack
from stilts.models.encoder import pooled
from stilts.models.head import pose, set_dropout
from stilts.models.heads import pair_linear
from stilts.models.load import load
from stilts.models.save import save
from stilts.models.tokens import encode
from tests.toys.tiny_models import STILL, checkpoint, facts_of, pairs, scatter, tokenizer_of

NUMBERS = [0.0, 1.2, 2.5, 5.0, 4.0, 3.2]
KINDS = {
    "pair_linear": "pair",
    "pair_similarity": "similarity",
    "pair_similarity_bce": "similarity",
    "pair_cosine": "similarity",
}


def rows_for(kind):
    """Return six rows, labelled as their kind has it."""
    rows = pairs(6)
    if kind == "similarity":
        return [row | {"label": number} for row, number in zip(rows, NUMBERS, strict=True)]
    return rows


def encoded_of(kind, tokenizer):
    named = "classification" if kind == "classification" else "pair"
    return encode(rows_for(kind), named, tokenizer, 24)


@pytest.fixture
def make(tmp_path):
    """Return what makes a model with one head for a task `toy`, and the task's six rows."""

    def made(head, kind, family="bert"):
        folder = tmp_path / f"{head}-{family}"
        checkpoint(folder, family, **STILL)
        model, tokenizer, _ = load(folder, [pose(facts_of(kind), head)], 3)
        return scatter(model), encoded_of(kind, tokenizer)

    return made


def by_hand(head, encoder, u, v, labels):
    """Return outputs [n, 1] and the loss as the paper's text has them."""
    if head == "pair_cosine":
        inner = (u * v).sum(1) / (u.square().sum(1) * v.square().sum(1)).sqrt()
        outputs = 5 * (inner * encoder["log_factor"].exp() + encoder["shift"])[:, None]
    else:
        features = torch.cat([torch.abs(u - v), u * v], dim=-1)
        outputs = features @ encoder["linear.weight"].T + encoder["linear.bias"]
    if head == "pair_linear":
        return outputs, nn.BCEWithLogitsLoss(reduction="sum")(outputs[:, 0], labels.float())
    if head == "pair_cosine":
        return outputs, (outputs[:, 0] - labels).square().sum()
    share = torch.sigmoid(outputs)
    if head == "pair_similarity":
        return 5 * share, (5 * share[:, 0] - labels).square().sum()
    return 5 * share, nn.BCELoss(reduction="sum")(share[:, 0], labels.float() / 5)


def apart(model, encoded):
    """Return the tanh-pooled states of the first tokens by transformers, a sequence at a time."""
    ends = encoded.offsets + encoded.lengths
    states = []
    for start, end in zip(encoded.offsets, ends, strict=True):
        tokens = torch.from_numpy(encoded.tokens[start:end].astype(np.int64))[None]
        states.append(model.encoder(input_ids=tokens).pooler_output[0])
    return torch.stack(states[0::2]), torch.stack(states[1::2])


@pytest.mark.parametrize("head", KINDS)
def test_a_head_of_pairs_equals_one_made_by_hand(head, make):
    model, encoded = make(head, KINDS[head])
    batch = pack(encoded, range(6))
    model.loss(batch, "toy").backward()
    found = {name: part.grad.clone() for name, part in model.named_parameters()}
    outputs, loss = model(batch, "toy").detach(), model.loss(batch, "toy").detach()
    model.zero_grad()
    weights = dict(model.head("toy").named_parameters())
    wanted, wanted_loss = by_hand(head, weights, *apart(model, encoded), batch.labels.double())
    wanted_loss.backward()
    torch.testing.assert_close(outputs, wanted.detach(), atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(loss.double(), wanted_loss.double().detach(), atol=1e-6, rtol=1e-5)
    for name, part in model.named_parameters():
        if "key.bias" not in name:  # cancelled by the softmax
            largest = max(1.0, part.grad.abs().max().item())
            near = 1e-5 if name.startswith("encoder.") else 1e-6
            torch.testing.assert_close(
                found[name], part.grad, atol=near * largest, rtol=0, msg=name
            )


def test_the_deep_head_equals_one_made_by_hand(make):
    model, encoded = make("classification_deep", "classification")
    batch, head = pack(encoded, range(6)), model.head("toy")
    weights = head.state_dict()
    plain = nn.Sequential(
        *(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Dropout(0.0)),
        nn.Linear(32, 2),
    )
    for place, part in {0: "first", 2: "second", 5: "last"}.items():
        plain[place].load_state_dict(
            {leaf: weights[f"{part}.{leaf}"] for leaf in ("weight", "bias")}
        )
    wanted = plain(pooled(model.encoder, batch))
    torch.testing.assert_close(model(batch, "toy"), wanted, atol=1e-6, rtol=0)
    loss = functional.cross_entropy(wanted, batch.labels, reduction="sum")
    torch.testing.assert_close(model.loss(batch, "toy"), loss, atol=1e-6, rtol=0)
    model.loss(batch, "toy").backward()
    loss.backward()
    for place, part in {0: "first", 2: "second", 5: "last"}.items():
        found = getattr(head, part).weight.grad
        torch.testing.assert_close(found, plain[place].weight.grad, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_a_pair_is_encoded_as_each_of_its_texts_alone(family):
    tokenizer, rows = tokenizer_of(family), pairs(5)
    encoded = encode(rows, "pair", tokenizer, 12)
    assert (encoded.choices, len(encoded), len(encoded.lengths)) == (2, 5, 10)
    texts = [text for row in rows for side in ("first", "second") for text in row[side]]
    for text, start, length in zip(texts, encoded.offsets, encoded.lengths, strict=True):
        alone = tokenizer(text, truncation=True, max_length=12)["input_ids"]
        assert encoded.tokens[start : start + length].tolist() == alone
    assert encoded.labels.tolist() == [row["label"] for row in rows]


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_neither_text_changes_what_is_read_of_the_other(family, make):
    model, encoded = make("pair_linear", "pair", family)
    whole = pooled(model.encoder, pack(encoded, range(6)))
    few = pooled(model.encoder, pack(encoded, [4]))
    torch.testing.assert_close(whole[8:10], few, atol=1e-5, rtol=0)


def test_the_order_of_two_texts_makes_no_difference(make):
    model, _ = make("pair_linear", "pair")
    tokenizer = tokenizer_of("bert")
    turned = [row | {"first": row["second"], "second": row["first"]} for row in pairs(6)]
    one, other = (
        model(pack(encode(rows, "pair", tokenizer, 24), range(6)), "toy")
        for rows in (pairs(6), turned)
    )
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize("head", KINDS)
def test_a_pair_without_label_has_no_loss(head, make):
    model, encoded = make(head, KINDS[head])
    outputs = model(pack(encoded, range(2)), "toy")
    labels = torch.tensor([1, IGNORED] if head == "pair_linear" else [0.5, IGNORED])
    plugin = model.head("toy")
    alone = plugin.loss(outputs[:1], labels[:1])
    assert plugin.loss(outputs, labels).item() == pytest.approx(alone.item()) != 0
    assert plugin.loss(outputs, labels).isfinite()


def test_what_the_cosine_head_learns_leaves_the_order_and_pearson_of_the_cosine(make):
    model, encoded = make("pair_cosine", "similarity")
    batch, head = pack(encoded, range(6)), model.head("toy")
    u, v = apart(model, encoded)
    with torch.no_grad():
        head.log_factor.fill_(-3.0)
        head.shift.fill_(0.4)
        found = model(batch, "toy")[:, 0]
    cosine = functional.cosine_similarity(u, v).detach()
    assert np.corrcoef(found, cosine)[0, 1] == pytest.approx(1, abs=1e-5)


def test_a_cosine_head_starts_as_the_cosine_over_the_range(tmp_path):
    model, tokenizer, _ = load(
        checkpoint(tmp_path, "bert"), [pose(facts_of("similarity"), "pair_cosine")], 3
    )
    encoded = encoded_of("similarity", tokenizer)
    wanted = 5 * functional.cosine_similarity(*apart(model, encoded))
    torch.testing.assert_close(model(pack(encoded, range(6)), "toy")[:, 0], wanted)


def test_even_odds_are_drawn_and_do_not_score_full_marks():
    outputs = np.zeros((1000, 1), np.float32)
    assert pair_linear.Head.answer(outputs, None).mean() == pytest.approx(0.5, abs=0.06)
    assert pair_linear.Head.ties(outputs).all()
    clear = np.array([[2.0], [-2.0]])
    assert pair_linear.Head.answer(clear, None).tolist() == [1, 0]
    assert not pair_linear.Head.ties(clear).any()


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("pair", "classification"),
        ("similarity", "regression"),
        ("pair", "pair_similarity"),
        ("pair", "classification_deep"),
        ("similarity", "pair_linear"),
        ("classification", "pair_linear"),
        ("regression", "pair_cosine"),
        ("regression", "classification_deep"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(kind, head):
    with pytest.raises(UserError, match=f"task 'toy' of kind .* by the head '{head}'"):
        pose(facts_of(kind), head)


@pytest.mark.parametrize("head", [*KINDS, "classification_deep"])
def test_a_head_is_saved_and_carried_with_every_number(head, make, tmp_path):
    kind = KINDS.get(head, "classification")
    model, encoded = make(head, kind)
    tokenizer, batch = tokenizer_of("bert"), pack(encoded, range(6))
    save(model, tokenizer, tmp_path / "saved")
    again, _, reports = load(tmp_path / "saved", [pose(facts_of(kind), head)], 99)
    assert reports["toy"]["new"] == []
    assert model(batch, "toy").equal(again(batch, "toy"))


def test_the_setting_of_dropout_reaches_the_states(make):
    model, _ = make("pair_linear", "pair")
    set_dropout(model.head("toy"), 0.3)
    assert model.head("toy").dropout.p == 0.3
