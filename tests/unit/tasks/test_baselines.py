import subprocess
import sys
from random import Random

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from stilts.files.fingerprint import ROOT
from stilts.tasks import baselines as module
from stilts.tasks.baselines import CUES, baselines
from stilts.tasks.kinds import classification, multiple_choice
from stilts.tasks.kinds import pair as apart
from stilts.tasks.metrics import accuracy, matthews_correlation


def pair(first, second, label):
    return {"id": "", "first": [first], "second": [second] if second else [], "label": label}


def choice(first, options, label):
    return {"first": [first], "prefix": "", "options": options, "suffix": "", "label": label}


def found(make, kind=classification, score=accuracy.score, count=300):
    rng = Random(0)
    rows = [make(rng) for _ in range(2 * count)]
    return baselines(rows[:count], rows[count:], kind, score)


def words(rng, count):
    return " ".join(rng.choice("abcdefghij") for _ in range(count))


def test_a_label_that_length_decides_is_found_by_length_alone():
    def make(rng):
        label = rng.randrange(2)
        return pair(words(rng, 5), words(rng, 3 + 3 * label), label)

    reached = found(make)
    assert reached["length"] == 1.0
    assert max(reached["majority"], reached["pairs"]) < 0.95


def test_a_label_that_overlap_decides_is_found_by_overlap():
    def make(rng):
        label, text = rng.randrange(2), rng.sample("abcdefghijklmnopqrstuvwxyz", 8)
        rest = rng.sample(text[:4], 4) if label else text[4:]
        return pair(" ".join(text[:4]), " ".join(rest), label)

    reached = found(make)
    assert reached["overlap"] == 1.0
    assert reached["length"] < 0.6 and reached["b_alone"] < 0.6


def test_a_label_that_needs_a_word_of_each_text_is_found_by_pairs_only():
    def make(rng):
        left, right = rng.randrange(2), rng.randrange(2)
        return pair("xy"[left], "uv"[right], left ^ right)

    reached = found(make)
    assert reached["pairs"] == 1.0
    assert all(reached[cue] < 0.62 for cue in ("majority", "length", "overlap", "b_alone"))


def test_an_option_that_betrays_itself_is_found_by_b_alone():
    def make(rng):
        label, options = rng.randrange(4), [words(rng, 3) for _ in range(4)]
        options[label] += " gold"
        return choice(words(rng, 4), options, label)

    reached = found(make, multiple_choice)
    assert reached["b_alone"] == 1.0
    assert reached["majority"] < 0.4


def test_options_that_are_alike_are_told_by_a_draw_and_not_by_their_place():
    reached = found(lambda rng: choice("a", ["b"] * 4, 0), multiple_choice, count=2000)
    assert reached["b_alone"] == pytest.approx(0.25, abs=0.03)


def test_a_single_text_has_its_words_and_pairs_of_them():
    def make(rng):
        left, right = rng.randrange(2), rng.randrange(2)
        return pair(f"{'xy'[left]} {'uv'[right]}", "", left ^ right)

    reached = found(make)
    assert reached["pairs"] == 1.0 and reached["b_alone"] < 0.62


def test_b_alone_is_a_logistic_regression_on_the_words_of_the_second_text():
    rng = Random(1)
    rows = [pair(words(rng, 4), words(rng, 4), rng.randrange(3)) for _ in range(400)]
    counts = CountVectorizer(binary=True, token_pattern=r"\w+")
    texts, labels = [row["second"][0] for row in rows], [row["label"] for row in rows]
    model = LogisticRegression(max_iter=1000).fit(counts.fit_transform(texts[:300]), labels[:300])
    wanted = np.mean(model.predict(counts.transform(texts[300:])) == labels[300:])
    reached = baselines(rows[:300], rows[300:], classification, accuracy.score)
    assert reached["b_alone"] == pytest.approx(wanted, abs=1e-4)


def test_scores_are_in_the_tasks_own_metric():
    def make(rng):
        label = rng.randrange(10) > 2
        return pair(words(rng, 3 + label), "", int(label))

    reached = found(make, score=matthews_correlation.score)
    assert (reached["majority"], reached["length"]) == (0.0, 1.0)


def test_training_rows_of_one_class_have_no_baselines():
    rows = [pair("a", "b", 1)] * 5
    assert baselines(rows, rows, classification, accuracy.score) == {}


def test_many_rows_are_a_seeded_sample(monkeypatch):
    monkeypatch.setattr(module, "MOST_SEQUENCES", 100)
    rng = Random(2)
    rows = [pair(words(rng, 4), words(rng, 4), rng.randrange(2)) for _ in range(500)]
    few = module._sample(rows, classification)
    assert len(few) == 100 and few == module._sample(rows, classification)
    reached = baselines(rows, rows, classification, accuracy.score)
    assert set(reached) == {"majority", *CUES}


def test_of_many_features_the_most_common_are_learnt_from(monkeypatch):
    rows = [pair("a", "rare" if number == 7 else "often", 0) for number in range(20)]
    rows += [pair("a", f"{side} common", int(side == "x")) for side in "xxxxyyyy"]
    every = baselines(rows, rows, classification, accuracy.score)["b_alone"]
    monkeypatch.setattr(module, "MOST_FEATURES", 2)  # often, common
    assert baselines(rows, rows, classification, accuracy.score)["b_alone"] < every == 1.0


def test_the_module_loads_no_scikit_learn_until_it_is_asked():
    code = "import sys, stilts.tasks.make; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_cues_of_texts_that_are_read_apart_are_those_of_the_same_texts_read_together():
    """Each text is a sequence of its own there, but no option of a choice."""

    def make(rng):
        label, text = rng.randrange(2), rng.sample("abcdefghijklmnopqrstuvwxyz", 8)
        rest = rng.sample(text[:4], 4) if label else text[4:]
        return pair(" ".join(text[:4]), " ".join(rest), label)

    reached = found(make, kind=apart)
    assert reached == found(make)
    assert reached["overlap"] == 1.0
