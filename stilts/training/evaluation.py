"""Predictions, scores, and the signs that a run has learnt nothing."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from stilts.models.batch import pack
from stilts.models.load import forward
from stilts.models.tokens import Encoded
from stilts.tasks.metrics import METRICS as KNOWN
from stilts.tasks.metrics import compute

METRICS = tuple(KNOWN)
FLAT = 0.01  # a loss that moves less than this (relative) between halves of a run is flat


def predict(
    model: PreTrainedModel,
    encoded: Encoded,
    *,
    precision: str = "fp32",
    device: str = "cpu",
    tokens_per_batch: int = 4096,
) -> np.ndarray:
    """Return the float32 logits [N, classes or choices] of every example, in the given order.

    Examples of similar length share a batch, so little is padded where padding is needed.
    """
    width = encoded.lengths.reshape(-1, encoded.choices).max(axis=1) * encoded.choices
    order = np.argsort(width, kind="stable")
    filled = np.cumsum(width[order]) // tokens_per_batch
    logits: np.ndarray | None = None
    was_training = model.training
    model.to(device).eval()
    autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
    with torch.inference_mode(), autocast:
        for examples in np.split(order, np.flatnonzero(np.diff(filled)) + 1):
            part = forward(model, pack(encoded, examples, device)).float().cpu().numpy()
            if logits is None:
                logits = np.empty((len(encoded), part.shape[1]), np.float32)
            logits[examples] = part
    model.train(was_training)
    assert logits is not None, "an Encoded always holds at least one example"
    return logits


def predictions(logits: np.ndarray) -> np.ndarray:
    """Return the predicted index [N] of logits [N, options]; ties are drawn, seeded by place.

    Plain argmax gives a tie to option 0, so a collapsed model would score 100 % on a task whose
    right answer always comes first. NaN counts as a tie with everything: it says nothing.
    """
    values = np.where(np.isnan(logits).any(axis=1, keepdims=True), 0, logits)
    best = values == values.max(axis=1, keepdims=True)
    chosen = best.argmax(axis=1)
    if (best.sum(axis=1) > 1).any():
        draw = np.random.default_rng(0).random(values.shape)
        chosen = np.where(best, draw, -1).argmax(axis=1)
    return chosen


def scores(
    logits: np.ndarray, labels: np.ndarray, metrics: Sequence[str] = METRICS
) -> dict[str, float]:
    """Return every named metric of logits [N, options] against labels [N], as fractions."""
    predicted = predictions(logits)
    return {name: compute(name, predicted, labels) for name in metrics}


def majority(labels: np.ndarray) -> float:
    """Return the accuracy of always predicting the most frequent label."""
    return float(np.bincount(labels).max() / len(labels))


def degenerate(logits: np.ndarray, labels: np.ndarray, losses: Sequence[float] = ()) -> list[str]:
    """Return the reasons, if any, to think that a run has learnt nothing.

    not finite: a logit or loss is NaN or infinite. constant prediction: one option for all.
    at or below majority: accuracy no better than the most frequent label. tied logits: the best
    option of some example is not unique. flat loss: the second half of `losses` (per step) is on
    average no lower than the first, or by less than FLAT of it.
    """
    reasons = []
    with np.errstate(invalid="ignore"):
        ties = (logits == logits.max(axis=1, keepdims=True)).sum(axis=1) > 1
    predicted = predictions(logits)
    if not (np.isfinite(logits).all() and np.isfinite(losses).all()):
        reasons.append("not finite")
    if len(np.unique(predicted)) == 1 or ties.all():
        reasons.append("constant prediction")
    if compute("accuracy", predicted, labels) <= majority(labels):
        reasons.append("at or below majority")
    if ties.any():
        reasons.append("tied logits")
    if len(losses) > 1:
        first, second = np.array_split(np.asarray(losses, np.float64), 2)
        if not second.mean() < first.mean() * (1 - FLAT):
            reasons.append("flat loss")
    return reasons
