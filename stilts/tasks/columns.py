"""Canonical rows: the columns of any source, poured into the few forms that the engine reads."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from stilts.errors import UserError

Row = dict[str, Any]
_COLUMN = re.compile(r"\{([^{}]+)\}")
_OPTION = "{option}"


def canonical_rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Pour raw rows into a task's templates.

    Args:
        task: the fields of a task, as `Task.as_dict()` gives them.
        raw_rows: column -> value, in the order of the source.

    Returns:
        One row per raw row; `id` is its position in the source. Text B of option o of a multiple
        choice is prefix + o + suffix. A corpus leaves out blank and repeated texts.

        classification: id str, first list[str], second list[str], label int
        multiple_choice: id str, first list[str], prefix str, options list[str], suffix str,
            label int
        corpus: id str, text str

    Raises:
        UserError: a column is missing or holds no text, a label is unknown, or a row has another
            number of options than the task has answers; one line with the row.
    """
    pour = {"classification": _pair, "multiple_choice": _choice, "corpus": _passage}[task["kind"]]
    rows = []
    for position, raw in enumerate(raw_rows):
        place = f"task '{task['name']}', row {position}"
        rows.append({"id": str(position), **pour(task, _with_halves(task, raw, place), place)})
    return list(_distinct(rows)) if task["kind"] == "corpus" else rows


def _pair(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> Row:
    return {
        "first": [_fill(segment, raw, place) for segment in task["first"]],
        "second": [_fill(segment, raw, place) for segment in task["second"]],
        "label": _label(task, raw, place),
    }


def _choice(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> Row:
    if len(task["second"]) != 1 or task["second"][0].count(_OPTION) != 1:
        raise UserError(f"task '{task['name']}': 'second' must be one segment with one {_OPTION}")
    prefix, suffix = task["second"][0].split(_OPTION)
    options = _options(task["options"], raw, place)
    if len(options) != len(task["labels"]):
        answers = len(task["labels"])
        raise UserError(f"{place}: {len(options)} options, but 'labels' names {answers} answers")
    return {
        "first": [_fill(segment, raw, place) for segment in task["first"]],
        "prefix": _fill(prefix, raw, place),
        "options": options,
        "suffix": _fill(suffix, raw, place),
        "label": _label(task, raw, place),
    }


def _passage(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> Row:
    return {"text": _fill(task["text"], raw, place).strip()}


def _distinct(rows: Iterable[Row]) -> Iterable[Row]:
    seen = {""}
    for row in rows:
        if row["text"] not in seen:
            seen.add(row["text"])
            yield row


def _with_halves(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """Return the row with the two columns that the task's `split` makes, if it has one."""
    if not task.get("split"):
        return raw
    column, mark = task["split"]["column"], task["split"]["at"]
    text = _value(raw, column, place)
    before, found, after = text.partition(mark)
    if not found:
        raise UserError(f"{place}: column '{column}' has no '{mark}' to split at: {text!r}")
    return {**raw, **dict(zip(task["split"]["into"], (before, after), strict=True))}


def _fill(template: str, raw: Mapping[str, Any], place: str) -> str:
    # Not str.format: braces in a text stay braces, and a template cannot reach into objects.
    return _COLUMN.sub(lambda match: _value(raw, match.group(1), place), template)


def _value(raw: Mapping[str, Any], column: str, place: str) -> str:
    value = _cell(raw, column, place)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UserError(f"{place}: column '{column}' holds no text but {value!r}")
    return str(value)


def _cell(raw: Mapping[str, Any], column: str, place: str) -> Any:
    if column not in raw:
        raise UserError(f"{place}: no column '{column}'; there are: {', '.join(raw)}")
    if raw[column] is None:
        raise UserError(f"{place}: column '{column}' is null: fill it in, or leave the row out")
    return raw[column]


def _options(options: str | list[str], raw: Mapping[str, Any], place: str) -> list[str]:
    if not isinstance(options, str):
        return [_value(raw, column, place) for column in options]
    found = _cell(raw, options, place)
    if not isinstance(found, list) or not all(isinstance(option, str) for option in found):
        raise UserError(f"{place}: column '{options}' must list texts, found {found!r}")
    return found


def _label(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> int:
    """Return the index of a row's answer.

    A text must be one of the names. A number is an index, unless all names are digits: a jsonl
    file may write WinoGrande's answers "1" and "2" as the numbers 1 and 2, not 0 and 1.
    """
    names, value = task["labels"], _cell(raw, task["label"], place)
    numeric = all(name.isdigit() for name in names)
    name = str(value) if numeric and type(value) is int else value
    if isinstance(name, str) and name in names:
        return names.index(name)
    if not numeric and isinstance(value, int) and 0 <= value < len(names):
        return int(value)
    allowed = ", ".join(names) + ("" if numeric else f" or 0 to {len(names) - 1}")
    raise UserError(
        f"{place}: unknown {value!r} in column '{task['label']}'; allowed: {allowed}"
        + (" (a split without answers?)" if value in (-1, "") else "")
    )
