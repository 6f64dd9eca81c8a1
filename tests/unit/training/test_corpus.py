import subprocess
import sys

import pytest
import torch

from stilts.models.batch import IGNORED
from stilts.training.corpus import lay_blocks, lay_texts, make_tokenizer, mask_tokens
from tests.toys.tiny_models import tokenizer_of
from tests.unit.training.test_pretraining import COMMON, MLM, TEXTS, digests


def test_training_a_tokenizer_gives_the_same_bytes_in_another_process(tmp_path):
    code = (
        "from stilts.training.corpus import make_tokenizer\n"
        "for family in ('roberta', 'gpt2', 'electra'):\n"
        f"    spec = {COMMON!r} | {{'family': family}}\n"
        f"    folder = {str(tmp_path)!r} + '/there-' + family\n"
        f"    make_tokenizer(spec, {TEXTS!r}).save_pretrained(folder)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    for family in ("roberta", "gpt2", "electra"):
        make_tokenizer(COMMON | {"family": family}, TEXTS).save_pretrained(tmp_path / family)
        assert digests(tmp_path / family) == digests(tmp_path / f"there-{family}")


def test_tokenizers_have_the_special_tokens_of_their_family():
    roberta = make_tokenizer(COMMON | {"family": "roberta"}, TEXTS)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    assert roberta.convert_tokens_to_ids(tokens) == [0, 1, 2, 3, 4]
    assert roberta.decode(roberta("the old cat")["input_ids"]) == "<s>the old cat</s>"
    gpt2 = make_tokenizer(COMMON | {"family": "gpt2"}, TEXTS)
    assert gpt2.eos_token_id == gpt2.bos_token_id == 0
    assert gpt2.decode(gpt2("the old cat")["input_ids"]) == "the old cat"


def test_a_tokenizer_can_be_given_by_path(tmp_path):
    tokenizer_of("bert").save_pretrained(tmp_path)
    loaded = make_tokenizer({"family": "bert", "tokenizer": {"path": str(tmp_path)}}, [])
    assert loaded.get_vocab() == tokenizer_of("bert").get_vocab()
    with pytest.raises(ValueError, match="no tokenizer can be trained for family 'albert'"):
        make_tokenizer(COMMON | {"family": "albert"}, TEXTS)


@pytest.mark.parametrize("family", ["bert", "electra", "mobilebert", "squeezebert"])
def test_word_pieces_are_whole_words_in_lower_case_and_the_rest_is_spelt(family):
    tokenizer = make_tokenizer(COMMON | {"family": family}, TEXTS)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokenizer.convert_tokens_to_ids(special) == [0, 1, 2, 3, 4]
    assert tokenizer.tokenize("The CAT") == ["the", "cat"]
    assert tokenizer.tokenize("tac") == ["t", "##a", "##c"]
    assert tokenizer.decode(tokenizer("the cat", "the")["input_ids"]) == (
        "[CLS] the cat [SEP] the [SEP]"
    )


def test_words_that_the_texts_lack_are_whole_where_the_recipe_says_so():
    plain = make_tokenizer(COMMON | {"family": "bert"}, TEXTS)
    train = COMMON["tokenizer"]["train"] | {"words": ["tac", "cat", "old"]}
    told = COMMON | {"tokenizer": {"train": train}}
    tokenizer = make_tokenizer(told | {"family": "bert"}, TEXTS)
    assert tokenizer.tokenize("the tac or") == ["the", "tac", *plain.tokenize("or")]
    assert tokenizer.get_vocab() == {**plain.get_vocab(), "tac": len(plain)}
    with pytest.raises(ValueError, match="'words' are of word pieces: family 'gpt2' has none"):
        make_tokenizer(told | {"family": "gpt2"}, TEXTS)


def test_a_vocabulary_of_word_pieces_has_room_for_every_letter():
    tight = COMMON | {"family": "bert", "tokenizer": {"train": {"vocab_size": 10}}}
    with pytest.raises(ValueError, match="vocab_size 10 has no room for"):
        make_tokenizer(tight, TEXTS)


def test_blocks_hold_the_corpus_in_order():
    tokenizer = make_tokenizer(MLM, TEXTS)
    blocks = lay_blocks(TEXTS, tokenizer, MLM)
    assert blocks.shape[1] == 24
    assert set(blocks[:, 0].tolist()) == {tokenizer.cls_token_id}
    assert set(blocks[:, -1].tolist()) == {tokenizer.sep_token_id}
    text = tokenizer.decode(blocks[:, 1:-1].flatten().tolist())
    assert "</s>".join(TEXTS).startswith(text)
    with pytest.raises(ValueError, match="less than one block"):
        lay_blocks(["a"], tokenizer, MLM)


def test_masking_follows_fifteen_and_eighty_ten_ten():
    tokenizer = tokenizer_of("roberta")
    blocks = torch.randint(5, len(tokenizer), (400, 100))
    blocks[:, 0] = tokenizer.cls_token_id
    inputs, labels = mask_tokens(blocks, tokenizer, torch.Generator().manual_seed(0))
    chosen = labels != IGNORED
    assert not chosen[:, 0].any(), "special tokens are never predicted"
    assert chosen[:, 1:].float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert torch.equal(labels[chosen], blocks[chosen])
    assert torch.equal(inputs[~chosen], blocks[~chosen])
    masked = (inputs[chosen] == tokenizer.mask_token_id).float().mean().item()
    kept = (inputs[chosen] == blocks[chosen]).float().mean().item()
    assert masked == pytest.approx(0.8, abs=0.02)
    assert kept == pytest.approx(0.1, abs=0.02)


def test_texts_that_keep_their_own_rows_are_cut_and_padded():
    tokenizer = make_tokenizer(MLM, TEXTS)
    rows = lay_texts(TEXTS[:3], tokenizer, MLM)
    assert [tokenizer.decode(row, skip_special_tokens=True) for row in rows] == list(TEXTS[:3])
    assert lay_texts([" ".join(TEXTS)], tokenizer, MLM).shape == (1, 24)


def test_texts_need_a_padding_token_to_keep_their_own_rows():
    tokenizer = make_tokenizer(COMMON | {"family": "gpt2"}, TEXTS)
    with pytest.raises(ValueError, match="this tokenizer has no padding token: use blocks"):
        lay_texts(TEXTS[:3], tokenizer, MLM)
