import math

import numpy as np
import pytest

from stilts.errors import UserError
from stilts.training.history import History


def history(*records, names=("t/validation",)):
    outputs = [{name: np.zeros((1, 2)) for name in names} for _ in records]
    return History(epochs=list(records), outputs=outputs)


def test_an_epoch_has_the_mean_of_its_losses():
    run = History()
    run.close_epoch(1, [1.0, 2.0, 6.0])
    run.close_epoch(2, [0.5])
    assert run.epochs == [{"epoch": 1, "train_loss": 3.0}, {"epoch": 2, "train_loss": 0.5}]
    assert run.losses == [1.0, 2.0, 6.0, 0.5] and not run.diverged


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_divergence_and_no_number_in_json(loss):
    run = History()
    run.close_epoch(1, [1.0, loss])
    assert run.diverged and run.epochs == [{"epoch": 1, "train_loss": None}]


def test_the_last_epoch_or_the_first_of_the_best_counts():
    run = history({"accuracy": 0.2}, {"accuracy": 0.7}, {"accuracy": 0.7}, {"accuracy": 0.1})
    assert run.chosen("last") == 3
    assert run.chosen("best:t.accuracy") == 1


def test_the_best_of_several_tasks_is_that_of_the_named_one():
    first = {"accuracy": 0.9, "tasks": {"t": {"accuracy": 0.9}, "x.y": {"pearson": 0.1}}}
    second = {"accuracy": 0.1, "tasks": {"t": {"accuracy": 0.1}, "x.y": {"pearson": 0.9}}}
    run = history(first, second, names=("t/validation", "x.y/dev"))
    assert (run.chosen("best:t.accuracy"), run.chosen("best:x.y.pearson")) == (0, 1)


def test_of_several_splits_the_mean_counts():
    run = history(
        {"accuracy": 0.5, "splits": {"m": {"accuracy": 0.9}, "mm": {"accuracy": 0.1}}},
        {"accuracy": 0.6, "splits": {"m": {"accuracy": 0.6}, "mm": {"accuracy": 0.6}}},
        names=("t/m", "t/mm"),
    )
    assert run.chosen("best:t.accuracy") == 1


@pytest.mark.parametrize("select", ["best:t.pearson", "best:other.accuracy", "best:tt.accuracy"])
def test_a_score_that_was_not_taken_is_refused_in_one_line(select):
    with pytest.raises(UserError, match=f"setting select: '{select}': .* no such score") as caught:
        history({"accuracy": 0.2}).chosen(select)
    assert "\n" not in str(caught.value)
