import json

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from stilts.errors import UserError
from stilts.evidence.features import read_features
from stilts.files.store import Store
from stilts.jobs.extract_features import extract_features
from stilts.machine.handling import Handling
from stilts.tasks.kinds import masked_text
from stilts.tasks.make import write_task
from stilts.tasks.rows import read_split
from tests.toys.tiny_jobs import NAMES, K, N, P, Q, W, data_in, model_in, posed_as
from tests.toys.tiny_models import facts_of

T = facts_of(name="t", classes=3)


@pytest.fixture
def extract(tmp_path):
    """Extract the features of a model of random weights on a task; return the record's path."""

    def extract(task=T, family="roberta", data=None):
        record = tmp_path / "features.json"
        extract_features(
            {**NAMES, "target": task["name"], "precision": "fp32", "task": task}
            | {"recipe": posed_as(stride=4, max_tokens=40)},
            checkpoint=model_in(tmp_path / family, family),
            data=data or data_in(tmp_path / task["name"], task, train=12),
            record=record,
            features=record.with_suffix(".parquet"),
            handling=Handling(),
            store=Store(tmp_path / "store"),
        )
        return record

    return extract


@pytest.mark.parametrize("family", ["roberta", "distilbert"])
def test_a_feature_is_the_mean_state_that_transformers_gives_a_text(extract, tmp_path, family):
    found = read_features(extract(family=family))
    model = AutoModel.from_pretrained(tmp_path / family).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / family)
    rows = read_split(tmp_path / "t", "train")
    for row, state in zip(rows, found.states, strict=True):
        sides = (tokenizer.sep_token.join(row[side]) for side in ("first", "second") if row[side])
        tokens = tokenizer(*sides, return_tensors="pt")
        with torch.inference_mode():
            known = model(**tokens).last_hidden_state[0].mean(dim=0)
        assert state == pytest.approx(known.numpy(), abs=1e-5)
    assert found.answers.tolist() == [row["label"] for row in rows]
    assert found.text == pytest.approx(found.states.mean(axis=0), abs=1e-6)


def test_of_options_each_is_right_or_wrong(extract, tmp_path):
    found = read_features(extract(Q))
    right = [row["label"] for row in read_split(tmp_path / "q", "train")]
    assert found.examples.tolist() == np.repeat(range(12), 3).tolist()
    assert found.answers.reshape(12, 3).argmax(axis=1).tolist() == right
    assert found.answers.sum() == 12


def test_texts_that_are_read_apart_are_compared_as_their_heads_do(extract):
    found = read_features(extract(P))
    width = len(found.text)
    assert found.states.shape == (12, 2 * width) and (found.states[:, :width] >= 0).all()


def test_numbers_stay_numbers_and_spans_have_none(extract):
    assert read_features(extract(N)).classes is None
    assert read_features(extract(N)).answers.dtype == np.float64
    for task in (W, K):
        assert read_features(extract(task)).answers is None


def test_texts_of_hidden_words_can_be_a_source(extract, tmp_path):
    """Such a task is no target to tell classes of, but a stage may train on it."""
    texts = [{"text": f"the old dog sees {word} and a bird"} for word in ("cat", "tree", "red")]
    rows = masked_text.rows({"name": "m", "text": "{text}"}, texts)
    fields = {"task": "m", "kind": "masked_text", "labels": [], "range": [0, 1]}
    write_task(tmp_path / "m", {"train": rows, "validation": rows}, fields)
    task = {**fields, "name": "m", "metric": "found", "scored": ["validation"]}
    found = read_features(extract(task, data=tmp_path / "m"))
    assert found.states.shape == (3, len(found.text)) and np.isfinite(found.text).all()
    assert found.classes is None


def test_features_read_no_split_that_is_scored(extract, tmp_path):
    first = extract()
    told, kept = json.loads(first.read_text()), first.with_suffix(".parquet").read_bytes()
    assert told["rows"] == 12 and told["width"] == len(told["text"])
    (tmp_path / "t/validation.parquet").unlink()
    spec = {**NAMES, "target": "t", "precision": "fp32", "task": T, "recipe": posed_as()}
    places = {"record": tmp_path / "again.json", "features": tmp_path / "again.parquet"}
    extract_features(
        spec,
        checkpoint=tmp_path / "roberta",
        data=tmp_path / "t",
        **places,
        handling=Handling(),
        store=Store(tmp_path / "other"),
    )
    assert places["features"].read_bytes() == kept


def test_another_file_than_the_record_tells_of_is_refused(extract):
    record = extract()
    record.with_suffix(".parquet").write_bytes(b"something else")
    with pytest.raises(UserError, match="delete both"):
        read_features(record)
