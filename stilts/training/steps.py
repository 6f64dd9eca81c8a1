"""Which examples make up each optimiser step, and how long it is: windows, turns, schedule."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import RandomSampler

from stilts.errors import UserError


class Window(NamedTuple):
    """The examples of one optimiser step, all of one task.

    Attributes:
        task: whose examples they are.
        parts: micro-batches: (examples, weight of their summed loss).
        stepped: False where the gradients wait for a later step, see `windows`.
    """

    task: str
    parts: list[tuple[np.ndarray, float]]
    stepped: bool


def rate(step: int, total: int, recipe: Mapping[str, Any]) -> float:
    """Return the learning-rate factor of a step (from 0): linear up from 0, then down to 0.

    With `schedule: constant` it stays at 1 after the warmup. The warmup lasts int(warmup * total)
    steps, rounded down as in the released code of Chang & Lu 2021; transformers' Trainer rounds up.
    So the first step of a warmup has rate 0, as in both.
    """
    warmup = int(recipe["warmup"] * total)
    if step < warmup:
        return step / warmup
    if recipe.get("schedule") == "constant":
        return 1.0
    return max(0.0, (total - step) / max(1, total - warmup))


def windows(task: str, order: np.ndarray, recipe: Mapping[str, Any]) -> list[Window]:
    """Cut an order of examples into optimiser steps.

    A micro-batch's summed loss times its weight adds up to the mean loss of the window's examples,
    so accumulation equals the full batch. With `last_window` "carry" an incomplete last window is
    not stepped, its gradient leaks into the next epoch, and a micro-batch weighs
    1 / (its examples * micro-batches per step), all as in the released code of Chang & Lu 2021.
    """
    batch = recipe["batch"]
    micro = recipe["micro_batch"] or batch
    if batch % micro:
        raise ValueError(f"batch {batch} is no multiple of micro_batch {micro}: change one of them")
    carry = recipe["last_window"] == "carry" and micro < batch
    cut = []
    for start in range(0, len(order), batch):
        window = order[start : start + batch]
        parts = [window[i : i + micro] for i in range(0, len(window), micro)]
        weights = [1 / (len(p) * (batch // micro)) if carry else 1 / len(window) for p in parts]
        stepped = not carry or len(parts) == batch // micro
        cut.append(Window(task, list(zip(parts, weights, strict=True)), stepped))
    return cut


def draw(
    sizes: Mapping[str, int], recipe: Mapping[str, Any], generator: torch.Generator
) -> list[Window]:
    """Return the windows of one epoch, in order.

    One task: all its examples once, shuffled. Several: one step per task in turn, `rounds` times,
    by default until the task with the most steps has been seen once; a task that is through
    earlier is shuffled anew and begins again.

    Args:
        sizes: task -> its number of training examples.
        recipe: batch, micro_batch, last_window, rounds.
        generator: draws the orders, task after task.

    Raises:
        UserError: windows that are carried over, with several tasks.
    """
    if len(sizes) == 1:
        ((task, size),) = sizes.items()
        return windows(task, _shuffled(size, generator), recipe)
    if recipe["last_window"] == "carry":
        raise UserError(
            f"stage {'~'.join(sizes)}: last_window carry would leak one task's gradients into"
            " another's step: use last_window: step"
        )
    rounds = recipe.get("rounds") or max(-(-size // recipe["batch"]) for size in sizes.values())
    turns = []
    for task, size in sizes.items():
        drawn: list[Window] = []
        while len(drawn) < rounds:
            drawn += windows(task, _shuffled(size, generator), recipe)
        turns.append(drawn[:rounds])
    return [window for turn in zip(*turns, strict=True) for window in turn]


def _shuffled(size: int, generator: torch.Generator) -> np.ndarray:
    return np.fromiter(RandomSampler(range(size), generator=generator), np.int64)


def total_steps(sizes: Mapping[str, int], recipe: Mapping[str, Any]) -> int:
    """Return the optimiser steps of a whole run."""
    epoch = draw(sizes, recipe, torch.Generator())
    per_epoch = sum(window.stepped for window in epoch)
    if not per_epoch:
        raise ValueError(
            f"{sum(sizes.values())} examples never fill a window of {recipe['batch']}:"
            " lower the batch"
        )
    return per_epoch * recipe["epochs"]
