"""DistilBERT: BERT's layers under names of its own, without token types and without a pooler."""

from typing import Any

from stilts.models.family import Family
from stilts.models.walk import Walk


class _Walk(Walk):
    def embed(self, encoder: Any, tokens: Any, types: Any, positions: Any) -> Any:
        return encoder.embeddings(input_ids=tokens, position_ids=positions)[0]

    def layers(self, encoder: Any) -> Any:
        return encoder.transformer.layer

    def attention(self, layer: Any) -> Any:
        return layer.attention

    def projections(self, attention: Any) -> Any:
        return attention.q_lin, attention.k_lin, attention.v_lin

    def heads(self, attention: Any) -> int:
        return attention.n_heads

    def finish(self, layer: Any, mixed: Any, states: Any) -> Any:
        states = layer.sa_layer_norm(layer.attention.out_lin(mixed) + states)
        return layer.output_layer_norm(layer.ffn.ff_chunk(states) + states)

    def head(self, model: Any, first: Any) -> Any:
        return model.classifier(model.dropout(model.pre_classifier(first[:, 0]).relu()))


FAMILY = Family(
    walk=_Walk(),
    token_types=False,
    dropouts=("dropout", "attention_dropout", "seq_classif_dropout", "qa_dropout"),
)
