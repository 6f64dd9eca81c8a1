"""How often each class is taken for each."""

import numpy as np

NO_CLASS = -1  # what is predicted where an answer names no class


def confusion(predictions: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return the counts, int64 [true classes, predicted classes], of class indices [n].

    NO_CLASS counts as one more class, the last one, which is never true.
    """
    none = predictions == NO_CLASS
    classes = int(max(predictions.max(), references.max())) + 1 + bool(none.any())
    named = np.where(none, classes - 1, predictions)
    pairs = references.astype(np.int64) * classes + named
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
