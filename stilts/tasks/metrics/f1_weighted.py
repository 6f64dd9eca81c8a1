"""F1, the mean over the examples: each class counts by how many are of it."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.confusion import confusion

TITLE = "weighted F1"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean of F1 over the classes of `references` [n], weighted by their examples."""
    table = confusion(predictions, references)
    true = table.sum(axis=1)
    f1 = 2 * table.diagonal() / np.maximum(table.sum(axis=0) + true, 1)
    return float(f1 @ true / true.sum())


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return what naming each class equally often, and always the most frequent one, reach.

    A class of share p has F1 2 p q / (p + q) where it is named with probability q.
    """
    shares = np.array([count for count in counts if count]) / sum(counts)
    fair = 1 / len(counts)
    return {
        "chance": float(np.sum(shares * 2 * shares * fair / (shares + fair))),
        "majority": float(2 * shares.max() ** 2 / (1 + shares.max())),
    }
