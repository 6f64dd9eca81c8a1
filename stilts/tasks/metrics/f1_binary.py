"""F1 of the second of two classes, the positive one."""

from collections.abc import Sequence

import numpy as np

TITLE = "F1 of the positive class"
POSITIVE = 1


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return F1 of class 1, of class indices [n]; 0 where it neither occurs nor is predicted."""
    named, true = predictions == POSITIVE, references == POSITIVE
    either = named.sum() + true.sum()
    return float(2 * (named & true).sum() / either) if either else 0.0


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return what naming each class equally often, and always the most frequent one, reach.

    A class of share p has F1 2 p q / (p + q) where it is named with probability q.
    """
    share, fair = counts[POSITIVE] / sum(counts), 1 / len(counts)
    frequent = int(np.argmax(counts)) == POSITIVE
    return {
        "chance": 2 * share * fair / (share + fair),
        "majority": 2 * share / (1 + share) if frequent else 0.0,
    }
