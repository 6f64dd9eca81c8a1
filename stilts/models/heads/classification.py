"""One of several classes: transformers' head for sequences, softmax over the classes."""

from collections.abc import Mapping
from typing import Any

from transformers import AutoModelForSequenceClassification

from stilts.models.choosing import OneOfSeveral
from stilts.models.head import LibraryHead


class Head(OneOfSeveral, LibraryHead):
    """Logits [n, classes]."""

    AUTO = AutoModelForSequenceClassification

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        others = ("multiple_choice", "pair", "class_span")
        return facts["kind"] not in others and not facts.get("range")

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return the number of classes."""
        return len(facts["labels"])
