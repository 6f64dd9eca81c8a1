import pytest

from stilts.tasks.findings import findings


def told(**audit):
    return findings({"validation": {"rows": 200, **audit}})


@pytest.mark.parametrize(
    ("audit", "said"),
    [
        ({"also_in_train": 3}, "validation: 3 of 200 rows stand in the training split too"),
        ({"duplicates": 11}, "validation: 11 of 200 rows ask the same as an earlier one"),
        ({"empty": 1}, "validation: 1 of 200 rows have an empty text"),
        ({"control_tokens": 2}, "2 of 200 rows hold what a tokenizer takes for a control token"),
        ({"identical_options": 3}, "validation: 3 of 200 rows have two options that are the same"),
        ({"gold_minus_wrong_words": -1.2}, "the right option is 1.2 words shorter than the wrong"),
        ({"gold_minus_wrong_words": 4}, "the right option is 4.0 words longer than the wrong"),
        ({"gold_minus_wrong_tokens": 1.5}, "the right option is 1.5 tokens longer than the wrong"),
        ({"cut_mid_word": {"gold": 0, "wrong": 0.25}}, "25% of the wrong options stop inside a"),
        ({"baselines": {"majority": 0.5, "b_alone": 0.775}}, "the cue b alone reaches 77.5"),
    ],
)
def test_a_flaw_beyond_its_threshold_is_told(audit, said):
    (line,) = told(**audit)
    assert said in line


def test_what_is_within_the_thresholds_is_not_told():
    found = {"also_in_train": 2, "duplicates": 10, "identical_options": 2, "empty": 0}
    found |= {"gold_minus_wrong_words": 0.9, "cut_mid_word": {"gold": 0.1, "wrong": 0.19}}
    found |= {"baselines": {"majority": 0.5, "length": 0.69}}
    assert told(**found) == findings({}) == []
