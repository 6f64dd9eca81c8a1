"""Every cell of a study: its runs, and what its chain changes against no intermediate task."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.gains import gain
from stilts.evidence.numbers import NOT_PRINTED, interval, percent, points, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import is_true, summary
from stilts.question.chain import NONE

FIELDS = ("chains", "targets")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of cells.

    Args:
        inputs: the runs.
        spec: `chains`, `targets` (lists), optionally `model` or `models`.

    Returns:
        One row per model, target and chain: Model where there are several, Target, Chain, n, Mean,
        Best, Std in percent of the metric, Degenerate (runs), and against `none` Δ mean with its
        95 % interval and the seeds that this is for, Δ best and a verdict; dashes for `none` itself
        and where there is none.
    """
    return inputs.tabulate(spec, "Model", ("targets", "chains"), _row)


def _row(ours: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> dict[str, str]:
    runs = ours.cell(chain, target)
    found = summary(runs["score"])
    row = {
        "Target": ours.task_title(target),
        "Chain": learnt.title(ours, chain),
        "n": runs_used(found["n"], ours.expected(chain, target)),
        "Mean": percent(found["mean"]),
        "Best": percent(found["best"]),
        "Std": percent(found["std"]),
        "Degenerate": f"{int(is_true(runs['degenerate']).sum())}/{len(runs)}",
    }
    if chain == NONE or not ours.expected(NONE, target):
        against = ("Δ mean", "95 % interval", "over", "Δ best", "Verdict")
        return row | dict.fromkeys(against, NOT_PRINTED)
    delta = gain(ours, chain, target)
    return row | {
        "Δ mean": points(delta.mean),
        # None where all differences came out alike: nothing is known of their spread.
        "95 % interval": interval(delta.low, delta.high) if delta.known else NOT_PRINTED,
        "over": delta.covers or NOT_PRINTED,
        "Δ best": points(delta.best),
        "Verdict": delta.verdict,
    }
