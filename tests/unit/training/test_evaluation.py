import numpy as np
import pytest
import torch

from stilts.models.batch import pack
from stilts.models.load import forward
from stilts.training.evaluation import degenerate, majority, predict, predictions, scores
from tests.toys.tiny_models import fresh, random_encoded

RNG = np.random.default_rng(0)
GOOD = np.eye(2, dtype=np.float32)[np.arange(40) % 2] + RNG.normal(0, 0.01, (40, 2))
LABELS = np.arange(40) % 2
FALLING = np.linspace(1, 0.1, 20)


@pytest.mark.parametrize("choices", [1, 3])
def test_logits_come_back_in_order_whatever_the_batch_size(choices):
    kind = "multiple_choice" if choices > 1 else "classification"
    encoded, model = random_encoded(11, choices), fresh("roberta", kind)
    logits = predict(model, encoded)
    assert (logits.shape, logits.dtype) == ((11, 3), np.float32)
    assert model.training, "the mode is put back"
    np.testing.assert_allclose(predict(model, encoded, tokens_per_batch=16), logits, atol=1e-6)
    model.eval()
    with torch.no_grad():
        for i in range(11):
            alone = forward(model, pack(encoded, [i])).numpy()[0]
            np.testing.assert_allclose(logits[i], alone, atol=1e-6)


def test_predictions_are_the_best_option():
    assert predictions(np.array([[0.1, 0.2], [3, -1], [0, 1e-6]])).tolist() == [1, 0, 1]


def test_tied_logits_do_not_score_full_marks_when_gold_is_always_first():
    tied, gold_first = np.zeros((1000, 4), np.float32), np.zeros(1000, int)
    assert scores(tied, gold_first)["accuracy"] == pytest.approx(0.25, abs=0.05)
    assert predictions(tied).tolist() == predictions(tied).tolist(), "the draw is deterministic"


def test_a_tie_is_drawn_among_the_best_only_and_spares_the_other_rows():
    logits = np.tile(np.array([[1.0, 0.0, 1.0]]), (200, 1))
    logits[0] = [0, 5, 0]
    drawn = predictions(logits)
    assert drawn[0] == 1
    assert set(drawn[1:]) == {0, 2}


def test_logits_that_are_not_numbers_count_as_a_tie():
    logits = np.full((400, 2), np.nan, np.float32)
    assert scores(logits, np.zeros(400, int))["accuracy"] == pytest.approx(0.5, abs=0.1)


def test_scores_hold_every_variant():
    assert scores(GOOD, LABELS) == {"accuracy": 1, "matthews_correlation": 1, "f1_macro": 1}
    assert list(scores(GOOD, LABELS, ["accuracy"])) == ["accuracy"]


def test_the_majority_share_is_counted():
    assert majority(np.array([0, 1, 1, 1])) == 0.75


def test_a_good_run_is_not_degenerate():
    assert degenerate(GOOD, LABELS, FALLING) == []


def test_every_sign_of_a_run_that_learnt_nothing_is_named():
    constant = np.tile(np.array([[0.0, 1.0]]), (40, 1)) + RNG.normal(0, 0.01, (40, 2))
    assert degenerate(constant, LABELS) == ["constant prediction", "at or below majority"]
    tied = np.zeros((40, 2))
    assert degenerate(tied, np.zeros(40, int)) == [
        "constant prediction",
        "at or below majority",
        "tied logits",
    ]
    broken = GOOD.copy()
    broken[3] = np.nan
    assert degenerate(broken, LABELS) == ["not finite"]
    assert degenerate(GOOD, LABELS, [0.7, np.inf, np.nan])[0] == "not finite"
    assert degenerate(GOOD, LABELS, [0.69] * 20) == ["flat loss"]
    assert "at or below majority" in degenerate(1 - GOOD, LABELS)
