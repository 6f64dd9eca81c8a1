"""The share of answers that are no class: a span may be any part of its text."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.confusion import NO_CLASS

TITLE = "share of no class"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the share of predictions [n] that are NO_CLASS; the less the better."""
    return float(np.mean(predictions == NO_CLASS))


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return 0: a guess names a class."""
    return {"chance": 0.0, "majority": 0.0}
