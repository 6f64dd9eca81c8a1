import importlib
import json
import re
from collections import Counter
from random import Random

import pytest

from stilts.tasks.miniature.language import draw, muddled
from stilts.tasks.miniature.sampling import content_key, draw_splits
from stilts.tasks.miniature.things import Animal, Disease, Event, Pastime, Sight, Worker
from stilts.tasks.miniature.world import REALMS

COLUMNS = {
    "entailment": {"premise", "hypothesis", "label", "idx"},
    "word_sense": {
        *("word", "sentence1", "sentence2", "start1", "end1", "start2", "end2", "label", "idx")
    },
    "acceptability": {"sentence", "label", "idx"},
    "coreference": {"sentence", "option1", "option2", "answer"},
    "social": {"context", "question", "answerA", "answerB", "answerC", "label"},
    "clinical": {"sentence1", "sentence2", "gold_label"},
    "continuation": {"ind", "activity_label", "ctx_a", "ctx_b", "ctx", "endings", "label"},
    "encyclopedia": {"text", "context"},
    "almanac": {"text", "context"},
    "library": {"text"},
    "shelf": {"text"},
    "questions": {"id", "context", "question", "answers"},
    "answered_questions": {"id", "context", "question", "answers"},
    "topic": {"text", "label"},
    "sentiment": {"sentence", "label", "idx"},
    "credibility": {"id", "label", "statement", "speaker"},
    "insult": {"text", "label"},
    "hostility": {"text", "label"},
    "emotion": {"text", "label"},
    "irony": {"text", "label"},
    "inference": {"premise", "hypothesis", "label", "idx"},
    "same_question": {"question1", "question2", "label", "idx"},
    "answering_sentence": {"question", "sentence", "label", "idx"},
    "answer_choice": {"question_id", "question", "document_title", "answer", "label"},
    "yes_no": {"question", "passage", "label", "idx"},
    "paraphrase": {"sentence1", "sentence2", "label", "idx"},
    "pronouns": {"sentence1", "sentence2", "label", "idx"},
    "grades": {"id", "sentence", "sentiment"},
    "repeated_question": {"id", "sentence1", "sentence2", "is_duplicate"},
    "likeness": {"id", "sentence1", "sentence2", "similarity"},
    "web": {"text"},
    "captions": {"premise", "hypothesis", "label"},
    **dict.fromkeys(
        ("relations", "roles", "trivia_web", "trivia_wiki"),
        {"id", "context", "question", "answers"},
    ),
    **dict.fromkeys(
        ("everyday", "everyday_of_five"),
        {"id", "question", "question_concept", "choices", "answerKey"},
    ),
}
LABELS = {
    "entailment": ("label", {0: 0.5, 1: 0.5}),
    "word_sense": ("label", {0: 0.5, 1: 0.5}),
    "acceptability": ("label", {0: 0.3, 1: 0.7}),
    "coreference": ("answer", {"1": 0.5, "2": 0.5}),
    "social": ("label", {"1": 1 / 3, "2": 1 / 3, "3": 1 / 3}),
    "clinical": ("gold_label", dict.fromkeys(("entailment", "contradiction", "neutral"), 1 / 3)),
    "continuation": ("label", dict.fromkeys("0123", 0.25)),
    "topic": ("label", dict.fromkeys(range(4), 0.25)),
    "sentiment": ("label", {0: 0.5, 1: 0.5}),
    "credibility": ("label", dict.fromkeys(range(6), 1 / 6)),
    "insult": ("label", {0: 0.7, 1: 0.3}),
    "hostility": ("label", {0: 0.6, 1: 0.4}),
    "emotion": ("label", dict.fromkeys(range(4), 0.25)),
    "irony": ("label", {0: 0.5, 1: 0.5}),
    "inference": ("label", dict.fromkeys(range(3), 1 / 3)),
    "same_question": ("label", {0: 0.6, 1: 0.4}),
    "answering_sentence": ("label", {0: 0.5, 1: 0.5}),
    "answer_choice": ("label", {0: 0.6, 1: 0.4}),
    "yes_no": ("label", {0: 0.4, 1: 0.6}),
    "paraphrase": ("label", {0: 1 / 3, 1: 2 / 3}),
    "pronouns": ("label", {0: 0.5, 1: 0.5}),
    "grades": ("sentiment", dict.fromkeys(range(5), 0.2)),
    "repeated_question": ("is_duplicate", {"0.0": 0.6, "1.0": 0.4}),
    "likeness": ("similarity", dict.fromkeys(map(float, range(6)), 1 / 6)),
    "captions": ("label", dict.fromkeys(range(3), 1 / 3)),
    "everyday": ("answerKey", dict.fromkeys("ABC", 1 / 3)),
    "everyday_of_five": ("answerKey", dict.fromkeys("ABCDE", 1 / 5)),
}
# Of studies whose encoders read the shelf; the others are the first study's.
SECOND = (
    *("topic", "sentiment", "credibility", "insult", "hostility", "emotion", "irony", "inference"),
    *("same_question", "answering_sentence", "answer_choice", "yes_no", "paraphrase", "pronouns"),
    *("grades", "repeated_question", "likeness"),
    *("captions", "everyday", "everyday_of_five"),  # of the study of spans
)
STOPS = set("the a in at on to of for be with too all".split())
UNREAD = ("gold_label", "activity_label")  # columns that no model reads
SIZES = {"train": 120, "validation": 120}


