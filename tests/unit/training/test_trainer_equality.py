"""The engine against transformers' Trainer itself, step by step."""

import numpy as np
import pytest
import torch

from benchmarks.reference import Reference
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, fresh, random_encoded

# Accumulation with an incomplete last window, warmup, decay, and clipping that is at work.
RECIPE = {"lr": 2e-3, "batch": 8, "micro_batch": 4, "warmup": 0.2, "seed": 12, "epochs": 3}
RECIPE |= {"clip": 0.5}
EXAMPLES = 132  # 17 steps an epoch, the last one of half a batch


def marked(choices):
    """Examples whose second token gives the answer away: something to learn, so losses move."""
    encoded = random_encoded(EXAMPLES, choices)
    answers = encoded.labels
    if choices > 1:
        answers = (np.arange(choices) == encoded.labels[:, None]).ravel()
    encoded.tokens[encoded.offsets + 1] = 6 + answers
    return encoded


def without_effect(kind):
    """Parameters that a softmax cancels: their gradient is rounding, which Adam blows up."""
    return ("key.bias", "classifier.bias") if kind == "multiple_choice" else "key.bias"


@pytest.mark.parametrize("kind", ["classification", "multiple_choice"])
@pytest.mark.parametrize("family", ["roberta", "bert", "electra", "mobilebert", "squeezebert"])
def test_every_loss_of_fifty_steps_and_the_final_weights_equal_the_trainers(family, kind, tmp_path):
    encoded = marked(3 if kind == "multiple_choice" else 1)
    ours = fresh(family, kind, initializer_range=0.1, **STILL)
    theirs = fresh(family, kind, **STILL)
    theirs.load_state_dict(ours.state_dict())
    history = train(Workspace(ours), {"toy": encoded}, RECIPE)
    reference = Reference(theirs.head("toy").owner, encoded, RECIPE, tmp_path, use_cpu=True)
    reference.train()
    wanted = reference.losses
    assert len(history.losses) == history.steps == len(wanted) == 51
    np.testing.assert_allclose(history.losses, wanted, atol=1e-5, rtol=0)
    assert history.losses[0] - min(history.losses) > 0.02, "something was learnt to compare"
    for (name, left), right in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if not name.endswith(without_effect(kind)):
            torch.testing.assert_close(left, right, atol=1e-4, rtol=0, msg=name)
    assert list(tmp_path.iterdir()) == []
