"""ALBERT: the layers of a group are walked again and again, and trained once; narrow embeddings."""

from typing import Any

from stilts.models.family import Family
from stilts.models.walk import Walk


class _Walk(Walk):
    def embed(self, encoder: Any, tokens: Any, types: Any, positions: Any) -> Any:
        states = super().embed(encoder, tokens, types, positions)
        return encoder.encoder.embedding_hidden_mapping_in(states)

    def layers(self, encoder: Any) -> Any:
        count, groups = encoder.config.num_hidden_layers, encoder.encoder.albert_layer_groups
        turns = (groups[int(i / (count / len(groups)))] for i in range(count))
        return [layer for group in turns for layer in group.albert_layers]

    def attention(self, layer: Any) -> Any:
        return layer.attention

    def dropout(self, attention: Any) -> Any:
        return attention.attention_dropout

    def finish(self, layer: Any, mixed: Any, states: Any) -> Any:
        attention = layer.attention
        mixed = attention.output_dropout(attention.dense(mixed))
        states = attention.LayerNorm(states + mixed)
        return layer.full_layer_layer_norm(layer.ff_chunk(states) + states)

    def pool(self, encoder: Any, first: Any) -> Any:
        return encoder.pooler_activation(encoder.pooler(first[:, 0]))


FAMILY = Family(walk=_Walk(), dropouts=(*Family.dropouts, "classifier_dropout_prob"))
