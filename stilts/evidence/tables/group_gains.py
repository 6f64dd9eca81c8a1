"""Mean gains over groups of targets, as printed and here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, signed
from stilts.evidence.results import Inputs
from stilts.evidence.transfer import printed_gain, transfer

FIELDS = ("chain", "groups", "splits")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the predictions of the runs, and the printed numbers.
        spec: `chain`, `groups` (name -> `targets`, a list), optionally `splits` (target ->
            the split to look at), `model` or `models`; and `predictions: true`.

    Returns:
        One row per model and group: Model where there are several, Group, Targets (how many have a
        number on both sides, of how many), the mean gain in the paper and here, in points, and on
        how many of the targets each is above 0: of those with both, or without any of all.
    """
    return inputs.tabulate(spec, "Model", ("groups",), _row)


def _row(ours: Inputs, group: str, spec: Mapping[str, Any]) -> dict[str, str]:
    targets = spec["groups"][group]
    printed = np.array([printed_gain(ours, spec["chain"], target) for target in targets])
    here = np.array([_here(ours, spec, target) for target in targets])
    both = np.isfinite(printed) & np.isfinite(here)
    if both.any():  # means of other targets are not to stand side by side
        printed, here = printed[both], here[both]
    return {
        "Group": group,
        "Targets": f"{both.sum()} of {len(targets)}",
        "Δ (paper)": _mean(printed, NOT_PRINTED),
        "Δ": _mean(here, NOT_AVAILABLE),
        "Up (paper)": f"{sum(value > 0 for value in printed)}",
        "Up": f"{sum(value > 0 for value in here)}",
    }


def _here(ours: Inputs, spec: Mapping[str, Any], target: str) -> float:
    if target not in ours.manifests:
        return np.nan
    split = spec.get("splits", {}).get(target, "")
    found = transfer(ours, spec["chain"], target, ours.metric(target), split)
    return np.nan if found is None else 100 * found.gain


def _mean(values: np.ndarray, none: str) -> str:
    there = [value for value in values if np.isfinite(value)]
    return signed(float(np.mean(there)), 2) if there else none
