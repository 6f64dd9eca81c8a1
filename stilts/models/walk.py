"""The steps of a packed batch through an encoder, under BERT's names; nothing here needs torch.

A family whose layers do the same under other names overrides the steps that differ. A walk is used
where a test proves it equal to the family's own forward.
"""

from collections.abc import Sequence
from typing import Any

Module = Any  # a torch module of transformers
Tensor = Any


class Walk:
    """BERT's steps, which RoBERTa's modules share: attention, output, feed-forward chunk."""

    def embed(self, encoder: Module, tokens: Tensor, types: Tensor, positions: Tensor) -> Tensor:
        """Return the states [T, hidden] that enter the first layer; the inputs are [1, T]."""
        return encoder.embeddings(input_ids=tokens, token_type_ids=types, position_ids=positions)[0]

    def layers(self, encoder: Module) -> Sequence[Module]:
        """Return the layers in the order of the walk; one may come several times."""
        return encoder.encoder.layer

    def attention(self, layer: Module) -> Module:
        """Return the module that holds a layer's query, key and value."""
        return layer.attention.self

    def projections(self, attention: Module) -> tuple[Module, Module, Module]:
        """Return the linear modules of query, key and value."""
        return attention.query, attention.key, attention.value

    def heads(self, attention: Module) -> int:
        """Return the number of heads."""
        return attention.num_attention_heads

    def dropout(self, attention: Module) -> Module:
        """Return the dropout module of the attention weights."""
        return attention.dropout

    def finish(self, layer: Module, mixed: Tensor, states: Tensor) -> Tensor:
        """Return the layer's result [n, hidden] from the heads' mix and the states before it."""
        return layer.feed_forward_chunk(layer.attention.output(mixed, states))

    def pool(self, encoder: Module, first: Tensor) -> Tensor:
        """Return what the encoder's pooler makes of first tokens [S, 1, hidden]: [S, hidden].

        Without a pooler it is their state as it is.
        """
        pooler = getattr(encoder, "pooler", None)
        return first[:, 0] if pooler is None else pooler(first)

    def head(self, model: Module, first: Tensor) -> Tensor:
        """Return the logits [S, labels] of the model's own head for first tokens [S, 1, hidden]."""
        # An encoder may keep a pooler for another head than this one.
        if model.base_model.pooler is None or not hasattr(model, "dropout"):
            return model.classifier(first)
        return model.classifier(model.dropout(self.pool(model.base_model, first)))
