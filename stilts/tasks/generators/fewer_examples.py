"""A task with at most so many training examples: what is left of a gain with little data."""

from collections.abc import Iterable
from typing import Any

from stilts.tasks.rows import limit_rows

SETTINGS = {"count": {"type": "integer", "minimum": 1}, "seed": {"type": "integer", "minimum": 0}}


def derive(
    rows: Iterable[dict[str, Any]], *, split: str, count: int, seed: int
) -> list[dict[str, Any]]:
    """Keep a seeded sample of the training rows, in their order; other splits stay whole.

    Args:
        rows: canonical rows of any kind.
        split: their split.
        count: rows of training at most.
        seed: of the sample; one for all runs.
    """
    return limit_rows(list(rows), count if split == "train" else None, seed)
