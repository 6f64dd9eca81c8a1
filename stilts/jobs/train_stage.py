"""Walk a model one stage along its chain, or score where it stands without training."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stilts.files.locks import exclusive
from stilts.files.manifest import (
    MANIFEST,
    digest_of,
    filled_folder,
    read_manifest,
    sha256_of_bytes,
    to_json,
    write_atomic,
)
from stilts.files.store import LOCKS, SNAPSHOTS, STORE
from stilts.jobs.finetune_targets import baselines, predictions_file
from stilts.jobs.trial import Setting
from stilts.models.checkpoint import describe, is_made
from stilts.models.load import load, save
from stilts.models.token_store import encoded_split
from stilts.models.tokens import Encoded
from stilts.training.evaluation import degenerate, predict, scores
from stilts.training.history import History
from stilts.training.loop import train
from stilts.training.progress import Progress
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace

log = logging.getLogger(__name__)


def train_stage(
    spec: Mapping[str, Any],
    setting: Setting,
    *,
    parent: Path,
    data: Path,
    folder: Path,
    threads: int,
    store: Path = STORE,
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
        store: holds snapshots, from which a stage goes on, locks and encoded splits.
        minutes: time between snapshots.
        graphs: see `Workspace`.
    """
    torch.set_num_threads(threads)
    task, recipe = spec["tasks"][0], spec["recipe"]
    key = digest_of({**setting.facts(), "task": task, "recipe": recipe, "size": spec["size"]})
    with exclusive(key, store / LOCKS):
        if is_made(folder, key):
            log.info("another process has trained this stage")
            return
        model, tokenizer, head = load(
            parent, task["kind"], len(task["labels"]), recipe["seed"], task["name"]
        )
        sets = _encode(spec, tokenizer, data, store)
        device = "cuda" if setting.device_kind.startswith("cuda") else "cpu"
        workspace = Workspace(model, setting.precision, device, graphs=graphs)
        snapshot = Snapshot(store / SNAPSHOTS / key, minutes)
        with snapshot, Progress(f"{spec['model']} {spec['chain']}") as progress:
            history = train(
                workspace,
                sets["train"],
                recipe,
                validation=sets["validation"],
                progress=progress.step,
                snapshot=snapshot,
            )
        for epoch in history.epochs:
            log.info("%s", epoch)
        with filled_folder(folder) as temporary:
            save(model.cpu(), tokenizer, temporary, task=task["name"])
            fields = {**_facts(spec, setting, history, sets), "key": key, "head": head}
            (temporary / MANIFEST).write_text(to_json(fields | describe(temporary)))
        snapshot.discard()


def _encode(spec: Mapping[str, Any], tokenizer: Any, data: Path, store: Path) -> dict[str, Encoded]:
    """Return the stage's training set, a sample if it has a size, and its validation set."""
    recipe = spec["recipe"]
    form = (spec["tasks"][0]["kind"], tokenizer, recipe["max_tokens"])
    sample = {"size": spec["size"], "seed": recipe["subset_seed"]} if spec["size"] else {}
    return {
        "train": encoded_split(data, "train", *form, **sample, store=store),
        "validation": encoded_split(data, "validation", *form, store=store),
    }


def _facts(
    spec: Mapping[str, Any], setting: Setting, history: History, sets: Mapping[str, Encoded]
) -> dict[str, Any]:
    """Return what the manifest tells of a stage: what it is, and how its training went."""
    return {
        **{key: spec[key] for key in ("study", "scale", "protocol", "model", "chain")},
        **setting.facts(),
        "tasks": [item["name"] for item in spec["tasks"]],
        "recipe": spec["recipe"],
        "origins": spec["origins"],
        "epochs": history.epochs,
        "diverged": history.diverged,
        "degenerate_reasons": degenerate(
            history.logits[-1], sets["validation"].labels, history.losses
        ),
        "n_train": len(sets["train"]),
        "n_validation": len(sets["validation"]),
    }


def score_checkpoint(
    spec: Mapping[str, Any],
    setting: Setting,
    *,
    checkpoint: Path,
    data: Path,
    score: Path,
    predictions: Path,
    threads: int,
    store: Path = STORE,
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
    validation = encoded_split(data, "validation", *form, store=store)
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
