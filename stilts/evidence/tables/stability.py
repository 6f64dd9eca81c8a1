"""How often a grid fails, and how good its best is: shares of degenerate runs, the best of k."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.comparisons.best_of import expected_best, median_best
from stilts.evidence.comparisons.shares import wilson
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, percent, points, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import difference, is_true
from stilts.question.chain import NONE

FIELDS = ("chains", "targets", "best_of", "baseline")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of stability.

    Args:
        inputs: the runs.
        spec: `chains`, `targets` (lists), `best_of` (list of k), optionally `baseline` (default
            none), `model` or `models`.

    Returns:
        One row per model, target and chain: Model where there are several, Target, Intermediate,
        Degenerate (percent of the runs, lost ones among them) with its 95 % interval at these
        seeds, Gain of the mean (points); for each k the Best of k (percent), what is to be expected
        of k of these runs, and the bounds of the median best of k new runs, a dash where there is
        none; and n.
    """
    return inputs.tabulate(spec, "Model", ("targets", "chains"), _row)


def _row(ours: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> dict[str, str]:
    runs, base = (ours.cell(name, target) for name in (chain, spec.get("baseline", NONE)))
    failed = int(is_true(runs["degenerate"]).sum())
    gain = difference(runs["score"], base["score"])
    return {
        "Target": ours.task_title(target),
        "Intermediate": learnt.title(ours, chain),
        "Degenerate": percent(failed / len(runs)) if len(runs) else NOT_AVAILABLE,
        "95 % interval": _between(*wilson(failed, len(runs))) if len(runs) else NOT_AVAILABLE,
        "Gain": points(gain["delta_mean"]) if chain != spec.get("baseline", NONE) else NOT_PRINTED,
        **_best(runs["score"], spec["best_of"]),
        "n": runs_used(gain["n"], ours.expected(chain, target)),
    }


def _best(scores: pd.Series, counts: list[int]) -> dict[str, str]:
    expected = expected_best(scores)
    row = {}
    for k in counts:
        there = k <= len(expected)
        row[f"Best of {k}"] = percent(expected[k - 1]) if there else NOT_AVAILABLE
        row[f"{k} of new runs"] = _between(*median_best(scores, k)) if there else NOT_AVAILABLE
    return row


def _between(low: float, high: float) -> str:
    """Write an interval of a fraction in percent; a dash for an end that nothing bounds."""
    ends = (NOT_PRINTED if math.isnan(end) else percent(end) for end in (low, high))
    return f"[{', '.join(ends)}]"
