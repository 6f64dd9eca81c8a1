"""Score a checkpoint on a task, seen or unseen, without training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import torch

from stilts.files import asked
from stilts.files.manifest import read_manifest, sha256_of_bytes, to_json, write_atomic
from stilts.files.store import Store
from stilts.jobs.judgement import judge
from stilts.jobs.publish import scored_by
from stilts.jobs.reading import read_scored
from stilts.jobs.trial import NAMES, read_setting
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling
from stilts.models.head import pose
from stilts.models.lengths import row_lengths
from stilts.models.load import HeadReport, load, start_heads
from stilts.models.room import demand_room
from stilts.tasks.rows import read_split
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

    A checkpoint without a head for the task gets a new one, and `head.new` in the file says so. Its
    score is that of a guess, and one guess is not the next: it is scored with `new_heads` of them,
    seeded from `seed` on. The score and `variants` are then means, `draws` tells of each, and the
    predictions are those of the first.

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
    reading = {"tokenizer": tokenizer, "reading": spec, "store": store or Store()}
    metric = task.facts["metric"]
    scored = [
        part._replace(metrics=tuple(dict.fromkeys([*part.metrics, metric])))
        for part in read_scored(task, data, **reading)
    ]
    demand_room(model, [part.examples for part in scored], task.name)
    placed = {"precision": setting.precision, "device": setting.device}
    drawn = []
    for seed in range(spec["seed"], spec["seed"] + _draws(spec, reports[task.key])):
        start_heads(model.cpu(), reports, seed)
        outputs = [predict(model, part.examples, task.name, **placed) for part in scored]
        drawn.append((seed, *judge(model.head(task.name), scored, outputs)))
    _, judged, predicted = drawn[0]
    facts = setting.facts({"head": spec["head"]})
    facts["digests"]["predictions"] = sha256_of_bytes(predicted)
    write_atomic(predictions, predicted)
    trained_on = read_manifest(checkpoint).get("tasks", [])
    fields = {
        **{name: spec[name] for name in NAMES},
        **asked.told(spec),
        **facts,
        **judged,
        "head": reports[task.key],
        "trained_on": trained_on,
        "max_tokens": spec["max_tokens"],
        "cut": _cut(spec, data, tokenizer),
    }
    result = scored_by(fields, predictions, task.facts)
    if len(drawn) > 1:
        result |= _over_draws(result, [(seed, told) for seed, told, _ in drawn])
    write_atomic(score, to_json(result))


def _cut(spec: Mapping[str, Any], data: Path, tokenizer: Any) -> float | None:
    """Return the share of the scored examples that `max_tokens` cuts; None of windows."""
    task = spec["task"]
    rows = [row for split in task["scored"] for row in read_split(data, split)]
    lengths = row_lengths(rows, task["kind"], tokenizer)
    return None if lengths is None else float((lengths > spec["max_tokens"]).mean())


def _draws(spec: Mapping[str, Any], report: HeadReport) -> int:
    return spec["new_heads"] if report["new"] else 1


def _over_draws(
    result: Mapping[str, Any], drawn: Sequence[tuple[int, Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return what several heads, each (seed, judgement), come to together."""
    variants = [told["variants"] for _, told in drawn]
    scores = [found[result["metric"]] for found in variants]
    mean = fmean(scores)
    return {
        "score": mean,
        "variants": {name: fmean(found[name] for found in variants) for name in variants[0]},
        "degenerate": not mean > result["majority"],
        "counts": None,  # right answers of one head, which the mean is not held against
        "signs": [
            sign for sign in result["signs"] if all(sign in told["signs"] for _, told in drawn)
        ],
        "draws": {"seeds": [seed for seed, _ in drawn], "scores": scores, "std": pstdev(scores)},
    }
