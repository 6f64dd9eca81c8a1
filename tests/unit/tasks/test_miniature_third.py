"""The themes of minBERT's tasks: every label by a check that does not use the theme."""

import importlib
import re

from stilts.tasks.miniature.lexicon import NAMES, TIMES
from stilts.tasks.miniature.things import Animal, Event, Worker
from stilts.tasks.miniature.world import REALMS

SIZES = {"train": 120, "validation": 120}


def rows_of(theme):
    made = importlib.import_module(f"stilts.tasks.miniature.themes.{theme}").make(SIZES, 0)
    return [row for rows in made.values() for row in rows]


def words(text):
    return set(re.findall(r"\w+", text.lower()))


def column(sort, number):
    return {word for columns in REALMS[sort].values() for word in columns[number]}


def test_a_grade_is_that_of_the_last_feeling_and_of_its_strength():
    joy, loss = (set(REALMS[Event][realm][2]) for realm in ("joy", "loss"))
    for row in rows_of("grades"):
        last = row["sentence"].split(" but in the end ")[-1].split(" about ")[0]
        said, strong = words(last), "very" in words(last)
        if said & joy and said & loss:
            expected = 2
        else:
            expected = 2 + (1 if said & joy else -1) * (2 if strong else 1)
        assert row["sentiment"] == expected, row


def test_half_of_the_sentences_name_what_does_not_count_first():
    mixed = sum(" but in the end " in row["sentence"] for row in rows_of("grades"))
    assert 80 < mixed < 160


def test_likeness_counts_the_facts_that_two_sentences_share():
    facts = [{name.lower() for name in NAMES}, column(Animal, 1), column(Animal, 2)]
    facts.append(column(Worker, 2 + 1))
    for row in rows_of("likeness"):
        one, two = (row[side].lower() for side in ("sentence1", "sentence2"))
        shared = sum(bool(words(one) & words(two) & fact) for fact in facts)
        shared += any(time.lower() in one and time.lower() in two for time in TIMES)
        assert row["similarity"] == shared, row


def test_a_repeated_question_asks_for_the_same_in_other_words():
    sorts = {"live": 0, "home": 0, "eat": 1, "food": 1, "move": 2, "about": 2}
    for row in rows_of("repeated_question"):
        one, two = (
            next(sorts[w] for w in words(row[f"sentence{n}"]) if w in sorts) for n in (1, 2)
        )
        assert row["is_duplicate"] == ("1.0" if one == two else "0.0"), row
