"""Exact match over the questions that have no answer: NoAns of SQuAD 2.0."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.answers import exact, mean_of

TITLE = "exact match, NoAns"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over texts [n], each against its gold answers, of references [n]."""
    return mean_of(exact, predictions, references, answerable=False)


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return 1: no answer is always right where there is none."""
    return {"chance": 1.0, "majority": 1.0}
