"""Pearson's correlation of numbers."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.correlation import correlation

TITLE = "Pearson correlation"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the correlation of numbers [n] with numbers [n], -1 to 1; 0 if one is constant."""
    return correlation(predictions, references)


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return 0: that is the correlation of any prediction that ignores the input."""
    return {"chance": 0.0, "majority": 0.0}
