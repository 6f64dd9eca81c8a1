from pathlib import Path

import pytest

from stilts.errors import UserError
from stilts.question.catalogue import Task, load_catalogue
from stilts.tasks.columns import canonical_rows

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[3] / "catalogue")


def pour(name, *raw, **changed):
    return canonical_rows(CATALOGUE.tasks[name].as_dict() | changed, raw)


def refused(name, *raw, **changed):
    with pytest.raises(UserError) as caught:
        pour(name, *raw, **changed)
    assert "\n" not in str(caught.value)
    return str(caught.value)


WIC = {"word": "bank", "sentence1": "A {bank}.", "sentence2": "The bank?", "label": 1, "idx": 9}
WINOGRANDE = {"sentence": "Ann paid Bob as _ was kind.", "option1": "Ann", "option2": "Bob"}
RTE = {"premise": "p", "hypothesis": "h"}
SIMILARITY = {"range": [0, 5], "labels": []}
HELLASWAG = {"ctx_a": "A man sits.", "ctx_b": "he", "endings": ["a", "b", "c", "d"], "label": "2"}


def test_wic_reads_the_word_as_a_segment_of_its_own_before_the_sentence():
    assert pour("wic", WIC) == [
        {"id": "0", "first": ["bank", "A {bank}."], "second": ["The bank?"], "label": 1}
    ]


def test_cola_is_a_single_text():
    [row] = pour("cola", {"sentence": "Me go.", "label": 0})
    assert (row["first"], row["second"], row["label"]) == (["Me go."], [], 0)


def test_winogrande_is_cut_at_the_blank_and_the_option_goes_before_the_rest():
    [row] = pour("winogrande-xs", WINOGRANDE | {"answer": "2"})
    assert row["first"] == ["Ann paid Bob as "]
    texts = [row["prefix"] + option + row["suffix"] for option in row["options"]]
    assert texts == ["Ann was kind.", "Bob was kind."]
    assert row["label"] == 1


@pytest.mark.parametrize("sentence", ["Ann saw _ 's car. ", "Ann saw _'s car.", "Ann met _ ."])
def test_a_stripped_rest_reads_as_the_released_code_of_chang_and_lu_has_it(sentence):
    split = {"column": "sentence", "at": "_", "into": ["before", "after"], "strip": ["after"]}
    raw = {**WINOGRANDE, "sentence": sentence, "answer": "1"}
    [row] = pour("winogrande-m", raw, split=split, second=["{option} {after}"])
    before, _, after = sentence.partition("_")
    for option, name in zip(row["options"], ("Ann", "Bob"), strict=True):
        assert row["prefix"] + option + row["suffix"] == f"{name} {after.strip()}"
    assert row["first"] == [before]


def test_a_corpus_keeps_a_text_once_everywhere_or_once_in_a_row():
    raw = [{"text": text} for text in ("a", "a ", " ", "a", "b", "b", "a")]
    assert [row["text"] for row in pour("wikitext", *raw)] == ["a", "b"]
    kept = pour("wikitext", *raw, once="in a row")
    assert [(row["id"], row["text"]) for row in kept] == [("0", "a"), ("4", "b"), ("6", "a")]


def test_hellaswag_repeats_ctx_b_before_each_ending_even_where_it_is_empty():
    [row] = pour("hellaswag", HELLASWAG)
    assert (row["prefix"], row["suffix"], row["label"]) == ("he ", "", 2)
    [row] = pour("hellaswag", HELLASWAG | {"ctx_b": ""})
    assert row["prefix"] == " "


def test_socialiqa_puts_the_question_behind_the_context():
    raw = {"context": "C.", "question": "Q?", "answerA": "a", "answerB": "b", "answerC": "c"}
    [row] = pour("socialiqa", raw | {"label": "3"})
    assert row["first"] == ["C.", "Q?"]
    assert (row["options"], row["label"]) == (["a", "b", "c"], 2)


