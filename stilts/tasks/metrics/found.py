"""How much was found of what was hidden: the mean over the examples of the share of each."""

from collections.abc import Sequence

import numpy as np

TITLE = "share found"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean of predictions [n], shares of their references [n]."""
    return float(np.mean(predictions / references))


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return 0: what a guess finds depends on the words, and is next to nothing."""
    return {"chance": 0.0, "majority": 0.0}
