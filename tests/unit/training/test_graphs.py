from functools import partial

import pytest
import torch

from stilts.models.batch import pack
from stilts.models.load import copy_weights
from stilts.training.graphs import Replayed, fill
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, fresh, random_encoded, several, split_of

RECIPE = {"lr": 1e-3, "batch": 4, "micro_batch": 2, "seed": 3, "epochs": 4, "warmup": 0.1}
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


class Tape:
    """What a CUDA graph does, without CUDA: repeats a step on the tensors it was recorded on."""

    made = 0

    def __init__(self, step, batch, weight, earlier):
        self.step, self.batch, self.weight = step, batch, weight
        type(self).made += 1

    def replay(self):
        return self.step(self.batch, self.weight)


class Refused:
    def __init__(self, *_):
        raise RuntimeError("operation not permitted when stream is capturing")


def gradients(model, batch):
    model.zero_grad()
    loss = model.loss(batch, "toy")
    loss.backward()
    return loss.item(), [parameter.grad for parameter in model.parameters()]


@pytest.mark.parametrize("kind, choices", [("classification", 1), ("multiple_choice", 3)])
@pytest.mark.parametrize("family", ["roberta", "bert", "electra"])
def test_a_filled_batch_has_the_loss_and_gradients_of_the_batch(family, kind, choices):
    model = fresh(family, kind, **STILL)
    batch = pack(random_encoded(7, choices), range(7))
    loss, wanted = gradients(model, batch)
    filled, found = gradients(model, fill(batch))
    assert filled == pytest.approx(loss, abs=1e-5)
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("choices", [1, 3])
def test_a_filled_batch_begins_with_the_real_one(choices):
    batch = pack(random_encoded(7, choices), range(7))
    filled = fill(batch)
    tokens, sequences = batch.tokens.shape[1], len(batch.starts)
    for name in ("tokens", "positions", "types"):
        assert torch.equal(getattr(filled, name)[:, :tokens], getattr(batch, name))
    assert torch.equal(filled.starts[:sequences], batch.starts)
    assert torch.equal(filled.bounds[: sequences + 1], batch.bounds)
    assert filled.labels.tolist() == [*batch.labels.tolist(), -100]
    assert filled.mask.shape == (sequences + choices, 1, 1, filled.longest)
    lengths = (filled.mask == 0).sum(dim=3).flatten()
    assert torch.equal(lengths, filled.bounds.diff())
    assert lengths.min() > 0


def test_batches_of_all_sizes_have_few_shapes_and_little_filling():
    encoded = random_encoded(400)
    shapes, shares = set(), []
    for start in range(0, 400, 40):
        for count in range(20, 41):
            batch = pack(encoded, range(start, start + count))
            filled = fill(batch)
            shapes.add((filled.tokens.shape[1], filled.longest))
            shares.append(filled.tokens.shape[1] / batch.tokens.shape[1])
    assert len(shapes) < len(shares) / 8
    assert max(shares) < 1.2
    assert sum(shares) / len(shares) < 1.1


def replaying(model, record):
    """A workspace that replays as on a GPU, with a stand-in for CUDA's recordings."""
    workspace = Workspace(model)
    for task in workspace._replayed:
        workspace._replayed[task] = Replayed(partial(workspace._step, task), "cpu", record)
    workspace._short = 10_000
    return workspace


@pytest.mark.parametrize("kind, choices", [("classification", 1), ("multiple_choice", 3)])
def test_replayed_training_is_the_training(kind, choices):
    encoded = random_encoded(22, choices)
    plain, replayed = fresh("roberta", kind, **STILL), fresh("roberta", kind, **STILL)
    wanted = train(Workspace(plain), {"toy": encoded}, RECIPE, scored=[split_of(encoded)])
    Tape.made = 0
    found = train(replaying(replayed, Tape), {"toy": encoded}, RECIPE, scored=[split_of(encoded)])
    assert 0 < Tape.made < len(found.losses)
    torch.testing.assert_close(found.losses, wanted.losses, atol=1e-5, rtol=0)
    assert found.tokens == wanted.tokens
    ours, theirs = (
        torch.tensor(history.outputs[-1]["toy/validation"]).log_softmax(1)
        for history in (found, wanted)
    )
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_each_task_of_a_model_has_recordings_of_its_own():
    kinds = {"a": "classification", "b": "classification"}
    sets = {"a": random_encoded(22), "b": random_encoded(22)}
    plain, replayed = several("roberta", kinds, **STILL), several("roberta", kinds, **STILL)
    wanted = train(Workspace(plain), sets, RECIPE)
    Tape.made = 0
    found = train(replaying(replayed, Tape), sets, RECIPE)
    assert 0 < Tape.made < len(found.losses)
    torch.testing.assert_close(found.losses, wanted.losses, atol=1e-5, rtol=0)


