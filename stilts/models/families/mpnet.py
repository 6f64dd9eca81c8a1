"""MPNet: RoBERTa without token types, and a bias by distance in every attention: padded.

Positions follow the padding token's id of its authors, 1, whatever the config says.
"""

from typing import Any

from stilts.models.family import Family


def _after_one(config: Any) -> int:
    return 2


FAMILY = Family(first_position=_after_one, token_types=False)
