"""GPT-2: causal; token types must not be given, as it would look them up among the words."""

from stilts.models.family import Family

FAMILY = Family(
    token_types=False,
    causal=True,
    multiple_choice=False,
    dropouts=("embd_pdrop", "attn_pdrop", "resid_pdrop"),
)
