import re
from collections import Counter

from stilts.tasks.miniature.language import topics_of
from stilts.tasks.miniature.themes import word_sense
from stilts.tasks.miniature.world import TOPICS


def made(sizes):
    return word_sense.make(sizes, 0)


def test_a_word_sense_row_points_at_the_word_and_its_label_says_whether_topics_agree():
    for row in made({"train": 120, "validation": 120})["train"]:
        topics = []
        for number in "12":
            text = row[f"sentence{number}"]
            assert text[row[f"start{number}"] : row[f"end{number}"]] == row["word"]
            words = set(re.findall(r"\w+", text.lower()))
            topics += [t for t in topics_of(row["word"]) if words & set(TOPICS[t])]
        assert row["label"] == (topics[0] == topics[1]), row


def test_a_word_is_as_often_right_as_wrong_in_word_sense():
    rows = made({"train": 240, "validation": 48})
    for split in rows.values():
        counts = Counter((row["word"], row["label"]) for row in split)
        assert len(set(counts.values())) == 1


def test_the_sentences_of_word_sense_share_as_many_words_whatever_the_label():
    shared = {0: [], 1: []}
    for row in made({"train": 600})["train"]:
        first, second = (
            set(re.findall(r"\w+", row[f"sentence{n}"].lower())) & set().union(*TOPICS.values())
            for n in "12"
        )
        shared[row["label"]].append(len(first & second))
    assert set(shared[0]) == set(shared[1]) == {0}
