"""Fine-tune a checkpoint on a target at several grid points, and score each."""

import io
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import torch

from stilts.files.manifest import sha256_of_bytes
from stilts.files.store import SNAPSHOTS, STORE
from stilts.jobs.trial import Claim, Setting, Trial
from stilts.models.load import HeadReport, copy_weights, load, reset
from stilts.models.token_store import encoded_split
from stilts.models.tokens import Encoded
from stilts.training.evaluation import degenerate, majority, predictions, scores
from stilts.training.history import History
from stilts.training.loop import train
from stilts.training.progress import Progress
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace

Outcome = tuple[dict[str, Any], bytes, dict[str, Any]]


def train_points(
    setting: Setting,
    trials: list[Trial],
    claim: Claim = lambda trial: nullcontext(True),
    *,
    checkpoint: Path,
    data: Path,
    threads: int,
    store: Path = STORE,
    minutes: float = 10,
    graphs: bool = True,
) -> Iterator[tuple[Trial, Outcome | Exception]]:
    """Fine-tune every trial from the same start; data and weights are read once.

    Args:
        setting: what the trials share: task, precision, device kind.
        trials: grid points with their full recipes.
        claim: holds a trial until the next one is asked for; a trial it denies is passed over.
        checkpoint: the folder of the starting model.
        data: the folder of the target's canonical rows.
        threads: CPU threads of this job; a different number can change the last bits of a run.
        store: holds snapshots, from which a trial goes on, and encoded splits.
        minutes: time between the snapshots of a trial.
        graphs: see `Workspace`.

    Yields:
        Each trial with `(result, predictions, timing)`, or with the exception that ended it. A
        diverged run is a result.
    """
    torch.set_num_threads(threads)
    device = "cuda" if setting.device_kind.startswith("cuda") else "cpu"
    task = setting.spec["task"]
    recipe = trials[0].recipe
    model, tokenizer, head = load(
        checkpoint, task["kind"], len(task["labels"]), recipe["seed"], task["name"]
    )
    start = copy_weights(model)
    workspace = Workspace(model, setting.precision, device, graphs=graphs)
    form = (task["kind"], tokenizer, recipe["max_tokens"])
    sets = {
        split: encoded_split(data, split, *form, store=store) for split in ("train", "validation")
    }

    def attempt(trial: Trial, progress: Progress) -> Outcome:
        began = time.perf_counter()
        reset(model, start, head, trial.recipe["seed"])
        with Snapshot(store / SNAPSHOTS / setting.key(trial.recipe), minutes) as snapshot:
            history = train(
                workspace,
                sets["train"],
                trial.recipe,
                validation=sets["validation"],
                progress=progress.step,
                snapshot=snapshot,
            )
        seconds = snapshot.earlier + time.perf_counter() - began
        return _outcome(setting, trial.recipe, history, sets, head, seconds)

    with Progress("{model} {chain} {target}".format(**setting.spec), len(trials)) as progress:
        for trial in trials:
            with claim(trial) as mine:
                try:
                    if mine:
                        yield trial, attempt(trial, progress)
                except Exception as error:
                    yield trial, error
            progress.finish_run()


def _outcome(
    setting: Setting,
    recipe: Mapping[str, Any],
    history: History,
    sets: Mapping[str, Encoded],
    head: HeadReport,
    seconds: float,
) -> Outcome:
    metric, labels = setting.spec["task"]["metric"], sets["validation"].labels
    best = max(range(len(history.epochs)), key=lambda epoch: history.epochs[epoch][metric])
    chosen = best if recipe["select"] == "best" else len(history.epochs) - 1
    logits = history.logits[chosen]
    reasons = degenerate(logits, labels, history.losses)
    predicted = predictions_file(sets["validation"], logits)
    facts = setting.facts()
    facts["digests"]["predictions"] = sha256_of_bytes(predicted)
    result = {
        **facts,
        "metric": metric,
        # A diverged run has no score: it counts as a lost run, n = 35/36, and is not averaged.
        "score": None if history.diverged else history.epochs[chosen][metric],
        "scores": {
            "epochs": history.epochs,
            "last": history.epochs[-1],
            "best": history.epochs[best],
        },
        "variants": scores(logits, labels),
        **baselines(metric, labels, logits.shape[1]),
        "degenerate": bool(reasons),
        "degenerate_reasons": reasons,
        "diverged": history.diverged,
        "head": head,
        "n_train": len(sets["train"]),
        "n_validation": len(labels),
        "steps": history.steps,
    }
    return result, predicted, _timing(seconds, history)


def baselines(metric: str, labels: np.ndarray, options: int) -> dict[str, float]:
    """Return what guessing and always naming the most frequent class of labels [N] reach."""
    if metric == "matthews_correlation":  # 0 for any prediction that ignores the input
        return {"chance": 0.0, "majority": 0.0}
    return {"chance": 1 / options, "majority": majority(labels)}


def predictions_file(encoded: Encoded, logits: np.ndarray) -> bytes:
    """Return parquet bytes of one row per example: id, label, prediction, logits (float32)."""
    table = pyarrow.table(
        {
            "id": list(encoded.ids),
            "label": encoded.labels,
            "prediction": predictions(logits),
            "logits": pyarrow.array(list(logits), pyarrow.list_(pyarrow.float32())),
        }
    )
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def _timing(seconds: float, history: History) -> dict[str, Any]:
    peak = (
        torch.cuda.max_memory_allocated() / 2**20
        if torch.cuda.is_available()
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    )
    return {
        "seconds": round(seconds, 4),
        "tokens": history.tokens,
        "tokens_per_second": round(history.tokens / seconds),
        "peak_memory_mb": round(peak),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }
