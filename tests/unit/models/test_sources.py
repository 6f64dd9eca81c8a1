"""Sources and auxiliary texts to token ids, read back piece by piece."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from stilts.errors import UserError
from stilts.models.sources import ONE_SEPARATOR, TEMPLATE
from stilts.models.tokens import answered, encode
from stilts.tasks.generators import as_span
from tests.toys.tiny_models import passages, sentence, tokenizer_of

# Of BERT and RoBERTa themselves, where they lie beside the mirror; otherwise those of the toys.
REAL = Path(os.environ.get("STILTS_MIRROR", ".")).parent / "tokenizers"
NLI = {"name": "t", "labels": ["entailment", "neutral", "contradiction"], "unanswerable": False}
RTE = {"name": "t", "labels": ["yes", "no"], "unanswerable": False}
QA = {"name": "t", "labels": [], "unanswerable": True}


def tokenizers():
    found = {family: tokenizer_of(family) for family in ("bert", "roberta")}
    for name in ("bert-base-uncased", "roberta-base"):
        if os.environ.get("STILTS_MIRROR") and (REAL / name).is_dir():
            found[name] = AutoTokenizer.from_pretrained(REAL / name, local_files_only=True)
    return found


TOKENIZERS = tokenizers()


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]


def pair(first, second, label=0, name="0"):
    return {"id": name, "first": [first], "second": [second], "label": label}


def part(encoded, place):
    return slice(encoded.offsets[place], encoded.offsets[place] + encoded.lengths[place])


def named(encoded, place=0):
    """The text that the first and the last token of an answer stand for."""
    first, last, _ = encoded.labels[place]
    spans = encoded.spans[part(encoded, place)]
    context = encoded.questions[list(dict.fromkeys(encoded.ids)).index(encoded.ids[place])].context
    return context[spans[first, 0] : spans[last, 1]]


def ids_of(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def test_these_tokenizers_cut_class_words_into_pieces():
    whole = [name for name, each in TOKENIZERS.items() if len(ids_of(each, " entailment")) == 1]
    assert whole == ["bert"], "the toy one of BERT alone does not know the word"


def test_the_layout_of_the_paper_has_two_special_tokens_and_that_of_the_library_its_own(tokenizer):
    [row] = as_span.derive([pair("the cat hears", "a dog")], task=RTE)
    source, other = ids_of(tokenizer, row["source"]), ids_of(tokenizer, row["auxiliary"])
    paper = encode([row], "class_span", tokenizer, 60, 0, ONE_SEPARATOR)
    start, separator = tokenizer.cls_token_id, tokenizer.sep_token_id
    assert paper.tokens.tolist() == [start, *source, separator, *other]
    assert paper.lengths.tolist() == [len(source) + len(other) + 2]
    theirs = tokenizer(row["source"], row["auxiliary"])
    library = encode([row], "class_span", tokenizer, 60, 0, TEMPLATE)
    assert library.tokens.tolist() == theirs["input_ids"]
    if "token_type_ids" in theirs:
        assert library.types.tolist() == theirs["token_type_ids"]
        assert paper.types.tolist() == [0] * (len(source) + 2) + [1] * len(other)
    assert paper.labels[0, 2] == library.labels[0, 2] == len(source) + 1


@pytest.mark.parametrize("label", range(3))
@pytest.mark.parametrize("layout", [TEMPLATE, ONE_SEPARATOR])
def test_the_tokens_of_an_answer_stand_for_the_words_in_the_descriptions(tokenizer, layout, label):
    first = "an entailment or a contradiction: neutral, neutral"
    [row] = as_span.derive([pair(first, "neutral", label)], task=NLI)
    encoded = encode([row], "class_span", tokenizer, 200, 0, layout)
    begin, end, reach = encoded.labels[0]
    assert named(encoded) == NLI["labels"][label]
    assert encoded.spans[begin, 0] == row["starts"][label] > len(first)
    assert 0 < begin <= end < reach
    inside = encoded.spans[:, 0] >= 0
    assert np.flatnonzero(inside).tolist() == list(range(1, reach))


@pytest.mark.parametrize("layout", [TEMPLATE, ONE_SEPARATOR])
@pytest.mark.parametrize("lengths", [(200, 3), (3, 200), (200, 200), (0, 200)])
def test_the_texts_give_way_and_never_the_words_of_a_class(tokenizer, lengths, layout):
    rng = random.Random(0)
    texts = [sentence(rng, n, n) if n else "" for n in lengths]
    rows = as_span.derive([pair(*texts, label=n % 3, name=str(n)) for n in range(3)], task=NLI)
    most = 60
    encoded = encode(rows, "class_span", tokenizer, most, 0, layout)
    assert encoded.lengths.tolist() == [most] * 3
    for place, row in enumerate(rows):
        assert named(encoded, place) == NLI["labels"][place]
        ids = encoded.tokens[part(encoded, place)].tolist()
        described = ids_of(tokenizer, f"a {row['source'][row['kept'] :]}")[1:]
        reach = encoded.labels[place, 2]
        assert ids[reach - 5 : reach] == described[-5:]
        assert ids[reach] == tokenizer.sep_token_id


def test_the_shorter_text_is_whole_where_the_longer_one_can_give_way():
    tokenizer = TOKENIZERS["bert"]
    rows = as_span.derive([pair("the cat", "old " * 90), pair("old " * 90, "the cat")], task=RTE)
    encoded = encode(rows, "class_span", tokenizer, 30)
    texts = [tokenizer.decode(encoded.tokens[part(encoded, place)]) for place in (0, 1)]
    assert texts[0].startswith("[CLS] the cat") and texts[1].endswith("the cat [SEP]")


def test_descriptions_without_room_are_refused_with_the_numbers(tokenizer):
    rows = as_span.derive([pair("a", "a", name="12")], task=NLI)
    with pytest.raises(UserError, match=r"row 12: the classes are described in \d+ tokens, and"):
        encode(rows, "class_span", tokenizer, 8)


def test_windows_of_a_source_are_those_that_the_tokenizer_cuts_itself(tokenizer):
    rows = as_span.derive(
        [row for row in passages(20) if row["answers"]], task=QA | {"unanswerable": False}
    )
    most, stride = 24, 6
    encoded = encode(rows, "text_span", tokenizer, most, stride)
    theirs = tokenizer(
        [row["source"] for row in rows],
        [row["auxiliary"] for row in rows],
        truncation="only_first",
        max_length=most,
        stride=stride,
        return_overflowing_tokens=True,
    )
    ours = [encoded.tokens[part(encoded, place)].tolist() for place in range(len(encoded))]
    assert ours == theirs["input_ids"]
    names = [rows[place]["id"] for place in theirs["overflow_to_sample_mapping"]]
    assert list(encoded.ids) == names and len(set(names)) < len(names)
    for place, row in enumerate(names):
        gold = next(found for found in rows if found["id"] == row)["answers"][0]
        assert named(encoded, place) == gold or encoded.labels[place, 0] == 0


def test_every_window_ends_in_the_word_for_no_answer(tokenizer):
    rows = as_span.derive(passages(9), task=QA)
    encoded = encode(rows, "text_span", tokenizer, 50, 4)
    tail = ids_of(tokenizer, "a unanswerable")[1:]
    for place in range(len(encoded)):
        ids, reach = encoded.tokens[part(encoded, place)].tolist(), encoded.labels[place, 2]
        assert ids[reach - len(tail) : reach] == tail
    silent = {row["id"] for row in rows if row["answers"] == ["unanswerable"]}
    told = [named(encoded, n) for n, name in enumerate(encoded.ids) if name in silent]
    assert silent and set(told) == {"unanswerable"}


def test_windows_without_their_answer_can_be_left_out():
    tokenizer = TOKENIZERS["bert"]
    rows = as_span.derive([row for row in passages(30) if row["answers"]], task=QA)
    encoded = encode(rows, "text_span", tokenizer, 30, 4)
    kept = answered(encoded, "task 't'")
    holding = [place for place in range(len(encoded)) if encoded.labels[place, 0]]
    assert 0 < len(kept) == len(holding) < len(encoded)
    for ours, place in enumerate(holding):
        assert (kept.tokens[part(kept, ours)] == encoded.tokens[part(encoded, place)]).all()
        assert named(kept, ours) == named(encoded, place)
    assert answered(kept, "task 't'") is kept
    assert kept.asked == len(set(kept.ids))


def test_a_question_that_leaves_no_room_is_refused_with_the_numbers(tokenizer):
    row = {"id": "4", "question": "why " * 45, "context": "a cat " * 30, "answers": ["a"]}
    rows = as_span.derive([row | {"starts": [0]}], task=QA)
    with pytest.raises(UserError, match=r"row 4: the question 'why .* leaves \d+ of max_tokens 50"):
        encode(rows, "text_span", tokenizer, 50, 4)


def test_a_tokenizer_without_separator_is_refused():
    rows = as_span.derive([pair("a", "a")], task=RTE)
    with pytest.raises(UserError, match="spans of a source need a tokenizer that tells of char"):
        encode(rows, "class_span", tokenizer_of("gpt2"), 50)
