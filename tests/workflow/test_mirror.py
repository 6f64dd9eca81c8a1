"""The paper scale on real data, with tiny models in place of the real ones."""

import csv
import json
import os

import pytest

MIRROR = os.environ.get("STILTS_MIRROR")
pytestmark = pytest.mark.skipif(not MIRROR, reason="STILTS_MIRROR names no mirror of the hub")

PRETRAIN = {
    "corpus": "wikitext",
    "tokenizer": {"train": {"vocab_size": 500}},
    "max_tokens": 64,
    "steps": 5,
    "batch": 8,
    "lr": 0.001,
    "warmup": 0.1,
    "seed": 0,
}
ROBERTA = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 130,
}
GPT2 = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 128}
QUESTION = {
    "scale": "paper",
    "studies": ["rethinking"],
    "mirror": MIRROR,
    "limits": {"train": 64, "validation": 32},
    "models": {
        "roberta-large": {
            "pretrain": {**PRETRAIN, "family": "roberta", "objective": "mlm", "config": ROBERTA}
        },
        "gpt2-medium": {
            "pretrain": {**PRETRAIN, "family": "gpt2", "objective": "clm", "config": GPT2}
        },
    },
    "only": {
        "chains": ["none", "hellaswag-p"],
        "targets": ["rte"],
        "grid": {"lr": [1e-5], "batch": [16], "warmup": [0], "seed": [42]},
    },
}


@pytest.fixture(scope="module")
def paper(source, tmp_path_factory):
    project = source.copy_to(tmp_path_factory.mktemp("paper") / "project")
    outcome = project.snakemake(**QUESTION)
    assert outcome.code == 0, outcome.text
    return project


def manifest(project, task):
    path = project.folder / f"results/paper/data/{task}/manifest.json"
    return json.loads(path.read_text())


def test_real_data_and_stand_in_models_walk_the_whole_way_to_the_page(paper):
    top = paper.folder / "results/paper"
    with (top / "rethinking/runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["chain"], row["target"], row["n_train"]) for row in rows) == [
        ("hellaswag-p", "rte", "64"),
        ("none", "rte", "64"),
    ]
    assert (top / "report.html").is_file()
    assert paper.snakemake(**QUESTION).idle


def test_limits_hold_for_tasks_and_leave_corpora_whole(paper):
    for task in ("rte", "hellaswag", "hellaswag-p"):
        assert manifest(paper, task)["splits"]["train"]["rows"] == 64
        assert manifest(paper, task)["splits"]["validation"]["rows"] == 32
    assert manifest(paper, "wikitext")["splits"]["train"]["rows"] > 64


def test_data_that_stand_in_for_the_published_ones_say_so_and_so_do_those_derived(paper):
    assert manifest(paper, "rte")["note"] == ""
    assert manifest(paper, "hellaswag")["note"].startswith("stand-in")
    assert manifest(paper, "hellaswag-p")["note"] == manifest(paper, "hellaswag")["note"]
