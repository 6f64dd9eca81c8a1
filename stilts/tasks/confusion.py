"""How often each class is taken for each."""

import numpy as np


def confusion(predictions: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return the counts, int64 [true classes, predicted classes], of class indices [n]."""
    classes = int(max(predictions.max(), references.max())) + 1
    pairs = references.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
