"""What an intermediate task changes against none, in the mean and the best run (Table 3)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, interval, points, runs_used
from stilts.evidence.published import printed
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import delta


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of differences.

    Args:
        inputs: runs and printed numbers.
        spec: `chains`, `targets` (lists), `printed` (the paper's table), optionally `model`,
            `baseline` (default none) and `seed` of the bootstrap (default 0).

    Returns:
        One row per chain and target: Intermediate, Target, and for mean and best the printed and
        our difference in percentage points, the bootstrap interval of the mean, and n, the runs
        of the side that has fewer.
    """
    inputs = inputs.of_model(spec)
    found = delta(inputs.runs, spec.get("baseline", "none"), seed=spec.get("seed", 0))
    rows = []
    for chain in spec["chains"]:
        for target in spec["targets"]:
            match = found[(found["chain"] == chain) & (found["target"] == target)]
            ours = _ours(match.iloc[0], inputs.points) if len(match) else _nothing(inputs.points)
            paper = {
                f"Δ {name} (paper)": _signed(
                    printed(
                        inputs.published, spec["printed"], chain, target, f"delta_{name}_vs_none"
                    )
                )
                for name in ("mean", "best")
            }
            row = {"Intermediate": inputs.title(chain), "Target": inputs.task_title(target)}
            row |= {"Δ mean (paper)": paper["Δ mean (paper)"], "Δ mean": ours["mean"]}
            row |= {"95 % interval": ours["interval"]}
            row |= {"Δ best (paper)": paper["Δ best (paper)"], "Δ best": ours["best"]}
            rows.append(row | {"n": ours["n"]})
    return pd.DataFrame(rows)


def _ours(row: Mapping[str, Any], expected: int) -> dict[str, str]:
    return {
        "mean": points(row["delta_mean"]),
        "best": points(row["delta_best"]),
        "interval": interval(row["low"], row["high"]),
        "n": runs_used(min(int(row["n"]), int(row["n_baseline"])), expected),
    }


def _nothing(expected: int) -> dict[str, str]:
    cells = dict.fromkeys(("mean", "best", "interval"), NOT_AVAILABLE)
    return cells | {"n": runs_used(0, expected)}


def _signed(value: str) -> str:
    """Show the sign of a printed difference, its digits untouched."""
    return f"+{value}" if value[0].isdigit() and float(value) > 0 else value
