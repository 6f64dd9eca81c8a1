"""A guess at how rows of somebody's data are read: which columns are texts, which is the answer.

It is a proposal for a reader to correct, never used unseen.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stilts.errors import UserError

MOST_CLASSES = 50
NO_ANSWER = -1  # how many data sets write a hidden label
ANSWERS = ("label", "labels", "answer", "gold", "gold_label", "target", "class", "score", "rating")
TOKENS_PER_WORD, SPECIAL, ROUND, LONGEST = 1.5, 4, 10, 512
COMMON = 0.95  # the share of rows that should not be cut


def guess_task(rows: Sequence[Mapping[str, Any]], place: str) -> dict[str, Any]:
    """Return the fields of a task's block that its rows suggest.

    Args:
        rows: of the training split, column -> value.
        place: where they are from, for the error.

    Returns:
        `kind`, `first`, `second` where there is a second text, `options`, `label`, `labels` or
        `range`, `drop`, `metric` where it is not the kind's own, `max_tokens`.

    Raises:
        UserError: no column holds a text, or none could be the answer.
    """
    columns = _columns(rows)

    def letters(name: str) -> int:
        return sum(len(text) for value in columns[name] for text in value or "")

    options = max(filter(lambda name: _is_list(columns[name]), columns), key=letters, default=None)
    label = _label(columns, rows)
    texts = [name for name, values in columns.items() if name != label and _is_text(values)]
    if not texts:
        raise UserError(f"{place}: no column holds a text; its columns: {', '.join(columns)}")
    if label is None:
        raise UserError(
            f"{place}: no column could be the answer (few values, or numbers); its columns:"
            f" {', '.join(columns)}"
        )
    if options:  # what the options go on with is the longest text
        texts.sort(key=letters, reverse=True)
    first, *others = texts
    block: dict[str, Any] = {"kind": "multiple_choice" if options else "classification"}
    block["first"] = [f"{{{first}}}"]
    if options:
        block |= {"second": ["{option}"], "options": options}
    elif others:
        block["second"] = [f"{{{others[0]}}}"]
    read = texts[:1] + ([options] if options else others[:1])
    return block | _answers(label, columns, options) | {"max_tokens": _length(columns, read)}


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the values of each column; a part of a structure is a column `{whole.part}`."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            parts = value.items() if isinstance(value, Mapping) else [("", value)]
            for part, held in parts:
                columns.setdefault(f"{name}.{part}" if part else name, []).append(held)
    return columns


def _is_list(values: Sequence[Any]) -> bool:
    """Whether every row lists equally many texts, more than one."""
    return (
        len({len(value) if isinstance(value, list | tuple) else 0 for value in values}) == 1
        and isinstance(values[0], list | tuple)
        and len(values[0]) > 1
        and all(isinstance(item, str) for value in values for item in value)
    )


def _is_text(values: Sequence[Any]) -> bool:
    """Whether most rows hold a text of several words."""
    words = [len(value.split()) for value in values if isinstance(value, str)]
    return len(words) > len(values) / 2 and sum(words) > 1.5 * len(words)


def _label(columns: Mapping[str, list[Any]], rows: Sequence[Any]) -> str | None:
    """Return the column that most looks like an answer: by its name, else the last that may."""
    able = [name for name, values in columns.items() if _may_answer(values, len(rows))]
    named = [name for answer in ANSWERS for name in able if name.lower() == answer]
    return next(iter([*named, *reversed(able)]), None)


def _may_answer(values: Sequence[Any], count: int) -> bool:
    plain = [value for value in values if isinstance(value, str | int | float)]
    if len(plain) < count / 2 or _is_text(values):
        return False
    return len(set(plain)) <= min(MOST_CLASSES, max(2, count // 2)) or _are_grades(plain)


def _are_grades(values: Sequence[Any]) -> bool:
    return all(isinstance(value, float) for value in values)


def _answers(label: str, columns: Mapping[str, list[Any]], options: str | None) -> dict[str, Any]:
    counts = Counter(value for value in columns[label] if value is not None)
    found: dict[str, Any] = {"label": label}
    if NO_ANSWER in counts:
        found["drop"] = {label: [NO_ANSWER]}
        del counts[NO_ANSWER]
    if options and len(counts) != len(columns[options][0]):
        return found | {"labels": [str(place) for place in range(len(columns[options][0]))]}
    if len(counts) > MOST_CLASSES or (_are_grades(list(counts)) and len(counts) > 2):
        return found | {"range": [min(counts), max(counts)], "metric": "pearson"}
    return found | {"labels": [str(value) for value in sorted(counts, key=_order)]}


def _order(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def _length(columns: Mapping[str, list[Any]], read: Sequence[str]) -> int:
    """Return a length that cuts few rows, by words: a tokenizer is not known yet."""
    words: list[int] = []
    for held in zip(*(columns[name] for name in read), strict=False):
        texts = (max(part, key=len) if isinstance(part, list | tuple) else part for part in held)
        words.append(sum(len(str(text or "").split()) for text in texts))
    usual = sorted(words)[int(COMMON * (len(words) - 1))]
    tokens = usual * TOKENS_PER_WORD + SPECIAL
    return min(LONGEST, int(-(-tokens // ROUND) * ROUND))
