"""What is asked of a family that no test knows: the same answer however far it is padded."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from stilts.errors import UserError
from stilts.models.batch import Batch, lay
from stilts.models.family import known

SHORT, LONG = 6, 20  # tokens
TOLERANCE = 1e-4  # of the largest logit; rounding makes some 1e-6


def check_padding(logits: Callable[[Batch], Tensor], vocabulary: int, place: str) -> None:
    """Refuse a model whose answer for a short text changes when a longer one stands beside it.

    Args:
        logits: the forward of a model in evaluation mode.
        vocabulary: number of token ids; special tokens, which come first, are not used.
        place: the folder and the family, for the message.

    Raises:
        UserError: it changes, or the forward fails.
    """
    tokens = np.arange(SHORT + LONG) % (vocabulary // 2) + vocabulary // 2
    label = np.zeros(1, np.int64)
    instead = f"use a model of {', '.join(known())}"
    try:
        with torch.inference_mode():
            alone = logits(lay(tokens[:SHORT], None, np.array([SHORT]), label))[0]
            beside = logits(lay(tokens, None, np.array([SHORT, LONG]), label))[0]
    except Exception as error:  # foreign code, which may raise anything
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UserError(f"{place} does not take a plain batch ({reason}); {instead}") from error
    if not torch.allclose(alone, beside, rtol=0, atol=TOLERANCE * alone.abs().max().item()):
        raise UserError(f"{place} answers otherwise when a text is padded to a batch; {instead}")
