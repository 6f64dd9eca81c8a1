"""The learning-rate schedule that pretraining and fine-tuning share."""

from collections.abc import Mapping
from typing import Any


def rate(step: int, total: int, recipe: Mapping[str, Any]) -> float:
    """Return the learning-rate factor of a step (from 0): linear up from 0, then down to 0.

    The warmup lasts int(warmup * total) steps, rounded down as in the released code of 2021;
    transformers' Trainer rounds up. So the first step of a warmup has rate 0, as in both.
    """
    warmup = int(recipe["warmup"] * total)
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / max(1, total - warmup))
