"""What every estimator says of every chain and target, before any of these is trained."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from stilts.evidence.features import Candidate, read_features
from stilts.files import plugins
from stilts.files.manifest import write_atomic

ESTIMATORS = "stilts.evidence.estimators"
COLUMNS = ("model", "chain", "target", "estimator", "value")


def write_estimates(cells: Sequence[Mapping[str, Any]], table: Path) -> None:
    """Write a row for each candidate and estimator; `value` is empty where there is no estimate.

    Args:
        cells: see `stilts.question.paths.Layout.estimated`.
        table: the csv file to write.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(cells))
    write_atomic(table, text.getvalue())


def _rows(cells: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    known = {name: plugins.load(ESTIMATORS, name, "estimator", "") for name in estimators()}
    for cell in cells:
        *sources, target = (_text(record) for record in cell["compared"])
        candidate = Candidate(read_features(cell["features"]), np.mean(sources, axis=0), target)
        named = dict(zip(COLUMNS[:3], cell["cell"], strict=True))
        for name, module in known.items():
            value = module.estimate(candidate)
            told = "" if np.isnan(value) else float(f"{value:.10g}")
            yield {**named, "estimator": name, "value": told}


@cache
def _text(record: str) -> np.ndarray:
    return read_features(record).text


def estimators() -> dict[str, str]:
    """Return what each estimator is called, by its name."""
    return {name: plugins.stated(ESTIMATORS, name, "TITLE") for name in plugins.names(ESTIMATORS)}
