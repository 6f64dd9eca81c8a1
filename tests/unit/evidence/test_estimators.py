"""Estimators against the formulas of their papers, written down again as these have them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stilts.evidence.estimators import h_score, linear_probe, logme, text_similarity
from stilts.evidence.features import Candidate, Features

SIZES = [(60, 7, 2), (200, 30, 5), (40, 64, 3), (25, 25, 2)]


def drawn(rows, width, classes, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    states = random.normal(size=(rows, width)) + random.normal(size=(classes, width))[labels]
    return states, random.permutation(labels) if seed % 2 else labels


def candidate(states, answers, examples=None):
    examples = np.arange(len(states)) if examples is None else examples
    text = states.mean(axis=0)
    return Candidate(Features(states, answers, examples, text), text, text)


def evidence(states, column):
    """The log evidence per example as You et al. 2021 write it, with whole matrices."""
    rows, width = states.shape
    alpha = beta = 1.0
    for _ in range(11):
        ratio = alpha / beta
        precision = alpha * np.eye(width) + beta * states.T @ states
        mean = beta * np.linalg.solve(precision, states.T @ column)
        squares = np.linalg.eigvalsh(states.T @ states)
        used = (beta * squares / (alpha + beta * squares)).sum()
        weights, error = mean @ mean, ((states @ mean - column) ** 2).sum()
        alpha, beta = used / (weights + 1e-5), (rows - used) / (error + 1e-5)
        if abs(alpha / beta - ratio) / ratio <= 1e-3:
            break
    _, determinant = np.linalg.slogdet(alpha * np.eye(width) + beta * states.T @ states)
    total = width / 2 * np.log(alpha) + rows / 2 * np.log(beta) - rows / 2 * np.log(2 * np.pi)
    return (total - beta / 2 * error - alpha / 2 * weights - determinant / 2) / rows


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("rows", "width", "classes"), SIZES)
def test_logme_is_the_evidence_of_the_paper(rows, width, classes, seed):
    states, labels = drawn(rows, width, classes, seed)
    known = np.mean([evidence(states, (labels == c) * 1.0) for c in range(classes)])
    assert logme.estimate(candidate(states, labels)) == pytest.approx(known, abs=1e-8)


def test_logme_of_numbers_is_that_of_one_column():
    states, _ = drawn(80, 9, 2)
    numbers = states @ np.arange(9) + np.random.default_rng(3).normal(size=80)
    known = evidence(states, numbers)
    assert logme.estimate(candidate(states, numbers)) == pytest.approx(known, abs=1e-8)


def test_logme_is_as_the_authors_code_has_it_where_there_are_more_rows_than_features():
    """Which goes over the singular values, and takes the last fixed point."""
    states, labels = drawn(120, 20, 3)
    u, singular, _ = np.linalg.svd(states, full_matrices=False)
    found, sigma = [], singular**2
    for label in range(3):
        y = (labels == label) * 1.0
        x2 = (u.T @ y) ** 2
        rest, alpha, beta = (y**2).sum() - x2.sum(), 1.0, 1.0
        for _ in range(11):
            t = alpha / beta
            gamma = (sigma / (sigma + t)).sum()
            m2 = (sigma * x2 / (t + sigma) ** 2).sum()
            res2 = (x2 / (1 + sigma / t) ** 2).sum() + rest
            alpha, beta = gamma / (m2 + 1e-5), (120 - gamma) / (res2 + 1e-5)
            if abs(alpha / beta - t) / t <= 1e-3:
                break
        total = 10 * np.log(alpha) + 60 * np.log(beta) - np.log(alpha + beta * sigma).sum() / 2
        found.append((total - beta / 2 * res2 - alpha / 2 * m2 - 60 * np.log(2 * np.pi)) / 120)
    known = np.mean(found)
    assert logme.estimate(candidate(states, labels)) == pytest.approx(known, abs=1e-8)


@pytest.mark.parametrize(("rows", "width", "classes"), SIZES[:2])
def test_the_h_score_is_the_trace_of_the_paper(rows, width, classes):
    states, labels = drawn(rows, width, classes)
    centred = states - states.mean(axis=0)
    between = np.zeros((width, width))
    for label in range(classes):
        mean = centred[labels == label].mean(axis=0)
        between += (labels == label).sum() * np.outer(mean, mean)
    known = np.trace(np.linalg.inv(centred.T @ centred) @ between)
    assert h_score.estimate(candidate(states, labels)) == pytest.approx(known, abs=1e-8)


def test_the_h_score_of_a_feature_that_repeats_another_is_that_without_it():
    states, labels = drawn(90, 6, 3)
    twice = np.hstack([states, states[:, :1]])
    alone = h_score.estimate(candidate(states, labels))
    assert h_score.estimate(candidate(twice, labels)) == pytest.approx(alone, abs=1e-6)


def test_the_probe_of_classes_is_scikit_learns_cross_validated_log_probability():
    states, labels = drawn(100, 8, 2)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    folds = KFold(5, shuffle=True, random_state=0)
    known = cross_val_score(model, states, labels, cv=folds, scoring="neg_log_loss").mean()
    assert linear_probe.estimate(candidate(states, labels)) == pytest.approx(known, abs=1e-8)


def test_the_probe_of_numbers_is_scikit_learns_r_squared():
    states, _ = drawn(100, 8, 2)
    numbers = states @ np.arange(8) + np.random.default_rng(3).normal(size=100)
    model = make_pipeline(StandardScaler(), Ridge())
    folds = KFold(5, shuffle=True, random_state=0)
    known = cross_val_score(model, states, numbers, cv=folds, scoring="r2").mean()
    assert linear_probe.estimate(candidate(states, numbers)) == pytest.approx(known, abs=1e-8)


def test_the_options_of_an_example_are_not_parted():
    """Each example's two options are one text with opposite answers: unseen, they tell nothing."""
    random = np.random.default_rng(0)
    states, examples = np.repeat(random.normal(size=(40, 80)), 2, axis=0), np.repeat(range(40), 2)
    answers = np.tile([0, 1], 40)
    found = linear_probe.estimate(candidate(states, answers, examples))
    assert found == pytest.approx(np.log(0.5), abs=1e-8)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    parted = cross_val_score(
        model, states, answers, groups=examples, cv=GroupKFold(5), scoring="neg_log_loss"
    )
    assert parted.mean() == pytest.approx(found, abs=1e-6)


