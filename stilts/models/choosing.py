"""The answer among several: that with the largest number."""

import numpy as np


def largest(outputs: np.ndarray) -> np.ndarray:
    """Return the index [N] of the largest of outputs [N, k]; ties are drawn, seeded by place.

    Plain argmax gives a tie to option 0, so a collapsed model would score 100 % on a task whose
    right answer always comes first. NaN counts as a tie with everything: it says nothing.
    """
    values = np.where(np.isnan(outputs).any(axis=1, keepdims=True), 0, outputs)
    best = values == values.max(axis=1, keepdims=True)
    chosen = best.argmax(axis=1)
    if (best.sum(axis=1) > 1).any():
        draw = np.random.default_rng(0).random(values.shape)
        chosen = np.where(best, draw, -1).argmax(axis=1)
    return chosen


def tied(outputs: np.ndarray) -> np.ndarray:
    """Return for which rows of outputs [N, k] the largest is not unique, bool [N]."""
    with np.errstate(invalid="ignore"):
        return (outputs == outputs.max(axis=1, keepdims=True)).sum(axis=1) > 1
