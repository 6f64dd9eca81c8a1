"""One of several options: a number for each sequence, softmax over the options of an example."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import (
    AutoModelForMultipleChoice,
    AutoModelForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
)

from stilts.models.batch import Batch
from stilts.models.choosing import OneOfSeveral
from stilts.models.family import family_of
from stilts.models.head import LibraryHead


class Head(OneOfSeveral, LibraryHead):
    """Logits [n, options]; every multiple choice of a model shares it, whatever its options."""

    AUTO = AutoModelForMultipleChoice
    SHARED = True

    @classmethod
    def auto(cls, config: PretrainedConfig) -> type:
        """Return the class whose head this is; a family without it has one for sequences."""
        there = family_of(config.model_type).multiple_choice
        return cls.AUTO if there else AutoModelForSequenceClassification

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] == "multiple_choice"

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return 1: the number that says how well an option fits."""
        return 1

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the logits of every option, [n, options]."""
        return super().forward(encoder, batch).view(-1, batch.choices)
