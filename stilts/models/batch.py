"""Batches without padding: sequences laid end to end, attention per sequence.

A batch of short texts of unequal length is one third padding or more. Only the attention needs to
know where a sequence ends; everything else works on single tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from stilts.models.tokens import Encoded

IGNORED = -100  # the label that cross entropy leaves out


@dataclass(frozen=True)
class Batch:
    """n examples of `choices` sequences, S sequences with T tokens in all, the longest of L.

    tokens, positions: int64 [1, T]; positions count from 0 in every sequence.
    types: int64 [1, T], all 0 where the tokenizer gives none.
    starts: int64 [S], index of each sequence's first token.
    bounds: int32 [S + 1], starts and the end (`cu_seqlens` of variable-length kernels).
    slots: int64 [T], the place of each token in a padded block of S * L.
    mask: float32 [S, 1, 1, L], 0 on tokens and -inf on padding; None if all have L tokens.
    labels: int64 [n]; of windows [n, 2], see `stilts.models.windows`.
    widest: of windows, how long the longest of all is that lie beside these.
    padding: the padding token's id, where a text itself holds one.
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
    padding: int | None = None
    widest: int = 0

    def tensors(self) -> dict[str, Tensor]:
        """Return the fields that are tensors."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}

    def to(self, device: str) -> Self:
        """Return the batch on a device, without waiting for the copies."""
        moved = {
            name: value.to(device, non_blocking=True) for name, value in self.tensors().items()
        }
        return replace(self, **moved)


def pack(encoded: Encoded, indices: Sequence[int] | np.ndarray, device: str = "cpu") -> Batch:
    """Return the examples at `indices`, in that order, as one batch on `device`."""
    examples = np.asarray(indices, np.int64)
    sequences = (examples[:, None] * encoded.choices + np.arange(encoded.choices)).ravel()
    lengths = encoded.lengths[sequences].astype(np.int64)
    ends = np.cumsum(lengths)
    source = np.arange(ends[-1]) + np.repeat(encoded.offsets[sequences] - ends + lengths, lengths)
    tokens = encoded.tokens[source].astype(np.int64)
    types = None if encoded.types is None else encoded.types[source]
    batch = lay(tokens, types, lengths, encoded.labels[examples], encoded.choices, device)
    if encoded.padding is not None:
        batch = replace(batch, padding=encoded.padding)
    return batch if encoded.spans is None else replace(batch, widest=int(encoded.lengths.max()))


def lay(
    tokens: np.ndarray,
    types: np.ndarray | None,
    lengths: np.ndarray,
    labels: np.ndarray,
    choices: int = 1,
    device: str = "cpu",
) -> Batch:
    """Return sequences that lie end to end as a batch.

    tokens, types: int64 [T]. lengths: int64 [S]. labels: int64, one for every example or, where
    tokens are predicted, whatever they are trained on.
    """
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    starts, longest = bounds[:-1], int(lengths.max())
    positions = np.arange(bounds[-1]) - np.repeat(starts, lengths)
    slots = positions + np.repeat(np.arange(len(lengths)) * longest, lengths)
    mask = None
    if lengths.min() < longest:
        hidden = np.arange(longest) >= lengths[:, None]
        mask = np.where(hidden, np.float32("-inf"), np.float32(0))[:, None, None, :]
    batch = Batch(
        tokens=torch.from_numpy(tokens)[None],
        positions=torch.from_numpy(positions)[None],
        types=torch.from_numpy(np.zeros_like(tokens) if types is None else types)[None],
        starts=torch.from_numpy(starts),
        bounds=torch.from_numpy(bounds.astype(np.int32)),
        slots=torch.from_numpy(slots),
        mask=None if mask is None else torch.from_numpy(mask),
        longest=longest,
        labels=torch.from_numpy(labels),
        choices=choices,
    )
    return batch if device == "cpu" else batch.to(device)


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
