"""LogME: how likely the answers are given the features, under the best linear model's evidence.

You et al. 2021, "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", by the
fixed-point iteration of You et al. 2022. With weights of precision alpha and noise of precision
beta, the logarithm of the evidence per example, maximised over both, is averaged over the classes.
"""

import numpy as np

from stilts.evidence.features import Candidate

TITLE = "LogME"
ROUNDS, CLOSE, LEAST = 11, 1e-3, 1e-5  # as in the authors' code
RANK = 1e-10  # singular values below count as 0


def estimate(candidate: Candidate) -> float:
    """Return the LogME of a checkpoint on a target; NaN where the target has no answers."""
    answers = candidate.features.answers
    if answers is None:
        return float("nan")
    classes = candidate.features.classes
    if classes is None:
        return logme(candidate.features.states, answers[:, None])
    return logme(candidate.features.states, (classes[:, None] == np.unique(classes)) * 1.0)


def logme(states: np.ndarray, answers: np.ndarray) -> float:
    """Return the mean log evidence per example of float64 [S, d] for each column of [S, c]."""
    u, singular, _ = np.linalg.svd(states, full_matrices=False)
    kept = singular > RANK
    squares, turned = singular[kept] ** 2, u[:, kept].T @ answers
    left = (answers**2).sum(axis=0) - (turned**2).sum(axis=0)
    found = [
        _evidence(squares, column**2, rest, *states.shape)
        for column, rest in zip(turned.T, left, strict=True)
    ]
    return float(np.mean(found))


def _evidence(
    squares: np.ndarray, projected: np.ndarray, left: float, rows: int, width: int
) -> float:
    """Return the log evidence of one column.

    squares: of the singular values [k]. projected: of the column on the left vectors, squared [k].
    left: what these do not reach. A direction without a singular value keeps the precision alpha,
    as the determinant of the paper has it; the authors' later code leaves it out.
    """
    alpha = beta = 1.0
    for _ in range(ROUNDS):
        ratio = alpha / beta
        used = (squares / (squares + ratio)).sum()
        weights = (squares * projected / (ratio + squares) ** 2).sum()
        error = (projected / (1 + squares / ratio) ** 2).sum() + left
        alpha, beta = used / (weights + LEAST), (rows - used) / (error + LEAST)
        if abs(alpha / beta - ratio) / ratio <= CLOSE:
            break
    determinant = np.log(alpha + beta * squares).sum() + (width - len(squares)) * np.log(alpha)
    return (
        width / 2 * np.log(alpha)
        + rows / 2 * np.log(beta)
        - determinant / 2
        - beta / 2 * error
        - alpha / 2 * weights
        - rows / 2 * np.log(2 * np.pi)
    ) / rows
