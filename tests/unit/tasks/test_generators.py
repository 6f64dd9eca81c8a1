import random

import pytest
from transformers import PreTrainedTokenizerBase

from stilts.errors import UserError
from stilts.tasks.generators import (
    empty_premise,
    hella_sh,
    hellaswag_p,
    other_premise,
    right_texts,
    shuffled_labels,
)
from stilts.tasks.generators.synthesis_gpt2 import (
    Prompt,
    assemble,
    compose,
    halves,
    prompts,
    tidied,
)
from stilts.tasks.kinds import masked_text, multiple_choice

ROW = {
    "id": "7",
    "first": ["A man sits on a roof."],
    "prefix": "he ",
    "options": ["is using wrap to wrap skis.", "stops", "is is is", "pulls up roofing."],
    "suffix": "",
    "label": 3,
}


def test_hellaswag_p_is_the_endings_alone():
    [row] = hellaswag_p.derive([ROW])
    assert row == ROW | {"first": [], "prefix": "", "suffix": ""}


def test_hella_sh_shuffles_the_words_of_wrong_endings_only():
    [row] = hella_sh.derive([ROW], seed=42)
    assert row["options"][3] == ROW["options"][3]
    assert row["options"][0] != ROW["options"][0]
    assert sorted(row["options"][0].split()) == sorted(ROW["options"][0].split())
    assert {**row, "options": None} == {**ROW, "options": None}


def test_a_text_with_one_order_of_words_stays_as_it_is():
    [row] = hella_sh.derive([ROW], seed=42)
    assert row["options"][1:3] == ["stops", "is is is"]
    assert hella_sh.shuffle_words("", "seed") == ""


def test_a_shuffle_never_gives_back_the_order_it_began_with():
    assert {hella_sh.shuffle_words("a b", f"{seed}") for seed in range(50)} == {"b a"}
    assert all(hella_sh.shuffle_words("a a b", f"{seed}") != "a a b" for seed in range(50))


def test_a_row_is_shuffled_alike_whatever_rows_stand_around_it():
    others = [ROW | {"id": str(n)} for n in range(5)]
    [alone] = hella_sh.derive([ROW], seed=42)
    assert hella_sh.derive([*others, ROW], seed=42)[-1] == alone
    assert hella_sh.derive([ROW], seed=43) != [alone]


def words(n, start=0):
    return " ".join(f"w{i}" for i in range(start, start + n))


def test_a_sentence_is_cut_after_thirty_words_and_halved():
    text = f"{words(40)}. Too short. {words(21, 100)}."
    assert halves([text], False, 20, 30) == [
        (words(15), words(15, 15)),
        (words(10, 100), words(11, 110) + "."),
    ]


def test_the_released_code_drops_the_last_word_of_the_gold_ending():
    assert halves([words(21)], True, 20, 30) == [(words(10), words(10, 10))]


def test_a_sentence_of_twenty_words_is_kept_and_of_nineteen_is_not():
    assert len(halves([words(20)], False, 20, 30)) == 1
    assert halves([words(19)], False, 20, 30) == []


RULES = {"seed": 42, "validation": 0, "drop_last_word": False, "gold_first": True}


@pytest.mark.parametrize(("drop_repeats", "count"), [(True, 1), (False, 2)])
def test_a_repeated_paragraph_counts_once_or_as_often_as_it_stands(drop_repeats, count):
    texts = [words(20), words(20)]
    rules = RULES | {"count": 2, "drop_repeats": drop_repeats}
    made, _ = compose(texts, lambda asked, seed: [["x"]] * len(asked), **rules)
    assert len(made["train"]) == count


@pytest.mark.parametrize("drop", [True, False])
def test_an_item_with_a_sample_that_equals_the_real_ending_is_counted_and_left_out(drop):
    texts = [words(20), words(20, 100)]

    def sample(asked, seed):
        return [[asked[0].gold.upper() + " ", "x"], ["y", "z"]]

    rules = RULES | {"count": 2, "drop_unanswerable": drop}
    made, told = compose(texts, sample, **rules)
    assert told == {"unanswerable": {"train": 1, "validation": 0}, "dropped": drop}
    assert [row["id"] for row in made["train"]] == (["1"] if drop else ["0", "1"])


