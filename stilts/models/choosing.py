"""What heads of one sort of answer share: the largest of several numbers, or a number itself."""

import numpy as np
from torch import Tensor
from torch.nn import functional

from stilts.models.batch import IGNORED
from stilts.models.tokens import Encoded


def largest(outputs: np.ndarray) -> np.ndarray:
    """Return the index [N] of the largest of outputs [N, k]; ties are drawn, seeded by place.

    Plain argmax gives a tie to option 0, so a collapsed model would score 100 % on a task whose
    right answer always comes first. NaN counts as a tie with everything: it says nothing.
    """
    values = np.where(np.isnan(outputs).any(axis=1, keepdims=True), 0, outputs)
    best = values == values.max(axis=1, keepdims=True)
    chosen = best.argmax(axis=1)
    if (best.sum(axis=1) > 1).any():
        draw = np.random.default_rng(0).random(values.shape)
        chosen = np.where(best, draw, -1).argmax(axis=1)
    return chosen


def tied(outputs: np.ndarray) -> np.ndarray:
    """Return for which rows of outputs [N, k] the largest is not unique, bool [N]."""
    with np.errstate(invalid="ignore"):
        return (outputs == outputs.max(axis=1, keepdims=True)).sum(axis=1) > 1


class OneOfSeveral:
    """Of a head whose outputs [n, k] say how well each of k answers fits."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the cross entropy of logits [n, k] and the indices of the answers [n]."""
        return functional.cross_entropy(outputs.float(), labels, reduction="sum")

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the answer with the largest logit, int64 [N]."""
        return largest(outputs)

    @staticmethod
    def ties(outputs: np.ndarray) -> np.ndarray:
        """Return for which examples [N] the largest logit is not unique."""
        return tied(outputs)


class ANumber:
    """Of a head whose outputs [n, 1] are numbers in the unit of the labels."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the squared error of outputs [n, 1] and numbers [n]."""
        found, wanted = outputs.float().squeeze(1), labels.float()
        errors = functional.mse_loss(found, wanted, reduction="none")
        return (errors * (wanted != IGNORED)).sum()

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the numbers, float32 [N]."""
        return outputs[:, 0]
