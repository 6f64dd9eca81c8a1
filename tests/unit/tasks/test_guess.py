import pytest

from stilts.errors import UserError
from stilts.tasks.guess import guess_task

PAIRS = [
    {
        "id": f"n{number}",
        "premise": "It rains over the hills.",
        "idea": "It is wet there.",
        "label": number % 3,
    }
    for number in range(12)
]


def with_label(values, rows=PAIRS):
    return [row | {"label": value} for row, value in zip(rows, values, strict=True)]


def test_texts_are_the_columns_of_several_words_in_their_order():
    found = guess_task(PAIRS, "a.csv")
    assert (found["first"], found["second"]) == (["{premise}"], ["{idea}"])


def test_one_text_alone_has_no_second():
    rows = [{"text": row["premise"], "label": row["label"]} for row in PAIRS]
    assert "second" not in guess_task(rows, "a.csv")


def test_the_answer_is_found_by_its_name_before_anything_else():
    rows = [row | {"zone": "north", "gold_label": "yn"[row["label"] % 2]} for row in PAIRS]
    rows = [{key: value for key, value in row.items() if key != "label"} for row in rows]
    found = guess_task(rows, "a.csv")
    assert (found["label"], found["labels"]) == ("gold_label", ["n", "y"])


def test_classes_that_are_numbers_stand_in_their_order():
    assert guess_task(with_label([10, 2, 1] * 4), "a.csv")["labels"] == ["1", "2", "10"]


def test_hidden_labels_are_dropped_and_no_class():
    found = guess_task(with_label([-1, 0, 1] * 4), "a.csv")
    assert (found["labels"], found["drop"]) == (["0", "1"], {"label": [-1]})


def test_grades_are_a_range_scored_by_correlation():
    found = guess_task(with_label([number / 4 for number in range(12)]), "a.csv")
    assert (found["range"], found["metric"]) == ([0.0, 2.75], "pearson")
    assert "labels" not in found


def test_a_column_that_lists_texts_makes_it_multiple_choice():
    rows = [
        {
            "topic": "in winter time",
            "ctx": "She steps on the ice and then she",
            "label": number % 2,
            "choices": {"text": ["falls down.", "flies away."], "label": ["A", "B"]},
        }
        for number in range(6)
    ]
    found = guess_task(rows, "a.json")
    assert found["kind"] == "multiple_choice"
    assert (found["first"], found["second"]) == (["{ctx}"], ["{option}"])
    assert (found["options"], found["labels"]) == ("choices.text", ["0", "1"])


def test_the_names_of_options_are_those_of_the_answers():
    rows = [
        {
            "question": "What is cold in here?",
            "answerKey": "AB"[number % 2],
            "options": ["the ice", "the fire"],
        }
        for number in range(6)
    ]
    assert guess_task(rows, "a.json")["labels"] == ["A", "B"]


def test_the_length_leaves_room_for_all_but_the_longest_rows():
    rows = [{"text": "word " * 40, "label": number % 2} for number in range(40)]
    rows[7]["text"] = "word " * 4000
    assert guess_task(rows, "a.csv")["max_tokens"] == 70  # 40 * 1.5 + 4


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "x", "label": 1}] * 4, "a.csv: no column holds a text; its columns: id, label"),
        ([{"text": f"so many words {n}"} for n in range(9)], "no column could be the answer"),
    ],
)
def test_data_that_tell_nothing_are_refused_with_their_columns(rows, said):
    with pytest.raises(UserError) as caught:
        guess_task(rows, "a.csv")
    assert said in str(caught.value)
