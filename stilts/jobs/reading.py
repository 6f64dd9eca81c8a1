"""The splits that a job trains and scores on, as token ids."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stilts.files import plugins
from stilts.files.store import Store
from stilts.models.head import Posed
from stilts.models.token_store import encoded_split
from stilts.models.tokens import Decoding, Encoded, answered
from stilts.tasks.columns import KINDS
from stilts.tasks.make import TRAIN
from stilts.training.evaluation import ScoredSplit


def read_train(
    task: Posed,
    data: Path,
    *,
    tokenizer: Any,
    reading: Mapping[str, Any],
    store: Store,
    size: int | None = None,
    seed: int = 0,
) -> Encoded:
    """Return a task's training split; `size` and `seed` draw a sample of it."""
    sample = {"size": size, "seed": seed} if size else {}
    encoded = _encoded(task, data, TRAIN, tokenizer, reading, store, **sample)
    left_out = encoded.of_sources and reading["answerless"] == "left_out"
    return answered(encoded, f"task '{task.name}'") if left_out else encoded


def read_scored(
    task: Posed,
    data: Path,
    *,
    tokenizer: Any,
    reading: Mapping[str, Any],
    store: Store,
    select: str = "last",
) -> list[ScoredSplit]:
    """Return the splits that a task is scored on, with the metrics of every task of its kind.

    Args:
        task: `facts["scored"]` names the splits.
        data: the folder of its canonical rows.
        tokenizer: of the model.
        reading: settings, those that `READING` of `stilts.question.recipe` names.
        store: holds encoded splits.
        select: the setting, whose metric is added if it is of this task.
    """
    kind = plugins.load(KINDS, task.facts["kind"], "kind", f"task '{task.name}'")
    metrics = list(kind.metrics(task.facts))
    named, _, metric = select.removeprefix("best:").rpartition(".")
    if named == task.name and metric not in metrics:
        metrics.append(metric)
    return [
        ScoredSplit(
            task.name,
            split,
            _encoded(task, data, split, tokenizer, reading, store),
            tuple(metrics),
        )
        for split in task.facts["scored"]
    ]


def _encoded(
    task: Posed,
    data: Path,
    split: str,
    tokenizer: Any,
    reading: Mapping[str, Any],
    store: Store,
    **sample: int,
) -> Encoded:
    form = (task.facts["kind"], tokenizer, reading["max_tokens"])
    laid = {name: reading[name] for name in ("stride", "layout")}
    encoded = encoded_split(data, split, *form, **laid, **sample, store=store)
    if encoded.spans is None:
        return encoded
    rule = (reading["decode"], reading["longest_answer"])
    unanswerable = bool(task.facts.get("unanswerable"))
    return replace(encoded, decoding=Decoding(*rule, unanswerable, reading["across"]))
