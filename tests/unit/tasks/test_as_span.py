"""Tasks posed as span extraction, by hand."""

import numpy as np
import pytest

from stilts.errors import UserError
from stilts.tasks.answers import same_words
from stilts.tasks.confusion import NO_CLASS, confusion
from stilts.tasks.generators import as_span, fewer_examples
from stilts.tasks.kinds import class_span, text_span
from stilts.tasks.metrics import accuracy, f1_macro, no_class

NLI = {"name": "mnli-span", "labels": ["entailment", "neutral", "contradiction"]}
PAPER = "{entailment}, {contradiction}, or {neutral}?"
RTE = {"name": "rte-span", "labels": ["entailment", "not_entailment"]}
CHOICE = {"name": "cqa-span", "labels": ["A", "B", "C"]}
QA = {"name": "zre-span", "labels": [], "unanswerable": True}
PAIR = {"id": "7", "first": ["It rains."], "second": ["It is wet."], "label": 2}
SINGLE = {"id": "3", "first": ["a fine film"], "second": [], "label": 1}
OPTIONS = {"id": "1", "first": ["Where do cats sleep?"], "prefix": "", "suffix": "", "label": 2}
OPTIONS |= {"options": ["bed", "in bed", "bed "]}
ASKED = {"id": "5", "question": "Who met Ann?", "context": "Bob met Ann.", "starts": [0]}
ASKED |= {"answers": ["Bob"]}


def posed(row, task=NLI, **settings):
    [made] = as_span.derive([row], task={"unanswerable": False, **task}, **settings)
    return made


def worded(row):
    """The words of every class, cut from the source at the place that the row says."""
    return [
        row["source"][start : start + len(words)]
        for start, words in zip(row["starts"], row["choices"], strict=True)
    ]


def test_of_a_pair_one_text_and_the_descriptions_are_the_source():
    row = posed(PAIR, phrase=PAPER)
    assert row["source"] == "It rains. entailment, contradiction, or neutral?"
    assert row["auxiliary"] == "It is wet."
    assert (row["id"], row["label"]) == ("7", 2)
    assert worded(row) == row["choices"] == NLI["labels"]
    [(begin, end)] = class_span.spans(row)
    assert row["source"][begin:end] == "contradiction"


def test_which_text_of_a_pair_is_the_source_is_a_setting():
    row = posed(PAIR, phrase=PAPER, source="second")
    assert row["source"].startswith("It is wet. entailment,") and row["auxiliary"] == "It rains."


def test_of_a_single_text_the_descriptions_are_the_source():
    row = posed(SINGLE, {"name": "s", "labels": ["negative", "positive"]}, phrase="")
    assert (row["source"], row["kept"]) == ("negative or positive?", 0)
    assert row["auxiliary"] == "a fine film" and class_span.spans(row) == [(12, 20)]


def test_without_segments_all_stands_in_the_source():
    row = posed(PAIR, phrase=PAPER, segmented=False)
    assert row["source"] == "It rains. It is wet. entailment, contradiction, or neutral?"
    assert row["auxiliary"] == "" and worded(row) == NLI["labels"]
    assert row["source"][row["kept"] :] == "entailment, contradiction, or neutral?"
    assert class_span.texts(row) == [row["source"]]


def test_long_descriptions_are_spans_as_a_whole():
    long = "{entailment: it follows}, {neutral: it may be so}, or {contradiction: it cannot be}?"
    row = posed(PAIR, phrase=long)
    assert worded(row) == row["choices"] == ["it follows", "it may be so", "it cannot be"]


def test_words_of_a_class_in_the_text_or_in_another_class_are_not_taken_for_its_place():
    pair = PAIR | {"first": ["This entailment is not neutral."], "label": 1}
    row = posed(pair, RTE, phrase="{entailment} or {not_entailment: not entailment}?")
    assert row["starts"] == [32, 46]
    assert worded(row) == ["entailment", "not entailment"]
    assert class_span.spans(row) == [(46, 60)]
    assert class_span.audit([row, posed(PAIR)]) == {"class_in_text": 0.5, "alike": 0}


def test_options_are_listed_each_at_its_own_place():
    row = posed(OPTIONS, CHOICE)
    assert row["source"] == "bed, in bed, or bed?"
    assert row["starts"] == [0, 5, 16] and worded(row) == ["bed", "in bed", "bed"]
    assert row["auxiliary"] == "Where do cats sleep?" and row["kept"] == 0
    assert class_span.audit([row]) == {"class_in_text": 0.0, "alike": 1}


