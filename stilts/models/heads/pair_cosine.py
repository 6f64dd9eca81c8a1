"""How alike two texts are that are read apart: the cosine of their states, squared error.

What is learnt is a factor above 0 and a shift, which leave Pearson and Spearman those of the cosine
itself. They start at 1 and 0, where a cosine of 0 and of 1 are the ends of the task's range.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.apart import two_states
from stilts.models.batch import Batch
from stilts.models.heads import pair_similarity


class Head(pair_similarity.Head):
    """Outputs [n, 1], in the unit of the labels."""

    def __init__(self, config: PretrainedConfig, facts: Mapping[str, Any]):
        super().__init__(config, facts)
        del self.linear
        self.log_factor = nn.Parameter(torch.zeros(1))
        self.shift = nn.Parameter(torch.zeros(1))

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the numbers, [n, 1]."""
        u, v = (state.float() for state in two_states(encoder, batch))
        cosine = functional.cosine_similarity(u, v, dim=1)[:, None]
        return self.low + (self.high - self.low) * (self.log_factor.exp() * cosine + self.shift)
