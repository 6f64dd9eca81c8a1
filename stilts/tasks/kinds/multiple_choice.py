"""Several options, one of which is right: each is read on its own, behind what they share.

A row: id str, first list[str], prefix str, options list[str], suffix str, label int64. Text B of
an option is prefix + option + suffix.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.tasks.columns import (
    Row,
    cell,
    check_templates,
    fill,
    fill_all,
    label,
    numbered,
    value,
)
from stilts.tasks.endings import cut_shares, longer_gold

TITLE = "multiple choice"
METRICS = ("accuracy", "matthews_correlation", "f1_macro")
OPTION = "{option}"


def check(task: Mapping[str, Any], place: str) -> None:
    """Refuse a task without options, without a place for them, or with a range of numbers."""
    if task["range"]:
        raise UserError(f"{place}: multiple choice has 'labels', one for each option, no 'range'")
    if task["derive"]:
        return
    if not task["options"]:
        raise UserError(f"{place}: multiple choice needs 'options': columns, or one column")
    if sum(OPTION in segment for segment in task["second"]) != 1:
        raise UserError(f"{place}: 'second' must hold {OPTION} once, to mark its place")
    for side in ("first", "second"):
        check_templates(task[side], place, side)
    names = [task["options"]] if isinstance(task["options"], str) else list(task["options"])
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{place}: 'options' names the column '{name}' twice: name each once")


def metrics(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the metrics that apply to every task of this form."""
    return METRICS


def head(task: Mapping[str, Any]) -> str:
    """Return the name of the head that is taken where no setting names another."""
    return "multiple_choice"


def columns(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of a row with their types."""
    shared = {"first": "list<string>", "prefix": "string", "options": "list<string>"}
    return {"id": "string", **shared, "suffix": "string", "label": "int64"}


def rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return one row per raw row.

    Raises:
        UserError: a row has another number of options than the task has labels, or they are no
            texts.
    """
    if len(task["second"]) != 1 or task["second"][0].count(OPTION) != 1:
        raise UserError(f"task '{task['name']}': 'second' must be one segment with one {OPTION}")
    prefix, suffix = task["second"][0].split(OPTION)
    return [
        {
            "id": name,
            "first": fill_all(task["first"], raw, place),
            "prefix": fill(prefix, raw, place),
            "options": _options(task, raw, place),
            "suffix": fill(suffix, raw, place),
            "label": label(task, raw, place),
        }
        for name, raw, place in numbered(task, raw_rows)
    ]


def _options(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> list[str]:
    columns = task["options"]
    if isinstance(columns, str):
        found = cell(raw, columns, place)
        if not isinstance(found, list) or not all(isinstance(option, str) for option in found):
            raise UserError(f"{place}: column '{columns}' must list texts, found {found!r}")
    else:
        found = [value(raw, column, place) for column in columns]
    if len(found) != len(task["labels"]):
        answers = len(task["labels"])
        raise UserError(f"{place}: {len(found)} options, but 'labels' names {answers} answers")
    return found


def texts(row: Row) -> list[str]:
    """Return every text of a row that may be blank only by mistake."""
    return [*row["first"], *row["options"]]


def key(row: Row) -> tuple[Any, ...]:
    """Return what two rows have in common if they ask the same, whatever the options' order."""
    return (*row["first"], row["prefix"], row["suffix"], *sorted(row["options"]))


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the flaws that give an option away.

    `identical_options`: rows in which two options are the same; `gold_positions`: how often the
    answer is option 0, 1, …; `gold_minus_wrong_words`: mean difference in words between the answer
    and the mean of its row's wrong options; `cut_mid_word`: share of endings that stop inside a
    word, {gold, wrong}, see `stilts.tasks.endings.is_cut`.
    """
    places = Counter(row["label"] for row in rows)
    return {
        "identical_options": sum(len(set(row["options"])) < len(row["options"]) for row in rows),
        "gold_positions": {str(n): places[n] for n in range(len(rows[0]["options"]))},
        "gold_minus_wrong_words": longer_gold(rows),
        "cut_mid_word": cut_shares(rows),
    }


def sequences(task: Mapping[str, Any]) -> int:
    """Return how many sequences a model reads for one example: one for each option."""
    return len(task["labels"])


def pairs(rows: Sequence[Row]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of text A and of text B of every sequence, option after option.

    Raises:
        ValueError: rows differ in their number of options.
    """
    choices = len(rows[0]["options"])
    odd = [row["id"] for row in rows if len(row["options"]) != choices]
    if odd:
        raise ValueError(f"row {odd[0]!r} does not have {choices} options like the first row")
    first = [row["first"] for row in rows for _ in row["options"]]
    second = [[row["prefix"] + text + row["suffix"]] for row in rows for text in row["options"]]
    return first, second