UNTIDY = "He did n't see it , she said : ' no ' ! I 'm sure they 've 're Ann 's . Right ?"


def test_texts_are_tidied_as_decoders_of_transformers_4_did():
    assert tidied(UNTIDY) == PreTrainedTokenizerBase.clean_up_tokenization(None, UNTIDY) != UNTIDY


def test_all_texts_of_a_tidy_task_are_tidied_after_the_model_has_seen_them_as_they_are():
    text = " ".join(["we do n't know ,"] * 6)
    seen = []

    def sample(asked, seed):
        seen.extend(asked)
        return [["it 's so"]] * len(asked)

    made, _ = compose([text], sample, count=1, tidy=True, **RULES)
    [row] = made["train"]
    assert "do n't" in seen[0].premise and "do n't" in seen[0].gold
    assert row["options"][1] == "it's so"
    assert row["first"] == [tidied(seen[0].premise)] and "don't" in row["first"][0]
    assert row["options"][0] == tidied(seen[0].gold)


def test_the_sentences_and_their_order_are_those_of_a_plain_global_shuffle():
    texts = [f"{words(25, 100 * n)}. {words(22, 100 * n + 50)}" for n in range(40)]
    expected = []
    for text in texts:
        for sentence in text.split(". "):
            split = sentence.split()[:30]
            half = len(split) // 2
            expected.append((" ".join(split[:half]), " ".join(split[half:-1])))
    random.seed(42)
    random.shuffle(expected)
    drawn = prompts(halves(texts, True, 20, 30), seed=42, count=50, validation=10)
    assert [(prompt.premise, prompt.gold) for prompt in drawn] == expected[:60]
    assert [prompt.split for prompt in drawn] == ["train"] * 50 + ["validation"] * 10
    assert [prompt.id for prompt in drawn] == [*map(str, range(50)), *map(str, range(10))]


def test_more_training_examples_keep_those_drawn_before():
    pairs = [(f"p{n}", f"g{n}") for n in range(30)]
    few, many = (prompts(pairs, seed=1, count=count, validation=2) for count in (5, 20))
    assert many[:5] == few[:5]


def test_a_short_corpus_shrinks_both_splits_in_proportion():
    pairs = [(f"p{n}", f"g{n}") for n in range(20)]
    drawn = prompts(pairs, seed=1, count=300, validation=100)
    assert [prompt.split for prompt in drawn] == ["train"] * 15 + ["validation"] * 5


def test_no_training_pair_is_held_out_as_well():
    pairs = [("p", "g")] * 10 + [(f"p{n}", "g") for n in range(10)]
    drawn = prompts(pairs, seed=1, count=10, validation=10)
    splits = {
        split: {prompt.premise for prompt in drawn if prompt.split == split}
        for split in ("train", "validation")
    }
    assert not splits["train"] & splits["validation"]


def test_a_corpus_without_long_sentences_is_refused():
    with pytest.raises(UserError, match="0 sentences are long enough"):
        prompts([], seed=1, count=10, validation=2)
    with pytest.raises(UserError, match="min_words 2 must be from 4 to 30"):
        halves(["a b c"], False, 2, 30)


PROMPTS = [Prompt(str(n), "train", f"p{n}", f"gold {n}") for n in range(200)]
SAMPLES = [["x", "y", "z"]] * 200


def test_gold_is_first_as_released_or_anywhere_as_the_paper_needs():
    released = assemble(PROMPTS, SAMPLES, gold_first=True, seed=42)
    assert all(row["label"] == 0 and row["options"][0].startswith("gold") for row in released)
    shuffled = assemble(PROMPTS, SAMPLES, gold_first=False, seed=42)
    counts = [sum(row["label"] == place for row in shuffled) for place in range(4)]
    # 200 fair draws over 4 places: mean 50, standard deviation 6.1
    assert all(25 < count < 75 for count in counts)
    for row, prompt in zip(shuffled, PROMPTS, strict=True):
        assert row["options"][row["label"]] == prompt.gold
        assert sorted(row["options"]) == sorted([prompt.gold, "x", "y", "z"])
        assert (row["id"], row["first"]) == (prompt.id, [prompt.premise])


