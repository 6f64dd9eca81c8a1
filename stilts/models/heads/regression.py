"""A number: transformers' head for sequences with one output, squared error."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from stilts.models.batch import IGNORED
from stilts.models.head import LibraryHead
from stilts.models.tokens import Encoded


class Head(LibraryHead):
    """Outputs [n, 1], in the unit of the labels."""

    AUTO = AutoModelForSequenceClassification
    PROBLEM = "regression"

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] != "pair" and bool(facts.get("range"))

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return 1."""
        return 1

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the squared error of outputs [n, 1] and numbers [n]."""
        found, wanted = outputs.float().squeeze(1), labels.float()
        errors = functional.mse_loss(found, wanted, reduction="none")
        return (errors * (wanted != IGNORED)).sum()

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the numbers, float32 [N]."""
        return outputs[:, 0]
