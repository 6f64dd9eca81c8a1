"""Hella-sh: HellaSwag with the words of its wrong endings shuffled (Chang and Lu 2021, Table 3).

The released code has no trace of it, so the shuffle (words between spaces, each wrong ending on
its own) is assumed.
"""

from collections.abc import Iterable
from random import Random
from typing import Any

SETTINGS = {"seed": {"type": "integer", "minimum": 0}}


def derive(rows: Iterable[dict[str, Any]], *, seed: int) -> list[dict[str, Any]]:
    """Shuffle the words of every wrong option; context, answer and ids stay.

    Args:
        rows: canonical rows of HellaSwag.
        seed: with a row's id and an option's place it fixes that option's shuffle, so a row is
            shuffled alike whatever other rows there are.
    """
    return [{**row, "options": _shuffled(row, seed)} for row in rows]


def _shuffled(row: dict[str, Any], seed: int) -> list[str]:
    return [
        option if place == row["label"] else shuffle_words(option, f"{seed}/{row['id']}/{place}")
        for place, option in enumerate(row["options"])
    ]


def shuffle_words(text: str, seed: str) -> str:
    """Return the words of a text in another order; a text with only one order stays as it is."""
    words = text.split()
    if len(set(words)) < 2:
        return text
    rng, shuffled = Random(seed), list(words)
    while shuffled == words:
        rng.shuffle(shuffled)
    return " ".join(shuffled)