def test_the_context_of_a_question_is_its_source():
    row = posed(ASKED, QA | {"unanswerable": False})
    assert (row["source"], row["auxiliary"]) == ("Bob met Ann.", "Who met Ann?")
    assert row["kept"] == len(row["source"]) and text_span.spans(row) == [(0, 3)]


def test_every_source_of_a_task_with_unanswerable_questions_ends_in_that_word():
    told = posed(ASKED, QA)
    assert told["source"] == "Bob met Ann. unanswerable" and told["answers"] == ["Bob"]
    none = posed(ASKED | {"answers": [], "starts": []}, QA)
    [(begin, end)] = text_span.spans(none)
    assert none["answers"] == [none["source"][begin:end]] == ["unanswerable"]
    assert begin == none["kept"] == 13


@pytest.mark.parametrize(
    ("row", "task", "settings", "said"),
    [
        (PAIR, NLI, {"phrase": "{entailment} or {neutral}?"}, "no words for 'contradiction'"),
        (PAIR, NLI, {"phrase": PAPER + " {neutral}"}, "describes 'neutral' twice"),
        (PAIR, RTE, {"phrase": "{yes} or {no}?"}, "unknown label 'yes'; allowed: entailment, not_"),
        (PAIR, RTE, {"phrase": "{entailment} or {not_entailment:}?"}, "for 'not_entailment'"),
        (OPTIONS | {"options": ["a", " ", "b"]}, CHOICE, {}, "a choice without words"),
        (PAIR | {"label": 0.5}, NLI, {}, "neither classes nor answers"),
        (ASKED | {"answers": []}, QA | {"unanswerable": False}, {}, "say 'unanswerable: true'"),
    ],
)
def test_what_cannot_be_a_span_is_refused_in_one_line(row, task, settings, said):
    with pytest.raises(UserError) as caught:
        posed(row, task, **settings)
    assert said in str(caught.value) and str(caught.value).startswith(f"task '{task['name']}'")


@pytest.mark.parametrize("kind", ["class_span", "text_span"])
def test_a_kind_of_spans_in_a_source_needs_a_parent(kind):
    module = {"class_span": class_span, "text_span": text_span}[kind]
    task = {"name": "t", "kind": kind, "labels": (), "range": (), "derive": {}}
    for refuse in (lambda: module.check(task, "here"), lambda: module.rows(task, [])):
        with pytest.raises(UserError, match=f"kind '{kind}' is made from another task: say"):
            refuse()


@pytest.mark.parametrize(
    ("found", "words", "same"),
    [
        ("neutral", "neutral", True),
        ("Neutral?", "neutral", True),
        ("neutral or", "neutral", False),
        ("entail", "entailment", False),
        ("not entailment", "entailment", False),
        ("in  bed,", "in bed", True),
        ("?", "?", True),
        ("!", "?", False),
        ("", "a", False),
    ],
)
def test_a_class_is_named_by_its_words(found, words, same):
    assert same_words(found, words) is same


def test_answers_that_are_no_class_are_counted_and_are_wrong():
    references = np.array([0, 1, 1, 0])
    predictions = np.array([0, NO_CLASS, 1, NO_CLASS])
    assert no_class.score(predictions, references) == 0.5
    assert accuracy.score(predictions, references) == 0.5
    assert confusion(predictions, references).tolist() == [[1, 0, 1], [0, 1, 1], [0, 0, 0]]
    assert f1_macro.score(predictions, references) == pytest.approx(2 / 3)
    assert confusion(references, references).shape == (2, 2)


def test_at_most_so_many_training_rows_are_kept_and_all_others():
    rows = [{"id": str(n)} for n in range(20)]
    kept = fewer_examples.derive(rows, split="train", count=5, seed=0)
    assert len(kept) == 5 and kept == sorted(kept, key=lambda row: int(row["id"]))
    assert kept == fewer_examples.derive(rows, split="train", count=5, seed=0)
    assert kept != fewer_examples.derive(rows, split="train", count=5, seed=1)
    assert fewer_examples.derive(rows, split="validation", count=5, seed=0) == rows
    assert fewer_examples.derive(rows, split="train", count=50, seed=0) == rows
