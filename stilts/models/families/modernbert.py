"""ModernBERT: rotary positions, layers that see a window of tokens only, no token types: padded.

The dense part of its head comes from masked-language pretraining. Heads may read the mean of all
tokens instead of the first one (`classifier_pooling`).
"""

from stilts.models.family import Family

FAMILY = Family(
    token_types=False,
    pretrained=("head.",),
    dropouts=("embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout"),
)
