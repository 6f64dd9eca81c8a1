"""Walk a model one stage along its chain, or score where it stands without training."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stilts.checkpoints import describe, is_made
from stilts.evaluation import degenerate, predict, scores
from stilts.finetuning import baselines, predictions_file
from stilts.locks import exclusive
from stilts.manifest import (
    MANIFEST,
    digest_of,
    filled_folder,
    read_manifest,
    sha256_of_bytes,
    to_json,
    write_atomic,
)
from stilts.modelling import load, save
from stilts.progress import Progress
from stilts.snapshot import Snapshot
from stilts.store import ENCODINGS, LOCKS, SNAPSHOTS
from stilts.tokens import encoded_split
from stilts.training import train
from stilts.trial import Setting
from stilts.workspace import Workspace

log = logging.getLogger(__name__)


def train_stage(
    spec: Mapping[str, Any],
    setting: Setting,
    *,
    parent: Path,
    data: Path,
    folder: Path,
    threads: int,
    snapshots: Path = SNAPSHOTS,
    minutes: float = 10,
    graphs: bool = True,
) -> None:
    """Fine-tune the checkpoint `parent` on the last stage of `spec["chain"]` into `folder`.

    Args:
        spec: the stage as `StudyPlan.stage_spec` describes it.
        setting: precision, device, digests.
        parent: the folder of the checkpoint one stage earlier.
        data: the folder of the stage's task.
        folder: receives weights, config, tokenizer and, last, the manifest.
        threads: CPU threads.
        snapshots: the folder of snapshots; a stage that has one there goes on from it.
        minutes: time between snapshots.
        graphs: see `Workspace`.
    """
    torch.set_num_threads(threads)
    facts = {"task": spec["tasks"][0], "recipe": spec["recipe"], "size": spec["size"]}
    key = digest_of({**setting.facts(), **facts})
    with exclusive(key, snapshots.parent / LOCKS.name):
        if is_made(folder, key):
            log.info("another process has trained this stage")
            return
        snapshot = Snapshot(snapshots / key, minutes)
        _train_stage(spec, setting, parent, data, folder, snapshot, graphs)
        snapshot.discard()


def _train_stage(
    spec: Mapping[str, Any],
    setting: Setting,
    parent: Path,
    data: Path,
    folder: Path,
    snapshot: Snapshot,
    graphs: bool,
) -> None:
    task, recipe = spec["tasks"][0], spec["recipe"]
    model, tokenizer, head = load(
        parent, task["kind"], len(task["labels"]), recipe["seed"], task["name"]
    )
    form = (task["kind"], tokenizer, recipe["max_tokens"])
    encodings = snapshot.folder.parents[1] / ENCODINGS.name
    sample = {"size": spec["size"], "seed": recipe["subset_seed"]} if spec["size"] else {}
    train_set = encoded_split(data, "train", *form, **sample, root=encodings)
    validation = encoded_split(data, "validation", *form, root=encodings)
    name = f"{spec['model']} {spec['chain']}"
    device = "cuda" if setting.device_kind.startswith("cuda") else "cpu"
    with snapshot, Progress(name) as progress:
        history = train(
            Workspace(model, setting.precision, device, graphs=graphs),
            train_set,
            recipe,
            validation=validation,
            progress=progress.step,
            snapshot=snapshot,
        )
    for epoch in history.epochs:
        log.info("%s", epoch)
    reasons = degenerate(history.logits[-1], validation.labels, history.losses)
    with filled_folder(folder) as temporary:
        save(model.cpu(), tokenizer, temporary, task=task["name"])
        fields = {
            **{key: spec[key] for key in ("study", "scale", "protocol", "model", "chain")},
            **setting.facts(),
            "key": snapshot.folder.name,
            "tasks": [item["name"] for item in spec["tasks"]],
            "recipe": recipe,
            "origins": spec["origins"],
            "head": head,
            "epochs": history.epochs,
            "diverged": history.diverged,
            "degenerate_reasons": reasons,
            "n_train": len(train_set),
            "n_validation": len(validation),
        }
        (temporary / MANIFEST).write_text(to_json(fields | describe(temporary)))


def score_zero_shot(
    spec: Mapping[str, Any],
    setting: Setting,
    *,
    checkpoint: Path,
    data: Path,
    score: Path,
    predictions: Path,
    threads: int,
    encodings: Path = ENCODINGS,
) -> None:
    """Score a checkpoint on the validation split of a task that it is not trained on here.

    A checkpoint without a head for the task gets a new one, seeded: its score is that of a guess,
    and `head.new` in the file says so.
    """
    torch.set_num_threads(threads)
    task = spec["task"]
    model, tokenizer, head = load(
        checkpoint, task["kind"], len(task["labels"]), spec["seed"], task["name"]
    )
    form = (task["kind"], tokenizer, spec["max_tokens"])
    validation = encoded_split(data, "validation", *form, root=encodings)
    device = "cuda" if setting.device_kind.startswith("cuda") else "cpu"
    logits = predict(model, validation, precision=setting.precision, device=device)
    variants = scores(logits, validation.labels)
    predicted = predictions_file(validation, logits)
    facts = setting.facts()
    facts["digests"]["predictions"] = sha256_of_bytes(predicted)
    write_atomic(predictions, predicted)
    fields = {
        **{key: spec[key] for key in ("study", "scale", "protocol", "model", "chain", "target")},
        **facts,
        "metric": task["metric"],
        "score": variants[task["metric"]],
        "variants": variants,
        **baselines(task["metric"], validation.labels, logits.shape[1]),
        "degenerate_reasons": degenerate(logits, validation.labels),
        "head": head,
        "n_validation": len(validation),
        "trained_on": read_manifest(checkpoint).get("tasks", []),
    }
    write_atomic(score, to_json(fields))
