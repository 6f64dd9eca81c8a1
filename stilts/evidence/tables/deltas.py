"""What an intermediate task changes against none, in the mean and the best run (Table 3)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.comparisons.pairing import compare, covers, interval_of
from stilts.evidence.numbers import interval, points, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import difference

FIELDS = ("chains", "targets", "printed", "baseline")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of differences.

    Args:
        inputs: runs and printed numbers.
        spec: `chains`, `targets` (lists), `printed` (the paper's table), optionally `model` or
            `models`, and `baseline` (default none).

    Returns:
        One row per model, chain and target: Model where there are several, Intermediate, Target,
        and for mean and best the printed and our difference in percentage points, the interval of
        the mean over seeds, n, the runs of the side that has fewer, and what the Interval is over.
    """
    return inputs.tabulate(spec, "Model", ("chains", "targets"), _row)


def _row(ours: Inputs, chain: str, target: str, spec: Mapping[str, Any]) -> dict[str, str]:
    sides = [ours.cell(name, target) for name in (chain, spec.get("baseline", "none"))]
    found, paired = difference(*(side["score"] for side in sides)), compare(*sides)
    mean, best = (
        _signed(ours.printed(spec["printed"], chain=chain, target=target, measure=measure))
        for measure in ("delta_mean", "delta_best")
    )
    n = min(found["n"], found["n_baseline"])
    return {
        "Intermediate": learnt.title(ours, chain),
        "Target": ours.task_title(target),
        "Δ mean (paper)": mean,
        "Δ mean": points(found["delta_mean"]),
        "95 % interval": interval(*interval_of(paired)),
        "Δ best (paper)": best,
        "Δ best": points(found["delta_best"]),
        "n": runs_used(n, ours.expected(chain, target)),
        "Interval over": covers(paired),
    }


def _signed(value: str) -> str:
    """Show the sign of a printed difference, its digits untouched."""
    return f"+{value}" if value[0].isdigit() and float(value) > 0 else value
