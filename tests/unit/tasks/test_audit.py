import pytest

from stilts.tasks.audit import audit, is_cut, overlap


def choice(*options, label=0, first=("The cook stands in the kitchen",)):
    return {
        "id": "0",
        "first": list(first),
        "prefix": "",
        "options": list(options),
        "suffix": "",
        "label": label,
    }


def test_repeated_blank_and_identical_texts_are_counted():
    rows = [choice("a b", "c"), choice("c", "a b", label=1), choice("a", "a"), choice("a", " ")]
    found = audit(rows)
    assert (found["rows"], found["duplicates"]) == (4, 1)
    assert (found["identical_options"], found["empty"]) == (1, 1)


def test_gold_positions_are_counted_for_every_option():
    rows = [choice("a", "b", "c", label=label) for label in (0, 0, 1)]
    assert audit(rows)["gold_positions"] == {"0": 2, "1": 1, "2": 0}


def test_the_length_difference_is_gold_minus_the_mean_of_the_wrong():
    rows = [choice("a b c d", "a", "a b c"), choice("a", "a b", "a b", label=1)]
    # 4 - (1 + 3) / 2 = 2 and 2 - (1 + 2) / 2 = 0.5
    assert audit(rows)["gold_minus_wrong_words"] == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("ending", "cut"),
    [
        ("stands in the kitc", True),
        ("stands in the Kitc", True),
        ("stands in the kitchen", False),
        ("stands in the kitc.", False),
        ("stands in the zoo", False),
        ("stands in the kitchen,", False),
        ("-", False),
        ("", False),
    ],
)
def test_an_ending_is_cut_when_it_stops_at_the_beginning_of_a_known_word(ending, cut):
    assert is_cut(ending, ["in", "kitchen", "stands", "the"]) is cut


def test_cut_endings_are_told_apart_for_gold_and_wrong():
    rows = [choice("cooks in the kitchen", "cooks in the kitc", "eats the coo", "eats")]
    shares = audit(rows)["cut_mid_word"]
    assert shares == {"gold": 0.0, "wrong": pytest.approx(2 / 3, abs=1e-4)}


def test_the_last_word_of_an_ending_is_no_witness_for_itself():
    rows = [choice("eats bread", "eats brea"), choice("bread eats", "eats brea")]
    assert audit(rows)["cut_mid_word"]["wrong"] == 1.0


def test_pairs_and_corpora_are_audited_for_repeats_and_blanks():
    pair = {"id": "0", "first": ["a", "b"], "second": ["c"], "label": 0}
    other = {"id": "1", "first": ["a"], "second": ["b", "c"], "label": 0}
    assert audit([pair, other, pair | {"label": 1}]) == {"rows": 3, "duplicates": 1, "empty": 0}
    assert audit([pair | {"second": [""]}])["empty"] == 1
    assert audit([{"id": "0", "text": "a"}]) == {"rows": 1, "duplicates": 0, "empty": 0}


def test_overlap_finds_rows_of_one_split_in_the_other_whatever_the_order_of_options():
    rows = [choice("a", "b"), choice("c", "d")]
    assert overlap(rows, [choice("b", "a", label=1)]) == 1
