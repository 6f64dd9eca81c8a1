"""The targets of a study: sizes, examples of each class and metric, as printed and here."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.formulas import formula as metric
from stilts.evidence.numbers import NOT_AVAILABLE
from stilts.evidence.results import Inputs

FIELDS = ("targets", "printed", "splits")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the manifests and printed numbers.
        spec: `targets` (a list), `printed` (the paper's table), optionally `splits` (target -> the
            scored split that the paper's size is of).

    Returns:
        One row per target: Target, Train, Scored, Classes and Metric, each in the paper and here,
        and Data. Classes are counted here in training and the scored split.
    """
    return pd.DataFrame([_row(inputs, target, spec) for target in spec["targets"]])


def _row(inputs: Inputs, target: str, spec: Mapping[str, Any]) -> dict[str, str]:
    def paper(**asked: str) -> str:
        return inputs.printed(spec["printed"], target=target, **asked)

    manifest = inputs.manifests.get(target)
    scored = inputs.scored(target)
    split = spec.get("splits", {}).get(target, "") or next(iter(scored), "")
    row = {
        "Target": inputs.task_title(target),
        "Train (paper)": paper(measure="train_size"),
        "Train": _size(inputs, target, "train"),
        "Scored (paper)": paper(measure="scored_size"),
        "Scored": f"{_size(inputs, target, split)} {split if split in scored else ''}".strip(),
        "Classes (paper)": _printed_classes(inputs, target, spec["printed"]),
        "Classes": _classes(manifest, split) if manifest else NOT_AVAILABLE,
        "Metric (paper)": paper(measure="declared_metric"),
        "Metric": metric(inputs.metric(target)).TITLE if manifest else NOT_AVAILABLE,
    }
    return row | {"Data": inputs.data_note(target)}


def _size(inputs: Inputs, target: str, split: str) -> str:
    rows = inputs.rows(target, split)
    return NOT_AVAILABLE if rows is None else f"{rows:,}"


def _printed_classes(inputs: Inputs, target: str, table: str) -> str:
    rows = inputs.published
    found = rows[(rows["table"] == table) & (rows["our target"] == target)]
    counts = found.loc[found["our measure"] == "class_count", "value"]
    return " ".join(f"{int(count):,}" for count in counts) or "–"


def _classes(manifest: Mapping[str, Any], split: str) -> str:
    parts = [manifest["splits"].get(name, {}).get("classes", {}) for name in ("train", split)]
    labels = map(str, manifest["labels"])
    return " ".join(f"{sum(part.get(label, 0) for part in parts):,}" for label in labels)
