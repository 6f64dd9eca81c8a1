"""Batches of few shapes: what a GPU is to replay must have the shape of what was recorded."""

from dataclasses import replace

import torch

from stilts.models.batch import IGNORED, Batch


def fill(batch: Batch) -> Batch:
    """Return a batch with one more example, without label, that fills it up to a common shape.

    The number of tokens and the longest length become the next of few sizes: 8 from one power of
    two to the next for the tokens, so that 1/16 of them are new on average, and 2 for the length,
    which is a matter of the attention alone. No real token sees the new ones, and they have no
    loss: real losses and gradients stay as they are.
    """
    tokens, sequences, choices = batch.tokens.shape[1], len(batch.starts), batch.choices
    extra = _size(tokens + choices, 8) - tokens
    added = torch.full((choices,), extra // choices)
    added[: extra % choices] += 1
    longest = _size(max(batch.longest, int(added.max())), 2)
    lengths = torch.cat([batch.bounds.diff(), added])
    bounds = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    rows = torch.arange(sequences + choices).repeat_interleave(lengths)
    columns = torch.arange(tokens + extra) - bounds[:-1].repeat_interleave(lengths)
    hidden = torch.arange(longest) >= lengths[:, None]
    none = batch.tokens.new_zeros(1, extra)
    return replace(
        batch,
        tokens=torch.cat([batch.tokens, none], dim=1),
        # All at position 0: a filling can be longer than the positions that the model knows.
        positions=torch.cat([batch.positions, none], dim=1),
        types=torch.cat([batch.types, none], dim=1),
        starts=bounds[:-1],
        bounds=bounds.int(),
        slots=rows * longest + columns,
        mask=torch.zeros(hidden.shape).masked_fill_(hidden, -torch.inf)[:, None, None],
        longest=longest,
        labels=torch.cat([batch.labels, batch.labels.new_full((1,), IGNORED)]),
    )


def shape_of(batch: Batch) -> tuple[int, int, int]:
    """Return what two filled batches must have in common: tokens, sequences, longest length."""
    return batch.tokens.shape[1], len(batch.starts), batch.longest


def _size(least: int, steps: int) -> int:
    """Return the smallest size that is not below `least`: `steps` of them an octave, from 8 on."""
    step = max(8, 2 ** (least - 1).bit_length() // 2 // steps)
    return -(-least // step) * step
