import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from stilts.models.attention import attend
from stilts.models.batch import pack
from tests.toys.tiny_models import random_encoded

HEADS, SIZE = 2, 4


def projections(batch, size=SIZE):
    torch.manual_seed(0)
    return torch.randn(batch.tokens.shape[1], 3 * HEADS * size)


def alone(projected, size=SIZE):
    """Torch's own attention over one sequence, [T, 3 * width] to [T, width]."""
    query, key, value = projected.view(1, -1, 3, HEADS, size).permute(2, 0, 3, 1, 4)
    return scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)[0]


@pytest.fixture
def batch():
    return pack(random_encoded(5), range(5))


def test_a_token_attends_to_its_own_sequence_only(batch):
    projected = projections(batch)
    apart = projected.split(batch.bounds.diff().tolist())
    torch.testing.assert_close(attend(projected, batch, HEADS), torch.cat([*map(alone, apart)]))


def test_sequences_of_one_length_attend_alike():
    batch = pack(random_encoded(5), [2, 2])
    assert batch.mask is None
    projected = projections(batch)
    apart = projected.split(batch.bounds.diff().tolist())
    torch.testing.assert_close(attend(projected, batch, HEADS), torch.cat([*map(alone, apart)]))


def test_training_attention_without_drawn_zeros_equals_the_fused_kernel(batch):
    """With a vanishing dropout probability the CPU's training formula is plain attention."""
    projected = projections(batch)
    plain = attend(projected, batch, HEADS, dropout=1e-9)
    torch.testing.assert_close(plain, attend(projected, batch, HEADS))


def test_attention_dropout_drops_and_keeps_the_mean(batch):
    projected = projections(batch)
    drawn = torch.stack([attend(projected, batch, HEADS, dropout=0.3) for _ in range(3000)])
    assert not torch.equal(drawn[0], drawn[1])
    torch.testing.assert_close(drawn.mean(0), attend(projected, batch, HEADS), atol=0.1, rtol=0)


def test_first_tokens_alone_get_what_they_get_among_all(batch):
    projected = projections(batch)
    first = attend(projected, batch, HEADS, first_only=True)
    torch.testing.assert_close(first, attend(projected, batch, HEADS)[batch.starts])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("first_only", [False, True])
def test_the_cuda_kernel_agrees_with_the_padded_block(first_only):
    batch = pack(random_encoded(5), range(5), "cuda")
    projected = projections(batch, size=16).cuda().bfloat16()
    kernel = attend(projected, batch, HEADS, first_only=first_only)
    block = attend(projected, batch, HEADS, first_only=first_only, dropout=1e-9)
    torch.testing.assert_close(kernel, block, atol=2e-2, rtol=0)
