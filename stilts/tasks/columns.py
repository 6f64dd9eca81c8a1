"""From the columns of any source to canonical rows: what every kind of task needs for that."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stilts.errors import UserError
from stilts.files import plugins
from stilts.tasks.tidying import TIDYINGS

Row = dict[str, Any]
_ABSENT = object()
KINDS = "stilts.tasks.kinds"
TIDIED = ("first", "second")
TRUTH = {True: {"true", "t", "yes", "y"}, False: {"false", "f", "no", "n"}}
_COLUMN = re.compile(r"\{([^{}]+)\}")


def canonical_rows(task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Pour raw rows into a task's templates.

    Args:
        task: the fields of a task, as `Task.as_dict()` gives them.
        raw_rows: column -> value, in the order of the source.

    Returns:
        The rows of the task's kind, whose module describes them; `id` is a row's position in the
        source.

    Raises:
        UserError: a column is missing or holds no text, a label is unknown, or whatever else the
            kind asks of a row; one line with the row.
    """
    place = f"task '{task['name']}'"
    rows = plugins.load(KINDS, task["kind"], "kind", place).rows(task, raw_rows)
    if not task.get("tidy"):
        return rows
    tidy = TIDYINGS[task["tidy"]]
    return [{**row, **{side: [*map(tidy, row[side])] for side in TIDIED}} for row in rows]


