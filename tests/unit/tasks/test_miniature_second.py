"""The themes of the study on questions: every label by a check that does not use the theme."""

import importlib
import re
from collections import Counter

import pytest

from stilts.tasks.miniature.lexicon import MEN, WOMEN
from stilts.tasks.miniature.things import Animal, Event, Sight, Worker
from stilts.tasks.miniature.world import REALMS, TOPICS

SIZES = {"train": 120, "validation": 120}


def rows_of(theme):
    made = importlib.import_module(f"stilts.tasks.miniature.themes.{theme}").make(SIZES, 0)
    return [row for rows in made.values() for row in rows]


def words(text):
    return re.findall(r"\w+", text.lower())


def realms(text, sort, column):
    """The realms of which the text has an entry of a column, longest first."""
    return [
        realm
        for realm, columns in REALMS[sort].items()
        if any(re.search(rf"\b{entry}\b", text.lower()) for entry in columns[column])
    ]


@pytest.mark.parametrize("theme", ["questions", "answered_questions"])
def test_an_answer_stands_at_its_character_in_the_sentence_of_the_one_asked_for(theme):
    for row in rows_of(theme):
        (name,) = {*MEN, *WOMEN} & set(re.findall(r"\w+", row["question"]))
        (own,) = [s for s in row["context"].split(".") if name in s]
        texts, starts = row["answers"]["text"], row["answers"]["answer_start"]
        for text, start in zip(texts, starts, strict=True):
            assert row["context"][start : start + len(text)] == text
            assert text in own


def test_a_third_of_the_questions_has_no_answer_and_then_none_of_its_sort_is_told():
    verb = {"What did": " saw ", "Where was": " was ", "When was": " came ", "Which tool": " used "}
    found = rows_of("questions")
    assert Counter(bool(row["answers"]["text"]) for row in found) == {True: 160, False: 80}
    for row in found:
        asked = next(told for start, told in verb.items() if row["question"].startswith(start))
        (name,) = {*MEN, *WOMEN} & set(re.findall(r"\w+", row["question"]))
        (own,) = [s for s in row["context"].split(".") if name in s]
        assert (asked in f"{own} ") == bool(row["answers"]["text"]), row


def test_a_topic_is_that_of_its_words():
    for row in rows_of("topic"):
        said = set(words(row["text"]))
        told = [set(TOPICS["sport"]) & said, set(TOPICS["money"]) & said]
        sights = realms(row["text"], Sight, 1)
        by_word = {1: bool(told[0]), 2: bool(told[1]), 0: "realm" in sights, 3: "sky" in sights}
        assert by_word[row["label"]], row
        assert sum(by_word.values()) == 1, row


def test_the_last_feeling_is_the_sentiment():
    for row in rows_of("sentiment"):
        last = row["sentence"].rstrip(".").split()[-1]
        if "about" in words(row["sentence"]) and "but" not in words(row["sentence"]):
            last = row["sentence"].split(" about")[0].split()[-1]
        assert realms(last, Event, 2) == [("loss", "joy")[row["label"]]], row


def test_a_person_called_an_animal_is_insulted():
    for row in rows_of("insult"):
        called = row["text"].startswith("You are") and bool(realms(row["text"], Animal, 1))
        assert called == bool(row["label"]), row


def test_irony_is_a_feeling_that_does_not_go_with_what_happened():
    for row in rows_of("irony"):
        happened, felt = row["text"].split(" and felt ")
        differ = realms(happened, Event, 0) != realms(felt, Event, 2)
        assert differ == bool(row["label"]), row


def test_a_wish_that_is_not_denied_tells_hate():
    ill = "vanish|suffer|banned|jailed|starve|expelled"
    for row in rows_of("hostility"):
        wish = row["text"].partition(" and not ")[0]
        assert bool(re.search(ill, wish)) == bool(row["label"]), row


def test_questions_are_duplicates_where_they_ask_for_the_same():
    sorts = {"live": 0, "home": 0, "eat": 1, "food": 1, "move": 2, "about": 2}
    for row in rows_of("same_question"):
        one, two = (
            next(sorts[w] for w in words(row[f"question{n}"]) if w in sorts) for n in (1, 2)
        )
        assert (one == two) == bool(row["label"]), row


def test_a_sentence_answers_where_it_tells_what_is_asked_for():
    for row in rows_of("answering_sentence"):
        asked = row["question"].split()[0].lower()
        product = bool(realms(row["sentence"], Worker, 5))
        where = bool(realms(row["sentence"], Worker, 2)) and not product
        told = "what" if product else "where" if where else "when"
        assert (asked == told) == (row["label"] == 0), row


def test_an_answer_is_of_the_realm_of_the_question():
    for row in rows_of("answer_choice"):
        asked = [r for r, columns in REALMS[Sight].items() if columns[0][0] in row["question"]]
        same = set(asked) & set(realms(row["answer"].replace("s are", " are"), Sight, 2))
        assert bool(same) == bool(row["label"]), row


def test_yes_is_luck_after_joy_or_bad_luck_after_loss():
    for row in rows_of("yes_no"):
        (realm,) = realms(row["passage"].split(".")[0], Event, 0)
        asked = "loss" if "unlucky" in row["question"] else "joy"
        assert (realm == asked) == bool(row["label"]), row


def test_sentences_are_paraphrases_where_the_same_one_acts_and_nothing_is_denied():
    for row in rows_of("paraphrase"):
        doer = row["sentence1"].rstrip(".").lower()
        by = row["sentence2"].rstrip(".").split(" by ")[1].lower()
        same = doer.startswith(by) and " not " not in row["sentence2"]
        assert same == bool(row["label"]), row


def test_a_pronoun_stands_for_the_one_of_its_gender():
    for row in rows_of("pronouns"):
        told = row["sentence2"].split()[0]
        woman = "she" in words(row["sentence1"])
        assert (told in (WOMEN if woman else MEN)) == bool(row["label"]), row


def test_a_contradicted_statement_names_another_guild_or_denies_that_of_the_worker():
    for row in rows_of("inference"):
        (realm,) = realms(row["premise"], Worker, 1) and [
            r for r, columns in REALMS[Worker].items() if set(words(row["premise"])) & {*columns[1]}
        ]

        denied = "is not" in row["hypothesis"]
        named = [
            r for r, c in REALMS[Worker].items() if {c[0][0], *c[3]} & {*words(row["hypothesis"])}
        ]
        expected = 1 if not named else 2 if denied or named != [realm] else 0
        assert row["label"] == expected, row