def test_the_order_of_options_is_seeded_and_its_own_for_each_row():
    whole = assemble(PROMPTS, SAMPLES, gold_first=False, seed=42)
    assert assemble(PROMPTS[5:6], SAMPLES[5:6], gold_first=False, seed=42) == whole[5:6]
    assert assemble(PROMPTS, SAMPLES, gold_first=False, seed=43) != whole


def test_a_sample_that_equals_gold_does_not_confuse_the_answer():
    [row] = assemble(PROMPTS[:1], [["gold 0", "y", "z"]], gold_first=False, seed=42)
    assert row["options"][row["label"]] == "gold 0"


def test_prompts_without_equally_many_samples_are_refused():
    with pytest.raises(ValueError, match="2 prompts need equally many samples"):
        assemble(PROMPTS[:2], [["x"]], gold_first=True, seed=1)
    with pytest.raises(ValueError, match="equally many samples"):
        assemble(PROMPTS[:2], [["x"], ["x", "y"]], gold_first=True, seed=1)


def test_compose_keeps_prompt_and_samples_together():
    texts = [words(22, 100 * n) for n in range(10)]
    splits, _ = compose(
        texts,
        lambda asked, seed: [[prompt.premise] * 3 for prompt in asked],
        seed=42,
        count=6,
        validation=2,
        drop_last_word=False,
        gold_first=True,
    )
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 6, "validation": 2}
    for row in splits["train"] + splits["validation"]:
        assert row["options"][1:] == row["first"] * 3


# Probes of what a premise is worth


def items(count, premise="premise {}"):
    return [
        {
            "id": str(n),
            "first": [premise.format(n)],
            "prefix": f"{n} goes on: ",
            "options": [f"a{n}", f"b{n}"],
            "suffix": ".",
            "label": n % 2,
        }
        for n in range(count)
    ]


def premises(rows):
    return [(*row["first"], row["prefix"]) for row in rows]


def test_every_item_gets_the_premise_of_another_and_keeps_all_else():
    rows = items(9)
    derived = other_premise.derive(rows, seed=42)
    assert sorted(premises(derived)) == sorted(premises(rows))
    assert all(new != old for new, old in zip(premises(derived), premises(rows), strict=True))
    rest = ("id", "options", "suffix", "label")
    assert [[row[key] for key in rest] for row in derived] == [
        [row[key] for key in rest] for row in rows
    ]
    assert other_premise.derive(rows, seed=42) == derived != other_premise.derive(rows, seed=43)


def test_an_equal_premise_is_no_other_one():
    rows = [{**row, "first": ["same"], "prefix": ""} for row in items(6)] + items(2)
    for new, old in zip(other_premise.derive(rows, seed=1), rows, strict=True):
        assert premises([new]) != premises([old])
    alone = items(1)
    assert other_premise.derive(alone, seed=1) == alone


def test_an_empty_premise_is_still_the_first_of_a_pair():
    (row,) = empty_premise.derive(items(1))
    assert (row["first"], row["prefix"], row["options"]) == ([""], "", ["a0", "b0"])
    assert multiple_choice.pairs([row]) == ([[""], [""]], [["a0."], ["b0."]])


def test_right_texts_are_premises_with_their_right_option():
    rows = right_texts.derive(items(2))
    assert [row["text"] for row in rows] == ["premise 0 0 goes on: a0.", "premise 1 1 goes on: b1."]
    assert all(row.keys() == masked_text.columns({}).keys() for row in rows)


def test_shuffled_labels_are_as_many_of_each_and_tell_nothing_of_their_rows():
    rows = [ROW | {"id": str(place), "label": place % 4} for place in range(400)]
    made = shuffled_labels.derive(rows, seed=1)
    labels = [row["label"] for row in made]
    assert sorted(labels) == sorted(row["label"] for row in rows)
    assert [row | {"label": 0} for row in made] == [row | {"label": 0} for row in rows]
    kept = sum(one["label"] == other["label"] for one, other in zip(made, rows, strict=True))
    assert 60 < kept < 140, "about a fourth, by luck"
    assert labels == [row["label"] for row in shuffled_labels.derive(rows, seed=1)]
    assert labels != [row["label"] for row in shuffled_labels.derive(rows, seed=2)]
