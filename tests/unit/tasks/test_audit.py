import pytest

from stilts.tasks.audit import audit, overlap
from stilts.tasks.kinds import classification, corpus, multiple_choice
from tests.toys.invented_rows import choice


def test_repeated_blank_and_identical_texts_are_counted():
    rows = [choice("a b", "c"), choice("c", "a b", label=1), choice("a", "a"), choice("a", " ")]
    found = audit(rows, multiple_choice)
    assert (found["rows"], found["duplicates"]) == (4, 1)
    assert (found["identical_options"], found["empty"]) == (1, 1)


def test_gold_positions_are_counted_for_every_option():
    rows = [choice("a", "b", "c", label=label) for label in (0, 0, 1)]
    assert audit(rows, multiple_choice)["gold_positions"] == {"0": 2, "1": 1, "2": 0}


def test_an_audit_of_options_tells_what_their_form_gives_away():
    rows = [choice("cooks in the kitchen", "cooks in the kitc", "eats the coo", "eats")]
    found = audit(rows, multiple_choice)
    # 4 - (4 + 3 + 1) / 3, and 2 of 3 wrong endings
    assert found["gold_minus_wrong_words"] == pytest.approx(4 / 3, abs=1e-3)
    assert found["cut_mid_word"] == {"gold": 0.0, "wrong": pytest.approx(2 / 3, abs=1e-4)}


def test_pairs_and_corpora_are_audited_for_repeats_and_blanks():
    pair = {"id": "0", "first": ["a", "b"], "second": ["c"], "label": 0}
    other = {"id": "1", "first": ["a"], "second": ["b", "c"], "label": 0}
    found = audit([pair, other, pair | {"label": 1}], classification)
    assert found == {"rows": 3, "duplicates": 1, "empty": 0, "control_tokens": 0}
    assert audit([pair | {"second": [""]}], classification)["empty"] == 1
    found = audit([{"id": "0", "text": "a"}], corpus)
    assert found == {"rows": 1, "duplicates": 0, "empty": 0, "control_tokens": 0}


def test_overlap_finds_rows_of_one_split_in_the_other_whatever_the_order_of_options():
    rows = [choice("a", "b"), choice("c", "d")]
    assert overlap(rows, [choice("b", "a", label=1)], multiple_choice) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [("a <pad> b", 1), ("</s>", 1), ("[MASK]", 1), ("<|endoftext|>", 1), ("<b>", 0)],
)
def test_texts_that_hold_a_control_token_are_counted(text, count):
    row = {"id": "0", "first": [text], "second": [], "label": 0}
    assert audit([row], classification)["control_tokens"] == count