def test_a_corpus_leaves_out_blank_and_repeated_texts_and_keeps_their_places():
    raw = [{"text": text} for text in ("One.", "", " One. ", "\n", "Two.")]
    assert pour("wikitext", *raw) == [{"id": "0", "text": "One."}, {"id": "4", "text": "Two."}]


@pytest.mark.parametrize(
    ("name", "raw", "column", "labels"),
    [
        ("rte", {"premise": "p", "hypothesis": "h"}, "label", {"entailment": 0, 0: 0, 1: 1}),
        ("wic", WIC, "label", {"F": 0, "T": 1, False: 0, True: 1}),
        ("wic", WIC, "label", {"0": 0, "1": 1}),
        ("winogrande-m", WINOGRANDE, "answer", {"1": 0, "2": 1, 1: 0, 2: 1}),
        ("hellaswag", HELLASWAG, "label", {"0": 0, "3": 3, 3: 3}),
        ("mednli", {"sentence1": "a", "sentence2": "b"}, "gold_label", {"contradiction": 1}),
    ],
)
def test_labels_are_names_or_indices(name, raw, column, labels):
    for value, index in labels.items():
        [row] = pour(name, raw | {column: value})
        assert row["label"] == index and type(row["label"]) is int


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("wic", WIC | {"label": "maybe"}, "unknown 'maybe' in column 'label'; allowed: F, T or 0"),
        ("wic", WIC | {"label": -1}, "unknown -1 in column 'label'"),
        ("wic", WIC | {"label": 2}, "unknown 2"),
        ("wic", WIC | {"label": "2"}, "unknown '2'"),
        ("wic", WIC | {"label": "1.0"}, "unknown '1.0'"),
        ("rte", RTE | {"label": True}, "unknown True in column 'label'"),
        ("wic", WIC | {"label": 1.0}, "unknown 1.0"),
        ("wic", WIC | {"label": None}, "column 'label' is null"),
        ("winogrande-m", WINOGRANDE | {"answer": 0}, "unknown 0 in column 'answer'; allowed: 1, 2"),
        ("winogrande-m", WINOGRANDE | {"answer": True}, "unknown True"),
        (
            "winogrande-m",
            WINOGRANDE | {"answer": ""},
            "leave out rows without an answer by drop: {answer: ['']}",
        ),
    ],
)
def test_an_unknown_label_is_shown_with_its_row_and_what_is_allowed(name, raw, said):
    told = refused(name, raw)
    assert said in told and told.startswith(f"task '{name}', row 0: ")


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("wic", WIC | {"sentence2": float("nan")}, "column 'sentence2' is nan, which is no value"),
        ("wic", WIC | {"word": 1999.0}, "holds the number 1999.0, which may have been '1999'"),
        ("wic", {"word": "bank"}, "no column 'sentence1'; there are: word"),
        ("wic", WIC | {"sentence2": None}, "column 'sentence2' is null"),
        ("wic", WIC | {"sentence2": ["a"]}, "column 'sentence2' holds no text but ['a']"),
        ("hellaswag", HELLASWAG | {"endings": None}, "column 'endings' is null"),
        ("hellaswag", HELLASWAG | {"endings": "a b"}, "column 'endings' must list texts"),
        ("hellaswag", HELLASWAG | {"endings": ["a", None]}, "column 'endings' must list texts"),
        ("winogrande-m", {"sentence": "no blank"}, "column 'sentence' has no '_' to split at"),
    ],
)
def test_a_column_that_holds_no_text_is_named(name, raw, said):
    assert said in refused(name, raw)


def test_rows_with_another_number_of_options_are_refused():
    told = refused("hellaswag", HELLASWAG, HELLASWAG | {"endings": ["a", "b", "c"]})
    assert told == "task 'hellaswag', row 1: 3 options, but 'labels' names 4 answers"


