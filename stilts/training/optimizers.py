"""AdamW, as torch has it, as transformers had it until its version 4, as BERT's authors had it."""

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import torch

Weights = list[torch.nn.Parameter]

# So many steps taken, 1 - beta^step is 1 for every beta in use, and still counts up in float32.
_LATE = 1_000_000.0


class EpsUncorrected(torch.optim.AdamW):
    """AdamW whose eps is added to the root of the second moment as it is, its bias uncorrected.

    As in transformers until version 4 (there `AdamW`): a step is
    lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps), torch's lr / (1 - b1^t) m /
    (sqrt(v / (1 - b2^t)) + eps). They are one if torch's eps is eps / sqrt(1 - b2^t), which is
    what this class hands it: 32 eps in the first step where b2 is .999. Weights decay where
    torch has it, before the step. Each weight is a group of its own, as it may have taken fewer
    steps than another.
    """

    def __init__(self, weights: Weights, eps: float, **settings: Any):
        super().__init__([{"params": [weight]} for weight in weights], eps=eps, **settings)
        self._eps = eps
        self._taken: dict[torch.nn.Parameter, int] = {}  # kept here: reading it waits for the GPU

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take on a state, that of a snapshot."""
        self._taken = {}
        super().load_state_dict(state_dict)

    def step(self, closure: None = None) -> None:
        """Take a step with every weight that has a gradient."""
        for group in self.param_groups:
            (weight,) = group["params"]
            if weight.grad is not None:
                if weight not in self._taken:
                    self._taken[weight] = int(self.state.get(weight, {}).get("step", 0))
                self._taken[weight] += 1
                bias = 1 - group["betas"][1] ** self._taken[weight]
                group["eps"] = self._eps / sqrt(bias)
        super().step(closure)


def adamw(weights: Weights, recipe: Mapping[str, Any]) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov & Hutter 2019) over all weights, its eps where `eps_at` says."""
    kind = EpsUncorrected if recipe["eps_at"] == "uncorrected" else torch.optim.AdamW
    return kind(
        weights,
        lr=recipe["lr"],
        betas=tuple(recipe["betas"]),
        eps=recipe["eps"],
        weight_decay=recipe["weight_decay"],
        fused=True,
    )


def adamw_uncorrected(weights: Weights, recipe: Mapping[str, Any]) -> torch.optim.AdamW:
    """Return AdamW without the correction of its moments' bias, as released with BERT.

    The correction fades with the steps, so the optimiser is told that it has taken very many. So
    `eps_at` makes no difference.
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
