import pytest

from stilts.tasks.endings import cut_shares, is_cut, longer_gold
from tests.toys.invented_rows import choice


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
    shares = cut_shares(rows)
    assert shares == {"gold": 0.0, "wrong": pytest.approx(2 / 3, abs=1e-4)}


def test_the_last_word_of_an_ending_is_no_witness_for_itself():
    rows = [choice("eats bread", "eats brea"), choice("bread eats", "eats brea")]
    assert cut_shares(rows)["wrong"] == 1.0


def test_the_length_difference_is_gold_minus_the_mean_of_the_wrong():
    rows = [choice("a b c d", "a", "a b c"), choice("a", "a b", "a b", label=1)]
    # 4 - (1 + 3) / 2 = 2 and 2 - (1 + 2) / 2 = 0.5
    assert longer_gold(rows) == pytest.approx(1.25)
