"""What training needs beside a model, kept from trial to trial."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from stilts.models.batch import Batch
from stilts.models.encoder import packed
from stilts.models.model import Model
from stilts.models.tokens import Encoded
from stilts.training.evaluation import predict
from stilts.training.flat import Group, lay_apart, lay_flat
from stilts.training.graphs import SHORT, CudaGraph, Replayed
from stilts.training.memory import tokens_at_once


class Workspace:
    """The memory in which one model is trained, and the recorded steps that work on it.

    Args:
        model: moves to the device; its weights lie in the workspace from `open` to `close`.
        precision: "fp32", or "bf16" for autocast around the forward pass.
        device: "cpu" or "cuda".
        graphs: replay recorded kernels where the device and the model's family allow it.
    """

    def __init__(
        self,
        model: Model,
        precision: str = "fp32",
        device: str = "cpu",
        *,
        graphs: bool = True,
    ):
        self.model, self.precision, self.device = model, precision, device
        self.limit: int | None = None  # tokens that go through the model at once
        self._weights: dict[Group, Parameter] = {}
        self._open = False
        cuda = device.startswith("cuda")
        if cuda:  # cuDNN's attention would plan for every new shape anew, for a second
            torch.backends.cuda.enable_cudnn_sdp(False)
        self._replayed = {
            task: Replayed(partial(self._step, task), device, CudaGraph if graphs else None)
            for task in model.answers
        }
        self._short = SHORT if cuda and packed(model) else 0

    def open(self, train_sets: Collection[Encoded]) -> list[Parameter]:
        """Return the weights that are trained as long tensors, with gradients of zeros.

        Raises:
            UserError: not even the longest example of `train_sets` fits on the GPU.
        """
        if self._open:  # the last training ended by an error
            self.close()
        self.model.to(self.device).train()
        if not self._weights:
            self.limit = tokens_at_once(self.model, train_sets, self.precision, self.device)
            if self.limit and self._short:  # recordings keep memory of their own
                self.limit = max(self.limit - SHORT, self.limit // 2)
        self._weights = lay_flat(self.model, self._weights)
        self._open = True
        return list(self._weights.values())

    def close(self) -> None:
        """Give the model's weights memory of their own, and drop its gradients."""
        lay_apart(self.model)
        self._open = False

    def accumulate(self, batch: Batch, weight: float, task: str) -> Tensor:
        """Add the gradients of `weight` times the task's loss on the batch; return that loss.

        The batch lies on the CPU. The loss is still on the device, and the next call may overwrite
        it.
        """
        if batch.tokens.shape[1] <= self._short:
            return self._replayed[task](batch, weight)
        return self._step(task, batch.to(self.device), weight)

    def clip(self, recipe: Mapping[str, Any]) -> None:
        """Cut the gradients to the recipe's norm, over all parameters or each parameter's own."""
        if recipe["clip"] is None:
            return
        if recipe["clip_over"] == "all":
            torch.nn.utils.clip_grad_norm_(list(self._weights.values()), recipe["clip"])
            return
        # As `clip_grad_norm_` has it for each, in three calls for all.
        gradients = [part.grad for part in self.model.parameters() if part.requires_grad]
        norms = torch.stack(torch._foreach_norm(gradients))
        factors = (recipe["clip"] / (norms + 1e-6)).clamp(max=1.0)
        torch._foreach_mul_(gradients, list(factors))

    def step(self, optimizer: torch.optim.Optimizer, task: str) -> None:
        """Let the optimiser move what the task's gradients went through, and zero those.

        As with gradients that are None, moments move no head that this step does not go through.
        """
        head = self.model.answers[task]
        gradients = {group: weights.grad for group, weights in self._weights.items()}
        active = [group for group in gradients if not group or head in group]
        for group in gradients.keys() - active:
            self._weights[group].grad = None
        optimizer.step()
        for group, gradient in gradients.items():
            self._weights[group].grad = gradient
        for group in active:
            gradients[group].zero_()

    def predict(self, encoded: Encoded, task: str) -> np.ndarray:
        """Return the outputs for every example, see `stilts.training.evaluation.predict`."""
        return predict(self.model, encoded, task, precision=self.precision, device=self.device)

    def _step(self, task: str, batch: Batch, weight: float | Tensor) -> Tensor:
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16"):
            loss = weight * self.model.loss(batch, task)
        loss.backward()
        return loss.detach()
