"""Score a checkpoint on a task, seen or unseen, without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stilts.files.manifest import read_manifest, sha256_of_bytes, to_json, write_atomic
from stilts.files.store import Store
from stilts.jobs.judgement import judge
from stilts.jobs.publish import scored_by
from stilts.jobs.reading import read_scored
from stilts.jobs.trial import NAMES, read_setting
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling
from stilts.models.head import pose
from stilts.models.load import load
from stilts.training.evaluation import predict

ENTRY = "stilts.jobs.score_checkpoint"


def score_checkpoint(
    spec: Mapping[str, Any],
    *,
    checkpoint: Path,
    data: Path,
    score: Path,
    predictions: Path,
    handling: Handling,
    store: Store | None = None,
) -> None:
    """Score a checkpoint on the scored splits of a task.

    A checkpoint without a head for the task gets a new one, seeded: its score is that of a guess,
    and `head.new` in the file says so.

    Args:
        spec: as `StudyPlan.score_spec` describes it.
        checkpoint: the folder of the model.
        data: the folder of the task's canonical rows.
        score: the json file to write.
        predictions: the parquet file to write.
        handling: how the job is to do its work.
        store: holds encoded splits.
    """
    task = pose(spec["task"], spec["head"])
    setting = read_setting(spec, checkpoint, {task.name: data}, handling.device, ENTRY)
    take_gpu(handling.device, handling.trials_per_gpu)
    torch.set_num_threads(handling.threads)
    model, tokenizer, reports = load(checkpoint, [task], spec["seed"])
    reading = {"tokenizer": tokenizer, "max_tokens": spec["max_tokens"], "store": store or Store()}
    scored = read_scored(task, data, **reading)
    placed = {"precision": setting.precision, "device": setting.device}
    outputs = [predict(model, part.examples, task.name, **placed) for part in scored]
    judged, predicted = judge(model.head(task.name), scored, outputs)
    facts = setting.facts({"head": spec["head"]})
    facts["digests"]["predictions"] = sha256_of_bytes(predicted)
    write_atomic(predictions, predicted)
    trained_on = read_manifest(checkpoint).get("tasks", [])
    fields = {
        **{name: spec[name] for name in NAMES},
        **facts,
        **judged,
        "head": reports[task.key],
        "trained_on": trained_on,
    }
    write_atomic(score, to_json(scored_by(fields, predictions, task.facts)))
