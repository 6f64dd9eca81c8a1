"""A linear probe: how well a linear model on the features, frozen, tells answers it has not seen.

Five folds, features standardised in each; of classes the mean log probability of the right one by
logistic regression, of numbers the R squared of ridge regression. A share of right answers would
be tied too often for a ranking. The options of one example are never in two folds.
"""

from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stilts.evidence.features import Candidate

TITLE = "linear probe"
FOLDS, SEED, STEPS = 5, 0, 1_000
LEAST = 1e-12  # the probability of a class that a fold has not seen


def estimate(candidate: Candidate) -> float:
    """Return what the probe reaches; NaN where the target has no answers, or too few."""
    answers = candidate.features.answers
    if answers is None:
        return float("nan")
    score = numbers_told if candidate.features.classes is None else classes_told
    return _over_folds(candidate.features.states, answers, candidate.features.examples, score)


def _over_folds(
    states: np.ndarray,
    answers: np.ndarray,
    examples: np.ndarray,
    score: Callable[..., float],
) -> float:
    """Return the mean over the folds of what a score says; NaN where one fold has one answer."""
    names = np.unique(examples)
    if len(names) < FOLDS:
        return float("nan")
    found = []
    for _, held in KFold(FOLDS, shuffle=True, random_state=SEED).split(names):
        out = np.isin(examples, names[held])
        if len(np.unique(answers[~out])) < 2:
            return float("nan")
        found.append(score(states[~out], answers[~out], states[out], answers[out]))
    return float(np.mean(found))


def classes_told(
    states: np.ndarray, classes: np.ndarray, unseen: np.ndarray, truth: np.ndarray
) -> float:
    """Return the mean log probability of the classes `truth` [U] of unseen states [U, d]."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=STEPS))
    probabilities = model.fit(states, classes).predict_proba(unseen)
    right = np.where(truth[:, None] == model.classes_, probabilities, 0).sum(axis=1)
    return float(np.log(np.maximum(right, LEAST)).mean())


def numbers_told(
    states: np.ndarray, numbers: np.ndarray, unseen: np.ndarray, truth: np.ndarray
) -> float:
    """Return the R squared on the numbers `truth` [U] of unseen states [U, d]."""
    model = make_pipeline(StandardScaler(), Ridge())
    return float(model.fit(states, numbers).score(unseen, truth))
