"""Run files into `runs.csv`, files of scores into `scores.csv`: one tidy row each."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.evidence.statistics import not_above
from stilts.files.asked import Wanted
from stilts.files.manifest import write_atomic
from stilts.files.store import Trials
from stilts.question.chain import chain_tasks
from stilts.question.grid import parse_point

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
    "like_majority",
    "signs",
    "no_class",
    "n_train",
    "n_validation",
    "precision",
    "device_kind",
    "seconds",
    "tokens_per_second",
    "peak_memory_mb",
    "claims",
    "digests",
    "key",
)
SCORE_COLUMNS = (
    *NAMES,
    "metric",
    "score",
    "chance",
    "majority",
    "degenerate",
    "like_majority",
    "signs",
    "no_class",
    "n_validation",
    "seen",
    "new_heads",
    "score_std",
    "score_min",
    "score_max",
    "max_tokens",
    "cut",
)


def collect_runs(
    cells: Iterable[Mapping[str, Iterable[str]]],
    table: Path,
    trials: Trials,
    axes: Iterable[str],
    wanted: Mapping[str, Wanted],
) -> None:
    """Write `runs.csv`: one row per run file, scores as fractions, a lost run's score empty.

    `degenerate`, `like_majority` and `signs` are three questions, not one: is the score no better
    than the majority class's, could the right answers be luck (see `not_above`), and what else
    speaks of a run that learnt nothing.

    Args:
        cells: `folders` of run files, each with a file for every one of `points`.
        table: the file to write.
        trials: tell seconds, rates and memory; a pruned entry leaves them empty.
        axes: of the study's grids. Those that have no column yet get one at the end, sorted; it
            is empty in the rows of runs whose own grid has no such axis.
        wanted: what is asked of the run files of each folder.

    Raises:
        UserError: run files were made for another question; they are deleted.
    """
    cells = list(cells)
    _refuse_others(cells, wanted)
    others = tuple(sorted({*axes} - {*AXES}))
    rows = (
        _run_row(_read(f"{folder}/{point}.json"), trials, others)
        for alike in cells
        for folder in alike["folders"]
        for point in alike["points"]
    )
    _write(table, RUN_COLUMNS + others, rows)


def _refuse_others(
    cells: Iterable[Mapping[str, Iterable[str]]], wanted: Mapping[str, Wanted]
) -> None:
    """Delete run files that are not what is asked for; refuse to go on if there were any."""
    found = []
    for alike in cells:
        for folder in alike["folders"]:
            for point in alike["points"]:
                file = Path(folder) / f"{point}.json"
                reason = wanted[folder].reason_against(file)
                if reason:
                    found.append((file, reason))
    for file, _ in found:
        file.unlink()
    if found:
        file, reason = found[0]
        raise UserError(
            f"{len(found)} run files are not what is asked for, the first {file}: {reason}; they"
            " are deleted: type the same command again, and they are made anew or come from the"
            " store"
        )


def collect_scores(files: Iterable[str], table: Path) -> None:
    """Write `scores.csv`: one row per checkpoint and task.

    `seen` says whether a stage of the checkpoint's chain trained on the task. `new_heads` counts
    the new heads whose mean the score is, 0 for a head of the checkpoint; their spread follows
    (population std).
    """
    scores = map(_read, files)
    rows = ({**each, **_marks(each), **_draws(each), "seen": _seen(each)} for each in scores)
    _write(table, SCORE_COLUMNS, rows)


def _read(file: str) -> dict[str, Any]:
    try:
        return json.loads(Path(file).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{file} is not valid JSON ({error}): delete it, and the next run restores it"
        ) from None


def _run_row(run: Mapping[str, Any], trials: Trials, others: Iterable[str]) -> dict[str, Any]:
    metric, scores, recipe = run["metric"], run["scores"], run["recipe"]
    best = scores["best"] or {}  # none where only the last epoch was scored
    own = parse_point(run["point"])
    return {
        **run,
        **{axis: recipe[axis] for axis in AXES},
        **{axis: recipe[axis] for axis in others if axis in own},
        "score_last": scores["last"][metric],
        "score_best": best.get(metric),
        "best_epoch": best.get("epoch"),
        **_marks(run),
        "digests": " ".join(f"{name}={digest}" for name, digest in sorted(run["digests"].items())),
        **trials.timing(run["key"]),
    }


def _draws(score: Mapping[str, Any]) -> dict[str, Any]:
    if "draws" not in score:
        return {"new_heads": int(bool(score["head"]["new"]))}
    scores = score["draws"]["scores"]
    ends = {"score_min": min(scores), "score_max": max(scores)}
    return {"new_heads": len(scores), "score_std": score["draws"]["std"], **ends}


def _seen(score: Mapping[str, Any]) -> bool:
    return score["target"] in chain_tasks(score["chain"])


def _marks(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the table says of a run that may have learnt nothing, or answers no class."""
    like = not_above(**run["counts"]) if run["counts"] else ""
    none = run.get("variants", {}).get("no_class", "")
    return {"signs": "; ".join(run["signs"]), "like_majority": like, "no_class": none}


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue())
