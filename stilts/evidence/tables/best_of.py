"""The best run of the grid, beside what the paper and its predecessor print (Table 2)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import percent, runs_used
from stilts.evidence.published import printed
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import summary


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of best runs.

    Args:
        inputs: runs and printed numbers.
        spec: `chains`, `targets` (lists), `printed` (the paper's table), `sources` (column title
            -> statistic of published.csv), optionally `model`.

    Returns:
        One row per target and chain: Target, Intermediate, one column per source, Best, Mean,
        Std, n; scores in percent.
    """
    inputs = inputs.of_model(spec)
    rows = []
    for target in spec["targets"]:
        for chain in spec["chains"]:
            found = summary(inputs.cell(chain, target)["score"])
            row = {"Target": inputs.task_title(target), "Intermediate": inputs.title(chain)}
            for title, statistic in spec["sources"].items():
                row[title] = printed(inputs.published, spec["printed"], chain, target, statistic)
            row |= {name.title(): percent(found[name]) for name in ("best", "mean", "std")}
            rows.append(row | {"n": runs_used(found["n"], inputs.points)})
    return pd.DataFrame(rows)
