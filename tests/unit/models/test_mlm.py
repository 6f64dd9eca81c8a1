from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM

from stilts.errors import UserError
from stilts.models.batch import IGNORED, pack, padded
from stilts.models.head import pose
from stilts.models.heads import mlm
from stilts.models.load import copy_weights, load
from stilts.models.save import save
from stilts.models.tokens import encode
from stilts.tasks.kinds import masked_text
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_jobs import RECIPE
from tests.toys.tiny_models import STILL, checkpoint, facts_of, several

FACTS = {"name": "texts", "kind": "masked_text", "labels": [], "range": [0, 1], "metric": "found"}
TEXTS = ["the cat sat on the mat", "a dog", "the dog saw the cat on a mat and sat", "mat"]
FAMILIES = ["roberta", "bert", "mpnet"]


def rows_of(texts):
    return masked_text.rows({"name": "texts", "text": "{text}"}, [{"text": one} for one in texts])


@pytest.fixture(params=FAMILIES)
def model(request, tmp_path):
    """A pretrained model with its own head for hidden words, and its folder."""
    folder = checkpoint(tmp_path / "whole", request.param, **STILL)
    return load(folder, [pose(FACTS)], seed=1), folder


def test_the_head_is_that_of_the_pretrained_model(model):
    (loaded, _, reports), folder = model
    assert reports["texts"]["new"] == [] and reports["texts"]["carried"]
    theirs = AutoModelForMaskedLM.from_pretrained(folder).state_dict()
    ours = loaded.head("texts").weights(loaded.encoder)
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.items())
    of_encoder = set(map(id, loaded.encoder.parameters()))
    assert not of_encoder & set(map(id, ours.values())), "embeddings are the encoder's"


def test_the_loss_is_that_of_transformers_own_class_on_the_same_hidden_words(model, monkeypatch):
    (loaded, tokenizer, _), folder = model
    encoded = encode(rows_of(TEXTS), "masked_text", tokenizer, 24)
    batch, head = pack(encoded, range(4)), loaded.head("texts")
    shown, wanted = head._hide(batch)
    outputs = loaded(batch, "texts")
    theirs = AutoModelForMaskedLM.from_pretrained(folder).eval()
    block = torch.full((4 * batch.longest,), IGNORED)
    block[batch.slots] = wanted
    tokens, types, visible = padded(batch, theirs.config.pad_token_id)
    tokens.view(-1)[batch.slots] = shown
    extra = {} if theirs.config.model_type == "mpnet" else {"token_type_ids": types}
    found = theirs(input_ids=tokens, attention_mask=visible, labels=block.view(4, -1), **extra)
    assert head.loss(outputs, batch.labels).item() == pytest.approx(4 * found.loss.item(), rel=1e-5)
    right = (found.logits.argmax(-1) == block.view(4, -1)).sum(1)
    assert outputs[:, 1].tolist() == right.tolist()
    assert outputs[:, 2].tolist() == (block.view(4, -1) != IGNORED).sum(1).tolist()


def test_every_text_hides_a_share_of_its_words_at_least_one_and_never_a_special_token(model):
    (loaded, tokenizer, _), _ = model
    head = loaded.head("texts").train()
    encoded = encode(
        rows_of([f"{text} {n}" for n in range(60) for text in TEXTS]), "masked_text", tokenizer, 24
    )
    batch = pack(encoded, range(len(encoded)))
    torch.manual_seed(0)
    shown, wanted = head._hide(batch)
    hidden = wanted != IGNORED
    special = torch.isin(batch.tokens[0], torch.tensor(tokenizer.all_special_ids))
    assert not (hidden & special).any()
    cuts = batch.bounds[1:-1].tolist()
    parts = zip(hidden.tensor_split(cuts), special.tensor_split(cuts), strict=True)
    assert min(part.sum() for part, never in parts if not never.all()) == 1
    assert torch.equal(shown[~hidden], batch.tokens[0][~hidden])
    masked = (shown[hidden] == tokenizer.mask_token_id).float().mean()
    assert masked.item() == pytest.approx(0.8, abs=0.06)
    again, _ = head._hide(batch)
    assert not torch.equal(shown, again), "anew at every step"
    head.eval()
    assert torch.equal(head._hide(batch)[0], head._hide(batch)[0]), "the same when it is scored"


def test_training_finds_more_of_the_hidden_words_and_the_head_goes_on(tmp_path):
    folder = checkpoint(tmp_path / "whole", "roberta", **STILL)
    model, tokenizer, _ = load(folder, [pose(FACTS)], seed=1)
    encoded = encode(
        rows_of([f"{text} {n}" for n in range(4) for text in TEXTS]), "masked_text", tokenizer, 24
    )
    before = copy_weights(model)
    history = train(Workspace(model), {"texts": encoded}, RECIPE | {"epochs": 30, "lr": 1e-2})
    assert np.mean(history.losses[-8:]) < 0.8 * np.mean(history.losses[:8])
    assert not torch.equal(
        before["encoder.embeddings.word_embeddings.weight"],
        model.encoder.embeddings.word_embeddings.weight,
    )
    save(model.cpu(), tokenizer, tmp_path / "next")
    again, _, reports = load(tmp_path / "next", [pose(FACTS)], seed=2)
    assert reports["texts"]["new"] == []
    ours, theirs = (one.head("texts").weights(one.encoder) for one in (model, again))
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.items())
    other, _, reports = load(tmp_path / "next", [pose(facts_of())], seed=2)
    assert reports["toy"]["carried"] == []
    assert torch.equal(
        other.encoder.embeddings.word_embeddings.weight,
        model.encoder.embeddings.word_embeddings.weight,
    )


def test_beside_another_head_it_shares_the_encoder(tmp_path):
    folder = checkpoint(tmp_path / "whole", "roberta", **STILL)
    model, _, reports = load(folder, [pose(FACTS), pose(facts_of())], seed=1)
    assert reports["texts"]["new"] == [] and reports["toy"]["carried"] == []
    decoder = model.head("texts").owner.lm_head.decoder.weight
    assert decoder is model.encoder.embeddings.word_embeddings.weight


def test_a_family_without_such_a_head_is_refused(tmp_path):
    folder = checkpoint(tmp_path / "causal", "gpt2", **STILL)
    with pytest.raises(UserError, match="family 'gpt2' has no head for masked words"):
        load(folder, [pose(FACTS)], seed=1)


def test_a_tokenizer_that_hides_nothing_is_refused():
    tokenizer = SimpleNamespace(mask_token_id=None, name_or_path="here")
    head = several("roberta", {"a": "classification"}).head("a")
    head.meet(tokenizer)
    with pytest.raises(UserError, match="here: the tokenizer has no mask_token"):
        mlm.Head.meet(head, tokenizer)
