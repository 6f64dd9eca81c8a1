import numpy as np
import pytest
import torch

import stilts.training.loop
import stilts.training.workspace
from stilts.errors import UserError
from stilts.models.batch import pack
from stilts.training.loop import train
from stilts.training.memory import COPIES, KEPT, fit, pieces, token_bytes, tokens_at_once
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, fresh, random_encoded

RECIPE = {"lr": 1e-3, "batch": 6, "seed": 3, "epochs": 2, "warmup": 0.5}


def kept_for_backward(model, batch):
    """The bytes that autograd really keeps, each piece of memory counted once."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    sizes = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = model.loss(batch, "toy")
    assert loss.isfinite()
    return sum(sizes.values())


@pytest.mark.parametrize("still", [{}, STILL], ids=["dropout", "still"])
def test_the_estimate_covers_what_autograd_keeps_and_is_no_wild_guess(still):
    shape = {"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 6}
    model = fresh("roberta", "classification", **shape, **still).train()
    encoded = random_encoded(40)
    batch = pack(encoded, range(40))
    per_token = kept_for_backward(model, batch) / batch.tokens.shape[1]
    estimate = token_bytes(model.config, "fp32", batch.longest)
    assert per_token < estimate < 2.5 * per_token


@pytest.mark.parametrize("choices", [1, 3])
def test_pieces_are_all_examples_in_order_and_none_is_too_large(choices):
    encoded = random_encoded(20, choices)
    examples = np.random.default_rng(0).permutation(20)
    widths = encoded.lengths.reshape(20, -1).sum(axis=1)
    cut = [*pieces(encoded, examples, int(widths.max()) + 5)]
    assert len(cut) > 2
    assert np.concatenate(cut).tolist() == examples.tolist()
    for piece, following in zip(cut, [*cut[1:], []], strict=True):
        assert widths[piece].sum() <= widths.max() + 5
        assert not len(following) or widths[[*piece, following[0]]].sum() > widths.max() + 5


def test_without_a_limit_a_batch_stays_whole():
    (whole,) = pieces(random_encoded(5), np.arange(5), None)
    assert whole.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("change", [{}, {"micro_batch": 3, "clip_each": "micro_batch"}])
def test_a_batch_in_pieces_trains_as_the_whole_batch_does(monkeypatch, change):
    encoded = random_encoded(12)
    whole, cut = (fresh("roberta", "classification", **STILL) for _ in range(2))
    wanted = train(Workspace(whole), {"toy": encoded}, RECIPE | change)
    monkeypatch.setattr(stilts.training.workspace, "tokens_at_once", lambda *_: 20)
    packed = []
    original = stilts.training.loop.pack
    monkeypatch.setattr(
        stilts.training.loop, "pack", lambda *given: packed.append(given[1]) or original(*given)
    )
    found = train(Workspace(cut), {"toy": encoded}, RECIPE | change)
    assert len(packed) > 2 * len(wanted.losses)
    torch.testing.assert_close(found.losses, wanted.losses, atol=1e-5, rtol=0)
    assert found.tokens == wanted.tokens
    for ours, theirs in zip(cut.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_what_fits_is_what_is_left_beside_weights_gradients_and_moments():
    model, encoded = fresh("bert", "classification"), random_encoded(9)
    weights = 4 * sum(p.numel() for p in model.parameters())
    each = token_bytes(model.config, "fp32", int(encoded.lengths.max()))
    free = ((COPIES - 1) * weights + 100 * each) / KEPT
    assert fit(model, encoded, "fp32", int(free) + 1) == 100


def test_too_little_memory_is_an_error_with_numbers_and_a_remedy():
    model, encoded = fresh("bert", "classification"), random_encoded(9)
    with pytest.raises(UserError, match=r"0\.0 GB free and training needs .*: use a larger one"):
        fit(model, encoded, "fp32", 1000)


def test_a_cpu_is_never_limited():
    model = fresh("bert", "classification")
    assert tokens_at_once(model, [random_encoded(3)], "fp32", "cpu") is None


def test_of_several_tasks_the_one_with_the_longest_text_decides(monkeypatch):
    model, short, long = fresh("bert", "classification"), random_encoded(9), random_encoded(9)
    long.lengths[4] = 60
    for name, value in (("mem_get_info", (10**8, 0)), ("memory_reserved", 0)):
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: 0)
    alone = fit(model, long, "fp32", 10**8)
    assert alone < fit(model, short, "fp32", 10**8)
    assert tokens_at_once(model, [short, long], "fp32", "cuda") == alone
