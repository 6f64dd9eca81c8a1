"""DeBERTa: attention by content and distance, in a code of its own: padded.

transformers has no class for multiple choice; its pooler stands outside the encoder and is new.
"""

from stilts.models.family import Family

FAMILY = Family(multiple_choice=False, dropouts=(*Family.dropouts, "pooler_dropout"))
