"""A toy kind of task: a text, and how much its writer likes something, a number of a range.

A row: id str, text str, label float64.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import Row, fill, label, numbered

TITLE = "rating"


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task without a text or without a range."""
    if not task["text"] or not task["range"]:
        raise UserError(f"{place}: a rating needs 'text' and 'range'")


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return ("closeness",)


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "mean_state"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    return {"id": "string", "text": "string", "label": "float64"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row."""
    return [
        {"id": name, "text": fill(task["text"], raw, place), "label": label(task, raw, place)}
        for name, raw, place in numbered(task, raw_rows)
    ]


def texts(row: Row) -> list[str]:
    """Return every text of a row."""
    return [row["text"]]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same."""
    return (row["text"],)


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts of flaws that only this kind can have: none."""
    return {}


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example."""
    return 1


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of text A and of text B of every sequence."""
    return [[row["text"]] for row in rows], [[] for _ in rows]
