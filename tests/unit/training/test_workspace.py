import copy

import pytest
import torch

from stilts.models.batch import pack
from stilts.question.recipe import complete
from stilts.training.optimizers import OPTIMIZERS
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, fresh, random_encoded, several, weights_of

TASKS = {"a": "classification", "b": "regression", "c": "multiple_choice"}
CANCELLED = ("parts.2.classifier.bias",)  # by a softmax, as a key's: its gradient is rounding
RECIPE = complete(
    {"lr": 1e-3, "eps": 1e-6, "weight_decay": 0.1, "epochs": 1, "batch": 4, "seed": 0}
)


def examples_of(task):
    return random_encoded(6, *{"a": (1,), "b": (1,), "c": (3,)}[task], classes=3 * (task != "b"))


def gradients_of(model):
    return {
        name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None
    }


# Clipping


def clipped(model, **recipe):
    """The gradients that a workspace leaves of one batch, far from zero and clipped."""
    workspace = Workspace(model)
    workspace.open([random_encoded(6)])
    workspace.accumulate(pack(random_encoded(6), range(6)), 50.0, "toy")
    workspace.clip(RECIPE | recipe)
    return gradients_of(model)


def plain(model):
    (50.0 * model.train().loss(pack(random_encoded(6), range(6)), "toy")).backward()
    return model


@pytest.fixture(params=["roberta", "electra", "mobilebert"])
def models(request):
    model = fresh(request.param, "classification", **STILL)
    return model, copy.deepcopy(model)


def test_each_parameter_is_clipped_as_pytorch_clips_it_alone(models):
    ours, theirs = models
    found = clipped(ours, clip=0.5, clip_over="each")
    norms = []
    for parameter in plain(theirs).parameters():
        if parameter.grad is not None:
            norms.append(torch.nn.utils.clip_grad_norm_(parameter, 0.5).item())
    assert min(norms) < 0.5 < max(norms), "some are cut and some are not"
    same(found, gradients_of(theirs))


def test_all_parameters_are_clipped_together_as_pytorch_clips_them(models):
    ours, theirs = models
    found = clipped(ours, clip=0.5)
    torch.nn.utils.clip_grad_norm_(plain(theirs).parameters(), 0.5)
    same(found, gradients_of(theirs))


def test_without_clip_gradients_stay_as_they_are(models):
    ours, theirs = models
    found = clipped(ours, clip=None, clip_over="each")
    same(found, gradients_of(plain(theirs)))


def same(found, wanted):
    """Equal gradients; what a plain model has none for is zero here."""
    for name, gradient in found.items():
        other = wanted.get(name, torch.zeros_like(gradient))
        scale = max(1.0, other.abs().max().item())
        torch.testing.assert_close(gradient, other, atol=1e-5 * scale, rtol=0, msg=name)


# Steps of several heads


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
@pytest.mark.parametrize("clip_over", ["all", "each"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_of_tasks_in_turn_equal_a_plain_loop(family, clip_over, optimizer):
    """In PyTorch a parameter without gradient is left alone, its moments and decay too."""
    ours = several(family, TASKS, initializer_range=0.1, **STILL)
    theirs = copy.deepcopy(ours).train()
    recipe = RECIPE | {"clip": 0.5, "clip_over": clip_over, "optimizer": optimizer}
    workspace = Workspace(ours)
    mine = OPTIMIZERS[optimizer](workspace.open([*map(examples_of, TASKS)]), recipe)
    plain_one = OPTIMIZERS[optimizer]([*theirs.parameters()], recipe)
    for task in "abcbacca":
        before, batch = weights_of(ours), pack(examples_of(task), range(6))
        workspace.accumulate(batch, 1 / 6, task)
        workspace.clip(recipe)
        workspace.step(mine, task)
        plain_one.zero_grad(set_to_none=True)
        (theirs.loss(batch, task) / 6).backward()
        given = [part for part in theirs.parameters() if part.grad is not None]
        for some in [given] if clip_over == "all" else given:
            torch.nn.utils.clip_grad_norm_(some, 0.5)
        plain_one.step()
        untouched = [name for name, part in theirs.named_parameters() if part.grad is None]
        assert untouched
        after = weights_of(ours)
        assert [name for name in untouched if before[name] != after[name]] == []
    workspace.close()
    for (name, left), right in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if name not in CANCELLED and not name.endswith("key.bias"):
            torch.testing.assert_close(left, right, atol=2e-5, rtol=0, msg=name)


def test_after_a_step_no_gradient_is_left():
    model = several("bert", TASKS)
    workspace = Workspace(model)
    weights = workspace.open([*map(examples_of, TASKS)])
    optimizer = OPTIMIZERS["adamw"](weights, RECIPE)
    for task in TASKS:
        workspace.accumulate(pack(examples_of(task), range(6)), 1.0, task)
        assert any(part.grad.any() for part in weights)
        workspace.step(optimizer, task)
        assert not any(part.grad.any() for part in weights)


def test_what_is_not_trained_has_no_part_in_a_workspace():
    model = several("bert", TASKS)
    for parameter in model.encoder.parameters():
        parameter.requires_grad_(False)
    trained = sum(part.numel() for part in model.parameters() if part.requires_grad)
    workspace = Workspace(model)
    weights = workspace.open([*map(examples_of, TASKS)])
    assert sum(part.numel() for part in weights) == trained
    before = weights_of(model.encoder)
    optimizer = OPTIMIZERS["adamw"](weights, RECIPE)
    workspace.accumulate(pack(examples_of("a"), range(6)), 1.0, "a")
    workspace.clip(RECIPE | {"clip_over": "each"})
    workspace.step(optimizer, "a")
    assert weights_of(model.encoder) == before