def test_recordings_serve_the_trials_after_the_first():
    encoded = random_encoded(22)
    model = fresh("roberta", "classification")
    start = {name: value.clone() for name, value in model.state_dict().items()}
    workspace = replaying(model, Tape)
    ends = []
    for _ in range(3):
        model.load_state_dict(start)
        made = Tape.made
        ends.append(train(workspace, {"toy": encoded}, RECIPE).losses)
    assert made == Tape.made, "the third trial recorded nothing new"
    assert ends[0] == ends[1] == ends[2], "dropout included"


def test_the_next_trial_works_in_the_memory_that_was_recorded():
    encoded = random_encoded(6)
    model = fresh("roberta", "classification")
    workspace, places = Workspace(model), []
    for _ in range(2):
        (weights,) = workspace.open([encoded])
        tensors = [weights, *model.parameters()]
        tensors += [tensor.grad for tensor in tensors]
        assert not weights.grad.any()
        weights.grad.fill_(1.0)
        places.append([tensor.data_ptr() for tensor in tensors])
        before = copy_weights(model)
        workspace.close()
        after = model.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert not {p.data_ptr() for p in model.parameters()} & set(places[-1])
    assert places[0] == places[1]


def test_a_training_that_failed_leaves_nothing_to_the_next_one():
    def fail(*_):
        raise OSError("the log is full")

    encoded = random_encoded(22)
    model = fresh("roberta", "classification")
    start, workspace = copy_weights(model), Workspace(model)
    wanted = train(workspace, {"toy": encoded}, RECIPE).losses
    model.load_state_dict(start)
    with pytest.raises(OSError, match="the log is full"):
        train(workspace, {"toy": encoded}, RECIPE, progress=fail)
    model.load_state_dict(start)
    assert train(workspace, {"toy": encoded}, RECIPE).losses == wanted


def test_a_device_that_cannot_record_trains_all_the_same(caplog):
    encoded = random_encoded(22)
    launched, refused = (fresh("roberta", "classification") for _ in range(2))
    wanted = train(replaying(launched, None), {"toy": encoded}, RECIPE)
    found = train(replaying(refused, Refused), {"toy": encoded}, RECIPE)
    assert found.losses == wanted.losses
    assert caplog.text.count("no more CUDA graphs") == 1


@needs_cuda
@pytest.mark.parametrize("changes", [{}, STILL], ids=["dropout", "still"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_cuda_graphs_train_as_single_launches_do(changes, precision):
    encoded = random_encoded(44)
    ends = []
    for graphs in (False, True):
        model = fresh("roberta", "classification", **changes)
        workspace = Workspace(model, precision, "cuda", graphs=graphs)
        ends.append(train(workspace, {"toy": encoded}, RECIPE | {"epochs": 6}).losses)
    assert len(ends[0]) > 50
    torch.testing.assert_close(*ends, atol=1e-4 if precision == "fp32" else 2e-2, rtol=0)


@needs_cuda
def test_a_step_that_cuda_cannot_record_is_launched_with_the_same_result(caplog):
    encoded = random_encoded(22)
    ends = []
    for waits in (False, True):
        workspace = Workspace(fresh("roberta", "classification"), device="cuda")
        step = workspace._replayed["toy"].step

        def wait(batch, weight, step=step, waits=waits):
            loss = step(batch, weight)
            return loss + 0 * loss.item() if waits else loss

        workspace._replayed["toy"].step = wait
        ends.append(train(workspace, {"toy": encoded}, RECIPE).losses)
    assert caplog.text.count("no more CUDA graphs") == 1
    torch.testing.assert_close(*ends, atol=1e-4, rtol=0)


@needs_cuda
def test_cuda_graphs_train_as_the_cpu_does():
    encoded = random_encoded(44)
    on_cpu, on_gpu = (fresh("roberta", "classification", **STILL) for _ in range(2))
    wanted = train(Workspace(on_cpu), {"toy": encoded}, RECIPE | {"epochs": 6}).losses
    found = train(Workspace(on_gpu, device="cuda"), {"toy": encoded}, RECIPE | {"epochs": 6}).losses
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
