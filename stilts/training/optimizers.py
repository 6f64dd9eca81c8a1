"""AdamW, as torch has it and as BERT's authors had it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

Weights = list[torch.nn.Parameter]

# So many steps taken, 1 - beta^step is 1 for every beta in use, and still counts up in float32.
_LATE = 1_000_000.0


def adamw(weights: Weights, recipe: Mapping[str, Any]) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov & Hutter 2019) over all weights."""
    return torch.optim.AdamW(
        weights,
        lr=recipe["lr"],
        betas=tuple(recipe["betas"]),
        eps=recipe["eps"],
        weight_decay=recipe["weight_decay"],
        fused=True,
    )


def adamw_uncorrected(weights: Weights, recipe: Mapping[str, Any]) -> torch.optim.AdamW:
    """Return AdamW without the correction of its moments' bias, as released with BERT.

    The correction fades with the steps, so the optimiser is told that it has taken very many.
    """
    optimizer = adamw(weights, recipe)
    for tensor in weights:
        optimizer.state[tensor] = {
            "step": torch.tensor(_LATE, device=tensor.device),
            "exp_avg": torch.zeros_like(tensor),
            "exp_avg_sq": torch.zeros_like(tensor),
        }
    return optimizer


OPTIMIZERS: dict[str, Callable[[Weights, Mapping[str, Any]], torch.optim.AdamW]] = {
    "adamw": adamw,
    "adamw_uncorrected": adamw_uncorrected,
}
