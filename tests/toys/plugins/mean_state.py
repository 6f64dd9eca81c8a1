"""A toy head: a number from the mean state of a text's tokens, within the task's range."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.batch import IGNORED, Batch
from stilts.models.encoder import all_states
from stilts.models.head import Head as Base
from stilts.models.tokens import Encoded


class Head(Base):
    """Outputs [n, 1]: the number as it is meant."""

    def __init__(self, config: PretrainedConfig, facts: Mapping[str, Any]):
        super().__init__()
        self.low, self.high = facts["range"]
        self.linear = nn.Linear(config.hidden_size, 1)

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the numbers, [n, 1]."""
        states = all_states(encoder, batch)
        lengths = batch.bounds.diff().long()
        of = torch.arange(len(lengths), device=states.device).repeat_interleave(lengths)
        means = states.new_zeros(len(lengths), states.shape[1]).index_add(0, of, states)
        share = self.linear(means / lengths[:, None]).sigmoid()
        return self.low + (self.high - self.low) * share

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the absolute error, smooth around 0."""
        errors = functional.smooth_l1_loss(
            outputs.float().squeeze(1), labels.float(), reduction="none"
        )
        return (errors * (labels != IGNORED)).sum()

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the numbers in halves, float64 [N]."""
        return np.round(2 * outputs[:, 0].astype(np.float64)) / 2
