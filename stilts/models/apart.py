"""Two texts of an example that the encoder reads apart, and what heads make of them.

The form is that of sentence encoders: |u - v| and u * v of two pooled states (Conneau et al. 2017,
section 3.1, there beside u and v themselves).
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.batch import Batch
from stilts.models.encoder import pooled
from stilts.models.head import Head


def two_states(encoder: PreTrainedModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the states u, v [n, hidden] of text A and text B of every example.

    They come through the encoder's pooler, which in BERT is tanh of a layer on the first token.
    """
    u, v = pooled(encoder, batch).unflatten(0, (-1, 2)).unbind(1)
    return u, v


def compared(u: Tensor, v: Tensor) -> Tensor:
    """Return |u - v| and u * v, [n, 2 hidden], of states [n, hidden]."""
    return torch.cat([(u - v).abs(), u * v], dim=1)


class Comparing(Head):
    """One number from |u - v| and u * v by a linear layer; subclasses say what it means."""

    POOLED = True

    def __init__(self, config: PretrainedConfig, facts: Mapping[str, Any]):
        super().__init__()
        self.linear = nn.Linear(2 * config.hidden_size, 1)


def pooled_dropout(config: PretrainedConfig) -> float:
    """Return what a head of this config drops where no setting says: as its encoder does."""
    share = getattr(config, "classifier_dropout", None)
    return getattr(config, "hidden_dropout_prob", 0.0) if share is None else share
