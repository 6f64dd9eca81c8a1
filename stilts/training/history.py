"""What a training run leaves behind, besides the model."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stilts.errors import UserError


@dataclass
class History:
    """The record of a training run, filled in as it goes.

    losses: mean loss of every optimiser step, in order.
    epochs: one record per epoch: epoch (from 1), train_loss (None if not finite) and, where it
        was scored, what `stilts.training.evaluation.score` adds.
    outputs: of each epoch the float32 outputs by `<task>/<split>`, empty where it was not scored.
    diverged: a loss was NaN or infinite; training stopped after that epoch.
    steps: optimiser steps taken. tokens: tokens seen in training.
    """

    losses: list[float] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, np.ndarray]] = field(default_factory=list)
    diverged: bool = False
    steps: int = 0
    tokens: int = 0

    def close_epoch(self, epoch: int, losses: list[float]) -> None:
        """Take in the losses of an epoch's steps; the loop waits for its device only here."""
        mean = sum(losses) / len(losses)
        self.losses += losses
        self.diverged = not all(map(math.isfinite, losses))
        self.epochs.append({"epoch": epoch, "train_loss": mean if math.isfinite(mean) else None})
        self.outputs.append({})

    def over(self, epochs: int) -> bool:
        """Return whether no epoch follows: that was the last of so many, or the run diverged."""
        return self.diverged or len(self.epochs) == epochs

    def chosen(self, select: str) -> int:
        """Return the index of the epoch whose weights and outputs count.

        Args:
            select: `last`, or `best:<task>.<metric>`: the first of the epochs with the highest.

        Raises:
            UserError: no such score was taken.
        """
        if select == "last":
            return len(self.epochs) - 1
        task, _, metric = select.removeprefix("best:").rpartition(".")
        scored = {name.rpartition("/")[0] for outputs in self.outputs for name in outputs}
        try:
            scores = [
                record.get("tasks", dict.fromkeys(scored, record))[task][metric]
                for record in self.epochs
            ]
        except KeyError:
            raise UserError(
                f"setting select: '{select}': this run takes no such score; write"
                " best:<task>.<metric> with a task that it trains, is scored on or watches"
            ) from None
        return max(range(len(scores)), key=lambda epoch: scores[epoch])
