"""A text of which a model is to find hidden words: what hides them is the model's head.

A row: id str, text str, label float64, always 1: all of the hidden words. So a task of this kind
has the `range: [0, 1]`, and its metric is the share that is found.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import Row
from stilts.tasks.kinds import corpus

TITLE = "hidden words"
METRICS = ("found",)
ALL = 1.0


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task without a text, or with a range that no share has."""
    if not (task["text"] or task["derive"]):
        raise UserError(f"{place}: hidden words need 'text', for example \"{{text}}\"")
    if task["text"]:
        corpus.check({**task, "once": task.get("once", "")}, place)
    if list(task["range"]) != [0, 1]:
        raise UserError(f"{place}: hidden words need 'range: [0, 1]': the share that is found")


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return METRICS


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "mlm"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    return {"id": "string", "text": "string", "label": "float64"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row, blank and repeated texts left out."""
    return [{**row, "label": ALL} for row in corpus.rows(task, raw_rows)]


def texts(row: Row) -> list[str]:
    """Return every text of a row."""
    return corpus.texts(row)


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they are the same."""
    return corpus.key(row)


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts of flaws that only this kind can have: none."""
    return {}


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example."""
    return 1


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of text A and, there being none, of text B of every sequence."""
    return [[row["text"]] for row in rows], [[] for _ in rows]
