"""Llama: causal, with rotary positions and no token types; pretrained without dropout."""

from stilts.models.family import Family

FAMILY = Family(
    token_types=False, causal=True, multiple_choice=False, dropouts=("attention_dropout",)
)
