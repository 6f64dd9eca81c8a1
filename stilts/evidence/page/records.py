"""Runs and scores as the page holds them: their rows, settings with origins, and logs."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Table = dict[str, Any]


def records(top: Path, study: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page knows of a study's runs.

    Args:
        top: the folder of the page, `results/<scale>`.
        study: its name; `runs.csv` and `scores.csv` of its folder are read.
        asked: the record of the question.

    Returns:
        `runs` and `scores`, each `names` of the columns that differ from row to row, `rows`, and
        `same`, the columns that do not; `settings`, by target a list of name, value, origin and
        where it stands; `logs`, by model, chain and target joined by "/", of the jobs that may have
        made a run, relative to `top`; `titles` of tasks.
    """
    recorded = asked["studies"][study]
    runs, scores = (_table(top / study / f"{name}.csv") for name in ("runs", "scores"))
    settings = recorded["settings"]["targets"]
    return {
        "runs": runs,
        "scores": scores,
        "settings": {task: _listed(told) for task, told in settings.items()},
        "logs": _logs(top, study),
        "titles": {name: task["title"] for name, task in asked["tasks"].items()},
        "axes": list(recorded["axes"]),
    }


def _table(file: Path) -> Table:
    with file.open(newline="", encoding="utf-8") as stream:
        names, *rows = csv.reader(stream)
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    cell = ("model", "chain", "target", "point")
    differing = [name for name, cells in columns.items() if name in cell or len(set(cells)) > 1]
    return {
        "names": differing,
        "rows": list(zip(*(columns[name] for name in differing), strict=True)),
        "same": {name: columns[name][0] for name in columns if name not in differing},
    }


def _listed(settings: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
    """Return name, value, origin and where of each setting; see `stilts.question.record`."""
    return [
        [name, value, origin, told.get("where", "")]
        for name, told in settings.items()
        for origin, value in told.items()
        if origin != "where"
    ]


def _logs(top: Path, study: str) -> dict[str, list[str]]:
    """Find the logs that are there: how runs were cut into jobs is no part of the question."""
    folder = Path("logs", top.name, study)
    found: dict[str, list[str]] = {}
    for log in sorted(_of_jobs(folder)):
        cell = "/".join((*log.parts[-3:-1], log.stem))
        found.setdefault(cell, []).append(f"../../{log.as_posix()}")
    return found


def _of_jobs(folder: Path) -> Iterable[Path]:
    return folder.glob("finetune_targets*/*/*/*.log")
