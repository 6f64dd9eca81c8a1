"""ELECTRA: BERT with embeddings that may be narrower than its layers, and without a pooler."""

from typing import Any

from stilts.models.family import Family
from stilts.models.walk import Walk


class _Walk(Walk):
    def embed(self, encoder: Any, tokens: Any, types: Any, positions: Any) -> Any:
        states = super().embed(encoder, tokens, types, positions)
        wide = not hasattr(encoder, "embeddings_project")
        return states if wide else encoder.embeddings_project(states)

    def head(self, model: Any, first: Any) -> Any:
        several = hasattr(model, "sequence_summary")  # multiple choice
        return model.classifier(model.sequence_summary(first) if several else first)


FAMILY = Family(
    walk=_Walk(), dropouts=(*Family.dropouts, "classifier_dropout", "summary_last_dropout")
)
