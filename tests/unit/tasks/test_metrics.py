import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from stilts.files.plugins import names
from stilts.tasks.correlation import ranks
from stilts.tasks.kinds import classification, span
from stilts.tasks.scoring import METRICS, metric

OF_CLASSES = {
    "accuracy": accuracy_score,
    "matthews_correlation": matthews_corrcoef,
    "f1_macro": lambda y, p: f1_score(y, p, average="macro"),
    "f1_weighted": lambda y, p: f1_score(y, p, average="weighted"),
}
OF_TWO = {"f1_binary": f1_score}
OF_NUMBERS = ("pearson", "spearman")
OF_SPANS = (*span.METRICS, *span.BY_ANSWER)  # held to the official script in test_span


def correlation(name, labels, predicted):
    return pd.DataFrame({"y": labels, "p": predicted}).corr(method=name).loc["y", "p"]


def score(name, predictions, references):
    return metric(name).score(np.asarray(predictions), np.asarray(references))


def test_every_metric_is_held_to_another_library_here():
    others = ("found", "no_class")  # a mean and a share, by hand
    assert names(METRICS) == sorted([*OF_CLASSES, *OF_TWO, *OF_NUMBERS, *OF_SPANS, *others])
    assert all(metric(name).TITLE for name in names(METRICS))


def test_shares_that_are_found_average_over_the_examples():
    assert score("found", [0.5, 1, 0], [1.0, 1.0, 1.0]) == pytest.approx(0.5)
    assert metric("found").guess([]) == {"chance": 0, "majority": 0}


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("classes", [2, 4, 7])
def test_every_metric_of_classes_equals_scikit_learn(name, classes):
    rng = np.random.default_rng(classes)
    for _ in range(5):
        predicted, labels = rng.integers(0, classes, (2, 60))
        wanted = OF_CLASSES[name](labels, predicted)
        assert score(name, predicted, labels) == pytest.approx(wanted)


def test_f1_of_the_positive_class_equals_scikit_learn():
    rng = np.random.default_rng(1)
    for share in (0.02, 0.3, 0.9):
        labels, predicted = (rng.random((2, 200)) < share).astype(np.int64)
        assert score("f1_binary", predicted, labels) == pytest.approx(f1_score(labels, predicted))


def test_f1_of_a_positive_class_that_nobody_names_is_zero_without_a_warning():
    assert score("f1_binary", np.zeros(9, int), np.zeros(9, int)) == 0
    assert score("f1_binary", np.zeros(4, int), np.arange(4) % 2) == 0
    assert score("f1_weighted", np.zeros(4, int), np.arange(4) % 2) == pytest.approx(1 / 3)


def test_f1_of_the_positive_class_is_for_two_classes_only():
    two, three = ({"labels": list("abc")[:count]} for count in (2, 3))
    assert "f1_binary" in classification.metrics(two)
    assert "f1_binary" not in classification.metrics(three)
    assert set(classification.metrics(three)) == set(OF_CLASSES)


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("steps", [0, 5], ids=["all differ", "many are equal"])
def test_every_metric_of_numbers_equals_pandas(name, steps):
    rng = np.random.default_rng(3)
    for shift in (0.0, 1.0, 1e3):
        labels = rng.uniform(0, 5, 60)
        predicted = (labels + rng.normal(0, 1, 60) + shift).astype(np.float32)
        if steps:
            labels, predicted = (np.round(side * steps) / steps for side in (labels, predicted))
        assert score(name, predicted, labels) == pytest.approx(correlation(name, labels, predicted))


def test_equal_numbers_share_their_mean_rank():
    values = np.array([2.0, 1.0, 2.0, 7.0, 2.0, 1.0])
    assert ranks(values).tolist() == [4, 1.5, 4, 6, 4, 1.5] == pd.Series(values).rank().tolist()


def test_numbers_far_from_zero_correlate_as_near_it():
    rng = np.random.default_rng(0)
    labels = rng.uniform(0, 5, 100)
    predicted = labels + rng.normal(0, 1, 100)
    assert score("pearson", predicted + 1e6, labels) == pytest.approx(
        correlation("pearson", labels, predicted), abs=1e-9
    )


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_numbers_that_are_all_the_same_correlate_with_nothing(name):
    assert score(name, np.full(9, 2.5, np.float32), np.arange(9.0)) == 0
    assert score(name, np.arange(9.0), np.full(9, 2.5)) == 0


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_model_that_has_diverged_correlates_with_nothing(name, odd):
    labels = np.arange(9.0)
    predicted = np.where(labels < 7, labels, odd).astype(np.float32)
    # An infinite number has a rank, and pandas would leave it out.
    finite = np.nan_to_num(predicted, posinf=99)
    wanted = correlation(name, labels, finite) if np.isinf(odd) and name == "spearman" else 0
    assert score(name, predicted, labels) == pytest.approx(wanted)
    assert score(name, np.full(9, odd), labels) == 0


def test_matthews_by_hand():
    by_hand = (2 * 1 - 1 * 1) / np.sqrt(3 * 3 * 2 * 2)
    found = score("matthews_correlation", [1, 1, 0, 0, 1], [1, 1, 1, 0, 0])
    assert found == pytest.approx(by_hand)


def test_matthews_of_very_many_examples_does_not_overflow():
    labels = np.arange(400_000) % 2
    assert score("matthews_correlation", labels, labels) == 1


def test_a_constant_prediction_has_matthews_zero_and_no_warning():
    assert score("matthews_correlation", np.zeros(9, int), np.arange(9) % 2) == 0
    assert score("matthews_correlation", np.arange(9) % 2, np.zeros(9, int)) == 0
    assert score("f1_macro", np.zeros(4, int), np.arange(4) % 2) == pytest.approx(1 / 3)


def test_a_class_that_is_only_predicted_has_no_f1_of_its_own():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    wanted = f1_score(labels, predicted, average="macro", labels=[0, 1])
    assert score("f1_macro", predicted, labels) == pytest.approx(wanted)


GUESSED = [[70, 30], [10, 50, 40], [25, 25, 25, 25]]


@pytest.mark.parametrize(
    ("name", "counts"),
    [*itertools.product(OF_CLASSES, GUESSED), ("f1_binary", [70, 30]), ("f1_binary", [30, 70])],
)
def test_what_a_guess_reaches_is_what_very_many_guesses_reach(name, counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    many = np.tile(labels, 2000)
    drawn = np.random.default_rng(0).integers(0, len(counts), len(many))
    guess = metric(name).guess(counts)
    assert guess["chance"] == pytest.approx(score(name, drawn, many), abs=0.005)
    frequent = np.full(len(labels), int(np.argmax(counts)))
    assert guess["majority"] == pytest.approx(score(name, frequent, labels))


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_guess_of_numbers_correlates_with_nothing(name):
    assert metric(name).guess([]) == {"chance": 0, "majority": 0}
