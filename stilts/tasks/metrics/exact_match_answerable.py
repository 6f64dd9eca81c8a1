"""Exact match over the questions that have an answer: HasAns of SQuAD 2.0."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.answers import exact, mean_of

TITLE = "exact match, HasAns"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over texts [n], each against its gold answers, of references [n]."""
    return mean_of(exact, predictions, references, answerable=True)


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return 0: no answer is never right where there is one."""
    return {"chance": 0.0, "majority": 0.0}
