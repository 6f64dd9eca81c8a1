"""The one training function, for intermediate stages and targets alike."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import RandomSampler
from transformers import PreTrainedModel

from stilts.encoding import Encoded
from stilts.evaluation import METRICS, predict, scores
from stilts.modelling import forward
from stilts.packing import Batch, pack
from stilts.schedule import rate

DEFAULTS: dict[str, Any] = {
    "micro_batch": None,  # None: the whole batch at once
    "warmup": 0.0,  # share of all steps
    "weight_decay": 0.0,  # on every parameter
    "betas": (0.9, 0.999),
    "eps": 1e-8,
    "clip": 1.0,  # None: no clipping
    "clip_each": "step",  # the released code of 2021 clips after every "micro_batch"
    "last_window": "step",  # "carry": see `windows`
}


@dataclass
class History:
    """What a training run leaves behind, besides the model.

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


def train(
    model: PreTrainedModel,
    train_set: Encoded,
    recipe: dict[str, Any],
    *,
    validation: Encoded | None = None,
    metrics: Sequence[str] = METRICS,
    precision: str = "fp32",
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> History:
    """Train `model` in place by `recipe` and score it on `validation` after every epoch.

    recipe: needs lr, batch, seed and epochs; DEFAULTS holds the rest, and other keys are ignored.
    precision: "fp32", or "bf16" for autocast around the forward pass.
    progress: called with (steps taken, steps in all) after every optimiser step.
    """
    recipe = DEFAULTS | recipe
    model.to(device).train()
    weights = lay_flat(model)
    optimizer = _adamw(weights, recipe)
    total = total_steps(len(train_set), recipe)
    history = History()
    torch.manual_seed(recipe["seed"])
    order = torch.Generator().manual_seed(recipe["seed"])
    sampler = RandomSampler(range(len(train_set)), generator=order)
    for epoch in range(1, recipe["epochs"] + 1):
        losses = []
        for window, complete in windows(np.fromiter(sampler, np.int64), recipe):
            loss = torch.zeros((), device=device)
            for examples, weight in window:
                batch = pack(train_set, examples, device)
                with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
                    part = weight * example_loss(model, batch)
                part.backward()
                loss += part.detach()
                history.tokens += batch.tokens.shape[1]
                if recipe["clip_each"] == "micro_batch":
                    _clip(weights, recipe)
            if not complete:  # carried: these gradients wait for the next epoch's first step
                continue
            if recipe["clip_each"] == "step":
                _clip(weights, recipe)
            optimizer.param_groups[0]["lr"] = recipe["lr"] * rate(history.steps, total, recipe)
            optimizer.step()
            weights.grad.zero_()
            losses.append(loss)
            history.steps += 1
            if progress:
                progress(history.steps, total)
        history.close_epoch(epoch, torch.stack(losses).tolist())
        if validation is not None:
            history.logits.append(predict(model, validation, precision=precision, device=device))
            history.epochs[-1] |= scores(history.logits[-1], validation.labels, metrics)
        if history.diverged:  # NaN weights stay NaN: the remaining epochs would repeat this one
            break
    _lay_apart(model)
    return history


def example_loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """Return the cross entropy summed over the batch's examples, in fp32."""
    return functional.cross_entropy(forward(model, batch).float(), batch.labels, reduction="sum")


def lay_flat(model: PreTrainedModel) -> torch.nn.Parameter:
    """Move weights and gradients into one long tensor each, with the model's as views of them.

    Clipping, optimiser and zeroing are then one call each, not one per parameter, which is what
    they cost for small models and for large models on a fast device.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    weights = torch.nn.Parameter(torch.cat([p.detach().flatten() for p in parameters]))
    weights.grad = torch.zeros_like(weights)
    sizes = [parameter.numel() for parameter in parameters]
    pieces = zip(weights.detach().split(sizes), weights.grad.split(sizes), strict=True)
    for parameter, (values, gradient) in zip(parameters, pieces, strict=True):
        parameter.data = values.view_as(parameter)
        parameter.grad = gradient.view_as(parameter)
    return weights


def _adamw(weights: torch.nn.Parameter, recipe: dict[str, Any]) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        [weights],
        lr=recipe["lr"],
        betas=tuple(recipe["betas"]),
        eps=recipe["eps"],
        weight_decay=recipe["weight_decay"],
        fused=True,
    )


def _clip(weights: torch.nn.Parameter, recipe: dict[str, Any]) -> None:
    if recipe["clip"]:
        torch.nn.utils.clip_grad_norm_(weights, recipe["clip"])


def _lay_apart(model: PreTrainedModel) -> None:
    """Give every parameter its own memory again, as saving expects, and drop the gradients."""
    for parameter in model.parameters():
        parameter.data = parameter.detach().clone()
        parameter.grad = None


def windows(
    order: np.ndarray, recipe: dict[str, Any]
) -> list[tuple[list[tuple[np.ndarray, float]], bool]]:
    """Cut one epoch's example order into optimiser steps: ([(examples, weight), ...], stepped).

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
        complete = not carry or len(parts) == batch // micro
        cut.append((list(zip(parts, weights, strict=True)), complete))
    return cut


def total_steps(examples: int, recipe: dict[str, Any]) -> int:
    """Return the optimiser steps of a whole run."""
    per_epoch = sum(stepped for _, stepped in windows(np.arange(examples), recipe))
    if not per_epoch:
        raise ValueError(
            f"{examples} examples never fill a window of {recipe['batch']}: lower the batch"
        )
    return per_epoch * recipe["epochs"]
