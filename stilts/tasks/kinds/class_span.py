"""A class or an option, posed as a part of a source text that lists them (Keskar et al. 2019).

A row, made by the generator `as_span`: id str, source str (a text, and then the descriptions of
the classes), kept int64 (the character at which the descriptions begin), auxiliary str (the other
text), choices list[str] (the words of each class), starts list[int64] (where in the source each of
them begins), label int64 (the class).
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from stilts.errors import UserError
from stilts.tasks.answers import same_words, words
from stilts.tasks.columns import Row
from stilts.tasks.kinds import text_span

TITLE = "class as a span"
METRICS = ("accuracy", "matthews_correlation", "f1_macro", "no_class")
CLASSES = True  # an answer is one of the labels, although it is read off a text


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task that is not made from another one, or has a range of numbers."""
    text_span.demand_parent(task, place)
    if task["range"]:
        raise UserError(f"{place}: a class as a span has 'labels', no 'range'")


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return METRICS


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return text_span.head(task)


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    texts = {"id": "string", "source": "string", "kept": "int64", "auxiliary": "string"}
    return {**texts, "choices": "list<string>", "starts": "list<int64>", "label": "int64"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Raise an error: its rows come from a generator."""
    return text_span.rows(task, raw_rows)


def texts(row: Row) -> list[str]:
    """Return every text of a row; where all stands in the source there is no other."""
    return [row["source"], *([row["auxiliary"]] if row["auxiliary"] else [])]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same."""
    return row["source"], row["auxiliary"]


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what class words invite.

    `class_in_text`: the share of rows in which the words of a class stand outside the descriptions
    too; `alike`: the number of rows in which two classes have the same words.
    """
    return {
        "class_in_text": round(fmean(map(_named_in_text, rows)), 4),
        "alike": sum(map(_alike, rows)),
    }


def _named_in_text(row: Row) -> bool:
    told = f" {' '.join(words(row['source'][: row['kept']] + ' ' + row['auxiliary']))} "
    return any(f" {' '.join(words(choice))} " in told for choice in row["choices"])


def _alike(row: Row) -> bool:
    return any(
        same_words(one, other)
        for place, one in enumerate(row["choices"])
        for other in row["choices"][:place]
    )


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example."""
    return 1


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return source and auxiliary text of every row, each as one segment."""
    return text_span.pairs(rows)


def spans(row: Row) -> list[tuple[int, int]]:
    """Return where the words of the right class stand in the source."""
    start = row["starts"][row["label"]]
    return [(start, start + len(row["choices"][row["label"]]))]


def kept(row: Row) -> tuple[int, bool]:
    """Return the character from which the source is kept, and that what is too long is cut."""
    return row["kept"], False


def choices(row: Row) -> list[str]:
    """Return the words of the classes."""
    return row["choices"]
