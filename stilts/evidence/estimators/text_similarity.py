"""Text similarity: how alike the texts of the last stage and of the target are, labels unseen.

TextEmb of Vu et al. 2020, "Exploring and Predicting Transferability across NLP Tasks": the cosine
of the mean states of both, each read by the model without a stage. It knows no checkpoint.
"""

import numpy as np

from stilts.evidence.features import Candidate

TITLE = "text similarity"


def estimate(candidate: Candidate) -> float:
    """Return the cosine of the texts of the source and of the target."""
    return cosine(candidate.source, candidate.target)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Return the cosine of two vectors [h]."""
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))
