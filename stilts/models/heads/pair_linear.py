"""Whether two texts that are read apart go together: one number, binary cross entropy.

Dropout on both states, then a linear layer on |u - v| and u * v, as Ogada has it for paraphrases.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.apart import Comparing, compared, pooled_dropout, two_states
from stilts.models.batch import IGNORED, Batch
from stilts.models.tokens import Encoded


class Head(Comparing):
    """Outputs [n, 1]: the log odds of class 1."""

    def __init__(self, config: PretrainedConfig, facts: Mapping[str, Any]):
        super().__init__(config, facts)
        self.dropout = nn.Dropout(pooled_dropout(config))

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] == "pair" and not facts.get("range")

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the log odds, [n, 1]."""
        u, v = map(self.dropout, two_states(encoder, batch))
        return self.linear(compared(u, v))

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the binary cross entropy of log odds [n, 1] and classes 0 or 1 [n]."""
        known = labels != IGNORED
        losses = functional.binary_cross_entropy_with_logits(
            outputs.float().squeeze(1), (labels * known).float(), reduction="none"
        )
        return (losses * known).sum()

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the likelier class, int64 [N]; even odds and NaN are drawn, seeded by place."""
        fate = np.random.default_rng(0).random(len(outputs)) < 0.5
        even = Head.ties(outputs) | np.isnan(outputs[:, 0])
        return np.where(even, fate, outputs[:, 0] > 0).astype(np.int64)

    @staticmethod
    def ties(outputs: np.ndarray) -> np.ndarray:
        """Return for which examples [N] the odds are even."""
        return outputs[:, 0] == 0
