"""One of several classes: transformers' head for sequences, softmax over the classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from stilts.models.choosing import largest, tied
from stilts.models.head import LibraryHead
from stilts.models.tokens import Encoded


class Head(LibraryHead):
    """Logits [n, classes]."""

    AUTO = AutoModelForSequenceClassification

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] not in ("multiple_choice", "pair") and not facts.get("range")

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return the number of classes."""
        return len(facts["labels"])

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the cross entropy of logits [n, classes] and class indices [n]."""
        return functional.cross_entropy(outputs.float(), labels, reduction="sum")

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the class with the largest logit, int64 [N]."""
        return largest(outputs)

    ties = staticmethod(tied)