def test_a_probe_knows_of_no_class_that_its_folds_lack():
    states, labels = drawn(50, 4, 2)
    labels[7] = 2
    assert np.isfinite(linear_probe.estimate(candidate(states, labels)))
    assert np.isnan(linear_probe.estimate(candidate(states, np.zeros(50, np.int64))))


def test_text_similarity_is_the_cosine():
    found = text_similarity.estimate(
        candidate(np.ones((5, 2)), None)._replace(
            source=np.array([3.0, 4.0]), target=np.array([4.0, 3.0])
        )
    )
    assert found == pytest.approx(24 / 25, abs=1e-12)


@pytest.mark.parametrize("estimator", [logme, h_score, linear_probe])
def test_better_parted_classes_are_ranked_higher(estimator):
    random = np.random.default_rng(0)
    labels = np.arange(120) % 3
    noise, centres = random.normal(size=(120, 10)), random.normal(size=(3, 10))
    found = [
        estimator.estimate(candidate(noise + spread * centres[labels], labels))
        for spread in (0, 0.5, 1, 2)
    ]
    assert found == sorted(found)


@pytest.mark.parametrize("estimator", [logme, h_score, linear_probe])
def test_spans_have_no_estimate(estimator):
    assert np.isnan(estimator.estimate(candidate(np.ones((5, 2)), None)))
