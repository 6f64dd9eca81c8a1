"""A stored trial as a study asks for it: scored by the study's metric, under the study's names.

What depends on that metric is worked out here, from the predictions, so that studies that ask for
different ones share a trained run, and a new metric trains nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from stilts.files import asked
from stilts.files.manifest import to_json, write_atomic
from stilts.files.store import Entry
from stilts.jobs.trial import NAMES, Trial
from stilts.tasks.scoring import final, metric


def publish(entry: Entry, spec: Mapping[str, Any], trial: Trial) -> None:
    """Write a stored trial to its declared files, with its names and its metric in this study.

    A copy rather than a link: Snakemake touches the time stamps of declared files.
    """
    identity = {name: spec[name] for name in NAMES} | {"point": trial.point}
    identity |= asked.told(spec)
    result = scored_by(entry.result, entry.predictions, spec["task"])
    write_atomic(trial.predictions, entry.predictions.read_bytes())
    write_atomic(trial.run, to_json({**result, **identity}))


def scored_by(
    result: Mapping[str, Any], predictions: Path, task: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a result with what its task's metric says.

    Args:
        result: `epochs`, `chosen` (the index of the one that counts; both left out where nothing
            was trained), `variants`, `diverged`.
        predictions: the parquet file of the run.
        task: facts: name, labels, metric.

    Returns:
        The result with `metric`, `score`, `chance`, `majority`, `degenerate`, `counts`
        (examples, those answered right, those of the most frequent class; null where labels are
        numbers) and, where there are epochs, `scores`: every epoch, the last, the best. A metric
        that no epoch was scored by is there for the epoch that counts; the best is null unless
        every epoch was scored by it.

        A run is degenerate if its score is no better than that of the majority class, or if it
        has none (Mosbach et al. 2021, section 3, on the task's own metric).
    """
    result, name = dict(result), task["metric"]
    splits = _splits(predictions)
    variants = dict(result["variants"])
    if name not in variants:
        found = [final([name], answers, labels)[name] for answers, labels in splits]
        variants[name] = fmean(found)
    guesses = [metric(name).guess(_counts(labels, task)) for _, labels in splits]
    result |= {
        "metric": name,
        "score": None if result.get("diverged") else variants[name],
        "variants": variants,
        **{level: fmean(guess[level] for guess in guesses) for level in guesses[0]},
        "counts": _totals(splits, task) if task["labels"] else None,
    }
    result["degenerate"] = result["score"] is None or not result["score"] > result["majority"]
    if "epochs" in result:
        epochs, chosen = result.pop("epochs"), result.pop("chosen")
        if name not in epochs[chosen]:
            scored = {**epochs[chosen], name: variants[name]}
            epochs = [*epochs[:chosen], scored, *epochs[chosen + 1 :]]
        all_scored = all(name in epoch for epoch in epochs)
        best = max(epochs, key=lambda epoch: epoch[name]) if all_scored else None
        result["scores"] = {"epochs": epochs, "last": epochs[-1], "best": best}
    return result


def _splits(predictions: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return answers and labels of every split, in the order of the file."""
    # Not `read_table`, not `to_numpy`: they load pandas, on which a job that is all stored waits.
    with pq.ParquetFile(predictions) as file:
        table = file.read(columns=["split", "prediction", "label"])
    named = np.array(table["split"].to_pylist())
    answers, labels = (_column(table[name]) for name in ("prediction", "label"))
    return [(answers[named == split], labels[named == split]) for split in dict.fromkeys(named)]


def _column(column: Any) -> np.ndarray:
    """Return a column as numbers, or as the objects that its texts are."""
    values, form = column.to_pylist(), column.type.to_pandas_dtype()
    if form is not np.object_:
        return np.array(values, form)
    objects = np.empty(len(values), object)
    objects[:] = values
    return objects


def _totals(
    splits: Sequence[tuple[np.ndarray, np.ndarray]], task: Mapping[str, Any]
) -> dict[str, int]:
    """Return how many examples there are, are answered right, are of their split's majority."""
    return {
        "examples": sum(len(labels) for _, labels in splits),
        "right": int(sum((answers == labels).sum() for answers, labels in splits)),
        "majority": sum(max(_counts(labels, task)) for _, labels in splits),
    }


def _counts(labels: np.ndarray, task: Mapping[str, Any]) -> list[int]:
    """Return how many examples each class has; nothing where labels are numbers.

    Questions on a text count as those without and those with an answer.
    """
    if task.get("range"):
        return []
    if labels.dtype == object:
        answered = sum(bool(golds) for golds in labels)
        return [len(labels) - answered, answered]
    return np.bincount(labels, minlength=len(task["labels"])).tolist()