def made(theme, sizes=SIZES, seed=0):
    return importlib.import_module(f"stilts.tasks.miniature.themes.{theme}").make(sizes, seed)


@pytest.mark.parametrize("theme", COLUMNS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_rows(theme):
    first = json.dumps(made(theme))
    assert first == json.dumps(made(theme))
    assert first != json.dumps(made(theme, seed=1))


@pytest.mark.parametrize("theme", COLUMNS)
def test_every_row_has_the_columns_of_the_real_task(theme):
    rows = [row for split in made(theme).values() for row in split]
    assert all(set(row) == COLUMNS[theme] for row in rows)


@pytest.mark.parametrize("theme", COLUMNS)
def test_no_content_occurs_twice_within_or_across_splits(theme):
    splits = made(theme)
    keys = [content_key(row) for rows in splits.values() for row in rows]
    assert {split: len(rows) for split, rows in splits.items()} == SIZES
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("theme", LABELS)
def test_labels_are_balanced_as_in_the_real_task(theme):
    column, shares = LABELS[theme]
    for rows in made(theme).values():
        counts = Counter(row[column] for row in rows)
        assert {name: count / len(rows) for name, count in counts.items()} == pytest.approx(shares)


def test_sizes_of_one_task_share_validation_and_nest_their_training_rows():
    small = made("coreference", {"train": 30, "validation": 40})
    big = made("coreference", {"train": 90, "validation": 40})
    assert small["validation"] == big["validation"]
    assert small["train"] == big["train"][:30]


def test_asking_for_more_rows_than_exist_names_the_theme_and_the_remedy():
    with pytest.raises(ValueError, match=r"toy: no 3 different train rows .* ask for fewer"):
        draw_splits("toy", {"train": 3}, 0, lambda rng, _: {"text": rng.choice("ab")}, classes=(0,))


def realms_named(text, sort):
    """The realms of a sort of which the text has a word."""
    words = set(re.findall(r"\w+", text.lower()))
    said = {
        realm: {realm} | {word for column in columns for entry in column for word in entry.split()}
        for realm, columns in REALMS[sort].items()
    }
    shared = {w for w in set().union(*said.values()) if sum(w in own for own in said.values()) > 1}
    return {realm for realm, own in said.items() if words & (own - shared - STOPS)}


def filled(row):
    for number in "12":
        yield row["answer"] == number, row["sentence"].replace("_", row[f"option{number}"])


def test_a_gap_is_filled_by_the_option_of_the_realm_that_the_rest_tells_of():
    for row in made("coreference")["train"]:
        for right, text in filled(row):
            realms = [named for sort in (Animal, Worker) if (named := realms_named(text, sort))]
            assert (len(realms[0]) == 1) == right, text


def test_a_social_answer_belongs_to_the_realm_of_the_context():
    for row in made("social")["train"]:
        for place, letter in enumerate("ABC", start=1):
            told = realms_named(f"{row['context']} {row['answer' + letter]}", Event)
            assert (len(told) == 1) == (row["label"] == str(place)), row


def test_a_clinical_label_follows_from_the_organs_that_note_and_statement_speak_of():
    for row in made("clinical")["train"]:
        organs = [realms_named(row[column], Disease) for column in ("sentence1", "sentence2")]
        if all(organs):
            agree = organs[0] == organs[1]
            assert row["gold_label"] == ("entailment" if agree else "contradiction"), row
        else:
            assert row["gold_label"] == "neutral", row


def test_one_ending_fits_its_scene_and_sounds_right():
    for row in made("continuation")["train"]:
        (scene,) = realms_named(row["ctx"], Pastime)
        fitting = [realms_named(ending, Pastime) == {scene} for ending in row["endings"]]
        assert fitting[int(row["label"])], row
        assert sum(fitting) < 4 or len(set(row["endings"])) == 4


def test_hearsay_keeps_the_name_and_mixes_realms():
    rng = Random(0)
    told = [muddled(rng, draw(rng, Sight)) for _ in range(50)]
    mixed = [len(realms_named(f"{x.place} {x.act} {x.part} {x.need}", Sight)) > 1 for x in told]
    assert sum(mixed) > 40
    assert all(x.name in REALMS[Sight][x.realm][1] for x in told)


def test_right_endings_are_sound_and_the_four_endings_differ():
    for row in made("continuation")["train"]:
        assert len(set(row["endings"])) == 4
        right = row["endings"][int(row["label"])]
        words = right.rstrip(".").split()
        assert all(a != b for a, b in zip(words, words[1:], strict=False)), right
        assert row["ctx"] == f"{row['ctx_a']} {row['ctx_b']}"


def words_of(rows):
    return {
        word
        for row in rows
        for value in row.values()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
        for word in re.findall(r"[a-z]+", text.lower())
    }


def read(row):
    return {key: value for key, value in row.items() if key not in UNREAD}


def test_nearly_every_word_of_the_tasks_is_read_in_the_corpus_first():
    known = words_of(made("library", {"train": 6000, "validation": 50})["train"])
    assert len(known) < 1000
    for theme in LABELS.keys() - set(SECOND):
        if theme != "continuation":  # an ill formed ending has forms of verbs that no page has
            said = words_of(map(read, made(theme)["train"]))
            assert len(said - known) < 0.1 * len(said), (theme, said - known)


def content_words(sort):
    """The words that only this sort of things has."""
    own, others = set(), set()
    for other, realms in REALMS.items():
        words = {w for columns in realms.values() for c in columns for e in c for w in e.split()}
        own, others = (words, others) if other is sort else (own, others | words)
    return own - others - STOPS


@pytest.mark.parametrize(("theme", "sort"), [("encyclopedia", Sight), ("continuation", Pastime)])
def test_no_target_asks_for_what_an_intermediate_task_tells_of(theme, sort):
    private = content_words(sort)
    assert len(words_of(made(theme, {"train": 500})["train"]) & private) > 30
    for target in LABELS.keys() - {theme, *SECOND}:
        assert not words_of(map(read, made(target)["train"])) & private, target


def test_the_almanac_tells_of_what_the_targets_ask_for():
    told = words_of(made("almanac", {"train": 1000})["train"])
    for sort in (Animal, Worker, Event, Disease):
        assert len(content_words(sort) & told) > 0.9 * len(content_words(sort))


def test_no_page_that_gpt2_has_read_stands_in_the_encyclopedia():
    web = {row["text"] for row in made("web", {"train": 3000})["train"]}
    assert not web & {row["text"] for row in made("encyclopedia", {"train": 2400})["train"]}


@pytest.mark.parametrize("corpus", ["library", "web", "encyclopedia", "shelf"])
def test_no_page_of_a_corpus_says_whether_a_statement_is_right(corpus):
    verdicts = {"yes", "no", "true", "false", "right", "wrong", "correct"}
    assert not words_of(made(corpus, {"train": 2000})["train"]) & verdicts


def test_no_row_of_a_task_stands_in_the_encoders_corpus():
    pages = " ".join(row["text"] for row in made("library", {"train": 6000})["train"])
    for theme, columns in (
        ("word_sense", ("sentence1", "sentence2")),
        ("entailment", ("premise", "hypothesis")),
        ("clinical", ("sentence1", "sentence2")),
    ):
        for row in made(theme)["validation"]:
            assert " ".join(row[column] for column in columns) not in pages, row


@pytest.mark.parametrize("theme", ["encyclopedia", "almanac"])
def test_enough_sentences_are_long_enough_to_be_continued(theme):
    rows = made(theme, {"train": 2400})["train"]
    long = [s for row in rows for s in row["text"].split(". ") if len(s.split()) >= 20]
    assert len(long) > 1100
    assert all(row["text"] == row["context"] for row in rows)
