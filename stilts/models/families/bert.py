"""BERT: its pooler was pretrained with the encoder and goes with it."""

from stilts.models.family import Family
from stilts.models.walk import Walk

FAMILY = Family(walk=Walk(), dropouts=(*Family.dropouts, "classifier_dropout"))
