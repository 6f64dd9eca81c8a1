import os

import numpy as np
import pytest

from stilts.errors import UserError
from stilts.files.plugins import names
from stilts.tasks import scoring
from stilts.tasks.kinds import span
from stilts.tasks.scoring import METRICS, as_evaluate, compute, final, metric

LABELS, PREDICTED = np.array([1, 1, 1, 0, 0]), np.array([1, 1, 0, 0, 1])
NUMBERS = np.array([0.5, 5.0, 2.25, 4.0, 0.1])
GUESSED = np.array([0.75, 3.5, 2.0, 4.5, 1.0], np.float32)


def test_several_metrics_are_computed_at_once():
    found = compute(["accuracy", "f1_macro"], PREDICTED, LABELS)
    assert found == {
        "accuracy": pytest.approx(3 / 5),
        "f1_macro": pytest.approx((4 / 6 + 2 / 4) / 2),
    }


@pytest.mark.parametrize("name", sorted({*names(METRICS)} - {*span.METRICS, *span.BY_ANSWER}))
def test_final_scores_go_through_evaluate_and_equal_the_functions(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import evaluate

    numbers = name in ("pearson", "spearman", "found")
    predicted, labels = (GUESSED, NUMBERS) if numbers else (PREDICTED, LABELS)
    local = as_evaluate(name, "float64" if numbers else "int64")
    assert isinstance(local, evaluate.Metric)
    asked = []
    monkeypatch.setattr(scoring, "as_evaluate", lambda *given: asked.append(given) or local)
    assert final([name], predicted, labels) == compute([name], predicted, labels)
    assert asked == [(name, "float64" if numbers else "int64")]
    assert local.compute(predictions=predicted.tolist(), references=labels.tolist()) == {
        name: metric(name).score(predicted, labels)
    }
    assert os.listdir(tmp_path) == [], "nothing is left in the working folder"


def test_an_epoch_does_not_go_through_evaluate(monkeypatch):
    monkeypatch.setattr(scoring, "as_evaluate", lambda *_: pytest.fail("too slow"))
    assert compute(["accuracy"], PREDICTED, LABELS) == {"accuracy": 0.6}


def test_an_unknown_metric_is_refused_with_the_known_ones():
    for call in (compute, final):
        with pytest.raises(UserError, match="unknown metric 'bleu'; allowed: accuracy, "):
            call(["bleu"], np.array([0]), np.array([0]))
    with pytest.raises(UserError, match="^task 't': unknown metric 'bleu'"):
        metric("bleu", "task 't'")
