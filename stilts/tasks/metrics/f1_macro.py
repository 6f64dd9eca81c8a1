"""F1, the mean over the classes."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.confusion import confusion

TITLE = "macro F1"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over the classes of `references` of F1; 0 for a class never predicted."""
    table = confusion(predictions, references)
    true = table.sum(axis=1)
    f1 = 2 * table.diagonal() / np.maximum(table.sum(axis=0) + true, 1)
    return float(f1[true > 0].mean())


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return what naming each class equally often, and always the most frequent one, reach.

    A class of share p has F1 2 p q / (p + q) where it is named with probability q.
    """
    shares = np.array([count for count in counts if count]) / sum(counts)
    fair = 1 / len(counts)
    return {
        "chance": float(np.mean(2 * shares * fair / (shares + fair))),
        "majority": float(2 * shares.max() / (1 + shares.max()) / len(shares)),
    }
