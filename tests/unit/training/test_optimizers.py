import numpy as np
import pytest
import torch

from stilts.question.recipe import complete
from stilts.training.loop import train
from stilts.training.optimizers import OPTIMIZERS
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, fresh, random_encoded

RECIPE = complete({"lr": 0.02, "weight_decay": 0.1, "betas": [0.8, 0.95], "eps": 1e-6})
SHAPES = ((3, 5), (7,))
STEPS = 8


def gradients(step):
    rng = np.random.default_rng(step)
    return [rng.normal(0, 10.0 ** (step % 3 - 1), shape) for shape in SHAPES]


def by_hand(starts, *, corrected):
    """AdamW as its authors write it down, in float64 numpy."""
    (first, second), lr = RECIPE["betas"], RECIPE["lr"]
    weights = [np.array(start, np.float64) for start in starts]
    mean, square = ([np.zeros(shape) for shape in SHAPES] for _ in range(2))
    for step in range(1, STEPS + 1):
        for place, gradient in enumerate(gradients(step)):
            mean[place] = first * mean[place] + (1 - first) * gradient
            square[place] = second * square[place] + (1 - second) * gradient**2
            m, v = mean[place], square[place]
            if corrected:
                m, v = m / (1 - first**step), v / (1 - second**step)
            update = m / (np.sqrt(v) + RECIPE["eps"]) + RECIPE["weight_decay"] * weights[place]
            weights[place] = weights[place] - lr * update
    return weights


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_equals_the_formula_written_out(name):
    starts = [np.random.default_rng(99).normal(size=shape) for shape in SHAPES]
    weights = [torch.nn.Parameter(torch.tensor(start, dtype=torch.float32)) for start in starts]
    optimizer = OPTIMIZERS[name](weights, RECIPE)
    for step in range(1, STEPS + 1):
        for weight, gradient in zip(weights, gradients(step), strict=True):
            weight.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
    wanted = by_hand(starts, corrected=name == "adamw")
    for weight, values in zip(weights, wanted, strict=True):
        np.testing.assert_allclose(weight.detach().numpy(), values, rtol=1e-5, atol=1e-6)


def as_transformers_had_it(starts, gradients_of, recipe, steps):
    """The step of transformers 4.3.2's own AdamW written out, in float64 numpy, no decay."""
    (first, second), lr, eps = recipe["betas"], recipe["lr"], recipe["eps"]
    weights = [np.array(start, np.float64) for start in starts]
    mean, square = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    for step in range(1, steps + 1):
        for place, gradient in enumerate(gradients_of(step)):
            mean[place] = mean[place] * first + (1 - first) * gradient
            square[place] = square[place] * second + (1 - second) * gradient * gradient
            denominator = np.sqrt(square[place]) + eps
            size = lr * np.sqrt(1 - second**step) / (1 - first**step)
            weights[place] = weights[place] - size * mean[place] / denominator
    return weights


def walked(recipe, starts, gradients_of, steps, *, stop_at=None):
    """Take steps in float64; at `stop_at` go on with a new optimiser from the old one's state."""
    weights = [torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)) for start in starts]
    optimizer = OPTIMIZERS[recipe["optimizer"]](weights, recipe)
    for step in range(1, steps + 1):
        if step == stop_at:
            state = optimizer.state_dict()
            optimizer = OPTIMIZERS[recipe["optimizer"]](weights, recipe)
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": state["state"], "param_groups": groups})
        for weight, gradient in zip(weights, gradients_of(step), strict=True):
            weight.grad = None if gradient is None else torch.tensor(gradient)
        optimizer.step()
    return [weight.detach().numpy() for weight in weights]


# Gradients as small as eps, where it matters what eps is added to.
SMALL = complete({"lr": 1e-3, "weight_decay": 0.0, "eps": 1e-6, "eps_at": "uncorrected"})


def small(step):
    return [1e-6 * gradient for gradient in gradients(step)]


@pytest.mark.parametrize("stop_at", [None, 4])
def test_eps_before_the_correction_is_the_step_of_transformers_4(stop_at):
    starts = [np.random.default_rng(99).normal(size=shape) for shape in SHAPES]
    ours = walked(SMALL, starts, small, STEPS, stop_at=stop_at)
    wanted = as_transformers_had_it(starts, small, SMALL, STEPS)
    for weight, values in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(weight, values, rtol=0, atol=1e-12)
    as_torch = walked({**SMALL, "eps_at": "corrected"}, starts, small, STEPS)
    assert np.abs(as_torch[0] - wanted[0]).max() > 1e-4


def test_a_weight_that_took_fewer_steps_has_the_eps_of_its_own_count():
    starts = [np.zeros(shape) for shape in SHAPES]

    def every_other(step):
        first, second = small(step)
        return [first, second if step % 2 else None]

    ours = walked(SMALL, starts, every_other, STEPS)
    alone = as_transformers_had_it(
        starts[1:], lambda step: small(2 * step - 1)[1:], SMALL, STEPS // 2
    )
    np.testing.assert_allclose(ours[1], alone[0], rtol=0, atol=1e-12)


def test_where_eps_stands_makes_no_difference_without_a_correction():
    starts = [np.zeros(shape) for shape in SHAPES]
    ends = [
        walked({**SMALL, "optimizer": "adamw_uncorrected", "eps_at": place}, starts, small, STEPS)
        for place in ("corrected", "uncorrected")
    ]
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_the_correction_makes_the_first_steps_another():
    starts = [np.zeros(shape) for shape in SHAPES]
    with_it, without = (by_hand(starts, corrected=way) for way in (True, False))
    assert np.abs(with_it[0] - without[0]).max() > 0.01


def test_a_model_trains_with_eps_before_the_correction():
    losses = []
    for place in ("corrected", "uncorrected"):
        recipe = {"lr": 1e-3, "batch": 4, "seed": 1, "epochs": 2, "eps": 1e-2, "eps_at": place}
        model = fresh("bert", "classification", **STILL)
        losses.append(train(Workspace(model), {"toy": random_encoded(12)}, recipe).losses)
    assert losses[0][0] == losses[1][0]
    assert abs(losses[0][-1] - losses[1][-1]) > 1e-4


def test_the_setting_of_a_recipe_chooses_the_optimizer():
    ends = []
    for optimizer in OPTIMIZERS:
        recipe = {"lr": 1e-3, "batch": 4, "seed": 1, "epochs": 1, "optimizer": optimizer}
        model = fresh("bert", "classification", **STILL)
        ends.append(train(Workspace(model), {"toy": random_encoded(12)}, recipe).losses)
    assert ends[0][0] == ends[1][0], "before the first step both are the same"
    assert ends[0][1] != ends[1][1]
