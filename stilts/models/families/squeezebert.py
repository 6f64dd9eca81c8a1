"""SqueezeBERT: convolutions over transposed states in place of linear layers: padded."""

from stilts.models.family import Family

FAMILY = Family()
