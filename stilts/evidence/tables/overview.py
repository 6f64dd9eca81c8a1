"""The tasks of a study: what each is for, its type, size, metric and chance level (Table 1)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, percent
from stilts.evidence.published import data_note, printed
from stilts.evidence.results import Inputs

KINDS = {"classification": "classification", "multiple_choice": "multiple choice"}
METRICS = {"accuracy": "accuracy", "matthews_correlation": "Matthews correlation"}


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the overview.

    Args:
        inputs: the manifests and printed numbers.
        spec: `intermediates` and `targets` (lists of task names), `printed` (the paper's table).

    Returns:
        One row per task: Task, Role, Type, Train (paper), Train, Validation, Metric, Chance,
        Majority, Data; sizes are counts, the last two levels percent of the metric.
    """
    roles = {"intermediate": spec["intermediates"], "target": spec["targets"]}
    tasks: dict[str, list[str]] = {}
    for role, names in roles.items():
        for name in names:
            tasks.setdefault(name, []).append(role)
    return pd.DataFrame([_row(inputs, spec, name, role) for name, role in tasks.items()])


def _row(inputs: Inputs, spec: Mapping[str, Any], task: str, roles: list[str]) -> dict[str, str]:
    manifest = inputs.manifests.get(task)
    sizes = (_size(inputs.rows(task, split)) for split in ("train", "validation"))
    row = {
        "Task": inputs.task_title(task),
        "Role": ", ".join(roles),
        "Type": NOT_AVAILABLE,
        "Train (paper)": printed(inputs.published, spec["printed"], "-", task, "count"),
    }
    row |= dict(zip(("Train", "Validation"), sizes, strict=True))
    if manifest is None:
        return row | dict.fromkeys(("Metric", "Chance", "Majority", "Data"), NOT_AVAILABLE)
    classes = len(manifest["labels"])
    correlation = manifest["metric"] == "matthews_correlation"
    return row | {
        "Type": f"{KINDS[manifest['kind']]}, {classes}",
        "Metric": METRICS[manifest["metric"]],
        "Chance": percent(0.0 if correlation else 1 / classes),
        "Majority": percent(0.0 if correlation else _majority(manifest)),
        "Data": data_note(inputs, task),
    }


def _size(rows: int | None) -> str:
    return NOT_AVAILABLE if rows is None else f"{rows:,}"


def _majority(manifest: Mapping[str, Any]) -> float | None:
    """Return the share of the most frequent class of the validation split."""
    counts = manifest["splits"].get("validation", {}).get("classes", {}).values()
    return max(counts) / sum(counts) if counts and sum(counts) else None
