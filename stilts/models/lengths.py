"""How long rows are before a limit cuts them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stilts.models.tokens import encode

ENDLESS = 1_000_000  # tokens: nothing is cut


def row_lengths(rows: Sequence[dict[str, Any]], kind: str, tokenizer: Any) -> np.ndarray | None:
    """Return the tokens of each row's longest sequence, int [N], as `encode` would lay it whole.

    None of a kind whose texts are read in windows, of which nothing is cut.

    Raises:
        UserError: unknown kind.
        ValueError: see `encode`.
    """
    whole = encode(rows, kind, tokenizer, ENDLESS)
    return None if whole.spans is not None else whole.lengths.reshape(len(rows), -1).max(axis=1)
