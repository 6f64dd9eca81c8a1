"""The tasks of a study: what each is for, its type, size, metric and chance level (Table 1)."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, percent
from stilts.evidence.results import Inputs
from stilts.files import plugins

FIELDS = ("intermediates", "targets", "printed")
# Columns of the trivial baselines, see `stilts.tasks.baselines`.
CUES = {"length": "Length", "overlap": "Overlap", "b_alone": "B alone", "pairs": "Pairs"}


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the overview.

    Args:
        inputs: the manifests and printed numbers.
        spec: `intermediates` and `targets` (lists of task names), optionally `printed` (the paper's
            table).

    Returns:
        One row per task: Task, Role, Type, Train (paper) where a table is printed, Train,
        Validation (or what else is scored, named), Metric, Chance, Majority, what trivial cues
        reach (Length, Overlap, B alone, Pairs, on the first scored split), Data; sizes are counts,
        the levels percent of the metric.
    """
    roles = {"intermediate": spec["intermediates"], "target": spec["targets"]}
    tasks: dict[str, list[str]] = {}
    for role, names in roles.items():
        for name in names:
            tasks.setdefault(name, []).append(role)
    return pd.DataFrame([_row(inputs, spec, name, role) for name, role in tasks.items()])


def _row(inputs: Inputs, spec: Mapping[str, Any], task: str, roles: list[str]) -> dict[str, str]:
    manifest, scored = inputs.manifests.get(task), inputs.scored(task)
    train = inputs.rows(task, "train")
    said = {"target": task, "measure": "train_size"}
    row = {
        "Task": inputs.task_title(task),
        "Role": ", ".join(roles),
        "Type": NOT_AVAILABLE,
        **({"Train (paper)": inputs.printed(spec["printed"], **said)} if "printed" in spec else {}),
        "Train": NOT_AVAILABLE if train is None else f"{train:,}",
        "Validation": _sizes(scored),
    }
    if manifest is None:
        levels = ("Metric", "Chance", "Majority", *CUES.values(), "Data")
        return row | dict.fromkeys(levels, NOT_AVAILABLE)
    where = f"task '{task}'"
    kind = plugins.load("stilts.tasks.kinds", manifest["kind"], "kind", where)
    metric = plugins.load("stilts.tasks.metrics", inputs.metric(task), "metric", where)
    counts = _counts(manifest["labels"], scored)
    levels = metric.guess(counts) if any(counts) or manifest.get("range") else {}
    return row | {
        "Type": f"{kind.TITLE}, {_answers(manifest)}",
        "Metric": metric.TITLE,
        "Chance": percent(levels.get("chance")),
        "Majority": percent(levels.get("majority")),
        **{title: percent(inputs.baselines(task).get(cue)) for cue, title in CUES.items()},
        "Data": inputs.data_note(task),
    }


def _sizes(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """Write how many examples are scored; a split that is not called validation by its name."""
    sizes = [
        f"{split['rows']:,}" + (f" {name}" if name != "validation" else "")
        for name, split in splits.items()
    ]
    return ", ".join(sizes) or NOT_AVAILABLE


def _answers(manifest: Mapping[str, Any]) -> str:
    """Write how many classes or options a task has, or between which numbers its answers lie."""
    low_and_high = manifest.get("range")
    return " to ".join(map(str, low_and_high)) if low_and_high else str(len(manifest["labels"]))


def _counts(labels: Iterable[Any], splits: Mapping[str, Mapping[str, Any]]) -> list[int]:
    """Return how many examples of each class are scored, in the order of the labels."""
    classes = [split.get("classes", {}) for split in splits.values()]
    return [sum(of_split.get(str(label), 0) for of_split in classes) for label in labels]
