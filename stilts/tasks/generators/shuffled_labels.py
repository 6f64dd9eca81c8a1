"""Rows whose answers are those of other rows: all of a task but what it asks for."""

from collections.abc import Iterable
from random import Random
from typing import Any

SETTINGS = {"seed": {"type": "integer", "minimum": 0}}


def derive(rows: Iterable[dict[str, Any]], *, seed: int) -> list[dict[str, Any]]:
    """Hand the labels of the rows around: as many of each, none with a tie to its text.

    Args:
        rows: canonical rows with a label each.
        seed: of the order in which labels are given out.

    Returns:
        Rows with their own ids and texts. Some keep their label by chance.
    """
    rows = list(rows)
    labels = [row["label"] for row in rows]
    Random(seed).shuffle(labels)
    return [{**row, "label": label} for row, label in zip(rows, labels, strict=True)]