def numbered(
    task: Mapping[str, Any], raw_rows: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Yield each raw row as (id, columns, place for an error), its halves split off if asked.

    Rows that the task drops are left out; the others keep their positions.
    """
    for position, raw in enumerate(raw_rows):
        if not is_dropped(task, raw):
            place = f"task '{task['name']}', row {position}"
            yield str(position), _with_halves(task, raw, place), place


def is_dropped(task: Mapping[str, Any], raw: Mapping[str, Any]) -> bool:
    """Return whether a column of the row holds a value with which the task drops rows.

    Numbers count by their text too, as all is text in a csv: -1 drops "-1".
    """
    for column, values in (task.get("drop") or {}).items():
        dropped = values if isinstance(values, list) else [values]
        held = _reach(raw, column)
        if held is not _ABSENT and any(_same(held, value) for value in dropped):
            return True
    return False


def _same(held: Any, value: Any) -> bool:
    if value is None:
        return held is None or (isinstance(held, float) and math.isnan(held))
    if isinstance(held, bool) or isinstance(value, bool):
        return held is value
    return held == value or (isinstance(held, str | int) and str(held) == str(value))


def _with_halves(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """Return the row with the two columns that the task's `split` makes, if it has one."""
    if not task.get("split"):
        return raw
    column, mark = task["split"]["column"], task["split"]["at"]
    text = value(raw, column, place)
    before, found, after = text.partition(mark)
    if not found:
        raise UserError(f"{place}: column '{column}' has no '{mark}' to split at: {text!r}")
    halves = dict(zip(task["split"]["into"], (before, after), strict=True))
    stripped = {name: halves[name].strip() for name in task["split"].get("strip", ())}
    return {**raw, **halves, **stripped}


def fill(template: str, raw: Mapping[str, Any], place: str) -> str:
    """Return a template with the row's values in the place of its columns.

    Not str.format: braces in a text stay braces, and a template cannot reach into objects.
    """
    return _COLUMN.sub(lambda match: value(raw, match.group(1), place), template)


def check_templates(templates: Iterable[str], place: str, key: str) -> None:
    """Refuse templates that would read the same in every row, or braces that name no column.

    A text without a column may stand beside one with a column, or be a sentence of its own; a
    single word is taken for a column whose braces were forgotten.

    Raises:
        UserError: names the template, and what may have been meant.
    """
    templates = list(templates)
    for template in templates:
        rest = _COLUMN.sub("", template)
        if "{" in rest or "}" in rest:
            name = re.sub("[{}]", "", template).strip()
            raise UserError(
                f"{place}: '{key}' has braces that name no column: {template!r}; write one pair"
                f" around a column's name, as in '{{{name}}}'"
            )
    if any(map(_COLUMN.search, templates)):
        return
    for template in templates:
        if re.fullmatch(r"[\w.-]+", template):
            raise UserError(
                f"{place}: '{key}' is the word {template!r} in every row; did you mean"
                f" '{{{template}}}'?"
            )


def single_column(template: str) -> str | None:
    """Return the column that a template is, if it is one column and nothing else."""
    found = _COLUMN.fullmatch(template)
    return found.group(1) if found else None


def has_columns(templates: Iterable[str]) -> bool:
    """Return whether any of the templates takes something from a row."""
    return any(map(_COLUMN.search, templates))


def fill_all(templates: Iterable[str], raw: Mapping[str, Any], place: str) -> list[str]:
    """Return several templates filled."""
    return [fill(template, raw, place) for template in templates]


def value(raw: Mapping[str, Any], column: str, place: str) -> str:
    """Return a column's value as text.

    Raises:
        UserError: there is no such column, or it holds neither text nor a number whose text is
            certain: 1999.0 may have been 1999.
    """
    found = cell(raw, column, place)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise UserError(f"{place}: column '{column}' holds no text but {found!r}")
    if isinstance(found, float) and found.is_integer():
        raise UserError(
            f"{place}: column '{column}' holds the number {found!r}, which may have been"
            f" '{found:.0f}': write it as text"
        )
    return str(found)


def cell(raw: Mapping[str, Any], column: str, place: str) -> Any:
    """Return what a column holds, which may be anything but null and what is no number."""
    found = _reach(raw, column)
    if found is _ABSENT:
        raise UserError(f"{place}: no column '{column}'; there are: {', '.join(raw)}")
    if found is None or (isinstance(found, float) and not math.isfinite(found)):
        written = "null" if found is None else f"{found!r}, which is no value"
        raise UserError(
            f"{place}: column '{column}' is {written}: fill it in, or leave the row out"
        )
    return found


def _reach(raw: Mapping[str, Any], column: str) -> Any:
    """Return what a column holds, or a part of one: `answers.text` of a column of structures."""
    if column in raw:
        return raw[column]
    outer, _, inner = column.rpartition(".")
    held = _reach(raw, outer) if outer else _ABSENT
    return held[inner] if isinstance(held, Mapping) and inner in held else _ABSENT


def label(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> int | float:
    """Return a row's answer: the index of its class, or a number where the task has a `range`."""
    return _number(task, raw, place) if task.get("range") else _index(task, raw, place)


def label_type(task: Mapping[str, Any]) -> str:
    """Return the type of the column `label`: float64 where the task has a `range`."""
    return "float64" if task.get("range") else "int64"


def _number(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> float:
    low, high = task["range"]
    found = cell(raw, task["label"], place)
    try:
        number = math.nan if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high:
        raise UserError(
            f"{place}: {found!r} in column '{task['label']}' is no number from {low:g} to {high:g}"
        )
    return number


def _index(task: Mapping[str, Any], raw: Mapping[str, Any], place: str) -> int:
    """Return the index of a row's class.

    What reads as one of the names is that name, be it written as text or as a number. A whole
    number is an index only where no name could be one: of "1", "2" and "n/a" 1 is a name and 0
    nothing. Truth values stand for names of truth only, so that False is no "yes".
    """
    names, found = task["labels"], cell(raw, task["label"], place)
    if isinstance(found, bool):
        meant = [name for name in names if name.casefold() in TRUTH[found]]
        if len(meant) == 1:
            return names.index(meant[0])
    elif isinstance(found, str | int):
        if str(found) in names:
            return names.index(str(found))
        if not any(map(_is_number, names)) and re.fullmatch("[0-9]+", str(found)):
            if int(found) < len(names):
                return int(found)
    allowed = ", ".join(names)
    allowed += "" if any(map(_is_number, names)) else f" or 0 to {len(names) - 1}"
    column = task["label"]
    advice = f"; leave out rows without an answer by drop: {{{column}: [{found!r}]}}"
    raise UserError(
        f"{place}: unknown {found!r} in column '{column}'; allowed: {allowed}"
        + (advice if found in (-1, "", "-") else "")
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
