"""Run files into `runs.csv` and `scores.csv`, one tidy row each."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stilts.files.manifest import write_atomic
from stilts.files.store import TrialStore
from stilts.question.chain import chain_tasks

NAMES = ("study", "scale", "protocol", "model", "chain", "target")
AXES = ("lr", "batch", "warmup", "seed")
RUN_COLUMNS = (
    *NAMES,
    "point",
    *AXES,
    "metric",
    "score",
    "score_last",
    "score_best",
    "best_epoch",
    "majority",
    "chance",
    "degenerate",
    "degenerate_reasons",
    "n_train",
    "n_validation",
    "precision",
    "device_kind",
    "seconds",
    "tokens_per_second",
    "peak_memory_mb",
    "key",
)
SCORE_COLUMNS = (
    *NAMES,
    "metric",
    "score",
    "chance",
    "majority",
    "degenerate_reasons",
    "n_validation",
    "seen",
)


def collect_runs(files: Iterable[str], table: Path, store: TrialStore, axes: Sequence[str]) -> None:
    """Write `runs.csv`: one row per run file, scores as fractions, a lost run's score empty.

    Seconds, rates and memory come from the store; a pruned entry leaves them empty. Axes of the
    grids that are no columns yet are appended.
    """
    added = [axis for axis in axes if axis not in AXES]
    rows = (_run_row(_read(file), store, added) for file in files)
    _write(table, (*RUN_COLUMNS, *added), rows)


def collect_scores(files: Iterable[str], table: Path) -> None:
    """Write `scores.csv`: one row per checkpoint and task, `seen` if it was trained on that."""
    rows = (
        {
            **run,
            "seen": run["target"] in chain_tasks(run["chain"]),
            "degenerate_reasons": _reasons(run),
        }
        for run in map(_read, files)
    )
    _write(table, SCORE_COLUMNS, rows)


def _read(file: str) -> dict[str, Any]:
    try:
        return json.loads(Path(file).read_text())
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{file} is not valid JSON ({error}): delete it, and the next run restores it"
        ) from None


def _run_row(run: Mapping[str, Any], store: TrialStore, axes: Sequence[str]) -> dict[str, Any]:
    metric, scores = run["metric"], run["scores"]
    return {
        **run,
        **{axis: run["recipe"][axis] for axis in (*AXES, *axes)},
        "score_last": scores["last"][metric],
        "score_best": scores["best"][metric],
        "best_epoch": scores["best"]["epoch"],
        "degenerate_reasons": _reasons(run),
        **store.timing(run["key"]),
    }


def _reasons(run: Mapping[str, Any]) -> str:
    return "; ".join(run["degenerate_reasons"])


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue())
