"""Batches without padding: sequences laid end to end, attention per sequence.

A batch of short texts of unequal length is one third padding or more; here every linear layer,
norm and dropout sees real tokens only. The attention alone needs to know where a sequence ends,
so it is the one operation replaced, through transformers' own `AttentionInterface`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface

from stilts.encoding import Encoded

ATTENTION = "packed"


@dataclass(frozen=True)
class Batch:
    """n examples of `choices` sequences, S sequences with T tokens in all, the longest of L.

    tokens, positions: int64 [1, T]; positions count from 0 in every sequence.
    types: int64 [1, T], all 0 where the tokenizer gives none.
    starts: int64 [S], index of each sequence's first token.
    bounds: int32 [S + 1], starts and the end (`cu_seqlens` of variable-length kernels).
    slots: int64 [T], the place of each token in a padded block of S * L.
    mask: float32 [S, 1, 1, L], 0 on tokens and -inf on padding; None if all have L tokens.
    labels: int64 [n].
    """

    tokens: Tensor
    positions: Tensor
    types: Tensor
    starts: Tensor
    bounds: Tensor
    slots: Tensor
    mask: Tensor | None
    longest: int
    labels: Tensor
    choices: int


def pack(encoded: Encoded, indices: Sequence[int] | np.ndarray, device: str = "cpu") -> Batch:
    """Return the examples at `indices`, in that order, as one batch on `device`."""
    examples = np.asarray(indices, np.int64)
    sequences = (examples[:, None] * encoded.choices + np.arange(encoded.choices)).ravel()
    lengths = encoded.lengths[sequences].astype(np.int64)
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    starts, longest = bounds[:-1], int(lengths.max())
    positions = np.arange(bounds[-1]) - np.repeat(starts, lengths)
    source = positions + np.repeat(encoded.offsets[sequences], lengths)
    slots = positions + np.repeat(np.arange(len(sequences)) * longest, lengths)
    types = np.zeros_like(positions) if encoded.types is None else encoded.types[source]
    mask = None
    if lengths.min() < longest:
        hidden = np.arange(longest) >= lengths[:, None]
        mask = np.where(hidden, np.float32("-inf"), np.float32(0))[:, None, None, :]

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device, non_blocking=True)

    return Batch(
        tokens=tensor(encoded.tokens[source].astype(np.int64))[None],
        positions=tensor(positions)[None],
        types=tensor(types)[None],
        starts=tensor(starts),
        bounds=tensor(bounds.astype(np.int32)),
        slots=tensor(slots),
        mask=None if mask is None else tensor(mask),
        longest=longest,
        labels=tensor(encoded.labels[examples]),
        choices=encoded.choices,
    )


def padded(batch: Batch, padding: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return tokens, types and 0/1 attention mask, each int64 [S, L], for families that need them.

    padding: the token id that fills the shorter sequences.
    """
    shape = (len(batch.starts), batch.longest)
    tokens = batch.tokens.new_full((shape[0] * shape[1],), padding)
    tokens[batch.slots] = batch.tokens[0]
    types, visible = torch.zeros_like(tokens), torch.zeros_like(tokens)
    types[batch.slots] = batch.types[0]
    visible[batch.slots] = 1
    return tokens.view(shape), types.view(shape), visible.view(shape)


def packed_attention(
    module: torch.nn.Module | None,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    layout: Batch,
    dropout: float = 0.0,
    scaling: float | None = None,
    first_only: bool = False,
    **_: object,
) -> tuple[Tensor, None]:
    """Attend within each sequence of `layout`: [1, heads, T, size] in, [1, T, heads, size] out.

    With `first_only` the queries are those of the first tokens alone, [1, heads, S, size], and the
    result is [1, S, heads, size]. CUDA in half precision without dropout uses the variable-length
    kernel, which knows no dropout; everything else lays the sequences into a padded block, for
    this operation only.
    """
    if query.is_cuda and dropout == 0 and query.dtype in (torch.bfloat16, torch.float16):
        return _varlen(query, key, value, layout, scaling, first_only), None
    mixed = _attend(
        query.transpose(0, 2) if first_only else _block(query, layout),
        _block(key, layout),
        _block(value, layout),
        None if layout.mask is None else layout.mask.to(query.dtype),
        dropout,
        scaling,
    ).transpose(1, 2)
    mixed = mixed.reshape(1, -1, *mixed.shape[2:])
    if layout.mask is not None and not first_only:
        mixed = mixed.index_select(1, layout.slots)
    return mixed, None


def _block(states: Tensor, layout: Batch) -> Tensor:
    """Lay states [1, heads, T, size] into a block [S, heads, L, size], zero where padded."""
    heads, size = states.shape[1], states.shape[3]
    flat = states.transpose(1, 2).reshape(-1, heads * size)
    if layout.mask is not None:
        empty = flat.new_zeros(len(layout.starts) * layout.longest, heads * size)
        flat = empty.index_copy_(0, layout.slots, flat)
    return flat.view(-1, layout.longest, heads, size).transpose(1, 2)


def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout: float,
    scaling: float | None,
) -> Tensor:
    """Return attention over padded blocks [S, heads, L, size].

    On a CPU torch has no fused kernel with dropout, and its fallback guards against rows without
    any key. There are none here, so the plain formula gives the same in two thirds of the time.
    """
    if query.is_cuda or dropout == 0:
        return functional.scaled_dot_product_attention(
            query, key, value, mask, dropout_p=dropout, scale=scaling
        )
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    similarity = torch.matmul(query * scaling, key.transpose(-1, -2))
    weights = torch.softmax(similarity if mask is None else similarity + mask, dim=-1)
    return torch.matmul(functional.dropout(weights, dropout), value)


def _varlen(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    layout: Batch,
    scaling: float | None,
    first_only: bool,
) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = (states[0].transpose(0, 1) for states in (query, key, value))
    bounds, longest = layout.bounds, layout.longest
    ends = torch.arange(len(bounds), dtype=bounds.dtype, device=bounds.device)
    asking = (ends, 1) if first_only else (bounds, longest)
    return varlen_attn(query, key, value, asking[0], bounds, asking[1], longest, scale=scaling)[
        None
    ]


AttentionInterface.register(ATTENTION, packed_attention)
