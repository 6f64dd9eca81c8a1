"""The Matthews correlation of any number of classes (Gorodkin 2004), -1 to 1."""

import math
from collections.abc import Sequence

import numpy as np

from stilts.tasks.confusion import confusion

TITLE = "Matthews correlation"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the correlation of class indices [n] with class indices [n]; 0 if one is constant."""
    table = confusion(predictions, references).astype(np.float64)  # counts to the fourth power
    count, named, true = table.sum(), table.sum(axis=0), table.sum(axis=1)
    spread = (count**2 - named @ named) * (count**2 - true @ true)
    return float((table.trace() * count - named @ true) / math.sqrt(spread)) if spread else 0.0


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return 0: that is the correlation of any prediction that ignores the input."""
    return {"chance": 0.0, "majority": 0.0}
