import numpy as np
import pytest
import torch

from stilts.models.batch import pack
from stilts.models.choosing import largest, tied
from stilts.tasks.scoring import compute
from stilts.training.evaluation import ScoredSplit, predict, score, signs, summary
from stilts.training.history import History
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import fresh, random_encoded, several

RNG = np.random.default_rng(0)
GOOD = np.eye(2, dtype=np.float32)[np.arange(40) % 2] + RNG.normal(0, 0.01, (40, 2))
LABELS = np.arange(40) % 2
FALLING = np.linspace(1, 0.1, 20)


def signs_of(outputs, losses=()):
    return signs(largest(outputs), outputs, tied(outputs), losses)


@pytest.mark.parametrize("choices", [1, 3])
def test_outputs_come_back_in_order_whatever_the_batch_size(choices):
    kind = "multiple_choice" if choices > 1 else "classification"
    encoded, model = random_encoded(11, choices), fresh("roberta", kind)
    outputs = predict(model, encoded, "toy")
    assert (outputs.shape, outputs.dtype) == ((11, 3), np.float32)
    assert model.training, "the mode is put back"
    np.testing.assert_allclose(
        predict(model, encoded, "toy", tokens_per_batch=16), outputs, atol=1e-6
    )
    model.eval()
    with torch.no_grad():
        for i in range(11):
            alone = model(pack(encoded, [i]), "toy").numpy()[0]
            np.testing.assert_allclose(outputs[i], alone, atol=1e-6)


def test_each_task_of_a_model_is_answered_by_its_own_head():
    model, encoded = several("bert", {"a": "classification", "b": "regression"}), random_encoded(5)
    assert predict(model, encoded, "a").shape == (5, 3)
    assert predict(model, encoded, "b").shape == (5, 1)


# Scores


class Scripted:
    """Predicts what it is told to, for tasks of a model that is there for its heads only."""

    def __init__(self, outputs, **kinds):
        self.outputs, self.model = outputs, several("bert", kinds)

    def predict(self, encoded, task):
        return self.outputs[task, encoded]


class Split(str):
    """Stands in for encoded examples: its name, and labels."""

    def labelled(self, *labels):
        self.labels = np.array(labels)
        return self


def scored(workspace, *splits):
    history = History()
    history.close_epoch(1, [0.5])
    score(workspace, splits, history)
    return history


def test_a_task_of_one_split_is_scored_as_it_is():
    outputs = {("a", "validation"): np.eye(2, dtype=np.float32)}
    part = ScoredSplit("a", "validation", Split("validation").labelled(0, 0), ("accuracy",))
    history = scored(Scripted(outputs, a="classification"), part)
    assert history.epochs == [{"epoch": 1, "train_loss": 0.5, "accuracy": 0.5}]
    assert list(history.outputs[0]) == ["a/validation"]


def test_several_splits_of_a_task_count_alike_whatever_their_sizes():
    outputs = {
        ("a", "matched"): np.eye(2, dtype=np.float32),
        ("a", "mismatched"): np.eye(2, dtype=np.float32)[[0, 0, 0, 1]],
    }
    parts = [
        ScoredSplit("a", "matched", Split("matched").labelled(0, 0), ("accuracy",)),
        ScoredSplit("a", "mismatched", Split("mismatched").labelled(0, 0, 0, 0), ("accuracy",)),
    ]
    history = scored(Scripted(outputs, a="classification"), *parts)
    (record,) = history.epochs
    assert record["accuracy"] == pytest.approx((1 / 2 + 3 / 4) / 2)
    assert record["splits"] == {"matched": {"accuracy": 0.5}, "mismatched": {"accuracy": 0.75}}
    assert list(history.outputs[0]) == ["a/matched", "a/mismatched"]


def test_several_tasks_are_scored_each_by_its_own_head_and_metrics():
    outputs = {
        ("a", "validation"): np.eye(2, dtype=np.float32),
        ("b", "dev"): np.array([[1.0], [2.0], [4.0]], np.float32),
    }
    parts = [
        ScoredSplit("a", "validation", Split("validation").labelled(0, 1), ("accuracy",)),
        ScoredSplit("b", "dev", Split("dev").labelled(0.5, 2.5, 3.0), ("pearson",)),
    ]
    (record,) = scored(Scripted(outputs, a="classification", b="regression"), *parts).epochs
    pearson = np.corrcoef([1, 2, 4], [0.5, 2.5, 3])[0, 1]
    assert record["accuracy"] == 1, "the first task's scores stand where those of one task do"
    assert record["tasks"] == {"a": {"accuracy": 1}, "b": {"pearson": pytest.approx(pearson)}}


def test_a_summary_tells_of_tasks_and_splits_only_where_there_are_several():
    one = {"a": {"validation": {"accuracy": 0.25}}}
    assert summary(one) == {"accuracy": 0.25}
    two = one | {"b": {"x": {"accuracy": 1.0}, "y": {"accuracy": 0.0}}}
    mean = {"accuracy": 0.5, "splits": {"x": {"accuracy": 1.0}, "y": {"accuracy": 0.0}}}
    assert summary(two) == {"accuracy": 0.25, "tasks": {"a": {"accuracy": 0.25}, "b": mean}}


def test_an_epoch_is_scored_by_the_answers_of_the_head():
    encoded, model = random_encoded(9), fresh("bert", "classification")
    part = ScoredSplit("toy", "validation", encoded, ("accuracy", "f1_macro"))
    history = scored(Workspace(model), part)
    outputs = predict(model, encoded, "toy")
    assert np.array_equal(history.outputs[0]["toy/validation"], outputs)
    wanted = compute(("accuracy", "f1_macro"), outputs.argmax(axis=1), encoded.labels)
    assert history.epochs[0] == {"epoch": 1, "train_loss": 0.5} | wanted


# Signs that nothing was learnt


def test_a_good_run_has_no_sign():
    assert signs_of(GOOD, FALLING) == []


def test_every_sign_of_a_run_that_learnt_nothing_is_named():
    constant = np.tile(np.array([[0.0, 1.0]]), (40, 1)) + RNG.normal(0, 0.01, (40, 2))
    assert signs_of(constant) == ["constant prediction"]
    assert signs_of(np.zeros((40, 2))) == ["constant prediction", "tied logits"]
    broken = GOOD.copy()
    broken[3] = np.nan
    assert signs_of(broken) == ["not finite"]
    assert signs_of(GOOD, [0.7, np.inf, np.nan])[0] == "not finite"
    assert signs_of(GOOD, [0.69] * 20) == ["flat loss"]


def test_numbers_are_constant_where_all_are_the_same():
    outputs = np.linspace(1, 2, 40, dtype=np.float32)[:, None]
    none = np.zeros(40, bool)
    assert signs(outputs[:, 0], outputs, none, FALLING) == []
    same = np.full((40, 1), 2.5, np.float32)
    assert signs(same[:, 0], same, none, FALLING) == ["constant prediction"]
    lost = np.full((40, 1), np.nan, np.float32)
    assert "not finite" in signs(lost[:, 0], lost, none, FALLING)


def test_one_logit_per_example_is_not_taken_for_class_0():
    """The answers count: an argmax over one column would be constant."""
    outputs = np.where(LABELS, 2.0, -2.0)[:, None]
    answers = (outputs[:, 0] > 0).astype(np.int64)
    assert signs(answers, outputs, np.zeros(40, bool), FALLING) == []
