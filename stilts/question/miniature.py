"""The miniature as a question poses it: who poses a task in it, of what its Synthesis speaks."""

from collections.abc import Mapping
from typing import Any

from stilts.errors import UserError

# Synthesis speaks of things that no target asks for, or of the targets' own.
APART, SHARED = "apart", "shared"


def check_block(block: Mapping[str, Any], place: str) -> None:
    """Check the field `miniature` of a task's block.

    Raises:
        UserError: a key or a theme that means nothing.
    """
    if block and set(block) != {"theme", "sizes"}:
        raise UserError(f"{place}: 'miniature' must hold a theme and sizes, nothing else")
    theme = block.get("theme", "")
    if isinstance(theme, Mapping) and set(theme) != {APART, SHARED}:
        raise UserError(f"{place}: a theme by facts must name one for {APART} and {SHARED}")


def theme_of(block: Mapping[str, Any], facts: str) -> str:
    """Return the theme that poses a task in the world of these facts."""
    theme = block["theme"]
    return theme if isinstance(theme, str) else theme[facts]
