"""XLM-RoBERTa: RoBERTa's modules with a sentencepiece vocabulary of a hundred languages."""

from stilts.models.family import Family, after_padding
from stilts.models.walk import Walk

FAMILY = Family(
    walk=Walk(),
    first_position=after_padding,
    dropouts=(*Family.dropouts, "classifier_dropout"),
)
