"""Two texts that are read apart: whether they go together, or a number where there is a range.

A row: id str, first list[str], second list[str], label int64 (float64 with a `range`). A model
reads two sequences for each example, text A and text B, and neither sees the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import Row, check_templates, has_columns
from stilts.tasks.kinds import classification

TITLE = "pair read apart"
METRICS = ("accuracy", "matthews_correlation", "f1_macro")
NUMBER_METRICS = ("pearson", "spearman")


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task without two texts, or with more classes than two."""
    if len(task["labels"]) > 2:
        raise UserError(
            f"{place}: a pair has two 'labels', no and yes, or a 'range'; found"
            f" {len(task['labels'])}: for more classes use 'kind: classification'"
        )
    if task["derive"]:
        return
    for side in ("first", "second"):
        check_templates(task[side], place, side)
        if not has_columns(task[side]):
            raise UserError(
                f"{place}: a pair is read apart, so '{side}' must take a text from a row, as"
                ' "{column}"'
            )


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return NUMBER_METRICS if task.get("range") else METRICS


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "pair_similarity" if task.get("range") else "pair_linear"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    return classification.columns(task)


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row."""
    return classification.rows(task, raw_rows)


def texts(row: Row) -> list[str]:
    """Return every text of a row."""
    return classification.texts(row)


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same."""
    return classification.key(row)


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the flaw that gives an answer away: `identical_texts`, rows whose texts are one."""
    return {"identical_texts": sum(row["first"] == row["second"] for row in rows)}


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example: each text is one."""
    return 2


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of every sequence, text A before text B; no sequence has a partner."""
    return [side for row in rows for side in (row["first"], row["second"])], [
        [] for _ in range(2 * len(rows))
    ]


def sides(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of text A and of text B of every example, for cues that compare them."""
    return classification.pairs(rows)
