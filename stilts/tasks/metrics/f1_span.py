"""F1 of the words of an answer, the mean over questions, see `stilts.tasks.answers`."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.answers import always_none, f1, mean_of

TITLE = "F1 of words"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over texts [n], each against its gold answers, of references [n]."""
    return mean_of(f1, predictions, references)


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return what always naming no answer reaches, from the questions without and with one."""
    return always_none(counts)
