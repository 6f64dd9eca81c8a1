"""How much of a batch fits on a GPU at once; what does not is cut up, with the same gradients."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from stilts.errors import UserError
from stilts.models.model import Model
from stilts.models.tokens import Encoded

COPIES = 4  # weights, gradients and the two moments of Adam, all fp32
KEPT = 0.8  # share of the free memory that is planned with; the rest is for temporaries
GB = 2**30


def token_bytes(config: object, precision: str, longest: int) -> float:
    """Return an estimate of what training keeps for its backward pass per token, in bytes.

    Korthikanti et al. (2022), equation 2: 34 hidden + 5 heads * length per layer in 16 bits; here
    50 instead of 34, for the padded block of the attention. Autocast keeps part of it in 32 bits,
    which is counted as half.

    Args:
        config: of the model: `hidden_size`, `num_attention_heads`, `num_hidden_layers`.
        precision: "fp32" or "bf16".
        longest: tokens of the longest sequence.
    """
    width = {"fp32": 2.0, "bf16": 1.5}[precision]
    per_layer = 50 * config.hidden_size + 5 * config.num_attention_heads * longest
    return width * per_layer * config.num_hidden_layers


def tokens_at_once(
    model: Model, train_sets: Iterable[Encoded], precision: str, device: str
) -> int | None:
    """Return how many tokens may go through the model at once, or None for any number.

    Call it when the model is on the device, but not yet its gradients and moments. Without CUDA
    nothing is limited: there a result must not depend on what else the machine is doing.

    Raises:
        UserError: not even the longest example fits.
    """
    if not device.startswith("cuda"):
        return None
    free = torch.cuda.mem_get_info()[0]
    free += torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    return min(fit(model, examples, precision, free) for examples in train_sets)


def fit(model: Model, train_set: Encoded, precision: str, free: int) -> int:
    """Return how many tokens fit into `free` bytes beside what the optimiser needs.

    Raises:
        UserError: not even the longest example fits.
    """
    weights = sum(w.numel() * w.element_size() for w in model.parameters() if w.requires_grad)
    each = token_bytes(model.config, precision, int(train_set.lengths.max()))
    fixed = (COPIES - 1) * weights
    tokens = int((KEPT * free - fixed) // each)
    longest = int(_widths(train_set).max())
    if tokens < longest:
        need = (fixed + longest * each) / KEPT
        raise UserError(
            f"the GPU has {free / GB:.1f} GB free and training needs {need / GB:.1f} GB: use a"
            " larger one, precision=bf16, fewer trials_per_gpu, or lower max_tokens"
        )
    return tokens


def pieces(encoded: Encoded, examples: np.ndarray, limit: int | None) -> Iterator[np.ndarray]:
    """Cut `examples` into runs of at most `limit` tokens each; one piece if all of them fit."""
    if limit is None:
        yield examples
        return
    places = np.cumsum(_widths(encoded)[examples])
    start = 0
    while start < len(examples):
        before = places[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(places, before + limit, side="right")))
        yield examples[start:end]
        start = end


def _widths(encoded: Encoded) -> np.ndarray:
    """Return the tokens of each example, all its options together, int64 [N]."""
    return encoded.lengths.reshape(-1, encoded.choices).sum(axis=1, dtype=np.int64)
