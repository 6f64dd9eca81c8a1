import math
import random

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

import stilts.training.pretraining
from stilts.files.manifest import sha256_of
from stilts.models.batch import IGNORED
from stilts.models.head import pose
from stilts.models.load import load
from stilts.training.corpus import lay_texts
from stilts.training.pretraining import HELD_OUT, _loss, pretrain
from stilts.training.snapshot import Snapshot
from tests.toys.tiny_models import facts_of, sentence

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


def test_a_pooler_of_the_recipe_is_the_same_for_every_head_that_starts_from_it(tmp_path):
    spec = MLM | {"steps": 2, "pooler": True, "family": "bert"}
    pretrain(spec, TEXTS, tmp_path / "with", validation=TEXTS[:20], progress=False)
    pretrain(spec | {"pooler": False}, TEXTS, tmp_path / "without", progress=False)
    task = pose(facts_of("classification"))
    poolers = []
    for seed in (1, 2):
        model, _, reports = load(tmp_path / "with", [task], seed)
        assert not any("pooler" in name for name in reports[task.key]["new"])
        poolers.append(model.encoder.pooler.dense.weight)
    assert poolers[0].equal(poolers[1])
    _, _, reports = load(tmp_path / "without", [task], 1)
    assert any("pooler" in name for name in reports[task.key]["new"])


def test_a_pooler_is_refused_where_the_family_has_none(tmp_path):
    with pytest.raises(ValueError, match="family 'gpt2' has no pooler: leave `pooler` out"):
        pretrain(CLM | {"steps": 1, "pooler": True}, TEXTS, tmp_path, progress=False)


def test_a_log_file_gets_no_progress_bar(tmp_path, capsys):
    pretrain(CLM | {"steps": 2}, TEXTS, tmp_path)
    assert capsys.readouterr() == ("", "")


def test_texts_may_keep_their_own_rows(tmp_path):
    reached = pretrain(MLM | {"layout": "texts", "mask": 0.3}, TEXTS, tmp_path)
    assert reached["blocks"] == len(TEXTS) - len(TEXTS[::HELD_OUT])


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


@pytest.mark.parametrize("spec", [MLM, CLM], ids=["mlm", "clm"])
def test_pretraining_goes_on_to_the_same_bytes(spec, tmp_path, stop, monkeypatch):
    spec = spec | {"steps": 12, "warmup": 0.5}
    reached = pretrain(spec, TEXTS, tmp_path / "whole", progress=False)
    for calls in (1, 5, 6):  # after steps 1, 6 and 12: the last one has nothing left to train
        stop("rate", calls, place=stilts.training.pretraining)
        snapshot = Snapshot(tmp_path / ("a" * 64), 60)
        with pytest.raises(SystemExit):
            pretrain(spec, TEXTS, tmp_path / "stopped", progress=False, snapshot=snapshot)
        monkeypatch.undo()
    snapshot = Snapshot(tmp_path / ("a" * 64), 60)
    assert reached == pretrain(spec, TEXTS, tmp_path / "stopped", progress=False, snapshot=snapshot)
    assert digests(tmp_path / "stopped") == digests(tmp_path / "whole")


def test_each_stand_in_of_the_second_question_learns_from_its_own_masked_head(tmp_path):
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    small |= {"intermediate_size": 32, "max_position_embeddings": 40, "initializer_range": 0.06}
    widths = {
        "electra": {"embedding_size": 32},
        "mobilebert": {"embedding_size": 16, "intra_bottleneck_size": 32, "true_hidden_size": 32},
        "squeezebert": {"embedding_size": 32},
    }
    for family, width in widths.items():
        spec = COMMON | {"family": family, "objective": "mlm", "config": small | width}
        record = pretrain(spec, TEXTS, tmp_path / family, progress=False)
        assert record["perplexity"] < record["vocabulary"] / 2, "a guess has that of the vocabulary"
