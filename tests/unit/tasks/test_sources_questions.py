"""Questions in the forms in which they are published, on lines written by hand."""

import json

import pytest

from stilts.files.fingerprint import ROOT
from stilts.question.catalogue import load_catalogue
from stilts.tasks.columns import canonical_rows
from stilts.tasks.sources.read import read_source
from tests.toys.sources import refused

CATALOGUE = load_catalogue(ROOT / "catalogue")


def rows_of(tmp_path, form, text):
    path = tmp_path / "train.data"
    path.write_text(text)
    rows, _ = read_source({"files": {"train": str(path)}, "format": form}, "train")
    return rows


def canonical(task, rows):
    return canonical_rows(CATALOGUE.tasks[task].as_dict(), rows)


MRQA = [
    {"header": {"dataset": "TriviaQA-web", "split": "train"}},
    {
        "id": "",
        "context": "[DOC] The river Seine flows through Paris; paris is on the Seine.",
        "qas": [
            {
                "qid": "abc",
                "question": "Which city is on the Seine?",
                "answers": ["Paris", "City of Light"],
                "detected_answers": [
                    {"text": "Paris", "char_spans": [[36, 40], [43, 47]], "token_spans": []},
                    {"text": "paris", "char_spans": [[43, 47]], "token_spans": []},
                ],
            }
        ],
    },
]


def test_mrqa_has_answers_by_characters_with_inclusive_ends(tmp_path):
    [row] = rows_of(tmp_path, "mrqa", "\n".join(map(json.dumps, MRQA)) + "\n")
    assert row["answers"] == {"text": ["Paris", "paris"], "answer_start": [36, 43]}
    for task in ("triviaqa-web", "triviaqa-wiki"):
        [found] = canonical(task, [row])
        assert found["question"] == "Which city is on the Seine?"
        assert found["answers"] == ["Paris", "paris"]


ZRE = (
    "spouse\tWho is XXX married to?\tAnn Lee\tAnn Lee, the painter, married Bo Lee.\tBo Lee\n"
    "educated at\tWhere did XXX study?\tBo\tBo likes Ann.\n"
    "award\tWhat did XXX win?\tBo\tBo won the cup and the ring.\tthe cup\tring\n"
    "award\tWhat did XXX win?\tBo\tBo won the cups.\tcup\n"
)


def test_zero_shot_re_is_asked_of_its_subject_and_may_have_no_answer(tmp_path):
    rows = rows_of(tmp_path, "zero_shot_re", ZRE)
    assert [row["question"] for row in rows[:2]] == [
        "Who is Ann Lee married to?",
        "Where did Bo study?",
    ]
    assert rows[0]["answers"] == {"text": ["Bo Lee"], "answer_start": [30]}
    assert rows[1]["answers"]["text"] == [] and rows[1]["found"] == "yes"
    assert rows[2]["answers"] == {"text": ["the cup", "ring"], "answer_start": [7, 23]}
    assert rows[3]["found"] == "no", "a part of a word is no answer"
    assert [row["id"] for row in canonical("zre", rows)] == ["0", "1", "2"]


SRL = """PROPBANK_7\t2
Last year Bo sold the old boat , and Ann bought a new one .
3\tsold\t2
who\t_\t_\tsold\tsomething\t_\t_\t?\tBo
what\twas\t_\tsold\t_\t_\t_\t?\tthe old boat ### boat
9\tbought\t1
when\tdid\tsomeone\tbuy\tsomething\t_\t_\t?\tLast year

PROPBANK_8\t1
It rained .
1\trained\t1
what\t_\t_\trained\t_\t_\t_\t?\tIt
"""


def test_qa_srl_asks_of_each_predicate_in_slots(tmp_path):
    rows = rows_of(tmp_path, "qa_srl", SRL)
    assert [row["question"] for row in rows] == [
        "who sold something?",
        "what was sold?",
        "when did someone buy something?",
        "what rained?",
    ]
    assert rows[1]["answers"] == {"text": ["the old boat", "boat"], "answer_start": [18, 26]}
    assert rows[3]["context"] == "It rained ." and rows[3]["id"] == "PROPBANK_8/3"
    assert [row["answers"] for row in canonical("qa-srl", rows)][2] == ["Last year"]


CQA = {
    "answerKey": "B",
    "id": "5b",
    "question": {
        "stem": "Where does a cat sleep?",
        "choices": [
            {"label": "A", "text": "river"},
            {"label": "B", "text": "basket"},
            {"label": "C", "text": "moon"},
        ],
    },
}


def test_the_files_of_commonsense_qa_have_the_columns_of_the_hub(tmp_path):
    rows = rows_of(tmp_path, "commonsense_qa", json.dumps(CQA) + "\n")
    assert rows[0]["choices"] == {"label": list("ABC"), "text": ["river", "basket", "moon"]}
    [found] = canonical("commonsense-qa", rows)
    assert found["options"] == ["river", "basket", "moon"] and found["label"] == 1
    assert found["first"] == ["Where does a cat sleep?"]


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("mrqa", '{"context": "a"}\n', "line 1: not of the form of MRQA"),
        ("mrqa", "{\n", "line 1: not of the form of MRQA"),
        (
            "zero_shot_re",
            "a\tb\tc\n",
            "line 1: 3 fields, and a line of Zero-shot RE has a relation",
        ),
        ("qa_srl", "P_1\t1\nIt rains .\nrains\n", "is no line of a predicate"),
        ("qa_srl", "P_1\t1\nIt rains .\n1\trains\t2\nwhat\t?\tIt\n", "1 questions are missing"),
        ("commonsense_qa", '{"id": 3}\n', "line 1: not of the form of CommonsenseQA"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path, monkeypatch, form, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.data").write_text(text)
    assert said in refused({"files": {"train": "a.data"}, "format": form})