@pytest.mark.parametrize(
    ("found", "number"), [(2.5, 2.5), (0, 0.0), (5, 5.0), ("3.25", 3.25), ("1e0", 1.0)]
)
def test_an_answer_within_a_range_is_a_number(found, number):
    [row] = pour("wic", WIC | {"label": found}, **SIMILARITY)
    assert row["label"] == number and type(row["label"]) is float


@pytest.mark.parametrize("found", [-0.01, 5.01, "nan", True, "much"])
def test_an_answer_out_of_its_range_is_shown_with_its_row(found):
    told = refused("wic", WIC | {"label": 1}, WIC | {"label": found}, **SIMILARITY)
    wanted = f"task 'wic', row 1: {found!r} in column 'label' is no number from 0 to 5"
    assert told == wanted
    for nothing in (None, float("nan"), float("inf")):
        assert "column 'label' is " in refused("wic", WIC | {"label": nothing}, **SIMILARITY)


@pytest.mark.parametrize(
    ("labels", "found", "index"),
    [
        (["1", "2", "3", "n/a"], 1, 0),
        (["1", "2", "3", "n/a"], "n/a", 3),
        (["yes", "no"], True, 0),
        (["yes", "no"], False, 1),
        (["no", "yes"], "1", 1),
        (["-1", "0", "1"], -1, 0),
        (["0.5", "1"], 1, 1),
    ],
)
def test_what_reads_as_a_name_is_that_name(labels, found, index):
    [row] = pour("rte", RTE | {"label": found}, labels=labels)
    assert row["label"] == index


@pytest.mark.parametrize(
    ("labels", "found"), [(["1", "2", "3", "n/a"], 0), (["1", "x"], 2), (["0.5", "1"], 0)]
)
def test_a_number_is_no_index_where_a_name_could_be_one(labels, found):
    told = refused("rte", RTE | {"label": found}, labels=labels)
    assert told.endswith(f"unknown {found} in column 'label'; allowed: {', '.join(labels)}")


def test_a_number_in_a_text_column_is_its_digits():
    [row] = pour("wic", WIC | {"word": 7})
    assert row["first"][0] == "7"


def test_a_template_cannot_reach_into_objects():
    told = refused("wic", WIC, first=["{word.__class__}"])
    assert "no column 'word.__class__'" in told


def test_a_block_of_yaml_is_all_it_takes_to_pose_ones_own_task():
    block = {
        "kind": "multiple_choice",
        "source": {"files": {"train": "a.csv", "validation": "b.csv"}},
        "first": "{story}",
        "second": "So {option}!",
        "options": ["good", "bad"],
        "labels": ["good", "bad"],
        "label": "right",
    }
    task = Task.from_block("mine", block, "config.yaml")
    raw = {"story": "S.", "good": "yes", "bad": "no", "right": "bad"}
    assert canonical_rows(task.as_dict(), [raw]) == [
        {
            "id": "0",
            "first": ["S."],
            "prefix": "So ",
            "options": ["yes", "no"],
            "suffix": "!",
            "label": 1,
        }
    ]


def test_rows_that_the_task_drops_are_left_out_and_the_others_keep_their_places():
    raw = [RTE | {"label": label} for label in (0, -1, "-1", 1)] + [RTE | {"premise": ""}]
    rows = pour("rte", *raw, drop={"label": [-1], "premise": ""})
    assert [(row["id"], row["label"]) for row in rows] == [("0", 0), ("3", 1)]


def test_a_column_may_be_a_part_of_a_structure():
    raw = {"choices": {"text": ["a", "b", "c", "d"]}, "q": {"stem": "S"}, "answer": "1"}
    [row] = pour(
        "hellaswag",
        raw,
        first=["{q.stem}"],
        second=["{option}"],
        options="choices.text",
        label="answer",
        labels=["0", "1", "2", "3"],
    )
    assert (row["first"], row["options"]) == (["S"], ["a", "b", "c", "d"])
