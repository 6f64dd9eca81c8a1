import os

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from stilts.tasks.metrics import METRICS, compute, metric

INDEPENDENT = {
    "accuracy": accuracy_score,
    "matthews_correlation": matthews_corrcoef,
    "f1_macro": lambda y, p: f1_score(y, p, average="macro"),
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("classes", [2, 4, 7])
def test_every_metric_equals_scikit_learn(name, classes):
    rng = np.random.default_rng(classes)
    for _ in range(5):
        predicted, labels = rng.integers(0, classes, (2, 60))
        assert compute(name, predicted, labels) == pytest.approx(
            INDEPENDENT[name](labels, predicted)
        )


def test_matthews_by_hand():
    labels, predicted = np.array([1, 1, 1, 0, 0]), np.array([1, 1, 0, 0, 1])
    by_hand = (2 * 1 - 1 * 1) / np.sqrt(3 * 3 * 2 * 2)
    assert compute("matthews_correlation", predicted, labels) == pytest.approx(by_hand)


def test_matthews_of_very_many_examples_does_not_overflow():
    labels = np.arange(400_000) % 2
    assert compute("matthews_correlation", labels, labels) == 1


def test_a_constant_prediction_has_matthews_zero_and_no_warning():
    assert compute("matthews_correlation", np.zeros(9, int), np.arange(9) % 2) == 0
    assert compute("matthews_correlation", np.arange(9) % 2, np.zeros(9, int)) == 0
    assert compute("f1_macro", np.zeros(4, int), np.arange(4) % 2) == pytest.approx(1 / 3)


def test_a_class_that_is_only_predicted_has_no_f1_of_its_own():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    wanted = f1_score(labels, predicted, average="macro", labels=[0, 1])
    assert compute("f1_macro", predicted, labels) == pytest.approx(wanted)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_metrics_are_evaluate_metrics_that_work_offline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import evaluate

    labels, predicted = [1, 1, 1, 0, 0], [1, 1, 0, 0, 1]
    for name in METRICS:
        local = metric(name)
        assert isinstance(local, evaluate.Metric)
        fast = compute(name, np.array(predicted), np.array(labels))
        assert local.compute(predictions=predicted, references=labels) == {name: fast}
    assert os.listdir(tmp_path) == [], "nothing is left in the working folder"


def test_an_unknown_metric_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="metric 'bleu' is unknown: use one of accuracy"):
        compute("bleu", np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="metric 'bleu' is unknown"):
        metric("bleu")
