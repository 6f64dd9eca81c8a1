import subprocess
import sys

import numpy as np
import pytest

from stilts.errors import UserError
from stilts.models.tokens import encode
from tests.toys.tiny_models import pairs, questions, tokenizer_of


def sequences(encoded, tokenizer):
    parts = np.split(encoded.tokens, encoded.offsets[1:])
    return ["".join(tokenizer.convert_ids_to_tokens(part.tolist())) for part in parts]


def row(first, second, label=0):
    return {"id": "x", "first": first, "second": second, "label": label}


@pytest.fixture(scope="module")
def roberta():
    return tokenizer_of("roberta")


def test_a_roberta_pair_has_the_template_of_the_released_code(roberta):
    encoded = encode([row(["the cat"], ["a dog"])], "classification", roberta, 30)
    assert sequences(encoded, roberta) == ["<s>theĠcat</s></s>aĠdog</s>"]
    assert encoded.types is None


def test_segments_of_the_first_text_are_joined_by_the_separator_token_itself(roberta):
    encoded = encode([row(["cat", "the cat"], ["a dog"])], "classification", roberta, 30)
    assert sequences(encoded, roberta) == ["<s>cat</s>theĠcat</s></s>aĠdog</s>"]
    assert (encoded.tokens == roberta.sep_token_id).sum() == 4, "one token each, not spelled out"


def test_a_bert_pair_has_its_own_template_and_token_types():
    bert = tokenizer_of("bert")
    encoded = encode([row(["the cat"], ["a dog"])], "classification", bert, 30)
    assert sequences(encoded, bert) == ["[CLS]thecat[SEP]adog[SEP]"]
    assert encoded.types.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_a_text_without_partner_stands_alone(roberta):
    single = encode([row(["the cat"], [])], "classification", roberta, 30)
    assert sequences(single, roberta) == ["<s>theĠcat</s>"]
    ending = {"id": "e", "first": [], "prefix": "", "suffix": "", "label": 1}
    endings = encode([ending | {"options": ["a dog", "a cat"]}], "multiple_choice", roberta, 30)
    assert sequences(endings, roberta) == ["<s>aĠdog</s>", "<s>aĠcat</s>"]


def test_an_empty_first_text_is_still_a_pair(roberta):
    encoded = encode([row([""], ["a dog"])], "classification", roberta, 30)
    assert sequences(encoded, roberta) == ["<s></s></s>aĠdog</s>"]


def test_a_question_becomes_one_sequence_per_option(roberta):
    encoded = encode(questions(4), "multiple_choice", roberta, 60)
    assert (len(encoded), encoded.choices, len(encoded.lengths)) == (4, 3, 12)
    assert encoded.lengths.sum() == len(encoded.tokens)
    texts = sequences(encoded, roberta)
    assert all(text.endswith("Ġnow</s>") or "now" in text.replace("Ġ", "") for text in texts)
    assert encoded.ids == ("q0", "q1", "q2", "q3")
    assert encoded.labels.tolist() == [0, 1, 2, 0]


def test_truncation_takes_from_the_longest_text(roberta):
    long, short = "the " * 30, "a dog"
    encoded = encode([row([long], [short])], "classification", roberta, 12)
    (text,) = sequences(encoded, roberta)
    assert encoded.lengths.tolist() == [12]
    assert text.endswith("</s></s>aĠdog</s>"), "the short text is whole"


def test_batched_ids_equal_one_call_per_row(roberta):
    rows = pairs(7)
    encoded = encode(rows, "classification", roberta, 16)
    alone = [
        roberta(r["first"][0], r["second"][0], truncation="longest_first", max_length=16)
        for r in rows
    ]
    assert encoded.tokens.tolist() == sum((one["input_ids"] for one in alone), [])
    assert (encoded.tokens.dtype, encoded.lengths.dtype) == (np.int32, np.int32)
    assert encoded.labels.dtype == np.int64


def test_wrong_rows_are_refused_in_one_line(roberta):
    with pytest.raises(ValueError, match="kind 'corpus' has no answers .* cannot be encoded"):
        encode(pairs(1), "corpus", roberta, 30)
    with pytest.raises(ValueError, match="no rows"):
        encode([], "classification", roberta, 30)
    with pytest.raises(ValueError, match="some rows are pairs"):
        encode([row(["a"], ["b"]), row(["a"], [])], "classification", roberta, 30)
    uneven = questions(2)
    uneven[1]["options"].pop()
    with pytest.raises(ValueError, match="row 'q1' does not have 3 options"):
        encode(uneven, "multiple_choice", roberta, 30)


def test_forking_after_encoding_prints_no_warning():
    code = (
        "import os; from stilts.models.tokens import encode\n"
        "from tokenizers import Tokenizer, models\n"
        "t = Tokenizer(models.WordLevel({'a': 0}, unk_token='a'))\n"
        "t.encode_batch(['a', 'a'])\n"
        "if os.fork() == 0: t.encode_batch(['a']); os._exit(0)\n"
        "os.wait()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_an_unknown_kind_is_refused_with_the_known_ones(roberta):
    with pytest.raises(UserError, match="unknown kind 'poem'; allowed: .*classification, corpus"):
        encode(pairs(1), "poem", roberta, 30)


def test_answers_that_are_numbers_stay_numbers(roberta):
    rows = [row(["a"], [], label) for label in (0.0, 2.5, 5.0)]
    labels = encode(rows, "classification", roberta, 30).labels
    assert (labels.dtype, labels.tolist()) == (np.float64, [0, 2.5, 5])
