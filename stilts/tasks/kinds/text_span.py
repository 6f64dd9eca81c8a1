"""A question answered by a part of a source text, which always has one (Keskar et al. 2019).

A row, made by the generator `as_span`: id str, source str (the text that holds the answer), kept
int64 (from that character on the source is part of every window), auxiliary str (the question),
answers list[str], starts list[int64]: the gold answers, and where in the source each begins.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import Row
from stilts.tasks.kinds import span

TITLE = "span of a source"
METRICS = ("exact_match", "f1_span")


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task that is not made from another one, or has classes."""
    span.check({**task, "derive": task["derive"] or {"generator": ""}}, place)
    demand_parent(task, place)


def demand_parent(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task that is not derived.

    Raises:
        UserError: it has a source of its own.
    """
    if not task["derive"]:
        raise UserError(
            f"{place}: kind '{task['kind']}' is made from another task: say"
            " derive: {parent: <task>, generator: as_span}"
        )


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return METRICS


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "source_span"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    texts = {"id": "string", "source": "string", "kept": "int64", "auxiliary": "string"}
    return {**texts, "answers": "list<string>", "starts": "list<int64>"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Raise the error of `demand_parent`: its rows come from a generator."""
    demand_parent({**task, "derive": {}}, f"task '{task['name']}'")
    return []


def texts(row: Row) -> list[str]:
    """Return every text of a row that may be blank only by mistake."""
    return [row["source"], row["auxiliary"]]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same."""
    return row["source"], row["auxiliary"]


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what questions on a text have, see `stilts.tasks.kinds.span.audit`."""
    return span.audit([{**row, "context": row["source"]} for row in rows])


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example, a window of the source."""
    return 1


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return source and auxiliary text of every row, each as one segment."""
    return [[row["source"]] for row in rows], [[row["auxiliary"]] for row in rows]


def silence(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return no answer to any question, and the gold answers: what a metric may score."""
    return [span.NONE for _ in rows], [row["answers"] for row in rows]


def spans(row: Row) -> list[tuple[int, int]]:
    """Return where the gold answers stand in the source: from a character up to another."""
    return span.spans(row)


def kept(row: Row) -> tuple[int, bool]:
    """Return the character from which the source is kept, and that what is too long has windows."""
    return row["kept"], True


def choices(row: Row) -> list[str]:
    """Return the words of the classes: none."""
    return []
