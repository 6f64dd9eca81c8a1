"""Checkpoints scored on a task without further training, seen or unseen (Table 4, section 4.2)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, percent
from stilts.evidence.results import Inputs

FIELDS = ("printed", "cells")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of scores.

    Args:
        inputs: the scores of checkpoints and printed numbers.
        spec: `cells`, a list of {chain, target, shown}, where `shown` is the text of the column
            Scored on (default the target's title), and optionally `printed` (the paper's table),
            `model` or `models`.

    Returns:
        One row per model and cell: Model where there are several, Trained on, Scored on, Paper
        where it is printed, Here, Chance (percent), Examples, New heads, Data. Of several new
        heads, each a draw, Here is their mean with the population std, the lowest and the highest
        behind it.
    """
    return inputs.tabulate(spec, "Model", ("cells",), _row)


def _row(ours: Inputs, cell: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, str]:
    chain, target = cell["chain"], cell["target"]
    found, paper = ours.score_of(chain, target), {}
    if "printed" in spec:
        of_cell = {"chain": chain, "target": target, "measure": "score"}
        paper = {"Paper": ours.printed(spec["printed"], **of_cell)}
    return {
        "Trained on": ours.title(chain),
        "Scored on": cell.get("shown", ours.task_title(target)),
        **paper,
        "Here": _here(found),
        "Chance": percent(found["chance"] if found else None),
        "Examples": f"{int(found['n_validation']):,}" if found else NOT_AVAILABLE,
        "New heads": f"{int(found['new_heads'])}" if found else NOT_AVAILABLE,
        "Data": ours.data_note(target),
    }


def _here(found: Mapping[str, Any] | None) -> str:
    score = percent(found["score"] if found else None)
    if found is None or not found["new_heads"] > 1:
        return score
    std, low, high = (percent(found[f"score_{name}"]) for name in ("std", "min", "max"))
    return f"{score} ± {std} ({low} to {high})"
