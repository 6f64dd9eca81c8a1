import numpy as np
import pytest
import torch

from stilts.models.batch import pack, padded
from stilts.models.family import family_of
from tests.toys.tiny_models import STILL, fresh, random_encoded

KINDS = ("classification", "multiple_choice")


def reference(model, batch):
    """The forward of transformers' own class on a padded batch, as it documents it."""
    tokens, types, visible = padded(batch, model.config.pad_token_id)
    if batch.choices > 1:
        tokens, types, visible = (
            part.view(-1, batch.choices, batch.longest) for part in (tokens, types, visible)
        )
    owner = model.head("toy").owner
    return owner(input_ids=tokens, token_type_ids=types, attention_mask=visible).logits


def gradients(model, logits, batch):
    model.zero_grad()
    torch.nn.functional.cross_entropy(logits, batch.labels).backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def test_a_batch_lays_the_chosen_examples_end_to_end():
    encoded = random_encoded(5, choices=2)
    batch = pack(encoded, [3, 1])
    sequences = np.split(encoded.tokens, encoded.offsets[1:])
    wanted = np.concatenate([sequences[i] for i in (6, 7, 2, 3)])
    assert batch.tokens[0].tolist() == wanted.tolist()
    lengths = encoded.lengths[[6, 7, 2, 3]]
    assert batch.bounds.tolist() == [0, *np.cumsum(lengths)]
    assert batch.starts.tolist() == batch.bounds[:-1].tolist()
    assert batch.positions[0].tolist() == [i for n in lengths for i in range(n)]
    assert batch.labels.tolist() == encoded.labels[[3, 1]].tolist()
    assert batch.longest == lengths.max()


def test_padding_restores_every_sequence():
    encoded = random_encoded(4)
    tokens, types, visible = padded(pack(encoded, range(4)), padding=0)
    for i, length in enumerate(encoded.lengths):
        part = slice(encoded.offsets[i], encoded.offsets[i] + length)
        assert tokens[i, :length].tolist() == encoded.tokens[part].tolist()
        assert types[i, :length].tolist() == encoded.types[part].tolist()
        assert visible[i].tolist() == [1] * length + [0] * (tokens.shape[1] - length)


def test_sequences_of_one_length_need_no_mask():
    encoded = random_encoded(4)
    same = [i for i in range(4) if encoded.lengths[i] == encoded.lengths[0]]
    assert pack(encoded, same).mask is None
    assert pack(encoded, range(4)).mask is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["roberta", "bert", "electra"])
def test_packed_equals_padded_in_outputs_and_gradients(family, kind):
    assert family_of(family).walk
    choices = 3 if kind == "multiple_choice" else 1
    batch = pack(random_encoded(6, choices), range(6))
    ours, theirs = fresh(family, kind, **STILL), fresh(family, kind, **STILL)
    packed, plain = ours(batch, "toy"), reference(theirs, batch)
    torch.testing.assert_close(packed, plain, atol=1e-5, rtol=0)
    left, right = gradients(ours, packed, batch), gradients(theirs, plain, batch)
    assert left.keys() == right.keys()
    for name, gradient in left.items():
        torch.testing.assert_close(gradient, right[name], atol=1e-5, rtol=0, msg=name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["mobilebert", "squeezebert"])
def test_families_that_cannot_be_packed_are_padded_with_equal_outputs_and_gradients(family, kind):
    assert not family_of(family).walk
    choices = 3 if kind == "multiple_choice" else 1
    batch = pack(random_encoded(4, choices), range(4))
    model = fresh(family, kind, **STILL)
    ours = model(batch, "toy")
    left = gradients(model, ours, batch)
    theirs = reference(model, batch)
    torch.testing.assert_close(ours, theirs)
    right = gradients(model, theirs, batch)
    assert left.keys() == right.keys()
    for name, gradient in left.items():
        torch.testing.assert_close(gradient, right[name], atol=1e-5, rtol=0, msg=name)


def test_mobilebert_would_differ_if_packed():
    """Its embedding looks at the neighbours, so a sequence would see the one before it."""
    batch = pack(random_encoded(2), range(2))
    embeddings = fresh("mobilebert", "classification").eval().encoder.embeddings
    with torch.no_grad():
        together = embeddings(
            input_ids=batch.tokens, token_type_ids=batch.types, position_ids=batch.positions
        )
        second = slice(int(batch.starts[1]), None)
        alone = embeddings(input_ids=batch.tokens[:, second], token_type_ids=batch.types[:, second])
    assert (together[:, second] - alone).abs().max() > 1e-3
