"""Which F1 a paper may have printed: each way to take it, beside the print."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stilts.evidence.answers import answers
from stilts.evidence.numbers import NOT_AVAILABLE, fixed
from stilts.evidence.results import Inputs
from stilts.evidence.transfer import printed_mean
from stilts.question.chain import NONE
from stilts.tasks.metrics import accuracy, f1_binary, f1_macro, f1_weighted

FIELDS = ("chain", "targets", "splits")
WAYS = {"positive class": f1_binary, "macro": f1_macro, "weighted": f1_weighted}
WAYS |= {"accuracy": accuracy}


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the predictions of the runs, and the printed numbers.
        spec: `chain`, `targets` (a list), optionally `splits` (target -> the split to look
            at); and `predictions: true`.

    Returns:
        One row per target: Target; the mean of the printed values over models and both chains, and
        the same mean of ours for each way to take F1, and for accuracy, in percent; then how far
        each lies from the print, the mean over the cells of the distance in points, and which is
        nearest.
    """
    return inputs.table(_row(inputs, target, spec) for target in spec["targets"])


def _row(inputs: Inputs, target: str, spec: Mapping[str, Any]) -> dict[str, str]:
    cells = [
        cell
        for _, ours in inputs.models({}, "Model")
        for chain in (NONE, spec["chain"])
        for cell in _cell(ours, chain, target, spec)
    ]
    row = {"Target": inputs.task_title(target)}
    if not cells:
        return row | dict.fromkeys(("Paper", *WAYS, *map(_off, WAYS), "Nearest"), NOT_AVAILABLE)
    table = pd.DataFrame(cells)
    apart = {name: (table[name] - table["Paper"]).abs().mean() for name in WAYS if name in table}
    shown = {name: _written(table, name) for name in ("Paper", *WAYS)}
    off = {_off(name): fixed(apart[name]) if name in apart else "–" for name in WAYS}
    return row | shown | off | {"Nearest": min(apart, key=lambda name: apart[name])}


def _cell(ours: Inputs, chain: str, target: str, spec: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return one cell's numbers in percent; nothing where print or runs are missing."""
    printed = printed_mean(ours, chain, target)
    found = answers(ours, chain, target, spec.get("splits", {}).get(target, ""))
    if found is None or np.isnan(printed):
        return []
    two = len(ours.manifests[target]["labels"]) == 2
    ways = {name: way for name, way in WAYS.items() if two or way is not f1_binary}
    scores = {
        name: 100 * float(np.mean([way.score(given, found.truth) for given in found.given]))
        for name, way in ways.items()
    }
    return [{"Paper": printed, **scores}]


def _off(name: str) -> str:
    return f"{name} off by"


def _written(table: pd.DataFrame, name: str) -> str:
    return fixed(table[name].mean()) if name in table else "–"
