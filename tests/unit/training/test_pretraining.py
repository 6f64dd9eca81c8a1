import math
import random
import subprocess
import sys

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from stilts.files.manifest import sha256_of
from stilts.models.head import pose
from stilts.models.load import load
from stilts.training.pretraining import (
    HELD_OUT,
    IGNORED,
    _loss,
    lay_blocks,
    lay_texts,
    make_tokenizer,
    mask_tokens,
    pretrain,
)
from tests.toys.tiny_models import facts_of, sentence, tokenizer_of

RNG = random.Random(3)
TEXTS = [sentence(RNG, 5, 12) for _ in range(120)]
COMMON = {"tokenizer": {"train": {"vocab_size": 330}}, "max_tokens": 24, "batch": 8}
COMMON |= {"steps": 60, "lr": 5e-3, "warmup": 0.1, "seed": 0}
ROBERTA = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
ROBERTA |= {"intermediate_size": 32, "max_position_embeddings": 40}
GPT2 = {"n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 40}
MLM = COMMON | {"family": "roberta", "objective": "mlm", "config": ROBERTA}
CLM = COMMON | {"family": "gpt2", "objective": "clm", "config": GPT2}


def digests(folder):
    return {file.name: sha256_of(file) for file in folder.iterdir()}


@pytest.mark.parametrize("spec", [MLM, CLM], ids=["mlm", "clm"])
def test_pretraining_learns_and_writes_the_same_bytes_again(spec, tmp_path):
    record = pretrain(spec, TEXTS, tmp_path / "one", progress=False)
    again = pretrain(spec, TEXTS, tmp_path / "two", progress=False)
    assert record == again
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(digests(tmp_path / "one"))
    assert record["perplexity"] == pytest.approx(math.exp(record["validation_loss"]))
    assert record["perplexity"] < record["vocabulary"] / 4, "a guess has that of the vocabulary"
    other = pretrain(spec | {"seed": 1, "steps": 2}, TEXTS, tmp_path / "three", progress=False)
    assert other["validation_loss"] != record["validation_loss"]


def test_a_pretrained_encoder_can_be_fine_tuned(tmp_path):
    pretrain(MLM | {"steps": 2}, TEXTS, tmp_path, validation=TEXTS[:20], progress=False)
    task = pose(facts_of("multiple_choice"))
    _, tokenizer, reports = load(tmp_path, [task], 12)
    assert len(reports["multiple_choice"]["new"]) == 4
    tied = AutoModelForMaskedLM.from_pretrained(tmp_path)
    assert tied.lm_head.decoder.weight is tied.get_input_embeddings().weight
    assert tokenizer("the cat")["input_ids"][0] == tokenizer.cls_token_id


def test_training_a_tokenizer_gives_the_same_bytes_in_another_process(tmp_path):
    code = (
        "from stilts.training.corpus import make_tokenizer\n"
        "for family in ('roberta', 'gpt2'):\n"
        f"    spec = {COMMON!r} | {{'family': family}}\n"
        f"    folder = {str(tmp_path)!r} + '/there-' + family\n"
        f"    make_tokenizer(spec, {TEXTS!r}).save_pretrained(folder)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    for family in ("roberta", "gpt2"):
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
    with pytest.raises(ValueError, match="no tokenizer can be trained for family 'bert'"):
        make_tokenizer(COMMON | {"family": "bert"}, TEXTS)


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


def test_a_log_file_gets_no_progress_bar(tmp_path, capsys):
    pretrain(CLM | {"steps": 2}, TEXTS, tmp_path)
    assert capsys.readouterr() == ("", "")


def test_texts_may_keep_their_own_rows(tmp_path):
    reached = pretrain(MLM | {"layout": "texts", "mask": 0.3}, TEXTS, tmp_path)
    assert reached["blocks"] == len(TEXTS) - len(TEXTS[::HELD_OUT])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    rows = lay_texts(TEXTS[:3], tokenizer, MLM)
    assert [tokenizer.decode(row, skip_special_tokens=True) for row in rows] == list(TEXTS[:3])


def test_a_padded_batch_has_the_loss_of_its_rows_one_by_one(tmp_path):
    pretrain(MLM | {"layout": "texts", "steps": 1}, TEXTS, tmp_path)
    model = AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    rows = lay_texts([TEXTS[0], TEXTS[1] + " " + TEXTS[2]], tokenizer, MLM)
    labels = torch.full_like(rows, IGNORED)
    labels[:, 1:3] = rows[:, 1:3]
    alone = [_loss(model, rows[[i]], labels[[i]]) for i in range(2)]
    assert torch.allclose(_loss(model, rows, labels), sum(alone) / 2, atol=1e-5)


def test_an_unknown_objective_is_refused(tmp_path):
    with pytest.raises(ValueError, match="objective 'nsp' is unknown"):
        pretrain(MLM | {"objective": "nsp"}, TEXTS, tmp_path)
