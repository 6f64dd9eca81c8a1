"""Multiple choice with the premise of another item: its form is kept, its help is taken away."""

from collections.abc import Iterable
from random import Random
from typing import Any

SETTINGS = {"seed": {"type": "integer", "minimum": 0}}


def derive(rows: Iterable[dict[str, Any]], *, seed: int) -> list[dict[str, Any]]:
    """Give every row the premise (text A, and what stands before the option) of another one.

    Args:
        rows: canonical rows of a multiple choice.
        seed: of the circle in which each row hands its premise to the next; one that would get
            a premise equal to its own gets the first that differs further along.

    Returns:
        Rows with their own ids, options, suffixes and answers. If all premises are equal they stay.
    """
    rows = list(rows)
    circle = list(range(len(rows)))
    Random(seed).shuffle(circle)
    given = {}
    for place, taker in enumerate(circle):
        others = (circle[(place + step) % len(circle)] for step in range(1, len(circle)))
        differ = (other for other in others if _premise(rows[other]) != _premise(rows[taker]))
        given[taker] = _premise(rows[next(differ, taker)])
    return [{**row, **given[place]} for place, row in enumerate(rows)]


def _premise(row: dict[str, Any]) -> dict[str, Any]:
    return {"first": row["first"], "prefix": row["prefix"]}
