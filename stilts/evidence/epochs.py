"""The epochs of a study's runs in one tidy table: what each had lost and reached by then."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stilts.files.manifest import write_atomic

COLUMNS = ("model", "chain", "target", "point", "epoch", "loss", "score", "majority", "degenerate")


def collect_epochs(cells: Iterable[Mapping[str, Iterable[str]]], table: Path) -> None:
    """Write a row for each epoch of each run file; a loss that is not finite stays empty.

    `score` is that of the run's metric on what is scored, a fraction; `degenerate` is said of the
    run as a whole.

    Args:
        cells: `folders` of run files, each with a file for every one of `points`.
        table: the file to write.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for alike in cells:
        for folder in alike["folders"]:
            for point in alike["points"]:
                run = json.loads(Path(folder, f"{point}.json").read_text(encoding="utf-8"))
                writer.writerows(_rows(run))
    write_atomic(table, text.getvalue())


def _rows(run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = {name: run[name] for name in ("model", "chain", "target", "point", "majority")}
    for epoch in run["scores"]["epochs"]:
        yield {
            **named,
            "epoch": epoch["epoch"],
            "loss": epoch["train_loss"],
            "score": epoch.get(run["metric"]),
            "degenerate": run["degenerate"],
        }
