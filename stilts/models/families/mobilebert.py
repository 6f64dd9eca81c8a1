"""MobileBERT: a token's embedding takes in those of its neighbours, so texts lie apart: padded."""

from stilts.models.family import Family

FAMILY = Family(dropouts=(*Family.dropouts, "classifier_dropout"))
