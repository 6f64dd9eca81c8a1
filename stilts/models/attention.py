"""Attention within each sequence of a packed batch: the one operation that must know the ends."""

import torch
from torch import Tensor
from torch.nn import functional

from stilts.models.batch import Batch


def attend(
    projected: Tensor,
    layout: Batch,
    heads: int,
    *,
    dropout: float = 0.0,
    first_only: bool = False,
) -> Tensor:
    """Return what each token gets from its sequence: [T, 3 * width] in, [T, width] out.

    projected: query, key and value of every token side by side, each of `heads` heads.
    first_only: answer for the first token of every sequence alone, [S, width].

    CUDA in half precision without dropout uses the variable-length kernel, which knows no dropout;
    everything else lays the sequences into a padded block, for this operation only.
    """
    if projected.is_cuda and dropout == 0 and projected.dtype in (torch.bfloat16, torch.float16):
        return _varlen(projected, layout, heads, first_only)
    block = projected
    if layout.mask is not None:
        empty = projected.new_zeros(len(layout.starts) * layout.longest, projected.shape[1])
        block = empty.index_copy_(0, layout.slots, projected)
    block = block.view(len(layout.starts), layout.longest, 3, heads, -1)
    query, key, value = block.permute(2, 0, 3, 1, 4)
    if first_only:
        query = query[:, :, :1]
    mask = None if layout.mask is None else layout.mask.to(query.dtype)
    mixed = _attend(query, key, value, mask, dropout).transpose(1, 2).flatten(0, 1).flatten(1)
    if layout.mask is None or first_only:
        return mixed
    return mixed.index_select(0, layout.slots)


def _attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float
) -> Tensor:
    """Return attention over padded blocks [S, heads, L, size].

    On a CPU torch has no fused kernel with dropout, and its fallback guards against rows without
    any key. There are none here, so the plain formula gives the same in two thirds of the time.
    """
    if query.is_cuda or dropout == 0:
        return functional.scaled_dot_product_attention(query, key, value, mask, dropout)
    similarity = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(-1, -2))
    weights = torch.softmax(similarity if mask is None else similarity + mask, dim=-1)
    return torch.matmul(functional.dropout(weights, dropout), value)


def _varlen(projected: Tensor, layout: Batch, heads: int, first_only: bool) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = projected.view(len(projected), 3, heads, -1).unbind(1)
    bounds, longest = layout.bounds, layout.longest
    if not first_only:
        return varlen_attn(query, key, value, bounds, bounds, longest, longest).flatten(1)
    ends = torch.arange(len(bounds), dtype=bounds.dtype, device=bounds.device)
    return varlen_attn(query[layout.starts], key, value, ends, bounds, 1, longest).flatten(1)
