"""Accuracy: the share of right predictions."""

from collections.abc import Sequence

import numpy as np

TITLE = "accuracy"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the share of predictions [n] that equal their reference [n]."""
    return float(np.mean(predictions == references))


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return what a fair guess and the most frequent class reach, from the examples per class."""
    return {"chance": 1 / len(counts), "majority": max(counts) / sum(counts)}
