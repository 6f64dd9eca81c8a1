"""DeBERTa v2 and v3: attention by content and distance, in a code of its own: padded.

Its pooler stands outside the encoder and is new.
"""

from stilts.models.family import Family

FAMILY = Family(dropouts=(*Family.dropouts, "pooler_dropout"))
