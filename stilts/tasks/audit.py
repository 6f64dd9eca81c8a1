"""What a data set looks like before anything is trained on it: the flaws that invite shortcuts."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from stilts.tasks.columns import Row

# How tokenizers write the tokens that steer them: <s>, </s>, <pad>, [CLS], <|endoftext|>.
_CONTROL = re.compile(r"</?s>|<(?:pad|unk|mask)>|\[(?:CLS|SEP|PAD|UNK|MASK)\]|<\|\w+\|>")


def audit(rows: Sequence[Row], kind: ModuleType) -> dict[str, Any]:
    """Return the counts a sceptic asks for.

    Args:
        rows: canonical rows of one split.
        kind: the module of their kind.

    Returns:
        `rows`; `duplicates`: rows that ask the same as an earlier row; `empty`: rows with a blank
        text; `control_tokens`: rows with what a tokenizer reads as a token of its own; and what
        the kind itself counts, see its `audit`.
    """
    keys = Counter(map(kind.key, rows))
    found = {
        "rows": len(rows),
        "duplicates": len(rows) - len(keys),
        "empty": sum(not all(text.strip() for text in kind.texts(row)) for row in rows),
        "control_tokens": sum(any(map(_CONTROL.search, kind.texts(row))) for row in rows),
    }
    return found | (kind.audit(rows) if rows else {})


def overlap(rows: Iterable[Row], others: Iterable[Row], kind: ModuleType) -> int:
    """Return how many of `rows` ask the same as a row of `others`."""
    known = set(map(kind.key, others))
    return sum(kind.key(row) in known for row in rows)
