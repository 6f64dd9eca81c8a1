"""Whose epoch's weights a run leaves."""

import contextlib

import pytest

import stilts.training.loop
from stilts.errors import UserError
from stilts.training.loop import train
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import fresh, random_encoded, several, split_of, weights_of

RECIPE = {"lr": 5e-3, "batch": 4, "seed": 12, "epochs": 4, "schedule": "constant"}
RECIPE |= {"select": "best:toy.accuracy"}
KEY = "a" * 64


@pytest.fixture
def script(monkeypatch):
    """Let the epochs of a run have these scores, whatever the model says."""

    def script(*scores):
        def score(workspace, scored, history):
            original(workspace, scored, history)
            history.epochs[-1]["accuracy"] = scores[len(history.epochs) - 1]

        original = stilts.training.loop.score
        monkeypatch.setattr(stilts.training.loop, "score", score)

    return script


def run(snapshot=None, **recipe):
    model = fresh("roberta", "classification")
    with snapshot or contextlib.nullcontext():
        history = train(
            Workspace(model),
            {"toy": random_encoded(10)},
            RECIPE | recipe,
            scored=[split_of(random_encoded(9, seed=5))],
            snapshot=snapshot,
        )
    return weights_of(model), history


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ((0.9, 0.1, 0.2, 0.3), 1),
        ((0.1, 0.7, 0.7, 0.3), 2),
        ((0.1, 0.2, 0.9, 0.3), 3),
        ((0.1, 0.2, 0.3, 0.4), 4),
        ((0.0, 0.0, 0.0, 0.0), 1),
    ],
)
def test_the_best_epochs_weights_are_those_of_a_run_that_ended_there(script, scores, best):
    """With a constant learning rate the epochs to come do not change those before."""
    script(*scores)
    found, history = run()
    assert history.chosen(RECIPE["select"]) == best - 1
    assert len(history.epochs) == 4, "all epochs are trained and told of"
    wanted, _ = run(epochs=best, select="last")
    assert found == wanted
    if best < 4:
        assert found != run(select="last")[0]


def test_the_last_epoch_counts_where_nothing_else_is_said(script):
    script(0.9, 0.1, 0.1, 0.1)
    found, history = run(select="last")
    assert history.chosen("last") == 3
    assert found != run(epochs=1)[0]


@pytest.mark.parametrize("calls", range(1, 13))
def test_a_run_that_is_stopped_anywhere_keeps_its_best_weights(
    script, calls, tmp_path, stop, monkeypatch
):
    """Three steps an epoch; from the seventh on the best epoch lies behind."""
    script(0.1, 0.8, 0.2, 0.3)
    wanted, _ = run()
    stop("pack", calls)
    with pytest.raises(SystemExit):
        run(Snapshot(tmp_path / KEY, 60))
    monkeypatch.undo()
    script(0.1, 0.8, 0.2, 0.3)
    found, history = run(Snapshot(tmp_path / KEY, 60))
    assert found == wanted
    assert history.chosen(RECIPE["select"]) == 1


@pytest.mark.parametrize("calls", [2, 5, 8, 11])
def test_a_run_that_is_scored_at_its_end_alone_goes_on_from_anywhere(
    calls, tmp_path, stop, monkeypatch
):
    at_end = {"select": "last", "evaluate": "last"}
    wanted, whole = run(**at_end)
    stop("pack", calls)
    with pytest.raises(SystemExit):
        run(Snapshot(tmp_path / KEY, 60), **at_end)
    monkeypatch.undo()
    found, history = run(Snapshot(tmp_path / KEY, 60), **at_end)
    assert found == wanted and history.epochs == whole.epochs
    assert [list(outputs) for outputs in history.outputs] == [[], [], [], ["toy/validation"]]


def test_a_finished_run_that_is_restored_has_its_best_weights(script, tmp_path):
    script(0.1, 0.8, 0.2, 0.3)
    wanted, _ = run(Snapshot(tmp_path / KEY, 1e-9))
    assert run(Snapshot(tmp_path / KEY, 60))[0] == wanted


@pytest.mark.parametrize(("task", "best"), [("a", 2), ("b", 3)])
def test_the_scores_that_choose_are_those_of_the_named_task(task, best, monkeypatch):
    def score(workspace, scored, history):
        original(workspace, scored, history)
        tasks = history.epochs[-1]["tasks"]
        tasks["a"]["accuracy"] = (0.1, 0.9, 0.2)[len(history.epochs) - 1]
        tasks["b"]["accuracy"] = (0.1, 0.2, 0.9)[len(history.epochs) - 1]

    original = stilts.training.loop.score
    monkeypatch.setattr(stilts.training.loop, "score", score)
    held_out = [split_of(random_encoded(5, seed=5), name) for name in "ab"]
    ends = []
    for change in ({"epochs": 3, "select": f"best:{task}.accuracy"}, {"epochs": best}):
        model = several("bert", dict.fromkeys("ab", "classification"))
        sets = {"a": random_encoded(8), "b": random_encoded(8, seed=3)}
        train(Workspace(model), sets, RECIPE | {"select": "last"} | change, scored=held_out)
        ends.append(weights_of(model))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("select", ["best:toy.f1_macro", "best:other.accuracy"])
def test_a_score_that_is_not_taken_is_refused_in_one_line(select):
    with pytest.raises(UserError) as caught:
        run(select=select)
    assert str(caught.value).startswith(f"setting select: '{select}': this run takes no such score")
    assert "\n" not in str(caught.value)
