"""Offsets and windows of questions on a text, through tokenizers of both forms."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import PreTrainedTokenizerFast

from stilts.errors import UserError
from stilts.models.tokens import encode
from stilts.models.windows import answer_in

CONTEXT = "Zoë met a Café owner , 東京 and José in 1999 ."


def finished(inner, special):
    start, end, padding, unknown = special
    names = {"cls_token": start, "sep_token": end, "pad_token": padding, "unk_token": unknown}
    ids = [(name, inner.token_to_id(name)) for name in (start, end)]
    inner.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", pair=f"{start} $A {end} $B:1 {end}:1", special_tokens=ids
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, **names)


def word_piece():
    """Return a tokenizer as BERT's: lower case, accents off, a piece for each Chinese character."""
    special = ["[CLS]", "[SEP]", "[PAD]", "[UNK]"]
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789.,?東京\u0301")
    pieces = special + letters + [f"##{letter}" for letter in letters] + ["met", "cafe", "##se"]
    inner = Tokenizer(WordPiece({piece: n for n, piece in enumerate(pieces)}, unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return finished(inner, special)


def byte_level(trimmed):
    """Return a tokenizer as GPT-2's or, with offsets trimmed, RoBERTa's: blanks are in tokens."""
    special = ["<s>", "</s>", "<pad>", "<unk>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = special + alphabet + ["Ġm", "Ġme", "Ġmet", "Ġa"]
    inner = Tokenizer(
        models.BPE(
            vocab={piece: n for n, piece in enumerate(pieces)},
            merges=[("Ġ", "m"), ("Ġm", "e"), ("Ġme", "t"), ("Ġ", "a")],
        )
    )
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = finished(inner, special)
    if trimmed:
        inner = tokenizer.backend_tokenizer
        inner.post_processor = processors.RobertaProcessing(
            ("</s>", 1), ("<s>", 0), trim_offsets=True, add_prefix_space=False
        )
    return tokenizer


TOKENIZERS = {
    "WordPiece": word_piece(),
    "byte-level, blanks in offsets": byte_level(trimmed=False),
    "byte-level, offsets trimmed": byte_level(trimmed=True),
}


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]


def row(context, *answers, question="who ?", name="7"):
    starts = [context.index(text) for text in answers]
    return {
        "id": name,
        "question": question,
        "context": context,
        "answers": list(answers),
        "starts": starts,
    }


def encoded(rows, tokenizer, max_tokens=400, stride=8):
    return encode(rows, "span", tokenizer, max_tokens, stride)


def read_back(windows, place=0):
    """Return the text that the label of a window means, cut from the context, or None."""
    start, end = windows.labels[place]
    if (start, end) == (0, 0):
        return None
    spans = windows.spans[windows.offsets[place] :]
    question = list(dict.fromkeys(windows.ids)).index(windows.ids[place])
    return windows.questions[question].context[spans[start, 0] : spans[end, 1]]


@pytest.mark.parametrize(
    "answer", ["Zoë", "met", "Café", "東京", "東", "京", "José", "1999", ".", "met a Café", CONTEXT]
)
def test_the_label_of_an_answer_leads_back_to_its_characters(tokenizer, answer):
    windows = encoded([row(CONTEXT, answer)], tokenizer)
    assert len(windows) == 1 and read_back(windows) == answer


@pytest.mark.parametrize("context", ["Jose\u0301 met a man .", "a Zoe\u0308 , Jose\u0301"])
def test_combining_marks_stay_with_their_letters(tokenizer, context):
    answer = "Jose\u0301"
    assert read_back(encoded([row(context, answer)], tokenizer)) == answer


def test_an_answer_at_the_very_end_is_found(tokenizer):
    assert read_back(encoded([row("a man met Zoë", "Zoë")], tokenizer)) == "Zoë"


def test_the_place_counts_where_the_text_of_an_answer_stands_twice(tokenizer):
    twice = row("a cat met a cat", "cat")
    for start in (2, 12):
        twice["starts"] = [start]
        windows = encoded([twice], tokenizer)
        spans = windows.spans[windows.labels[0][0]]
        assert spans[1] > start >= spans[0]


def test_the_first_of_several_gold_answers_is_trained_on_and_all_are_kept(tokenizer):
    windows = encoded([row(CONTEXT, "José", "Café owner")], tokenizer)
    assert read_back(windows) == "José"
    assert windows.questions[0].golds == ("José", "Café owner")


def test_no_answer_points_at_the_first_token(tokenizer):
    windows = encoded([row(CONTEXT)], tokenizer)
    assert windows.labels.tolist() == [[0, 0]]
    assert windows.spans[0].tolist() == [-1, -1]


def test_tokens_of_the_question_have_no_characters_of_the_context(tokenizer):
    windows = encoded([row("met a", "met", question="met a ?")], tokenizer)
    inside = windows.spans[:, 0] >= 0
    places = np.flatnonzero(inside)
    assert places[0] > 3 and (np.diff(places) == 1).all()
    assert windows.labels[0][0] >= places[0]


def test_windows_overlap_by_the_stride_and_cover_the_context(tokenizer):
    context = " ".join(f"w{n}" for n in range(200))
    windows = encoded([row(context, "w77")], tokenizer, max_tokens=40, stride=9)
    assert len(windows) > 20 and set(windows.ids) == {"7"} and windows.asked == 1
    parts = np.split(windows.spans, windows.offsets[1:])
    parts = [[tuple(span) for span in part if span[0] >= 0] for part in parts]
    whole = [tuple(s) for s in encoded([row(context, "w77")], tokenizer, 2000).spans if s[0] >= 0]
    for before, after in zip(parts, parts[1:], strict=False):
        assert before[-9:] == after[:9]
    assert parts[0] + [span for part in parts[1:] for span in part[9:]] == whole
    assert all(length <= 40 for length in windows.lengths)


def test_only_windows_that_hold_the_whole_answer_are_labelled_with_it(tokenizer):
    context = " ".join(f"w{n}" for n in range(60))
    windows = encoded([row(context, "w30 w31")], tokenizer, max_tokens=40, stride=9)
    begin = context.index("w30 w31")
    for place, part in enumerate(np.split(windows.spans, windows.offsets[1:])):
        held = part[part[:, 0] >= 0]
        whole = held[0, 0] <= begin and held[-1, 1] >= begin + 7
        assert (read_back(windows, place) == "w30 w31") == whole
    assert any(read_back(windows, place) for place in range(len(windows)))


def test_an_answer_cut_by_the_edge_of_a_window_is_none_of_its():
    whole = np.array([[-1, -1], [0, 3], [4, 7], [8, 11], [-1, -1]])
    window = whole[[0, 1, 2, 4]]
    assert answer_in(window, [(4, 7)], whole) == (2, 2)
    assert answer_in(window, [(4, 11)], whole) == (0, 0)
    assert answer_in(window, [(8, 11)], whole) == (0, 0)
    assert answer_in(whole, [(4, 11)], whole) == (2, 3)


def test_characters_that_the_tokenizer_drops_do_not_take_an_answer_away():
    dropped = row("a \u200bcat\u200b sat", "\u200bcat\u200b")
    windows = encoded([dropped], TOKENIZERS["WordPiece"])
    assert read_back(windows) == "cat"


def test_a_question_longer_than_the_window_is_refused_with_the_numbers(tokenizer):
    long = row("a cat", "cat", question="why " * 40, name="12")
    with pytest.raises(UserError, match=r"row 12: the question .*leaves \d+ of max_tokens 32 .*"):
        encoded([row("a cat", "cat"), long], tokenizer, max_tokens=32)


def test_rows_stay_in_order_whatever_is_encoded_at_once(tokenizer, monkeypatch):
    rows = [row(f"a cat {n} met", str(n), name=f"r{n}") for n in range(7)]
    whole = encoded(rows, tokenizer)
    monkeypatch.setattr("stilts.models.windows.AT_ONCE", 3)
    parts = encoded(rows, tokenizer)
    assert parts.ids == whole.ids and (parts.tokens == whole.tokens).all()
    assert (parts.labels == whole.labels).all() and parts.questions == whole.questions
