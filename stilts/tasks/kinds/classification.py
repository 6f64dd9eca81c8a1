"""One text or a pair of texts, and the class it belongs to, or a number where there is a range.

A row: id str, first list[str], second list[str], label int64 (float64 with a `range`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import (
    Row,
    check_templates,
    fill_all,
    has_columns,
    label,
    label_type,
    numbered,
)

TITLE = "classification"
METRICS = ("accuracy", "matthews_correlation", "f1_macro", "f1_weighted")
OF_TWO_CLASSES = ("f1_binary",)
NUMBER_METRICS = ("pearson", "spearman")


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task without any text to read."""
    if not (task["first"] or task["second"] or task["derive"]):
        raise UserError(f"{place}: 'first' or 'second' must say what is read, as \"{{column}}\"")
    for side in ("first", "second"):
        check_templates(task[side], place, side)
    if not task["derive"] and not has_columns((*task["first"], *task["second"])):
        raise UserError(f"{place}: 'first' and 'second' take nothing from a row: name a {{column}}")


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form, with as many classes."""
    if task.get("range"):
        return NUMBER_METRICS
    return METRICS + (OF_TWO_CLASSES if len(task["labels"]) == 2 else ())


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "regression" if task.get("range") else "classification"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    texts = {"first": "list<string>", "second": "list<string>"}
    return {"id": "string", **texts, "label": label_type(task)}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row."""
    return [
        {
            "id": name,
            "first": fill_all(task["first"], raw, place),
            "second": fill_all(task["second"], raw, place),
            "label": label(task, raw, place),
        }
        for name, raw, place in numbered(task, raw_rows)
    ]


def texts(row: Row) -> list[str]:
    """Return every text of a row."""
    return [*row["first"], *row["second"]]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same."""
    return (*texts(row), len(row["first"]))


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts of flaws that only this kind can have: none."""
    return {}


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example."""
    return 1


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of text A and of text B of every sequence."""
    return [row["first"] for row in rows], [row["second"] for row in rows]
