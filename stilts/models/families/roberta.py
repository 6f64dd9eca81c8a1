"""RoBERTa: BERT with positions from the padding token on and no pretrained pooler.

Its head for sequences reads the first token itself; the one for multiple choice has a new pooler.
"""

from stilts.models.family import Family, after_padding
from stilts.models.walk import Walk

FAMILY = Family(
    walk=Walk(),
    first_position=after_padding,
    dropouts=(*Family.dropouts, "classifier_dropout"),
)
