"""MobileBERT: a token's embedding takes in those of its neighbours, so texts lie apart: padded.

The last token's neighbour is the padding beside it, in transformers' own batches as in ours.
"""

from stilts.models.family import Family

FAMILY = Family(dropouts=(*Family.dropouts, "classifier_dropout"))
