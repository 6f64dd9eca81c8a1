"""Texts without questions, to pretrain on or to generate from. A row: id str, text str."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import Row, fill, numbered

TITLE = "corpus"
ANSWERS = False  # no stage and no target can be made of it


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a corpus that does not say where its texts stand."""
    if not task["text"]:
        raise UserError(f"{place}: a corpus needs 'text', for example \"{{text}}\"")


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    return {"id": "string", "text": "string"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row, blank and repeated texts left out."""
    seen, kept = {""}, []
    for name, raw, place in numbered(task, raw_rows):
        text = fill(task["text"], raw, place).strip()
        if text not in seen:
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
