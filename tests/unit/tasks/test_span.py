"""Questions on a text: rows, what they are refused for, and the official metrics."""

import collections
import json
import os
import random
import re
import string
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.question.catalogue import Task
from stilts.tasks.answers import normalised
from stilts.tasks.columns import canonical_rows
from stilts.tasks.kinds import span
from stilts.tasks.make import write_task
from stilts.tasks.scoring import compute, final
from stilts.tasks.sources.formats import read_rows

BLOCK = {
    "kind": "span",
    "source": {"files": {"train": "a.jsonl"}},
    "first": ["{question}"],
    "second": ["{context}"],
    "answers": "answers",
    "metric": "exact_match",
    "unanswerable": True,
}


def raw(context, *answers, question="What is it?"):
    """Return a row as the hub has it; an answer is (text, start)."""
    texts, starts = [text for text, _ in answers], [start for _, start in answers]
    held = {"text": texts, "answer_start": starts}
    return {"question": question, "context": context, "answers": held}


def rows_of(*raws, **changes):
    task = Task.from_block("mine", {**BLOCK, **changes}, "tasks.yaml")
    return canonical_rows(task.as_dict(), raws)


def test_a_row_keeps_question_context_and_every_gold_answer():
    (row,) = rows_of(raw("a cat sat", ("cat", 2), ("a cat", 0)))
    assert row == {
        "id": "0",
        "question": "What is it?",
        "context": "a cat sat",
        "answers": ["cat", "a cat"],
        "starts": [2, 0],
    }
    assert span.spans(row) == [(2, 5), (0, 5)]


def test_a_question_without_an_answer_is_a_row_where_the_task_says_so():
    (row,) = rows_of(raw("a cat sat"))
    assert row["answers"] == [] and row["starts"] == []
    with pytest.raises(UserError, match="row 0: the question has no answer.*unanswerable: true"):
        rows_of(raw("a cat sat"), unanswerable=False)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (("cat", 3), "'cat' does not stand at character 3 of the context, which reads 'at '"),
        (("", 0), "'' does not stand"),
        (("cat", 90), "'cat' does not stand at character 90"),
    ],
)
def test_an_answer_that_stands_elsewhere_is_refused(answer, message):
    with pytest.raises(UserError, match=f"row 1: the answer {message}"):
        rows_of(raw("a cat sat"), raw("a cat sat", answer))


@pytest.mark.parametrize("held", ["cat", {"text": ["cat"]}, {"text": ["a"], "answer_start": []}])
def test_answers_of_another_form_are_refused(held):
    with pytest.raises(UserError, match="must hold {text: .*answer_start.* of equal length, found"):
        rows_of({"question": "q", "context": "a cat", "answers": held})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"second": ["so {context}"]}, "'second' must be the column of the context alone"),
        ({"second": []}, "'second' must be the column of the context alone"),
        ({"first": ["{a}", "{b}"]}, "'first' must be the question"),
        ({"labels": ["no", "yes"]}, "has 'answers', no 'labels'"),
        ({"answers": ""}, "needs 'answers'"),
        ({"unanswerable": "maybe"}, "unanswerable must be true or false"),
    ],
)
def test_a_block_without_what_it_needs_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        Task.from_block("mine", {**BLOCK, **changes}, "tasks.yaml")


def test_the_audit_counts_what_only_such_questions_have():
    rows = rows_of(
        raw("a cat sat by a cat", ("cat", 2)), raw("no"), raw("one red fox", ("red fox", 4))
    )
    told = span.audit(rows)
    assert told == {"unanswerable": 0.3333, "answer_words": 1.5, "several_places": 0.5}


def official(predictions, golds):
    """Score as the official script of SQuAD 2.0 does, written down from its description."""

    def tokens(text):
        text = "".join(c for c in text.lower() if c not in set(string.punctuation))
        return re.sub(r"\b(a|an|the)\b", " ", text).split()

    def f1(gold, told):
        same = collections.Counter(tokens(gold)) & collections.Counter(tokens(told))
        if not tokens(gold) or not tokens(told):
            return int(tokens(gold) == tokens(told))
        if not sum(same.values()):
            return 0
        precision = sum(same.values()) / len(tokens(told))
        recall = sum(same.values()) / len(tokens(gold))
        return 2 * precision * recall / (precision + recall)

    exact, overlap = [], []
    for told, gold in zip(predictions, golds, strict=True):
        gold = [text for text in gold if tokens(text)] or [""]
        exact.append(max(int(tokens(text) == tokens(told)) for text in gold))
        overlap.append(max(f1(text, told) for text in gold))
    return np.array(exact), np.array(overlap)


