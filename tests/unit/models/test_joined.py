import pytest

from stilts.models.joined import encode_joined
from stilts.models.tokens import encode
from tests.toys.tiny_models import pairs, questions, tokenizer_of

LONG = "the cat sees a red house and the dog sees a tree"


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def tokenizer(request):
    """Of texts that stand as they are, and of texts that open with a special token."""
    return tokenizer_of(request.param)


def split(ids, tokenizer):
    """The two texts of a sequence, without special tokens."""
    return tokenizer.decode(ids, skip_special_tokens=True).split("\n")


def test_two_texts_are_joined_by_a_newline(tokenizer):
    (ids,) = encode_joined(["the cat"], ["a dog"], tokenizer, 30)
    assert ids == tokenizer("the cat\na dog")["input_ids"]


def test_a_text_that_stands_alone_is_shortened_at_its_end(tokenizer):
    whole = tokenizer(LONG)["input_ids"]
    assert encode_joined([LONG], None, tokenizer, 90) == [whole]
    assert encode_joined([LONG], None, tokenizer, 5) == [whole[:5]]


@pytest.mark.parametrize("room", range(6, 30))
def test_the_longer_text_is_shortened_first_and_both_from_their_end(room, tokenizer):
    for texts in ((LONG, "a dog"), ("a dog", LONG), (LONG, LONG)):
        whole = tokenizer("\n".join(texts))["input_ids"]
        (ids,) = encode_joined([texts[0]], [texts[1]], tokenizer, room)
        assert len(ids) == min(room, len(whole))
        left, right = split(ids, tokenizer)
        assert texts[0].startswith(left) and texts[1].startswith(right)
        opening = len(tokenizer("")["input_ids"])
        lengths = [len(tokenizer(text)["input_ids"]) - opening for text in (left, right)]
        if len(whole) > room:
            kept = [text == cut for text, cut in zip(texts, (left, right), strict=True)]
            assert any(kept) or abs(lengths[0] + opening - lengths[1]) <= 1


def test_only_texts_that_are_too_long_change(tokenizer):
    both = encode_joined(["the cat", LONG], ["a dog", LONG], tokenizer, 20)
    assert both[0] == tokenizer("the cat\na dog")["input_ids"]
    assert len(both[1]) == 20


def test_rows_are_joined_for_a_tokenizer_without_separator(tokenizer):
    rows = pairs(3)
    rows[0]["first"] = ["cat", "the cat"]
    encoded = encode(rows, "classification", tokenizer, 60)
    texts = ["\n".join([*row["first"], *row["second"]]) for row in rows]
    assert encoded.tokens.tolist() == sum((tokenizer(text)["input_ids"] for text in texts), [])
    assert encoded.types is None


def test_every_option_keeps_its_own_end(tokenizer):
    """A long question leaves room for what tells its options apart."""
    rows = questions(2)
    for row in rows:
        row["first"] = [LONG]
    encoded = encode(rows, "multiple_choice", tokenizer, 24)
    assert encoded.lengths.max() == 24
    sequences = [
        tuple(encoded.tokens[start : start + length])
        for start, length in zip(encoded.offsets, encoded.lengths, strict=True)
    ]
    assert len(set(sequences)) == 6
    assert all(split(ids, tokenizer)[1].startswith("so ") for ids in sequences)
