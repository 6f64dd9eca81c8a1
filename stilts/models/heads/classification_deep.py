"""One of several classes by three linear layers on the pooled state, softmax over the classes.

Linear, ReLU, linear, ReLU, dropout, linear, as Ogada has it for the five classes of SST. How wide
the first two are is not told there: as wide as the encoder, `assumed`.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.apart import pooled_dropout
from stilts.models.batch import Batch
from stilts.models.choosing import OneOfSeveral
from stilts.models.encoder import pooled
from stilts.models.head import Head as Base


class Head(OneOfSeveral, Base):
    """Logits [n, classes]."""

    POOLED = True

    def __init__(self, config: PretrainedConfig, facts: Mapping[str, Any]):
        super().__init__()
        width = config.hidden_size
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(pooled_dropout(config))
        self.last = nn.Linear(width, len(facts["labels"]))

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] == "classification" and not facts.get("range")

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the logits, [n, classes]."""
        state = self.first(pooled(encoder, batch)).relu()
        return self.last(self.dropout(self.second(state).relu()))
