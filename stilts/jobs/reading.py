"""The splits that a job trains and scores on, as token ids."""

from pathlib import Path
from typing import Any

from stilts.files import plugins
from stilts.files.store import Store
from stilts.models.head import Posed
from stilts.models.token_store import encoded_split
from stilts.models.tokens import Encoded
from stilts.tasks.columns import KINDS
from stilts.tasks.make import TRAIN
from stilts.training.evaluation import ScoredSplit


def read_train(
    task: Posed,
    data: Path,
    *,
    tokenizer: Any,
    max_tokens: int,
    store: Store,
    size: int | None = None,
    seed: int = 0,
) -> Encoded:
    """Return a task's training split; `size` and `seed` draw a sample of it."""
    form = (task.facts["kind"], tokenizer, max_tokens)
    sample = {"size": size, "seed": seed} if size else {}
    return encoded_split(data, TRAIN, *form, **sample, store=store)


def read_scored(
    task: Posed, data: Path, *, tokenizer: Any, max_tokens: int, store: Store, select: str = "last"
) -> list[ScoredSplit]:
    """Return the splits that a task is scored on, with the metrics of every task of its kind.

    Args:
        task: `facts["scored"]` names the splits.
        data: the folder of its canonical rows.
        tokenizer: of the model.
        max_tokens: length at which an example is cut.
        store: holds encoded splits.
        select: the setting, whose metric is added if it is of this task.
    """
    kind = plugins.load(KINDS, task.facts["kind"], "kind", f"task '{task.name}'")
    metrics = list(kind.metrics(task.facts))
    named, _, metric = select.removeprefix("best:").rpartition(".")
    if named == task.name and metric not in metrics:
        metrics.append(metric)
    form = (task.facts["kind"], tokenizer, max_tokens)
    return [
        ScoredSplit(
            task.name, split, encoded_split(data, split, *form, store=store), tuple(metrics)
        )
        for split in task.facts["scored"]
    ]
