"""How alike two texts are that are read apart: a share of the task's range, squared error.

A linear layer on |u - v| and u * v, and a sigmoid over the range, as Ogada has it: 5 * sigmoid for
STS. The loss is not told there, so squared error is assumed; `pair_similarity_bce` has the other.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.apart import Comparing, compared, two_states
from stilts.models.batch import Batch
from stilts.models.choosing import ANumber


class Head(ANumber, Comparing):
    """Outputs [n, 1], in the unit of the labels."""

    def __init__(self, config: PretrainedConfig, facts: Mapping[str, Any]):
        super().__init__(config, facts)
        self.low, self.high = facts["range"]

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] == "pair" and bool(facts.get("range"))

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the numbers, [n, 1], between the ends of the range."""
        share = self.linear(compared(*two_states(encoder, batch))).sigmoid()
        return self.low + (self.high - self.low) * share
