"""Exact match: the share of questions whose answer is a gold one, see `stilts.tasks.answers`."""

from collections.abc import Sequence

import numpy as np

from stilts.tasks.answers import always_none, exact, mean_of

TITLE = "exact match"


def score(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over texts [n], each against its gold answers, of references [n]."""
    return mean_of(exact, predictions, references)


def guess(counts: Sequence[int]) -> dict[str, float]:
    """Return what always naming no answer reaches, from the questions without and with one."""
    return always_none(counts)
