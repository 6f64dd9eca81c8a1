import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoTokenizer

from stilts.files.manifest import sha256_of
from stilts.files.store import Store
from stilts.jobs.score_checkpoint import score_checkpoint
from stilts.jobs.train_stage import train_stage
from stilts.machine.handling import Handling
from tests.toys.tiny_jobs import NAMES, data_in, model_in, posed_as, stage_of
from tests.toys.tiny_models import facts_of

SEEN = facts_of(name="a", classes=3) | {"scored": ["matched", "mismatched"]}
UNSEEN = facts_of(name="b")
NUMBERS = facts_of("regression", "n")
CHOICE = facts_of("multiple_choice", "q", classes=3)
TASKS = (SEEN, UNSEEN, NUMBERS, CHOICE)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Data of the tasks, and a checkpoint that was trained on two of them."""
    top = tmp_path_factory.mktemp("folders")
    for task in TASKS:
        data_in(top / task["name"], task)
    train_stage(
        stage_of(SEEN, NUMBERS),
        parent=model_in(top / "model"),
        data={task["name"]: top / task["name"] for task in TASKS},
        folder=top / "stage",
        handling=Handling(),
        store=Store(top / "store"),
    )
    return top


@pytest.fixture
def score(folders, tmp_path):
    """Score the checkpoint on a task; return the file and the predictions."""

    def score(task, checkpoint="stage", seed=12, max_tokens=None, **change):
        spec = {**NAMES, "target": task["name"], "precision": "fp32", "task": task | change}
        places = {"score": tmp_path / "s.json", "predictions": tmp_path / "p.parquet"}
        read = posed_as() if max_tokens is None else posed_as(max_tokens=max_tokens)
        score_checkpoint(
            {**spec, **read, "seed": seed, "new_heads": 3},
            checkpoint=folders / checkpoint,
            data=folders / task["name"],
            **places,
            handling=Handling(),
            store=Store(tmp_path / "store"),
        )
        told = json.loads(places["score"].read_text())
        assert told["digests"]["predictions"] == sha256_of(places["predictions"])
        return told, pq.read_table(places["predictions"])

    return score


def test_a_seen_task_has_the_scores_that_its_stage_came_to(score, folders):
    """Which the stage has worked out from the model in memory, before it was saved."""
    manifest = json.loads((folders / "stage/manifest.json").read_text())
    for task in (SEEN, NUMBERS):
        told, _ = score(task)
        assert told["variants"] == pytest.approx(manifest["scored"][task["name"]]["variants"])
        assert told["score"] == told["variants"][task["metric"]]
        assert told["head"]["new"] == [] and told["trained_on"] == ["a", "n"]
        assert "draws" not in told, "there is one head, not a guess"
    assert "scores" not in told and "epochs" not in told, "nothing is trained"


def test_several_splits_count_alike(score):
    told, table = score(SEEN)
    assert table["split"].to_pylist() == ["matched"] * 6 + ["mismatched"] * 6
    right = np.array(table["prediction"]) == np.array(table["label"])
    assert told["score"] == pytest.approx((right[:6].mean() + right[6:].mean()) / 2)


def test_another_metric_is_a_matter_of_the_task(score):
    told, _ = score(SEEN, metric="f1_macro")
    assert told["metric"] == "f1_macro" and told["score"] == told["variants"]["f1_macro"]


def test_an_unseen_task_gets_a_head_of_the_seed_and_the_file_says_so(score):
    told, table = score(UNSEEN)
    assert told["head"]["carried"] == [] and told["head"]["new"]
    same, other = score(UNSEEN)[1], score(UNSEEN, seed=42)[1]
    assert table.equals(same) and not table.equals(other)


def test_the_score_of_a_new_head_is_the_mean_over_many_as_if_each_was_scored_alone(score):
    told, table = score(UNSEEN)
    assert told["draws"]["seeds"] == [12, 13, 14]
    alone = [score(UNSEEN, seed=seed)[0]["draws"]["scores"][0] for seed in (12, 13, 14)]
    assert told["draws"]["scores"] == alone
    assert told["score"] == pytest.approx(np.mean(alone)) == told["variants"]["accuracy"]
    assert told["draws"]["std"] == pytest.approx(np.std(alone))
    assert len(table) == told["n_validation"], "the predictions are those of the first"
    right = np.array(table["prediction"]) == np.array(table["label"])
    assert right.mean() == pytest.approx(alone[0])


def test_a_metric_of_its_own_is_a_mean_over_the_heads_too(score):
    told, _ = score(UNSEEN, metric="f1_macro")
    assert told["score"] == pytest.approx(np.mean(told["draws"]["scores"]))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["name"])
def test_any_checkpoint_is_scored_on_any_task(score, task):
    told, table = score(task, "model")
    assert told["head"]["carried"] == [] and told["trained_on"] == []
    assert np.isfinite(told["score"]) and told["target"] == task["name"]
    width = {"a": 3, "b": 2, "n": 1, "q": 3}[task["name"]]
    assert {len(logits) for logits in table["logits"].to_pylist()} == {width}


@pytest.mark.parametrize("limit", [6, 9, 64])
def test_a_score_says_how_many_examples_its_limit_cuts(score, folders, limit):
    told, _ = score(SEEN, max_tokens=limit)
    tokenizer = AutoTokenizer.from_pretrained(folders / "model")
    rows = [
        row
        for split in SEEN["scored"]
        for row in pq.read_table(folders / f"a/{split}.parquet").to_pylist()
    ]
    whole = [len(tokenizer(*row["first"], *row["second"])["input_ids"]) for row in rows]
    assert told["max_tokens"] == limit
    assert told["cut"] == pytest.approx(sum(length > limit for length in whole) / len(rows))


def test_scoring_draws_no_dropout(score):
    torch.manual_seed(0)
    first = score(SEEN)
    torch.manual_seed(1)
    again = score(SEEN)
    assert first[0] == again[0] and first[1].equals(again[1])
