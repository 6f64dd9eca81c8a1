"""Questions on texts in the forms in which their authors publish them, as the columns of SQuAD.

A row: id str, context str, question str, answers {text: [str], answer_start: [int]}. Where a
published answer is a text without a place, its first place as whole words counts; `found` is "no"
where none of a question's answers stands in its text, for a task to drop.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stilts.errors import UserError, shown

Row = dict[str, Any]
SUBJECT = "XXX"  # what stands for the subject in a question of Zero-shot RE
SEPARATOR = " ### "  # between the answers of QA-SRL


def read_mrqa(path: Path, text: str) -> list[Row]:
    """Read MRQA's form (Fisch et al. 2019): a heading, then a context with its questions a line.

    The answers are the characters of `detected_answers`, whose ends are inclusive.
    """
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            held = json.loads(line)
            rows += [] if "header" in held else _asked_on(held)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{place}: not of the form of MRQA, a context with qas of qid, question and"
                f" detected_answers ({type(error).__name__}: {error}): fetch the file again, or"
                " name another 'format' in the source"
            ) from None
    return rows


def _asked_on(held: Row) -> list[Row]:
    context, rows = held["context"], []
    for asked in held["qas"]:
        places = [
            (first, last + 1)
            for answer in asked["detected_answers"]
            for first, last in answer["char_spans"]
        ]
        places = list(dict.fromkeys(places))
        texts = [context[first:end] for first, end in places]
        row = _row(asked["qid"], context, asked["question"], texts, [first for first, _ in places])
        rows.append(row)
    return rows


def read_zero_shot_re(path: Path, text: str) -> list[Row]:
    """Read Zero-shot RE (Levy et al. 2017): relation, question, subject, sentence, answers.

    They are cut at tabs; a line without answers has none.
    """
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        fields = line.removesuffix("\r").split("\t")
        if len(fields) < 4:
            raise UserError(
                f"{path}, line {number}: {len(fields)} fields, and a line of Zero-shot RE has a"
                " relation, a question, a subject, a sentence and its answers: fix the line"
            )
        _, question, subject, sentence, *answers = fields
        asked = question.replace(SUBJECT, subject)
        rows.append(_located(str(number), sentence, asked, filter(None, answers)))
    return rows


def read_qa_srl(path: Path, text: str) -> list[Row]:
    """Read QA-SRL 1.0 (He et al. 2015): blocks of lines, cut at tabs, with a blank line between.

    A block: its name; the sentence; for each predicate its place, the word and how many questions
    follow; a question in slots, "_" for an empty one, and its answers.
    """
    rows = []
    for block in re.split(r"\n[ \t\r]*\n", text.strip("\n")):
        lines = [line.rstrip("\r") for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        name, left = lines[0].split("\t")[0].strip(), 0
        for line in lines[2:]:
            fields = [field.strip() for field in line.split("\t")]
            if not left:
                left = _count(fields, f"{path}, block {name}")
                continue
            left -= 1
            *slots, answers = fields
            question = " ".join(slot for slot in slots if slot not in ("_", ""))
            asked = re.sub(r"\s+\?$", "?", question)
            found = filter(None, map(str.strip, answers.split(SEPARATOR)))
            rows.append(_located(f"{name}/{len(rows)}", lines[1].strip(), asked, found))
        if left or len(lines) < 2:
            raise UserError(f"{path}, block {name}: {left} questions are missing: fetch it again")
    return rows


def _count(fields: list[str], place: str) -> int:
    """Return how many questions a predicate has."""
    if len(fields) != 3 or not fields[2].isdigit():
        raise UserError(
            f"{place}: {shown(fields)} is no line of a predicate: its place, the word and the"
            " number of its questions: fix the line"
        )
    return int(fields[2])


def read_commonsense_qa(path: Path, text: str) -> list[Row]:
    """Read CommonsenseQA's files (Talmor et al. 2019) as the columns that the hub has."""
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            held = json.loads(line)
            choices = held["question"]["choices"]
            listed = {key: [choice[key] for choice in choices] for key in ("label", "text")}
            row = {"id": held["id"], "question": held["question"]["stem"], "choices": listed}
            rows.append({**row, "answerKey": held.get("answerKey", "")})
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path}, line {number}: not of the form of CommonsenseQA, question.stem and"
                f" question.choices ({type(error).__name__}: {error}): fetch the file again"
            ) from None
    return rows


def _located(name: str, context: str, question: str, answers: Iterable[str]) -> Row:
    """Return a row with answers at their first places; those that have none are left out."""
    answers = list(answers)
    found = [(text, place) for text in answers if (place := _first(text, context)) is not None]
    texts, places = [text for text, _ in found], [place for _, place in found]
    row = _row(name, context, question, texts, places)
    return {**row, "found": "no" if answers and not found else "yes"}


def _first(text: str, context: str) -> int | None:
    whole = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", context)
    return whole.start() if whole else None


def _row(name: str, context: str, question: str, texts: list[str], starts: list[int]) -> Row:
    answers = {"text": texts, "answer_start": starts}
    return {"id": name, "context": context, "question": question, "answers": answers}
