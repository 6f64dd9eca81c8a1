"""Outputs of a model on a split, scores after every epoch, and signs that nothing was learnt."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from stilts.models.batch import pack
from stilts.models.model import Model
from stilts.models.tokens import Encoded
from stilts.tasks.scoring import compute
from stilts.training.history import History

TIED = 0.01  # single ties come about by rounding
FLAT = 0.01  # a loss that moves less than this (relative) between halves of a run is flat


class ScoredSplit(NamedTuple):
    """A split that a model is scored on, and the metrics for it."""

    task: str
    split: str
    examples: Encoded
    metrics: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its outputs are kept under."""
        return f"{self.task}/{self.split}"


class Predicts(Protocol):
    """Holds a model and gives its outputs."""

    model: Model

    def predict(self, encoded: Encoded, task: str) -> np.ndarray:
        """Return the outputs of a task's head for every example."""


def predict(
    model: Model,
    encoded: Encoded,
    task: str,
    *,
    precision: str = "fp32",
    device: str = "cpu",
    tokens_per_batch: int = 4096,
) -> np.ndarray:
    """Return the float32 outputs [N, k] of a task's head for every example, in the given order.

    Examples of similar length share a batch, so little is padded where padding is needed.
    """
    width = encoded.lengths.reshape(-1, encoded.choices).max(axis=1) * encoded.choices
    order = np.argsort(width, kind="stable")
    filled = np.cumsum(width[order]) // tokens_per_batch
    outputs: np.ndarray | None = None
    was_training = model.training
    model.to(device).eval()
    autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
    with torch.inference_mode(), autocast:
        for examples in np.split(order, np.flatnonzero(np.diff(filled)) + 1):
            part = model(pack(encoded, examples, device), task).float().cpu().numpy()
            if outputs is None:
                outputs = np.empty((len(encoded), part.shape[1]), np.float32)
            outputs[examples] = part
    model.train(was_training)
    assert outputs is not None, "an Encoded always holds at least one example"
    return outputs


def score(workspace: Predicts, scored: Sequence[ScoredSplit], history: History) -> None:
    """Add the scores of every split to the history's last epoch, and keep the outputs.

    The record of an epoch holds the metrics of the first task, the mean of its splits where it has
    several; those of each task under `tasks` where there are several tasks, and those of each
    split under `splits` where a task has several.
    """
    outputs, found = {}, {}
    for part in scored:
        outputs[part.name] = workspace.predict(part.examples, part.task)
        head = workspace.model.head(part.task)
        answers = head.answer(outputs[part.name], part.examples)
        values = compute(part.metrics, answers, head.references(part.examples))
        found.setdefault(part.task, {})[part.split] = values
    history.outputs[-1] = outputs
    history.epochs[-1] |= summary(found)


def summary(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """Return scores, task -> split -> metric -> value, as a record tells them; see `score`."""
    tasks = {task: _of_splits(splits) for task, splits in found.items()}
    first = next(iter(tasks.values()))
    return {**first, "tasks": tasks} if len(tasks) > 1 else first


def _of_splits(splits: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    parts = list(splits.values())
    if len(parts) == 1:
        return dict(parts[0])
    means = {name: sum(part[name] for part in parts) / len(parts) for name in parts[0]}
    return {**means, "splits": {split: dict(part) for split, part in splits.items()}}


def signs(
    answers: np.ndarray,
    outputs: np.ndarray,
    ties: np.ndarray,
    losses: Sequence[float] = (),
) -> list[str]:
    """Return the signs, if any, that a run has learnt nothing.

    None of them decides: a flat loss, say, is also that of a run that had learnt in its first half.
    not finite: an output or loss is NaN or infinite. constant prediction: one answer for all.
    tied logits: of more than TIED of the examples the best option is not unique. flat loss: the
    second half of `losses` (per step) is on average no lower than the first, or by less than FLAT
    of it.

    Args:
        answers: the head's, [N].
        outputs: float32 [N, k].
        ties: bool [N], see `stilts.models.head.Head.ties`.
        losses: one per optimiser step.
    """
    found = []
    if not (np.isfinite(outputs).all() and np.isfinite(losses).all()):
        found.append("not finite")
    if len(np.unique(answers)) == 1 or ties.all():
        found.append("constant prediction")
    if ties.mean() > TIED:
        found.append("tied logits")
    if len(losses) > 1:
        first, second = np.array_split(np.asarray(losses, np.float64), 2)
        if not second.mean() < first.mean() * (1 - FLAT):
            found.append("flat loss")
    return found
