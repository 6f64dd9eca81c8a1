"""The best run of the grid, beside what the paper and its predecessor print (Table 2)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.numbers import percent, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import summary

FIELDS = ("printed", "targets", "chains", "sources")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of best runs.

    Args:
        inputs: runs and printed numbers.
        spec: `chains`, `targets` (lists), `printed` (the paper's table), `sources` (column title
            -> statistic of published.csv), optionally `model` or `models`.

    Returns:
        One row per model, target and chain: Model where there are several, Target, Intermediate,
        one column per source, Best, Mean, Std, n; scores in percent.
    """
    return inputs.tabulate(spec, "Model", ("targets", "chains"), _row)


def _row(ours: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> dict[str, str]:
    names = {"Target": ours.task_title(target), "Intermediate": learnt.title(ours, chain)}
    found = summary(ours.cell(chain, target)["score"])
    paper = {
        title: ours.printed(spec["printed"], chain=chain, target=target, statistic=statistic)
        for title, statistic in spec["sources"].items()
    }
    scores = {name.title(): percent(found[name]) for name in ("best", "mean", "std")}
    return names | paper | scores | {"n": runs_used(found["n"], ours.expected(chain, target))}
