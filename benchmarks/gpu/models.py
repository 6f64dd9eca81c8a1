"""Models of the engine with random weights, and what they are trained by."""

from collections.abc import Mapping
from typing import Any

import torch

from benchmarks.shapes import BASE, DEVICE, LARGE, TIMED, TOY, examples, model
from stilts.models.model import Model
from stilts.models.tokens import Encoded
from stilts.training.history import History
from stilts.training.loop import train
from stilts.training.workspace import Workspace

TINY = TOY | {"hidden_size": 64, "num_attention_heads": 4, "initializer_range": 0.1}
LENGTHS = ("rte", "cola", "wic")
PRECISION = "bf16"


def encoders(toy: bool) -> dict[str, dict[str, Any]]:
    """Return the shapes that are timed, by name."""
    return {"toy": TOY} if toy else {"RoBERTa-large": LARGE, "RoBERTa-base": BASE}


def build(shape: Mapping[str, Any], device: str = "cpu", **changes: Any) -> Model:
    """Return a model on a device; equal calls give equal weights."""
    with torch.device(device):
        return model(dict(shape), "classification", **changes)


def marked(lengths: str, count: int, vocabulary: int) -> Encoded:
    """Return examples whose second token gives the class away: there is something to learn."""
    encoded = examples(lengths, count, vocabulary)
    encoded.tokens[encoded.offsets + 1] = 6 + encoded.labels
    return encoded


def fit(
    fitted: Model,
    encoded: Encoded,
    recipe: Mapping[str, Any],
    precision: str = "fp32",
    device: str = DEVICE,
    *,
    graphs: bool = True,
    **options: Any,
) -> History:
    """Train a model by the engine, in a workspace of its own."""
    workspace = Workspace(fitted, precision, device, graphs=graphs)
    return train(workspace, {TIMED: encoded}, recipe, **options)
