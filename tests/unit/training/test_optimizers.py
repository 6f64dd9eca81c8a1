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


def test_the_correction_makes_the_first_steps_another():
    starts = [np.zeros(shape) for shape in SHAPES]
    with_it, without = (by_hand(starts, corrected=way) for way in (True, False))
    assert np.abs(with_it[0] - without[0]).max() > 0.01


def test_the_setting_of_a_recipe_chooses_the_optimizer():
    ends = []
    for optimizer in OPTIMIZERS:
        recipe = {"lr": 1e-3, "batch": 4, "seed": 1, "epochs": 1, "optimizer": optimizer}
        model = fresh("bert", "classification", **STILL)
        ends.append(train(Workspace(model), {"toy": random_encoded(12)}, recipe).losses)
    assert ends[0][0] == ends[1][0], "before the first step both are the same"
    assert ends[0][1] != ends[1][1]
