"""Training on several tasks at once."""

import contextlib
import copy
import functools

import numpy as np
import pytest
import torch
from torch.utils.data import RandomSampler

from stilts.errors import UserError
from stilts.models.batch import pack
from stilts.training.loop import train
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, random_encoded, several, split_of, weights_of

TASKS = {"a": "classification", "b": "multiple_choice", "c": "regression"}
RECIPE = {"lr": 2e-3, "batch": 4, "seed": 12, "epochs": 3, "warmup": 0.2, "eps": 1e-6}
SETS = {
    "a": random_encoded(8, seed=1),
    "b": random_encoded(3, 3, seed=2),
    "c": random_encoded(6, classes=0, seed=3),
}
PACKED = 2 * 3 * 3  # two turns of three tasks in three epochs
KEY = "a" * 64


def run(snapshot=None, **recipe):
    """Train a tiny model with three heads, dropout on, and return all that the run leaves."""
    model = several("roberta", TASKS)
    scored = [split_of(SETS["a"], "a"), split_of(SETS["c"], "c", ["pearson"])]
    with snapshot or contextlib.nullcontext():
        history = train(Workspace(model), SETS, RECIPE | recipe, scored=scored, snapshot=snapshot)
    outputs = [{name: values.tobytes() for name, values in one.items()} for one in history.outputs]
    return weights_of(model), outputs, {**vars(history), "outputs": None}


whole = functools.cache(run)


def test_a_run_of_several_tasks_equals_a_plain_loop_with_an_optimizer_of_pytorch():
    """A head without gradient is not moved: neither its weights nor its moments."""
    ours = several("bert", TASKS, initializer_range=0.1, **STILL)
    theirs = copy.deepcopy(ours).train()
    history = train(Workspace(ours), SETS, RECIPE | {"weight_decay": 0.1, "warmup": 0.0})
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=0, eps=1e-6, weight_decay=0.1)
    order, losses = torch.Generator().manual_seed(12), []
    for _ in range(3):
        a = [*RandomSampler(range(8), generator=order)]
        b = [[*RandomSampler(range(3), generator=order)] for _ in range(2)]
        c = [*RandomSampler(range(6), generator=order)]
        for task, examples in zip("abcabc", [a[:4], b[0], c[:4], a[4:], b[1], c[4:]], strict=True):
            optimizer.zero_grad(set_to_none=True)
            loss = theirs.loss(pack(SETS[task], examples), task) / len(examples)
            loss.backward()
            given = [part for part in theirs.parameters() if part.grad is not None]
            torch.nn.utils.clip_grad_norm_(given, 1.0)
            optimizer.param_groups[0]["lr"] = 2e-3 * (1 - len(losses) / PACKED)
            optimizer.step()
            losses.append(loss.item())
    assert history.steps == PACKED
    np.testing.assert_allclose(history.losses, losses, atol=1e-5)
    for (name, left), right in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if not name.endswith(("key.bias", "parts.1.classifier.bias")):  # cancelled by a softmax
            torch.testing.assert_close(left, right, atol=1e-4, rtol=0, msg=name)


def test_a_head_that_no_step_goes_through_keeps_its_bytes():
    model = several("roberta", TASKS)
    before = weights_of(model)
    train(Workspace(model), {"a": SETS["a"]}, RECIPE | {"weight_decay": 0.1})
    after = weights_of(model)
    same = {name for name in before if before[name] == after[name]}
    pooler = {"encoder.pooler.dense.weight", "encoder.pooler.dense.bias"}
    others = {name for name in before if name.startswith(("parts.1", "parts.2"))}
    assert same == others | pooler


@pytest.mark.parametrize("calls", range(1, PACKED + 1))
def test_a_run_of_several_tasks_that_is_stopped_ends_with_the_same_bytes(
    calls, tmp_path, stop, monkeypatch
):
    stop("pack", calls)
    with pytest.raises(SystemExit):
        run(Snapshot(tmp_path / KEY, 60))
    monkeypatch.undo()
    assert run(Snapshot(tmp_path / KEY, 60)) == whole()


def test_rounds_set_the_length_of_an_epoch():
    _, _, history = run(rounds=1)
    assert history["steps"] == 3 * 3
    assert run(rounds=2) == whole()


def test_gradients_are_not_carried_from_one_task_to_another():
    with pytest.raises(UserError, match="stage a~b~c: last_window carry"):
        run(last_window="carry", micro_batch=2)


def test_every_task_is_scored_after_every_epoch():
    _, outputs, history = whole()
    assert [list(one) for one in outputs] == [["a/validation", "c/validation"]] * 3
    for record in history["epochs"]:
        assert set(record["tasks"]) == {"a", "c"}
        assert record["accuracy"] == record["tasks"]["a"]["accuracy"]
