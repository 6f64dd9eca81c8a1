"""The one training function, for intermediate stages and targets alike."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import RandomSampler

from stilts.models.batch import pack
from stilts.models.tokens import Encoded
from stilts.training.evaluation import METRICS, scores
from stilts.training.history import History
from stilts.training.memory import pieces
from stilts.training.snapshot import Snapshot, State
from stilts.training.steps import rate
from stilts.training.workspace import Workspace

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


def train(
    workspace: Workspace,
    train_set: Encoded,
    recipe: dict[str, Any],
    *,
    validation: Encoded | None = None,
    metrics: Sequence[str] = METRICS,
    progress: Callable[[History, int, Tensor], None] | None = None,
    snapshot: Snapshot | None = None,
) -> History:
    """Train a model in place by `recipe` and score it on `validation` after every epoch.

    workspace: holds the model.

    recipe: needs lr, batch, seed and epochs; DEFAULTS holds the rest, and other keys are ignored.
    progress: called after every optimiser step with the history so far, the steps in all and the
        step's loss, which is still on the device.
    snapshot: where to go on from, and where to save to on the way.
    """
    recipe = DEFAULTS | recipe
    weights = workspace.open(train_set)
    optimizer = _adamw(weights, recipe)
    total = total_steps(len(train_set), recipe)
    torch.manual_seed(recipe["seed"])
    order = torch.Generator().manual_seed(recipe["seed"])
    sampler = RandomSampler(range(len(train_set)), generator=order)
    state = State([weights], optimizer, order)
    if snapshot:
        snapshot.restore(state)
    history = state.history
    for epoch in range(len(history.epochs) + 1, recipe["epochs"] + 1):
        if history.diverged:  # NaN weights stay NaN: every further epoch would repeat the last
            break
        for window, complete in windows(np.fromiter(sampler, np.int64), recipe)[state.windows :]:
            loss = torch.zeros((), device=weights.device)
            for examples, weight in window:
                for piece in pieces(train_set, examples, workspace.limit):
                    batch = pack(train_set, piece)
                    loss += workspace.accumulate(batch, weight)  # forward and backward
                    history.tokens += batch.tokens.shape[1]
                if recipe["clip_each"] == "micro_batch":
                    _clip(weights, recipe)
            if complete:  # otherwise these gradients wait for the next epoch's first step
                if recipe["clip_each"] == "step":
                    _clip(weights, recipe)
                optimizer.param_groups[0]["lr"] = recipe["lr"] * rate(history.steps, total, recipe)
                optimizer.step()
                weights.grad.zero_()
                state.losses.append(loss)
                history.steps += 1
                if progress:
                    progress(history, total, loss)
            state.windows += 1
            if snapshot:
                snapshot.keep(state)
        history.close_epoch(epoch, torch.stack(state.losses).tolist())
        if validation is not None:
            history.logits.append(workspace.predict(validation))
            history.epochs[-1] |= scores(history.logits[-1], validation.labels, metrics)
        state.next_draw()
        if snapshot:
            snapshot.keep(state)
    workspace.close()
    return history


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
