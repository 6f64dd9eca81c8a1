"""Masked language modelling: the head of the pretrained model, asked for hidden words of a text.

Each sequence hides a share of its ordinary tokens, at least one: of these 80 % become the mask
token, 10 % a random one and 10 % stay (Devlin et al. 2019). Training hides anew at every step;
what is scored hides the same tokens each time.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModelForMaskedLM,
    PretrainedConfig,
    PreTrainedModel,
)

from stilts.errors import UserError
from stilts.models.batch import IGNORED, Batch
from stilts.models.encoder import all_states
from stilts.models.family import Family
from stilts.models.head import LibraryHead, own_weights
from stilts.models.tokens import Encoded

SHARE, MASKED, RANDOM = 0.15, 0.8, 0.1  # Devlin et al. 2019, section 3.1
_SHOWN = 2.0  # in place of a draw from 0 to 1: never hidden
_NAMES = ("lm_head", "cls")  # of the head, in transformers' classes


class Head(LibraryHead):
    """Outputs [n, 3] of a text: loss summed over its hidden tokens, those found, those hidden."""

    AUTO = AutoModelForMaskedLM

    def __init__(self, owner: PreTrainedModel):
        super().__init__(owner)
        self._mask, self._special, self._vocabulary = 0, [], owner.config.vocab_size

    @classmethod
    def auto(cls, config: PretrainedConfig) -> type:
        """Return the class whose head this is.

        Raises:
            UserError: the family has no such head, or one of a form that is not known here.
        """
        owner = MODEL_FOR_MASKED_LM_MAPPING.get(type(config), None)
        with torch.device("meta"):
            fits = owner is not None and any(hasattr(owner(config), name) for name in _NAMES)
        if not fits:
            raise UserError(
                f"family '{config.model_type}' has no head for masked words that is known here:"
                " use a BERT or RoBERTa for this task"
            )
        return cls.AUTO

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task is made of texts with hidden words."""
        return facts["kind"] == "masked_text"

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return transformers' default: it says nothing of this head."""
        return 2

    def meet(self, tokenizer: Any) -> None:
        """Take over which token hides others, and which are never hidden.

        Raises:
            UserError: the tokenizer has no token that hides others.
        """
        if tokenizer.mask_token_id is None:
            raise UserError(
                f"{tokenizer.name_or_path}: the tokenizer has no mask_token, which tasks of hidden"
                " words need: use an encoder such as BERT or RoBERTa"
            )
        self._mask, self._special = tokenizer.mask_token_id, tokenizer.all_special_ids
        self._vocabulary = len(tokenizer)

    def pretrained(self, encoder: PreTrainedModel, family: Family) -> tuple[str, ...]:
        """Return all its names: pretraining is where this head comes from."""
        return tuple(own_weights(self, encoder))

    def weights(self, encoder: PreTrainedModel) -> dict[str, Any]:
        """Return its parameters once each, without the embeddings that it shares."""
        shared = {id(weight) for weight in encoder.parameters()}
        found: dict[str, Any] = {}
        for name, weight in super().weights(encoder).items():
            if id(weight) not in shared:
                found[name] = weight
                shared.add(id(weight))
        return found

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return loss, tokens found and tokens hidden of every text, float32 [n, 3]."""
        shown, wanted = self._hide(batch)
        states = all_states(encoder, replace(batch, tokens=shown[None]))
        name = next(name for name in _NAMES if hasattr(self.owner, name))
        logits = getattr(self.owner, name)(states).float()
        hidden = wanted != IGNORED
        losses = functional.cross_entropy(logits, wanted, reduction="none", ignore_index=IGNORED)
        found = (logits.argmax(dim=-1) == wanted) & hidden
        each = torch.stack([losses, found.float(), hidden.float()])
        # Summed in a padded block: adding in place would come out differently each time on a GPU.
        block = each.new_zeros(3, len(batch.starts) * batch.longest)
        return block.index_copy(1, batch.slots, each).view(3, -1, batch.longest).sum(dim=2).T

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of the batch's hidden tokens, times its texts."""
        total, _, hidden = outputs.sum(dim=0)
        return total / hidden.clamp(min=1) * len(outputs)

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the share of its hidden tokens that was found of each text, float32 [N]."""
        return outputs[:, 1] / np.maximum(outputs[:, 2], 1)

    def _hide(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return tokens with some hidden, and those that were, IGNORED elsewhere, int64 [T]."""
        tokens = batch.tokens[0]
        at = {"device": tokens.device}
        generator = None if self.training else torch.Generator(**at).manual_seed(0)
        chance, fate, drawn = torch.rand(3, len(tokens), generator=generator, **at)
        for special in self._special:  # no tensor of them: a CUDA graph must copy nothing
            chance = torch.where(tokens == special, _SHOWN, chance)
        block = torch.full((len(batch.starts) * batch.longest,), _SHOWN, **at)
        block = block.index_copy(0, batch.slots, chance).view(-1, batch.longest)
        least = (block == block.amin(dim=1, keepdim=True)).flatten().index_select(0, batch.slots)
        hidden = ((chance < SHARE) | least) & (chance < _SHOWN)
        shown = torch.where(hidden & (fate < MASKED), self._mask, tokens)
        random = (drawn * self._vocabulary).long()
        shown = torch.where(hidden & (fate >= 1 - RANDOM), random, shown)
        return shown, torch.where(hidden, tokens, IGNORED)
