"""A question on a text, answered by a part of the text, or by nothing.

A row: id str, question str, context str, answers list[str], starts list[int64]: the gold answers,
and the character of the context at which each begins; both empty where the context has no answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from stilts.errors import UserError, shown
from stilts.tasks.columns import Row, cell, fill, numbered, single_column, value

TITLE = "span extraction"
METRICS = ("exact_match", "f1_span")
BY_ANSWER = (
    "exact_match_answerable",
    "exact_match_unanswerable",
    "f1_span_answerable",
    "f1_span_unanswerable",
)
NONE = ""  # the answer to a question that the context does not answer


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task without question, context or answers, or with classes."""
    if task["labels"] or task["range"]:
        raise UserError(f"{place}: span extraction has 'answers', no 'labels' and no 'range'")
    if task["derive"]:
        return
    if len(task["first"]) != 1:
        raise UserError(f"{place}: 'first' must be the question, such as [\"{{question}}\"]")
    if len(task["second"]) != 1 or single_column(task["second"][0]) is None:
        raise UserError(
            f"{place}: 'second' must be the column of the context alone, such as"
            ' ["{context}"]: answers are found by their place in it'
        )
    if not task["answers"]:
        raise UserError(
            f"{place}: span extraction needs 'answers': a column of {{text, answer_start}}"
        )


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return METRICS + (BY_ANSWER if task.get("unanswerable") else ())


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "span"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    texts = {"id": "string", "question": "string", "context": "string"}
    return {**texts, "answers": "list<string>", "starts": "list<int64>"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row.

    Raises:
        UserError: an answer does not stand where it is said to, or there is none and the task
            does not say that there may be none.
    """
    context = single_column(task["second"][0])
    found = []
    for name, raw, place in numbered(task, raw_rows):
        text = value(raw, context, place)
        answers, starts = _answers(task, raw, text, place)
        question = fill(task["first"][0], raw, place)
        row = {"id": name, "question": question, "context": text}
        found.append({**row, "answers": answers, "starts": starts})
    return found


def _answers(
    task: Mapping[str, Any], raw: Mapping[str, Any], context: str, place: str
) -> tuple[list[str], list[int]]:
    column = task["answers"]
    held = cell(raw, column, place)
    texts, starts = (
        held.get(part) if isinstance(held, Mapping) else None for part in ("text", "answer_start")
    )
    if not (isinstance(texts, list) and isinstance(starts, list) and len(texts) == len(starts)):
        raise UserError(
            f"{place}: column '{column}' must hold {{text: [...], answer_start: [...]}} of equal"
            f" length, found {shown(held)}"
        )
    for text, start in zip(texts, starts, strict=True):
        if not text or context[start : start + len(text)] != text:
            raise UserError(
                f"{place}: the answer {shown(text)} does not stand at character {start} of the"
                f" context, which reads {shown(context[start : start + len(text)])}: mend the row"
            )
    if not texts and not task["unanswerable"]:
        raise UserError(
            f"{place}: the question has no answer: if that is meant, say 'unanswerable: true'"
        )
    return list(texts), list(starts)


def texts(row: Row) -> list[str]:
    """Return every text of a row that may be blank only by mistake."""
    return [row["question"], row["context"]]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same."""
    return row["question"], row["context"]


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what only questions on a text can have.

    `unanswerable`: the share of questions without an answer; `answer_words`: mean number of words
    of the first gold answer, where there is one; `several_places`: the share of answered questions
    whose first gold answer stands in the context more than once.
    """
    answered = [row for row in rows if row["answers"]]
    words = [len(row["answers"][0].split()) for row in answered]
    often = [row["context"].count(row["answers"][0]) > 1 for row in answered]
    return {
        "unanswerable": round(1 - len(answered) / len(rows), 4),
        "answer_words": round(fmean(words), 2) if words else 0.0,
        "several_places": round(fmean(often), 4) if often else 0.0,
    }


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example, a window of the context."""
    return 1


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return question and context of every row, each as one segment."""
    return [[row["question"]] for row in rows], [[row["context"]] for row in rows]


def silence(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return no answer to any question, and the gold answers: what a metric may score."""
    return [NONE for _ in rows], [row["answers"] for row in rows]


def spans(row: Row) -> list[tuple[int, int]]:
    """Return where the gold answers stand in the context: from a character up to another."""
    return [
        (start, start + len(text))
        for text, start in zip(row["answers"], row["starts"], strict=True)
    ]
