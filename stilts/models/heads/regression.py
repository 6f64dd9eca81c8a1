"""A number: transformers' head for sequences with one output, squared error."""

from collections.abc import Mapping
from typing import Any

from transformers import AutoModelForSequenceClassification

from stilts.models.choosing import ANumber
from stilts.models.head import LibraryHead


class Head(ANumber, LibraryHead):
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
