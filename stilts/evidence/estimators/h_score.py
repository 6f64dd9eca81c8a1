"""H-score: how much of the features' spread is between classes, in units of their own spread.

Bao et al. 2019, "An Information-Theoretic Approach to Transferability in Task Transfer Learning":
the trace of cov(f)^-1 cov(E[f | y]).
"""

import numpy as np

from stilts.evidence.features import Candidate

TITLE = "H-score"
CUT = 1e-15  # of the largest singular value, as in the authors' code: below it counts as 0


def estimate(candidate: Candidate) -> float:
    """Return the H-score of a checkpoint on a target; NaN where the target has no classes."""
    classes = candidate.features.classes
    return float("nan") if classes is None else h_score(candidate.features.states, classes)


def h_score(states: np.ndarray, classes: np.ndarray) -> float:
    """Return the H-score of states float64 [S, d] for classes int64 [S]."""
    means = np.zeros_like(states)
    for label in np.unique(classes):
        means[classes == label] = states[classes == label].mean(axis=0)
    within = np.linalg.pinv(_covariance(states), rcond=CUT)
    return float(np.sum(within * _covariance(means).T))


def _covariance(values: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(values, rowvar=False))
