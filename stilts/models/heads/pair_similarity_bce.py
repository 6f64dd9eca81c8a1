"""How alike two texts are that are read apart: as `pair_similarity`, by binary cross entropy."""

from torch import Tensor
from torch.nn import functional

from stilts.models.batch import IGNORED
from stilts.models.heads import pair_similarity


class Head(pair_similarity.Head):
    """Outputs [n, 1], in the unit of the labels."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the binary cross entropy of shares of the range: outputs [n, 1], numbers [n]."""
        known = labels != IGNORED
        reach = self.high - self.low
        found = ((outputs.float().squeeze(1) - self.low) / reach).clamp(0, 1)
        wanted = (labels.float().where(known, self.low) - self.low) / reach
        losses = functional.binary_cross_entropy(found, wanted, reduction="none")
        return (losses * known).sum()
