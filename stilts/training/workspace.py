"""What training needs beside a model, kept from trial to trial."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from stilts.models.batch import Batch
from stilts.models.encoder import packed
from stilts.models.load import forward
from stilts.models.tokens import Encoded
from stilts.training.evaluation import predict
from stilts.training.flat import lay_apart, lay_flat
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
        model: PreTrainedModel,
        precision: str = "fp32",
        device: str = "cpu",
        *,
        graphs: bool = True,
    ):
        self.model, self.precision, self.device = model, precision, device
        self.limit: int | None = None  # tokens that go through the model at once
        self._weights: torch.nn.Parameter | None = None
        self._open = False
        cuda = device.startswith("cuda")
        if cuda:  # cuDNN's attention would plan for every new shape anew, for a second
            torch.backends.cuda.enable_cudnn_sdp(False)
        self._replayed = Replayed(self._step, device, CudaGraph if graphs else None)
        self._short = SHORT if cuda and packed(model) else 0

    def open(self, train_set: Encoded) -> torch.nn.Parameter:
        """Return the model's weights as one long tensor, with a gradient of zeros.

        Raises:
            UserError: not even the longest example of `train_set` fits on the GPU.
        """
        if self._open:  # the last training ended by an error
            self.close()
        self.model.to(self.device).train()
        if self._weights is None:
            self.limit = tokens_at_once(self.model, train_set, self.precision, self.device)
            if self.limit and self._short:  # recordings keep memory of their own
                self.limit = max(self.limit - SHORT, self.limit // 2)
        self._weights = lay_flat(self.model, self._weights)
        self._open = True
        return self._weights

    def close(self) -> None:
        """Give the model's weights memory of their own, and drop its gradients."""
        lay_apart(self.model)
        self._open = False

    def accumulate(self, batch: Batch, weight: float) -> Tensor:
        """Add the gradients of `weight` times the batch's summed loss; return that loss.

        The batch lies on the CPU. The loss is still on the device, and the next call may overwrite
        it.
        """
        if batch.tokens.shape[1] <= self._short:
            return self._replayed(batch, weight)
        return self._step(batch.to(self.device), weight)

    def predict(self, encoded: Encoded) -> np.ndarray:
        """Return the model's logits for every example, see `stilts.training.evaluation.predict`."""
        return predict(self.model, encoded, precision=self.precision, device=self.device)

    def _step(self, batch: Batch, weight: float | Tensor) -> Tensor:
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16"):
            loss = weight * example_loss(self.model, batch)
        loss.backward()
        return loss.detach()


def example_loss(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the cross entropy summed over the batch's labelled examples, in fp32."""
    return functional.cross_entropy(forward(model, batch).float(), batch.labels, reduction="sum")
