"""The mean last state of each text: what an encoder makes of it, whatever the task."""

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from stilts.models.batch import Batch
from stilts.models.encoder import all_states


class Means(nn.Module):
    """An encoder whose output for an example are the mean states of its sequences, side by side."""

    def __init__(self, encoder: PreTrainedModel):
        super().__init__()
        self.encoder = encoder

    def forward(self, batch: Batch, task: str = "") -> Tensor:
        """Return means over all tokens that the encoder reads, [n, choices * hidden], fp32."""
        states = all_states(self.encoder, batch).float()
        lengths = batch.bounds.diff().long()
        places = torch.repeat_interleave(torch.arange(len(lengths), device=states.device), lengths)
        sums = states.new_zeros(len(lengths), states.shape[1]).index_add_(0, places, states)
        return (sums / lengths[:, None]).reshape(len(lengths) // batch.choices, -1)
