"""A task posed as span extraction (Keskar et al. 2019, section 3.1).

Classes are described in the source text, and the words of the right one are the span: a single
text is the auxiliary one, of a pair one text stands before the descriptions and the other is
auxiliary; of a multiple choice the options are what the source describes. A question on a text has
its context as the source.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from stilts.errors import UserError, unknown

NOTHING = "unanswerable"  # what a source ends in, where its question may have no answer
_CLASS = re.compile(r"\{([^{}:]+)(?::\s*([^{}]*?)\s*)?\}")
# phrase: how the classes are described, as "{entailment} or {not_entailment: not}?": every label in
#   braces, with its words after a colon where they are not the label itself. Empty: all labels,
#   or the options, as in "a, b, or c?".
# source: which text of a pair stands before the descriptions.
# segmented: false puts the other text into the source too, so that nothing is auxiliary.
SETTINGS: dict[str, dict[str, Any]] = {
    "phrase": {"type": "string", "pattern": r"[\s\S]*", "description": "a text"},
    "source": {"enum": ["first", "second"]},
    "segmented": {"type": "boolean"},
}


def derive(
    rows: Iterable[dict[str, Any]],
    *,
    task: Mapping[str, Any],
    phrase: str = "",
    source: str = "first",
    segmented: bool = True,
) -> list[dict[str, Any]]:
    """Pose canonical rows as spans; ids and order stay.

    Args:
        rows: of a classification, a multiple choice, or questions on a text.
        task: the derived task: its name, `labels`, `unanswerable`.
        phrase: see SETTINGS, like the others.
        source: see SETTINGS.
        segmented: see SETTINGS.

    Returns:
        Rows of the kind `class_span`, of questions on a text those of `text_span`.

    Raises:
        UserError: a phrase that does not describe each class once, or rows of another kind.
    """
    place = f"task '{task['name']}'"
    if phrase:
        _describe(phrase, task["labels"], place)
    found = []
    for row in rows:
        if "context" in row:
            found.append(_asked(row, bool(task["unanswerable"]), place))
        elif "options" in row:
            described = _listed(row["options"], place)
            asked = [*row["first"], row["prefix"], row["suffix"]]
            found.append(_posed(row, [], asked, *described, segmented))
        elif isinstance(row.get("label"), int):
            described = (
                _describe(phrase, task["labels"], place)
                if phrase
                else _listed([label.replace("_", " ") for label in task["labels"]], place)
            )
            found.append(_posed(row, *_sides(row, source), *described, segmented))
        else:
            raise UserError(f"{place}: its parent has neither classes nor answers in a text")
    return found


def _sides(row: Mapping[str, Any], source: str) -> tuple[list[str], list[str]]:
    """Return the texts before the descriptions, and those that are auxiliary."""
    if not (row["first"] and row["second"]):
        return [], [*row["first"], *row["second"]]
    sides = row["first"], row["second"]
    return sides if source == "first" else sides[::-1]


def _posed(
    row: Mapping[str, Any],
    before: list[str],
    other: list[str],
    described: str,
    choices: list[str],
    starts: list[int],
    segmented: bool,
) -> dict[str, Any]:
    """Return a row of `class_span`; `starts` count from the beginning of the descriptions."""
    inside = before if segmented else [*before, *other]
    opening = "".join(f"{text} " for text in _joined(inside))
    return {
        "id": row["id"],
        "source": opening + described,
        "kept": len(opening),
        "auxiliary": " ".join(_joined(other)) if segmented else "",
        "choices": choices,
        "starts": [len(opening) + start for start in starts],
        "label": row["label"],
    }


def _joined(texts: Iterable[str]) -> list[str]:
    return [text.strip() for text in texts if text.strip()]


def _asked(row: Mapping[str, Any], unanswerable: bool, place: str) -> dict[str, Any]:
    """Return a row of `text_span`."""
    source, answers, starts = row["context"], row["answers"], row["starts"]
    kept = len(source)
    if unanswerable:
        source = f"{source} {NOTHING}"
        kept += 1
        if not answers:
            answers, starts = [NOTHING], [kept]
    if not answers:
        raise UserError(
            f"{place}, row {row['id']}: the question has no answer, and a source without"
            f" '{NOTHING}' has no span for that: say 'unanswerable: true'"
        )
    texts = {"id": row["id"], "source": source, "kept": kept, "auxiliary": row["question"]}
    return {**texts, "answers": answers, "starts": starts}


def _describe(phrase: str, labels: list[str], place: str) -> tuple[str, list[str], list[int]]:
    """Return a phrase without its braces, the words of each label, and where they begin in it."""
    told, end = "", 0
    words: dict[str, tuple[str, int]] = {}
    for match in _CLASS.finditer(phrase):
        told += phrase[end : match.start()]
        label, named = match.group(1).strip(), match.group(2)
        if label not in labels:
            raise unknown("label", label, labels, f"{place}, phrase")
        if label in words:
            raise UserError(f"{place}: the phrase describes '{label}' twice: {phrase!r}")
        words[label] = (label if named is None else named, len(told))
        told, end = told + words[label][0], match.end()
    told += phrase[end:]
    for label in labels:
        if not words.get(label, ("", 0))[0]:
            raise UserError(
                f"{place}: the phrase has no words for '{label}': {phrase!r}; write {{{label}}} or"
                f" {{{label}: its words}}"
            )
    return told, *_in_order(words[label] for label in labels)


def _in_order(found: Iterable[tuple[str, int]]) -> tuple[list[str], list[int]]:
    words, starts = zip(*found, strict=True)
    return list(words), list(starts)


def _listed(choices: list[str], place: str) -> tuple[str, list[str], list[int]]:
    """Return choices as "a, b, or c?", each by itself, and where each begins."""
    choices = [choice.strip() for choice in choices]
    if not all(choices):
        raise UserError(f"{place}: a choice without words cannot be a span: {choices!r}")
    told, starts = "", []
    for place_, choice in enumerate(choices):
        if place_:
            told += "," if len(choices) > 2 else ""
            told += " or " if place_ == len(choices) - 1 else " "
        starts.append(len(told))
        told += choice
    return told + "?", choices, starts
