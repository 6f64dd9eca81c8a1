"""What a checkpoint makes of a task's texts, before it is fine-tuned on it."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from stilts.files import asked, plugins
from stilts.files.manifest import sha256_of_bytes, to_json, write_atomic
from stilts.files.store import Store
from stilts.jobs.reading import read_train
from stilts.jobs.trial import NAMES, read_setting
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.means import Means
from stilts.models.room import demand_room
from stilts.models.tokens import Encoded
from stilts.tasks.columns import KINDS
from stilts.training.evaluation import predict

ENTRY = "stilts.jobs.extract_features"
ROWS = 1_000  # of the training split, a seeded sample: more change no ranking, and cost
SEED = 0  # of that sample


def extract_features(
    spec: Mapping[str, Any],
    *,
    checkpoint: Path,
    data: Path,
    record: Path,
    features: Path,
    handling: Handling,
    store: Store | None = None,
) -> None:
    """Write the features of a checkpoint on a task, and a record of what they are.

    Args:
        spec: as `stilts.question.advice.feature_spec` describes it.
        checkpoint: the folder of the model.
        data: the folder of the task's canonical rows, of which the training split is read.
        record: the json file to write; `answers` says what `stilts.evidence.features` makes of
            the rows, `text` is the mean state of all texts.
        features: the parquet file to write: `example`, `answer`, `state`.
        handling: how the job is to do its work.
        store: holds encoded splits.
    """
    recipe = spec["recipe"]
    task = pose(spec["task"], recipe["head"])
    setting = read_setting(spec, checkpoint, {task.name: data}, handling.device, ENTRY)
    take_gpu(handling.device, handling.trials_per_gpu)
    torch.set_num_threads(handling.threads)
    model, tokenizer, _ = load(checkpoint, [task], SEED)
    reading = {"tokenizer": tokenizer, "reading": recipe, "store": store or Store()}
    encoded = read_train(task, data, size=ROWS, seed=SEED, **reading)
    demand_room(model, [encoded], task.name)
    placed = {"precision": setting.precision, "device": setting.device}
    states = predict(Means(model.encoder), encoded, task.name, **placed)
    states = states.reshape(len(encoded), encoded.choices, -1)
    kind = plugins.load(KINDS, spec["task"]["kind"], "kind", f"task '{task.name}'")
    table, answers = _table(states, encoded, apart=hasattr(kind, "sides"))
    content = _parquet(table)
    facts = setting.facts(recipe)
    facts["digests"]["features"] = sha256_of_bytes(content)
    told = {"answers": answers, "rows": len(encoded), "width": states.shape[-1]}
    text = [round(float(value), 8) for value in states.mean((0, 1))]
    identity = {name: spec[name] for name in NAMES}
    write_atomic(features, content)
    write_atomic(record, to_json({**identity, **asked.told(spec), **facts, **told, "text": text}))


def _table(states: np.ndarray, encoded: Encoded, *, apart: bool) -> tuple[pa.Table, str]:
    """Return the rows of the features of states [N, choices, d], and what their answers are."""
    rows, choices, width = states.shape
    if apart:  # what heads of such tasks compare
        first, second = states[:, 0], states[:, 1]
        states, choices = np.hstack([np.abs(first - second), first * second]), 1
    elif encoded.spans is not None:
        return _rows(np.arange(rows), np.zeros(rows), states[:, 0]), "nothing"
    states = states.reshape(rows * choices, -1)
    examples = np.repeat(np.arange(rows), choices)
    if choices > 1:  # of each option whether it is the right one
        answers = (encoded.labels[:, None] == np.arange(choices)).astype(np.int64).ravel()
        return _rows(examples, answers, states), "classes"
    numbers = np.issubdtype(encoded.labels.dtype, np.floating)
    return _rows(examples, encoded.labels, states), "numbers" if numbers else "classes"


def _rows(examples: np.ndarray, answers: np.ndarray, states: np.ndarray) -> pa.Table:
    listed = pa.array(list(states), pa.list_(pa.float32()))
    return pa.table({"example": examples, "answer": answers, "state": listed})


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
