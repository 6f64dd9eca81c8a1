"""The texts that a multiple choice ends rightly: what it tells, without asking for it."""

from collections.abc import Iterable
from typing import Any

from stilts.tasks.kinds.masked_text import ALL

SETTINGS: dict[str, dict[str, Any]] = {}


def derive(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the premise of every row with its right option.

    Args:
        rows: canonical rows of a multiple choice.

    Returns:
        Rows of hidden words, with the ids of theirs.
    """
    return [
        {
            "id": row["id"],
            "text": " ".join([*row["first"], row["prefix"] + _right(row) + row["suffix"]]).strip(),
            "label": ALL,
        }
        for row in rows
    ]


def _right(row: dict[str, Any]) -> str:
    return row["options"][row["label"]]
