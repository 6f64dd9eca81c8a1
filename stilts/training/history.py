"""What a training run leaves behind, besides the model."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class History:
    """The record of a training run, filled in as it goes.

    losses: mean loss of every optimiser step, in order.
    epochs: one record per epoch: epoch (from 1), train_loss (None if not finite) and, with
        validation data, every metric variant.
    logits: with validation data, the float32 logits after each epoch.
    diverged: a loss was NaN or infinite; training stopped after that epoch.
    steps: optimiser steps taken. tokens: tokens seen in training.
    """

    losses: list[float] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    logits: list[np.ndarray] = field(default_factory=list)
    diverged: bool = False
    steps: int = 0
    tokens: int = 0

    def close_epoch(self, epoch: int, losses: list[float]) -> None:
        """Take in the losses of an epoch's steps; the loop waits for its device only here."""
        mean = sum(losses) / len(losses)
        self.losses += losses
        self.diverged = not all(map(math.isfinite, losses))
        self.epochs.append({"epoch": epoch, "train_loss": mean if math.isfinite(mean) else None})
