import importlib
import json
import re
from collections import Counter
from random import Random

import pytest

from stilts.tasks.miniature import world
from stilts.tasks.miniature.language import POOLS, TRUTHS, claim, clauses, foreign, topics_of
from stilts.tasks.miniature.lexicon import article, plural, pronoun, sentence
from stilts.tasks.miniature.sampling import content_key, draw_splits

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
}
LABELS = {
    "entailment": ("label", {0: 0.5, 1: 0.5}),
    "word_sense": ("label", {0: 0.5, 1: 0.5}),
    "acceptability": ("label", {0: 0.3, 1: 0.7}),
    "coreference": ("answer", {"1": 0.5, "2": 0.5}),
    "social": ("label", {"1": 1 / 3, "2": 1 / 3, "3": 1 / 3}),
    "clinical": ("gold_label", dict.fromkeys(("entailment", "contradiction", "neutral"), 1 / 3)),
    "continuation": ("label", dict.fromkeys("0123", 0.25)),
}
UNREAD = ("gold_label", "activity_label")  # columns that no model reads
SIZES = {"train": 120, "validation": 60}


def made(theme, sizes=SIZES, seed=0):
    return importlib.import_module(f"stilts.tasks.miniature.themes.{theme}").make(sizes, seed)


def animal(name):
    return next(item for item in world.ANIMALS if item.name == name)


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


def test_a_word_sense_row_points_at_the_word_and_its_label_says_whether_topics_agree():
    for row in made("word_sense")["train"]:
        topics = []
        for number in "12":
            text = row[f"sentence{number}"]
            assert text[row[f"start{number}"] : row[f"end{number}"]] == row["word"]
            words = set(re.findall(r"\w+", text.lower()))
            topics += [t for t in topics_of(row["word"]) if words & set(world.TOPICS[t])]
        assert row["label"] == (topics[0] == topics[1]), row


def test_a_gap_is_filled_by_the_option_whose_facts_the_reason_states():
    for row in made("coreference")["train"]:
        right = row[f"option{row['answer']}"].removeprefix("the ")
        wrong = row[f"option{3 - int(row['answer'])}"].removeprefix("the ")
        reason = row["sentence"].split("_")[1]
        items = {item.name: item for item in (*world.ANIMALS, *world.WORKERS)}
        facts = [str(value) for value in vars(items[right]).values()]
        assert any(fact in reason for fact in facts), row
        assert items[right].realm != items[wrong].realm


def test_a_social_answer_belongs_to_the_event_of_the_context():
    for row in made("social")["train"]:
        event = next(event for event in world.EVENTS if event.happened in row["context"])
        right = row["answer" + "ABC"[int(row["label"]) - 1]]
        assert right in (event.feeling, event.next, event.before), row


def test_a_clinical_label_follows_from_symptom_and_disease_on_hand_examples():
    drugs = {disease.drug: disease.realm for disease in world.DISEASES}
    organs = {s: d.realm for d in world.DISEASES for s in d.symptoms}
    for row in made("clinical")["train"]:
        needed = re.fullmatch(r"The patient needs (\w+)\.", row["sentence2"])
        if needed:
            told = {organ for symptom, organ in organs.items() if symptom in row["sentence1"]}
            agrees = drugs[needed[1]] in told
            assert row["gold_label"] == ("entailment" if agrees else "contradiction"), row


def test_a_shark_is_a_fish_of_the_sea_and_never_one_of_the_forest():
    shark = animal("shark")
    assert {"the shark is a fish", "the shark lives in the sea"} <= set(clauses(shark))
    assert not {"the shark is a bird", "the shark lives in the forest"} & TRUTHS


def test_false_claims_are_never_true_and_true_ones_always_are():
    rng = Random(0)
    kinds = {f"the {t} is a kind of {kind}" for kind, ts in world.KINDS.items() for t in ts}
    for _ in range(300):
        assert claim(rng, True) in TRUTHS | kinds
        assert claim(rng, False) not in TRUTHS | kinds


def test_a_foreign_item_is_of_the_same_table_and_of_another_realm():
    for pool in POOLS.values():
        for item in pool:
            other = foreign(Random(0), item)
            assert type(other) is type(item) and other.realm != item.realm


def test_right_endings_are_sound_and_the_four_endings_differ():
    for row in made("continuation")["train"]:
        assert len(set(row["endings"])) == 4
        right = row["endings"][int(row["label"])]
        words = right.rstrip(".").split()
        assert all(a != b for a, b in zip(words, words[1:], strict=False)), right
        assert row["ctx"] == f"{row['ctx_a']} {row['ctx_b']}"


def test_endings_alone_tell_the_right_one_well_above_chance():
    """Counts of word pairs and a logistic regression: independent of the engine and its models."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    splits = made("continuation", {"train": 800, "validation": 200})
    texts = {s: [e for row in rows for e in row["endings"]] for s, rows in splits.items()}
    gold = {
        s: [o == int(row["label"]) for row in rows for o in range(4)] for s, rows in splits.items()
    }
    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+")
    classifier = LogisticRegression(C=1.0, max_iter=500)
    classifier.fit(counts.fit_transform(texts["train"]), gold["train"])
    scores = classifier.decision_function(counts.transform(texts["validation"])).reshape(-1, 4)
    labels = [int(row["label"]) for row in splits["validation"]]
    assert (scores.argmax(axis=1) == labels).mean() > 0.45  # chance is 0.25


def test_nearly_every_word_of_the_tasks_is_read_in_the_corpus_first():
    corpus = made("encyclopedia", {"train": 6000, "validation": 50})["train"]
    known = {word for row in corpus for word in re.findall(r"[a-z]+", row["text"].lower())}
    said = []
    for theme in LABELS:
        for row in made(theme)["train"]:
            texts = [v for k, v in row.items() if isinstance(v, str) and k not in UNREAD]
            texts += row.get("endings", [])
            said += [word for text in texts for word in re.findall(r"[a-z]+", text.lower())]
    assert len(known) < 600
    assert sum(word in known for word in said) > 0.95 * len(said)


def test_no_validation_row_of_a_task_stands_in_the_corpus_with_its_verdict():
    pages = " ".join(row["text"] for row in made("encyclopedia", {"train": 6000})["train"])
    for theme, columns in (
        ("word_sense", ("sentence1", "sentence2")),
        ("entailment", ("premise", "hypothesis")),
        ("clinical", ("sentence1", "sentence2")),
    ):
        for row in made(theme)["validation"]:
            assert " ".join(row[column] for column in columns) not in pages, row


def test_enough_sentences_are_long_enough_to_be_continued():
    rows = made("encyclopedia", {"train": 2400})["train"]
    long = [s for row in rows for s in row["text"].split(". ") if len(s.split()) >= 20]
    assert len(long) > 1000
    assert all(row["text"] == row["context"] for row in rows)


def test_forms_of_words_are_those_of_english():
    assert [plural(noun) for noun in ("owl", "finch", "sheep")] == ["owls", "finches", "sheep"]
    assert (article("owl"), article("bear")) == ("an owl", "a bear")
    assert (pronoun("Anna"), pronoun("Adam")) == ("she", "he")
    assert sentence("the owl flies") == "The owl flies."
