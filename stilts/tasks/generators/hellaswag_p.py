"""HellaSwag-p: which ending is real, without any premise (Chang and Lu 2021, section 4.2)."""

from collections.abc import Iterable
from typing import Any

SETTINGS: dict[str, dict[str, Any]] = {}


def derive(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the endings and the answer; the premise goes, and so does the half sentence (ctx_b).

    Args:
        rows: canonical rows of HellaSwag.

    Returns:
        Rows whose only text is an option; ids, order of options and answers stay.
    """
    return [{**row, "first": [], "prefix": "", "suffix": ""} for row in rows]
