"""Texts without questions, to pretrain on or to generate from. A row: id str, text str."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError, unknown
from stilts.tasks.columns import Row, check_templates, fill, has_columns, numbered

TITLE = "corpus"
EVERYWHERE, IN_A_ROW = ONCE = ("everywhere", "in a row")
ANSWERS = False  # no stage and no target can be made of it


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a corpus that does not say where its texts stand, or counts them in another way."""
    if not task["text"]:
        raise UserError(f"{place}: a corpus needs 'text', for example \"{{text}}\"")
    check_templates([task["text"]], place, "text")
    if not has_columns([task["text"]]):
        raise UserError(f"{place}: 'text' takes nothing from a row: {task['text']!r}")
    if task["once"] and task["once"] not in ONCE:
        raise unknown("once", task["once"], ONCE, place)


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    return {"id": "string", "text": "string"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row, blank and repeated texts left out.

    A text counts once wherever it stands; or, where the task says once: in a row, each time that
    another one stands before it: a data set of questions repeats a paragraph for each of them.
    """
    seen, kept = {""}, []
    for name, raw, place in numbered(task, raw_rows):
        text = fill(task["text"], raw, place).strip()
        if text not in seen:
            if task.get("once") == IN_A_ROW:
                seen = {""}
            seen.add(text)
            kept.append({"id": name, "text": text})
    return kept


def texts(row: Row) -> list[str]:
    """Return every text of a row."""
    return [row["text"]]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they are the same."""
    return (row["text"],)


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts of flaws that only this kind can have: none."""
    return {}
