"""Multiple choice with nothing in the place of the premise: what the template alone brings."""

from collections.abc import Iterable
from typing import Any

SETTINGS: dict[str, dict[str, Any]] = {}


def derive(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Empty text A and what stands before the option; a model still reads a pair of texts.

    Args:
        rows: canonical rows of a multiple choice.

    Returns:
        Rows whose text A is the empty text; ids, order of options and answers stay.
    """
    return [{**row, "first": [""], "prefix": ""} for row in rows]