PREDICTIONS = ["The Cat!", "cat", "", "a red fox", "", "the", "in 1999", "2"]
GOLDS = [["cat"], ["dog", "a cat"], [], ["fox", "the old red fox"], ["cat"], [], ["1999"], ["the"]]


def objects(values):
    found = np.empty(len(values), object)
    found[:] = values
    return found


def test_metrics_are_those_of_the_official_script():
    exact, overlap = official(PREDICTIONS, GOLDS)
    has = np.array([bool(gold) for gold in GOLDS])
    expected = {
        "exact_match": exact.mean(),
        "f1_span": overlap.mean(),
        "exact_match_answerable": exact[has].mean(),
        "exact_match_unanswerable": exact[~has].mean(),
        "f1_span_answerable": overlap[has].mean(),
        "f1_span_unanswerable": overlap[~has].mean(),
    }
    names = span.metrics({"unanswerable": True})
    assert sorted(names) == sorted(expected)
    answers, golds = objects(PREDICTIONS), objects(GOLDS)
    assert compute(names, answers, golds) == pytest.approx(expected)
    assert final(names, answers, golds) == pytest.approx(expected)


def test_no_answer_at_all_is_the_trivial_baseline(tmp_path):
    rows = rows_of(raw("a cat", ("cat", 2)), raw("a dog"), raw("a bird"))
    fields = {"task": "mine", "kind": "span", "labels": [], "metric": "f1_span"}
    write_task(tmp_path, {"train": rows, "validation": rows}, fields)
    told = read_manifest(tmp_path)["audit"]["validation"]
    assert told["baselines"] == {"majority": 0.6667} and told["unanswerable"] == 0.6667


PUBLISHED = {
    "version": "v2.0",
    "data": [
        {
            "title": "Cats",
            "paragraphs": [
                {
                    "context": "a cat sat",
                    "qas": [
                        {
                            "id": "q1",
                            "question": "Who?",
                            "is_impossible": False,
                            "answers": [{"text": "cat", "answer_start": 2}],
                        },
                        {
                            "id": "q2",
                            "question": "Why?",
                            "is_impossible": True,
                            "answers": [],
                            "plausible_answers": [{"text": "sat", "answer_start": 6}],
                        },
                    ],
                }
            ],
        }
    ],
}


def test_the_published_file_of_squad_is_read_a_question_a_row(tmp_path):
    path = tmp_path / "train-v2.0.json"
    path.write_text(json.dumps(PUBLISHED), encoding="utf-8")
    first, second = rows_of(*read_rows(path, "squad"))
    assert (first["answers"], first["starts"]) == (["cat"], [2])
    assert (second["question"], second["answers"]) == ("Why?", [])


@pytest.mark.parametrize("content", [{}, {"data": [{"title": "Cats"}]}, {"data": 7}, []])
def test_a_file_of_another_form_is_refused(tmp_path, content):
    path = tmp_path / "train.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match="train.json: not of the form of SQuAD"):
        read_rows(path, "squad")


def test_by_hand_an_answer_with_one_word_too_many_has_f1_of_two_thirds():
    found = compute(["f1_span", "exact_match"], objects(["big cat"]), objects([["the cat"]]))
    assert found == {"f1_span": pytest.approx(2 / 3), "exact_match": 0.0}


def test_accents_and_combining_marks_count_as_written():
    assert normalised("Café") != normalised("Cafe")
    assert normalised("An  Apple, the\nend.") == "apple end"


@pytest.mark.skipif(not os.environ.get("STILTS_MIRROR"), reason="STILTS_MIRROR names no mirror")
def test_metrics_of_real_answers_are_those_of_the_official_script():
    mirror = Path(os.environ["STILTS_MIRROR"])
    (path,) = mirror.glob("rajpurkar/squad_v2/*/validation-*.parquet")
    raws = pq.read_table(path).to_pylist()[::4]
    golds = [raw["answers"]["text"] for raw in raws]
    draw = random.Random(0)
    predictions = []
    for raw, gold in zip(raws, golds, strict=True):
        words = raw["context"].split()
        start = draw.randrange(len(words))
        some = " ".join(words[start : start + draw.randint(1, 6)])
        predictions.append(draw.choice([some, "", *gold, *(f"{text} {some}" for text in gold)]))
    exact, overlap = official(predictions, golds)
    assert len(raws) >= 500 and 0.1 < exact.mean() < overlap.mean() < 0.9
    found = compute(["exact_match", "f1_span"], objects(predictions), objects(golds))
    assert found == pytest.approx({"exact_match": exact.mean(), "f1_span": overlap.mean()})
